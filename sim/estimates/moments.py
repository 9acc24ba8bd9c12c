"""Running summaries over runs: means with their Monte Carlo standard error, and quantiles.

Memory does not grow with the number of runs. Blocks are merged in their order by the parallel formula
of Chan, Golub & LeVeque (1983, 10.1080/00031305.1983.10483115), so a result does not depend on which
worker finished first.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array
from sim.model.outcomes import QUANTILES

LEVELS = tuple(QUANTILES.values())
QUANTILE_BLOCKS = 2
"""Quantiles are averages of the quantiles of this many first blocks (8,192 runs)."""


class Moments(NamedTuple):
    """Of one quantity, arrays of one shape: runs, mean and sum of squared deviations."""

    n: Array
    mean: Array
    squares: Array


class Sums(NamedTuple):
    """Over the runs of a block: how many, their sum and their sum of squares."""

    n: float
    total: Array
    squares: Array


def sums(x: Array) -> Sums:
    """Over the last axis (runs). NaN, allowed in one-dimensional arrays, means not defined."""
    if x.ndim == 1:
        x = x[~np.isnan(x)]
    return Sums(x.shape[-1], x.sum(axis=-1), np.einsum("...r,...r->...", x, x))


def moments(parts: Sequence[Sums]) -> Moments:
    """The moments of one block, with the tick as first axis."""
    total = np.stack([np.asarray(p.total) for p in parts])
    squares = np.stack([np.asarray(p.squares) for p in parts])
    n = np.broadcast_to(np.array([p.n for p in parts]).reshape(-1, *(1,) * (total.ndim - 1)), total.shape)
    mean = total / np.maximum(n, 1.0)
    return Moments(n, mean, np.maximum(squares - mean * total, 0.0))


def merge(a: Moments, b: Moments) -> Moments:
    """The moments of two sets of runs together."""
    n = a.n + b.n
    gap = b.mean - a.mean
    share = b.n / np.maximum(n, 1.0)
    return Moments(n, a.mean + gap * share, a.squares + b.squares + gap * gap * a.n * share)


def mcse(m: Moments) -> Array:
    """Monte Carlo standard error of the mean; NaN for fewer than two runs."""
    enough = m.n > 1
    variance = m.squares / np.where(enough, m.n - 1.0, 1.0)
    return np.where(enough, np.sqrt(variance / np.maximum(m.n, 1.0)), np.nan)


def quantiles(x: Array) -> Array:
    """Quantiles over the last axis at LEVELS, in a new last axis; NaN where nothing is defined."""
    if x.ndim == 1:
        x = x[~np.isnan(x)]
    if not x.shape[-1]:
        return np.full((*x.shape[:-1], len(LEVELS)), np.nan)
    return np.moveaxis(np.quantile(x, LEVELS, axis=-1), 0, -1)


def jackknife(left_out: Array) -> Array:
    """Standard error of an estimate from those that leave out each part in turn, (..., part) to (...).

    (Efron & Stein 1981, 10.1214/aos/1176345462.)
    """
    return np.asarray(np.sqrt((left_out.shape[-1] - 1.0) * left_out.var(axis=-1)))
