"""The model as a forecaster: what its futures say, from all of them and from parts of them."""

import numpy as np

from sim.backtest.known import Origin, Told, changed, conduct_told
from sim.inference.forecast import Forecast
from sim.model.arrays import Array, Flags

PARTS = 16
"""Parts of the draws that are left out in turn for Monte Carlo standard errors (jackknife)."""


def told(o: Origin, f: Forecast, runs: slice | Flags = slice(None)) -> Told:
    """The forecast of some of the runs."""
    crossed = changed(f.status, o)[..., runs]
    answers = [f.answers[m.name] for m in o.after]
    return Told(
        crossed.mean(axis=2),
        [conduct_told(a, m.rows, runs) for a, m in zip(answers, o.after, strict=True)],
        [a.cohesion[runs] for a in answers],
    )


def without_parts(o: Origin, f: Forecast) -> list[Told]:
    """The forecasts that leave out each part of the draws in turn."""
    return [told(o, f, part_of(f.status.shape[2], f.draws) != k) for k in range(PARTS)]


def part_of(runs: int, draws: int) -> Array:
    """To which part each run belongs; the runs of a draw stay together."""
    return np.asarray(np.arange(runs) // (runs // draws) % PARTS)


def jackknife(values: Array) -> float:
    """Standard error of an estimate from those that leave out each part in turn. (Efron & Stein 1981, 10.1214/aos/1176345462.)"""
    n = len(values)
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))
