"""Programs against the first of them over the same runs: its level, theirs, and the differences run by run."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from sim.engines.ensemble import Piece
from sim.estimates.intervals import INTERVAL_BLOCK, REPEATS, quantiles_over_draws, runs_together
from sim.estimates.sample import LEVELS, Sample, by_tick, merge, sample
from sim.estimates.side_by_side import side_by_side
from sim.model.arrays import Array
from sim.model.noise import ONCE, Repeats
from sim.model.outcomes import OUTCOMES
from sim.scenario.compile import Program

T = TypeVar("T")
ENDS = [0, len(LEVELS) - 1]
"""Of LEVELS, the ends of an interval."""


class Pair(NamedTuple, Generic[T]):
    """Of one outcome: what is known of it in the base, in the other program, and of the difference."""

    base: T
    value: T
    difference: T


Pairs = list[dict[str, Pair[T]]]
"""By program after the first, by outcome."""
Ticks = Mapping[str, Collection[int]]
"""Forecast ticks at which an outcome is read."""


def paired_samples(programs: Sequence[Program], seed: int, piece: Piece, ticks: Ticks) -> Pairs[Sample]:
    """Over the runs of a piece, (tick, [member])."""
    rows = max(p.rows for p in programs)
    distinct = min((p.distinct for p in programs if p.rows), default=0.0)
    return _paired(programs, seed, piece, ticks, lambda x, low, high: sample(x, rows, distinct), by_tick)


def merged(a: Pairs[Sample], b: Pairs[Sample]) -> Pairs[Sample]:
    """Those of two sets of runs together."""
    return [
        {name: Pair(*(merge(x, y) for x, y in zip(one[name], two[name], strict=True))) for name in one}
        for one, two in zip(a, b, strict=True)
    ]


def paired_intervals(programs: Sequence[Program], seed: int, ticks: Ticks, lanes: slice = slice(None)) -> Pairs[Array]:
    """90 % intervals over what is uncertain, chance taken out, (tick, [member,] end).

    From (some ``lanes`` of) a block of draws that all programs share, so that the interval of a difference is one of
    paired draws.
    """
    runs = runs_together(programs)

    def ends(x: Array, low: float, high: float) -> Array:
        return quantiles_over_draws(x, low, high, runs)[..., ENDS]

    return _paired(programs, seed, Piece(INTERVAL_BLOCK, lanes), ticks, ends, np.stack, REPEATS)


S = TypeVar("S")


def _paired(
    programs: Sequence[Program],
    seed: int,
    piece: Piece,
    ticks: Ticks,
    summed: Callable[[Array, float, float], S],
    stacked: Callable[[list[S]], T],
    repeats: Repeats = ONCE,
) -> Pairs[T]:
    """Sum up runs, of which ``summed`` takes the bounds, tick by tick, so that memory does not grow with ticks."""
    parts: list[dict[str, list[Pair[S]]]] = [{name: [] for name in ticks} for _ in programs[1:]]
    views = side_by_side(programs, seed, piece, {t for each in ticks.values() for t in each}, repeats=repeats)
    for tick, at_once in groupby(views, key=lambda view: view.tick):
        base, *others = (view.values for view in at_once)
        for name in (name for name in ticks if tick in ticks[name]):
            x = base[name]
            low, high = OUTCOMES[name].low, OUTCOMES[name].high
            level = summed(x, low, high)
            for part, other in zip(parts, others, strict=True):
                y = other[name]
                pair = Pair(level, summed(y, low, high), summed(y - x, low - high, high - low))
                part[name].append(pair)
    return [
        {name: Pair(*map(stacked, map(list, zip(*pairs, strict=True)))) for name, pairs in part.items()}
        for part in parts
    ]
