"""Phase 5: active, frozen or outside, by competing hazards (docs/model.md, phase 5).

Two causes compete inside a tick by the exact rule for constant hazards: the chance that anything
happens is ``1 - exp(-(h1 + h2) dt)``, shared out in proportion to the hazards
(Prentice et al. 1978, 10.2307/2530374).
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Codes, Coefficients, Flags, Inputs, exp, where
from sim.model.decays import Decays
from sim.model.variables import ACTIVE, FROZEN, OUTSIDE


class Standing(NamedTuple):
    """What only the environment decides: parts of log-hazards. (member, run)."""

    push: Array  # towards leaving: outside offers, the leader's partiality
    bases: Array  # against leaving: the leader's bases
    leash: Array  # (run,) against leaving, per unit of dependence: coercion
    entry: Array  # towards entry: threat to the regime


class Chances(NamedTuple):
    """Probabilities of this tick's moves. (member, run)."""

    exit: Array
    side: Array  # active: freeze; frozen: resume; outside: entry


def standing(inputs: Inputs, c: Coefficients) -> Standing:
    """The environment's part of the log-hazards."""
    return Standing(
        push=c.exit_offer * inputs.security_offer + c.exit_partiality * inputs.partiality,
        bases=c.exit_basing * inputs.basing,
        leash=c.exit_dependence * inputs.coercion,
        entry=c.entry_regime_threat * inputs.regime,
    )


def renewal_factor(share: float, c: Coefficients) -> Array:
    """What multiplies the exit hazard in a tick of which ``share`` lies in a renewal window.

    Averaging the hazard, not its logarithm, over the tick keeps the effect of a window the same
    whatever the time step.
    """
    return (1.0 - share) + share * exp(c.renewal)


def hazards(
    status: Codes,
    stance: Array,
    dependence: Array,
    punishment: Array,
    recent_exits: Array,
    renewal: Array | float,
    may_join: Flags,
    s: Standing,
    c: Coefficients,
) -> tuple[Array, Array]:
    """Hazards a year of (exit, the other move): freeze if active, resume if frozen, entry if outside."""
    active, outside = status == ACTIVE, status == OUTSIDE
    grip = s.leash * dependence + s.bases + c.exit_punishment * punishment
    drift = s.push + c.contagion * recent_exits - c.exit_stance * stance
    loose = drift - c.freeze_cost * grip
    rate = np.where(active, c.freeze_rate, c.resume_rate)
    side = np.where(active, loose, -loose)
    if outside.any():
        np.copyto(rate, may_join * c.entry_rate, where=outside)
        np.copyto(side, s.entry + c.entry_stance * stance, where=outside)
    leave = ~outside * (c.exit_rate * renewal)
    return leave * exp(drift - grip), rate * exp(side)


def chances(exit_hazard: Array, side_hazard: Array, dt: float) -> Chances:
    """Probabilities of the two moves within a tick."""
    either = exit_hazard + side_hazard
    happens = 1.0 - np.exp(-dt * either)
    leaves = happens * (exit_hazard / np.maximum(either, 1e-300))
    return Chances(leaves, happens - leaves)


def move(u: Array, status: Codes, p: Chances) -> Codes:
    """The status after the draw: exit first, then the other move. Moves are rare."""
    after = np.array(status)
    happens = where(u < p.exit + p.side)
    was = after[happens]
    other = np.where(was == ACTIVE, FROZEN, ACTIVE)
    after[happens] = np.where(u[happens] < p.exit[happens], OUTSIDE, other)
    return after


def recall_exits(recent: Array, exits: Array, d: Decays) -> Array:
    """Exits fade from memory; this tick's are added."""
    return recent * d.exits + exits
