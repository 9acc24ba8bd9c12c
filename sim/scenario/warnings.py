"""What a scenario file says of the years before the start that may not be meant; no mistake, and it runs."""

from collections.abc import Callable

import numpy as np

from sim.errors import InputError, Problem, listed
from sim.model.arrays import Array
from sim.scenario.compile import coded_band, tick_edges
from sim.scenario.dates import to_years
from sim.scenario.load import Scenario, load
from sim.scenario.reading import Keys, Source, read_toml
from sim.scenario.tables import ScenarioTables
from sim.scenario.values import Coded


def warnings(scenario: Scenario) -> list[Problem]:
    """Paths of the file that change its parent's before the start, or do not say what they were at first.

    Only what the file itself writes counts; events name their dates.
    """
    source = read_toml(scenario.file)
    parent = _parent(source.tables.get("extends"), source.named)
    tables = scenario.tables
    edges, record_ticks = tick_edges(tables.time)
    years = np.array([to_years(day) for day in edges])
    rewritten: dict[str, list[str]] = {}
    late = []
    for path, value in tables.values.items():
        if not isinstance(value.coded, Coded):
            continue
        old = parent.values.get(path) if parent else None
        own = old is None or old.coded != value.coded
        knots = value.coded.knots
        first = min(knots) if own and knots and min(knots) >= edges[1] else None
        if parent and old and _differ(tables, parent, path, years[: record_ticks + 1]):
            why = f"its first knot, {first}, holds before it too" if first and first >= tables.time.start else ""
            rewritten.setdefault(why, []).append(path)
        elif first and not (parent and old and not _differ(tables, parent, path, years[years <= to_years(first)])):
            late.append(path)
    found = [
        Problem(
            source.where(_keys(tables, source, paths[0])),
            listed(paths, 4),
            f"not as in the parent before the start, {tables.time.start}" + (f": {why}" if why else ""),
            "to leave the past as it was write an adjustment with `from`, or knots that begin as the parent's",
        )
        for why, paths in rewritten.items()
    ]
    if late:
        said = f"{len(late)} path{'s begin' if len(late) > 1 else ' begins'} after the first tick, {edges[0]}"
        found.append(
            Problem(
                source.where(tuple(late[0].split("."))),
                listed(late, 4),
                f"{said}: the first knot holds before it too",
                "to say what it was before add a knot there",
            )
        )
    return found


def _keys(tables: ScenarioTables, source: Source, path: str) -> Keys:
    """Where the file changes a path: at its value, or by an adjustment of its own."""
    own = source.tables.get("adjustments", [])
    by = (i for i, a in enumerate(own) if path in tables.adjustable[a["path"]])
    return next((("adjustments", i) for i in by), tuple(path.split(".")))


def _parent(name: object, named: Callable[..., object]) -> ScenarioTables | None:
    """What the file extends; None where it extends nothing, or what is no scenario by itself."""
    try:
        return load(str(named(name, ("extends",)))).tables if isinstance(name, str) else None
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
