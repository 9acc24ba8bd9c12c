"""How well a sign tells cases from others: the area under its ROC curve, with clusters.

The area is the probability that a case shows more of the sign than another does, one half by chance. Its error is that
of placements (DeLong, DeLong & Clarke-Pearson 1988, 10.2307/2531595), added up in clusters (Obuchowski 1997,
10.2307/2533958).
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array
from sim.model.noise import Indices
from sim.model.outcomes import Z95

FEW = 20
"""Clusters of cases below which the error is no less than it can be at most, by van Dantzig (1951)."""


class Area(NamedTuple):
    """Under a ROC curve, with the ends of its 95 % interval; NaN without cases or without others."""

    area: float
    mcse: float
    low: float
    high: float


def area(cases: Array, others: Array, cases_in: Indices, others_in: Indices) -> Area:
    """Estimate the area.

    Parameters
    ----------
    cases, others : (n,), how much of the sign each shows.
    cases_in, others_in : (n,), the number of the cluster in which it is.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> round(area(x + 1.0, x, np.arange(4), np.arange(4, 8)).area, 3)
    0.719
    """
    if not len(cases) or not len(others):
        return Area(*[float("nan")] * 4)
    below = _placed(cases, others)  # share of others below each case
    above = 1.0 - _placed(others, cases)
    a = float(below.mean())
    clusters = int(max(cases_in.max(), others_in.max())) + 1
    parts = np.bincount(cases_in, (below - a) / len(cases), clusters)
    parts = parts + np.bincount(others_in, (above - a) / len(others), clusters)
    there = len(np.union1d(cases_in, others_in))
    error = float(np.sqrt(there / max(there - 1.0, 1.0) * (parts**2).sum())) if there > 1 else float("nan")
    few = min(len(np.unique(cases_in)), len(np.unique(others_in)))
    if few < FEW:
        error = max(error, float(np.sqrt(max(a * (1.0 - a), 0.0) / few)))
    return Area(a, error, max(a - Z95 * error, 0.0), min(a + Z95 * error, 1.0))


def _placed(x: Array, among: Array) -> Array:
    """The share of ``among`` below each of ``x``, ties by half."""
    known = np.sort(among)
    lower, upper = (np.searchsorted(known, x, side=side) for side in ("left", "right"))
    return np.asarray((lower + upper) / (2.0 * len(known)))
