"""What a scenario file may say: pydantic models made from the variable table.

The validation context carries what a value cannot know by itself: the states, the sources and the
coding rules of the file, and the horizon. So all mistakes of a file are found in one pass.
"""

import datetime as dt
import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from sim.errors import listed, nearest
from sim.model.crises import THREATS
from sim.model.declaration import Coefficient, Input
from sim.model.membership import STATUSES, Status
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.dates import parse

WORDS = {
    "none": (0.0, 0.125),
    "low": (0.125, 0.375),
    "medium": (0.375, 0.625),
    "high": (0.625, 0.875),
    "very high": (0.875, 1.0),
}
"""The ordinal scale: the words part the unit interval, and mean anywhere in their band."""

JUDGEMENT, DEFAULT = "judgement", "default"
BUILT_IN_RULES = {
    JUDGEMENT: "coded by judgement on a scale from 0 (none) to 1 (as strong as can be)",
    DEFAULT: "not coded: the model's default",
}
UNCODED = "?"
"""Stands in a scaffold for a value that has to be coded."""
ASSUMPTION, COMMAND_LINE = "assumption:", "command line"
WAYS = ("value", "scale", "shift")
"""How an adjustment changes a path: replaced by a number, multiplied, moved; held in [0, 1]."""
ANSWERS = {"granted": 1.0, "partial": 0.5, "refused": 0.0}


def wrong(found: str, allowed: str, suggestion: str = "") -> PydanticCustomError:
    """A mistake in the form that load.py turns into a Problem."""
    return PydanticCustomError("scenario", "{found}", {"found": found, "allowed": allowed, "suggestion": suggestion})


def shown(value: object) -> str:
    """A value as it would be written in the file, cut to a line."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def unknown(what: str, name: object, allowed: Sequence[str]) -> PydanticCustomError:
    """A name that is not one of those allowed."""
    return wrong(f"unknown {what} {shown(name)}", f"allowed: {listed(allowed)}", nearest(name, allowed))


def _date(value: object) -> dt.date:
    try:
        return parse(value)
    except ValueError:
        raise wrong(f"{shown(value)} is not a date", "allowed: YYYY, YYYY-MM or YYYY-MM-DD") from None


def _number(value: object, what: str = "a number") -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(f"{shown(value)} is not a number", f"allowed: {what}")
    if not math.isfinite(value):
        raise wrong(f"{value} is not finite", f"allowed: {what}")
    return float(value)


def _state(name: str, info: ValidationInfo) -> str:
    states = info.context["states"] if info.context else []
    if name not in states:
        raise unknown("member", name, states)
    return name


def _in_horizon(date: dt.date, info: ValidationInfo) -> dt.date:
    horizon = info.context.get("horizon") if info.context else None
    if horizon and not horizon[0] <= date < horizon[1]:
        raise wrong(f"{date} is outside the horizon", f"allowed: from {horizon[0]} to before {horizon[1]}")
    return date


def _source(source: str, info: ValidationInfo) -> str:
    if source == COMMAND_LINE:
        return source
    if source.startswith(ASSUMPTION):
        if not source[len(ASSUMPTION) :].strip():
            raise wrong("an assumption without its reason", 'allowed: "assumption: why"')
        return source
    registry = info.context["sources"] if info.context else None
    if registry is None:
        return source
    key = source.split()[0] if source.split() else ""
    if key not in registry:
        raise unknown("source", source, sorted(registry))
    if not (key[:1] in "PBM" and key[1:].isdigit()) and not any(
        part[:4].isdigit() and len(part) >= 4 for part in source.split()[1:]
    ):
        raise wrong(f'source "{source}" names no year', f'allowed: for instance "{key} ARM 2005"')
    return source


Date = Annotated[dt.date, BeforeValidator(_date)]
DateInHorizon = Annotated[Date, AfterValidator(_in_horizon)]
State = Annotated[str, AfterValidator(_state)]
Number = Annotated[float, BeforeValidator(_number)]
Source = Annotated[str, AfterValidator(_source)]
Sources = Annotated[list[Source], Field(min_length=1)]


class Strict(BaseModel):
    """No key is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Strict):
    """How a figure becomes a value: linear from ``zero`` to ``one``, held at 0 and 1."""

    says: str
    unit: str = ""
    zero: Number
    one: Number
    width: Annotated[Number, Field(ge=0, le=0.5)] = 0.0

    @model_validator(mode="after")
    def _distinct(self) -> "Rule":
        if self.zero == self.one:
            raise wrong(f"zero and one are both {self.zero}", "allowed: two different figures")
        return self

    def band(self, figure: float) -> tuple[float, float]:
        """The range of values that a figure stands for."""
        value = min(1.0, max(0.0, (figure - self.zero) / (self.one - self.zero)))
        return max(0.0, value - self.width), min(1.0, value + self.width)


