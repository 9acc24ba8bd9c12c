"""Every outcome, declared once: what tables, figures, sweeps, comparisons, claims and documents know of it.

A new outcome is an entry here and a function. Beside them stand the words and colours that several floors share.
"""

import math
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from itertools import starmap
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from sim.model import cohesion
from sim.model.arrays import Array, Flags, indicator
from sim.model.conduct import ABSTAINS, OPPOSES, SUPPORTS
from sim.model.crises import THREATS
from sim.model.grammar import in_text, lower_first, sentence
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.tick import Record

if TYPE_CHECKING:
    import xarray as xr

Z95 = 1.959964
"""Standard errors on either side of an estimate in a 95 % interval."""
LEAST = 0.01
"""How far a probability must move for a comparison to say or draw it."""
CONDUCTS = {SUPPORTS: "supports", ABSTAINS: "abstains", OPPOSES: "opposes"}
ANSWERS = {1.0: "helps", 0.5: "helps in part", 0.0: "refuses"}


class Move(NamedTuple):
    """A change of membership, and how it is said of a state."""

    name: str
    words: str
    past: str


MOVES = {
    (ACTIVE, FROZEN): Move("freeze", "freezes its membership", "froze its membership"),
    (FROZEN, ACTIVE): Move("resume", "resumes its membership", "resumed its membership"),
    (OUTSIDE, ACTIVE): Move("entry", "enters the alliance", "entered the alliance"),
    (OUTSIDE, FROZEN): Move("entry", "enters the alliance", "entered the alliance"),
    (ACTIVE, OUTSIDE): Move("exit", "leaves the alliance", "left"),
    (FROZEN, OUTSIDE): Move("exit", "leaves the alliance", "left"),
}
"""By status before and after."""
RETURN = Move("entry", "returns to the alliance", "returned to the alliance")
"""The entry of a former member."""
VERDICTS = {"supported": "#1b6e53", "contradicted": "#a33b2a", "undecided": "#595959"}
"""Of a claim, with their colours."""
MECHANISM_VERDICTS = dict(zip(("earns its place", "costs", "not told apart"), VERDICTS.values(), strict=True))
"""Of a mechanism, with their colours."""
INF = float("inf")


class Snapshot(cohesion.Motion):
    """A tick as chances and measures see it."""

    def __init__(self, record: Record, starters: Flags) -> None:
        super().__init__(record.conduct, record.status, record.stance, record.alive)
        self.record = record
        self.starters = starters
        """Who was a member at the start of the forecast. (member, run)"""

    @cached_property
    def loyal(self) -> Array:
        """The chance of active membership and support. (member, run)"""
        return self.record.support * self.active

    @cached_property
    def critical(self) -> Array:
        """The chance of active membership and opposition. (member, run)"""
        return self.record.oppose * self.active

    @property
    def expected(self) -> cohesion.Motion:
        """What each state may be expected to do, over motions: joint support then is the product of expectations."""
        support, oppose = self.record.support, self.record.oppose
        return cohesion.Motion((1.0 + support - oppose) / 2.0, self.status, self.stance, self.alive)


class Exits(NamedTuple):
    """Exits of members in a tick and before it. (run,)"""

    before: Array
    """How many there have been when the tick begins."""
    after: Array
    none: Array
    """The chance that nobody leaves in the tick."""
    one: Array
    """The chance that exactly one member does."""


