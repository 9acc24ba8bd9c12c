"""Estimates and intervals of rare events, against closed forms and on planted cases.

Statistical tests raise a false alarm with a probability of 6e-5 each (four standard errors); seeds are fixed.
"""

import doctest
from functools import reduce
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import beta, binom

from benchmarks.coverage import EVENTS, outcomes
from sim.estimates import incidence, sample as estimator
from sim.estimates.incidence import STEPS, coefficient, controlled
from sim.scenario.load import load
from tests.helpers import MEMBERS, SIX

Z = 4.0
Runs = tuple[np.ndarray, np.ndarray]


def waiting(rng: np.random.Generator, reach: np.ndarray) -> Runs:
    """Chances added up, and events, of runs whose chances add up to ``reach`` where nothing happens."""
    wait = rng.exponential(size=reach.shape)
    return np.minimum(wait, reach), 1.0 * (wait < reach)


def skewed(rng: np.random.Generator, p: float, shape: tuple[int, ...], sigma: float = 1.2) -> Runs:
    """Runs whose hazards are lognormal, of mean p where p is small."""
    return waiting(rng, p * np.exp(sigma * rng.standard_normal(shape) - sigma**2 / 2.0))


def seldom(rng: np.random.Generator, p: float, shape: tuple[int, ...]) -> Runs:
    """Only one run in 20 can have the event at all."""
    return waiting(rng, 20.0 * p * (rng.random(shape) < 0.05) * rng.exponential(size=shape))


def certain(p: float) -> float:
    """The reach whose events have probability p."""
    return float(-np.log1p(-p))


def held(truth: float, ends: Runs) -> float:
    """How often intervals hold the truth."""
    return float(np.mean((ends[0] <= truth) & (truth <= ends[1])))


