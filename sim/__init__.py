"""alliance-cohesion: what holds an alliance together, who leaves it, when, and what would change that.

>>> import sim
>>> result = sim.run(sim.load("scenarios/csto/outlook-2023.toml"), runs=1_000, seed=1)  # doctest: +SKIP
"""

import builtins
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.errors import InputError
    from sim.evaluation.backtest import Backtest, backtest
    from sim.evaluation.mechanisms import Mechanisms, mechanisms
    from sim.evaluation.study import load_backtest, load_mechanisms
    from sim.evidence.ledger import claims
    from sim.inference.calibration import Calibration, calibrate
    from sim.inference.study import load_calibration
    from sim.results.comparison import Comparison, compare
    from sim.results.replay import replay
    from sim.results.result import Result
    from sim.results.run import run
    from sim.results.save import save
    from sim.scenario.catalogue import list
    from sim.scenario.explain import explain
    from sim.scenario.load import Scenario, check, load
    from sim.storage.status import status
    from sim.studies.study import Study, load_study
    from sim.studies.sweep import Sweep, sweep

_HOMES = {
    "calibrate": "sim.inference.calibration",
    "Calibration": "sim.inference.calibration",
    "load_calibration": "sim.inference.study",
    "backtest": "sim.evaluation.backtest",
    "Backtest": "sim.evaluation.backtest",
    "load_backtest": "sim.evaluation.study",
    "mechanisms": "sim.evaluation.mechanisms",
    "Mechanisms": "sim.evaluation.mechanisms",
    "load_mechanisms": "sim.evaluation.study",
    "InputError": "sim.errors",
    "Scenario": "sim.scenario.load",
    "load": "sim.scenario.load",
    "check": "sim.scenario.load",
    "claims": "sim.evidence.ledger",
    "compare": "sim.results.comparison",
    "Comparison": "sim.results.comparison",
    "explain": "sim.scenario.explain",
    "list": "sim.scenario.catalogue",
    "run": "sim.results.run",
    "Result": "sim.results.result",
    "save": "sim.results.save",
    "replay": "sim.results.replay",
    "load_study": "sim.studies.study",
    "Study": "sim.studies.study",
    "sweep": "sim.studies.sweep",
    "Sweep": "sim.studies.sweep",
    "status": "sim.storage.status",
}

__all__ = [
    "Backtest",
    "Calibration",
    "Comparison",
    "InputError",
    "Mechanisms",
    "Result",
    "Scenario",
    "Study",
    "Sweep",
    "backtest",
    "calibrate",
    "check",
    "claims",
    "compare",
    "explain",
    "list",
    "load",
    "load_backtest",
    "load_calibration",
    "load_mechanisms",
    "load_study",
    "mechanisms",
    "replay",
    "run",
    "save",
    "status",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command answers at once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> "builtins.list[str]":
    return __all__
