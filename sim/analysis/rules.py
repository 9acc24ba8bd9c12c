"""Rules that say where something is so: boxes of inputs.

PRIM (Friedman & Fisher 1999, 10.1023/A:1008894516817; Bryant & Lempert 2010, 10.1016/j.techfore.2009.08.002) and CART
(Breiman et al. 1984, 10.1201/9781315139470) are those of ema_workbench.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import InputError, Problem, extra
from sim.model.arrays import Array, Flags
from sim.model.noise import Indices

if TYPE_CHECKING:
    import pandas as pd

MOST = 3
"""Inputs that a rule may name, and that it is made of: those that differ most where the goal holds."""
LEVELS_SHOWN = 12
"""Of an input with no more different values a rule gives these themselves."""


class Rule(NamedTuple):
    """A box: by factor its least and largest values inside, infinite where it is open."""

    method: str
    limits: dict[int, tuple[float, float]]

    def inside(self, x: Array) -> Flags:
        """Which points lie in it."""
        inside: Flags = np.ones(len(x), dtype=bool)
        for k, (low, high) in self.limits.items():
            inside &= (x[:, k] >= low) & (x[:, k] <= high)
        return inside


def _ema(module: str) -> Any:
    """A module of ema_workbench. Raises InputError where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="ipyparallel not installed")
            warnings.filterwarnings("ignore", message="altair", category=ImportWarning)
            return import_module(f"ema_workbench.analysis.{module}")
    except ImportError:
        allowed = f"required: {extra('analysis')}"
        raise InputError([Problem("discover", "", "ema_workbench is not installed", allowed)]) from None


def prim(x: Array, holds: Flags, seed: int) -> Iterator[Rule]:
    """The box of PRIM's trajectory that does best."""
    yield from _best("PRIM", x, holds, lambda table: _ema("prim").Prim(table, holds, threshold=0.0).find_box().box_lims)


def cart(x: Array, holds: Flags, seed: int) -> Iterator[Rule]:
    """The leaf of CART's tree that does best."""

    def leaves(table: "pd.DataFrame") -> "list[pd.DataFrame]":
        tree = _ema("cart").CART(table, holds, mass_min=0.05)
        with _seeded(seed):
            tree.build_tree()
        return list(tree.boxes) if tree.clf.tree_.node_count > 1 else []

    yield from _best("CART", x, holds, leaves)


METHODS = (prim, cart)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Among splits that are equally good trees choose by numpy's own generator, which is left as it was."""
    state = np.random.get_state()
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        np.random.set_state(state)


def _best(method: str, x: Array, holds: Flags, boxes: "Callable[[pd.DataFrame], list[pd.DataFrame]]") -> Iterator[Rule]:
    """Of the boxes the one with the highest harmonic mean of coverage and density (F1); none where none limits."""
    import pandas as pd

    which = _apart(x, holds)
    scales = {int(k): np.unique(x[:, k]) for k in which}
    columns = {
        k: np.searchsorted(v, x[:, k]).astype(float) if len(v) <= LEVELS_SHOWN else x[:, k] for k, v in scales.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of pandas to ema_workbench
        found = [_rule(method, b, scales) for b in boxes(pd.DataFrame({str(k): c for k, c in columns.items()}))]

    def f1(r: Rule) -> float:
        inside = r.inside(x)
        return float(2.0 * (inside & holds).sum() / (inside.sum() + holds.sum()))

    if rules := [r for r in found if r.limits]:
        yield max(rules, key=f1)


def _apart(x: Array, holds: Flags) -> Indices:
    """The few factors whose ranks, or whose ranks' distances from the middle, differ most where the goal holds."""
    from scipy.stats import rankdata

    ranks = rankdata(x, axis=0) / len(x) - 0.5
    shifts = [np.abs(r[holds].mean(axis=0) - r[~holds].mean(axis=0)) for r in (ranks, 2.0 * np.abs(ranks))]
    return np.argsort(-np.maximum(*shifts), kind="stable")[:MOST]


def _rule(method: str, limits: "pd.DataFrame", scales: Mapping[int, Array]) -> Rule:
    """The limits that leave something out, as they are said: in few digits, outward."""
    found = {}
    for k, values in scales.items():
        low, high = (float(limits[str(k)].iloc[end]) for end in (0, 1))
        if len(values) <= LEVELS_SHOWN:
            low, high = float(values[int(np.ceil(low))]), float(values[int(np.floor(high))])
        open_low, open_high = low <= values[0], high >= values[-1]
        if len(values) > LEVELS_SHOWN:
            low, high = outward(low, -1), outward(high, 1)
        if not (open_low and open_high):
            found[k] = (-np.inf if open_low else low, np.inf if open_high else high)
    return Rule(method, found)


def outward(x: float, way: int) -> float:
    """A number in three digits, rounded down or up.

    >>> outward(0.12345, 1), outward(-12.344, -1), outward(0.4, -1)
    (0.124, -12.4, 0.4)
    """
    if x == 0.0:
        return 0.0
    digits = 2 - int(np.floor(np.log10(abs(x))))
    exact = x * 10.0**digits
    whole = round(exact) if np.isclose(exact, round(exact), rtol=1e-9) else way * np.ceil(way * exact)
    return round(float(whole) / 10.0**digits, digits)