@pytest.mark.parametrize("module", [incidence, estimator])
def test_examples_in_the_documentation_run(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("p", [0.01, 0.2, 0.6, 0.95])
def test_coefficient_is_that_of_the_closed_form(p: float) -> None:
    """With one hazard c, E[A] = p and E[A^2] = 2 (1 - (1 + c) (1 - p))."""
    c = certain(p)
    exact = (1.0 - (1.0 + c) * (1.0 - p)) / p
    many = coefficient(*waiting(np.random.default_rng(1), np.full((50, 4096), c)))
    assert abs(many.mean() - exact) < Z * many.std() / np.sqrt(50) + 0.5 / STEPS
    few = coefficient(*waiting(np.random.default_rng(2), np.full((500, 64), c)))
    assert abs(few.mean() - exact) < 0.06


def test_coefficient_without_events_is_that_of_theory() -> None:
    chances = np.linspace(0.0, 0.2, 501)
    theory = (chances**2).sum() / (2.0 * chances.sum())
    assert coefficient(chances, np.zeros(501)) >= np.floor(STEPS * theory) / STEPS
    assert coefficient(np.zeros(64), np.zeros(64)) == 0.0
    assert coefficient(np.ones(64), np.ones(64)) <= 1.0


@pytest.mark.parametrize("runs", [64, 500, 4096])
@pytest.mark.parametrize("p", [0.001, 0.03, 0.3, 0.6, 0.967])
def test_estimates_are_unbiased_and_as_sure_as_the_better_of_chances_and_count(p: float, runs: int) -> None:
    times = 64_000 // runs + 200
    chances, events = waiting(np.random.default_rng(3), np.full((times, runs), certain(p)))
    value, said = estimator.estimate(estimator.sample(controlled(chances, events)), 0.0, 1.0)
    off = value - p
    error = np.sqrt((off**2).mean())
    best = min(np.sqrt(((x.mean(axis=-1) - p) ** 2).mean()) for x in (chances, events))
    assert error < 1.1 * best
    assert abs(off.mean()) < Z * error / np.sqrt(times) + 0.15 * error
    assert 0.8 < np.sqrt((said**2).mean()) / error < 1.25
    assert (value >= 0).all()
    assert (value <= 1).all()


def test_nearly_certain_events_of_few_runs_have_the_errors_of_a_count() -> None:
    """Chances alone gave errors of 10.6 points at 64 runs, where counting has 2.2."""
    p, runs = 0.967, 64
    x = controlled(*waiting(np.random.default_rng(4), np.full((500, runs), certain(p))))
    assert np.median(estimator.estimate(estimator.sample(x))[1]) < 1.2 * np.sqrt(p * (1 - p) / runs)


@pytest.mark.parametrize("k", [0, 1, 3, 30, 250, 499, 500])
def test_of_a_bare_count_the_interval_is_that_of_clopper_and_pearson_or_little_wider(k: int) -> None:
    n = 500
    low, high = estimator.interval(estimator.sample(np.repeat([1.0, 0.0], [k, n - k])))
    exact_low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    exact_high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    assert low == pytest.approx(exact_low, rel=0.01, abs=1e-4)
    assert exact_high * 0.995 <= high <= exact_high + 2.5 / n


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_of_a_count_hold_as_often_as_they_say(level: float) -> None:
    """Exactly, over the binomial distribution, for probabilities from 0.0001 to 0.999."""
    n = 400
    k = np.arange(n + 1)
    low, high = estimator.interval(estimator.sample(1.0 * (np.arange(n) < k[:, None])), level)
    for p in (0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999):
        assert binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum() > level - 0.01


@pytest.mark.parametrize("kind", [skewed, seldom])
@pytest.mark.parametrize("p", [0.0001, 0.001, 0.01])
def test_intervals_of_skewed_sums_hold_where_the_normal_one_does_not(kind: type, p: float) -> None:
    times, runs = 1_000, 500
    chances, events = kind(np.random.default_rng(5), p, (times, runs))
    truth = kind(np.random.default_rng(6), p, (4_000_000,))[0].mean()
    s = estimator.sample(controlled(chances, events))
    value, error = estimator.estimate(s)
    assert held(truth, estimator.interval(s)) > 0.93 - Z * np.sqrt(0.93 * 0.07 / times)
    assert held(truth, estimator.interval(s)) > held(truth, (value - 1.96 * error, value + 1.96 * error))


@pytest.mark.parametrize("runs", [500, 4096])
def test_intervals_of_small_differences_reckon_with_runs_that_go_another_way(runs: int) -> None:
    """All runs move a little, one in 2,500 by 0.2: few samples have such a run, and it is half the difference."""
    rng = np.random.default_rng(7)
    times = 800
    chances, events = skewed(rng, 0.05, (times, runs))
    astray = rng.random((times, runs)) < 0.0004
    other = chances * 1.002 + 0.2 * astray
    after = np.maximum(events, astray * (rng.random((times, runs)) < 0.2))
    truth = (0.002 * chances + 0.2 * 0.0004).mean()
    base, changed = controlled(chances, events), controlled(other, after)
    s = estimator.sample(changed - base)
    value, error = estimator.estimate(s)
    ends = estimator.difference_interval(s, estimator.sample(base), estimator.sample(changed))
    assert held(truth, (value - 1.96 * error, value + 1.96 * error)) < 0.8
    assert held(truth, ends) > 0.93 - Z * np.sqrt(0.93 * 0.07 / times)


def test_runs_that_a_change_does_not_touch_show_a_difference_of_exactly_nothing() -> None:
    chances, events = skewed(np.random.default_rng(8), 0.05, (4096,))
    other = chances.copy()
    other[:3] *= 1.5
    difference = controlled(other, events) - controlled(chances, events)
    assert np.count_nonzero(difference) == 3
    base = estimator.sample(chances)
    low, high = estimator.difference_interval(estimator.sample(difference), base, base)
    assert low < 0 < high


@pytest.mark.parametrize("interval", [estimator.interval, lambda s: estimator.difference_interval(s, s, s)])
def test_estimates_lie_within_their_intervals_and_these_within_bounds(interval: object) -> None:
    rng = np.random.default_rng(9)
    x = rng.random((200, 50)) ** rng.integers(1, 40, (200, 1)) * rng.integers(0, 2, (200, 1))
    x[:3] = np.array([0.0, 1.0, 1.3])[:, None]
    s = estimator.sample(x)
    value, _ = estimator.estimate(s, -1.0, 1.0)
    low, high = interval(s)  # type: ignore[operator]
    assert ((low >= -1) & (low <= value) & (value <= high) & (high <= 1)).all()
    wide = interval(s._replace(n=s.n / 2, squares=s.squares / 2))  # type: ignore[operator]
    assert (wide[1] - wide[0] >= high - low - 1e-12).all()


def test_one_run_has_no_error_and_no_interval() -> None:
    s = estimator.sample(np.array([[0.2], [0.0], [1.0]]))
    for x in (estimator.estimate(s)[1], *estimator.interval(s), *estimator.difference_interval(s, s, s)):
        assert np.isnan(x).all()
    assert estimator.few(s).all()


def test_blocks_merge_to_what_all_runs_give_in_whatever_groups() -> None:
    x = np.random.default_rng(10).standard_normal((3, 5_000)) ** 3
    cuts = np.split(x, [1, 7, 600, 4_096], axis=-1)
    whole = estimator.sample(x)
    left = reduce(estimator.merge, map(estimator.sample, cuts))
    right = estimator.merge(estimator.sample(cuts[0]), reduce(estimator.merge, map(estimator.sample, cuts[1:])))
    for merged in (left, right):
        np.testing.assert_array_equal(merged.largest, whole.largest)
        np.testing.assert_array_equal(merged.n, whole.n)
        for a, b in zip(merged, whole, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)


def test_effective_runs_say_where_few_contribute() -> None:
    x = np.zeros((3, 1000))
    x[1, :7] = 0.3
    x[2] = 0.001
    s = estimator.sample(x)
    np.testing.assert_allclose(estimator.effective_runs(s), [0.0, 7.0, 1000.0])
    np.testing.assert_array_equal(estimator.few(s), [True, True, False])
    assert (estimator.interval(s)[1][:2] > 3.6 / 1000).all()


def test_in_the_model_events_and_chances_have_one_mean() -> None:
    """What the benchmark measures: z of the gap of every member's and the alliance's events."""
    chances, events = outcomes([load(SIX)], 2)
    assert chances.shape == events.shape == (1, 3 * (2 * len(MEMBERS) + len(EVENTS) - 2), 8192)
    gap = (events - chances)[0].astype(float)
    often = events[0].sum(axis=-1) > 20
    assert often.sum() > 15
    assert (np.abs(gap.mean(axis=-1)) < Z * gap.std(axis=-1) / np.sqrt(8192))[often].all()


def test_what_no_run_defines_has_neither_estimate_nor_interval() -> None:
    none = estimator.sample(np.array([np.nan, np.nan]))
    assert none.n == 0
    assert np.isnan([*estimator.estimate(none), *estimator.interval(none)]).all()


@pytest.mark.parametrize(("rows", "runs", "cut"), [(50, 1000, 400), (64, 200, 200), (32, 1000, 1000), (30, 29, 29)])
def test_the_error_counts_rows_as_clusters(rows: int, runs: int, cut: int) -> None:
    """Known answer: row effects of variance 1 beside chance of variance 4, rows taken in turn."""
    rng, estimates, said, without = np.random.default_rng(rows), [], [], []
    for _ in range(600):
        x = rng.normal(size=rows)[np.arange(runs) % rows] + 2.0 * rng.normal(size=runs)
        s = reduce(estimator.merge, [estimator.sample(part, rows) for part in np.split(x, [cut]) if len(part)])
        estimates.append(float(s.mean))
        said.append(float(estimator.estimate(s)[1]) ** 2)
        without.append(float(estimator.estimate(estimator.of_chance(s))[1]) ** 2)
    turns, more = divmod(runs, rows)
    truth = 4.0 / runs + (rows * turns**2 + 2 * more * turns + more) / runs**2
    assert np.var(estimates) == pytest.approx(truth, rel=0.25)
    assert np.mean(said) == pytest.approx(truth, rel=0.1)
    assert np.mean(without) <= np.mean(said) + 1e-12


def test_rows_that_are_not_seen_twice_in_a_block_are_taken_to_be_all_there_is() -> None:
    rng = np.random.default_rng(1)
    blocks = [estimator.sample(rng.normal(size=100), 100) for _ in range(9)]
    error = float(estimator.estimate(reduce(estimator.merge, blocks))[1])
    assert error == pytest.approx(0.1, rel=0.15)
