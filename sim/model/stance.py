"""Phase 3: where a member stands towards the leader, a real number, positive in favour."""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Coefficients, Inputs
from sim.model.decays import Decays


class Standing(NamedTuple):
    """What only the environment decides. (member, run)."""

    fixed: Array  # the part of the target without dependence, affinity, opinion, peers
    protection: Array  # the part that reliability multiplies


def standing(inputs: Inputs, capacity: Array, c: Coefficients) -> Standing:
    """The environment's part of the target stance."""
    exposure = inputs.western_ties + inputs.target_ties
    fixed = (
        c.baseline
        - c.western_ties * inputs.western_ties
        - (c.entrapment * inputs.confrontation) * exposure
        - (c.hierarchy * inputs.hierarchy) * inputs.autonomy
        - c.partiality * inputs.partiality
        - c.other_ties * inputs.other_ties
        - c.security_offer * inputs.security_offer
    )
    need = (
        c.salience_interstate * inputs.interstate
        + c.salience_separatist * inputs.separatist
        + c.salience_insurgency * inputs.insurgency
        + c.salience_regime * inputs.regime
    )
    return Standing(fixed, (c.protection * capacity) * need)


def target(
    s: Standing,
    reliability: Array,
    dependence: Array,
    affinity: Array,
    opinion: Array,
    c: Coefficients,
) -> Array:
    """The stance that the member would take, its peers aside."""
    return (
        s.fixed
        + s.protection * reliability
        + c.dependence * dependence
        + c.affinity * affinity
        + c.opinion * (opinion - 0.5)
    )


def peer_pull(stance: Array, belongs: Array, total: Array, n: Array, c: Coefficients) -> Array:
    """b_peer (mean stance of fellow members - own stance); 0 for a state without fellows.

    ``belongs`` is 1 for members; ``total`` the sum of members' stances, ``n`` their number. The
    sum over fellows less as many times the own stance is ``total - n * stance``, for members too.
    """
    weight = c.peers / np.maximum(n - belongs, 1.0)
    return weight * (total - n * stance)


def adjust(stance: Array, goal: Array, z: Array, d: Decays) -> Array:
    """Partial adjustment with noise."""
    return goal + (stance - goal) * d.stance + d.shake * z
