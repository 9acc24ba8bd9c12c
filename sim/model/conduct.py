"""Phase 4: support, abstain or oppose on the motion of the tick: an ordered logit in stance.

McCullagh (1980), 10.1111/j.2517-6161.1980.tb01109.x.
"""

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
)

OPPOSES, ABSTAINS, SUPPORTS = 0.0, 0.5, 1.0


def chances(stance: Array, c: Coefficients) -> tuple[Array, Array]:
    """The probabilities (support, oppose): logistic(x - c_2) and logistic(c_1 - x)."""
    return of_odds(exp(stance), exp(c.oppose_below), exp(c.support_above))


def of_odds(odds: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """As :func:`chances`, from the exponentials of stance and of the two bars."""
    return odds / (odds + high), low / (odds + low)


def choose(u: Array, support: Array, oppose: Array) -> Array:
    """The conduct: 1 support, 1/2 abstain, 0 oppose; a higher draw is kinder to the leader."""
    return 0.5 * np.add(u >= oppose, u + support >= 1.0, dtype=np.int8)
