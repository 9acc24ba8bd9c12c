"""Every outcome, declared once: what tables, figures, sweeps, comparisons, claims and documents know of it.

A new outcome is an entry here and a function. Beside them stand the words and colours that several floors share.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np

from sim.model import cohesion
from sim.model.arrays import Array, Flags
from sim.model.conduct import ABSTAINS, OPPOSES, SUPPORTS
from sim.model.crises import THREATS
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.tick import Record

if TYPE_CHECKING:
    import xarray as xr

Z95 = 1.959964
"""Standard errors on either side of an estimate in a 95 % interval."""
CONDUCTS = {SUPPORTS: "supports", ABSTAINS: "abstains", OPPOSES: "opposes"}
ANSWERS = {1.0: "helps", 0.5: "helps in part", 0.0: "refuses"}
VERDICTS = {"supported": "#1b6e53", "contradicted": "#a33b2a", "undecided": "#595959"}
"""Of a claim, with their colours."""
MECHANISM_VERDICTS = dict(zip(("earns its place", "costs", "not told apart"), VERDICTS.values(), strict=True))
"""Of a mechanism, with their colours."""
INF = float("inf")


class Snapshot(cohesion.Motion):
    """A tick as chances and measures see it."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.conduct, record.status, record.stance, record.alive)
        self.record = record


class Exits(NamedTuple):
    """Exits of members in a tick and before it. (run,)"""

    before: Array
    """How many there have been when the tick begins."""
    after: Array
    none: Array
    """The chance that nobody leaves in the tick."""
    one: Array
    """The chance that exactly one member does."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What everybody knows of an outcome."""

    name: str
    by_member: bool = False
    """Whether every member has its own, (member, run), or the alliance one, (run,)."""
    title: str
    """What a figure calls it; ``{}`` stands for the member."""
    noun: str
    """What a sentence calls it: (probability of) exit."""
    short: str = ""
    """What a narrow column calls it, where that is not the noun."""
    meaning: str
    unit: str = "1"
    """1 where it has none."""
    low: float = 0.0
    high: float = 1.0
    headline: bool = False
    """Whether it is shown where there is room for few, and recorded by sweeps that do not say what they record."""
    kind: ClassVar[Literal["event", "chance", "measure"]]

    @property
    def probability(self) -> bool:
        """Whether its mean over runs is a probability, shown in percent."""
        return self.kind != "measure"

    @property
    def label(self) -> str:
        """What it is in words: ``probability of exit``, ``cohesion``."""
        return f"probability of {self.noun}" if self.probability else self.noun

    @property
    def axis(self) -> str:
        """What an axis of it is called."""
        if self.probability:
            return "probability"
        unit = "" if self.unit == "1" else f" ({self.unit})"
        return f"{self.noun} ({self.low:g} to {self.high:g})" if self.high < INF else f"{self.noun}{unit}"

    @property
    def column(self) -> str:
        """What a narrow column calls it."""
        return self.short or self.noun


@dataclass(frozen=True, kw_only=True)
class Event(Outcome):
    """It happens once or never: its probability is the cumulative incidence."""

    chance: Callable[[Record, Exits], Array]
    """In a tick, where it has not happened before."""
    happens: Callable[[Record, Exits], Flags]
    """In a tick; whether it is so at the start counts as well."""
    kind = "event"


@dataclass(frozen=True, kw_only=True)
class Chance(Outcome):
    """The probability, run by run, that something is so at a date."""

    value: Callable[[Snapshot], Array]
    colour: str = ""
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


def _absent(s: Snapshot) -> Array:
    return 1.0 * (s.status == ACTIVE) - _loyal(s) - _critical(s)


def _loyal(s: Snapshot) -> Array:
    return s.record.support * (s.status == ACTIVE)


def _critical(s: Snapshot) -> Array:
    return s.record.oppose * (s.status == ACTIVE)


_ALLIANCE: tuple[Outcome, ...] = (
    Measure(
        name="cohesion",
        title="Cohesion",
        noun="cohesion",
        meaning="mean joint support over all pairs of states, the leader included; 1: all stand with the leader always",
        headline=True,
        value=cohesion.cohesion,
    ),
    Measure(
        name="agreement_index",
        title="Agreement index",
        noun="agreement index",
        meaning="agreement index of Hix, Noury & Roland (2005), leader included",
        value=cohesion.agreement_index,
    ),
    Measure(
        name="leader_agreement",
        title="Agreement with the leader",
        noun="agreement with the leader",
        meaning="mean support of the members for the leader",
        value=cohesion.leader_agreement,
    ),
    Measure(
        name="active_share",
        title="Share of active members",
        noun="share of active members",
        meaning="share of members that are not frozen",
        value=cohesion.active_share,
    ),
    Measure(
        name="hubness",
        title="Hubness",
        noun="hubness",
        meaning="joint support with the leader over joint support of members with each other",
        high=INF,
        value=cohesion.hubness,
    ),
    Measure(
        name="members",
        title="Members",
        noun="members",
        meaning="number of members beside the leader",
        unit="states",
        high=INF,
        value=lambda m: m.members,
    ),
    Measure(
        name="stance_dispersion",
        title="Dispersion of stance",
        noun="dispersion of stance",
        meaning="standard deviation of stance among members",
        unit="logit",
        high=INF,
        value=cohesion.stance_dispersion,
    ),
    Event(
        name="any_exit",
        title="Some member has left",
        noun="some exit",
        meaning="probability that some member has left by then",
        headline=True,
        chance=lambda _, exits: 1.0 - exits.none,
        happens=lambda _, exits: exits.after > 0,
    ),
    Event(
        name="two_exits",
        title="Two or more members have left",
        noun="two or more exits",
        meaning="probability that two or more members have left by then",
        headline=True,
        chance=_second,
        happens=lambda _, exits: exits.after > 1,
    ),
    Event(
        name="dissolution",
        title="The alliance is dissolved",
        noun="dissolution",
        meaning="probability that the alliance has been dissolved by then",
        headline=True,
        chance=lambda r, _: r.dissolution,
        happens=lambda r, _: ~r.alive,
    ),
)

