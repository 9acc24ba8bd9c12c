"""What is seen of the alliance as a whole. Arrays (member, run) in, (run,) out.

A state's support ``s`` is 1 if it supports, 1/2 if it abstains, 0 if it opposes or is frozen; the
leader's is 1. NaN where a measure is not defined for an alliance of the leader alone, or for none.
"""

from functools import cached_property

import numpy as np

from sim.model.arrays import Array, Codes, Flags, count, indicator
from sim.model.membership import ACTIVE, OUTSIDE


class Motion:
    """What every state does on one motion, and the counts that measures share, each made once."""

    def __init__(self, conduct: Array, status: Codes, stance: Array, alive: Flags) -> None:
        self.conduct, self.status, self.stance, self.alive = conduct, status, stance, alive

    @cached_property
    def belongs(self) -> Array:
        """1 for a member, active or frozen. (member, run)"""
        return indicator(self.status != OUTSIDE)

    @cached_property
    def active(self) -> Array:
        """1 for a member that is not frozen. (member, run)"""
        return indicator(self.status == ACTIVE)

    @cached_property
    def support(self) -> Array:
        """Support for the leader, 0 for who takes no part. (member, run)"""
        return self.conduct * self.active

    @cached_property
    def total(self) -> Array:
        """Sum of support."""
        return count(self.support)

    @cached_property
    def squares(self) -> Array:
        """Sum of squared support."""
        return count(self.support * self.support)

    @cached_property
    def members(self) -> Array:
        """Members beside the leader."""
        return count(self.belongs)

    @cached_property
    def taking_part(self) -> Array:
        """Members that are not frozen."""
        return count(self.active)

    @cached_property
    def among_members(self) -> Array:
        """Sum of s_i s_j over pairs of members."""
        return (self.total * self.total - self.squares) / 2.0

    @cached_property
    def pairs_of_members(self) -> Array:
        """How many pairs there are."""
        return self.members * (self.members - 1.0) / 2.0


def _ratio(above: Array, below: Array) -> Array:
    """above / below, NaN where there is nothing to divide by."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def cohesion(m: Motion) -> Array:
    """Joint support: the mean of s_i s_j over all pairs of the alliance's states, 0 for an alliance that is no more."""
    joint = _ratio(m.among_members + m.total, m.pairs_of_members + m.members)
    return np.where(m.alive & (m.members > 0), joint, 0.0)


def starters_cohesion(m: Motion, starters: Flags) -> Array:
    """Joint support over all pairs of the leader and the states that were members at the start, whatever they are now.

    A pair with a state that has left or frozen its membership counts 0, so that cohesion does not rise because a
    lukewarm member leaves. ``starters`` is (member, run).
    """
    support = m.support * starters
    total, n = count(support), count(starters)
    joint = _ratio((total * total - count(support * support)) / 2.0 + total, n * (n - 1.0) / 2.0 + n)
    return np.where(m.alive & (n > 0), joint, 0.0)


def agreement_index(m: Motion) -> Array:
    """Hix, Noury & Roland (2005), 10.1017/S0007123405000128, over the leader and the active members."""
    supporting = 2.0 * m.squares - m.total  # 2 s^2 - s is 0, 0, 1 for s of 0, 1/2, 1
    abstaining = 2.0 * (m.total - supporting)
    opposing = m.taking_part - supporting - abstaining
    most = np.maximum(np.maximum(supporting + 1.0, abstaining), opposing)
    voting = m.taking_part + 1.0
    return np.where(m.alive, (most - (voting - most) / 2.0) / voting, np.nan)


def leader_agreement(m: Motion) -> Array:
    """Mean support of the members."""
    return _ratio(m.total, m.members)


def active_share(m: Motion) -> Array:
    """Share of members that are not frozen."""
    return _ratio(m.taking_part, m.members)


def hubness(m: Motion) -> Array:
    """Joint support with the leader over joint support of members with each other."""
    return _ratio(leader_agreement(m), _ratio(m.among_members, m.pairs_of_members))


def stance_dispersion(m: Motion) -> Array:
    """Standard deviation of stance among members."""
    mean = _ratio(np.asarray(sum(m.stance * m.belongs)), m.members)
    variance = _ratio(np.asarray(sum(m.belongs * (m.stance - mean) ** 2)), m.members)
    return np.asarray(np.sqrt(variance))
