"""Phase 4: support, abstain or oppose on the motion of the tick: an ordered logit in stance.

McCullagh (1980), 10.1111/j.2517-6161.1980.tb01109.x. Beside its stance a state may have an effect of its own, constant
over time, and a motion one that all states share: random intercepts, as of an item response (Bailey, Strezhnev &
Voeten 2017, 10.1177/0022002715595700). Phases after this one see the stance alone.
"""

from collections.abc import Iterator

import numpy as np

from sim.model.arrays import Array, Coefficients, exp
from sim.model.declaration import Coefficient

COEFFICIENTS = (
    Coefficient("oppose_below", "c_1", "stance at which opposing and not are even odds", "stance").normal(
        -2.0, 0.3, "P158, P171: opposition is rare, abstention usual"
    ),
    Coefficient("support_above", "c_2", "stance at which supporting and not are even odds", "stance").normal(
        1.4, 0.3, "P154: four abstain, Belarus supports"
    ),
    Coefficient(
        "state_effects", "s_a", "standard deviation of a state's own effect in conduct, beside its stance", "stance"
    ).lognormal(
        0.7, 0.5, "judgement: less than motions differ by, and at most half the way from opposing to supporting"
    ),
    Coefficient(
        "motion_spread", "s_m", "standard deviation of a motion's effect on all states' conduct", "stance"
    ).lognormal(1.0, 0.5, "judgement: motions differ about as much as members do"),
)

OPPOSES, ABSTAINS, SUPPORTS = 0.0, 0.5, 1.0
_NODES = np.linspace(-4.0, 4.0, 17)
_WEIGHTS = np.exp(-0.5 * _NODES**2)
NODES = _NODES, _WEIGHTS / _WEIGHTS.sum()
"""Of the quadrature over a motion's effect: places in standard deviations, and weights. The trapezoidal rule is exact
but for exp(-2 pi^2 s^2 / h^2) where the answers leave the effect a spread of s (Trefethen & Weideman 2014,
10.1137/130932132); Gauss-Hermite's nodes are sparse where many answers leave little."""


def effects(normals: Array, c: Coefficients) -> Array:
    """States' own effects, from standard normal numbers."""
    return c.state_effects * normals


def chances(x: Array, c: Coefficients) -> tuple[Array, Array]:
    """The probabilities (support, oppose): logistic(x - c_2) and logistic(c_1 - x), ``x`` with all effects in it."""
    return of_odds(exp(x), exp(c.oppose_below), exp(c.support_above))


def over_motions(x: Array, c: Coefficients) -> tuple[Array, Array]:
    """As :func:`chances`, of any motion: integrated over its effect."""
    support, oppose = np.zeros(x.shape), np.zeros(x.shape)
    for weight, (supports, opposes) in by_node(x, c):
        support += weight * supports
        oppose += weight * opposes
    return support, oppose


def by_node(x: Array, c: Coefficients) -> Iterator[tuple[float, tuple[Array, Array]]]:
    """The nodes of the quadrature over a motion's effect: the weight, and (support, oppose) there."""
    odds, low, high = exp(x), exp(c.oppose_below), exp(c.support_above)
    for node, weight in zip(*NODES, strict=True):
        yield float(weight), of_odds(odds * exp(c.motion_spread * node), low, high)


def of_odds(odds: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """As :func:`chances`, from the exponentials of stance and of the two bars."""
    return odds / (odds + high), low / (odds + low)


def choose(u: Array, support: Array, oppose: Array) -> Array:
    """The conduct: 1 support, 1/2 abstain, 0 oppose; a higher draw is kinder to the leader."""
    return 0.5 * np.add(u >= oppose, u + support >= 1.0, dtype=np.int8)
