"""The table of mechanisms: the coefficient that switches each off, the inputs it alone reads."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.tick import Record
from sim.scenario.compile import Program
from sim.scenario.paths import Band
from tests.helpers import stacked

Records = list[Record]
Change = str | Callable[[Program, Any], Program]
AAA, CCC = (0,), (2,)
EVERYBODY = (0, 1, 2, 3, 4)


class Mechanism(NamedTuple):
    """One switch. As an input goes from ``low`` to ``high``, ``shows`` goes the way of ``sign``."""

    coefficient: str
    change: Change
    low: Any
    high: Any
    shows: Callable[[Records, tuple[int, ...]], np.ndarray]
    sign: int
    off: tuple[str, ...] = ()
    """Coefficients at zero, so that nothing else reads the input."""
    ignore: tuple[str, ...] = ()
    """Fields of the record that report the input itself."""
    rows: tuple[int, ...] = EVERYBODY
    """The members compared; the rest are those whose input changes."""
    shown: tuple[int, ...] = EVERYBODY
    """The members whose quantity is looked at."""
    more: dict[str, Any] = {}  # noqa: RUF012 (a default that nobody changes)
    """Overrides of the scenario."""
    start: int = ACTIVE
    """Status of the first two members at the start."""


def dispute(program: Program, value: float) -> Program:
    """Every dispute has this intensity."""
    flat = np.full(program.ticks, value)
    paths = [path for path in program.bands if path.startswith("disputes.")]
    return program._replace(bands=program.bands | {path: Band(flat, flat) for path in paths})


def answers(program: Program, value: float) -> Program:
    """The script's call for help gets this answer."""
    script = tuple(s._replace(help=value * (s.kind > 0)) for s in program.script)
    return program._replace(script=script)


def renewal(program: Program, value: float) -> Program:
    """This share of each tick lies in a renewal window."""
    return program._replace(script=tuple(s._replace(renewal=value) for s in program.script))


def mean_of(field: str) -> Callable[[Records, tuple[int, ...]], np.ndarray]:
    """The mean of a field over ticks and members, (run,)."""
    return lambda records, rows: stacked(records[1:], field)[:, list(rows)].mean(axis=(0, 1))


stance, dependence, reliability = map(mean_of, ("stance", "dependence", "reliability"))


def calls(kind: int) -> Callable[[Records, tuple[int, ...]], np.ndarray]:
    """The number of crises of a kind."""
    return lambda records, rows: sum((r.crises.kind[list(rows)] == kind).sum(axis=0) for r in records)


def clashes(records: Records, rows: tuple[int, ...]) -> np.ndarray:
    """The number of clashes."""
    return np.asarray(sum(r.crises.clash[list(rows)].sum(axis=0) for r in records))


def help_given(records: Records, rows: tuple[int, ...]) -> np.ndarray:
    """The number of calls that were answered."""
    return np.asarray(sum(r.crises.help[list(rows)].sum(axis=0) for r in records))


def exits(records: Records, rows: tuple[int, ...]) -> np.ndarray:
    """The chance of a first exit, added up over the ticks."""
    r = list(rows)
    chance, left = stacked(records, "exit")[:, r], stacked(records, "left")[:, r]
    never = np.cumsum(left, axis=0) - left == 0
    return np.asarray((chance * never).sum(axis=(0, 1)))


def side_from(status: int) -> Callable[[Records, tuple[int, ...]], np.ndarray]:
    """The mean chance of the other move (freeze, resume, entry) of those who are ``status``."""

    def of(records: Records, rows: tuple[int, ...]) -> np.ndarray:
        where = stacked(records[1:], "before")[:, list(rows)] == status
        chance = stacked(records[1:], "side")[:, list(rows)]
        return (chance * where).sum(axis=(0, 1)) / np.maximum(where.sum(axis=(0, 1)), 1)

    return of


def ticks_as(status: int) -> Callable[[Records, tuple[int, ...]], np.ndarray]:
    """The number of ticks that members are ``status``."""
    return lambda records, rows: sum((r.status[list(rows)] == status).sum(axis=0) for r in records)


def from_aaa(path: str) -> str:
    """An input of the first member."""
    return f"members.AAA.{path}"


