"""What the phases compute on: arrays of shape (member, run), or (run,) for the alliance.

A phase works elementwise, so that one member's row of one run gives to the last bit what the whole
block gives. Three rules keep it so: numpy ufuncs only (``math.exp`` rounds otherwise), sums over
members by the built-in ``sum`` over rows (``np.sum`` adds pairwise), no ``@`` and no ``einsum``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]
Term = tuple[str, Array]
"""A part of a sum, and what it is, in words."""
T = TypeVar("T")

LARGEST_EXPONENT = 700.0


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(-x, LARGEST_EXPONENT))))


def exp(x: Array, most: float = LARGEST_EXPONENT) -> Array:
    """exp(x), held below overflow; with a smaller ``most`` it may be multiplied as well."""
    return np.asarray(np.exp(np.minimum(x, most)))


def total(terms: Iterable[Term]) -> Array:
    """The sum of two terms or more, added in their order."""
    values = (x for _, x in terms)
    whole = np.asarray(next(values) + next(values))
    for x in values:
        whole = np.add(whole, x, out=whole) if whole.shape == x.shape else whole + x
    return whole


def count(x: Array | Flags) -> Array:
    """Sum over members of zeros, halves and ones, exact in whatever order numpy adds."""
    return np.asarray(np.add.reduce(x, axis=0, dtype=np.float64))


def indicator(flags: Flags) -> Array:
    """1 where it is so, else 0: several times as fast as numpy multiplies flags, or chooses by them."""
    return np.asarray(flags.astype(np.float64))


def where(flags: Flags) -> tuple[NDArray[np.intp], ...]:
    """Indices of what is true, for events so rare that working on them alone is cheaper."""
    return np.unravel_index(np.flatnonzero(flags), flags.shape)


def each(f: Callable[..., NDArray[Any]], *of: T) -> T:
    """``f`` of the arrays that have the same place in several (nested) named tuples, as a tuple of the same kind."""
    first = of[0]
    if isinstance(first, tuple):
        return cast(T, type(first)(*(each(f, *parts) for parts in zip(*of, strict=True))))
    return cast(T, f(*of))


class Coefficients:
    """The behavioural coefficients of variables.py by name, each an array (run,)."""

    def __init__(self, values: Mapping[str, Array]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Array:
        raise AttributeError(name)

    def at(self, runs: object) -> "Coefficients":
        """The coefficients of some runs, picked by any index numpy takes."""
        return Coefficients({name: values[runs] for name, values in vars(self).items()})


class Fields(tuple[Array, ...]):
    """What variables.py makes of declarations: a named tuple of arrays. For type checkers alone."""

    _fields: tuple[str, ...]

    if TYPE_CHECKING:

        def __new__(cls, *values: Array, **by_name: Array) -> "Fields": ...
        def __getattr__(self, name: str) -> Array: ...
        def _replace(self, **changed: Array) -> "Fields": ...


class Inputs(NamedTuple):
    """The environment in one tick, averaged over it."""

    members: Fields
    """As the phases declare them, (member, run)."""
    leader: Fields
    """As the phases declare them, (run,)."""
    disputes: Array
    """(pair, run)"""
    effects: Array
    """States' own in conduct, the same in all ticks. (member, run)"""
    alliance: Array
    """The alliance's own effect on log-rates of exit and freezing, the same in all ticks. (run,)"""
