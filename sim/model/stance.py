"""Phase 3: where a member stands towards the leader, a real number, positive in favour.

A term of the target stands once, with what it is in words; targets and what is said of a stance are both made of them.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Coefficients, Flags, Inputs, Term, total
from sim.model.declaration import FIXED, TRIAL, Coefficient, Input

MEMBER_INPUTS = (
    Input(
        "western_ties",
        "W_i",
        "what a quarrel with the West would cost",
        ("trade", "investment", "security", "diplomatic"),
        (0.30, 0.30, 0.15, 0.25),
    ),
    Input(
        "other_ties",
        "C_i",
        "economic alternatives to the leader that bring no guarantee",
        ("china", "regional"),
        (0.60, 0.40),
    ),
    Input("target_ties", "Z_i", "ties with the state the leader fights"),
    Input("affinity", "A_i", "likeness of regimes and elites with the leader's"),
    Input(
        "partiality", "P_i", "how far the leader backs or arms the member's adversary", words="partiality against {}"
    ),
    Input("autonomy", "M_i", "preference for an own course; regional ambition"),
    Input(
        "institution",
        "I_i",
        "what the pact itself gives, whoever leads it: a market, a norm, an umbrella against others",
        optional=True,
        words="institution's benefit to {}",
    ),
)
LEADER_INPUTS = (
    Input("confrontation", "K", "conflict of the leader with the West"),
    Input("war", "W_L", "burden of the leader's own war"),
    Input("capacity", "V_0", "capacity to protect allies in peace", default=0.8),
    Input("hierarchy", "H", "leader's share of top posts and of the pact's capability"),
)
COEFFICIENTS = (
    Coefficient("baseline", "b_0", "stance of a member with all inputs at zero", "stance").normal(-1.2, 0.6, TRIAL),
    Coefficient("dependence", "b_D", "pull of dependence", "stance").normal(3.3, 1.65, "P105, P184, P251", low=0),
    Coefficient("protection", "b_S", "value of a credible guarantee against threats", "stance").normal(
        1.8, 0.9, "P020, P210", low=0
    ),
    Coefficient("salience_interstate", "s_1", "weight of interstate threat in protection", "1").fixed(1.0, FIXED),
    Coefficient("salience_separatist", "s_2", "weight of separatist threat in protection", "1").fixed(0.5, FIXED),
    Coefficient("salience_insurgency", "s_3", "weight of insurgent threat in protection", "1").fixed(0.7, FIXED),
    Coefficient("salience_regime", "s_4", "weight of regime threat in protection", "1").fixed(0.7, FIXED),
    Coefficient("affinity", "b_A", "pull of likeness", "stance").normal(1.9, 0.95, "P193, P208, P213", low=0),
    Coefficient("opinion", "b_o", "pull of public opinion (support less one half)", "stance").normal(
        0.5, 0.25, "P163, P214: low weight in autocracies", low=0
    ),
    Coefficient("western_ties", "b_W", "pull of Western ties", "stance").normal(1.0, 0.5, "P142, P244", low=0),
    Coefficient("entrapment", "b_E", "cost of being drawn into the leader's conflict", "stance").normal(
        1.3, 0.65, "P141, P170", low=0
    ),
    Coefficient("hierarchy", "b_H", "resentment of hierarchy by the autonomous", "stance").normal(
        1.0, 0.5, "P067, P039", low=0
    ),
    Coefficient("partiality", "b_P", "resentment of the leader's partiality", "stance").normal(
        1.1, 0.55, "P030, P038, P089", low=0
    ),
    Coefficient("other_ties", "b_C", "pull of other partners", "stance").normal(0.4, 0.2, "P118, P150, P197", low=0),
    Coefficient("institution", "b_I", "pull of what the pact itself gives", "stance").normal(
        1.5, 0.75, "judgement, less than the pull of likeness; Wallander 2000, 10.1162/002081800551343", low=0
    ),
    Coefficient("grievance", "b_g", "stance lost for each refused call that is not forgotten", "stance").fixed(
        0.0, FIXED
    ),
    Coefficient("peers", "b_peer", "pull of the other members' mean stance", "1").normal(0.3, 0.2, "P049, P116", low=0),
    Coefficient("adjustment_time", "tau", "years in which a gap to the target shrinks to 1/e", "years").lognormal(
        1.8, 0.2, "P249: gradual, uneven shifts", low=0.05
    ),
    Coefficient("volatility", "sigma", "standard deviation of stance around its goal", "stance").lognormal(
        0.28, 0.2, "P249, P250"
    ),
    Coefficient(
        "regime_change", "lambda_R", "share of the gap to the target that a change of regime closes", "1"
    ).fixed(0.0, FIXED, high=1.0),
    Coefficient(
        "regime_change_rate", "r_R", "changes of regime that are drawn, by unit of threat to the regime", "1/year"
    ).fixed(
        0.095, "9 in the nine states of the history, July 1992 to August 2023, at a mean threat to the regime of 0.34"
    ),
)


class Decays(NamedTuple):
    """What fades in one tick. (run,)."""

    gap: Array  # what stays of the gap to the target
    shake: Array  # standard deviation of the noise


def decays(c: Coefficients, dt: float) -> Decays:
    """The exact step of an Ornstein-Uhlenbeck process (Uhlenbeck & Ornstein 1930, 10.1103/PhysRev.36.823).

    Its stationary standard deviation is ``volatility`` whatever the step.
    """
    return Decays(
        gap=np.exp(-dt / c.adjustment_time), shake=c.volatility * np.sqrt(-np.expm1(-2.0 * dt / c.adjustment_time))
    )


class Standing(NamedTuple):
    """What only the environment decides. (member, run)."""

    fixed: Array  # the part of the target without dependence, affinity, opinion, grievance, peers
    protection: Array  # the part that reliability multiplies


def coded(inputs: Inputs, c: Coefficients) -> Iterator[Term]:
    """The terms of the target that inputs alone decide, without protection."""
    own, leader = inputs.members, inputs.leader
    yield "a state without ties", c.baseline
    yield "Western ties", -c.western_ties * own.western_ties
    yield (
        "the leader's conflict with the West",
        -(c.entrapment * leader.confrontation) * (own.western_ties + own.target_ties),
    )
    yield "hierarchy", -(c.hierarchy * leader.hierarchy) * own.autonomy
    yield "partiality of the leader", -c.partiality * own.partiality
    yield "other partners", -c.other_ties * own.other_ties
    yield "what the pact itself gives", c.institution * own.institution


def standing(inputs: Inputs, capacity: Array, c: Coefficients) -> Standing:
    """The environment's part of the target stance."""
    own = inputs.members
    need = (
        c.salience_interstate * own.interstate
        + c.salience_separatist * own.separatist
        + c.salience_insurgency * own.insurgency
        + c.salience_regime * own.regime
    )
    return Standing(total(coded(inputs, c)), (c.protection * capacity) * need)


