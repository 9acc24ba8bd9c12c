"""What a page asks for: a scenario's levers, an answer, runs in which something is so, one run step by step."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from sim.analysis.find import in_percent
from sim.analysis.sentence import condition as checked
from sim.errors import InputError, Problem, listed, nearest, plural
from sim.estimates.conditional import share_given
from sim.estimates.paired import Baseline
from sim.model.cohesion import Motion, cohesion
from sim.model.membership import OUTSIDE
from sim.model.outcomes import ENDS, OUTCOMES, names, sentence, side
from sim.model.tick import Record
from sim.results.change import difference, level
from sim.results.comparison import Comparison, compared, sides
from sim.results.kept import dates as dates_of, together
from sim.results.replay import VOTES, position, story
from sim.results.run import simulate
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, load
from sim.scenario.reading import find, names_of, shipped
from sim.server.levers import lever, levers
from sim.server.view import ADDRESS, MOST_RUNS, View, as_file, parts, read
from sim.storage.effort import Effort, effort

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Made = TypeVar("Made")
Plain = dict[str, Any]
"""Ready for JSON."""
FIRST, MORE, SINGLE = "first", "more", "single"
RUNS = {FIRST: 256, MORE: 4096}
"""Runs behind a first look and behind the answer that follows it."""
KEPT = 48
"""Answers that are remembered."""
SHOWN = 40
"""Runs that are named of those that are found."""
SEED = 1


class Desk:
    """Answers by address (the query of the page's URL), each a plain value; of each kind one at once is computed."""

    def __init__(self, scenario: str | Path) -> None:
        file = find(scenario)
        own = load(file or scenario)
        known = {name: shipped("scenarios") / f"{name}.toml" for name in names_of()}
        same = [name for name, path in known.items() if path.resolve() == own.file.resolve()]
        self.first = same[0] if same else own.file.name
        self.files: dict[str, Path] = known if same else {self.first: own.file, **known}
        self._read_last: dict[str, Scenario] = {}
        self._made: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._baseline = Baseline()
        self._busy = {kind: threading.Lock() for kind in (FIRST, MORE, SINGLE)}

    # ------------------------------------------------------------------------------------------- what is asked

    def view(self, query: str) -> Plain:
        """What an address shows, and what can be moved there; the scenario's file is read anew."""
        self._read_last.clear()
        scenario, view = self._read(query)
        state = view.state or scenario.members[0]
        shown = levers(scenario, state)
        there = {x.path for x in shown}
        shown += [lever(scenario, m.path) for m in view.moves if m.path not in there]
        tables = scenario.tables
        return {
            "scenarios": list(self.files),
            "scenario": view.scenario,
            "title": tables.title,
            "leader": tables.alliance.leader_name or tables.alliance.leader,
            "states": {code: m.name or code for code, m in tables.members.items()},
            "state": state,
            "condition": view.condition,
            "run": view.run,
            "at": view.at,
            "moves": {m.path: [m.value, m.since.isoformat()] for m in view.moves},
            "start": tables.time.start.isoformat(),
            "end": tables.time.end.isoformat(),
            "levers": [x._asdict() for x in shown],
            "runs": RUNS,
        }

    def answer(self, query: str) -> Plain:
        """Levels, differences and curves with the levers moved, beside those of the scenario as it is."""
        scenario, view = self._read(query, "look")
        look = parts(query, ["look"]).alone.get("look", FIRST)
        if look not in RUNS:
            raise InputError(
                [Problem(ADDRESS, "look", f"{look:.60}", f"allowed: {listed([*RUNS])}", nearest(look, RUNS))]
            )
        return self._once(
            ("answer", scenario.fingerprint, view.moves, look),
            look,
            lambda: _answer(scenario, view, look, self._baseline),
        )

    def found(self, query: str) -> Plain:
        """The runs in which the condition of an address holds."""
        scenario, view = self._read(query)
        moved = _moved(scenario, view)
        ds = self._once(("runs", moved.fingerprint), SINGLE, lambda: kept(moved))
        return _found(ds, view.condition or f"{view.state or scenario.members[0]} leaves")

    def run(self, query: str) -> Plain:
        """One run, agent by agent, from its start to its end."""
        scenario, view = self._read(query)
        moved, run = _moved(scenario, view), view.run or 0
        return self._once(("run", moved.fingerprint, run), SINGLE, lambda: _steps(moved, run))

    def file(self, query: str) -> str:
        """A scenario file that says the same as the address."""
        scenario, view = self._read(query)
        parent = view.scenario if view.scenario.endswith(".toml") else f"{view.scenario}.toml"
        return as_file(view, parent, _moved(scenario, view).tables.title)

    # --------------------------------------------------------------------------------------------- how

    def _read(self, query: str, *also: str) -> tuple[Scenario, View]:
        """Only what is shipped and the file that the command was given can be asked for: no address names a file."""
        asked = parts(query, also)
        name = asked.alone.get("scenario") or self.first
        if name not in self.files:
            allowed = f"allowed: {listed(list(self.files), 64)}"
            unknown = Problem(ADDRESS, "scenario", f"{name:.100}", allowed, nearest(name, self.files))
            raise InputError([*asked.problems, unknown])
        scenario = self._read_last.get(name) or self._read_last.setdefault(name, load(self.files[name]))
        return scenario, read(asked, name, scenario)

    def _once(self, key: Hashable, kind: str, make: Callable[[], Made]) -> Made:
        """What was made before, or is made now."""
        with self._busy[kind]:
            with self._lock:
                if key in self._made:
                    self._made.move_to_end(key)
                    return self._made[key]
            made = make()
            with self._lock:
                self._made[key] = made
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
            return made


def _moved(scenario: Scenario, view: View) -> Scenario:
    return sides(scenario, [], view.changes)[1] if view.moves else scenario


def kept(scenario: Scenario) -> "xr.Dataset":
    """Single runs of a scenario, in memory."""
    blocks: list[xr.Dataset] = []
    simulate(compile(scenario), effort(MOST_RUNS, SEED), keep=blocks.append)
    return together(blocks)


# --------------------------------------------------------------------------------------------------- an answer


def _answer(scenario: Scenario, view: View, look: str, baseline: Baseline) -> Plain:
    base, other = sides(scenario, [], view.changes) if view.moves else sides(scenario, [scenario])
    runs = RUNS[look]
    quick = look == FIRST
    c = compared(base, [other], Effort(runs, SEED) if quick else effort(runs, SEED), quick=baseline if quick else None)
    return {
        "look": look,
        "runs": runs,
        "title": other.tables.title,
        "sentences": [f"{s}." for s in c.sentences()[other.name]] if view.moves else [],
        "note": c.not_fitted,
        "error": _error(c, bool(view.moves)),
        "begins": [] if quick else c.begins,
        "dates": [d.date().isoformat() for d in sorted(c.table.date[c.table.horizon_years > 0].unique())],
        "rows": _rows(c, other),
        "curves": {n: _curve(c, n, other) for n in names("event", "measure", by_member=False, headline=True)},
    }


def _error(c: Comparison, moved: bool) -> str:
    """What chance may have made of the probabilities of the page."""
    some = c.table[c.table.outcome.map(lambda n: OUTCOMES[n].probability and OUTCOMES[n].headline)]
    most = some["mcse" if moved else "value_mcse"].max()
    of = "differences" if moved else "probabilities"
    return (
        f"Monte Carlo standard error (runs and draws) of {of} at most {100 * most:.1f} points." if most == most else ""
    )


def _rows(c: Comparison, other: Scenario) -> list[Plain]:
    """Every outcome of the alliance and the exit of every member, at the horizons."""
    alone = names(by_member=False, headline=True)
    inside = [m for m in c.base.members if c.belongs(m, other)]
    t = c.table[c.table.horizon_years > 0]
    asked = [("", n) for n in alone] + [(m, "exit") for m in inside]
    found = []
    for member, name in asked:
        o = OUTCOMES[name]
        label = o.title.format(c.state_names.get(member, "")) + ("" if o.probability else f" ({o.scale})")
        at = t[(t.outcome == name) & (t.member == member)].sort_values("date")
        found.append(
            {
                "outcome": name,
                "member": member,
                "label": label,
                "low": o.low,
                "high": o.high,
                "at": [_cell(row) for row in at.itertuples()],
            }
        )
    return found


def _cell(row: Any) -> Plain:
    """Base, value and difference at a horizon, in words and as numbers."""
    sign = " %" if OUTCOMES[row.outcome].probability else ""
    unit = " points" if sign else ""
    said = {s: {"words": level(row, s, sign), "level": _numbers(side(row, s))} for s in ("base", "value")}
    return {**said, "difference": difference(row, unit)}


def _numbers(p: Any) -> list[float | None]:
    return [_number(p[k]) for k in ("mean", *ENDS)]


def _number(x: float) -> float | None:
    return None if x != x else round(float(x), 4)


def _curve(c: Comparison, name: str, other: Scenario) -> Plain:
    """By date, of both: mean and the ends of the interval."""
    t = c.curves[c.curves.outcome == name]

    def points(scenario: Scenario) -> "list[list[Any]]":
        rows: pd.DataFrame = t[t.scenario == scenario.name]
        return [[r.date.date().isoformat(), *_numbers(r._asdict())] for r in rows.itertuples(index=False)]

    o = OUTCOMES[name]
    return {"title": o.title, "percent": o.probability, "base": points(c.base), "value": points(other)}


# --------------------------------------------------------------------------------------------------- single runs


def _found(ds: "xr.Dataset", text: str) -> Plain:
    asked = checked(text, ds, "condition")
    holds = asked.holds(ds)
    where = np.flatnonzero(holds)
    rows = int(ds.attrs["rows"])
    everything = np.ones(len(holds), dtype=bool)
    share = in_percent(share_given(holds, everything, rows, float(ds.attrs["distinct"]) if rows else None))
    when: dict[str, Sequence[str]] = {}
    for event in asked.events():
        when |= {name: dates_of(ds, years[where[:SHOWN]]) for name, years in event.dates(ds).items()}
    return {
        "condition": str(asked),
        "says": f"{sentence(asked.words(ds))}: in {len(where):,} of {plural(len(holds), 'run')}, {share}.",
        "runs": [
            [int(ds.run.values[k]), ", ".join(f"{n} {d[i]}" for n, d in when.items() if d[i])]
            for i, k in enumerate(where[:SHOWN])
        ],
    }


def _steps(scenario: Scenario, run: int) -> Plain:
    lived, records = story(scenario, SEED, run)
    program = compile(scenario)
    tables = scenario.tables
    dates = [d.isoformat() for d in program.dates]
    said: dict[str, list[str]] = {}
    for s in lived.sentences:
        if s.kind != VOTES:
            said.setdefault(s.date, []).append(s.text)
    return {
        "run": run,
        "identical": lived.identical,
        "leader": tables.alliance.leader_name or tables.alliance.leader,
        "states": [[code, name] for code, name in zip(program.members, program.names, strict=True)],
        "disputes": [list(pair) for pair in program.alliance.pairs],
        "steps": [
            {"date": date, "said": said.get(date, []), **_standing(r)} for date, r in zip(dates, records, strict=True)
        ],
    }


def _standing(r: Record) -> Plain:
    """Cohesion after a tick, and of every state where it stands, its stance, its dependence and what it believes."""
    whole = float(cohesion(Motion(r.conduct, r.status, r.stance, r.alive))[0])
    states = []
    for i in range(len(r.stance)):
        where = "outside" if r.status[i, 0] == OUTSIDE or not r.alive[0] else position(r, i)
        numbers = (r.stance[i, 0], r.dependence[i, 0], r.reliability[i, 0])
        states.append([where, *(round(float(x), 3) for x in numbers)])
    return {"cohesion": _number(whole) if r.alive[0] else None, "states": states}
