"""Until when inputs are known, and which of them somebody has set for later."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario.paths import Band
from sim.scenario.tables import ScenarioTables


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


def set_for_later(tables: ScenarioTables, bands: Mapping[str, Band], record_ticks: int) -> frozenset[str]:
    """Paths that are coded, adjusted or shocked to be something after the start; they stay as they are set."""
    start = tables.time.start
    adjusted = {p for a in tables.adjustments if not a.from_ or a.from_ >= start for p in tables.adjustable[a.path]}
    return frozenset(adjusted | {path for path, band in bands.items() if moves(band, record_ticks)})


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
    sides: Iterable[NDArray[np.float64]] = (band.low, band.high, *(() if band.word is None else (band.word,)))
    return any((side[since:] != side[since]).any() for side in sides)


def later(course: Course | None, path: str, start: dt.date, set_paths: Iterable[str]) -> str:
    """How an input goes on after the start, in words; empty where it is none or nothing goes on."""
    if course is None or path.startswith("behaviour."):
        return ""
    within = path.rpartition(".")[0] + "." if path.count(".") > 2 else path
    if any(p == path or p.startswith(within) for p in set_paths):
        return f"From {start} on it stays as it is set."
    return f"From {start} on it goes on by changes of past years, if it has changed in them."
