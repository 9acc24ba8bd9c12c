"""Phase 6: what conduct does to dependence, opinion and the leader's temper (docs/model.md, phase 6)."""

import numpy as np

from sim.model.arrays import Array, Coefficients, Inputs
from sim.model.decays import Decays


def capacity(inputs: Inputs, c: Coefficients) -> Array:
    """What is left of the leader's capacity to protect. (run,)."""
    return inputs.capacity * (1.0 - c.overstretch * inputs.war)


def dependence(inputs: Inputs, diversified: Array) -> Array:
    """Dependence less what has moved to other partners."""
    return inputs.dependence * (1.0 - diversified)


def affinity(inputs: Inputs, punishment: Array, c: Coefficients) -> Array:
    """Likeness less what punishment has soured."""
    return inputs.affinity - c.punishment_affinity * punishment


def reach(inputs: Inputs) -> Array:
    """How much of dependence other partners could take over."""
    return np.minimum(inputs.western_ties + inputs.other_ties, 1.0)


def diversify(diversified: Array, stance: Array, reach: Array, d: Decays) -> Array:
    """The alienated move dependence elsewhere, as far as Western and other ties allow."""
    gap = np.maximum(reach - diversified, 0.0)
    return diversified + d.diversified * ((stance < 0) * gap)


def opine(
    opinion: Array,
    mean: Array,
    war_shock: Array,
    asked: Array,
    helped: Array,
    c: Coefficients,
    d: Decays,
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
