"""What a claim file may say: the claim, its quotations, scenarios, and tests as data."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, field_validator, model_validator

from sim.errors import plural
from sim.model.dates import parse
from sim.model.outcomes import MEASURABLE
from sim.scenario.messages import of_kind, shown, unknown, wrong
from sim.scenario.names import KEY, LINE
from sim.scenario.values import Number, Strict


def _time(value: object) -> dt.date | float:
    """A date, or a number of years after the start of the scenario."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1000:
        return float(value)
    try:
        return parse(value)
    except (TypeError, ValueError):
        raise wrong(shown(value), "allowed: a date, or years after the start") from None


def _measured(name: object) -> str:
    """``outcome`` or ``outcome.STATE``; whether there is such a state is seen later."""
    if not isinstance(name, str):
        raise wrong(shown(name), "allowed: a text such as exit.ARM")
    outcome, dot, _ = name.partition(".")
    if outcome not in MEASURABLE:
        raise unknown("outcome", outcome, list(MEASURABLE))
    by_member = MEASURABLE[outcome].by_member
    if bool(dot) != by_member:
        allowed = "allowed: outcome.STATE" if by_member else f"allowed: {outcome}"
        raise wrong(shown(name), allowed)
    return name


Time = Annotated[Any, PlainValidator(_time)]
Measured = Annotated[str, PlainValidator(_measured)]
Several = Annotated[list[Measured], Field(min_length=1)]
Words = Annotated[str, Field(min_length=1)]
Title = Annotated[Words, of_kind(LINE)]
Label = Annotated[str, of_kind(KEY)]
Overrides = dict[str, Any]


class Quote(Strict):
    """A statement of the paper."""

    id: Annotated[str, Field(pattern=r"^P\d{3}$")]
    section: Words
    words: Words


class Variant(Strict):
    """A scenario with some values overridden."""

    file: str
    set: Overrides = Field(default_factory=dict)


ALWAYS = {"says", "kind", "scenario", "at", "reason"}
SIDES = {"below", "above"}
NEEDED = {
    "level": {"of"},
    "change": {"of", "since"},
    "difference": {"of", "base"},
    "order": {"lowest_first"},
    "burst": {"of", "since", "period", "times"},
    "spread": {"of", "since", "above"},
    "share": {"of", "parts", "part", "above"},
}
"""By kind the keys that a test must have beside ALWAYS."""
MAY = {
    "level": {"needs", *SIDES},
    "change": {"needs", *SIDES},
    "difference": {"needs", *SIDES},
    "order": {"margin"},
    "burst": {"needs", *SIDES},
    "spread": set[str](),
    "share": set[str](),
}
MOST_PARTS = 5


class ClaimTest(Strict):
    """One statement about the model's output. Which keys it has depends on its kind."""

    says: Words
    kind: Literal["level", "change", "difference", "order", "burst", "spread", "share"]
    reason: Words
    scenario: str
    base: str | None = None
    of: Several | None = None
    lowest_first: Annotated[list[Several], Field(min_length=2)] | None = None
    at: Time
    since: Time | None = None
    period: Annotated[list[Time], Field(min_length=2, max_length=2)] | None = None
    times: Annotated[Number, Field(gt=0)] | None = None
    margin: Annotated[Number, Field(ge=0)] | None = None
    needs: Annotated[int, Field(ge=1, strict=True)] | None = None
    below: Number | None = None
    above: Number | None = None
    parts: dict[Label, Overrides] | None = None
    part: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "ClaimTest":
        given = self.model_fields_set
        if missing := sorted(NEEDED[self.kind] - given):
            required = ", ".join(sorted(NEEDED[self.kind]))
            raise wrong(f"{self.kind} without {', '.join(missing)}", f"required: {required}")
        known = ALWAYS | NEEDED[self.kind] | MAY[self.kind]
        if extra := sorted(given - known):
            raise wrong(f"{', '.join(extra)} in a test of kind {self.kind}", f"allowed: {', '.join(sorted(known))}")
        if MAY[self.kind] >= SIDES and len(given & SIDES) != 1:
            raise wrong("below and above" if given >= SIDES else "no threshold", "allowed: one of below, above")
        if self.needs and self.of and self.needs > len(self.of):
            raise wrong(f"needs {self.needs}", f"allowed: up to {len(self.of)}, as many as in of")
        if self.kind == "share":
            self._check_parts()
        return self

    def _check_parts(self) -> None:
        assert self.parts is not None
        if not 2 <= len(self.parts) <= MOST_PARTS:
            raise wrong(f"{plural(len(self.parts), 'part')}", f"allowed: 2 to {MOST_PARTS}")
        if self.part not in self.parts:
            raise unknown("part", self.part, list(self.parts))
        paths = [path for part in self.parts.values() for path in part]
        if len(set(paths)) < len(paths):
            raise wrong("a path in two parts", "allowed: each path once")
        if self.of and len(self.of) > 1:
            raise wrong(f"{plural(len(self.of), 'outcome')}", "allowed: one, whose gap is shared out")

    @property
    def threshold(self) -> float:
        """What the statistic is held against."""
        if self.kind == "order":
            return self.margin or 0.0
        if self.kind == "share":
            return 0.0
        side = self.below if self.below is not None else self.above
        return float(side)  # type: ignore[arg-type]

    @property
    def sign(self) -> int:
        """1 where the statistic must lie above the threshold, -1 where below."""
        return -1 if self.below is not None else 1

    @property
    def scenarios(self) -> dict[str, str]:
        """The labels of scenarios by the key that names them."""
        found = {"scenario": self.scenario, "base": self.base}
        return {key: label for key, label in found.items() if label is not None}

    @property
    def measured(self) -> list[str]:
        """Everything measured, each once."""
        names = self.of or [name for group in self.lowest_first or () for name in group]
        return list(dict.fromkeys(names))


class ClaimTables(Strict):
    """A whole claim file."""

    title: Title
    claim: Words
    seen: Words
    caveat: str = ""
    quotes: Annotated[list[Quote], Field(min_length=1)]
    scenarios: Annotated[dict[Label, Variant], Field(min_length=1)]
    tests: Annotated[list[ClaimTest], Field(min_length=1)]

    @field_validator("quotes")
    @classmethod
    def _distinct(cls, quotes: list[Quote]) -> list[Quote]:
        ids = [q.id for q in quotes]
        if len(set(ids)) < len(ids):
            raise wrong(shown(ids), "allowed: each statement once")
        return quotes
