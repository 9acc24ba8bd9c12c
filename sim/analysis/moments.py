"""Runs tick by tick, with what is behind what they show: the terms of every stance, and of a move's hazard."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.engines.ensemble import Stack, tick_draws
from sim.model import terms
from sim.model.arrays import Array, Flags, Inputs
from sim.model.terms import Terms
from sim.model.tick import NOTHING, Present, Record, Script, Standing, State, changes, gather, present


class Moment(NamedTuple):
    """The start of a forecast (0) or the end of its k-th tick; arrays as in :class:`Record`."""

    k: int
    record: Record
    stance: Terms
    """What stances are made of."""
    changed: Flags
    """Whose regime has changed."""
    before: State
    """At the start of the tick."""
    ties: Present
    inputs: Inputs
    standing: Standing
    script: Script

    def log_hazard(self, move: str, stack: Stack) -> Terms:
        """What the log-hazard of a move in this tick is made of."""
        at = self.before, self.record.stance, self.ties, self.script, self.inputs, self.standing
        return terms.of_hazard(move, *at, stack.c)


def moments(stack: Stack) -> Iterator[Moment]:
    """The forecast of a stack from where it is: the start, then every tick."""
    p, c, state = stack.program, stack.c, stack.state
    assert state is not None
    first = p.record_ticks
    record = stack.look()
    inputs, s = stack.around(first)
    ties = present(inputs, state, c)
    made_of = terms.of_start(state, gather(NOTHING, state.stance, ties.belongs), inputs, s, c)
    none: Flags = np.zeros(state.stance.shape, dtype=bool)
    yield Moment(0, record, made_of, none, state, ties, inputs, s, p.script[min(first, p.ticks - 1)])
    for t in range(first, p.ticks):
        before, script = state, p.script[t]
        record = stack.tick(t)
        assert stack.state is not None
        state = stack.state
        inputs, s = stack.around(t)
        ties = present(inputs, before, c)
        draws = tick_draws(stack.noise, t, p, stack.lanes, stack.copies, stack.regimes)
        changed = changes(draws.regime, script, inputs, c, stack.d.dt)
        shared = gather(record.crises, before.stance, ties.belongs)
        made_of = terms.of_stance(
            made_of, draws.stance, before, state.credibility, changed, ties, shared, inputs, s, c, stack.d
        )
        yield Moment(t + 1 - first, record, made_of, changed, before, ties, inputs, s, script)


def row_of(found: Terms, row: int, runs: int) -> dict[str, Array]:
    """One member's terms, (run,) each."""
    return {name: np.broadcast_to(x[row] if x.ndim == 2 else x, (runs,)).copy() for name, x in found.items()}
