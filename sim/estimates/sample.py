"""What is kept of runs, and what it says: estimates, their errors, and intervals that hold where events are rare.

Sums of chances are skewed: most runs add almost nothing, a few much of the whole, and the heaviest are not seen in
few runs. The normal interval then lies too low. The ones here reckon with one more run than there are, as
Fay & Feuer (1997, 10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#) do for sums of weighted
counts. docs/coverage.md has how often they hold.

Runs that share a row of a posterior are alike, and rows are draws themselves: the error of a mean counts rows as
clusters. With every row used equally often the variance of the mean of n runs is (s^2 + P t^2 / n) / n, where P is the
number of ordered pairs of runs that share a row and t^2 the covariance of such a pair, so that with many runs it
tends to t^2 / rows, the posterior's own sampling error (Moulton 1986, 10.1016/0304-4076(86)90021-7).

All of it follows from few numbers (:class:`Sample`), which merge over blocks; memory does not grow with runs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri

from sim.model.arrays import Array, Flags, each, indicator
from sim.model.outcomes import INF, QUANTILES, Z95, Outcome

LEVELS = tuple(QUANTILES.values())
QUANTILE_BLOCKS = 2
"""Quantiles are averages of the quantiles of this many first blocks (8,192 runs)."""
FEW = 20.0
"""Effective runs below which an unseen run may add a whole event."""
BEYOND = 1.5
"""How much more than the largest contribution an unseen run may add: the mean of what is larger, in a Pareto tail
of index 3."""


class Sample(NamedTuple):
    """What is kept of runs, arrays of one shape."""

    n: Array
    mean: Array
    squares: Array
    """Sum of squared deviations from the mean."""
    absolute: Array
    """Mean of absolute values; of a probability the mean itself."""
    largest: Array
    """Largest absolute value."""
    rows: Array = np.zeros(())
    """Distinct ones of the posterior that runs take in turn; 0 where each run has draws of its own."""
    pairs: Array = np.zeros(())
    """Ordered pairs of runs in a block that share a row,"""
    shared: Array = np.zeros(())
    """and their covariances added up."""


def sample(x: Array, rows: int = 0, distinct: float | None = None) -> Sample:
    """Keep of the runs of a block, (..., run), what estimates and intervals need.

    NaN, allowed in one-dimensional arrays, means not defined: such runs are left out. Runs take so many ``rows`` of a
    posterior in turn, which tell as much as so many ``distinct`` ones (all of them where it is not given).

    Examples
    --------
    >>> [float(x) for x in sample(np.array([0.0, -1.0, 4.0]))[:5]]
    [3.0, 1.0, 14.0, 1.6666666666666667, 4.0]
    """
    defined, there, total = x, None, x.sum(axis=-1)
    if x.ndim == 1 and np.isnan(total):
        there = ~np.isnan(x)
        defined = x[there]
        total = defined.sum()
    n = defined.shape[-1]
    mean = total / max(n, 1)
    squares = np.maximum(np.einsum("...r,...r->...", defined, defined) - mean * total, 0.0)
    absolute, largest = mean, defined.max(axis=-1, initial=0.0)
    if defined.min(initial=0.0) < 0.0:
        size = np.abs(defined)
        absolute, largest = size.sum(axis=-1) / n, size.max(axis=-1)
    pairs, shared = _shared(x, there, mean, squares, rows) if 0 < rows < x.shape[-1] else (0.0, np.zeros(mean.shape))
    runs, apart, of_pairs = (np.full(mean.shape, k) for k in (float(n), rows if distinct is None else distinct, pairs))
    return Sample(runs, mean, squares, absolute, largest, apart, of_pairs, shared)


def _shared(x: Array, there: Flags | None, mean: Array, squares: Array, rows: int) -> tuple[float, Array]:
    """How many ordered pairs of runs share a row, and the covariances of all of them added up, without bias.

    ``there``: which of the runs define ``x``; all of them where it is not given.
    """
    apart, n = np.asarray(x - mean[..., None]), x.shape[-1]
    pairs = float(_ordered_pairs(n, rows))
    if there is not None:
        apart, n = np.where(there, apart, 0.0), np.count_nonzero(there)
        pairs = (_by_row(indicator(there), rows) ** 2).sum() - n
    products = (_by_row(apart, rows) ** 2).sum(axis=-1) - squares
    # around the mean of the runs themselves products are too small by as much as that mean varies
    share = min(pairs / max(n * (n - 1.0), 1.0), 0.5)
    return pairs, (products + share * squares) / (1.0 - share)


def _by_row(x: Array, rows: int) -> Array:
    """Sums over the runs that share a row, (..., run) to (..., row)."""
    whole = x.shape[-1] // rows * rows
    sums = np.add.reduce(x[..., :whole].reshape(*x.shape[:-1], -1, rows), axis=-2)
    sums[..., : x.shape[-1] - whole] += x[..., whole:]
    return np.asarray(sums)


def by_tick(ticks: Sequence[Sample]) -> Sample:
    """Put ticks together, as first axis."""
    return each(lambda *x: np.array(x), *ticks)


def merge(a: Sample, b: Sample) -> Sample:
    """Join two sets of runs (Chan, Golub & LeVeque 1983, 10.1080/00031305.1983.10483115).

    Blocks are merged in their order, so a result does not depend on which worker finished first.
    """
    n = a.n + b.n
    share = b.n / np.maximum(n, 1.0)
    gap = b.mean - a.mean
    return Sample(
        n,
        a.mean + gap * share,
        a.squares + b.squares + gap * gap * a.n * share,
        a.absolute + (b.absolute - a.absolute) * share,
        np.maximum(a.largest, b.largest),
        np.maximum(a.rows, b.rows),
        a.pairs + b.pairs,
        a.shared + b.shared,
    )


def estimate(s: Sample, low: float = -INF, high: float = INF) -> tuple[Array, Array]:
    """Estimate a mean that lies between bounds, of a probability 0 and 1.

    Returns
    -------
    (value, error)
        The value within the bounds, which chances of few runs may exceed, NaN where no run defines it; its Monte Carlo
        standard error, NaN for fewer than two runs.

    Examples
    --------
    >>> value, error = estimate(sample(np.array([0.0, 0.0, 0.0, 1.0])))
    >>> float(value), float(error)
    (0.25, 0.25)
    """
    return np.where(s.n > 0.0, np.clip(s.mean, low, high), np.nan), np.sqrt(_variance(s))


def normal_interval(s: Sample, low: float = -INF, high: float = INF) -> tuple[Array, Array]:
    """Bound the mean of a measure that lies between ``low`` and ``high``, in 95 %; NaN for fewer than two runs.

    Examples
    --------
    >>> [round(float(end), 2) for end in normal_interval(sample(np.array([1.0, 2.0, 3.0])))]
    [0.87, 3.13]
    """
    value, error = estimate(s, low, high)
    return np.clip(value - Z95 * error, low, high), np.clip(value + Z95 * error, low, high)


def _variance(s: Sample) -> Array:
    """Of the mean; NaN for fewer than two runs."""
    squares = s.squares + _together(s)
    return np.where(s.n > 1.0, squares / np.where(s.n > 1.0, s.n - 1.0, 1.0) / np.maximum(s.n, 1.0), np.nan)


def _together(s: Sample) -> Array:
    """The covariances of all ordered pairs of runs that share a row; where none was seen all variance is the rows'."""
    pairs = np.where(s.rows > 0.0, _ordered_pairs(s.n, np.maximum(s.rows, 1.0)), 0.0)
    of_a_pair = np.where(s.pairs > 0.0, s.shared / np.maximum(s.pairs, 1.0), s.squares / np.maximum(s.n, 1.0))
    return np.asarray(pairs * np.maximum(of_a_pair, 0.0))


