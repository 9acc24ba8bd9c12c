"""From a file that leaves alliances out to a checked study: its fits, and the history that each has not seen."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sim.errors import InputError, Problem, plural
from sim.evaluation import looks
from sim.evaluation.history import beginning
from sim.inference.study import CalibrationStudy, Draws, load_calibration
from sim.scenario.load import Scenario, load
from sim.scenario.messages import of_kind, validated
from sim.scenario.names import LINE
from sim.scenario.reading import Source, dotted
from sim.scenario.values import Strict
from sim.storage.effort import Seed

WHOLE = "whole"
"""The name of a fit that leaves nothing out, since the history is not in it."""


class LeaveOneOutTables(Strict):
    """A whole file."""

    title: Annotated[str, Field(min_length=1), of_kind(LINE)]
    question: str = ""
    calibration: Annotated[str, Field(min_length=1)]
    leave_out: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    """Histories, each forecast by a fit that has not seen it."""
    draws: Draws | None = None
    """Of each fit; the calibration's own where nothing is said."""
    seed: Seed = 1


@dataclass(frozen=True)
class Fold:
    """A history that is left out, with its priors, and the fit that has not seen it."""

    scenario: Scenario
    fit: str


@dataclass(frozen=True)
class LeaveOneOutStudy:
    """A checked study."""

    name: str
    file: Path
    text: str
    tables: LeaveOneOutTables
    calibration: CalibrationStudy
    folds: list[Fold]
    fits: dict[str, CalibrationStudy]
    """By name, each once."""

    @property
    def looks(self) -> Path:
        """The log of looks at what the calibration leaves out."""
        return looks.log_file(self.calibration.file)

    def __repr__(self) -> str:
        return f"<LeaveOneOutStudy {self.name}: {self.tables.title}; {plural(len(self.folds), 'alliance')}>"


def without(whole: CalibrationStudy, alliance: str) -> CalibrationStudy | None:
    """The calibration without an alliance, itself where it does not have it; None where nothing is left to fit."""
    rest = tuple(e for e in whole.alliances if e.alliance != alliance)
    if not rest:
        return None
    left_out = [e.name for e in whole.alliances if e.alliance == alliance]
    return replace(whole, name=f"without-{left_out[0]}" if left_out else WHOLE, alliances=rest)


def fitted(whole: CalibrationStudy) -> list[Scenario]:
    """The alliances of a calibration, with their priors."""
    return [e.scenario for e in whole.alliances]


def load_leave_one_out(source: Source) -> LeaveOneOutStudy:
    """Check a file, its calibration and its histories. Raises InputError with every mistake."""
    tables = validated(source, LeaveOneOutTables)
    whole = load_calibration(source.named(tables.calibration, ("calibration",)))
    if tables.draws:
        whole = replace(whole, tables=whole.tables.model_copy(update={"draws": tables.draws}))
    problems: list[Problem] = []
    folds: list[Fold] = []
    fits: dict[str, CalibrationStudy] = {}
    for k, name in enumerate(tables.leave_out):
        at = ("leave_out", k)
        where, key = source.where(at), dotted(at)
        try:
            file = source.named(name, at)
            scenario = beginning(load(file, {"posterior": "none"}), where, key)
        except InputError as error:
            problems += error.problems
            continue
        called = scenario.tables.alliance.name
        if called in [f.scenario.tables.alliance.name for f in folds]:
            problems.append(Problem(where, key, f"{called} twice", "allowed: each alliance once"))
        elif (fit := without(whole, called)) is None:
            found = f"{tables.calibration} is fitted to {called} alone"
            problems.append(Problem(where, key, found, "allowed: what leaves something to fit"))
        else:
            fits[fit.name] = fit
            folds.append(Fold(scenario, fit.name))
    if problems:
        raise InputError(problems)
    return LeaveOneOutStudy(source.file.stem, source.file, source.text, tables, whole, folds, fits)
