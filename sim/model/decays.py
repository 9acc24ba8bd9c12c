"""What fades in one tick: the factors that depend on coefficients and the time step alone."""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Coefficients


class Decays(NamedTuple):
    """Factors of one tick, each (run,), computed once a run."""

    belief: Array  # what stays of experience with the guarantee
    kept: Array  # what the prior adds to the count of promises kept
    broken: Array  # and of promises broken
    stance: Array  # what stays of the gap to the target
    shake: Array  # standard deviation of the stance's noise
    exits: Array  # what stays of the example of exits
    opinion: Array  # what stays of opinion's distance from its mean
    punishment: Array  # what stays of punishment
    diversified: Array  # share of the gap in diversification that closes
    leader_exit: Array  # chance that the leader lets the alliance go
    dt: float


def prior(c: Coefficients) -> tuple[Array, Array]:
    """The Beta counts (kept, broken) without experience."""
    kept = c.prior_weight * c.prior_reliability
    return kept, c.prior_weight - kept


def decays(c: Coefficients, dt: float) -> Decays:
    """The factors for a time step of ``dt`` years.

    ``stance`` and ``shake`` are the exact step of an Ornstein-Uhlenbeck process: its stationary
    standard deviation is ``volatility`` whatever the step (Uhlenbeck & Ornstein 1930,
    10.1103/PhysRev.36.823).
    """
    belief = np.exp(-dt / c.memory)
    kept, broken = prior(c)
    return Decays(
        belief=belief,
        kept=(1.0 - belief) * kept,
        broken=(1.0 - belief) * broken,
        stance=np.exp(-dt / c.adjustment_time),
        shake=c.volatility * np.sqrt(-np.expm1(-2.0 * dt / c.adjustment_time)),
        exits=np.exp(-dt / c.contagion_memory),
        opinion=np.exp(-dt / c.opinion_memory),
        punishment=np.exp(-dt / c.punishment_memory),
        diversified=-np.expm1(-c.diversification * dt),
        leader_exit=-np.expm1(-c.leader_exit_rate * dt),
        dt=dt,
    )