def _ordered_pairs(n: Array | float, rows: Array | float) -> Array | float:
    """How many ordered pairs of n runs share a row."""
    turns = n // rows
    return rows * turns * (turns - 1.0) + 2.0 * turns * (n % rows)


def of_chance(s: Sample) -> Sample:
    """The same as if every run had draws of its own: what more runs make smaller."""
    return s._replace(rows=np.zeros_like(s.rows))


def _second(s: Sample) -> Array:
    """Sum of squares."""
    return s.squares + s.n * s.mean**2


def effective_runs(s: Sample) -> Array:
    """Count how many runs of equal contributions would tell as much (Kish 1965): (sum |x|)^2 / sum x^2.

    Examples
    --------
    >>> float(effective_runs(sample(np.array([0.0, 0.0, 2.0, 2.0]))))
    2.0
    """
    second = _second(s)
    return np.where(second > 0.0, (s.n * s.absolute) ** 2 / np.where(second > 0.0, second, 1.0), 0.0)


def few(s: Sample) -> Flags:
    """Find where too few runs contribute for an estimate to be trusted: there say "less than", and the upper end.

    Examples
    --------
    >>> bool(few(sample(np.zeros(500)))), bool(few(sample(np.full(500, 0.001))))
    (True, False)
    """
    return np.asarray(effective_runs(s) < FEW)


