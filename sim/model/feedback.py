"""Phase 6: what conduct does to opinion, dependence and the leader's temper (docs/model.md, phase 6)."""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Coefficients, Inputs, indicator
from sim.model.declaration import FIXED, TRIAL, Coefficient, Input

MEMBER_INPUTS = (
    Input(
        "opinion",
        "o_i",
        "mean public support for the leader's course, to which opinion returns",
        default=0.5,
        words="opinion in {}",
    ),
)
COEFFICIENTS = (
    Coefficient("overstretch", "kappa_V", "share of capacity that a full war takes", "1").normal(
        0.6, 0.15, "P235, P241", low=0, high=1
    ),
    Coefficient("diversification", "nu", "rate at which the alienated replace dependence", "1/year").lognormal(
        0.08, 0.4, "P206: multi-vector policy"
    ),
    Coefficient("opinion_war", "d_W", "fall of opinion when the leader's war goes from 0 to 1", "1").normal(
        0.35, 0.08, "P164, P165: from 39 to 13 % support in Kazakhstan in 2022", low=0, high=1
    ),
    Coefficient("opinion_promise", "d_y", "opinion moved by one promise kept or broken", "1").normal(
        0.08, 0.03, "P090, P224", low=0, high=1
    ),
    Coefficient("opinion_memory", "tau_o", "years in which opinion returns to its mean by 1/e", "years").lognormal(
        4.0, 0.3, TRIAL, low=0.05
    ),
    Coefficient("punishment", "rho", "punishment a year per unit of coercion and negative stance", "1/year").lognormal(
        0.25, 0.4, "P184, P202"
    ),
    Coefficient("punishment_memory", "tau_U", "years in which punishment fades to 1/e", "years").fixed(
        3.0, FIXED, low=0.05
    ),
    Coefficient("punishment_affinity", "a_U", "affinity lost per unit of punishment", "1").normal(
        0.15, 0.08, "P046, P086: relations soured by pressure", low=0, high=1
    ),
)


class State(NamedTuple):
    """What earlier ticks have left. (member, run), the war (run,)."""

    opinion: Array
    diversified: Array  # share of coded dependence moved to other partners
    punishment: Array
    war: Array  # the leader's, of the tick before


class Decays(NamedTuple):
    """What fades in one tick. (run,)."""

    opinion: Array  # what stays of opinion's distance from its mean
    punishment: Array  # what stays of punishment
    diversified: Array  # share of the gap in diversification that closes
    dt: float


def decays(c: Coefficients, dt: float) -> Decays:
    """The factors for a time step of ``dt`` years."""
    return Decays(
        opinion=np.exp(-dt / c.opinion_memory),
        punishment=np.exp(-dt / c.punishment_memory),
        diversified=-np.expm1(-c.diversification * dt),
        dt=dt,
    )


def begin(inputs: Inputs, shape: tuple[int, ...]) -> State:
    """Opinion at its mean, nothing moved, nobody punished; a war that is on is no shock."""
    zero = np.zeros(shape)
    return State(inputs.members.opinion, zero, zero, inputs.leader.war)


def capacity(inputs: Inputs, c: Coefficients) -> Array:
    """What is left of the leader's capacity to protect. (run,)."""
    return inputs.leader.capacity * (1.0 - c.overstretch * inputs.leader.war)


def dependence(inputs: Inputs, state: State) -> Array:
    """Dependence minus what has moved to other partners."""
    return inputs.members.dependence * (1.0 - state.diversified)


def affinity(inputs: Inputs, state: State, c: Coefficients) -> Array:
    """Likeness minus what punishment has soured."""
    return inputs.members.affinity - c.punishment_affinity * state.punishment


def reach(inputs: Inputs) -> Array:
    """How much of dependence other partners could take over."""
    return np.minimum(inputs.members.western_ties + inputs.members.other_ties, 1.0)


def diversify(diversified: Array, stance: Array, reach: Array, d: Decays) -> Array:
    """The alienated move dependence elsewhere, as far as Western and other ties allow."""
    gap = np.maximum(reach - diversified, 0.0)
    return diversified + d.diversified * (indicator(stance < 0) * gap)


def opine(
    opinion: Array, mean: Array, war_shock: Array, asked: Array, helped: Array, c: Coefficients, d: Decays
) -> Array:
    """Opinion returns to its mean, falls when the leader's war grows, moves with promises."""
    promises = c.opinion_promise * (2.0 * helped - asked)
    fall = c.opinion_war * np.maximum(war_shock, 0.0)
    moved = mean + (opinion - mean) * d.opinion + (promises - fall)
    return np.minimum(np.maximum(moved, 0.0), 1.0)


def punish(punishment: Array, stance: Array, coercion: Array, belongs: Array, c: Coefficients, d: Decays) -> Array:
    """The leader punishes members of negative stance; punishment fades."""
    rate = c.punishment * coercion * d.dt
    return punishment * d.punishment - rate * (belongs * np.minimum(stance, 0.0))


def update(
    state: State,
    stance: Array,
    asked: Array,
    helped: Array,
    inputs: Inputs,
    reach: Array,
    belongs: Array,
    c: Coefficients,
    d: Decays,
) -> State:
    """What the tick leaves; ``asked`` is 1 for a member in crisis, ``helped`` what it got."""
    leader = inputs.leader
    shock = leader.war - state.war
    return State(
        opinion=opine(state.opinion, inputs.members.opinion, shock, asked, helped, c, d),
        diversified=diversify(state.diversified, stance, reach, d),
        punishment=punish(state.punishment, stance, leader.coercion, belongs, c, d),
        war=leader.war,
    )
