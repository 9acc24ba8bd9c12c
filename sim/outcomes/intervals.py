"""Intervals over what is uncertain: coefficients and coded values, chance taken out.

A block of its own holds DRAWS draws of everything uncertain with REPLICATES runs of each. The mean of a
draw's runs estimates its probability; what chance adds to the spread of these means is known from the
spread inside draws, and is taken out by shrinking them towards their mean (one-way random effects,
Searle, Casella & McCulloch 1992, 10.1002/9780470316856).
"""

from collections.abc import Iterable

import numpy as np

from sim.model.arrays import Array
from sim.model.noise import BLOCK
from sim.model.tick import Record
from sim.model.variables import RUNGS
from sim.outcomes.incidence import followed
from sim.outcomes.moments import LEVELS
from sim.outcomes.quantities import OUTCOMES, rungs

REPLICATES = 16
DRAWS = BLOCK // REPLICATES
INTERVAL_BLOCK = 1 << 30
"""The name of the block, beyond all blocks of runs."""


def spread_of_draws(x: Array) -> Array:
    """Quantiles at LEVELS of the probability of a draw, (..., level), from runs (..., BLOCK)."""
    by_draw = x.reshape(*x.shape[:-1], DRAWS, REPLICATES)
    means = by_draw.mean(axis=-1)
    chance = by_draw.var(axis=-1, ddof=1).mean(axis=-1) / REPLICATES
    seen = means.var(axis=-1, ddof=1)
    share = np.sqrt(np.maximum(seen - chance, 0.0) / np.maximum(seen, 1e-300))
    centre = means.mean(axis=-1, keepdims=True)
    shrunk = np.clip(centre + share[..., None] * (means - centre), 0.0, 1.0)
    return np.moveaxis(np.quantile(shrunk, LEVELS, axis=-1), 0, -1)


def intervals(records: Iterable[Record]) -> dict[str, Array]:
    """By outcome and rung the quantiles (tick, member, level) over uncertain coefficients and inputs."""
    found: dict[str, list[Array]] = {}
    for record, incidence in followed(records):
        values = {**incidence.estimates(record.alive), **rungs(record)}
        for name in (*OUTCOMES, *RUNGS):
            x = np.broadcast_to(values[name], record.stance.shape)
            found.setdefault(name, []).append(spread_of_draws(x))
    return {name: np.stack(over_time) for name, over_time in found.items()}
