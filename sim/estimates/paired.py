"""Programs against the first of them over the same runs: its level, theirs, and the differences run by run."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from sim.engines.ensemble import Piece
from sim.estimates.intervals import INTERVAL_BLOCK, REPEATS, quantiles_over_draws, runs_together
from sim.estimates.sample import LEVELS, Sample, by_tick, merge, sample
from sim.estimates.side_by_side import View, side_by_side
from sim.model.arrays import Array
from sim.model.noise import ONCE, KeptNoise, Repeats
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
See = Callable[..., object]
"""Shown every stack before each tick; what it raises ends the work."""


def unseen(*_: object) -> None:
    """Nobody looks."""


class Baseline:
    """What looks at one change of a base after another share: the draws, and what the base shows over them."""

    def __init__(self) -> None:
        self._of: Hashable = None
        self._kept: dict[tuple[int, Repeats], tuple[KeptNoise, dict[int, View]]] = {}

    def of(self, base: Hashable) -> "Baseline":
        """For a base, by all that it depends on; what was kept of another is let go."""
        if self._of != base:
            self._of, self._kept = base, {}
        return self

    def views(
        self,
        programs: Sequence[Program],
        seed: int,
        piece: Piece,
        ticks: Collection[int],
        repeats: Repeats,
        see: See = unseen,
    ) -> Iterator[View]:
        """As :func:`side_by_side`, the first program run once only; ``piece`` has the first runs of its block."""
        key = piece.block, repeats
        if key not in self._kept:
            noise = KeptNoise(seed, piece.block, repeats, piece.runs)
            base = side_by_side(programs[:1], seed, piece, ticks, repeats=repeats, noise=noise, see=see)
            self._kept[key] = noise, {view.tick: view for view in base}
        noise, seen = self._kept[key]
        others = side_by_side(programs[1:], seed, piece, ticks, repeats=repeats, noise=noise, see=see)
        for tick, at_once in groupby(others, key=lambda view: view.tick):
            yield seen[tick]
            yield from (view._replace(program=view.program + 1) for view in at_once)


def paired_samples(
    programs: Sequence[Program],
    seed: int,
    piece: Piece,
    ticks: Ticks,
    baseline: Baseline | None = None,
    see: See = unseen,
) -> Pairs[Sample]:
    """Over the runs of a piece, (tick, [member])."""
    rows = max(p.rows for p in programs)
    distinct = min((p.distinct for p in programs if p.rows), default=0.0)
    return _paired(
        programs, seed, piece, ticks, lambda x, low, high: sample(x, rows, distinct), by_tick, baseline, see=see
    )


def merged(a: Pairs[Sample], b: Pairs[Sample]) -> Pairs[Sample]:
    """Those of two sets of runs together."""
    return [
        {name: Pair(*(merge(x, y) for x, y in zip(one[name], two[name], strict=True))) for name in one}
        for one, two in zip(a, b, strict=True)
    ]


def paired_intervals(
    programs: Sequence[Program],
    seed: int,
    ticks: Ticks,
    lanes: slice = slice(None),
    baseline: Baseline | None = None,
    see: See = unseen,
) -> Pairs[Array]:
    """90 % intervals over what is uncertain, chance taken out, (tick, [member,] end).

    From (some ``lanes`` of) a block of draws that all programs share, so that the interval of a difference is one of
    paired draws.
    """
    runs = runs_together(programs)

    def ends(x: Array, low: float, high: float) -> Array:
        return quantiles_over_draws(x, low, high, runs)[..., ENDS]

    return _paired(programs, seed, Piece(INTERVAL_BLOCK, lanes), ticks, ends, np.stack, baseline, REPEATS, see)


S = TypeVar("S")


def _paired(
    programs: Sequence[Program],
    seed: int,
    piece: Piece,
    ticks: Ticks,
    summed: Callable[[Array, float, float], S],
    stacked: Callable[[list[S]], T],
    baseline: Baseline | None,
    repeats: Repeats = ONCE,
    see: See = unseen,
) -> Pairs[T]:
    """Sum up runs, of which ``summed`` takes the bounds, tick by tick, so that memory does not grow with ticks."""
    parts: list[dict[str, list[Pair[S]]]] = [{name: [] for name in ticks} for _ in programs[1:]]
    at = {t for each in ticks.values() for t in each}
    views = (
        baseline.views(programs, seed, piece, at, repeats, see)
        if baseline
        else side_by_side(programs, seed, piece, at, repeats=repeats, see=see)
    )
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
