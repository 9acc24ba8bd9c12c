"""What the phases compute on: arrays of shape (member, run), or (run,) for the alliance.

A phase works elementwise, so that one member's row of one run gives to the last bit what the whole
block gives. Three rules keep it so: numpy ufuncs only (``math.exp`` rounds otherwise), sums over
members by the built-in ``sum`` over rows (``np.sum`` adds pairwise), no ``@`` and no ``einsum``.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

LARGEST_EXPONENT = 700.0


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(-x, LARGEST_EXPONENT))))


def exp(x: Array) -> Array:
    """exp(x), held below overflow."""
    return np.asarray(np.exp(np.minimum(x, LARGEST_EXPONENT)))


def count(x: Array | Flags) -> Array:
    """Sum over members of zeros, halves and ones, exact in whatever order numpy adds."""
    return np.asarray(np.add.reduce(x, axis=0, dtype=np.float64))


def where(flags: Flags) -> tuple[NDArray[np.intp], ...]:
    """Indices of what is true, for events so rare that working on them alone is cheaper."""
    return np.unravel_index(np.flatnonzero(flags), flags.shape)


class Coefficients:
    """The behavioural coefficients of variables.py by name, each an array (run,)."""

    def __init__(self, values: dict[str, Array]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def of_runs(self, runs: object, names: Iterable[str] | None = None) -> "Coefficients":
        """The coefficients (or some of them) of some runs, picked by any index numpy takes."""
        return Coefficients({k: vars(self)[k][runs] for k in names or vars(self)})


class Inputs(NamedTuple):
    """The environment in one tick, averaged over it.

    (member, run): dependence, basing, the four threats, western_ties, other_ties, security_offer,
    target_ties, affinity, partiality, autonomy, opinion_mean; (run,): the leader's; (pair, run): disputes.
    """

    dependence: Array
    basing: Array
    interstate: Array
    separatist: Array
    insurgency: Array
    regime: Array
    western_ties: Array
    other_ties: Array
    security_offer: Array
    target_ties: Array
    affinity: Array
    partiality: Array
    autonomy: Array
    opinion_mean: Array
    confrontation: Array
    war: Array
    capacity: Array
    hierarchy: Array
    coercion: Array
    leader_reliability: Array
    disputes: Array


MEMBER_FIELDS = Inputs._fields[:14]
LEADER_FIELDS = Inputs._fields[14:20]


class State(NamedTuple):
    """What a tick hands to the next. (member, run) but for the last three, (run,)."""

    stance: Array
    kept: Array  # Beta count of promises kept
    broken: Array  # Beta count of promises broken
    opinion: Array
    diversified: Array  # share of coded dependence moved to other partners
    punishment: Array
    status: Codes  # OUTSIDE, FROZEN or ACTIVE
    recent_exits: Array
    war: Array  # the leader's war of the tick before
    alive: Flags


MEMBER_STATE = State._fields[:7]
