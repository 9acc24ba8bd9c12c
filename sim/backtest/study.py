"""From a backtest file to a checked study: its calibration, and one fit for every origin."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sim.backtest.known import Origin
from sim.backtest.schema import BacktestTables, Scheme
from sim.errors import InputError, Problem
from sim.inference.build import target_of
from sim.inference.observations import LAST_EVIDENCE
from sim.inference.study import Calibration, load_calibration
from sim.scenario.load import read_toml, validated
from sim.scenario.locate import Keys


@dataclass(frozen=True)
class Backtest:
    """A checked backtest."""

    name: str
    file: Path
    text: str
    tables: BacktestTables
    fits: dict[dt.date, Calibration]
    """By the last date that a fit has seen, each once."""

    def origin(self, scheme: Scheme, until: dt.date) -> Origin:
        """What is known and asked at an origin."""
        fit = self.fits[until]
        particles = fit.tables.particles
        return Origin(
            scheme.name, until, fit.target, target_of(fit.scenario, fit.motions, particles, _end(scheme, until))
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Backtest {self.name}: {self.tables.title}; {len(self.fits)} origins>"


def load_backtest(path: str | Path) -> Backtest:
    """Read and check a backtest file and its calibration.

    Raises
    ------
    InputError
        With every mistake of the file, or of the calibration.
    """
    file = Path(path)
    source = read_toml(file)
    tables = validated(source, BacktestTables)
    beside = file.parent / tables.calibration
    if not beside.is_file():
        at = source.where(("calibration",))
        found, allowed = (
            f"no such file: {tables.calibration}",
            "allowed: a calibration file beside this one",
        )
        raise InputError([Problem(at, "calibration", found, allowed)])  # fmt: skip
    whole = load_calibration(beside)
    problems = list(_mistakes(tables, whole, source.where))
    if problems:
        raise InputError(problems)
    dates = sorted({until for scheme in tables.schemes for until in scheme.fit_until})
    fits = {
        d: replace(whole, name=f"{d}", tables=whole.tables.model_copy(update={"until": d}))
        for d in dates
    }
    return Backtest(file.stem, file, source.text, tables, fits)


def _mistakes(
    tables: BacktestTables, whole: Calibration, where: Callable[[Keys], str]
) -> Iterator[Problem]:
    """What pydantic does not see: names and dates twice, and dates that leave nothing to fit or to foretell."""
    time = whole.scenario.tables.time
    first = (time.record_from or time.start) + dt.timedelta(days=366)
    names = [scheme.name for scheme in tables.schemes]
    for k, scheme in enumerate(tables.schemes):
        if names.index(scheme.name) < k:
            at = where(("schemes", k, "name"))
            yield Problem(at, f"schemes[{k}].name", f"{scheme.name} twice", "allowed: each name once")  # fmt: skip
        for i, until in enumerate(scheme.fit_until):
            at, key = where(("schemes", k, "fit_until")), f"schemes[{k}].fit_until[{i}]"
            if scheme.fit_until.index(until) < i:
                yield Problem(at, key, f"{until} twice", "allowed: each date once")
            elif not first <= until < LAST_EVIDENCE - dt.timedelta(days=92):
                yield Problem(at, key, f"{until}", f"allowed: from {first} to a quarter before {LAST_EVIDENCE}")  # fmt: skip


def _end(scheme: Scheme, until: dt.date) -> dt.date:
    """The last day that is asked: so many years on, and nothing after the evidence."""
    end = until + dt.timedelta(days=1)
    return min(end.replace(year=end.year + scheme.years) - dt.timedelta(days=1), LAST_EVIDENCE)
