"""Where the record leaves each draw of a posterior: states of the model, filtered by what was observed.

The filter of the likelihood goes through the record once more, with more particles; of each draw some are kept by their
weights, in random order, so that any of them alone is a draw of the state.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sim.inference.likelihood import Cloud, Target
from sim.inference.smc import chunks, generator
from sim.model.arrays import Array, each
from sim.model.tick import State
from sim.scenario.compile import past_of
from sim.scenario.load import Scenario
from sim.scenario.posterior import Lived
from sim.scenario.start import digests
from sim.storage.effort import Effort
from sim.storage.workers import imap

PARTICLES = 128
"""Of the filter, for each draw."""
KEPT = 4
"""States of a draw that are kept."""
STREAM = 3_000_008


def lived(scenario: Scenario, target: Target, z: Array, seed: int, by: Effort) -> Lived:
    """The record that draws (draw, coordinate) were fitted to, and the states at its end."""
    wide = replace(target, particles=PARTICLES)
    parts = list(imap(states, ((wide, *chunk) for chunk in chunks(z, (seed, STREAM))), by))
    program = target.program
    past = past_of(scenario, program, program.coefficients)
    return Lived(
        str(program.edges[target.ticks]),
        program.members,
        digests(past, target.ticks),
        each(lambda *x: np.concatenate(x, axis=-2), *parts),
    )


def states(target: Target, z: Array, key: Sequence[int]) -> State:
    """The states of some draws at the end of the record, (member, draw, state) and (draw, state)."""
    cloud = Cloud(target, z, generator(*key))
    for t in range(target.ticks):
        cloud.tick(t)
    order = cloud.rng.permuted(np.tile(np.arange(KEPT), (len(z), 1)), axis=1)

    def shuffled(x: Array) -> Array:
        by_draw = x.reshape(*x.shape[:-1], len(z), KEPT)
        return np.take_along_axis(by_draw, np.broadcast_to(order, by_draw.shape), axis=-1)

    return each(shuffled, cloud.survivors(KEPT))
