"""Where the record leaves each draw of a posterior: states of the model, filtered by what was observed.

The filter of the likelihood goes through the record once more, with more particles; of each draw some are kept by their
weights, in random order, so that any of them alone is a draw of the state, and with it the particles from which each
descends: the noise that the record reveals (Kitagawa 1996, 10.1080/10618600.1996.10474692, section 5).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.inference.likelihood import Cloud, Indices, Target
from sim.inference.smc import CHUNK, chunks, generator
from sim.model.arrays import Array, Codes, each
from sim.model.noise import of_filter
from sim.model.tick import State
from sim.scenario.compile import past_of
from sim.scenario.load import Scenario
from sim.scenario.posterior import Lived
from sim.scenario.start import digests
from sim.storage.effort import Effort
from sim.storage.workers import imap

PARTICLES = 128
"""Of the filter, for each draw; no more, as a signed byte says which."""
KEPT = 4
"""States of a draw that are kept: with 1,024 draws as many as a block has runs."""
STREAM = 3_000_008


class Ends(NamedTuple):
    """What is kept of some draws."""

    states: State
    """(member, draw, state) and (draw, state)."""
    ancestors: Codes
    """(draw, state, edge)."""


class Traced(Cloud):
    """A filter that knows of each particle from which it descends, and whose noise can be made again."""

    leans = False

    def __init__(self, target: Target, z: Array, key: Sequence[int]) -> None:
        self.key = key
        self.lines = np.zeros((len(z), target.particles, target.ticks + 1), dtype=np.int8)
        self.own = np.arange(target.particles, dtype=np.int8)
        super().__init__(target, z, generator(*key))

    def normals(self, edge: int) -> Array:
        """By the key and the tick alone."""
        self.lines[..., edge] = self.own
        return of_filter(self.key, edge, self.shape)

    def descend(self, draws: Indices, picked: Indices) -> None:
        """Particles take their ancestors with them."""
        self.lines[draws] = np.take_along_axis(self.lines[draws], picked[..., None], axis=1)


def lived(scenario: Scenario, target: Target, z: Array, seed: int, by: Effort) -> Lived:
    """The record that draws (draw, coordinate) were fitted to, and the states at its end."""
    wide, key = replace(target, particles=PARTICLES), (seed, STREAM)
    parts = list(imap(ends, ((wide, *chunk) for chunk in chunks(z, key)), by))
    program = target.program
    past = past_of(scenario, program, program.coefficients)
    return Lived(
        str(program.edges[target.ticks]),
        program.members,
        digests(past, target.ticks),
        key,
        CHUNK,
        PARTICLES,
        each(lambda *x: np.concatenate(x, axis=-2), *(p.states for p in parts)),
        np.concatenate([p.ancestors for p in parts]),
    )


def ends(target: Target, z: Array, key: Sequence[int]) -> Ends:
    """The states of some draws at the end of the record, and where they come from."""
    cloud = Traced(target, z, key)
    for t in range(target.ticks):
        cloud.tick(t)
    picked = cloud.rng.permuted(cloud.picks(KEPT), axis=1)
    states = each(lambda x: x.reshape(*x.shape[:-1], *picked.shape), cloud.at(picked))
    return Ends(states, np.take_along_axis(cloud.lines, picked[..., None], axis=1))