def _unseen(s: Sample, least: Array | float = 0.0) -> Array:
    """What a run that was not seen may add to the mean, no less than ``least`` itself."""
    more = np.where(few(s), np.maximum(s.largest, 1.0), np.maximum(BEYOND * s.largest, least))
    return np.asarray(more / np.maximum(s.n, 1.0))


def _typical(s: Sample) -> Array:
    """What a run adds that adds anything: the mean of contributions, each weighted by itself."""
    total = s.n * s.absolute
    return np.where(total > 0.0, _second(s) / np.where(total > 0.0, total, 1.0), 0.0)


def interval(s: Sample, level: float = 0.95) -> tuple[Array, Array]:
    """Bound a probability by what runs show of it.

    The beta distribution of Clopper & Pearson (1934, 10.1093/biomet/26.4.404) with as many runs as a count would
    need for the same error (Korn & Graubard 1998); for the upper end mean and variance are those with one run more,
    which adds ``BEYOND`` times the largest contribution seen, or a whole event where fewer than ``FEW`` effective
    runs contribute.

    Parameters
    ----------
    s : of a probability, any shape.
    level : of confidence, two-sided.

    Returns
    -------
    (low, high)
        In [0, 1]; NaN for fewer than two runs. Without events and chances the upper end is that of a count of 0.

    Examples
    --------
    >>> low, high = interval(sample(np.zeros(500)))
    >>> float(low), round(float(high), 4)
    (0.0, 0.0074)
    >>> x = np.zeros(1000)
    >>> x[:300] = 1.0
    >>> [round(float(end), 3) for end in interval(sample(x))]
    [0.272, 0.33]
    """
    tail = (1.0 - level) / 2.0
    variance, extra = _variance(s), _unseen(s)
    value = np.clip(s.mean, 0.0, 1.0)
    runs = _runs_of_a_count(value, variance, s.n)
    low = betaincinv(np.maximum(runs * value, 1e-12), runs * (1.0 - value) + 1.0, tail)
    above = np.minimum(value + extra, 1.0)
    runs = _runs_of_a_count(above, variance + extra**2, s.n)
    high = betaincinv(np.maximum(runs * above, 1e-12), np.maximum(runs * (1.0 - above), 1e-12), 1.0 - tail)
    known = ~np.isnan(variance)
    return (
        np.where(known, np.where(value > 0.0, np.minimum(low, value), 0.0), np.nan),
        np.where(known, np.where(above < 1.0, np.maximum(high, value), 1.0), np.nan),
    )


