"""How much of the variance of an outcome is parameters (coefficients, coded values), how much chance.

By the law of total variance Var(Y) = Var(E[Y | draw]) + E[Var(Y | draw)]. The first term would go if
the parameters were known, the second would stay; its part in the whole is the first-order variance
share (Sobol index) of all parameters together (Saltelli et al. 2010, 10.1016/j.cpc.2009.09.018). For an
event of probability p, p_d in draw d, the terms are Var(p_d) and E[p_d (1 - p_d)], together p (1 - p).

The terms are estimated by analysis of variance (one-way random effects, Searle, Casella & McCulloch
1992, 10.1002/9780470316856): from the spread of the draws' means what their few runs add is taken off.
"""

from typing import NamedTuple

import numpy as np

from sim.estimates.sample import jackknife
from sim.model.arrays import Array

ROUNDING = 1e-24
"""Variances below this times the squared mean are rounding: the quantity does not vary."""
HARDLY = 1e-9
"""So much less variance without one draw means that all of it was in that draw."""


class Terms(NamedTuple):
    """Of all draws, or of all but one."""

    draws: float
    mean: Array
    squares: Array
    """Sum of squared deviations of the draws' means."""
    inside: Array
    """Mean variance over the runs of a draw."""

    def variances(self, runs: int, event: bool) -> tuple[Array, Array]:
        """The variance between draws, and the whole; unbiased, so the first may be negative."""
        seen = self.squares / (self.draws - 1.0)
        between = seen - self.inside / runs
        if event:
            return between, self.mean * (1.0 - self.mean) + seen / self.draws
        return between, between + self.inside


def parameter_share(by_draw: Array, event: bool) -> Array:
    """The parameters' share of the variance and its Monte Carlo standard error, (..., 2).

    Parameters
    ----------
    by_draw : values (..., draw, run), the runs of a draw sharing its parameters.
    event : whether a value is the probability of an event in a run, not the event itself; then the
        whole variance is p (1 - p), of which such values show only a part.

    Returns
    -------
    The share in [0, 1], and its error by the jackknife over draws (Efron & Stein 1981,
    10.1214/aos/1176345462). NaN where nothing varies, where a run does not define the quantity, and
    for fewer than three draws.
    """
    draws, runs = by_draw.shape[-2:]
    if draws < 3 or runs < 2:
        return np.full((*by_draw.shape[:-2], 2), np.nan)
    means = by_draw.mean(axis=-1)
    inside = by_draw.var(axis=-1, ddof=1)
    centre, chance = means.mean(axis=-1), inside.mean(axis=-1)
    apart = means - centre[..., None]
    squares = (apart**2).sum(axis=-1)
    less = draws - 1.0
    without_one = Terms(
        less,
        centre[..., None] - apart / less,
        squares[..., None] - apart**2 * draws / less,
        chance[..., None] + (chance[..., None] - inside) / less,
    )
    between, whole = Terms(draws, centre, squares, chance).variances(runs, event)
    varies = whole > ROUNDING * centre**2
    share = between / np.where(varies, whole, 1.0)
    between, rest = without_one.variances(runs, event)
    still = rest > HARDLY * whole[..., None]
    shares = np.where(still, between / np.where(still, rest, 1.0), 0.0)
    found = np.stack([np.clip(share, 0.0, 1.0), jackknife(shares)], axis=-1)
    return np.where(varies[..., None], found, np.nan)
