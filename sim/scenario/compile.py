"""A scenario as arrays: what an engine needs to run, and nothing else."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Codes
from sim.model.crises import THREATS
from sim.model.dates import STEPS, add_months, months_between, to_years
from sim.model.tick import Alliance, Script
from sim.scenario.course import Course, adjusted_later, course_of, set_for_later, sooner
from sim.scenario.load import Scenario
from sim.scenario.paths import Band, adjusted, band_of, shocked
from sim.scenario.posterior import Column
from sim.scenario.start import EVENTS, READ, Past, Start, recalled, relived, start_of
from sim.scenario.tables import ANSWERS, Adjustment, ScenarioTables, Time
from sim.scenario.values import Coded, Distribution

AS_GIVEN = "the file's own moves and events are lived as given, and weigh nothing, nor do its votes"
ALIKE = "to start as what it is compared with, which changes the past"


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
    start: Start
    """Where runs begin."""
    places: Mapping[str, Array]
    """Of coded values in their bands by dotted path, (row,), where a posterior has them."""
    rows: int
    """Of the posterior that runs draw from; 0 for none."""
    distinct: float
    """Rows that would tell as much where none stands twice."""
    course: Course | None
    """From when inputs go on by themselves; None where they stay as they are coded."""
    set_paths: Mapping[str, int]
    """The tick from which inputs stay as they are set, by path."""
    fact: "Program | None" = None
    """Whose record is what happened, where this one's past is lived anew."""

    @property
    def has_effects(self) -> bool:
        """Whether states have effects of their own in conduct."""
        return self.coefficients["state_effects"] != 0.0

    @property
    def has_alliance_effect(self) -> bool:
        """Whether the alliance has an effect of its own on rates."""
        return self.coefficients["alliance_effects"] != 0.0

    @property
    def forecast_ticks(self) -> int:
        """Ticks after the start."""
        return self.ticks - self.record_ticks

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """The start and the end of every forecast tick: when the state is shown."""
        return self.edges[self.record_ticks :]

    def tick_of(self, date: dt.date) -> int:
        """The tick that a day is in."""
        return int(np.searchsorted([to_years(d) for d in self.edges], to_years(date), side="right")) - 1

    def horizon_tick(self, years: float) -> int:
        """How many forecast ticks a horizon spans."""
        return min(self.forecast_ticks, max(1, round(years / self.alliance.dt)))


