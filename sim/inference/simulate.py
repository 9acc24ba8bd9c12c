"""Histories simulated by the model itself, with what would have been observed of them.

They serve to test the inference: known coefficients must be found again, and over draws from the prior the
ranks of the truth among posterior draws must be uniform (Talts et al. 2018, arXiv:1804.06788).
"""

from typing import NamedTuple

import numpy as np

from sim.engines.ensemble import Stack
from sim.inference.likelihood import Target
from sim.inference.space import Uniforms, space_of
from sim.model import conduct
from sim.model.arrays import Array, Codes
from sim.scenario.compile import Program


class Chance:
    """Stands where an engine expects noise: uniforms of inputs as given, the rest from one generator."""

    def __init__(self, inputs: Uniforms, rng: np.random.Generator) -> None:
        self.places, self.rng, self.draws = inputs.places, rng, inputs.draws

    def normals(self, purpose: str, tick: int, rows: int) -> Array:
        """Standard normal draws (rows, draw)."""
        return self.rng.standard_normal((rows, self.draws))

    def uniforms(self, purpose: str, tick: int, rows: int) -> Array:
        """Uniform draws (rows, draw)."""
        return self.rng.random((rows, self.draws))


class History(NamedTuple):
    """What happened in one simulated history."""

    target: Target  # to infer from
    stance: Array  # (tick, member)


def lasting(program: Program) -> Program:
    """The program with an alliance that does not end: the record of the real one has no end either."""
    return program._replace(
        alliance=program.alliance._replace(quorum=0),
        coefficients={**program.coefficients, "leader_exit_rate": 0.0},
    )


def histories(target: Target, z: Array, rng: np.random.Generator) -> list[History]:
    """A history of each draw (draw, coordinate), observed on the motions of ``target``."""
    program, draws = lasting(target.program), len(z)
    noise = Chance(target.space.uniforms(z), rng)
    stack = Stack([program], noise, slice(0, draws), None)
    stack.begin()
    status: list[Codes] = [np.broadcast_to(program.start_status, (len(program.members), draws))]
    stance = []
    for t in range(target.ticks):
        record = stack.tick(t)
        status.append(record.status)
        stance.append(record.stance)
    spread = target.space.motion_spread(z)
    seen = [[] for _ in range(draws)]  # type: ignore[var-annotated]
    c = stack.c
    for t, motions in target.by_tick.items():
        for motion in motions:
            x = stance[t][list(motion.rows)] + spread * rng.standard_normal(draws)
            support, oppose = conduct.chances(x, c)
            codes = (2 * conduct.choose(rng.random(x.shape), support, oppose)).astype(np.int8)
            for k in range(draws):
                seen[k].append(motion._replace(codes=codes[:, k]))
    space = space_of(program, bool(target.motions))
    return [
        History(
            Target(program, np.stack([s[:, k] for s in status]), tuple(seen[k]), space, target.particles),
            np.stack([x[:, k] for x in stance]),
        )
        for k in range(draws)
    ]
