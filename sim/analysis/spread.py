"""How well a mean over draws is known: its error by chance, its interval over what is uncertain; and where from."""

from collections.abc import Sequence

import numpy as np

from sim.errors import plural
from sim.estimates.intervals import REPEATS, draws_without_chance
from sim.model.arrays import Array
from sim.model.outcomes import ENDS, QUANTILES
from sim.scenario.load import Scenario, not_fitted
from sim.storage.effort import Effort


def parted(x: Array) -> Array:
    """Runs (draw of all that is uncertain, run) as (draw, future of the inputs, run)."""
    return x.reshape(-1, REPEATS.draw // x.shape[-1], x.shape[-1])


def error_over_draws(x: Array) -> float:
    """Standard error of the mean of all runs (draw, run); draws are clusters, runs without a value are left out."""
    return error_over_clusters(x.reshape(-1, REPEATS.draw))


def error_over_clusters(x: Array) -> float:
    """Standard error of the mean of all values (cluster, value) that there are."""
    there = np.isfinite(x)
    apart = np.where(there, x - np.nanmean(x), 0.0)
    sums = apart.sum(axis=1)
    n = len(sums)
    return float(np.sqrt((sums**2).sum() * n / max(n - 1, 1)) / there.sum())


def linear(x: Array, axes: tuple[int, ...]) -> Array:
    """Values with the same mean as those that are defined, over some axes, each with its part in that mean's error.

    (By linearisation of the ratio of sums.) NaN where nothing is defined.
    """
    there = np.isfinite(x)
    if there.all():
        return x
    share = there.mean(axis=axes, keepdims=True)
    means = np.where(there, x, 0.0).mean(axis=axes, keepdims=True) / np.where(share > 0.0, share, np.nan)
    return np.asarray(means + np.where(there, x - means, 0.0) / np.where(share > 0.0, share, np.nan))


def spread_over_draws(x: Array, mean: float, low: float, high: float) -> dict[str, float]:
    """The 90 % interval over what is uncertain of runs (draw, run) that lie between bounds; it holds the mean."""
    draws = draws_without_chance(x, low, high)
    ends = np.quantile(draws[np.isfinite(draws)], [QUANTILES[e] for e in ENDS])
    return dict(zip(ENDS, (min(float(ends[0]), mean), max(float(ends[1]), mean)), strict=True))


def footer(what: str, by: Effort, begins: str, scenarios: Sequence[Scenario], *more: str) -> str:
    """Where the numbers of an analysis come from."""
    runs = f"{plural(by.runs, 'run')} each with common random numbers, seed {by.seed}"
    return "  |  ".join(filter(None, (what, *more, runs, begins, not_fitted(scenarios))))
