"""What a page asks for: a scenario's levers, an answer, runs in which something is so, one run step by step."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sim.analysis.sentence import condition as checked
from sim.errors import InputError, Problem, listed, nearest
from sim.estimates.paired import Baseline, See, unseen
from sim.model.outcomes import ENDS, OUTCOMES, in_points, names, side
from sim.results.change import difference, level
from sim.results.comparison import Comparison, compared, sides
from sim.results.kept import together, unrun
from sim.results.run import titled
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, adjusted, load
from sim.scenario.reading import find, names_of, shipped
from sim.server.levers import lever, levers
from sim.server.order import RUNS as ORDER_RUNS, order
from sim.server.single import SEED, Plain, blocks, found, stages, steps, unmoved
from sim.server.turns import Turns
from sim.server.view import ADDRESS, MOST_RUNS, View, as_file, parts, read
from sim.storage.effort import effort

if TYPE_CHECKING:
    import xarray as xr

Made = TypeVar("Made")
FIRST, MORE, SINGLE, FOUND, ORDER, TRIED = "first", "more", "single", "found", "order", "tried"
RUNS = {FIRST: 256, MORE: 4096}
"""Runs behind a first look and behind the answer that follows it."""
URGENCY = (FIRST, SINGLE, FOUND, ORDER, MORE)
"""Kinds of work, the most urgent first: what a reader waits for, then what is made meanwhile."""
KEPT = 48
"""Answers that are remembered."""


class Desk:
    """Answers by address (the query of the page's URL), each a plain value, the most urgent computed first."""

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
        self._turns = Turns(URGENCY)

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
            "leader": tables.alliance.leader_in_words,
            "states": tables.state_names,
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

    def answer(self, query: str, see: See = unseen) -> Plain:
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
            lambda see: _answer(scenario, view, look, self._baseline, see),
            see,
        )

    def order(self, query: str, see: See = unseen) -> Plain:
        """The levers of the leader and of the state shown, by what they change in the scenario as it is."""
        scenario, view = self._read(query)
        state = view.state or scenario.members[0]
        paths = [x.path for x in levers(scenario, state)]
        made = self._once(("order", scenario.fingerprint, state), ORDER, lambda see: order(scenario, paths, see), see)
        return {"runs": ORDER_RUNS, "effects": [e._asdict() for e in made]}

    def found(self, query: str, see: See = unseen) -> Plain:
        """The runs in which the condition of an address holds, of the first so many or of as many as are ``tried``."""
        scenario, view = self._read(query, TRIED)
        moved, among = _moved(scenario, view), stages(MOST_RUNS)
        tried = parts(query, [TRIED]).alone.get(TRIED, str(among[0]))
        if tried not in map(str, among):
            raise InputError([Problem(ADDRESS, TRIED, f"{tried:.60}", f"allowed: {listed([*map(str, among)])}")])
        text = view.condition or f"{view.state or scenario.members[0]} leaves"
        checked(text, unrun(compile(moved)), "condition")  # before any run is made
        ds = self._kept(moved, [n for n in among if n <= int(tried)], see)
        return found(ds, checked(text, ds, "condition"), MOST_RUNS)

    def run(self, query: str, see: See = unseen) -> Plain:
        """One run step by step; where levers are moved, the same run with none of them moved beside it."""
        scenario, view = self._read(query)
        moved, run = _moved(scenario, view), view.run or 0
        lived = self._once(("run", moved.fingerprint, run), SINGLE, lambda see: steps(moved, run, see), see)
        if not view.moves:
            return {**lived, "base": None}
        key = "unmoved", scenario.fingerprint, moved.fingerprint, run
        return {**lived, "base": self._once(key, SINGLE, lambda see: unmoved(scenario, moved, run, see), see)}

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

    def _kept(self, scenario: Scenario, ends: list[int], see: See) -> "xr.Dataset":
        """Single runs up to the last of some numbers, each stage made once."""

        def stage(first: int, last: int) -> "list[xr.Dataset]":
            key = "runs", scenario.fingerprint, first, last
            return self._once(key, FOUND, lambda see: [*blocks(scenario, first, last, see)], see)

        return together([ds for ends_at in pairwise([0, *ends]) for ds in stage(*ends_at)])

    def _once(self, key: Hashable, kind: str, make: Callable[[See], Made], see: See) -> Made:
        """What was made before, or is made now; between its ticks it stands aside for what is more urgent."""
        with self._turns.turn(kind) as stand_aside:
            with self._lock:
                if key in self._made:
                    self._made.move_to_end(key)
                    return self._made[key]

            def between(*at: object) -> None:
                stand_aside()
                see(*at)

            between()
            made = make(between)
            with self._lock:
                self._made[key] = made
                while len(self._made) > KEPT:
                    self._made.popitem(last=False)
            return made


def _moved(scenario: Scenario, view: View) -> Scenario:
    return titled(adjusted(scenario, view.changes)) if view.moves else scenario


# --------------------------------------------------------------------------------------------------- an answer


def _answer(scenario: Scenario, view: View, look: str, baseline: Baseline, see: See) -> Plain:
    base, other = sides(scenario, [_moved(scenario, view)])
    runs = RUNS[look]
    quick = look == FIRST
    # threads gain nothing where arrays are small
    by = effort(runs, SEED, jobs=1 if quick else None)
    c = compared(base, [other], by, quick=baseline if quick else None, see=see)
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
        "curves": _curves(c, other),
    }


def _error(c: Comparison, moved: bool) -> str:
    """What chance may have made of the probabilities of the page."""
    some = c.table[c.table.outcome.map(lambda n: OUTCOMES[n].probability and OUTCOMES[n].headline)]
    most = some["mcse" if moved else "value_mcse"].max()
    of = "differences" if moved else "probabilities"
    return f"Monte Carlo standard error (runs and draws) of {of} at most {in_points(most)}." if most == most else ""


def _rows(c: Comparison, other: Scenario) -> list[Plain]:
    """Every outcome of the alliance and the exit of every member, at the horizons."""
    alone = names(by_member=False, headline=True)
    inside = [m for m in c.base.members if c.belongs(m, other)]
    asked: dict[tuple[str, str], list[Plain]]
    asked = {key: [] for key in (*(("", name) for name in alone), *((m, "exit") for m in inside))}
    for row in c.table[c.table.horizon_years > 0].sort_values("date").itertuples():
        if (row.member, row.outcome) in asked:
            asked[row.member, row.outcome].append(_cell(row))
    found = []
    for (member, name), at in asked.items():
        o = OUTCOMES[name]
        label = o.title.format(c.state_names.get(member, "")) + ("" if o.probability else f" ({o.scale})")
        found.append({"outcome": name, "member": member, "label": label, "low": o.low, "high": o.high, "at": at})
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


def _curves(c: Comparison, other: Scenario) -> dict[str, Plain]:
    """Of the outcomes of the alliance, by date and of both: mean and the ends of the interval."""
    points: dict[tuple[str, str], list[list[Any]]] = {}
    for r in c.curves[c.curves.member == ""].itertuples(index=False):
        at = points.setdefault((r.outcome, r.scenario), [])
        at.append([r.date.date().isoformat(), *_numbers(r._asdict())])
    return {
        n: {
            "title": OUTCOMES[n].title,
            "percent": OUTCOMES[n].probability,
            "base": points[n, c.base.name],
            "value": points[n, other.name],
        }
        for n in names("event", "measure", by_member=False, headline=True)
    }