_MEMBERS: tuple[Outcome, ...] = (
    Event(
        name="exit",
        by_member=True,
        title="{} has left",
        noun="exit",
        short="left",
        meaning="probability of having left by then of its own accord (cumulative incidence; dissolution competes)",
        headline=True,
        chance=lambda r, _: r.exit,
        happens=lambda r, _: r.left,
    ),
    Event(
        name="freeze",
        by_member=True,
        title="{} has frozen its membership",
        noun="freeze",
        short="froze",
        meaning="probability of having frozen membership by then (cumulative incidence; dissolution competes)",
        headline=True,
        chance=lambda r, _: r.side * (r.before == ACTIVE),
        happens=lambda r, _: r.status == FROZEN,
    ),
    Chance(
        name="loyal",
        by_member=True,
        title="{} supports",
        noun="support",
        short="loyal",
        meaning="probability of active membership and support",
        colour="#1f4e79",
        value=_loyal,
    ),
    Chance(
        name="absent",
        by_member=True,
        title="{} abstains",
        noun="abstention",
        short="absent",
        meaning="probability of active membership and abstention",
        colour="#86b6da",
        value=_absent,
    ),
    Chance(
        name="critical",
        by_member=True,
        title="{} opposes",
        noun="opposition",
        short="critical",
        meaning="probability of active membership and opposition",
        colour="#f6dd9a",
        value=_critical,
    ),
    Chance(
        name="frozen",
        by_member=True,
        title="{} takes no part",
        noun="frozen membership",
        short="frozen",
        meaning="probability of frozen membership",
        colour="#e08e45",
        value=lambda s: 1.0 * (s.status == FROZEN),
    ),
    Chance(
        name="outside",
        by_member=True,
        title="{} is not a member",
        noun="being outside",
        short="outside",
        meaning="probability of being outside",
        colour="#7a1f1d",
        value=lambda s: 1.0 * (s.status == OUTSIDE),
    ),
    Measure(
        name="stance",
        by_member=True,
        title="Stance of {}",
        noun="stance",
        meaning="stance towards the leader, positive in favour",
        unit="logit",
        low=-INF,
        high=INF,
        value=lambda s: s.stance,
    ),
    Measure(
        name="reliability",
        by_member=True,
        title="Reliability of the leader, as {} believes",
        noun="reliability",
        meaning="believed chance that the leader helps",
        value=lambda s: s.record.reliability,
    ),
    Measure(
        name="dependence",
        by_member=True,
        title="Dependence of {}",
        noun="dependence",
        meaning="dependence on the leader minus what has moved elsewhere",
        value=lambda s: s.record.dependence,
    ),
)

OUTCOMES: dict[str, Outcome] = {o.name: o for o in (*_ALLIANCE, *_MEMBERS)}
"""By name: of the alliance first, then of members."""


@dataclass(frozen=True, kw_only=True)
class Answered(Outcome):
    """The share of calls for help that were answered: a ratio of sums over runs, which only claims measure."""

    kind = "chance"

    @property
    def label(self) -> str:
        """What it is in words."""
        return self.noun


CALLS = (*THREATS, "clash")
"""Kinds of calls for help; a clash is one between members."""
ANSWERED: dict[str, Outcome] = {
    f"answered_{kind}": Answered(
        name=f"answered_{kind}",
        title=f"Calls answered: {kind}",
        noun=f"calls answered: {kind}",
        meaning="share of calls in "
        + ("clashes between members" if kind == "clash" else f"a crisis of kind {kind}")
        + " answered since the start",
    )
    for kind in CALLS
}
MEASURABLE: Mapping[str, Outcome] = ChainMap(OUTCOMES, ANSWERED)
"""What a claim may measure."""


STATISTICS = {
    "mean": "",
    "mcse": "Monte Carlo standard error",
    "quantile": "quantile",
    "parameter_share": "share of the variance that is due to parameters",
    "share_mcse": "Monte Carlo standard error of that share",
}
"""What a dataset has of an outcome, with what each adds to its name."""


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
    label = outcome.label[:1].upper() + outcome.label[1:]
    unit = "1" if "share" in statistic else outcome.unit
    return {"long_name": f"{label}: {said}" if said else label, "units": unit, "description": outcome.meaning}


def names(*kinds: str, by_member: bool | None = None, headline: bool | None = None) -> tuple[str, ...]:
    """Names of the outcomes of some kinds (all where none is named), of members or of the alliance, in their order."""
    return tuple(
        o.name
        for o in OUTCOMES.values()
        if (not kinds or o.kind in kinds) and by_member in (None, o.by_member) and headline in (None, o.headline)
    )


def positions() -> dict[str, str]:
    """Where a member may stand, from loyal to outside, with their colours: of every member one is true.

    The colours go from blue through pale to dark red; apart in lightness too, so safe for colour blindness.
    """
    return {o.name: o.colour for o in OUTCOMES.values() if isinstance(o, Chance) and o.colour}
