"""What a study file may say: scenarios, what is varied, how, and what is recorded."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from sim.errors import plural
from sim.estimates.intervals import REPLICATES
from sim.model.noise import BLOCK
from sim.model.outcomes import OUTCOMES, names
from sim.scenario.messages import of_kind, shown, unknown, wrong
from sim.scenario.names import COLUMN, LINE
from sim.scenario.paths import WAYS
from sim.scenario.values import MIDDLES, CodedEntry, Entry, Number, Since, Strict
from sim.storage.effort import Runs, Seed

MOST_IN_A_DESIGN = 10_000_000
"""Of a design: they are held in memory while it is made."""
Count = Annotated[int, Field(ge=1, strict=True)]
Title = Annotated[str, of_kind(LINE)]
TAKEN = ("point", "scenario", "tick", "member", "quantile", "date", "years", "name", "runs")


class Factor(Strict):
    """Something that is varied: one path, or several that move together."""

    path: str | None = None
    paths: Annotated[list[str], Field(min_length=1)] | None = None
    label: Title = ""
    way: Literal["value", "scale", "shift", "place"] = Field(default="value", alias="as")
    from_: Since | None = Field(default=None, alias="from")
    values: Annotated[list[CodedEntry], Field(min_length=1)] | None = None
    low: Number | None = None
    high: Number | None = None
    levels: Count | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Factor":
        if (self.path is None) == (self.paths is None):
            raise wrong("path and paths" if self.path else "no path", "allowed: one of path, paths")
        if (self.low is None) != (self.high is None):
            raise wrong("one end of a range", "allowed: low and high together")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise wrong(f"low {self.low:g}, high {self.high:g}", "allowed: low below high")
        if self.values and self.low is not None:
            raise wrong("values and a range", "allowed: values, or low and high")
        if self.in_words and not all(isinstance(v, str) for v in self.values or ()):
            raise wrong("words and numbers", "allowed: words alone, or numbers alone")
        if self.values and len(set(self.values)) < len(self.values):
            raise wrong(shown(self.values), "allowed: each value once")
        return self

    @property
    def in_words(self) -> bool:
        """Whether its values are words, each of which stands on axes and in points.csv at the middle of its band."""
        return any(isinstance(v, str) for v in self.values or ())

    @property
    def places(self) -> list[float] | None:
        """Its values as numbers."""
        return None if self.values is None else [MIDDLES[v] if isinstance(v, str) else v for v in self.values]

    def entry(self, place: float) -> Entry:
        """What a place on its axis means: the number, or the word that stands there."""
        return next(word for word, middle in MIDDLES.items() if middle == place) if self.in_words else place

    def say(self, place: float) -> str:
        """A place on its axis in words: the word that stands there, or the number."""
        return str(self.entry(place)) if self.in_words else f"{place:.4g}"

    @property
    def targets(self) -> list[str]:
        """The paths as written; ``*`` stands for every member."""
        return self.paths if self.paths is not None else [str(self.path)]


OWN = {"saltelli": "base", "morris": "trajectories"}
"""Designs of indices of sensitivity, by SALib, with what says how large they are."""


class Design(Strict):
    """How points are chosen."""

    kind: Literal["grid", "lhs", "sobol", "file", "saltelli", "morris"]
    points: Count | None = None
    base: Count | None = None
    """Of Saltelli's design: its points, each of which is varied once for every factor."""
    trajectories: Count | None = None
    """Of Morris's: each a walk that moves every factor once."""
    seed: Seed = 1
    file: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Design":
        if self.kind in ("lhs", "sobol") and self.points is None:
            raise wrong(f"{self.kind} without points", "required: points, how many")
        for kind, key in OWN.items():
            number = getattr(self, key)
            if self.kind == kind and (number is None or number < 2):
                found = f"{kind} without {key}" if number is None else f"{kind} with {key} = {number}"
                raise wrong(found, f"required: {key}, how many, at least 2")
            if self.kind != kind and number is not None:
                raise wrong(f"{self.kind} with {key}", f'allowed: {key} for kind = "{kind}" only')
        number = {"sobol": self.points, "saltelli": self.base}.get(self.kind)
        if number and number & (number - 1):
            n = number.bit_length()
            allowed = f"allowed: a power of two, such as {2 ** (n - 1)} or {2**n}"
            raise wrong(f"{self.kind} with {plural(number, 'point')}", allowed)
        if (self.kind == "file") != (self.file is not None):
            found = f"{self.kind} with{'out' if self.kind == 'file' else ''} a file"
            raise wrong(found, 'allowed: a file for kind = "file" only')
        return self


class Precision(Strict):
    """Go on with a point until its standard error is small enough."""

    mcse: Annotated[Number, Field(gt=0, lt=1)]
    outcome: str = "exit"
    most_runs: Runs = 65_536

    @field_validator("outcome")
    @classmethod
    def _known(cls, outcome: str) -> str:
        if outcome not in (probabilities := names("event", "chance")):
            raise unknown("probability", outcome, probabilities)
        return outcome


class StudyTables(Strict):
    """A whole study file."""

    title: Annotated[Title, Field(min_length=1)]
    question: str = ""
    scenarios: Annotated[list[str], Field(min_length=1)]
    set: dict[str, Any] = {}
    runs: Runs = 1024
    interval_runs: Annotated[int, Field(ge=0, le=BLOCK, multiple_of=REPLICATES, strict=True)] = 1024
    seed: Seed = 1
    horizons: Annotated[list[Annotated[Number, Field(gt=0)]], Field(min_length=1)] | None = None
    outcomes: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: list(names(headline=True)))
    ticks: Literal["horizons", "all"] = "horizons"
    focus: list[str] = []
    precision: Precision | None = None
    design: Design
    factors: dict[Annotated[str, of_kind(COLUMN)], Factor] = {}

    @field_validator("outcomes")
    @classmethod
    def _known(cls, outcomes: list[str]) -> list[str]:
        for outcome in outcomes:
            if outcome not in OUTCOMES:
                raise unknown("outcome", outcome, list(OUTCOMES))
        if len(set(outcomes)) < len(outcomes):
            raise wrong(shown(outcomes), "allowed: each outcome once")
        return outcomes

    @field_validator("scenarios")
    @classmethod
    def _distinct(cls, scenarios: list[str]) -> list[str]:
        if len(set(scenarios)) < len(scenarios):
            raise wrong(shown(scenarios), "allowed: each scenario once")
        return scenarios


assert set(WAYS) == set(Factor.model_fields["way"].annotation.__args__)  # type: ignore[union-attr]
