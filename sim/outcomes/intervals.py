"""Intervals over what is uncertain: coefficients and coded values, chance taken out.

A block of its own holds BLOCK / REPLICATES draws of everything uncertain with REPLICATES runs of each. The mean of a
draw's runs estimates its probability; what chance adds to the spread of these means is known from the
spread inside draws, and is taken out by shrinking them towards their mean (one-way random effects,
Searle, Casella & McCulloch 1992, 10.1002/9780470316856).
"""

from collections.abc import Iterable, Mapping

import numpy as np

from sim.model.arrays import Array
from sim.model.tick import Record
from sim.outcomes.incidence import followed
from sim.outcomes.moments import LEVELS
from sim.outcomes.quantities import PROBABILITIES, quantities

REPLICATES = 16
INTERVAL_BLOCK = 1 << 30
"""The name of the block, beyond all blocks of runs."""


def spread_of_draws(x: Array) -> Array:
    """Quantiles at LEVELS of the probability of a draw, (..., level), from runs (..., run)."""
    by_draw = x.reshape(*x.shape[:-1], -1, REPLICATES)
    means = by_draw.mean(axis=-1)
    chance = by_draw.var(axis=-1, ddof=1).mean(axis=-1) / REPLICATES
    seen = means.var(axis=-1, ddof=1)
    share = np.sqrt(np.maximum(seen - chance, 0.0) / np.maximum(seen, 1e-300))
    centre = means.mean(axis=-1, keepdims=True)
    shrunk = np.clip(centre + share[..., None] * (means - centre), 0.0, 1.0)
    return np.moveaxis(np.quantile(shrunk, LEVELS, axis=-1), 0, -1)


def intervals(records: Iterable[Record]) -> dict[str, Array]:
    """By probability the quantiles (tick, [member,] level) over uncertain coefficients and inputs."""
    found: dict[str, list[Array]] = {}
    for record, incidence in followed(records):
        add_spread(found, quantities(record, incidence, PROBABILITIES))
    return {name: np.stack(over_time) for name, over_time in found.items()}


def add_spread(found: dict[str, list[Array]], values: Mapping[str, Array]) -> None:
    """Append one tick's quantiles of every probability."""
    for name, x in values.items():
        found.setdefault(name, []).append(spread_of_draws(x))
