"""Uncertainty from what is uncertain: coefficients and coded values, chance taken out.

A block of its own holds BLOCK / REPLICATES draws of everything uncertain with REPLICATES runs of each. The mean of a
draw's runs estimates its probability; what chance adds to the spread of these means is known from the
spread inside draws, and is taken out by shrinking them towards their mean (one-way random effects,
Searle, Casella & McCulloch 1992, 10.1002/9780470316856).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sim.estimates.incidence import quantities, with_incidence
from sim.estimates.sample import LEVELS
from sim.estimates.split import parameter_share
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES
from sim.model.tick import Record

REPLICATES = 16
INTERVAL_BLOCK = 1 << 30
"""The name of the block, beyond all blocks of runs."""


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
    share = np.sqrt(np.maximum(seen - chance, 0.0) / np.maximum(seen, 1e-300))
    centre = means.mean(axis=-1, keepdims=True)
    shrunk = np.clip(centre + share[..., None] * (means - centre), low, high)
    return np.moveaxis(np.quantile(shrunk, LEVELS, axis=-1), 0, -1)


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
