"""What a scenario file may say, held against the model's declarations; and every coded value in it."""

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from sim.errors import listed, nearest
from sim.model.crises import THREATS
from sim.model.declaration import Coefficient, Input
from sim.model.membership import ACTIVE, OUTSIDE, STATUSES, Status
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.left_out import quote
from sim.scenario.messages import Declared, of_kind, shown, unknown, wrong
from sim.scenario.names import CODE, FULL_NAME, KEY, LINE
from sim.scenario.paths import WAYS
from sim.scenario.posterior import Named
from sim.scenario.rival import named, plain
from sim.scenario.values import (
    ASSUMPTION,
    DEFAULT,
    LARGEST,
    UNCODED,
    WORDS,
    Coded,
    CodedCoefficient,
    CodedEntry,
    Date,
    Day,
    Entry,
    Number,
    Rule,
    Sources,
    Strict,
    context_of,
    priors,
)

MOST_MEMBERS = 64
"""Twice the largest alliance there is: tables are read by people, and a figure gives each member a row."""
ANSWERS = {"granted": 1.0, "partial": 0.5, "refused": 0.0}
CONDUCT = {"support": 2, "abstain": 1, "oppose": 0}


# -------------------------------------------------------------------------------------------- declared tables


def default_coded(value: float) -> Coded:
    """What stands in resolved.json for an input that the scenario does not code."""
    return Coded(value=value, rule=DEFAULT, sources=[f"{ASSUMPTION} the model's default"])


def _inputs(inputs: Sequence[Input]) -> Declared:
    """A table with a coded value for each input, or for each of its channels."""

    def channels(i: Input) -> object:
        return Annotated[
            dict[str, Coded], Declared(dict.fromkeys(i.channels, Coded), lambda _: default_coded(i.default))
        ]

    defaults: dict[str, Coded | dict[str, Coded]] = {
        i.name: {ch: default_coded(i.default) for ch in i.channels} if i.channels else default_coded(i.default)
        for i in inputs
    }
    return Declared({i.name: channels(i) if i.channels else Coded for i in inputs}, lambda name: defaults[name])


def _behaviour() -> Declared:
    """A table with a value for each coefficient, within its bounds."""

    def bounded(c: Coefficient, value: float) -> None:
        low, high = max(c.low, -LARGEST), min(c.high, LARGEST)
        if not low <= value <= high:
            raise wrong(shown(value), f"allowed: {low:g} to {high:g} {c.unit}")

    def number(c: Coefficient) -> BeforeValidator:
        def check(table: object) -> object:  # before any wider bound is said
            value = table.get("value") if isinstance(table, Mapping) else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                bounded(c, value)
            return table

        return BeforeValidator(check)

    def within(c: Coefficient) -> AfterValidator:
        def check(coded: CodedCoefficient) -> CodedCoefficient:
            for value in coded.places:
                bounded(c, value)
            return coded

        return AfterValidator(check)

    kinds = {c.name: Annotated[CodedCoefficient, number(c), within(c)] for c in COEFFICIENTS}
    return Declared(kinds, lambda name: priors()[name])


def _weights() -> Declared:
    """A table with the weights of the channels of each input that has them."""
    share = Annotated[Number, Field(ge=0, le=1)]
    defaults = {i.name: dict(zip(i.channels, i.weights, strict=True)) for i in MEMBER_INPUTS if i.weights}

    def one(weights: dict[str, float]) -> dict[str, float]:
        if not math.isclose(total := sum(weights.values()), 1.0, abs_tol=1e-9):
            raise wrong(f"weights that sum to {total:g}", "allowed: a sum of 1")
        return weights

    def group(name: str) -> object:
        table = Declared(dict.fromkeys(defaults[name], share), defaults[name].__getitem__)
        sums_to_one = math.isclose(sum(defaults[name].values()), 1.0)
        return (
            Annotated[dict[str, float], table, AfterValidator(one)]
            if sums_to_one
            else Annotated[dict[str, float], table]
        )

    return Declared({name: group(name) for name in defaults}, lambda name: dict(defaults[name]))


Inputs = dict[str, Coded | dict[str, Coded]]
"""Coded values by input; those of an input with channels by channel."""
Leader = Annotated[Inputs, _inputs(LEADER_INPUTS)]
Behaviour = Annotated[dict[str, CodedCoefficient], _behaviour()]
Weights = Annotated[dict[str, dict[str, float]], _weights()]


