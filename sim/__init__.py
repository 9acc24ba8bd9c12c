"""alliance-cohesion: what holds an alliance together, who leaves it, when, and what would change that.

>>> import sim
>>> result = sim.run(sim.load("scenarios/csto/outlook-2023.toml"), runs=1_000, seed=1)  # doctest: +SKIP
"""

import builtins
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.errors import InputError, Problem
    from sim.outcomes.replay import Story, replay
    from sim.outcomes.result import Result
    from sim.outcomes.run import run
    from sim.outcomes.save import save
    from sim.scenario.catalogue import list
    from sim.scenario.check import check
    from sim.scenario.explain import Explanation, explain
    from sim.scenario.load import Scenario, load
    from sim.studies.compare import Comparison, compare

_HOMES = {
    "InputError": "sim.errors",
    "Problem": "sim.errors",
    "Scenario": "sim.scenario.load",
    "load": "sim.scenario.load",
    "check": "sim.scenario.check",
    "compare": "sim.studies.compare",
    "Comparison": "sim.studies.compare",
    "explain": "sim.scenario.explain",
    "Explanation": "sim.scenario.explain",
    "list": "sim.scenario.catalogue",
    "run": "sim.outcomes.run",
    "Result": "sim.outcomes.result",
    "save": "sim.outcomes.save",
    "replay": "sim.outcomes.replay",
    "Story": "sim.outcomes.replay",
}

__all__ = [
    "Comparison",
    "Explanation",
    "InputError",
    "Problem",
    "Result",
    "Scenario",
    "Story",
    "check",
    "compare",
    "explain",
    "list",
    "load",
    "replay",
    "run",
    "save",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command answers at once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> "builtins.list[str]":
    return __all__
