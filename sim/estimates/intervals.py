"""Uncertainty from what is uncertain: coefficients and coded values, chance taken out.

A block of its own holds BLOCK / REPLICATES draws of everything uncertain with REPLICATES runs of each. The mean of a
draw's runs estimates its probability; what chance adds to the spread of these means is known from the
spread inside draws, and is taken out (one-way random effects, Searle, Casella & McCulloch 1992,
10.1002/9780470316856) by moving quantiles of the means, of a probability along beta distributions.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv

from sim.estimates.incidence import quantities, with_incidence
from sim.estimates.sample import LEVELS
from sim.estimates.split import parameter_share
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES
from sim.model.tick import Record

REPLICATES = 16
INTERVAL_BLOCK = 1 << 30
"""The name of the block, beyond all blocks of runs."""
NEARLY_NORMAL = 1e4
"""Beyond such parameters a beta distribution is a normal one, and the functions lose digits."""


class Uncertainty(NamedTuple):
    """By quantity, the tick as first axis."""

    quantiles: dict[str, Array]
    """(tick, [member,] level) of probabilities."""
    shares: dict[str, Array]
    """(tick, [member,] 2): the parameters' share of the variance, and its error."""


def draws_apart(x: Array) -> Array:
    """Runs (..., run) as (..., draw, run of the draw)."""
    return x.reshape(*x.shape[:-1], -1, REPLICATES)


def quantiles_over_draws(x: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """Quantiles at LEVELS of the mean of a draw, a probability or what else lies from ``low`` to ``high``.

    (..., level), from runs (..., run); NaN where a run leaves it undefined.
    """
    by_draw = draws_apart(x)
    means = by_draw.mean(axis=-1)
    chance = by_draw.var(axis=-1, ddof=1).mean(axis=-1) / REPLICATES
    seen = means.var(axis=-1, ddof=1)
    ends = np.moveaxis(np.quantile(means, LEVELS, axis=-1), 0, -1)
    moments = (x[..., None] for x in (means.mean(axis=-1), seen, np.maximum(seen - chance, 0.0)))
    return _without_chance(ends, *moments, low=low, high=high)


def _without_chance(ends: Array, mean: Array, seen: Array, kept: Array, *, low: float, high: float) -> Array:
    """Quantiles at LEVELS as they would be had chance not spread the draws.

    One goes where the same share of draws lies below, from the beta distribution on ``low`` to ``high`` of this
    ``mean`` and the variance ``seen`` to that of the variance ``kept``; from a bound, at which several draws may lie,
    to the quantile of the latter. Between infinite bounds, or for a spread that is small beside them, that is
    shrinking towards the mean; near a bound it keeps the skew, so that a small probability stays small.
    """
    shrunk = np.clip(mean + np.sqrt(kept / np.maximum(seen, 1e-300)) * (ends - mean), low, high)
    width = high - low
    if not np.isfinite(width):
        return np.asarray(shrunk)
    at = np.clip((mean - low) / width, 1e-12, 1.0 - 1e-12)
    before, after = (at * (1.0 - at) * width**2 / np.maximum(v, 1e-300) - 1.0 for v in (seen, kept))
    skewed = (before > 0.0) & (after > 0.0) & (after * np.minimum(at, 1.0 - at) < NEARLY_NORMAL)
    a, b = (np.where(skewed, s, 1.0) for s in (before, after))
    below = betainc(a * at, a * (1.0 - at), np.clip((ends - low) / width, 0.0, 1.0))
    below = np.where((low < ends) & (ends < high), below, LEVELS)
    moved = np.where(skewed, low + width * betaincinv(b * at, b * (1.0 - at), below), shrunk)
    return np.maximum.accumulate(moved, axis=-1)


def around(ends: Array, mean: Array) -> Array:
    """Quantiles (..., level) whose first and last hold the estimate (...), though it comes from other runs."""
    held = ends.copy()
    held[..., 0] = np.minimum(ends[..., 0], mean)
    held[..., -1] = np.maximum(ends[..., -1], mean)
    return held


def uncertainty(records: Iterable[Record]) -> Uncertainty:
    """What uncertain coefficients and inputs do to every quantity."""
    levels: dict[str, list[Array]] = {}
    shares: dict[str, list[Array]] = {}
    for record, incidence in with_incidence(records):
        values = quantities(record, incidence)
        add_quantiles(levels, {name: x for name, x in values.items() if OUTCOMES[name].probability})
        for name, x in values.items():
            share = parameter_share(draws_apart(x), OUTCOMES[name].probability)
            shares.setdefault(name, []).append(share)
    return Uncertainty(over_time(levels), over_time(shares))


def add_quantiles(found: dict[str, list[Array]], values: Mapping[str, Array]) -> None:
    """Append one tick's quantiles of every probability."""
    for name, x in values.items():
        found.setdefault(name, []).append(quantiles_over_draws(x))


def over_time(found: Mapping[str, list[Array]]) -> dict[str, Array]:
    """The ticks as first axis."""
    return {name: np.stack(ticks) for name, ticks in found.items()}
