"""Running summaries over runs: means with their Monte Carlo standard error, and quantiles.

Memory does not grow with the number of runs. Blocks are merged in their order by the parallel formula
of Chan, Golub & LeVeque (1983, 10.1080/00031305.1983.10483115), so a result does not depend on which
worker finished first.
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
QUANTILE_BLOCKS = 8
"""Quantiles are averages of the quantiles of this many first blocks (16,384 runs)."""


class Moments(NamedTuple):
    """Of one quantity, arrays of one shape: runs, mean and sum of squared deviations."""

    n: Array
    mean: Array
    squares: Array


def moments(x: Array) -> Moments:
    """Over the last axis (runs); NaN means not defined in that run."""
    n = np.full(x.shape[:-1], float(x.shape[-1]))
    if x.ndim == 1:
        x = x[~np.isnan(x)]
        n = np.asarray(float(x.size))
    mean = np.asarray(x.sum(axis=-1) / np.maximum(n, 1.0))
    gap = x - mean[..., None]
    return Moments(n, np.where(n > 0, mean, 0.0), np.einsum("...r,...r->...", gap, gap))


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