def tick_edges(time: Time) -> tuple[tuple[dt.date, ...], int]:
    """Tick boundaries and the number of ticks lived through the record."""
    first = time.first
    months = STEPS[time.step]
    total, before = months_between(first, time.end), months_between(first, time.start)
    assert total is not None, "checked by load"
    assert before is not None, "checked by load"
    edges = tuple(add_months(first, months * k) for k in range(total // months + 1))
    return edges, before // months


def coded_band(tables: ScenarioTables, path: str, edges: Array, more: Sequence[Adjustment] = ()) -> Band:
    """The band of one input or dispute: as coded, then adjusted. ``more`` are adjustments after the scenario's own."""
    coded = tables.values[path].coded
    assert isinstance(coded, Coded), "coefficients have no band"
    concerned = [a for a in (*tables.adjustments, *more) if path in tables.adjustable[a.path]]
    return adjusted_by(band_of(coded, tables.rules, edges), concerned, edges)


def input_band(tables: ScenarioTables, path: str, edges: Array, more: Sequence[Adjustment] = ()) -> Band:
    """The band of one input or dispute: as coded, then adjusted, then moved by shocks."""
    band = coded_band(tables, path, edges, more)
    for event in tables.events:
        if event.kind == "shock" and event.path == path:
            band = shocked(band, to_years(event.date), event.change, event.half_life, edges)
    return band


def adjusted_by(band: Band, adjustments: Iterable[Adjustment], edges: Array) -> Band:
    """The band after adjustments, in their order."""
    for a in adjustments:
        band = adjusted(band, *a.way, to_years(a.from_) if a.from_ else None, edges)
    return band


def vary(
    program: Program, scenario: Scenario, adjustments: Sequence[Adjustment], coefficients: Mapping[str, float]
) -> Program:
    """The program with some inputs adjusted and coefficients replaced.

    The same as compiling the scenario with these changes, but for the cost; what is unchanged is shared.
    """
    tables = scenario.tables
    edges = np.array([to_years(d) for d in program.edges])
    shocks = {e.path for e in tables.events if e.kind == "shock"}
    by_path: dict[str, list[Adjustment]] = {}
    for a in adjustments:
        for path in tables.adjustable[a.path]:
            by_path.setdefault(path, []).append(a)
    moved = {
        path: input_band(tables, path, edges, adjustments)  # shocks come after all adjustments
        if path in shocks
        else adjusted_by(program.bands[path], own, edges)
        for path, own in by_path.items()
    }
    start = tables.time.start
    later = adjusted_later(tables, adjustments, program.edges, program.record_ticks)
    changed = program._replace(
        bands=program.bands | moved,
        coefficients=program.coefficients | dict(coefficients),
        set_paths=sooner(program.set_paths, later),
    )
    past_is_the_same = all(a.from_ and a.from_ >= start for a in adjustments) and coefficients.keys().isdisjoint(READ)
    if past_is_the_same or not program.start.states:
        return changed
    return changed._replace(start=begun(scenario, changed, coefficients))


def begun(scenario: Scenario, p: Program, given: Mapping[str, object]) -> Start:
    """Where runs of a program begin, of which some coefficients are ``given`` beside the scenario's."""
    coefficients = {name: coded.form for name, coded in scenario.tables.behaviour.items()} | dict(given)
    tables = scenario.tables
    start = start_of(past_of(scenario, p, coefficients), p.record_ticks, tables.posterior)
    unweighed = not start.states and p.record_ticks and (tables.record or tables.votes)
    return start._replace(words=f"{start.words}; {AS_GIVEN}") if unweighed else start


def past_of(scenario: Scenario, p: Program, coefficients: Mapping[str, object]) -> Past:
    """What the record is lived through with."""
    record = np.stack([statuses(scenario.tables, d)[:, 0] for d in p.edges])
    return Past(p.members, p.edges, p.bands, p.weights, coefficients, p.script, record, p.alliance)


def alike(programs: Sequence[Program]) -> list[Program]:
    """Programs that are compared start alike.

    Where the past of some is not the record's, all live it on the noise that the record reveals; where that says
    nothing of one of them, all relive it.
    """

    found = list(programs)
    for members, edges in {(p.members, p.edges) for p in programs if p.record_ticks}:
        at = [k for k, p in enumerate(programs) if (p.members, p.edges) == (members, edges)]
        for k, p in zip(at, _alike([programs[k] for k in at]), strict=True):
            found[k] = p
    return found


def _alike(programs: Sequence[Program]) -> list[Program]:
    """The same of programs with the same states and dates."""
    others = [p for p in programs if not p.start.states]
    fact = next((p for p in programs if p.start.states), None)
    if not others or not fact:
        return list(programs)
    if not fact.start.revealed or not all(
        p.places is fact.places and p.start.differs and {*p.start.differs} <= {*p.bands, EVENTS} for p in others
    ):
        return [unconditioned(p, ALIKE) for p in programs]
    posterior = fact.start.revealed
    fact = fact._replace(start=recalled(fact.edges, fact.record_ticks, posterior))
    found = []
    for p in programs:
        if p.start.states:
            found.append(p._replace(start=fact.start))
        else:
            start = recalled(p.edges, p.record_ticks, posterior, p.start.differs)
            found.append(p._replace(start=start, script=tuple(s._replace(record=None) for s in p.script), fact=fact))
    return found


def unconditioned(p: Program, why: str) -> Program:
    """The program, which relives the record where it could start from what that says."""
    if not p.start.states:
        return p
    return p._replace(start=relived(p.edges, p.record_ticks, "each draw of the posterior", why))


def _script(scenario: Scenario, edges: tuple[dt.date, ...], record_ticks: int) -> tuple[Script, ...]:
    tables, members = scenario.tables, scenario.members
    times = np.array([to_years(d) for d in edges])
    ticks, rows = len(edges) - 1, len(members)
    kind, helped = np.zeros((ticks, rows, 1)), np.zeros((ticks, rows, 1))
    clash, enters, changes = (np.zeros((ticks, rows, 1), dtype=bool) for _ in range(3))
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
        elif event.kind == "regime_change":
            changes[t, members.index(event.member)] = True
        elif event.kind == "entry":
            enters[t, members.index(event.member)] = True
    drawn = tables.alliance.crises == "drawn"
    return tuple(
        Script(
            kind[t],
            clash[t],
            helped[t],
            changes[t],
            enters[t],
            statuses(tables, edges[t + 1]) if t < record_ticks else None,
            float(min(renewal[t], 1.0)),
            drawn and t >= record_ticks,
            bool(kind[t].any()),
        )
        for t in range(ticks)
    )


def statuses(tables: ScenarioTables, date: dt.date) -> Codes:
    """The recorded status of every state on a date, (member, 1)."""
    return np.array([[m.status_at(date)] for m in tables.members.values()], dtype=np.int8)


def compile(scenario: Scenario) -> Program:
    """Turn a checked scenario into arrays."""
    tables, members = scenario.tables, scenario.members
    edges, record_ticks = tick_edges(tables.time)
    years = np.array([to_years(d) for d in edges])
    posterior = tables.posterior
    own = posterior is not None and posterior.lived is not None and not {*members}.isdisjoint(posterior.lived.members)
    if own and posterior and posterior.alliances:  # Poland's places in one alliance are not those in another
        own = posterior.alliances[0] == tables.alliance.name
    bands = {p: input_band(tables, p, years) for p, v in tables.values.items() if isinstance(v.coded, Coded)}
    program = Program(
        members=tuple(members),
        names=tuple(m.name for m in tables.members.values()),
        bands=bands,
        weights={name: np.array(list(shares.values())) for name, shares in tables.weights.items()},
        coefficients={
            name: posterior.columns[name] if posterior and tables.from_posterior(name) else coded.form
            for name, coded in tables.behaviour.items()
        },
        script=_script(scenario, edges, record_ticks),
        alliance=Alliance(
            tuple((members.index(a), members.index(b)) for a, b in (d.between for d in tables.disputes)),
            np.array([[m.admissible] for m in tables.members.values()]),
            tables.alliance.quorum,
            STEPS[tables.time.step] / 12,
            tables.alliance.motions == "drawn",
        ),
        start_status=statuses(tables, edges[0] if record_ticks else tables.time.start),
        record_ticks=record_ticks,
        ticks=len(edges) - 1,
        edges=edges,
        horizons=tuple(tables.time.horizons),
        start=Start(""),
        places=posterior.places if posterior and own else {},  # of another alliance coefficients alone are taken
        rows=posterior.rows if posterior else 0,
        distinct=posterior.distinct if posterior else 0.0,
        course=course_of(tables, record_ticks, STEPS[tables.time.step] / 12),
        set_paths=set_for_later(tables, bands, edges, record_ticks),
    )
    return program._replace(start=begun(scenario, program, {}))