FAMILIES: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "sd"),
    "beta": ("a", "b"),
    "lognormal": ("median", "sd"),
}


class Distribution(Strict):
    """A distribution of the library's: see FAMILIES for its parameters."""

    family: str
    low: Number | None = None
    mode: Number | None = None
    high: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    a: Number | None = None
    b: Number | None = None
    median: Number | None = None

    @field_validator("family")
    @classmethod
    def _known(cls, family: str) -> str:
        if family not in FAMILIES:
            raise unknown("distribution", family, list(FAMILIES))
        return family

    @model_validator(mode="after")
    def _complete(self) -> "Distribution":
        needed = FAMILIES[self.family]
        given = [k for k in type(self).model_fields if k != "family" and getattr(self, k) is not None]
        if sorted(given) != sorted(needed):
            raise wrong(f"{self.family} with {listed(given) or 'nothing'}", f"allowed: {listed(needed)}")
        p = self.parameters()
        if self.family in ("uniform", "triangular") and sorted(p.values()) != list(p.values()):
            raise wrong(f"{self.family} with {p}", f"allowed: {' <= '.join(needed)}")
        if any(p[k] <= 0 for k in ("sd", "a", "b", "median") if k in p):
            raise wrong(f"{self.family} with {p}", "allowed: sd, a, b and median above 0")
        if p.get("low", 0) == p.get("high", 1):
            raise wrong(f"{self.family} of no width", "allowed: low < high; write `value` for a number")
        return self

    def parameters(self) -> dict[str, float]:
        """The parameters of the family, in its order."""
        return {k: getattr(self, k) for k in FAMILIES[self.family]}


class Coded(Strict):
    """A coded value: one of ``value``, ``knots`` and ``distribution``, with rule and sources."""

    value: Any = None
    knots: dict[str, Any] | None = None
    join: Literal["linear", "step"] = "linear"
    distribution: Distribution | None = None
    rule: str = JUDGEMENT
    sources: Sources
    note: str = ""

    @field_validator("rule")
    @classmethod
    def _rule_exists(cls, rule: str, info: ValidationInfo) -> str:
        rules = [*BUILT_IN_RULES, *(info.context["rules"] if info.context else {})]
        if rule not in rules:
            raise unknown("rule", rule, rules)
        return rule

    @field_validator("value")
    @classmethod
    def _readable(cls, value: object) -> object:
        if isinstance(value, str):
            if value == UNCODED:
                raise wrong("not coded yet", f"allowed: a number or one of {listed(list(WORDS))}")
            if value not in WORDS:
                raise unknown("word", value, list(WORDS))
            return value
        return None if value is None else _number(value, f"a number or one of {listed(list(WORDS))}")

    @field_validator("knots")
    @classmethod
    def _in_order(cls, knots: dict[str, Any] | None) -> dict[str, Any] | None:
        if knots is None:
            return None
        if not knots:
            raise wrong("no knots", "allowed: at least one date = value")
        dates = [_date(key) for key in knots]
        for first, second in pairwise(dates):
            if second <= first:
                raise wrong(f"knot {second} after {first}", "allowed: dates in rising order")
        return {d.isoformat(): cls._readable(v) for d, v in zip(dates, knots.values(), strict=True)}

    @model_validator(mode="after")
    def _one_form(self, info: ValidationInfo) -> "Coded":
        forms = [k for k in ("value", "knots", "distribution") if getattr(self, k) is not None]
        if len(forms) != 1:
            raise wrong(listed(forms) or "no value", "allowed: one of value, knots, distribution")
        if self.rule in BUILT_IN_RULES:
            for figure in self.entries().values():
                if isinstance(figure, float) and not 0 <= figure <= 1:
                    raise wrong(f"{figure:g}", "allowed: 0 to 1, or a figure with its rule")
        if d := self.distribution:
            if d.family == "lognormal":
                raise wrong("lognormal", "allowed for an input in [0, 1]: uniform, triangular, normal, beta")
            edges = [v for k, v in d.parameters().items() if k in ("low", "mode", "high", "mean")]
            if any(not 0 <= v <= 1 for v in edges):
                raise wrong(f"{d.family} with {d.parameters()}", "allowed: 0 to 1")
        return self

    def entries(self) -> dict[str, float | str]:
        """The knots by date; a single value stands under an empty date."""
        return self.knots if self.knots is not None else {} if self.value is None else {"": self.value}


