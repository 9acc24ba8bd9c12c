"""What fades in one tick: the factors that depend on coefficients and the time step alone."""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Coefficients


class Decays(NamedTuple):
    """Factors of one tick, each (run,), computed once a run."""

    belief: Array  # what stays of experience with the guarantee
    stance: Array  # what stays of the gap to the target
    shake: Array  # standard deviation of the stance's noise
    exits: Array  # what stays of the example of exits
    opinion: Array  # what stays of opinion's distance from its mean
    punishment: Array  # what stays of punishment
    diversified: Array  # share of the gap in diversification that closes
    leader_exit: Array  # chance that the leader lets the alliance go
    dt: float


def decays(c: Coefficients, dt: float) -> Decays:
    """The factors for a time step of ``dt`` years.

    ``stance`` and ``shake`` are the exact step of an Ornstein-Uhlenbeck process: its stationary
    standard deviation is ``volatility`` whatever the step (Uhlenbeck & Ornstein 1930,
    10.1103/PhysRev.36.823).
    """
    return Decays(
        belief=np.exp(-dt / c.memory),
        stance=np.exp(-dt / c.adjustment_time),
        shake=c.volatility * np.sqrt(-np.expm1(-2.0 * dt / c.adjustment_time)),
        exits=np.exp(-dt / c.contagion_memory),
        opinion=np.exp(-dt / c.opinion_memory),
        punishment=np.exp(-dt / c.punishment_memory),
        diversified=-np.expm1(-c.diversification * dt),
        leader_exit=-np.expm1(-c.leader_exit_rate * dt),
        dt=dt,
    )
