"""From a backtest file to a checked study: its calibration, and one fit for every origin."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from sim.errors import InputError, Problem
from sim.evaluation import openings
from sim.evaluation.origin import Origin
from sim.evaluation.tables import BacktestTables, Scheme
from sim.inference.build import target_of
from sim.inference.likelihood import Target
from sim.inference.study import Calibration, load_calibration
from sim.scenario.compile import tick_edges
from sim.scenario.dates import add_months
from sim.scenario.load import Scenario, Source, load, read_toml, validated
from sim.scenario.locate import Keys, dotted


@dataclass(frozen=True)
class Backtest:
    """A checked backtest."""

    name: str
    file: Path
    text: str
    tables: BacktestTables
    calibration: Calibration
    carried: dict[str, Scenario]
    """Other alliances by name."""

    @cached_property
    def fits(self) -> dict[dt.date, Calibration]:
        """By the last date that a fit has seen, each once; to the end of the evidence if other alliances need it."""
        whole = self.calibration
        dates = {until for scheme in self.tables.schemes for until in scheme.fit_until}
        dates |= {whole.tables.until} if self.carried else set()
        return {
            d: replace(whole, name=f"{d}", tables=whole.tables.model_copy(update={"until": d})) for d in sorted(dates)
        }

    def origin(self, scheme: Scheme, until: dt.date) -> Origin:
        """What is known and asked at an origin."""
        fit = self.fits[until]
        particles = fit.tables.particles
        whole = target_of(fit.scenario, fit.motions, particles, _end(scheme, until, self.calibration.tables.until))
        return Origin(scheme.name, until, fit.target, fit.target, whole)

    @property
    def openings(self) -> Path:
        """The table of openings of what the calibration leaves out."""
        return openings.table_of(self.calibration.file)

    def beginning(self, name: str) -> Origin:
        """What is known and asked of another alliance at its beginning."""
        learned, scenario = self.calibration, self.carried[name]
        whole = target_of(scenario, [], learned.tables.particles)
        fit = Target(whole.program, whole.record[:1], (), whole.space, whole.particles)
        return Origin(name, scenario.tables.time.start, learned.target, fit, whole)

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
    whole = load_calibration(source.named(tables.calibration, ("calibration",)))
    problems = list(_mistakes(tables, whole, source.where))
    carried: dict[str, Scenario] = {}
    for k, other in enumerate(tables.carried):
        try:
            carried[other.name] = _history(source, other.scenario, ("carried", k, "scenario"))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return Backtest(file.stem, file, source.text, tables, whole, carried)


def _mistakes(tables: BacktestTables, whole: Calibration, where: Callable[[Keys], str]) -> Iterator[Problem]:
    """What pydantic does not see: names and dates twice, and dates that leave nothing to fit or to foretell."""
    names: set[str] = set()
    for part in ("schemes", "carried"):
        for k, named in enumerate(getattr(tables, part)):
            called = named.name.replace(" ", "-")  # as its figures are
            if called in names:
                at = where((part, k, "name"))
                yield Problem(at, f"{part}[{k}].name", f"{named.name} twice", "allowed: each name once")
            names.add(called)
    for k, scheme in enumerate(tables.schemes):
        for i, until in enumerate(scheme.fit_until):
            at, key = where(("schemes", k, "fit_until")), f"schemes[{k}].fit_until[{i}]"
            if scheme.fit_until.index(until) < i:
                yield Problem(at, key, f"{until} twice", "allowed: each date once")
            else:
                yield from not_between(until, whole, at, key)


def not_between(until: dt.date, whole: Calibration, where: str, key: str) -> Iterator[Problem]:
    """A date must part a record into a year or more to fit and a quarter or more to foretell, at the end of a tick."""
    edges, _ = tick_edges(whole.scenario.tables)
    ends = [d - dt.timedelta(days=1) for d in edges[1:]]
    first, last = edges[0] + dt.timedelta(days=366), whole.tables.until
    if not first <= until < last - dt.timedelta(days=92):
        yield Problem(where, key, f"{until}", f"allowed: from {first} to a quarter before {last}")
    elif until not in ends:
        near = max(d for d in ends if d < until)
        yield Problem(where, key, f"{until}", f"allowed: the last day of a tick, such as {near}")


def _end(scheme: Scheme, until: dt.date, last: dt.date) -> dt.date:
    """The last day that is asked: so many years on, and nothing after the evidence."""
    end = add_months(until + dt.timedelta(days=1), 12 * scheme.years)
    return min(end - dt.timedelta(days=1), last)


def _history(source: Source, name: str, key: Keys) -> Scenario:
    """A scenario with its priors, from its beginning. Raises InputError where it is none."""
    loaded = load(source.named(name, key), {"posterior": "none"})
    if loaded.tables.time.record_from:
        found, allowed = (
            f"{name} begins after its record does",
            "allowed: a history, from its beginning",
        )
        raise InputError([Problem(source.where(key), dotted(key), found, allowed)])
    return loaded
