"""A scenario as arrays: what an engine needs to run, and nothing else."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.model.arrays import Array, Codes
from sim.model.crises import THREATS
from sim.model.tick import Alliance, Script
from sim.model.variables import COEFFICIENTS
from sim.scenario.dates import STEPS, add_months, months_between, to_years
from sim.scenario.load import Scenario
from sim.scenario.paths import Band, adjusted, band_of, shocked
from sim.scenario.posterior import Column, columns_of
from sim.scenario.tables import (
    ANSWERS,
    Adjustment,
    CodedCoefficient,
    Distribution,
    at_prior,
    dispute_path,
    input_paths,
    value_at,
)


class Program(NamedTuple):
    """A scenario ready to run. Ticks count from ``record_from``; the forecast's come last."""

    members: tuple[str, ...]
    names: tuple[str, ...]
    bands: dict[str, Band]
    """By dotted path: every member and leader input, every channel, every dispute."""
    weights: dict[str, Array]
    coefficients: dict[str, float | Distribution | Column]
    script: tuple[Script, ...]
    alliance: Alliance
    start_status: Codes  # (member, 1)
    record_ticks: int
    ticks: int
    edges: tuple[dt.date, ...]
    """Tick boundaries (tick + 1), from the first of the record."""
    horizons: tuple[float, ...]

    @property
    def forecast_ticks(self) -> int:
        """Ticks after the start."""
        return self.ticks - self.record_ticks

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """The start and the end of every forecast tick: when the state is shown."""
        return self.edges[self.record_ticks :]

    def horizon_tick(self, years: float) -> int:
        """How many forecast ticks a horizon spans."""
        return min(self.forecast_ticks, max(1, round(years / self.alliance.dt)))