NO_CALLS = tuple(f"crisis_{k}" for k in ("interstate", "separatist", "insurgency", "regime"))
WAR_GROWS = {"knots": {"2020-01-01": 0.2, "2024-01-01": 0.9}, "join": "step", "sources": ["assumption: test"]}
NO_BASES_IN_DEPENDENCE = {"weights.dependence.basing": 0.0, "weights.dependence.trade": 0.35}
MOVES = ("before", "status", "left", "exit", "side", "dissolution", "alive")
ALL_ELSE = tuple(f for f in Record._fields if f not in MOVES)
AT_ODDS = {"behaviour.baseline": -2.0}
"""Negative stances, without which nobody is punished or looks elsewhere."""


def threat(kind: str, entry: tuple[str, ...] = ()) -> tuple[Mechanism, Mechanism]:
    """A threat makes crises, and makes protection worth more."""
    path = from_aaa(f"threat.{kind}")
    number = 1 + ("interstate", "separatist", "insurgency", "regime").index(kind)
    return (
        Mechanism(f"crisis_{kind}", path, 0.0, 0.9, calls(number), 1, (f"salience_{kind}", *entry)),
        Mechanism(f"salience_{kind}", path, 0.0, 0.9, stance, 1, (f"crisis_{kind}", *entry), shown=AAA),
    )


