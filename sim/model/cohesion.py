"""What is seen of the alliance as a whole. Arrays (member, run) in, (run,) out.

A state's support ``s`` is 1 if it supports, 1/2 if it abstains, 0 if it opposes or is frozen; the
leader's is 1. NaN where a measure is not defined for an alliance of the leader alone, or for none.
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Codes, Flags, count
from sim.model.variables import ACTIVE, OUTSIDE


class Measures(NamedTuple):
    """The alliance in one tick. (run,)."""

    cohesion: Array
    agreement_index: Array
    leader_agreement: Array
    active_share: Array
    hubness: Array
    members: Array
    stance_dispersion: Array


def _ratio(above: Array, below: Array) -> Array:
    """above / below, NaN where there is nothing to divide by."""
    return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def measure(conduct: Array, status: Codes, stance: Array, alive: Flags) -> Measures:
    """Cohesion and its relatives (docs/model.md, observation).

    Cohesion is joint support: the mean of s_i s_j over all pairs of the alliance's states, 0 for an
    alliance that is no more. The agreement index is that of Hix, Noury & Roland (2005),
    10.1017/S0007123405000128, over the leader and the active members.
    """
    active, belongs = status == ACTIVE, status != OUTSIDE
    support = conduct * active
    total = count(support)
    squares = count(support * support)
    n = count(belongs)
    taking_part = count(active)
    among_members = (total * total - squares) / 2.0  # sum of s_i s_j over pairs of members
    pairs_of_members = n * (n - 1.0) / 2.0
    joint = _ratio(among_members + total, pairs_of_members + n)
    supporting = 2.0 * squares - total  # 2 s^2 - s is 0, 0, 1 for s of 0, 1/2, 1
    abstaining = 2.0 * (total - supporting)
    opposing = taking_part - supporting - abstaining
    most = np.maximum(np.maximum(supporting + 1.0, abstaining), opposing)
    voting = taking_part + 1.0
    mean = _ratio(np.asarray(sum(stance * belongs)), n)
    spread = _ratio(np.asarray(sum(belongs * (stance - mean) ** 2)), n)
    return Measures(
        cohesion=np.where(alive & (n > 0), joint, 0.0),
        agreement_index=np.where(alive, (most - (voting - most) / 2.0) / voting, np.nan),
        leader_agreement=_ratio(total, n),
        active_share=_ratio(taking_part, n),
        hubness=_ratio(_ratio(total, n), _ratio(among_members, pairs_of_members)),
        members=np.asarray(n),
        stance_dispersion=np.sqrt(spread),
    )
