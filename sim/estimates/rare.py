"""Probabilities of rare events from few runs: an estimate with little noise, and intervals that hold.

A run has two answers to whether an event happens: the event (0 or 1), and the chances of it added up over
the ticks until it happens, whose mean is the same. The estimate is a mean of chances + beta (events - chances);
any fixed beta in [0, 1] leaves it unbiased, and :func:`coefficient` finds a good one even without events.

Such sums are skewed: most runs add almost nothing, a few much of the whole, and the heaviest are not seen in
few runs. The normal interval then lies too low. The ones here reckon with one more run than there are, as
Fay & Feuer (1997, 10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#) do for sums of weighted
counts. docs/coverage.md has how often they hold.

All of it follows from five numbers (:class:`Sample`), which merge over blocks; memory does not grow with runs.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri

from sim.model.arrays import Array

PRIOR_EVENTS = 10.0
"""Events' worth of trust in the coefficient that theory gives, beside what the runs show."""
STEPS = 64.0
"""Coefficients are multiples of 1 / STEPS."""
FEW = 20.0
"""Effective runs below which an unseen run may add a whole event."""
BEYOND = 1.5
"""How much more than the largest contribution an unseen run may add: the mean of what is larger, in a Pareto tail
of index 3."""


def coefficient(chances: Array, events: Array) -> Array:
    r"""Find the control variate's coefficient: how much of an estimate is events, how much chances.

    The best is beta = -Cov(A, Y - A) / Var(Y - A), with A the chances of a run added up and Y its event. Least
    squares find it where events are many; with few it would be noise. But Y - A is a martingale, so that for
    small chances a tick Cov(A, Y - A) = -E[A^2] / 2 and Var(Y - A) = E[A] (Aalen, Borgan & Gjessing 2008,
    10.1007/978-0-387-68560-1, ch. 2.2), which gives E[A^2] / (2 E[A]), from chances alone. The two are mixed as if
    ``PRIOR_EVENTS`` more events had been seen, in which the theory held.

    It is rounded to multiples of 1 / ``STEPS``, which costs nothing, so that scenarios that hardly differ have the
    same coefficient: a run that a change does not touch then shows a difference of exactly 0.

    Parameters
    ----------
    chances : (..., run), chances added up, 0 or more.
    events : (..., run), 1 where the event happened, else 0.

    Returns
    -------
    Array
        (...), in [0, 1]: 0 is chances alone, 1 the count alone.

    Examples
    --------
    >>> float(coefficient(np.full(64, 0.01), np.zeros(64)))  # rare: chances
    0.0
    >>> float(coefficient(np.linspace(0.5, 3.0, 64), np.ones(64)))  # certain: the count
    1.0
    """
    gap = events - chances
    centred = gap - gap.mean(axis=-1, keepdims=True)
    together = np.einsum("...r,...r->...", chances, centred)
    apart = np.einsum("...r,...r->...", centred, centred)
    theory = np.einsum("...r,...r->...", chances, chances) / np.maximum(2.0 * chances.sum(axis=-1), 1e-300)
    beta = (PRIOR_EVENTS * np.minimum(theory, 1.0) - together) / (PRIOR_EVENTS + apart)
    return np.asarray(np.round(STEPS * np.clip(beta, 0.0, 1.0)) / STEPS)


def controlled(chances: Array, events: Array) -> Array:
    """Combine chances and events into what is averaged over runs.

    Parameters
    ----------
    chances, events : as for :func:`coefficient`.

    Returns
    -------
    Array
        (..., run), 0 or more; above 1 in runs whose chances add up to more.

    Examples
    --------
    >>> controlled(np.array([0.5, 0.25]), np.array([1.0, 0.0])).round(3)
    array([0.594, 0.203])
    """
    beta = coefficient(chances, events)[..., None]
    return chances + beta * (events - chances)


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


def sample(x: Array) -> Sample:
    """Keep of the runs of a block, (..., run), what estimates and intervals need.

    Examples
    --------
    >>> [float(x) for x in sample(np.array([0.0, -1.0, 4.0]))]
    [3.0, 1.0, 14.0, 1.6666666666666667, 4.0]
    """
    mean = x.mean(axis=-1)
    apart = x - mean[..., None]
    size = np.abs(x)
    n = np.full(mean.shape, float(x.shape[-1]))
    return Sample(n, mean, np.einsum("...r,...r->...", apart, apart), size.mean(axis=-1), size.max(axis=-1))


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
    )


def estimate(s: Sample) -> tuple[Array, Array]:
    """Estimate a probability, or a difference of two.

    Returns
    -------
    (value, error)
        The value in [-1, 1], of a probability in [0, 1]; its Monte Carlo standard error, NaN for fewer than two
        runs.

    Examples
    --------
    >>> value, error = estimate(sample(np.array([0.0, 0.0, 0.0, 1.0])))
    >>> float(value), float(error)
    (0.25, 0.25)
    """
    return np.clip(s.mean, -1.0, 1.0), np.sqrt(_variance(s))


def _variance(s: Sample) -> Array:
    """Of the mean; NaN for fewer than two runs."""
    return np.where(s.n > 1.0, s.squares / np.where(s.n > 1.0, s.n - 1.0, 1.0) / np.maximum(s.n, 1.0), np.nan)


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


def few(s: Sample) -> Array:
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