class CodedCoefficient(Strict):
    """A coefficient given by the scenario in place of the prior of the variable table."""

    value: Number | None = None
    distribution: Distribution | None = None
    sources: Sources
    note: str = ""

    @model_validator(mode="after")
    def _one_form(self) -> "CodedCoefficient":
        if (self.value is None) == (self.distribution is None):
            raise wrong("value and distribution", "allowed: one of them")
        return self


PRIOR = "the sources say which way it works, its size is judgement"


def prior_of(c: Coefficient) -> dict[str, Any]:
    """A coefficient's default as a scenario would write it."""
    form: dict[str, Any] = {"value": c.centre}
    if c.spread:
        centre = "median" if c.family == "lognormal" else "mean"
        form = {"distribution": {"family": c.family, centre: c.centre, "sd": c.spread}}
    return {**form, "sources": [*cited(c), f"{ASSUMPTION} {PRIOR}: {c.source}"]}


def cited(c: Coefficient) -> list[str]:
    """The ids of statements and events that a coefficient's prior names."""
    return re.findall(r"\b[PBM]\d{3}\b", c.source)


def at_prior(behaviour: Any, name: str) -> bool:
    """Whether a coefficient is left at its prior: then a posterior may take its place."""
    c = next(c for c in COEFFICIENTS if c.name == name)
    return bool(getattr(behaviour, name).model_dump() == CodedCoefficient(**prior_of(c)).model_dump())


class Posterior(Strict):
    """Draws by coefficient, each run takes a row: numbers parted by blanks, as many for each."""

    file: str
    columns: Annotated[dict[str, str], Field(min_length=1)]

    @model_validator(mode="after")
    def _usable(self) -> "Posterior":
        if len({len(x) for x in self.draws.values()}) != 1:
            raise wrong("columns of unequal length", "allowed: as many draws for each coefficient")
        return self

    @property
    def draws(self) -> dict[str, Any]:
        """The draws of each coefficient, (row,)."""
        import numpy as np

        by_name = {c.name: c for c in COEFFICIENTS}
        found = {}
        for name, text in self.columns.items():
            if name not in by_name:
                raise unknown("coefficient", name, list(by_name))
            c = by_name[name]
            try:
                x = np.array(text.split(), dtype=np.float64)
            except ValueError as error:
                raise wrong(f"{name}: {error}", "allowed: numbers") from None
            if not len(x) or not (np.isfinite(x) & (x >= c.low) & (x <= c.high)).all():
                raise wrong(f"{name} beyond its bounds", f"allowed: {c.low:g} to {c.high:g}")
            found[name] = x
        return found


def _bounded(c: Coefficient) -> Any:
    def check(coded: CodedCoefficient) -> CodedCoefficient:
        numbers = (
            [coded.value]
            if coded.distribution is None
            else [v for k, v in coded.distribution.parameters().items() if k not in ("sd", "a", "b")]
        )
        for value in numbers:
            if value is not None and not c.low <= value <= c.high:
                raise wrong(f"{value:g}", f"allowed: {c.low:g} to {c.high:g} {c.unit}")
        return coded

    return Annotated[CodedCoefficient, AfterValidator(check)]


def _table(name: str, doc: str, fields: dict[str, Any]) -> Any:
    return create_model(name, __base__=Strict, __doc__=doc, **fields)


def default_coded(value: float) -> dict[str, Any]:
    """What stands in resolved.json for an input that the scenario does not code."""
    return {"value": value, "rule": DEFAULT, "sources": [f"{ASSUMPTION} the model's default"]}