# ----------------------------------------------------------------------------------------------------- states


def _state(name: str, info: ValidationInfo) -> str:
    context = context_of(info)
    if name not in context.states:
        called = context.called.get(name) or context.called.get(nearest(name, context.called), "")
        raise unknown("member", name, context.states, called)
    return name


def _distinct(pair: list[str]) -> list[str]:
    if len(set(pair)) != 2:
        raise wrong(shown(pair), "allowed: two different members")
    return pair


def _conduct(name: str) -> str:
    if name not in CONDUCT:
        raise unknown("conduct", name, list(CONDUCT))
    return name


State = Annotated[str, AfterValidator(_state)]
Pair = Annotated[list[State], AfterValidator(_distinct)]


def _coded_status(status: object) -> object:
    if status == UNCODED:
        raise wrong("not coded yet", f"allowed: {listed(STATUSES)}")
    return status


class Membership(Strict):
    """A state's membership from a date on, as it happened."""

    from_: Date = Field(alias="from")
    status: Annotated[Status, BeforeValidator(_coded_status)]
    sources: Sources
    note: str = ""


class Member(Strict):
    """A state: its record, and its inputs, which stand beside the other keys in a file."""

    name: Annotated[str, Field(min_length=1), of_kind(FULL_NAME)]
    admissible: Annotated[bool, Field(strict=True)] = True
    record: Annotated[list[Membership], Field(min_length=1)]
    note: str = ""
    inputs: Annotated[Inputs, _inputs(MEMBER_INPUTS)]

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, table: object) -> object:
        if not isinstance(table, dict):
            return table
        own = {k: v for k, v in table.items() if k in cls.model_fields and k != "inputs"}
        return own | {"inputs": {k: v for k, v in table.items() if k not in own}}

    @model_serializer(mode="wrap")
    def _beside(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        own = handler(self)
        inputs = own.pop("inputs")
        return {**own, **inputs}

    @field_validator("record")
    @classmethod
    def _in_order(cls, record: list[Membership]) -> list[Membership]:
        for first, second in pairwise(record):
            if second.from_ <= first.from_:
                raise wrong(f"{second.from_} after {first.from_}", "allowed: dates in rising order")
        return record

    def since(self, date: dt.date) -> dt.date:
        """The day from which a state has the status that it has on a date."""
        return max((m.from_ for m in self.record if m.from_ <= date), default=dt.date.min)

    def status_at(self, date: dt.date) -> int:
        """The code of the recorded status on a date; outside before the first entry."""
        past = [STATUSES.index(m.status) for m in self.record if m.from_ <= date]
        return past[-1] if past else 0


class Move(Membership):
    """A move of a state that continues its record."""

    member: State
    from_: Day = Field(alias="from")


class Vote(Strict):
    """What states did on a motion, relative to the leader: stood with it, stood aside or stayed away, stood against."""

    date: Day
    motion: Annotated[str, Field(min_length=1), of_kind(LINE)]
    conduct: Annotated[dict[State, Annotated[str, AfterValidator(_conduct)]], Field(min_length=1)]
    sources: Sources
    note: str = ""


class Dispute(Strict):
    """A pair of states that may clash."""

    between: Pair
    intensity: Coded


# ----------------------------------------------------------------------------------------------------- events


def _in_horizon(date: dt.date, info: ValidationInfo) -> dt.date:
    horizon = context_of(info).horizon
    if horizon and not horizon[0] <= date < horizon[1]:
        raise wrong(f"{date} is outside the horizon", f"allowed: from {horizon[0]} to before {horizon[1]}")
    return date


def _input_path(path: str, info: ValidationInfo) -> str:
    paths = [p for p, of in context_of(info).adjustable.items() if (p,) == of and not p.startswith(DISPUTES)]
    if path not in paths:
        raise unknown("input path", path, paths)
    return path


def _adjustable_path(path: str, info: ValidationInfo) -> str:
    paths = context_of(info).adjustable
    if path not in paths:
        raise unknown("input path", path, list(paths))
    return path


class EventBase(Strict):
    """What every event has."""

    date: Annotated[Date, AfterValidator(_in_horizon)]
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


class RegimeChangeEvent(EventBase):
    """A regime falls, or another comes to power against its will: stance is no longer bound by its past."""

    kind: Literal["regime_change"]
    member: State


class EntryEvent(EventBase):
    """A state enters, whatever the model says."""

    kind: Literal["entry"]
    member: State


class ShockEvent(EventBase):
    """An input moves by ``change``, for ever or with a half-life in years."""

    kind: Literal["shock"]
    path: Annotated[str, AfterValidator(_input_path)]
    change: Annotated[Number, Field(ge=-1, le=1)]
    half_life: Annotated[Number, Field(gt=0)] | None = None


Event = Annotated[
    CrisisEvent | ClashEvent | RenewalEvent | RegimeChangeEvent | EntryEvent | ShockEvent, Field(discriminator="kind")
]
KINDS: list[str] = [get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(Event)[0])]