@dataclass(frozen=True)
class Outcome:
    """What everybody knows of an outcome; the call of one of the methods says of which kind it is, and how it is seen.

    ``title`` is what a figure calls it, with ``{}`` for the member where every member has its own; ``noun`` what a
    sentence calls it, (probability of) exit; ``short`` what a narrow column does, where that is not the noun.
    ``headline`` is recorded by sweeps that do not say what they record, and shown where there is room for few, but
    for an ``aside``, which says more of another that is shown. ``within`` names an event that has happened wherever
    this one has, and so is no less probable; it is declared before.
    """

    name: str
    title: str
    noun: str
    _: KW_ONLY
    meaning: str = ""
    short: str = ""
    unit: str = "1"
    low: float = 0.0
    high: float = 1.0
    headline: bool = False
    aside: bool = False
    within: str = ""
    leads_to: int | None = None
    """Of an event of members: the status in which it leaves a state, of which it is then not asked."""
    kind: ClassVar[Literal["event", "chance", "measure"]]

    def event(
        self, meaning: str, hazard: Callable[[Record, Exits], Array], happens: Callable[[Record, Exits], Flags]
    ) -> "Event":
        """It happens once or never."""
        return Event(**vars(self) | {"meaning": meaning}, hazard=hazard, happens=happens)

    def chance(self, meaning: str, value: Callable[[Snapshot], Array], colour: str) -> "Chance":
        """It is so at a date or not, with a probability that every run knows."""
        return Chance(**vars(self) | {"meaning": meaning}, value=value, colour=colour)

    def measure(self, meaning: str, value: Callable[[Snapshot], Array]) -> "Measure":
        """It is a number of a tick."""
        return Measure(**vars(self) | {"meaning": meaning}, value=value)

    def open_to(self, status: int) -> bool:
        """Whether a state of a status can do it next: one that is out does neither leave nor freeze."""
        return self.leads_to is None or status not in (OUTSIDE, self.leads_to)

    @property
    def by_member(self) -> bool:
        """Whether every member has its own, (member, run), or the alliance one, (run,)."""
        return "{}" in self.title

    @property
    def probability(self) -> bool:
        """Whether its mean over runs is a probability, shown in percent."""
        return self.kind != "measure"

    @property
    def label(self) -> str:
        """What it is in words: ``probability of exit``, ``cohesion``."""
        return f"probability of {self.noun}" if self.probability else self.noun

    def subject(self, state: str = "") -> str:
        """It as the subject of a sentence: ``the probability that Armenia has left``, ``cohesion``."""
        said = self.title.format(in_text(state))
        if self.by_member:
            return f"the probability that {said}" if self.probability else f"the {lower_first(said)}"
        return f"the probability that {lower_first(said)}" if self.probability else self.noun

    def at(self, when: str) -> str:
        """When it is seen: an event has happened by a date, all else is so in a month."""
        return f"{'by' if self.kind == 'event' else 'in'} {when}"

    @property
    def scale(self) -> str:
        """What the numbers of a measure are: ``0 to 1``, ``states``; empty for plain numbers without an end."""
        if self.high < INF:
            return f"{self.low:g} to {self.high:g}"
        return "" if self.unit == "1" else self.unit

    @property
    def axis(self) -> str:
        """What an axis of it is called."""
        if self.probability:
            return "probability"
        return f"{self.noun} ({self.scale})" if self.scale else self.noun

    @property
    def column(self) -> str:
        """What a narrow column calls it."""
        return self.short or self.noun


@dataclass(frozen=True, kw_only=True)
class Event(Outcome):
    """Its probability is the cumulative incidence, made of the chance in a tick where it has not happened before."""

    hazard: Callable[[Record, Exits], Array]
    happens: Callable[[Record, Exits], Flags]
    """In a tick; whether it is so at the start counts as well."""
    kind = "event"


@dataclass(frozen=True, kw_only=True)
class Chance(Outcome):
    """The probability, run by run, that something is so at a date."""

    value: Callable[[Snapshot], Array]
    colour: str
    kind = "chance"


@dataclass(frozen=True, kw_only=True)
class Measure(Outcome):
    """A number of a tick."""

    value: Callable[[Snapshot], Array]
    kind = "measure"


def _second(_: Record, exits: Exits) -> Array:
    """The chance that the second exit comes in this tick."""
    some = 1.0 - exits.none
    return (some - exits.one) * (exits.before == 0) + some * (exits.before == 1)