def _input_field(i: Input) -> tuple[Any, Any]:
    if not i.channels:
        return Coded, Field(default_factory=lambda: Coded.model_construct(**default_coded(i.default)))
    group = _table(
        f"{i.name}_channels",
        i.meaning,
        {channel: _input_field(Input(channel, "", "", default=i.default)) for channel in i.channels},
    )
    return group, Field(default_factory=group)


def _weights_field(i: Input) -> tuple[Any, Any]:
    share = Annotated[Number, Field(ge=0, le=1)]
    fields = {ch: (share, w) for ch, w in zip(i.channels, i.weights, strict=True)}
    group = _table(f"{i.name}_weights", f"weights of {i.name}", fields)

    def sums_to_one(weights: Any) -> Any:
        total = sum(weights.model_dump().values())
        if math.isclose(sum(i.weights), 1.0) and not math.isclose(total, 1.0, abs_tol=1e-9):
            raise wrong(f"weights that sum to {total:g}", "allowed: a sum of 1")
        return weights

    return Annotated[group, AfterValidator(sums_to_one)], Field(default_factory=group)


class Membership(Strict):
    """A state's membership from a date on, as it happened."""

    from_: Date = Field(alias="from")
    status: Status
    sources: Sources
    note: str = ""


class MemberBase(Strict):
    """What a state has beside its inputs."""

    name: str
    admissible: bool = True
    record: Annotated[list[Membership], Field(min_length=1)]
    note: str = ""

    @field_validator("record")
    @classmethod
    def _in_order(cls, record: list[Membership]) -> list[Membership]:
        for first, second in pairwise(record):
            if second.from_ <= first.from_:
                raise wrong(f"{second.from_} after {first.from_}", "allowed: dates in rising order")
        return record

    def status_at(self, date: dt.date) -> int:
        """The code of the recorded status on a date; outside before the first entry."""
        past = [STATUSES.index(m.status) for m in self.record if m.from_ <= date]
        return past[-1] if past else 0


_inputs: dict[str, Any] = {i.name: _input_field(i) for i in MEMBER_INPUTS}
Member: Any = create_model("Member", __base__=MemberBase, **_inputs)
Leader: Any = _table("Leader", "The leader's paths.", {i.name: _input_field(i) for i in LEADER_INPUTS})
Behaviour: Any = _table(
    "Behaviour",
    "The behavioural coefficients.",
    {c.name: (_bounded(c), Field(default_factory=lambda c=c: CodedCoefficient(**prior_of(c)))) for c in COEFFICIENTS},
)
Weights: Any = _table(
    "Weights", "Weights of the channels.", {i.name: _weights_field(i) for i in MEMBER_INPUTS if i.weights}
)


def _distinct_pair(pair: list[str]) -> list[str]:
    if len(set(pair)) != 2:
        raise wrong(shown(pair), "allowed: two different members")
    return pair


Pair = Annotated[list[State], AfterValidator(_distinct_pair)]


class Dispute(Strict):
    """A pair of states that may clash."""

    between: Pair
    intensity: Coded


class EventBase(Strict):
    """What every event has."""

    date: DateInHorizon
    sources: Sources
    note: str = ""


class CrisisEvent(EventBase):
    """A call for help and its answer."""

    kind: Literal["crisis"]
    member: State
    threat: Literal["interstate", "separatist", "insurgency", "regime"]
    answer: Literal["granted", "partial", "refused"]


class ClashEvent(EventBase):
    """Two members of the pact fight."""

    kind: Literal["clash"]
    between: Pair
    answer: Literal["granted", "partial", "refused"] = "refused"


class RenewalEvent(EventBase):
    """Membership lapses unless renewed."""

    kind: Literal["renewal"]


class EntryEvent(EventBase):
    """A state enters, whatever the model says."""

    kind: Literal["entry"]
    member: State


def _is_input(path: str, info: ValidationInfo) -> str:
    known = info.context["inputs"] if info.context else []
    if path not in known:
        raise unknown("input path", path, known)
    return path


class ShockEvent(EventBase):
    """An input moves by ``change``, for ever or with a half-life in years."""

    kind: Literal["shock"]
    path: Annotated[str, AfterValidator(_is_input)]
    change: Annotated[Number, Field(ge=-1, le=1)]
    half_life: Annotated[Number, Field(gt=0)] | None = None


Event = Annotated[CrisisEvent | ClashEvent | RenewalEvent | EntryEvent | ShockEvent, Field(discriminator="kind")]