M = Mechanism
MECHANISMS: tuple[Mechanism, ...] = (
    *threat("interstate"),
    *threat("separatist"),
    *threat("insurgency"),
    *threat("regime", ("entry_regime_threat",)),
    M("crisis_dispute", dispute, 0.0, 1.0, clashes, 1),
    M(
        "help_dependence",
        from_aaa("dependence"),
        0.0,
        0.9,
        help_given,
        1,
        ("dependence", "exit_dependence", "exit_basing"),
        ("dependence",),
        shown=AAA,
    ),
    M("help_affinity", from_aaa("affinity"), 0.0, 0.9, help_given, 1, ("affinity",), shown=AAA),
    M("help_partiality", from_aaa("partiality"), 0.0, 0.9, help_given, -1, ("partiality",), shown=AAA),
    M("help_weakness", "leader.capacity", 0.1, 0.9, help_given, 1, ("protection",)),
    M(
        "watching",
        answers,
        0.0,
        1.0,
        reliability,
        1,
        ("peers", "contagion", "exit_rate"),
        rows=(0, 1, 3, 4),
        shown=(0, 1, 3, 4),
    ),
    M(
        "dependence",
        from_aaa("dependence.trade"),
        0.0,
        0.9,
        stance,
        1,
        ("help_dependence", "exit_dependence"),
        ("dependence",),
        shown=AAA,
    ),
    M("protection", from_aaa("threat.interstate"), 0.0, 0.9, stance, 1, ("crisis_interstate",), shown=AAA),
    M("affinity", from_aaa("affinity"), 0.0, 0.9, stance, 1, ("help_affinity",), shown=AAA),
    M("opinion", from_aaa("opinion"), 0.1, 0.9, stance, 1, shown=AAA),
    M("western_ties", from_aaa("western_ties"), 0.0, 0.9, stance, -1, ("entrapment", "diversification"), shown=AAA),
    M("entrapment", "leader.confrontation", 0.0, 0.9, stance, -1),
    M("entrapment", from_aaa("target_ties"), 0.0, 0.9, stance, -1, shown=AAA),
    M("hierarchy", "leader.hierarchy", 0.0, 0.9, stance, -1),
    M("hierarchy", from_aaa("autonomy"), 0.0, 0.9, stance, -1, shown=AAA),
    M("partiality", from_aaa("partiality"), 0.0, 0.9, stance, -1, ("help_partiality",), shown=AAA),
    M("other_ties", from_aaa("other_ties"), 0.0, 0.9, stance, -1, ("diversification",), shown=AAA),
    M("institution", from_aaa("institution"), 0.0, 0.9, stance, 1, shown=AAA),
    M(
        "peers",
        from_aaa("autonomy"),
        0.0,
        0.9,
        stance,
        -1,
        ("contagion", "watching", "exit_rate"),
        rows=(1, 2, 3, 4),
        shown=(1, 2, 3, 4),
    ),
    M("exit_rate", renewal, 0.0, 0.5, exits, 1),
    M(
        "exit_stance",
        "leader.hierarchy",
        0.0,
        0.9,
        exits,
        1,
        ("entry_stance", "exit_punishment", "diversification"),
        ALL_ELSE,
    ),
    M("exit_dependence", "leader.coercion", 0.0, 0.9, exits, -1, ("punishment",)),
    M("exit_basing", from_aaa("dependence.basing"), 0.0, 0.9, exits, -1, shown=AAA, more=NO_BASES_IN_DEPENDENCE),
    M("exit_offer", from_aaa("security_offer"), 0.0, 0.3, exits, 1, shown=AAA),
    M("renewal", renewal, 0.0, 0.5, exits, 1),
    M("contagion", "behaviour.contagion_memory", 0.3, 6.0, exits, 1, more={"behaviour.exit_rate": 0.05}),
    M(
        "exit_punishment",
        "behaviour.punishment",
        0.0,
        2.0,
        exits,
        -1,
        ("punishment_affinity",),
        more={**AT_ODDS, "behaviour.exit_basing": 6.0},
    ),
    M("freeze_rate", "behaviour.resume_rate", 0.01, 2.0, ticks_as(FROZEN), -1),
    M("freeze_cost", "leader.coercion", 0.0, 0.9, side_from(ACTIVE), -1, ("punishment", "exit_rate")),
    M(
        "resume_rate",
        "behaviour.freeze_cost",
        0.1,
        0.9,
        side_from(FROZEN),
        1,
        ("freeze_rate", "exit_rate"),
        start=FROZEN,
    ),
    M("entry_rate", from_aaa("admissible"), False, True, side_from(OUTSIDE), 1, start=OUTSIDE),
    M(
        "entry_stance",
        "leader.hierarchy",
        0.0,
        0.9,
        side_from(OUTSIDE),
        -1,
        ("exit_stance", "exit_punishment", "diversification"),
        ALL_ELSE,
        start=OUTSIDE,
    ),
    M(
        "entry_regime_threat",
        from_aaa("threat.regime"),
        0.0,
        0.9,
        side_from(OUTSIDE),
        1,
        ("crisis_regime", "salience_regime"),
        shown=AAA,
        start=OUTSIDE,
    ),
    M("overstretch", "leader.war", 0.1, 0.9, stance, -1, ("opinion_war",)),
    M("diversification", from_aaa("other_ties"), 0.0, 0.9, dependence, -1, ("other_ties",), shown=AAA, more=AT_ODDS),
    M("opinion_war", "leader.war", 0.2, WAR_GROWS, stance, -1, ("overstretch",)),
    M(
        "opinion_promise",
        answers,
        0.0,
        1.0,
        stance,
        1,
        ("protection", "watching", "grievance"),
        ("reliability", "crises"),
        shown=CCC,
    ),
    M(
        "grievance",
        answers,
        0.0,
        1.0,
        stance,
        1,
        ("protection", "watching", "opinion_promise"),
        ("reliability", "crises"),
        shown=CCC,
    ),
    M("punishment", "leader.coercion", 0.0, 0.9, stance, -1, ("exit_dependence",), more=AT_ODDS),
    M("punishment_affinity", "behaviour.punishment", 0.0, 2.0, stance, -1, ("exit_punishment",), more=AT_ODDS),
)

TESTED_OTHERWISE = {
    "volatility",
    "leader_exit_rate",
    "help_clash",
    "state_effects",
    "motion_spread",
    "alliance_effects",
    "dissolution_crisis",
    "exit_delay",
    "regime_change",
    "regime_change_rate",
}
NO_SWITCH = {
    "help_interstate",
    "help_separatist",
    "help_insurgency",
    "help_regime",
    "baseline",
    "prior_reliability",
    "prior_weight",
    "memory",
    "adjustment_time",
    "oppose_below",
    "support_above",
    "contagion_memory",
    "grievance_memory",
    "opinion_memory",
    "punishment_memory",
}
"""Constants, cutpoints and times: at zero they have no meaning or switch nothing off."""