def unrest(inputs: Inputs, c: Coefficients, dt: float) -> Array:
    """The chance of a change of regime in a tick, where such are drawn. (member, run)."""
    return np.asarray(-np.expm1(-dt * (c.regime_change_rate * inputs.members.regime)))


def felt(
    s: Standing,
    reliability: Array,
    grievance: Array,
    dependence: Array,
    affinity: Array,
    opinion: Array,
    c: Coefficients,
) -> Iterator[Term]:
    """The terms of the target that past ticks have a part in."""
    yield "protection", s.protection * reliability
    yield "dependence", c.dependence * dependence
    yield "likeness", c.affinity * affinity
    yield "public opinion", c.opinion * (opinion - 0.5)
    yield "grievance", -c.grievance * grievance


def target(
    s: Standing,
    reliability: Array,
    grievance: Array,
    dependence: Array,
    affinity: Array,
    opinion: Array,
    c: Coefficients,
) -> Array:
    """The stance that the member would take, its peers aside."""
    return total(chain([("coded", s.fixed)], felt(s, reliability, grievance, dependence, affinity, opinion, c)))


def peer_pull(stance: Array, belongs: Array, total: Array, n: Array, c: Coefficients) -> Array:
    """b_peer (mean stance of fellow members - own stance); 0 for a state without fellows.

    ``belongs`` is 1 for members; ``total`` the sum of members' stances, ``n`` their number. The
    sum over fellows less as many times the own stance is ``total - n * stance``, for members too.
    """
    weight = c.peers / np.maximum(n - belongs, 1.0)
    return weight * (total - n * stance)


def jump(gap: Array, changed: Flags, c: Coefficients) -> Array:
    """The gap to the target after changes of regime, which close a share of it at once."""
    return gap * (1.0 - c.regime_change * changed) if changed.any() else gap


def adjust(stance: Array, goal: Array, z: Array, changed: Flags, c: Coefficients, d: Decays) -> Array:
    """Partial adjustment with noise; a change of regime closes a share of the gap at once."""
    return goal + jump(stance - goal, changed, c) * d.gap + d.shake * z


PEERS, REGIME, NOISE, START = "the other members", "changes of regime", "chance", "where it stood at the start"
"""What stance is made of beside the terms of the target."""


def begin_terms(goals: Mapping[str, Array], stance: Array) -> dict[str, Array]:
    """A first stance by what it is made of: as if all inputs had long been what they are, and the rest."""
    none = np.zeros(stance.shape)
    return {**goals, REGIME: none, NOISE: none, START: stance - total(goals.items())}


def adjust_terms(
    terms: Mapping[str, Array],
    goals: Mapping[str, Array],
    stance: Array,
    z: Array,
    changed: Flags,
    c: Coefficients,
    d: Decays,
) -> dict[str, Array]:
    """:func:`adjust` of every term by itself: what the stance was made of, and what its goal is, in; what it is out.

    The step is linear: each term goes to its own part of the goal. What a change of regime closes at once, and noise,
    are terms that go to 0, as does where the stance stood at the start.
    """
    none = np.zeros(stance.shape)
    still = np.zeros(stance.shape, dtype=bool)
    gap = stance - total(goals.items())
    moved = {**terms, REGIME: terms[REGIME] + (jump(gap, changed, c) - gap)}
    return {
        name: adjust(x, goals.get(name, none), z if name == NOISE else none, still, c, d) for name, x in moved.items()
    }