def _is_adjustable(path: str, info: ValidationInfo) -> str:
    known = info.context["adjustable"] if info.context else []
    if path not in known:
        raise unknown("input path", path, known)
    return path


class Adjustment(Strict):
    """An input, a group of channels or a dispute changed as a whole, from a date on or throughout."""

    path: Annotated[str, AfterValidator(_is_adjustable)]
    value: Annotated[Number, Field(ge=0, le=1)] | None = None
    scale: Annotated[Number, Field(ge=0, le=100)] | None = None
    shift: Annotated[Number, Field(ge=-1, le=1)] | None = None
    from_: Date | None = Field(default=None, alias="from")
    sources: Sources
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> "Adjustment":
        ways = [k for k in WAYS if getattr(self, k) is not None]
        if len(ways) != 1:
            raise wrong(listed(ways) or "no change", f"allowed: one of {listed(WAYS)}")
        return self

    @property
    def way(self) -> tuple[str, float]:
        """What is done (one of WAYS), and by how much."""
        return next((k, getattr(self, k)) for k in WAYS if getattr(self, k) is not None)


class Time(Strict):
    """The axis of time."""

    start: Date
    end: Date
    step: Literal["month", "quarter", "year"] = "quarter"
    record_from: Date | None = None
    horizons: list[Annotated[Number, Field(gt=0)]] = [1.0, 5.0, 10.0]


class AllianceTable(Strict):
    """The alliance."""

    name: str
    leader: str
    leader_name: str = ""
    quorum: Annotated[int, Field(ge=1)] = 2
    crises: Literal["scripted", "drawn"] = "drawn"
    renewal_window: Annotated[Number, Field(gt=0)] = 0.25


class ScenarioTables(Strict):
    """A whole scenario file, its parents merged in."""

    title: str
    description: str = ""
    sources: list[str] = []
    time: Time
    alliance: AllianceTable
    weights: Weights = Field(default_factory=Weights)
    rules: dict[str, Rule] = {}
    leader: Leader = Field(default_factory=Leader)
    members: Annotated[dict[str, Member], Field(min_length=2)]
    disputes: list[Dispute] = []
    events: list[Event] = []
    adjustments: list[Adjustment] = []
    behaviour: Behaviour = Field(default_factory=Behaviour)
    posterior: Posterior | None = None


def dispute_path(pair: Sequence[str]) -> str:
    """The dotted path of a pair's dispute, whichever member comes first."""
    return "disputes." + "-".join(sorted(pair))


def value_at(tables: Any, path: str) -> Any:
    """The coded value at the dotted path of an input or a dispute."""
    if path.startswith("disputes."):
        return next(d.intensity for d in tables.disputes if dispute_path(d.between) == path)
    value = tables
    for key in path.split("."):
        value = value[key] if isinstance(value, dict) else getattr(value, key)
    return value


def groups_of(inputs: Sequence[str]) -> list[str]:
    """The paths that stand for several channels of one member."""
    found = (p.rpartition(".")[0] for p in inputs if p.startswith("members.") and p.count(".") == 3)
    return list(dict.fromkeys(found))


def covered(path: str, inputs: Sequence[str]) -> list[str]:
    """The inputs that a path stands for: itself, or the channels of a group."""
    if path in inputs:
        return [path]
    return [p for p in inputs if p.rpartition(".")[0] == path and p.count(".") == 3]


def adjustable(members: Sequence[str], disputes: Sequence[Any]) -> list[str]:
    """Every path that an adjustment may name."""
    inputs = input_paths(members)
    pairs = [d.get("between") for d in disputes if isinstance(d, dict)]
    named = [dispute_path([str(m) for m in p]) for p in pairs if isinstance(p, list) and len(p) == 2]
    return [*inputs, *groups_of(inputs), *named]


def input_paths(members: Sequence[str]) -> list[str]:
    """The dotted path of every coded input of a scenario with these members."""

    owned = [(f"members.{m}", i) for m in members for i in MEMBER_INPUTS] + [("leader", i) for i in LEADER_INPUTS]
    return [path for owner, i in owned for path in i.paths(owner)]


assert set(THREATS) == set(CrisisEvent.model_fields["threat"].annotation.__args__)  # type: ignore[union-attr]
