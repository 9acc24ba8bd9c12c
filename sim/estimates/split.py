"""How much of the variance of an outcome is parameters (coefficients, coded values), inputs to come, and chance.

By the law of total variance Var(Y) = Var(E[Y | draw]) + E[Var(E[Y | draw, future] | draw)] + E[Var(Y | draw, future)].
The first term would go if the parameters were known, the second if what inputs will be were known too, the third would
stay; the first's part in the whole is the first-order variance share (Sobol index) of all parameters together
(Saltelli et al. 2010, 10.1016/j.cpc.2009.09.018). For an event of probability p the terms add up to p (1 - p).

The terms are estimated by analysis of variance (nested random effects, Searle, Casella & McCulloch
1992, 10.1002/9780470316856): from the spread of means what their few runs add is taken off.
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
    futures: Array
    """Mean variance over the futures of a draw."""
    inside: Array
    """Mean variance over the runs of a future."""

    def variances(self, futures: int, runs: int, event: bool) -> tuple[Array, Array, Array]:
        """The variance between draws, that between futures, and the whole; unbiased, so that one may be negative."""
        seen = self.squares / (self.draws - 1.0)
        inputs = self.futures - self.inside / runs
        between = seen - (self.futures if futures > 1 else self.inside / runs) / futures
        if event:
            return between, inputs, self.mean * (1.0 - self.mean) + seen / self.draws
        return between, inputs, between + self.inside + (inputs if futures > 1 else 0.0)


def variance_shares(by_draw: Array, event: bool) -> Array:
    """The shares of the variance that parameters and inputs to come have, with their errors, (..., 2, 2).

    Parameters
    ----------
    by_draw : values (..., draw, future, run), the runs of a draw sharing its parameters, those of a future its inputs.
    event : whether a value is the probability of an event in a run, not the event itself; then the
        whole variance is p (1 - p), of which such values show only a part.

    Returns
    -------
    For parameters, then for inputs, the share in [0, 1], and its error by the jackknife over draws (Efron & Stein
    1981, 10.1214/aos/1176345462). NaN where nothing varies, where a run does not define the quantity, and for fewer
    than three draws; for inputs with one future a draw.
    """
    draws, futures, runs = by_draw.shape[-3:]
    if draws < 3 or runs < 2:
        return np.full((*by_draw.shape[:-3], 2, 2), np.nan)
    of_futures = by_draw.mean(axis=-1)
    means, inside = of_futures.mean(axis=-1), by_draw.var(axis=-1, ddof=1).mean(axis=-1)
    between = of_futures.var(axis=-1, ddof=1) if futures > 1 else np.zeros(means.shape)
    centre, chance, apart_futures = (x.mean(axis=-1) for x in (means, inside, between))
    apart = means - centre[..., None]
    squares = (apart**2).sum(axis=-1)
    less = draws - 1.0
    without_one = Terms(
        less,
        centre[..., None] - apart / less,
        squares[..., None] - apart**2 * draws / less,
        *(
            whole[..., None] + (whole[..., None] - x) / less
            for whole, x in ((apart_futures, between), (chance, inside))
        ),
    )
    *parts, whole = Terms(draws, centre, squares, apart_futures, chance).variances(futures, runs, event)
    *rests, rest = without_one.variances(futures, runs, event)
    varies, still = whole > ROUNDING * centre**2, rest > np.maximum(HARDLY * whole, np.finfo(float).tiny)[..., None]
    found = []
    for part, left in zip(parts, rests, strict=True):
        share = np.clip(part / np.where(varies, whole, 1.0), 0.0, 1.0)
        error = jackknife(np.where(still, left / np.where(still, rest, 1.0), 0.0))
        found.append(np.where(varies[..., None], np.stack([share, error], axis=-1), np.nan))
    if futures == 1:
        found[1] = np.full_like(found[0], np.nan)
    return np.stack(found, axis=-2)
