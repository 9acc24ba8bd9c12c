"""From a file of a backtest or of mechanisms to a checked study."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from sim.errors import InputError, Problem, arguments, plural
from sim.evaluation import looks
from sim.evaluation.left_out_study import LeaveOneOutStudy, load_leave_one_out
from sim.evaluation.origin import Origin
from sim.inference.likelihood import target_of
from sim.inference.study import (
    CalibrationStudy,
    CalibrationTables,
    Draws,
    Particles,
    Rounds,
    Sweeps,
    load_calibration,
    not_switches,
)
from sim.model.dates import add_months
from sim.scenario.compile import tick_edges
from sim.scenario.kinds import BACKTEST, LEAVE_ONE_OUT, MECHANISMS, expect, kind_of
from sim.scenario.messages import of_kind, validated
from sim.scenario.names import LINE, SLUG
from sim.scenario.reading import Keys, read_toml
from sim.scenario.values import Date, Number, Strict
from sim.storage.effort import Seed

Words = Annotated[str, Field(min_length=1)]
Line = Annotated[Words, of_kind(LINE)]
Title = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ,.-]*$", max_length=60)]
"""A name that figures are called by: letters, digits, spaces, commas, points, hyphens."""


class Scheme(Strict):
    """Origins whose forecasts are scored together."""

    name: Title
    fit_until: Annotated[list[Date], Field(min_length=1)]
    years: Annotated[int, Field(ge=1, le=100, strict=True)]


class BacktestTables(Strict):
    """A whole backtest file."""

    title: Line
    question: str = ""
    calibration: Words
    draws: Draws | None = None
    replicates: Annotated[int, Field(ge=2, le=4096, strict=True)] = 8
    seed: Seed = 1
    base_rate: Annotated[Number, Field(gt=0, lt=1)]
    schemes: Annotated[list[Scheme], Field(min_length=1)]


@dataclass(frozen=True)
class BacktestStudy:
    """A checked backtest."""

    name: str
    file: Path
    text: str
    tables: BacktestTables
    calibration: CalibrationStudy

    @cached_property
    def fits(self) -> dict[dt.date, CalibrationStudy]:
        """By the last date that a fit has seen, each once."""
        whole, own = self.calibration, self.calibration.tables
        dates = {until for scheme in self.tables.schemes for until in scheme.fit_until}
        return {d: replace(whole, name=f"{d}", tables=own.model_copy(update={"until": d})) for d in sorted(dates)}

    def origin(self, scheme: Scheme, until: dt.date) -> Origin:
        """What is known and asked at an origin."""
        fit, end = self.fits[until], _end(scheme, until, self.calibration.tables.until)
        whole = target_of(fit.scenario, fit.motions, fit.tables.particles, end)
        return Origin(scheme.name, until, fit.target, whole)

    @property
    def looks(self) -> Path:
        """The log of looks at what the calibration leaves out."""
        return looks.log_file(self.calibration.file)

    def __repr__(self) -> str:
        return f"<BacktestStudy {self.name}: {self.tables.title}; {plural(len(self.fits), 'origin')}>"


def _instead(settings: CalibrationTables, study: BaseModel, names: set[str]) -> CalibrationTables:
    """The settings of a calibration, with what a study says instead."""
    return settings.model_copy(update=study.model_dump(include=names, exclude_none=True))


@arguments
def load_backtest(path: str | Path) -> BacktestStudy | LeaveOneOutStudy:
    """Read and check a backtest file and its calibration: one that fits the past, or one that leaves alliances out.

    Raises
    ------
    InputError
        With every mistake of the file, or of the calibration.
    """
    source = read_toml(path)
    if kind_of(source.tables) is LEAVE_ONE_OUT:
        return load_leave_one_out(source)
    expect(source, BACKTEST)
    tables = validated(source, BacktestTables)
    whole = load_calibration(source.named(tables.calibration, ("calibration",)))
    if whole.tables.alliances:
        allowed = "allowed: a calibration of one alliance; several are left out in turn (leave_out)"
        raise InputError([Problem(source.where(("calibration",)), "calibration", "of several alliances", allowed)])
    whole = replace(whole, tables=_instead(whole.tables, tables, {"draws"}))
    if problems := list(_backtest_mistakes(tables, whole, source.where)):
        raise InputError(problems)
    return BacktestStudy(source.file.stem, source.file, source.text, tables, whole)


def _backtest_mistakes(
    tables: BacktestTables, whole: CalibrationStudy, where: Callable[[Keys], str]
) -> Iterator[Problem]:
    """What pydantic does not see: names and dates twice, and dates that leave nothing to fit or to forecast."""
    names: set[str] = set()
    for k, scheme in enumerate(tables.schemes):
        called = scheme.name.replace(" ", "-")  # as its figures are
        if called in names:
            at = where(("schemes", k, "name"))
            yield Problem(at, f"schemes[{k}].name", f"{scheme.name} twice", "allowed: each name once")
        names.add(called)
        for i, until in enumerate(scheme.fit_until):
            at, key = where(("schemes", k, "fit_until")), f"schemes[{k}].fit_until[{i}]"
            if scheme.fit_until.index(until) < i:
                yield Problem(at, key, f"{until} twice", "allowed: each date once")
            else:
                yield from not_between(until, whole, at, key)


def not_between(until: dt.date, whole: CalibrationStudy, where: str, key: str) -> Iterator[Problem]:
    """A date must leave a year or more to fit and a quarter or more to forecast, and end a tick."""
    edges, _ = tick_edges(whole.scenario.tables.time)
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


FULL = "all mechanisms"
"""The model from which they are removed; no mechanism can have this name."""


class Mechanism(Strict):
    """What it says, and the coefficients that make it up."""

    says: Words
    without: Annotated[list[str], Field(min_length=1)]


class MechanismTables(Strict):
    """A whole file of mechanisms. Draws, particles, sweeps and rounds take the place of the calibration's."""

    title: Line
    question: str = ""
    calibration: Words
    held_out_after: Date
    draws: Draws | None = None
    particles: Particles | None = None
    sweeps: Sweeps | None = None
    rounds: Rounds | None = None
    seeds: Annotated[list[Seed], Field(min_length=2)]
    mechanisms: Annotated[dict[Annotated[str, of_kind(SLUG)], Mechanism], Field(min_length=1)]


