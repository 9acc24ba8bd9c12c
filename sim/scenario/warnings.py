"""What is wrong with a file, and what of it may not be meant: no mistake, and it runs."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain as joined
from pathlib import Path

import numpy as np

from sim.errors import InputError, Problem, arguments, in_order, listed, nearest, plural
from sim.model.arrays import Array
from sim.model.dates import to_years
from sim.model.declaration import Input
from sim.scenario import record, sheet
from sim.scenario.checks import reached
from sim.scenario.compile import coded_band, tick_edges
from sim.scenario.continuation import since
from sim.scenario.inheritance import Merged, chain_of
from sim.scenario.load import Scenario, load
from sim.scenario.messages import Fault
from sim.scenario.reading import REGISTRY, Keys, Source, Tables, find, read_toml
from sim.scenario.sheet_source import STAND_IN
from sim.scenario.tables import ScenarioTables, places
from sim.scenario.values import ASSUMPTION, COMMAND_LINE, DEFAULT, FORMS, UNCODED, Coded

LONG_BEFORE = 100
"""Years before the first tick of which no source of a coded value is expected."""


@arguments
def check(*files: str | Path) -> list[Problem]:
    """Find every mistake in scenario files, and what may not be meant, without running them.

    Parameters
    ----------
    *files : str or Path
        Files or names of shipped scenarios. A file named sources.toml is a registry of sources, and one that ends in
        .csv a sheet, so that ``folder/*`` can be checked.

    Returns
    -------
    list of Problem
        Each with place, path, what was found, what is allowed and the nearest name; empty where all is fine. What has
        ``warning`` set is no mistake, and runs as it says. A file with mistakes is not searched for warnings.

    Examples
    --------
    >>> import sim
    >>> sim.check("csto/outlook-2023")
    []
    >>> print(*sim.check("csto/outlok-2023"))
    csto/outlok-2023: no such file; did you mean csto/outlook-2023.toml?
    """
    problems: list[Problem] = []
    for file in files:
        try:
            if Path(file).name == REGISTRY:
                problems += _registry_problems(read_toml(file))
            elif Path(file).suffix == sheet.SUFFIX:
                problems += sheet.read(Path(file), *_readers(Path(file))).whole().problems
            else:
                problems += warnings(load(file))
        except InputError as error:
            problems += error.problems
    return problems


def _readers(file: Path) -> tuple[str, list[str]]:
    """The leader and the states of the scenario beside a sheet that reads it; nothing where there is none."""
    for beside in sorted(file.parent.glob("*.toml")):
        with suppress(InputError):
            tables = read_toml(beside).tables
            alliance, members = tables.get("alliance"), tables.get("members")
            if tables.get("sheet") == file.name and isinstance(alliance, dict) and isinstance(members, dict):
                return str(alliance.get("leader", "")), [*members]
    return "", []


def _registry_problems(source: Source) -> list[Problem]:
    """Sources that say nothing, or not where it is from."""
    return [
        Problem(source.where((key,)), f"{key}.{part}", "missing", "required: text")
        for key, entry in source.tables.items()
        for part in ("quote", "from")
        if not isinstance(text := entry.get(part) if isinstance(entry, dict) else None, str) or not text.strip()
    ]


def warnings(scenario: Scenario) -> list[Problem]:
    """Everything that may not be meant, in the order of the file."""
    files = chain_of(scenario.file)
    parent = _loaded(files[-2]) if len(files) > 1 else None
    merged, tables = Merged(files), scenario.tables
    faults = joined(
        record.doubts(tables),
        _twice(tables),
        _without_effect(tables),
        _not_coded(tables),
        _sources(merged.tables, tables),
    )
    faults = joined(faults, _past(tables, files[-1], parent), _never(tables, files[-1]))
    return in_order(fault.problem(merged.where, warning=True) for fault in faults)


def coded(file: str | Path) -> tuple[int, int]:
    """How many inputs and memberships a scenario file and its ancestors code, and how many are to be coded."""
    files = chain_of(find(file) or Path(file))
    tables = Merged(files).tables
    members = tables.get("members")
    states = [*members] if isinstance(members, dict) else []
    needed = [p for p in places(states) if not p.input.optional]
    inputs = sum(_is_coded(tables, place.path) for place in needed)
    records = sum(_is_recorded(_at(tables, f"members.{state}.{sheet.RECORD}")) for state in states)
    return inputs + records, len(needed) + len(states)


def _at(tables: Tables, path: str) -> object:
    """What stands at a dotted path; None where there is nothing."""
    value: object = tables
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _is_coded(tables: Tables, path: str) -> bool:
    value = _at(tables, path)
    if not isinstance(value, Mapping) or set(FORMS).isdisjoint(value):
        return False
    knots = value.get("knots")
    return UNCODED not in (value.get("value"), *(knots.values() if isinstance(knots, Mapping) else ()))


def _is_recorded(record: object) -> bool:
    """Whether a membership is coded: there are entries, and each says what the state was."""
    statuses = [m.get("status") for m in record if isinstance(m, Mapping)] if isinstance(record, list) else []
    return bool(statuses) and UNCODED not in statuses and record != STAND_IN


def _not_coded(tables: ScenarioTables) -> Iterator[Fault]:
    """Inputs that the file leaves out, so that the model's default holds."""
    needed = [v for v in tables.values.values() if isinstance(v.declared, Input) and not v.declared.optional]
    left_out = {v.path: v.coded.value for v in needed if isinstance(v.coded, Coded) and v.coded.rule == DEFAULT}
    if left_out:
        values = " or ".join(sorted({f"{value:g}" for value in left_out.values()}))
        found = f"{len(left_out)} of {plural(len(needed), 'input')} are not coded: the model's default holds, {values}"
        first, *_ = paths = list(left_out)
        allowed = "where there was nothing at all write 0.0, with a source"
        yield Fault(tuple(first.split(".")), found, allowed, paths=listed(paths, 4))


def _twice(tables: ScenarioTables) -> Iterator[Fault]:
    """Events of which there is the very same before."""
    seen: dict[str, int] = {}
    for i, event in enumerate(tables.events):
        says = event.model_dump_json(exclude={"sources", "note"})
        if (first := seen.setdefault(says, i)) < i:
            yield Fault(("events", i), f"the same {event.kind} of {event.date} as events[{first}]", "each event once")


def _without_effect(tables: ScenarioTables) -> Iterator[Fault]:
    """Changes of regime where they do nothing."""
    if tables.behaviour["regime_change"].form != 0.0:
        return
    for i, event in enumerate(tables.events):
        if event.kind == "regime_change":
            found = f"the change of regime of {event.date} does nothing, since behaviour.regime_change is 0"
            yield Fault(("events", i), found, "the share of the gap to its target that stance then jumps, such as 0.7")


def _sources(raw: Tables, tables: ScenarioTables) -> Iterator[Fault]:
    """Sources, each once, of states that the scenario does not have, or of years out of its reach."""
    known = [*tables.members, tables.alliance.leader]
    first = tables.time.first.year - LONG_BEFORE
    said = set()
    for keys, source in _cited(raw, ()):
        if source in said or source.startswith(ASSUMPTION):
            continue
        said.add(source)
        of = " ".join(source.split()[1:])
        for state in re.findall(r"\b[A-Z]{3}\b", of):
            if state not in known:
                allowed = f"states of the scenario: {listed(known, 40)}"
                yield Fault(keys, f'source "{source}" is of {state}', allowed, nearest(state, known))
        for year in map(int, re.findall(r"\b[0-9]{4}", of)):
            if not first <= year <= tables.time.end.year:
                yield Fault(keys, f'source "{source}" is of {year}', f"years from {first} to {tables.time.end.year}")


def _cited(value: object, at: Keys) -> Iterator[tuple[Keys, str]]:
    """Every source that a table cites, with its place; the registries' names on top are none."""
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        if key == "sources" and at and isinstance(entry, list):
            yield from (((*at, key, i), str(source)) for i, source in enumerate(entry))
        else:
            yield from _cited(entry, (*at, key))


def _past(tables: ScenarioTables, source: Source, parent: ScenarioTables | None) -> Iterator[Fault]:
    """Paths of the file that change its parent's before the start, or do not say what they were at first.

    Only what the file itself writes counts; events name their dates.
    """
    edges, _ = tick_edges(tables.time)
    years = np.array([to_years(day) for day in edges])
    start = since(tables) or tables.time.start  # what comes after a calibration continues the past
    rewritten: dict[str, list[str]] = {}
    late = []
    for path, value in tables.values.items():
        if not isinstance(value.coded, Coded):
            continue
        old = parent.values.get(path) if parent else None
        own = old is None or old.coded != value.coded
        knots = value.coded.knots
        first = min(knots) if own and knots and min(knots) >= edges[1] else None
        if parent and old and _differ(tables, parent, path, years[years <= to_years(start)]):
            why = f"its first knot, {first}, holds before it too" if first and first >= start else ""
            rewritten.setdefault(why, []).append(path)
        elif first and not (parent and old and not _differ(tables, parent, path, years[years <= to_years(first)])):
            late.append(path)
    meant = source.tables.get("meant", {})
    for why, paths in rewritten.items() if "past" not in meant else ():
        found = f"not as in the parent before {'the start, ' * (start == tables.time.start)}{start}" + (
            f": {why}" if why else ""
        )
        allowed = "to leave the past as it was write an adjustment with `from`, or knots that begin as the parent's"
        allowed += "; if it is meant say why: meant.past"
        yield Fault(_keys(tables, source, paths[0]), found, allowed, paths=listed(paths, 4))
    if late and "late" not in meant:
        said = f"{len(late)} path{'s begin' if len(late) > 1 else ' begins'} after the first tick, {edges[0]}"
        found = f"{said}: the first knot holds before it too"
        allowed = "to say what it was before add a knot there; if it is meant say why: meant.late"
        yield Fault(tuple(late[0].split(".")), found, allowed, paths=listed(late, 4))


def _never(tables: ScenarioTables, source: Source) -> Iterator[Fault]:
    """Knots and entries of records in the file itself on which no run depends, the first of each path or state."""
    time = tables.time
    coded = {p: v.coded for p, v in tables.values.items() if isinstance(v.coded, Coded) and v.coded.knots}
    dated = {p: (list(c.knots or ()), c.join) for p, c in coded.items()}
    ended = tables.alliance.dissolved  # every record says so, though nobody leaves by it
    dated |= {
        f"members.{s}.record": ([m.from_ for m in state.record if m.from_ != ended], "step")
        for s, state in tables.members.items()
    }
    for path, (days, join) in dated.items():
        if _at(source.tables, path) is None:
            continue
        # a line leads to the first knot after the end, and what holds at first may be said before it
        after = [k for k, day in enumerate(days) if (days[k - 1] if join == "linear" and k else day) >= time.end]
        before = [k for k, day in enumerate(days[1:]) if day <= time.first]
        for k in (*before[:1], *after[:1]):
            what = f"{len(after if k in after else before)} of {plural(len(days), 'date')}, such as {days[k]}"
            found = (
                f"{what}, {'after the last tick' if k in after else 'before the first tick'}: no run depends on them"
            )
            yield Fault((*path.split("."), k), found, f"runs go {reached(time)}")


def _keys(tables: ScenarioTables, source: Source, path: str) -> Keys:
    """Where the file changes a path: at its value, or by an adjustment of its own."""
    own = source.tables.get("adjustments", [])
    first = sum(COMMAND_LINE not in a.sources for a in tables.adjustments) - len(own)
    by = (first + i for i, a in enumerate(own) if path in tables.adjustable[a["path"]])
    return next((("adjustments", i) for i in by), tuple(path.split(".")))


def _loaded(source: Source) -> ScenarioTables | None:
    """A parent's tables; None where it is no scenario by itself."""
    try:
        return load(source.file).tables
    except InputError:
        return None


def _differ(mine: ScenarioTables, its: ScenarioTables, path: str, edges: Array) -> bool:
    """Whether a path is another between the edges, shocks left out."""
    if len(edges) < 2:
        return False
    a, b = (coded_band(tables, path, edges) for tables in (mine, its))
    return a.distribution != b.distribution or not all(
        np.array_equal(x, y) for x, y in ((a.low, b.low), (a.high, b.high))
    )
