"""Until when inputs are known, and from when on somebody has set which of them."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario.paths import Band
from sim.scenario.tables import Adjustment, ScenarioTables


class Course(NamedTuple):
    """Where in time inputs are known and where they go on."""

    first: int
    """The tick from which they do."""
    year: int
    """Ticks in a year."""

    @property
    def past(self) -> NDArray[np.intp]:
        """Ticks a year apart up to the beginning, the last first."""
        return np.arange(self.first, -1, -self.year)

    def steps(self, tick: int) -> int:
        """How many yearly steps lie before the middle of a tick; the first half a year after the beginning."""
        return int(np.ceil((tick - self.first + 0.5) / self.year + 0.5)) - 1 if tick >= self.first else 0


def course_of(tables: ScenarioTables, record_ticks: int, dt: float) -> Course | None:
    """Where inputs go on by themselves; None where they are held, or where there is no record to learn from."""
    return Course(record_ticks, round(1.0 / dt)) if tables.inputs == "uncertain" and record_ticks * dt > 1.0 else None


def set_for_later(
    tables: ScenarioTables, bands: Mapping[str, Band], edges: Sequence[dt.date], record_ticks: int
) -> dict[str, int]:
    """Paths that are coded, adjusted or shocked to be something after the start, by the tick from which they are."""
    coded = {path: first_move(band, record_ticks) for path, band in bands.items() if moves(band, record_ticks)}
    return sooner(coded, adjusted_later(tables, tables.adjustments, edges, record_ticks))


def adjusted_later(
    tables: ScenarioTables, adjustments: Iterable[Adjustment], edges: Sequence[dt.date], record_ticks: int
) -> dict[str, int]:
    """Paths that are adjusted for the time after the start, by the tick from which they are."""
    found: dict[str, int] = {}
    for a in adjustments:
        if not a.from_ or a.from_ >= tables.time.start:
            tick = bisect_right(edges, a.from_) - 1 if a.from_ else record_ticks
            found = sooner(found, dict.fromkeys(tables.adjustable[a.path], tick))
    return found


def sooner(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    """By path the earlier of two ticks."""
    return {**a, **{path: min(tick, a.get(path, tick)) for path, tick in b.items()}}


def coded_days(tables: ScenarioTables) -> dict[str, list[dt.date]]:
    """By path the days of its knots, of its adjustments and of shocks on it."""
    found = {path: [*(getattr(v.coded, "knots", None) or ())] for path, v in tables.values.items()}
    for a in tables.adjustments:
        for path in tables.adjustable[a.path] if a.from_ else ():
            found[path].append(a.from_)
    for e in tables.events:
        if e.kind == "shock":
            found[e.path].append(e.date)
    return found


def moves(band: Band, since: int) -> bool:
    """Whether a band is not the same in all ticks from one on."""
    return bool(_moved(band, since).any())


def first_move(band: Band, since: int) -> int:
    """The first tick in which a band that moves is not as it is in an earlier one."""
    return since + int(_moved(band, since).argmax())


def _moved(band: Band, since: int) -> NDArray[np.bool_]:
    sides = (band.low, band.high, *(() if band.word is None else (band.word,)))
    return np.any([side[since:] != side[since] for side in sides], axis=0)


def later(
    course: Course | None, path: str, start: dt.date, edges: Sequence[dt.date], set_paths: Mapping[str, int]
) -> str:
    """How an input goes on after the start, in words; empty where it is none or nothing goes on."""
    if course is None or path.startswith("behaviour."):
        return ""
    within = path.rpartition(".")[0] + "." if path.count(".") > 2 else path
    goes_on = f"From {start} on it goes on by changes of past years, if it has changed in them"
    ticks = [tick for p, tick in set_paths.items() if p == path or p.startswith(within)]
    if not ticks:
        return f"{goes_on}."
    day = max(edges[min(ticks)], start)
    return f"From {start} on it stays as it is set." if day == start else f"{goes_on}; from {day} on it stays as set."