_DECLARED: tuple[Outcome, ...] = (
    Outcome("cohesion", "Cohesion", "cohesion", headline=True).measure(
        "mean joint support over all pairs of states, the leader included; 1: all stand with the leader always",
        cohesion.cohesion,
    ),
    Outcome(
        "starters_cohesion",
        "Cohesion of the initial members",
        "cohesion of the initial members",
        short="cohesion, initial",
        headline=True,
    ).measure(
        "mean joint support over all pairs of the leader and the states that were members at the start; "
        "one that has left or frozen its membership supports nothing",
        lambda s: cohesion.starters_cohesion(s, s.starters),
    ),
    Outcome("agreement_index", "Agreement index", "agreement index").measure(
        "agreement index of Hix, Noury & Roland (2005), leader included", cohesion.agreement_index
    ),
    Outcome("leader_agreement", "Agreement with the leader", "agreement with the leader").measure(
        "mean support of the members for the leader", cohesion.leader_agreement
    ),
    Outcome("active_share", "Share of active members", "share of active members").measure(
        "share of members that are not frozen", cohesion.active_share
    ),
    Outcome("hubness", "Hubness", "hubness", high=INF).measure(
        "expected joint support with the leader over that of members with each other",
        lambda s: cohesion.hubness(s.expected),
    ),
    Outcome("members", "Members", "members", unit="states", high=INF).measure(
        "number of members beside the leader", lambda m: m.members
    ),
    Outcome("stance_dispersion", "Dispersion of stance", "dispersion of stance", unit="logit", high=INF).measure(
        "standard deviation of stance among members", cohesion.stance_dispersion
    ),
    Outcome("any_exit", "Some member has left", "some exit", headline=True).event(
        "probability that some member has left by then",
        lambda _, exits: 1.0 - exits.none,
        lambda _, exits: exits.after > 0,
    ),
    Outcome(
        "two_exits", "Two or more members have left", "two or more exits", headline=True, aside=True, within="any_exit"
    ).event("probability that two or more members have left by then", _second, lambda _, exits: exits.after > 1),
    Outcome("dissolution", "The alliance is dissolved", "dissolution", headline=True).event(
        "probability that the alliance has been dissolved by then", lambda r, _: r.dissolution, lambda r, _: ~r.alive
    ),
    Outcome("exit", "{} has left", "exit", short="left", headline=True, within="any_exit", leads_to=OUTSIDE).event(
        "probability of having left by then of its own accord (cumulative incidence; dissolution competes)",
        lambda r, _: r.exit,
        lambda r, _: r.left,
    ),
    Outcome(
        "freeze", "{} has frozen its membership", "freeze", short="froze", headline=True, aside=True, leads_to=FROZEN
    ).event(
        "probability of having frozen membership by then (cumulative incidence; dissolution competes)",
        lambda r, _: r.side * indicator(r.before == ACTIVE),
        lambda r, _: r.status == FROZEN,
    ),
    Outcome("loyal", "{} supports", "support", short="loyal").chance(
        "probability of active membership and support", lambda s: s.loyal, "#1f4e79"
    ),
    Outcome("absent", "{} abstains", "abstention", short="absent").chance(
        "probability of active membership and abstention", lambda s: s.active - s.loyal - s.critical, "#86b6da"
    ),
    Outcome("critical", "{} opposes", "opposition", short="critical").chance(
        "probability of active membership and opposition", lambda s: s.critical, "#f6dd9a"
    ),
    Outcome("frozen", "{} takes no part", "frozen membership", short="frozen").chance(
        "probability of frozen membership", lambda s: indicator(s.status == FROZEN), "#e08e45"
    ),
    Outcome("outside", "{} is not a member", "being outside", short="outside").chance(
        "probability of being outside", lambda s: indicator(s.status == OUTSIDE), "#7a1f1d"
    ),
    Outcome("stance", "Stance of {}", "stance", unit="logit", low=-INF, high=INF).measure(
        "stance towards the leader, positive in favour", lambda s: s.stance
    ),
    Outcome("reliability", "Reliability of the leader, as {} believes", "reliability").measure(
        "believed chance that the leader helps", lambda s: s.record.reliability
    ),
    Outcome("dependence", "Dependence of {}", "dependence").measure(
        "dependence on the leader minus what has moved elsewhere", lambda s: s.record.dependence
    ),
)