def tick_edges(tables: Any) -> tuple[tuple[dt.date, ...], int]:
    """Tick boundaries and the number of ticks lived through the record."""
    time = tables.time
    first = time.record_from or time.start
    months = STEPS[time.step]
    total = months_between(first, time.end)
    before = months_between(first, time.start)
    assert total is not None, "checked by load"
    assert before is not None, "checked by load"
    edges = tuple(add_months(first, months * k) for k in range(total // months + 1))
    return edges, before // months


def input_band(tables: Any, path: str, edges: Array, more: Sequence[Adjustment] = ()) -> Band:
    """The band of one input or dispute: as coded, then adjusted, then moved by shocks.

    ``more`` are adjustments after the scenario's own.
    """
    band = band_of(value_at(tables, path), tables.rules, edges)
    band = adjusted_by(band, path, (*tables.adjustments, *more), edges)
    for event in tables.events:
        if event.kind == "shock" and event.path == path:
            at = to_years(event.date)
            band = shocked(band, at, event.change, event.half_life, edges)
    return band


def adjusted_by(band: Band, path: str, adjustments: Iterable[Adjustment], edges: Array) -> Band:
    """The band of a path after those adjustments that concern it."""
    for a in adjustments:
        if path == a.path or path.rpartition(".")[0] == a.path:
            since = to_years(a.from_) if a.from_ else None
            way, amount = a.way
            band = adjusted(band, way, amount, since, edges)
    return band


def _bands(tables: Any, edges: Array) -> dict[str, Band]:
    disputes = [dispute_path(d.between) for d in tables.disputes]
    paths = [*input_paths(list(tables.members)), *disputes]
    return {path: input_band(tables, path, edges) for path in paths}


def vary(
    program: Program,
    scenario: Scenario,
    adjustments: Sequence[Adjustment],
    coefficients: Mapping[str, float],
) -> Program:
    """The program with some inputs adjusted and coefficients replaced.

    The same as compiling the scenario with these changes, but for the cost; what is unchanged is shared.
    """
    edges = np.array([to_years(d) for d in program.edges])
    paths = [p for p in program.bands if any(a.path in (p, p.rpartition(".")[0]) for a in adjustments)]
    shocks = {e.path for e in scenario.tables.events if e.kind == "shock"}
    moved = {}
    for p in paths:
        if p in shocks:  # they come after all adjustments
            moved[p] = input_band(scenario.tables, p, edges, adjustments)
        else:
            moved[p] = adjusted_by(program.bands[p], p, adjustments, edges)
    return program._replace(bands=program.bands | moved, coefficients=program.coefficients | dict(coefficients))


def _coefficients(tables: Any) -> dict[str, float | Distribution | Column]:
    """By name what a run draws from: the posterior for what the scenario leaves at its prior."""
    drawn: dict[str, Column] = columns_of(tables.posterior)
    return {
        c.name: drawn[c.name]
        if c.name in drawn and at_prior(tables.behaviour, c.name)
        else _coefficient(getattr(tables.behaviour, c.name))
        for c in COEFFICIENTS
    }


def _coefficient(coded: CodedCoefficient) -> float | Distribution:
    if coded.distribution is not None:
        return coded.distribution
    assert coded.value is not None
    return float(coded.value)


def _script(scenario: Scenario, edges: tuple[dt.date, ...], record_ticks: int) -> tuple[Script, ...]:
    tables, members = scenario.tables, scenario.members
    times = np.array([to_years(d) for d in edges])
    ticks, rows = len(edges) - 1, len(members)
    kind, helped = np.zeros((ticks, rows, 1)), np.zeros((ticks, rows, 1))
    clash, enters = np.zeros((ticks, rows, 1), dtype=bool), np.zeros((ticks, rows, 1), dtype=bool)
    renewal = np.zeros(ticks)
    for event in tables.events:
        at = to_years(event.date)
        t = int(np.searchsorted(times, at, side="right")) - 1
        if event.kind == "renewal":
            end = at + tables.alliance.renewal_window
            overlap = np.minimum(times[1:], end) - np.maximum(times[:-1], at)
            renewal += np.maximum(overlap, 0.0) / np.diff(times)
        elif not 0 <= t < ticks:
            continue
        elif event.kind == "crisis":
            row = members.index(event.member)
            kind[t, row], helped[t, row] = 1 + THREATS.index(event.threat), ANSWERS[event.answer]
        elif event.kind == "clash":
            for member in event.between:
                row = members.index(member)
                kind[t, row], helped[t, row], clash[t, row] = 1, ANSWERS[event.answer], True
        elif event.kind == "entry":
            enters[t, members.index(event.member)] = True
    drawn = tables.alliance.crises == "drawn"
    return tuple(
        Script(
            kind[t],
            clash[t],
            helped[t],
            enters[t],
            statuses(tables, edges[t + 1]) if t < record_ticks else None,
            float(min(renewal[t], 1.0)),
            drawn and t >= record_ticks,
            bool(kind[t].any()),
        )
        for t in range(ticks)
    )


def statuses(tables: Any, date: dt.date) -> Codes:
    """The recorded status of every state on a date, (member, 1)."""
    return np.array([[m.status_at(date)] for m in tables.members.values()], dtype=np.int8)


def compile(scenario: Scenario) -> Program:
    """Turn a checked scenario into arrays."""
    tables = scenario.tables
    edges, record_ticks = tick_edges(tables)
    members = scenario.members
    pairs = tuple((members.index(a), members.index(b)) for a, b in (d.between for d in tables.disputes))
    weights = {
        name: np.array(list(getattr(tables.weights, name).model_dump().values()))
        for name in type(tables.weights).model_fields
    }
    return Program(
        members=tuple(members),
        names=tuple(m.name for m in tables.members.values()),
        bands=_bands(tables, np.array([to_years(d) for d in edges])),
        weights=weights,
        coefficients=_coefficients(tables),
        script=_script(scenario, edges, record_ticks),
        alliance=Alliance(
            pairs,
            np.array([[m.admissible] for m in tables.members.values()]),
            tables.alliance.quorum,
            STEPS[tables.time.step] / 12,
        ),
        start_status=statuses(tables, edges[0] if record_ticks else tables.time.start),
        record_ticks=record_ticks,
        ticks=len(edges) - 1,
        edges=edges,
        horizons=tuple(tables.time.horizons),
    )
