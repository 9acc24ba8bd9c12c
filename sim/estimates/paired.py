"""Programs against the first of them over the same runs: its level, theirs, and the differences run by run."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from sim.engines.ensemble import Piece, Stack, ticks_alike
from sim.estimates.intervals import INTERVAL_BLOCK, QUICK, REPEATS, interval_runs, quantiles_over_draws, runs_together
from sim.estimates.sample import LEVELS, Sample, by_tick, merge, sample
from sim.estimates.side_by_side import Moment, Ticks, View, side_by_side
from sim.model.arrays import Array
from sim.model.noise import KeptNoise
from sim.model.outcomes import OUTCOMES
from sim.model.tick import State
from sim.scenario.compile import Program, compile, vary
from sim.scenario.load import Scenario

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
See = Callable[..., object]
"""Shown every stack before each tick; what it raises ends the work."""


def unseen(*_: object) -> None:
    """Nobody looks."""


class Baseline:
    """What looks at one change of a base after another share: its program, the draws, and what it shows over them."""

    def __init__(self) -> None:
        self._program: tuple[str, Program] | None = None
        self._of: Hashable = None
        self._noise: KeptNoise | None = None
        self._views: dict[int, View] = {}
        self._states: dict[int, State] = {}

    def compiled(self, base: Scenario, others: Sequence[Scenario]) -> list[Program]:
        """The programs of a base and of scenarios that are the base with more adjustments."""
        if not self._program or self._program[0] != base.fingerprint:
            self._program = base.fingerprint, compile(base)
        program, coded = self._program[1], len(base.tables.adjustments)
        return [program, *(vary(program, base, s.tables.adjustments[coded:], {}) for s in others)]

    def views(
        self, of: Hashable, programs: Sequence[Program], seed: int, runs: int, ticks: Ticks, see: See = unseen
    ) -> Iterator[View]:
        """As :func:`side_by_side`, of two programs over the first runs of the block of intervals.

        The first is run once only, where ``of``, all that it depends on, is as it was; the second from the last tick
        kept before it differs.
        """
        base, other = programs
        piece = Piece(INTERVAL_BLOCK, slice(0, runs))
        if self._of != of:
            self._of, self._noise, self._states = None, KeptNoise(seed, piece.block, QUICK, runs), {}

            def keep(t: int, stack: Stack) -> None:
                see(t, stack)
                if stack.state and any(t - base.record_ticks in at for at in ticks.values()):
                    self._states[t - base.record_ticks] = stack.state

            views = side_by_side([base], seed, piece, ticks, QUICK, self._noise, keep)
            self._views, self._of = {view.tick: view for view in views}, of
        done = max((t for t in self._states if t <= ticks_alike(base, other)), default=0)
        since = Moment(done, self._states[done], self._views[done].incidence) if done else None
        changed = side_by_side([other], seed, piece, ticks, QUICK, self._noise, see, since)
        for view in (*(v for v in self._views.values() if since and v.tick <= done), *changed):
            yield self._views[view.tick]
            yield view._replace(program=1)


def paired_samples(
    programs: Sequence[Program], seed: int, piece: Piece, ticks: Ticks, see: See = unseen
) -> Pairs[Sample]:
    """Over the runs of a piece, (tick, [member])."""
    rows = max(p.rows for p in programs)
    distinct = min((p.distinct for p in programs if p.rows), default=0.0)
    views = side_by_side(programs, seed, piece, ticks, see=see)
    return _paired(views, len(programs), lambda x, low, high: sample(x, rows, distinct), by_tick)


def merged(a: Pairs[Sample], b: Pairs[Sample]) -> Pairs[Sample]:
    """Those of two sets of runs together."""
    return [
        {name: Pair(*(merge(x, y) for x, y in zip(one[name], two[name], strict=True))) for name in one}
        for one, two in zip(a, b, strict=True)
    ]


def paired_intervals(programs: Sequence[Program], seed: int, ticks: Ticks, see: See = unseen) -> Pairs[Array]:
    """90 % intervals over what is uncertain, chance taken out, (tick, [member,] end).

    From a block of draws that all programs share, so that the interval of a difference is one of paired draws.
    """
    views = side_by_side(programs, seed, interval_runs(), ticks, REPEATS, see=see)
    return _paired(views, len(programs), partial(_ends, runs=runs_together(programs)), np.stack)


def paired_look(
    of: Hashable, programs: Sequence[Program], seed: int, runs: int, ticks: Ticks, baseline: Baseline, see: See = unseen
) -> tuple[Pairs[Sample], Pairs[Array]]:
    """Both from the same few runs of a base and another program; of levels the draws are what varies."""

    def both(x: Array, low: float, high: float) -> tuple[Sample, Array]:
        return sample(x.reshape(*x.shape[:-1], -1, QUICK.draw).mean(axis=-1)), _ends(x, low, high, QUICK.draw)

    def over_time(found: list[tuple[Sample, Array]]) -> tuple[Sample, Array]:
        samples, ends = zip(*found, strict=True)
        return by_tick(samples), np.stack(ends)

    views = baseline.views((of, seed, runs), programs, seed, runs, ticks, see)
    (found,) = _paired(views, len(programs), both, over_time)
    samples = {name: Pair(*(of_draws for of_draws, _ in pair)) for name, pair in found.items()}
    return [samples], [{name: Pair(*(ends for _, ends in pair)) for name, pair in found.items()}]


def _ends(x: Array, low: float, high: float, runs: int) -> Array:
    return quantiles_over_draws(x, low, high, runs)[..., ENDS]


S = TypeVar("S")


def _paired(
    views: Iterable[View], programs: int, summed: Callable[[Array, float, float], S], stacked: Callable[[list[S]], T]
) -> Pairs[T]:
    """Sum up runs, of which ``summed`` takes the bounds, tick by tick, so that memory does not grow with ticks."""
    parts: list[dict[str, list[Pair[S]]]] = [{} for _ in range(1, programs)]
    for _, at_once in groupby(views, key=lambda view: view.tick):
        base, *others = (view.values for view in at_once)
        for name, x in base.items():
            low, high = OUTCOMES[name].low, OUTCOMES[name].high
            level = summed(x, low, high)
            for part, other in zip(parts, others, strict=True):
                y = other[name]
                pair = Pair(level, summed(y, low, high), summed(y - x, low - high, high - low))
                part.setdefault(name, []).append(pair)
    return [
        {name: Pair(*map(stacked, map(list, zip(*pairs, strict=True)))) for name, pairs in part.items()}
        for part in parts
    ]
