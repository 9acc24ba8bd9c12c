"""Which levers matter most: each put to 0 and to 1 from the start of the forecast on, in a few paired runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.engines.ensemble import Piece
from sim.estimates.paired import See, unseen
from sim.estimates.side_by_side import side_by_side
from sim.model.arrays import Array
from sim.model.outcomes import Z95
from sim.scenario.compile import compile, vary
from sim.scenario.load import Scenario
from sim.server.single import SEED
from sim.studies.tables import Factor
from sim.studies.target import adjustments, target

RUNS = 64
"""Of each end of each lever."""
JUDGED = ("cohesion", "any_exit")
"""Outcomes, each from 0 to 1, by which levers are ordered."""


class Effect(NamedTuple):
    """Of a lever from 0 to 1 on the outcome that it moves more, at the end, and whether chance can be ruled out."""

    path: str
    outcome: str
    difference: float
    reach: float
    """Of its 95 % interval to either side: of the mean over runs, each with its own chance and coefficients."""
    clear: bool


def order(scenario: Scenario, paths: Sequence[str], see: See = unseen) -> list[Effect]:
    """The levers' effects, those that are clear first, the largest first."""
    program, time = compile(scenario), scenario.tables.time
    programs = []
    for path in paths:
        factor = Factor.model_validate({"path": path, "from": time.forecast_from or time.start})
        to, _ = target(factor, scenario, "", "")
        programs += [vary(program, scenario, adjustments(factor, to, end), {}) for end in (0.0, 1.0)]
    last = program.forecast_ticks
    views = side_by_side(programs, SEED, Piece(0, slice(0, RUNS)), dict.fromkeys(JUDGED, (last,)), see=see)
    shown = {v.program: {name: np.array(v.values[name]) for name in JUDGED} for v in views}
    effects = [
        max((_effect(path, name, shown[2 * k + 1][name] - shown[2 * k][name]) for name in JUDGED), key=_weight)
        for k, path in enumerate(paths)
    ]
    return sorted(effects, key=_weight, reverse=True)


def _effect(path: str, outcome: str, differences: Array) -> Effect:
    """From differences run by run; a run that leaves one undefined, after dissolution, says nothing."""
    x = differences[np.isfinite(differences)]
    if len(x) < 2:
        return Effect(path, outcome, 0.0, 0.0, False)
    reach = Z95 * float(x.std(ddof=1)) / len(x) ** 0.5
    mean = float(x.mean())
    return Effect(path, outcome, round(mean, 3), round(reach, 3), abs(mean) > reach)


def _weight(e: Effect) -> tuple[bool, float]:
    return e.clear, abs(e.difference)
