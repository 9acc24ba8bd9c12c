"""A gap shared out among the parts that make it: Shapley values (Shapley 1953, 10.1515/9781400881970-018)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import factorial
from typing import Any

import numpy as np

from sim.model.arrays import Array

Parts = frozenset[str]
"""Parts that are changed together."""


def shapley(parts: Sequence[str], value: Callable[[Parts], Array]) -> dict[str, Array]:
    """What each part adds, averaged over all orders in which parts may come; of 2^n sets the ``value`` is asked for."""
    n = len(parts)
    added: dict[str, Array] = {}
    for part in parts:
        others = [p for p in parts if p != part]
        total: Any = 0.0
        for code in range(1 << len(others)):
            before = frozenset(p for k, p in enumerate(others) if code >> k & 1)
            weight = factorial(len(before)) * factorial(n - len(before) - 1) / factorial(n)
            total = total + weight * (value(before | {part}) - value(before))
        added[part] = total
    return added


def orders(parts: Sequence[str], count: int, seed: int) -> list[tuple[str, ...]]:
    """So many orders of the parts, each drawn one followed by its reverse, which halves what they vary by.

    (Antithetic permutations: Castro, Gomez & Tejada 2009, 10.1016/j.cor.2008.04.004, for the sampling; Mitchell,
    Cooper, Frank & Holmes 2022, JMLR 23:43, for the pairs.)
    """
    rng = np.random.default_rng((seed, len(parts)))
    drawn = [tuple(parts[k] for k in rng.permutation(len(parts))) for _ in range(max(count // 2, 1))]
    return [order for one in drawn for order in (one, one[::-1])]


def steps(order: Sequence[str]) -> list[Parts]:
    """The sets through which an order goes, from none to all."""
    return [frozenset(order[:k]) for k in range(len(order) + 1)]


def along(order: Sequence[str], value: Callable[[Parts], Array]) -> dict[str, Array]:
    """What each part adds in one order."""
    added = pairwise(value(s) for s in steps(order))
    return {part: after - before for part, (before, after) in zip(order, added, strict=True)}