def with_nearest_kinds(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables with each event of a kind that there is not as one of the kind whose name is nearest."""

    def nearer(event: object) -> object:
        near = nearest(event.get("kind"), KINDS) if isinstance(event, dict) else ""
        return {**event, "kind": near} if isinstance(event, dict) and near else event

    events = tables.get("events")
    return {**tables, **({"events": [nearer(e) for e in events]} if isinstance(events, list) else {})}


assert set(THREATS) == set(CrisisEvent.model_fields["threat"].annotation.__args__)  # type: ignore[union-attr]


def _in_unit(value: Entry) -> Entry:
    if isinstance(value, float) and not 0 <= value <= 1:
        raise wrong(f"{value:g}", f"allowed: 0 to 1, or one of {listed(list(WORDS))}")
    return value


class Adjustment(Strict):
    """An input, a group of channels or a dispute changed as a whole, from a date on or throughout."""

    path: Annotated[str, AfterValidator(_adjustable_path)]
    value: Annotated[CodedEntry, AfterValidator(_in_unit)] | None = None
    scale: Annotated[Number, Field(ge=0, le=100)] | None = None
    shift: Annotated[Number, Field(ge=-1, le=1)] | None = None
    place: Annotated[Number, Field(ge=0, le=1)] | None = None
    from_: Date | None = Field(default=None, alias="from")
    sources: Sources
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> "Adjustment":
        ways = [k for k in WAYS if getattr(self, k) is not None]
        if len(ways) != 1:
            raise wrong(listed(ways) or "no change", f"allowed: one of {listed(list(WAYS))}")
        return self

    @property
    def way(self) -> tuple[str, Entry]:
        """What is done (one of WAYS), and by how much: a number or, in the place of a value, a word."""
        return next((k, getattr(self, k)) for k in WAYS if getattr(self, k) is not None)

    def __str__(self) -> str:
        way, amount = self.way
        shown = f"{amount:g}" if isinstance(amount, float) else f'"{amount}"'
        return f"{WAYS[way].words} {shown} {f'from {self.from_}' if self.from_ else 'throughout'}"


# --------------------------------------------------------------------------------------------- the whole file


class Time(Strict):
    """The axis of time."""

    start: Date
    end: Date
    step: Literal["month", "quarter", "year"] = "quarter"
    record_from: Date | None = None
    horizons: list[Annotated[Number, Field(gt=0)]] = Field(default=[1.0, 5.0, 10.0])

    @property
    def first(self) -> dt.date:
        """When the first tick begins: the record's, or the forecast's where there is none before it."""
        return self.record_from or self.start

    @property
    def forecast_from(self) -> dt.date | None:
        """The start where a record comes before it: from there a change holds that names no date."""
        return self.start if self.record_from and self.record_from < self.start else None

    @property
    def years(self) -> float:
        """From the start to the end."""
        return (self.end - self.start).days / 365.25


class AllianceTable(Strict):
    """The alliance."""

    name: Annotated[str, Field(min_length=1), of_kind(FULL_NAME)]
    leader: Annotated[str, of_kind(CODE)]
    leader_name: Annotated[str, of_kind(FULL_NAME)] = ""
    rival_name: Annotated[str, of_kind(FULL_NAME)] | None = None
    """Who the leader confronts, where that is not the West: so comments, sheets, titles and explanations name it."""
    quorum: Annotated[int, Field(ge=1, strict=True)] = 2
    crises: Literal["scripted", "drawn"] = "drawn"
    motions: Literal["average", "drawn"] = "average"
    """Whether a motion has an effect that all states share."""
    renewal_window: Annotated[Number, Field(gt=0)] = 0.25
    dissolved: Date | None = None
    """The day on which the alliance ended by a decision of all; nobody left on it."""

    @property
    def leader_in_words(self) -> str:
        """The leader's name, or its code where the file names it not."""
        return self.leader_name or self.leader


class Value(NamedTuple):
    """A coded value: its dotted path, what the model declares there (nothing for a dispute), and what is coded."""

    path: str
    declared: Input | Coefficient | None
    channel: str
    coded: Coded | CodedCoefficient

    @property
    def bounds(self) -> tuple[float, float]:
        """Where it must lie."""
        return (self.declared.low, self.declared.high) if isinstance(self.declared, Coefficient) else (0.0, 1.0)

    def meaning(self, rival: str | None) -> str:
        """In words, with symbol and unit; the leader's rival by its name, where it has one."""
        match self.declared:
            case Coefficient() as c:
                return f"{named(c.meaning, rival)} ({c.symbol}, {c.unit})"
            case Input() as i:
                channel = f"; channel {plain(self.channel, rival)}" if self.channel else ""
                return f"{named(i.meaning, rival)} ({i.symbol}, 0 to 1{channel})"
        return "how contested the pair's relation is (q_ij)"


class ScenarioTables(Strict):
    """A whole scenario file, its parents merged in."""

    title: Annotated[str, Field(min_length=1), of_kind(LINE)]
    description: str = ""
    sources: list[str] = Field(default_factory=list)
    meant: dict[Literal["past", "late"], Annotated[str, Field(min_length=1)]] = Field(default={}, exclude=True)
    """Why paths of a file depart from its parent's past, or begin late: what it would be warned of. No part of what
    the scenario says."""
    time: Time
    alliance: AllianceTable
    weights: Weights = Field(default={}, validate_default=True)
    rules: dict[Annotated[str, of_kind(KEY)], Rule] = Field(default_factory=dict)
    leader: Leader = Field(default={}, validate_default=True)
    members: Annotated[dict[Annotated[str, of_kind(CODE)], Member], Field(min_length=2, max_length=MOST_MEMBERS)]
    disputes: list[Dispute] = Field(default_factory=list)
    events: list[Event] = Field(default_factory=list)
    adjustments: list[Adjustment] = Field(default_factory=list)
    behaviour: Behaviour = Field(default={}, validate_default=True)
    posterior: Named | None = None
    inputs: Literal["uncertain", "held"] = "uncertain"
    """After the start: going on as the coded past did, or held at their last values."""
    record: list[Move] = Field(default=[], exclude=True)
    """Moves since the records that members have of their own, to which they are added."""
    votes: list[Vote] | None = None
    """Votes since the calibration that the posterior is of: draws are weighed by them."""

    @model_validator(mode="after")
    def _go_on(self) -> "ScenarioTables":
        if not self.record:
            return self
        parts = Membership.model_fields
        moves = [(m.member, Membership.model_construct(**{k: getattr(m, k) for k in parts})) for m in self.record]
        members = {
            code: state.model_copy(update={"record": [*state.record, *(m for of, m in moves if of == code)]})
            for code, state in self.members.items()
        }
        return self.model_copy(update={"members": members})

    @cached_property
    def at_start(self) -> dict[str, int]:
        """The recorded status of each state at the start of the forecast."""
        return {code: m.status_at(self.time.start) for code, m in self.members.items()}

    @property
    def state_names(self) -> dict[str, str]:
        """The names of the states by code, the code itself where the file has none."""
        return {code: state.name or code for code, state in self.members.items()}

    @property
    def is_history(self) -> bool:
        """Whether it says what happened from its beginning to its end: the crises there were, or who moved."""
        time = self.time
        moves = (m.from_ for state in self.members.values() for m in state.record)
        recorded = self.alliance.crises == "scripted" or any(time.start < day <= time.end for day in moves)
        return recorded and time.forecast_from is None

    @cached_property
    def as_forecast(self) -> dict[str, int]:
        """The status from which each state's moves are forecast: as at the start; active where an event lets it in."""
        time = self.time
        enter = {e.member for e in self.events if isinstance(e, EntryEvent) and time.start <= e.date < time.end}
        return {s: ACTIVE if now == OUTSIDE and s in enter else now for s, now in self.at_start.items()}

    @cached_property
    def values(self) -> dict[str, Value]:
        """Every coded value by dotted path: inputs of members and leader, coefficients, disputes."""
        found = []
        for place in places(self.members):
            table = self.members[place.state].inputs if place.state else self.leader
            coded = table[place.input.name]
            coded = coded if isinstance(coded, Coded) else coded[place.channel]
            found.append(Value(place.path, place.input, place.channel, coded))
        found += [Value(f"{BEHAVIOUR}{c.name}", c, "", self.behaviour[c.name]) for c in COEFFICIENTS]
        found += [Value(dispute_path(d.between), None, "", d.intensity) for d in self.disputes]
        return {v.path: v for v in found}

    @cached_property
    def adjustable(self) -> dict[str, tuple[str, ...]]:
        """Every path that an adjustment may name, with those of the values it stands for."""
        return adjustable(self.members, [d.between for d in self.disputes])

    @property
    def not_fitted(self) -> str:
        """That the coefficients were not fitted to this alliance, and where they are from; empty where they were."""
        own, posterior = self.alliance.name, self.posterior
        if posterior is None or not any(self.from_posterior(name) for name in posterior.columns):
            return f"coefficients not fitted to {own}: drawn from the priors"
        if posterior.alliance is None:
            return f"coefficients not known to be fitted to {own}: {posterior.file} names no alliance"
        return "" if own in posterior.alliances else f"coefficients not fitted to {own}: fitted to {posterior.alliance}"

    @property
    def carried_over(self) -> str:
        """How well coefficients that were fitted to others have forecast left-out alliances, where that is known."""
        p = self.posterior
        drawn = p is not None and p.alliance is not None and any(map(self.from_posterior, p.columns))
        return quote(self.alliance.name) if drawn and self.not_fitted else ""

    def from_posterior(self, coefficient: str) -> bool:
        """Whether a coefficient is drawn from the posterior: only what is left at its prior is."""
        drawn = self.posterior is not None and coefficient in self.posterior.columns
        return drawn and self.behaviour[coefficient] == priors()[coefficient]


# ------------------------------------------------------------------------------------------------------ paths

BEHAVIOUR, DISPUTES = "behaviour.", "disputes."


class Place(NamedTuple):
    """Where an input, or a channel of one, is coded; the leader's state is empty."""

    path: str
    state: str
    input: Input
    channel: str

    @property
    def group(self) -> str:
        """The path of the member's input of which this is a channel; empty where it is none."""
        return self.path.rpartition(".")[0] if self.state and self.channel else ""


def places(states: Iterable[str]) -> Iterator[Place]:
    """Every place of a scenario with these states where an input is coded."""
    for state, inputs in (*((s, MEMBER_INPUTS) for s in states), ("", LEADER_INPUTS)):
        owner = f"members.{state}" if state else "leader"
        for i in inputs:
            for channel in i.channels or ("",):
                yield Place(i.path(owner, channel), state, i, channel)


def dispute_path(pair: Sequence[str]) -> str:
    """The dotted path of a pair's dispute, whichever member comes first."""
    return DISPUTES + "-".join(sorted(pair))


def effect_path(state: str) -> str:
    """The dotted path of a state's own effect in conduct, which nobody codes."""
    return f"members.{state}.effect"


ROLL_CALL_LEVEL = "alliance.roll_call_level"
"""The path of the alliance's level on general roll calls, which nobody codes."""


def roll_call_path(state: str) -> str:
    """The dotted path of a state's own effect on general roll calls, which nobody codes."""
    return f"members.{state}.roll_call_effect"


ALLIANCE_EFFECT = "alliance.effect"
"""The dotted path of an alliance's own effect on rates, which nobody codes."""


def adjustable(states: Iterable[str], pairs: Iterable[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The inputs, groups of channels and disputes that there are, each with the paths it stands for."""
    found: dict[str, tuple[str, ...]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for place in places(states):
        found[place.path] = (place.path,)
        if place.group:
            groups[place.group] = (*groups.get(place.group, ()), place.path)
    return found | groups | {path: (path,) for path in map(dispute_path, pairs)}


def pairs_in(raw: Mapping[str, object]) -> list[list[str]]:
    """The pairs of disputes in tables that are not checked yet."""
    disputes = raw.get("disputes")
    pairs = [d.get("between") for d in disputes if isinstance(d, dict)] if isinstance(disputes, list) else []
    return [[str(m) for m in p] for p in pairs if isinstance(p, list) and len(p) == 2]