OUTCOMES: dict[str, Outcome] = {o.name: o for o in _DECLARED}
"""By name: of the alliance first, then of members."""


@dataclass(frozen=True)
class Answered(Outcome):
    """The share of calls for help that were answered: a ratio of sums over runs, which only claims measure."""

    kind = "chance"

    @property
    def label(self) -> str:
        """What it is in words."""
        return self.noun


_CALLS_IN = {kind: f"a crisis of kind {kind}" for kind in THREATS} | {"clash": "clashes between members"}
CALLS = tuple(_CALLS_IN)
"""Kinds of calls for help; a clash is one between members."""


def _answered(kind: str, where: str) -> Outcome:
    title, meaning = f"Calls answered: {kind}", f"share of calls in {where} answered since the start"
    return Answered(f"answered_{kind}", title, f"calls answered: {kind}", meaning=meaning)


ANSWERED: dict[str, Outcome] = {o.name: o for o in starmap(_answered, _CALLS_IN.items())}
MEASURABLE: Mapping[str, Outcome] = ChainMap(OUTCOMES, ANSWERED)
"""What a claim may measure."""


STATISTICS = {
    "mean": "",
    "mcse": "Monte Carlo standard error",
    "low": "lower end of the 95 % Monte Carlo interval",
    "high": "upper end of the 95 % Monte Carlo interval",
    "few": "1 where so few runs contribute that no more can be said than less than the upper end",
    "quantile": "quantile",
    "parameter_share": "share of the variance that is due to parameters",
    "share_mcse": "Monte Carlo standard error of that share",
    "input_share": "share of the variance that is due to inputs to come",
    "input_share_mcse": "Monte Carlo standard error of that share",
}
"""What a dataset has of an outcome, with what each adds to its name."""
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
"""By the name of their column."""
KEPT = tuple(s for s in STATISTICS if "share" not in s)
"""What a study keeps of them."""
MONTE_CARLO = KEPT[1 : KEPT.index("quantile")]
"""What is said of an estimate's error by chance, which more runs would make smaller."""


def columns(*quantiles: str, of: Iterable[str] = STATISTICS) -> tuple[str, ...]:
    """Statistics as columns of a table, with some of the quantiles."""
    return tuple(column for s in of for column in (quantiles if s == "quantile" else (s,)))


ENDS = (min(QUANTILES), max(QUANTILES))
"""Of the middle 90 %."""
EVERY, USUAL, ESTIMATE = columns(*QUANTILES), columns(*ENDS), columns(*ENDS, of=KEPT)
"""Columns: all; those of tables at horizons and of summaries; the mean, its errors and the ends of its interval."""


def variable(name: str, statistic: str) -> str:
    """The variable of a dataset with a statistic: ``cohesion`` has the mean, ``cohesion_mcse`` its error."""
    return name if statistic == "mean" else f"{name}_{statistic}"


def series(ds: "xr.Dataset", name: str, statistic: str) -> Array:
    """A statistic as tables call it (``mean``, ``q05``). (date, [member]), in a study (point, tick, [member])"""
    if not statistic.startswith("q"):
        return np.asarray(ds[variable(name, statistic)].values, dtype=np.float64)
    level = int(statistic[1:]) / 100
    return np.asarray(ds[variable(name, "quantile")].sel(quantile=level).values, dtype=np.float64)


def attributes(name: str, statistic: str) -> dict[str, str]:
    """What a dataset says of a variable, by the CF conventions."""
    outcome, said = OUTCOMES[name], STATISTICS[statistic]
    label = sentence(outcome.label)
    unit = "1" if "share" in statistic or statistic == "few" else outcome.unit
    return {"long_name": f"{label}: {said}" if said else label, "units": unit, "description": outcome.meaning}


