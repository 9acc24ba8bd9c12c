"""alliance-cohesion: what holds an alliance together, who leaves it, when, and what would change that.

Every verb of the command is a function here, with the same name and options.

>>> import sim
>>> result = sim.run("csto/outlook-2023", runs=64, seed=1)
>>> result.dataset.cohesion.dims
('date',)
"""

import builtins
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sim.analysis.analysis import Analysis as Analysis
    from sim.analysis.attribute import Attribution as Attribution, attribute as attribute
    from sim.analysis.condition import Event as Event, Level as Level
    from sim.analysis.contagion import Contagion as Contagion, contagion as contagion
    from sim.analysis.discover import Discovery as Discovery, discover as discover
    from sim.analysis.drivers import Drivers as Drivers, drivers as drivers
    from sim.analysis.find import Found as Found, Given as Given, find as find
    from sim.analysis.sensitivity import Sensitivity as Sensitivity, sensitivity as sensitivity
    from sim.analysis.signals import Signals as Signals, signals as signals
    from sim.analysis.threshold import Threshold as Threshold, threshold as threshold
    from sim.analysis.why import Why as Why, why as why
    from sim.errors import InputError as InputError
    from sim.evaluation.archive import Archive as Archive, Score as Score, archive as archive
    from sim.evaluation.backtest import Backtest as Backtest, backtest as backtest
    from sim.evaluation.leave_one_out import LeftOut as LeftOut
    from sim.evaluation.mechanisms import Mechanisms as Mechanisms, mechanisms as mechanisms
    from sim.evaluation.score import HistoryScore as HistoryScore, score as score
    from sim.evaluation.study import load_backtest as load_backtest, load_mechanisms as load_mechanisms
    from sim.evidence.ledger import Ledger as Ledger, claims as claims
    from sim.inference.study import load_calibration as load_calibration
    from sim.reports.export import export as export
    from sim.reports.plot import plot as plot
    from sim.reports.report import report as report
    from sim.results.calibration import Calibration as Calibration, calibrate as calibrate
    from sim.results.codebook import Codebook as Codebook, codebook as codebook
    from sim.results.comparison import Comparison as Comparison, compare as compare
    from sim.results.explain import explain as explain
    from sim.results.replay import Story as Story, replay as replay
    from sim.results.result import Result as Result, save as save
    from sim.results.run import run as run
    from sim.scenario.agreement import Agreement as Agreement, agreement as agreement
    from sim.scenario.catalogue import list as list
    from sim.scenario.load import Scenario as Scenario, load as load
    from sim.scenario.scaffold import new as new, sheet as sheet
    from sim.scenario.warnings import check as check
    from sim.server.app import app as app
    from sim.storage.status import Status as Status, status as status
    from sim.studies.study import Study as Study, load_study as load_study
    from sim.studies.sweep import Sweep as Sweep, sweep as sweep

_NAMES = {
    "sim.analysis.analysis": "Analysis",
    "sim.analysis.attribute": "Attribution attribute",
    "sim.analysis.condition": "Event Level",
    "sim.analysis.find": "Found Given find",
    "sim.analysis.signals": "Signals signals",
    "sim.analysis.contagion": "Contagion contagion",
    "sim.analysis.threshold": "Threshold threshold",
    "sim.analysis.sensitivity": "Sensitivity sensitivity",
    "sim.analysis.drivers": "Drivers drivers",
    "sim.analysis.discover": "Discovery discover",
    "sim.analysis.why": "Why why",
    "sim.errors": "InputError",
    "sim.evaluation.archive": "Archive Score archive",
    "sim.evaluation.backtest": "Backtest backtest",
    "sim.evaluation.leave_one_out": "LeftOut",
    "sim.evaluation.mechanisms": "Mechanisms mechanisms",
    "sim.evaluation.score": "HistoryScore score",
    "sim.evaluation.study": "load_backtest load_mechanisms",
    "sim.evidence.ledger": "Ledger claims",
    "sim.inference.study": "load_calibration",
    "sim.reports.export": "export",
    "sim.reports.plot": "plot",
    "sim.reports.report": "report",
    "sim.results.calibration": "Calibration calibrate",
    "sim.results.codebook": "Codebook codebook",
    "sim.results.comparison": "Comparison compare",
    "sim.results.explain": "explain",
    "sim.results.replay": "Story replay",
    "sim.results.result": "Result save",
    "sim.results.run": "run",
    "sim.scenario.agreement": "Agreement agreement",
    "sim.scenario.catalogue": "list",
    "sim.scenario.load": "Scenario load",
    "sim.scenario.scaffold": "new sheet",
    "sim.scenario.warnings": "check",
    "sim.server.app": "app",
    "sim.storage.status": "Status status",
    "sim.studies.study": "Study load_study",
    "sim.studies.sweep": "Sweep sweep",
}
"""Where everything of the front door lives; imported when it is asked for, so that the command answers at once."""
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
_KINDS = {
    "run": "Result",
    "comparison": "Comparison",
    "ledger": "Ledger",
    "sweep": "Sweep",
    "calibration": "Calibration",
    "backtest": "Backtest",
    "leave-one-out": "LeftOut",
    "study of mechanisms": "Mechanisms",
    "threshold": "Threshold",
    "contagion": "Contagion",
    "sensitivity": "Sensitivity",
    "attribution": "Attribution",
    "early warning": "Signals",
    "list of runs": "Found",
    "conditional probabilities": "Given",
    "drivers": "Drivers",
    "discovery": "Discovery",
    "why": "Why",
}
"""What a finished folder of each kind is given back as."""

__all__ = sorted([*_HOMES, "open"])


def open(
    folder: "str | Path",
) -> "Result | Comparison | Ledger | Sweep | Calibration | Backtest | LeftOut | Mechanisms | Analysis":
    """Give the finished result in a folder back.

    Parameters
    ----------
    folder : str or Path
        That a verb wrote.

    Returns
    -------
    Result, Comparison, Ledger, Sweep, Calibration, Backtest, LeftOut, Mechanisms or Analysis
        As the verb gave it: tables, dataset and figures.

    Raises
    ------
    InputError
        Where it is no such folder, or what it is to hold is not finished.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=16, out="results/example")
    >>> again = sim.open("results/example")
    >>> again.dataset.equals(result.dataset)
    True
    """
    from sim.errors import InputError, Problem
    from sim.storage.status import status

    found = status(folder)
    if found.state != "finished":
        allowed = "allowed: finished results; the same command finishes them"
        raise InputError([Problem(str(folder), "", f"{found.kind} {found.state}", allowed)])
    return __getattr__(_KINDS[found.kind]).open(folder)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("alliance-cohesion")
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> "builtins.list[str]":
    return [*__all__, "__version__"]
