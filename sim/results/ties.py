"""Ties that pair states in the model, beside dependence on the leader: likeness with it, and disputes between members.

Seen in the block of runs that says what is uncertain, so it costs no run.
"""

from typing import Any

import numpy as np

from sim.engines.ensemble import Stack
from sim.estimates.intervals import REPLICATES
from sim.estimates.sample import at_levels
from sim.model import feedback
from sim.model.arrays import Array, Coefficients, Inputs, each
from sim.scenario.compile import Program

LIKENESS = {"long_name": "Likeness with the leader, minus what punishment has soured", "units": "1"}
DISPUTE = {"long_name": "Dispute of two members", "units": "1"}


class Ties:
    """Watches runs before each tick, one of each draw."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._c: Coefficients | None = None
        self._likeness: list[Array] = []
        self._disputes: list[Array] = []

    def see(self, t: int, stack: Stack) -> None:
        """Before tick t; at the end, the inputs of the last tick."""
        assert stack.state is not None
        inputs, _ = stack.around(min(t, self.program.ticks - 1))
        one: Inputs = each(lambda x: x[..., ::REPLICATES], inputs)
        before: feedback.State = each(lambda x: x[..., ::REPLICATES], stack.state.feedback)
        self._c = self._c or Coefficients({name: x[::REPLICATES] for name, x in vars(stack.c).items()})
        self._likeness.append(feedback.affinity(one, before, self._c))
        self._disputes.append(np.array(one.disputes))

    def variables(self) -> dict[str, Any]:
        """Of a dataset, by date; disputes by pair, of whose states ``pair`` has the codes with a hyphen."""
        levels = at_levels(np.stack(self._likeness))
        likeness: dict[str, Any] = {"likeness": (("date", "member", "quantile"), levels, LIKENESS)}
        pairs = ["-".join(self.program.members[i] for i in pair) for pair in self.program.alliance.pairs]
        if not pairs:
            return likeness
        names = np.array(pairs, dtype=object)
        levels = at_levels(np.stack(self._disputes))
        return {**likeness, "dispute": (("date", "pair", "quantile"), levels, DISPUTE), "pair": names}