def error_of(low: Array, high: Array) -> Array:
    """The standard error whose 95 % interval would be as wide: honest where too few runs contribute for their own."""
    return (high - low) / (2.0 * Z95)


def bound(p: Mapping[str, float]) -> str:
    """``<0.8`` or ``>98``: all that so few runs say of a probability, in percent; empty where they say more.

    ``p`` has the statistics that are shown by their names. Where the interval over what is uncertain is among them it
    says more: it comes from draws of its own and holds the mean, so that is what stands beside it.
    """
    if p.get(ENDS[0], math.nan) == p.get(ENDS[0]):
        return ""
    mean, _, low, high, few = (p[c] for c in ("mean", *MONTE_CARLO))
    if few:
        return f"<{math.ceil(1000 * high) / 10 if high < 0.0095 else math.ceil(100 * high):g}"
    return f">{math.floor(100 * low)}" if low < 0.99 < mean else ""


def percent(p: float) -> str:
    """A probability in percent, never a false 0 or 100."""
    value = 100 * p
    if value < 0.05:
        return "<0.1"
    if value > 99:
        return ">99"
    return f"{value:.1f}" if value < 0.95 else f"{value:.0f}"


def probability(p: Mapping[str, float]) -> str:
    """An estimate in percent, or :func:`bound` where so few runs say no more; of one run its number."""
    if p["low"] != p["low"]:
        value = 100 * p["mean"]
        return f"{value:.1f}" if 0.05 <= value < 0.95 else f"{value:.0f}"
    return bound(p) or percent(p["mean"])


def interval(low: float, high: float) -> str:
    """Two probabilities in percent, or one where they read alike; empty where there are none."""
    if low != low:
        return ""
    ends = [percent(low), percent(high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def in_column(x: float, digits: int = 2) -> str:
    """A number with its sign for a column of them, all of so many digits: a minus never stands before nothing."""
    return f"{x:+z.{digits}f}"


def signed(x: float, digits: int = 2) -> str:
    """A number with its sign, with a digit more where it would round to nothing; 0 where it still does."""
    return next((s for d in (digits, digits + 1) if float(s := f"{x:+.{d}f}")), "0")


def in_points(error: float) -> str:
    """A bound of errors of probabilities, in percentage points; never less than a tenth, as which it is read."""
    return f"{max(100 * error, 0.1):.1f} points"


def alone(p: Mapping[str, float]) -> dict[str, float]:
    """An estimate and its errors by chance, beside which no interval over what is uncertain is shown."""
    return {c: p[c] for c in ("mean", *MONTE_CARLO)}


def side(row: Any, name: str) -> dict[str, float]:
    """The statistics of ``base`` or ``value`` in a row of a comparison's table, as :func:`bound` takes them."""
    return {"mean": getattr(row, name), **{c: getattr(row, f"{name}_{c}") for c in (*MONTE_CARLO, *ENDS)}}


def names(*kinds: str, by_member: bool | None = None, headline: bool | None = None) -> tuple[str, ...]:
    """Names of the outcomes of some kinds (all where none is named), of members or of the alliance, in their order."""
    return tuple(
        o.name
        for o in OUTCOMES.values()
        if (not kinds or o.kind in kinds) and by_member in (None, o.by_member) and headline in (None, o.headline)
    )


def shown(by_member: bool | None = None) -> tuple[str, ...]:
    """The headline outcomes where there is room for few: probabilities, then measures."""
    some = (o for o in map(OUTCOMES.__getitem__, names(by_member=by_member, headline=True)) if not o.aside)
    return tuple(o.name for o in sorted(some, key=lambda o: not o.probability))


def positions() -> dict[str, str]:
    """Where a member may stand, from loyal to outside, with their colours: of every member one is true.

    The colours go from blue through pale to dark red; apart in lightness too, so safe for colour blindness.
    """
    return {o.name: o.colour for o in OUTCOMES.values() if isinstance(o, Chance) and o.colour}
