"""The numpy engine: blocks of runs, all members and runs of a block at once."""

from collections.abc import Iterator

import numpy as np

from sim.engines.environment import Environment
from sim.model.arrays import Array, Inputs
from sim.model.decays import decays
from sim.model.noise import BLOCK, Noise
from sim.model.tick import Draws, Record, Standing, begin, look, relive, standing, tick
from sim.scenario.program import Program


def draws_of(noise: Noise, t: int, program: Program, lanes: slice) -> Draws:
    """The chance of a forecast tick."""
    rows = len(program.members)
    pairs = len(program.alliance.pairs)
    return Draws(
        stance=noise.normals("stance", t + 1, rows)[:, lanes],
        crisis=noise.uniforms("crisis", t + 1, rows)[:, lanes],
        answer=noise.uniforms("answer", t + 1, rows)[:, lanes],
        conduct=noise.uniforms("conduct", t + 1, rows)[:, lanes],
        membership=noise.uniforms("membership", t + 1, rows)[:, lanes],
        clash=noise.uniforms("clash", t + 1, pairs)[:, lanes],
        leader=noise.uniforms("leader", t + 1, 1)[0, lanes],
    )


def sliced(inputs: Inputs, lanes: slice) -> Inputs:
    """The inputs of some runs of the block."""
    return Inputs(*(x[..., lanes] for x in inputs))


def run_block(
    program: Program, seed: int, block: int, lanes: slice = slice(None), replicates: int = 1
) -> Iterator[Record]:
    """Run a block (or some of its lanes); yield the state at the start, then after each forecast tick.

    With ``replicates`` above 1 so many runs in a row share their coefficients and inputs.
    A record's arrays are (member, lane) and (lane,). Memory does not grow with the number of ticks.
    """
    noise = Noise(seed, block, replicates)
    environment = Environment(program, noise)
    every = lanes == slice(None)
    c = environment.coefficients
    if not every:
        c = c.of_runs(lanes)
    a = program.alliance
    d = decays(c, a.dt)
    rows = len(program.members)
    inputs: Inputs | None = None
    s: Standing | None = None
    state = None
    for t in range(program.ticks):
        if inputs is None or environment.changed[t]:
            inputs = environment.at(t) if every else sliced(environment.at(t), lanes)
            s = None
        if s is None or (t == program.record_ticks and t):
            s = standing(inputs, c, a.dt, record=t < program.record_ticks)
        if state is None:
            state = begin(
                inputs, s, noise.normals("stance", 0, rows)[:, lanes], program.start_status, c
            )
        script = program.script[t]
        if script.record is not None:
            z = noise.normals("stance", t + 1, rows)[:, lanes]
            state = relive(state, inputs, s, z, script, c, d)
            continue
        if t == program.record_ticks:
            status = np.broadcast_to(state.status, state.stance.shape)
            state = state._replace(status=status)
            u: Array = noise.uniforms("conduct", t, rows)[:, lanes]
            yield look(state, inputs, u, c)
        state, record = tick(state, inputs, s, draws_of(noise, t, program, lanes), script, a, c, d)
        yield record


def lanes_of(block: int, runs: int) -> slice:
    """The lanes of a block that belong to the first ``runs`` runs."""
    left = runs - block * BLOCK
    return slice(None) if left >= BLOCK else slice(0, left)


def blocks_of(runs: int) -> range:
    """The blocks that hold the first ``runs`` runs."""
    return range(int(np.ceil(runs / BLOCK)))
