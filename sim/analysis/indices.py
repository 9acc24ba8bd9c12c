"""Indices of sensitivity from designed points, chance taken out.

Every point is run in two halves whose draws are independent. Chance adds to the square of an outcome, but not to the
product of its two halves, whose expectation is the square of what the outcome would be without chance. So estimators
that are quadratic in the outcome are taken of halves: the part that a single sample would book as interaction cancels.
Draws that are common to all points of a half (common random numbers) change nothing in that.

Sobol indices are estimated as SALib does (Saltelli et al. 2010, 10.1016/j.cpc.2009.09.018), with which they agree where
there is no chance; elementary effects are those of Morris (1991, 10.1080/00401706.1991.10484804) and Campolongo et al.
(2007, 10.1016/j.envsoft.2006.10.004).
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array

RESAMPLES = 1000
ENDS = (2.5, 97.5)
"""Of intervals, in percent of the bootstrap's samples."""


class Interval(NamedTuple):
    """An estimate and its 95 % interval by bootstrap."""

    value: Array
    low: Array
    high: Array

    @property
    def resolved(self) -> Array:
        """1 where the interval does not hold zero, else 0."""
        return np.where((self.low > 0.0) | (self.high < 0.0), 1.0, 0.0)


class Sobol(NamedTuple):
    """Shares of the variance over the design, chance taken out."""

    first: Interval
    """What each factor does alone. (factor,)"""
    total: Interval
    """With all its interactions. (factor,)"""
    additive: Interval
    """All first-order shares together; what they lack of 1 are interactions. ()"""
    variance: Interval
    """Of the outcome over the design. ()"""
    chance: float
    """The share of chance in the variance of what the points' runs give, which is taken out."""


class Morris(NamedTuple):
    """Elementary effects: changes of the outcome, per whole range of a factor. (factor,)"""

    mean: Interval
    size: Interval
    """Mean size, mu*: of an effect by the sign that the other half gives it, so that chance may hide, not make it."""
    spread: Interval
    """Standard deviation, sigma: other than 0 where an effect is not the same everywhere."""
    chance: float
    """The share of chance in the mean square of effects, which is taken out."""


def bootstrap(groups: int, seed: int) -> Array:
    """Weights of groups of points, (resample, group), the first all 1: the estimate itself."""
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1.0 / groups), RESAMPLES)
    return np.vstack([np.ones(groups), drawn]) / groups


def _interval(x: Array) -> Interval:
    """Of (resample, ...), the first the estimate."""
    low, high = np.percentile(x[1:], ENDS, axis=0)
    return Interval(x[0], low, high)


def sobol(y: Array, seed: int = 1) -> Sobol:
    """First-order and total indices.

    Parameters
    ----------
    y : outcome (half, base point, factor + 2): at A, at A with each coordinate of B in turn, at B.
    seed : of the bootstrap over base points.
    """
    y = y - y.mean(axis=(1, 2), keepdims=True)
    weights = bootstrap(y.shape[1], seed)
    a, mixed, b = y[..., :1], y[..., 1:-1], y[..., -1:]
    alone = weights @ ((b[0] * (mixed - a)[1] + b[1] * (mixed - a)[0]) / 2.0)
    within = weights @ ((mixed - a)[0] * (mixed - a)[1] / 2.0)
    ends = np.concatenate([a, b], axis=-1)
    means = [weights @ half.mean(axis=-1) for half in ends]
    variance = weights @ (ends[0] * ends[1]).mean(axis=-1) - means[0] * means[1]
    chance = float(((ends[0] - ends[1]) / 2.0).var())
    share = chance / (chance + variance[0]) if variance[0] > 0.0 else 1.0 if chance else 0.0
    whole = np.where(variance > 0.0, variance, np.nan)[:, None]
    with np.errstate(invalid="ignore"):
        first, total = alone / whole, within / whole
    return Sobol(_known(first), _known(total), _known(first.sum(axis=1)), _interval(variance), share)


def _known(x: Array) -> Interval:
    """Of shares that may not be defined in some resamples, in which nothing varies: then in none."""
    return Interval(*(np.full(x.shape[1:], np.nan),) * 3) if np.isnan(x).any() else _interval(x)


def effects(x: Array, y: Array) -> Array:
    """Elementary effects (..., walk, factor) of outcomes (..., walk, step) along walks in the unit cube.

    ``x``: the places of the walks, (walk, step, factor).
    """
    moves = np.diff(x, axis=1)
    factor = np.abs(moves).argmax(axis=2)
    by_step = np.diff(y, axis=-1) / np.take_along_axis(moves, factor[..., None], axis=2)[..., 0]
    return np.take_along_axis(by_step, np.broadcast_to(np.argsort(factor, axis=1), by_step.shape), axis=-1)


def morris(x: Array, y: Array, seed: int = 1) -> Morris:
    """Elementary effects of outcomes (half, walk, step) along walks in the unit cube (walk, step, factor)."""
    one, other = effects(x, y)
    walks = len(one)
    weights = bootstrap(walks, seed)
    mean = weights @ ((one + other) / 2.0)
    size = weights @ ((np.sign(one) * other + np.sign(other) * one) / 2.0)
    square = weights @ (one * other) - (weights @ one) * (weights @ other)
    spread = np.sqrt(np.maximum(square * walks / (walks - 1.0), 0.0))
    chance, kept = float(((one - other) ** 2).mean() / 4.0), float((one * other).mean())
    share = chance / (chance + kept) if kept > 0.0 else 1.0 if chance else 0.0
    return Morris(_interval(mean), _interval(size), _interval(spread), share)
