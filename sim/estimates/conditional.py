"""How likely something is in the runs in which something else is so: a ratio of two counts, rows as clusters.

The error is that of the ratio's linear part, (A - p) C / mean(C) for the events A and the condition C, over all runs
(Cochran 1977, ch. 6.10), in which runs that share a row of a posterior count as a cluster. The interval is that of a
count (Clopper & Pearson 1934, 10.1093/biomet/26.4.404) of as many runs as would have that error (Korn & Graubard 1998);
where all or none of the runs have the event, of as many as there are rows, by how evenly runs are spread over them.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from sim.estimates.sample import estimate, sample
from sim.model.arrays import Array, Flags, indicator


class Share(NamedTuple):
    """A probability with its Monte Carlo error and 95 % interval, rows of the posterior drawn as well. (...)"""

    mean: Array
    mcse: Array
    low: Array
    high: Array


def share_given(
    events: Flags, condition: Flags, rows: int = 0, distinct: float | None = None, level: float = 0.95
) -> Share:
    """Estimate the probability of events in the runs of a condition.

    Parameters
    ----------
    events : (..., run), of runs 0, 1, 2, ... in order.
    condition : (run,), true in one of them at least.
    rows, distinct : of a posterior that runs take in turn, as :func:`sim.estimates.sample.sample` has them.
    level : of the interval.

    Examples
    --------
    >>> condition = np.arange(400) < 100
    >>> found = share_given(np.arange(400) < 25, condition)
    >>> [round(float(x), 3) for x in found]
    [0.25, 0.043, 0.169, 0.347]
    """
    weight = indicator(condition)
    runs = float(weight.sum())
    happens = indicator(events)
    p = (happens * weight).sum(axis=-1) / runs
    linear = (happens - p[..., None]) * weight * (len(weight) / runs)
    flat = linear.reshape(-1, len(weight))
    error = np.array([float(estimate(sample(x, rows, distinct))[1]) for x in flat]).reshape(p.shape)
    binomial = p * (1.0 - p)
    apart = _apart(condition, rows)
    count = np.where(error > 0.0, np.minimum(binomial / np.maximum(error, 1e-9) ** 2, runs), apart)
    tail = (1.0 - level) / 2.0
    low = betaincinv(np.maximum(count * p, 1e-12), count * (1.0 - p) + 1.0, tail)
    high = betaincinv(count * p + 1.0, np.maximum(count * (1.0 - p), 1e-12), 1.0 - tail)
    return Share(p, error, np.where(p > 0.0, np.minimum(low, p), 0.0), np.where(p < 1.0, np.maximum(high, p), 1.0))


def _apart(condition: Flags, rows: int) -> float:
    """How many rows the runs of a condition tell as much as: (sum n)^2 / sum n^2 over rows; the runs without rows."""
    where = np.flatnonzero(condition)
    counts = np.bincount(where % rows) if rows else np.ones(len(where))
    return float(counts.sum() ** 2 / (counts**2).sum())