@dataclass(frozen=True)
class MechanismStudy:
    """A checked study."""

    name: str
    file: Path
    text: str
    tables: MechanismTables
    calibration: CalibrationStudy

    @property
    def models(self) -> list[str]:
        """The full model, then every mechanism that is removed."""
        return [FULL, *self.tables.mechanisms]

    @property
    def settings(self) -> CalibrationTables:
        """The calibration's, with what the study says instead."""
        return _instead(self.calibration.tables, self.tables, {"draws", "particles", "sweeps", "rounds"})

    def fit(self, before: bool, seed: int) -> CalibrationStudy:
        """What is sampled: the full model, of the whole record or of that before the held-out part."""
        t, s = self.tables, self.settings
        changed = {"seed": seed, "until": t.held_out_after if before else s.until}
        return replace(self.calibration, tables=s.model_copy(update=changed))

    def __repr__(self) -> str:
        return f"<MechanismStudy {self.name}: {plural(len(self.tables.mechanisms), 'mechanism')}>"


@arguments
def load_mechanisms(path: str | Path) -> MechanismStudy:
    """Read and check a file of mechanisms and its calibration.

    Raises
    ------
    InputError
        With every mistake of the file, or of the calibration.
    """
    source = read_toml(path)
    expect(source, MECHANISMS)
    tables = validated(source, MechanismTables)
    whole = load_calibration(source.named(tables.calibration, ("calibration",)))
    if problems := list(_mechanism_mistakes(tables, whole, source.where)):
        raise InputError(problems)
    return MechanismStudy(source.file.stem, source.file, source.text, tables, whole)


def _mechanism_mistakes(
    tables: MechanismTables, whole: CalibrationStudy, where: Callable[[Keys], str]
) -> Iterator[Problem]:
    for name, mechanism in tables.mechanisms.items():
        at, key = where(("mechanisms", name, "without")), f"mechanisms.{name}"
        yield from not_switches(mechanism.without, at, f"{key}.without")
        for k, off in enumerate(mechanism.without):
            if off in whole.tables.without:
                found = f"{off} is switched off already"
                yield Problem(at, f"{key}.without[{k}]", found, f"allowed: what {tables.calibration} has")
    yield from not_between(tables.held_out_after, whole, where(("held_out_after",)), "held_out_after")
    if len(set(tables.seeds)) < len(tables.seeds):
        yield Problem(where(("seeds",)), "seeds", f"{tables.seeds}", "allowed: each once")
