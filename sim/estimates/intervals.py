"""Uncertainty from what is uncertain: coefficients, coded values and inputs to come, chance taken out.

A block of its own holds BLOCK / REPLICATES draws of coefficients and coded values with REPLICATES runs of each, half of
them with one future of the inputs and half with another. The mean of a future's runs estimates its probability; what
chance adds to the spread of these means is known from the spread inside futures, and is taken out (one-way random
effects, Searle, Casella & McCulloch 1992, 10.1002/9780470316856) by moving quantiles of the means, of a probability
along beta distributions.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv

from sim.engines.ensemble import Piece
from sim.estimates.incidence import quantities, with_incidence
from sim.estimates.sample import LEVELS, at_levels
from sim.estimates.split import variance_shares
from sim.model.arrays import Array
from sim.model.noise import BLOCK, Repeats
from sim.model.outcomes import OUTCOMES
from sim.model.tick import Record
from sim.scenario.compile import Program

REPLICATES = 16
FUTURES = 2
"""Of the inputs, in each draw, with half of its runs each."""
REPEATS = Repeats(REPLICATES, REPLICATES // FUTURES)
QUICK = Repeats(4, 4)
"""Of a first look: more draws with few runs each, so that levels and intervals come from the same runs."""
INTERVAL_BLOCK = 1 << 30
"""The name of the block, beyond all blocks of runs."""
INTERVAL_RUNS = BLOCK
"""How many of its runs the intervals of a run or a comparison rest on."""
NEARLY_NORMAL = 1e4
"""Beyond such parameters a beta distribution is a normal one, and the functions lose digits."""


EXPECTED = ("cohesion", "members")
"""Measures of which the expected path is told apart from the runs around it."""
SOURCES = ("parameters", "parameters and inputs")
"""What an expected path is uncertain by: coefficients and coded values, then inputs to come as well."""


class Uncertainty(NamedTuple):
    """By quantity, the tick as first axis."""

    quantiles: dict[str, Array]
    """(tick, [member,] level) of probabilities."""
    shares: dict[str, Array]
    """(tick, [member,] 2, 2): the shares of parameters and of inputs to come in the variance, each with its error."""
    expected: dict[str, Array]
    """(tick, source, level) of EXPECTED, the sources as SOURCES has them."""


def interval_runs() -> Piece:
    """The runs that intervals rest on."""
    return Piece(INTERVAL_BLOCK, slice(0, INTERVAL_RUNS))


def draws_apart(x: Array, futures: int = FUTURES) -> Array:
    """Runs (..., run) as (..., draw, future of the draw, run of both)."""
    return x.reshape(*x.shape[:-1], -1, futures, REPLICATES // futures)


def runs_together(programs: Iterable[Program]) -> int:
    """How many runs in a row have in common all that is uncertain but chance."""
    return REPEATS.future if any(p.course for p in programs) else REPEATS.draw


def quantiles_over_draws(x: Array, low: float = 0.0, high: float = 1.0, runs: int = REPEATS.draw) -> Array:
    """Quantiles at LEVELS of the mean of so many runs, a probability or what else lies from ``low`` to ``high``.

    (..., level), from runs (..., run); NaN where a run leaves it undefined.
    """
    together = x.reshape(*x.shape[:-1], -1, runs)
    means = together.mean(axis=-1)
    chance = together.var(axis=-1, ddof=1).mean(axis=-1) / runs
    seen = means.var(axis=-1, ddof=1)
    ends = at_levels(means)
    moments = (x[..., None] for x in (means.mean(axis=-1), seen, np.maximum(seen - chance, 0.0)))
    return _without_chance(ends, *moments, low=low, high=high)


def expected_quantiles(x: Array, low: float, high: float, runs: int) -> Array:
    """Quantiles at LEVELS of what is expected at given parameters, then at given parameters and inputs to come.

    (..., source, level), from runs (..., run) of which so many are :func:`runs_together`; without inputs to come both
    are the same.
    """
    both = quantiles_over_draws(x, low, high, runs)
    futures = x.reshape(*x.shape[:-1], -1, runs).mean(axis=-1)
    several = REPEATS.draw // runs
    return np.stack([quantiles_over_draws(futures, low, high, several) if several > 1 else both, both], axis=-2)


def draws_without_chance(x: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """Means of draws, (draw,), from runs (draw, run), as they would lie had chance not spread them.

    A run that leaves the quantity undefined (NaN) does not count; NaN for a draw in which all do.
    """
    there = np.isfinite(x)
    n = there.sum(axis=-1)
    runs = np.maximum(n, 1)
    means = np.where(n > 0, np.where(there, x, 0.0).sum(axis=-1) / runs, np.nan)
    known = np.flatnonzero(n > 0)
    several = n > 1
    if len(known) < 2 or not several.any():
        return means
    apart = np.where(there, x - means[:, None], 0.0)[several]
    chance = ((apart**2).sum(axis=-1) / (n[several] - 1) / n[several]).mean()
    if chance == 0.0:
        return means
    order = known[np.argsort(means[known], kind="stable")]
    ends, levels = means[order], (np.arange(len(order)) + 0.5) / len(order)
    seen = ends.var(ddof=1, keepdims=True)
    centre, kept = ends.mean(keepdims=True), np.maximum(seen - chance, 0.0)
    means[order] = _without_chance(ends, centre, seen, kept, levels, low=low, high=high)
    return means


def _without_chance(
    ends: Array,
    mean: Array,
    seen: Array,
    kept: Array,
    levels: Sequence[float] | Array = LEVELS,
    *,
    low: float,
    high: float,
) -> Array:
    """Quantiles at levels as they would be had chance not spread the draws.

    One goes where the same share of draws lies below, from the beta distribution on ``low`` to ``high`` of this
    ``mean`` and the variance ``seen`` to that of the variance ``kept``; from a bound, at which several draws may lie,
    to the quantile of the latter. Between infinite bounds, or for a spread that is small beside them, that is
    shrinking towards the mean; near a bound it keeps the skew, so that a small probability stays small.
    """
    shrunk = np.clip(mean + np.sqrt(kept / np.maximum(seen, 1e-300)) * (ends - mean), low, high)
    width = high - low
    if not np.isfinite(width):
        return np.asarray(shrunk)
    at = np.clip((mean - low) / width, 1e-12, 1.0 - 1e-12)
    before, after = (at * (1.0 - at) * width**2 / np.maximum(v, 1e-300) - 1.0 for v in (seen, kept))
    skewed = (before > 0.0) & (after > 0.0) & (after * np.minimum(at, 1.0 - at) < NEARLY_NORMAL)
    a, b = (np.where(skewed, s, 1.0) for s in (before, after))
    below = betainc(a * at, a * (1.0 - at), np.clip((ends - low) / width, 0.0, 1.0))
    below = np.where((low < ends) & (ends < high), below, levels)
    moved = np.where(skewed, low + width * betaincinv(b * at, b * (1.0 - at), below), shrunk)
    return np.maximum.accumulate(moved, axis=-1)


def around(ends: Array, mean: Array) -> Array:
    """Quantiles (..., level) whose first and last hold the estimate (...), though it comes from other runs."""
    held = ends.copy()
    held[..., 0] = np.minimum(ends[..., 0], mean)
    held[..., -1] = np.maximum(ends[..., -1], mean)
    return held


def uncertainty(records: Iterable[Record], runs: int) -> Uncertainty:
    """What is uncertain does to every quantity of records, of which so many ``runs`` are :func:`runs_together`."""
    futures = REPEATS.draw // runs
    levels: dict[str, list[Array]] = {}
    shares: dict[str, list[Array]] = {}
    expected: dict[str, list[Array]] = {}
    for record, incidence in with_incidence(records):
        values = quantities(record, incidence)
        add_quantiles(levels, {name: x for name, x in values.items() if OUTCOMES[name].probability}, runs)
        for name, x in values.items():
            share = variance_shares(draws_apart(x, futures), OUTCOMES[name].probability)
            shares.setdefault(name, []).append(share)
        for name in EXPECTED:
            ends = OUTCOMES[name].low, OUTCOMES[name].high
            expected.setdefault(name, []).append(expected_quantiles(values[name], *ends, runs))
    return Uncertainty(over_time(levels), over_time(shares), over_time(expected))


def add_quantiles(found: dict[str, list[Array]], values: Mapping[str, Array], runs: int) -> None:
    """Append one tick's quantiles of every probability."""
    for name, x in values.items():
        found.setdefault(name, []).append(quantiles_over_draws(x, runs=runs))


def over_time(found: Mapping[str, list[Array]]) -> dict[str, Array]:
    """The ticks as first axis."""
    return {name: np.stack(ticks) for name, ticks in found.items()}
