"""The history of an alliance, to be forecast by draws that were not fitted to it, and what happened in it.

Exits are the states' own. That an alliance ends, with all who are left in it, is dissolution: it is scored by itself.
"""

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.errors import InputError, Problem
from sim.evaluation.origin import Origin, per_year
from sim.figures.rows import MOVES
from sim.inference.likelihood import Target
from sim.inference.space import space_of
from sim.model.arrays import Array, Codes, Flags, indicator
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE, STATUSES
from sim.scenario.compile import compile, statuses
from sim.scenario.load import Scenario
from sim.scenario.tables import ScenarioTables

PARTICLES = 16
"""Of the filter, for each draw."""
ROLLING = 10
"""Years from an origin to the next."""
SHORTEST = 5
"""Years that a rolling origin leaves to be forecast."""
EXIT, FREEZE, RETURN, ENTRY = MOVES


class Happened(NamedTuple):
    """What happens in a course of events; runs, where there are several, are the last axis."""

    left: Flags  # (tick, state): of its own accord
    froze: Flags  # (tick, state)
    alive: Flags  # (edge,)


class History(NamedTuple):
    """An alliance whose history is forecast, or learned from by the rules."""

    name: str
    """The alliance's."""
    fitted_to: str
    """What is said of its coefficients: empty where they were fitted to this very history."""
    whole: Target
    seen: Happened
    moves: tuple["Move", ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of its states."""
        return self.whole.program.names


class Move(NamedTuple):
    """A move of membership on record."""

    row: int  # of the state
    date: dt.date
    what: str  # EXIT, FREEZE, RETURN or ENTRY


def history_of(scenario: Scenario, until: dt.date | None = None) -> History:
    """The history that a scenario codes, up to its end or, if that is earlier, to the end of a tick by a date."""
    tables, program = scenario.tables, compile(scenario)
    if tables.posterior and tables.posterior.alliance != tables.alliance.name:
        program = program._replace(places={})  # of another alliance coefficients alone are taken
    last = min(until or dt.date.max, tables.time.end - dt.timedelta(days=1))
    end = dissolved(tables) or dt.date.max
    edges = [d for d in program.edges if d <= last + dt.timedelta(days=1)]
    edges = edges[: 1 + sum(d < end for d in edges)]  # to the end of the tick in which the alliance ends
    record = np.stack([statuses(tables, d)[:, 0] for d in edges])
    moves = tuple(m for m in moves_of(tables) if edges[0] < m.date <= edges[-1])
    whole = Target(program, record, (), space_of(program, False), PARTICLES)
    return History(tables.alliance.name, tables.not_fitted, whole, seen(tables, edges, moves), moves)


def beginning(scenario: Scenario, where: str, key: str = "") -> Scenario:
    """A scenario that codes a history from its beginning. Raises InputError where it is none."""
    if scenario.tables.time.record_from:
        found = f"{scenario.name} begins after its record does"
        raise InputError([Problem(where, key, found, "allowed: a history, from its beginning")])
    return scenario


def moves_of(tables: ScenarioTables) -> Iterator[Move]:
    """All moves on record but the end of the alliance, in order of date."""
    end, found = dissolved(tables), []
    for row, state in enumerate(tables.members.values()):
        before = [None, *state.record]
        for was, now in zip(before, state.record, strict=False):
            codes = STATUSES.index(was.status) if was else OUTSIDE, STATUSES.index(now.status)
            if codes[0] != codes[1] and (codes[1] != OUTSIDE or now.from_ != end):
                found.append(Move(row, now.from_, _what(*codes)))
    return iter(sorted(found, key=lambda m: m.date))


def _what(before: int, after: int) -> str:
    if after == OUTSIDE:
        return EXIT
    if before == OUTSIDE:
        return ENTRY
    return FREEZE if after == FROZEN else RETURN


def dissolved(tables: ScenarioTables) -> dt.date | None:
    """The day on which the alliance ended, or from which nobody is a member any more; None where somebody stays."""
    if tables.alliance.dissolved:
        return tables.alliance.dissolved
    last = [state.record[-1] for state in tables.members.values()]
    ended = [m.from_ for m in last if m.status == STATUSES[OUTSIDE]]
    return max(ended) if len(ended) == len(last) else None


def seen(tables: ScenarioTables, edges: list[dt.date], moves: tuple[Move, ...]) -> Happened:
    """What happened, by tick. A move of the day on which a tick ends is of that tick, as in the record."""
    ticks, states, end = len(edges) - 1, len(tables.members), dissolved(tables) or dt.date.max
    found = {EXIT: np.zeros((ticks, states), bool), FREEZE: np.zeros((ticks, states), bool)}
    for m in moves:
        if m.what in found:
            found[m.what][sum(d < m.date for d in edges) - 1, m.row] = True
    return Happened(found[EXIT], found[FREEZE], np.array([d < end for d in edges]))


def origins_of(h: History) -> list[Origin]:
    """Its beginning, then every ten years while five are left in which the alliance lives."""
    year, lives = per_year(h.whole), int(h.seen.alive.sum())
    ticks = [0, *range(ROLLING * year, lives - SHORTEST * year, ROLLING * year)]
    return [_origin(h, t) for t in ticks]


def _origin(h: History, tick: int) -> Origin:
    whole = h.whole
    fit = Target(whole.program, whole.record[: tick + 1], (), whole.space, whole.particles)
    return Origin(h.name, whole.program.edges[tick], fit, whole)


def froze(status: Codes) -> Flags:
    """Who freezes in each tick, (tick, ...), from statuses (edge, ...)."""
    return np.asarray((status[:-1] == ACTIVE) & (status[1:] == FROZEN))


def by_lead(events: Flags, o: Origin) -> Flags:
    """Whether it has happened to a state since it is asked, by each lead: (tick, state, ...) to (state, lead, ...)."""
    runs = (1,) * (events.ndim - 2)
    since = np.arange(len(events))[:, None] >= o.begins
    happened = np.logical_or.accumulate(events & since.reshape(*since.shape, *runs), axis=0)
    return np.asarray(np.moveaxis(happened[np.array(o.leads) - 1], 0, 1))


def after(h: Happened, o: Origin) -> Happened:
    """What happened after an origin."""
    return Happened(h.left[o.fit.ticks :], h.froze[o.fit.ticks :], h.alive[o.fit.ticks :])


def exposure(h: History, of: int | None = None) -> float:
    """Years that members lived through in the alliance; of those with one status, where it is given."""
    status, alive = h.whole.record[:-1], h.seen.alive[:-1, None]
    at_risk = (status != OUTSIDE) if of is None else (status == of)
    return float((at_risk & alive).sum() * h.whole.program.alliance.dt)


def years_alive(h: History) -> float:
    """Years that the alliance lived."""
    return float(h.seen.alive[:-1].sum() * h.whole.program.alliance.dt)


def state_years(h: History, inputs: Array) -> tuple[Array, Array]:
    """Years of members: covariates (tick, state, covariate) at their start, whether the state left in them."""
    year = per_year(h.whole)
    inside = (h.whole.record[:-1] != OUTSIDE) & h.seen.alive[:-1, None]
    x, y = [np.zeros((0, inputs.shape[2]))], [np.zeros(0)]
    for start in range(0, h.whole.ticks - year + 1, year):
        rows = np.flatnonzero(inside[start])
        left = np.asarray(h.seen.left[start : start + year].any(axis=0))
        x.append(inputs[start][rows])
        y.append(indicator(left[rows]))
    return np.concatenate(x), np.concatenate(y)