def _runs_of_a_count(p: Array, variance: Array, n: Array) -> Array:
    """How many runs a count would need for this variance; all there are for an event that is certain or impossible."""
    binomial = p * (1.0 - p)
    return np.where(binomial > 0.0, binomial / np.maximum(np.nan_to_num(variance), 1e-18), n)


def difference_interval(difference: Sample, base: Sample, other: Sample, level: float = 0.95) -> tuple[Array, Array]:
    """Bound a difference of two probabilities by paired runs.

    The normal interval, widened at both ends by what one run more may add, as in :func:`interval`. In most runs a
    small change moves chances a little; in a few a draw falls on the other side, and all that follows differs. A
    run that was not seen is therefore allowed to gain or lose what contributing runs of either scenario add.

    Parameters
    ----------
    difference : of the differences, run by run, of a probability in two scenarios.
    base, other : of the probability in each.
    level : of confidence.

    Returns
    -------
    (low, high)
        In [-1, 1]; NaN for fewer than two runs. Where no run differs: what so many runs without one allow.

    Examples
    --------
    >>> none = sample(np.zeros(500))
    >>> low, high = difference_interval(none, none, none)
    >>> round(float(low), 4), round(float(high), 4)
    (-0.0059, 0.0059)
    """
    variance = _variance(difference)
    extra = _unseen(difference, np.maximum(_typical(base), _typical(other)))
    reach = extra + ndtri((1.0 + level) / 2.0) * np.sqrt(variance + extra**2)
    return np.clip(difference.mean - reach, -1.0, 1.0), np.clip(difference.mean + reach, -1.0, 1.0)


class Estimate(NamedTuple):
    """Of an outcome, with what chance may have made of it."""

    mean: Array
    mcse: Array
    low: Array
    high: Array
    """Ends of the 95 % Monte Carlo interval."""
    few: Array
    """1 where no more can be said of a probability than that it is less than ``high``, else 0."""


def estimated(s: Sample, outcome: Outcome) -> Estimate:
    """What runs say of an outcome."""
    mean, error = estimate(s, outcome.low, outcome.high)
    if outcome.probability:
        return Estimate(mean, error, *interval(s), np.where(few(s) & (mean < 0.5) & (s.n > 1.0), 1.0, 0.0))
    return Estimate(mean, error, *normal_interval(s, outcome.low, outcome.high), np.zeros(mean.shape))


def estimated_difference(
    base: Sample, value: Sample, difference: Sample, outcome: Outcome, levels: tuple[Array, Array]
) -> Estimate:
    """What paired runs say of two levels' difference, which of a probability is that of what is said of the levels."""
    error, never = estimate(difference)[1], np.zeros(difference.mean.shape)
    if not outcome.probability:
        most = outcome.high - outcome.low
        mean, _ = estimate(difference, -most, most)
        return Estimate(mean, error, *normal_interval(difference, -most, most), never)
    mean = levels[1] - levels[0]
    low, high = difference_interval(difference, base, value)
    return Estimate(mean, error, np.minimum(low, mean), np.maximum(high, mean), never)


def quantiles(x: Array) -> Array:
    """Quantiles over the last axis at LEVELS, in a new last axis; NaN where nothing is defined."""
    if x.ndim == 1:
        x = x[~np.isnan(x)]
    if not x.shape[-1]:
        return np.full((*x.shape[:-1], len(LEVELS)), np.nan)
    return at_levels(x)


def at_levels(x: Array) -> Array:
    """Quantiles over the last axis at LEVELS, in a new last axis; NaN where a value is."""
    # sorted first: numpy sorts several times as fast as it finds a few places of what is not sorted
    return np.moveaxis(np.quantile(np.sort(x, axis=-1), LEVELS, axis=-1, overwrite_input=True), 0, -1)


def jackknife(left_out: Array) -> Array:
    """Standard error of an estimate from those that leave out each part in turn, (..., part) to (...).

    (Efron & Stein 1981, 10.1214/aos/1176345462.)
    """
    return np.asarray(np.sqrt((left_out.shape[-1] - 1.0) * left_out.var(axis=-1)))
