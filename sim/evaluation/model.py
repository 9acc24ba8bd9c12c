"""The model as a forecaster: what its futures say, from all of them and from parts of them."""

import numpy as np

from sim.evaluation.origin import Origin, Told, changed, conduct_told
from sim.inference.forecast import Forecast
from sim.model.arrays import Array, Flags

PARTS = 16
"""Parts of the draws that are left out in turn for Monte Carlo standard errors (jackknife)."""


def told(o: Origin, f: Forecast) -> Told:
    """The forecast of all runs."""
    return _of_runs(o, f, changed(f.status, o), slice(None))


def without_parts(o: Origin, f: Forecast) -> list[Told]:
    """The forecasts that leave out each part of the draws in turn."""
    crossed, part = changed(f.status, o), part_of(f.status.shape[2], f.draws)
    return [_of_runs(o, f, crossed, part != k) for k in range(PARTS)]


def _of_runs(o: Origin, f: Forecast, crossed: Flags, runs: slice | Flags) -> Told:
    answers = [f.answers[m.name] for m in o.after]
    return Told(
        crossed[..., runs].mean(axis=2),
        [conduct_told(a, m.rows, runs) for a, m in zip(answers, o.after, strict=True)],
        [a.cohesion[runs] for a in answers],
    )


def part_of(runs: int, draws: int) -> Array:
    """To which part each run belongs; the runs of a draw stay together."""
    return np.asarray(np.arange(runs) // (runs // draws) % PARTS)
