"""Scores against closed forms, and that honest forecasts score best."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.evaluation.scores import (
    brier,
    category_log_score,
    fair_crps,
    log_score,
    ranked_probability,
    ranks,
    reliability,
    skill,
)

unit = st.floats(0.01, 0.99)


@given(unit, unit)
def test_brier_and_log_score_are_proper(truth: float, told: float) -> None:
    """No report has a smaller expected score than the truth."""
    for score in (brier, log_score):
        yes, no = np.ones(1), np.zeros(1)

        def expected(p: float, score=score, yes=yes, no=no) -> float:
            q = np.array([p])
            return truth * score(q, yes)[0] + (1 - truth) * score(q, no)[0]

        assert expected(truth) <= expected(told) + 1e-12


def test_closed_forms() -> None:
    assert brier(np.array([0.25]), np.array([1.0]))[0] == pytest.approx(0.5625)
    assert log_score(np.array([0.25]), np.array([0.0]))[0] == pytest.approx(-np.log(0.75))
    assert np.isfinite(log_score(np.array([0.0]), np.array([1.0])))[0]
    p = np.array([[0.2, 0.5, 0.3]])
    assert category_log_score(p, np.array([1]))[0] == pytest.approx(-np.log(0.5))
    assert ranked_probability(p, np.array([0]))[0] == pytest.approx(0.8**2 + 0.3**2)
    assert ranked_probability(p, np.array([2]))[0] == pytest.approx(0.2**2 + 0.7**2)


def test_two_categories_are_a_brier_score() -> None:
    p = np.array([0.1, 0.6])
    both = np.stack([1 - p, p], axis=1)
    np.testing.assert_allclose(ranked_probability(both, np.array([1, 0])), brier(p, np.array([1.0, 0.0])))


def test_crps_of_a_uniform_and_of_few_runs() -> None:
    """E|X - y| - E|X - X'| / 2 for X uniform on [0, 1] is (y^3 + (1 - y)^3) / 3; fair in any size."""
    rng = np.random.default_rng(1)
    y = np.full(40_000, 0.3)
    for runs in (2, 5):
        x = fair_crps(rng.random((40_000, runs)), y)
        error = x.std() / np.sqrt(len(x))
        assert abs(x.mean() - (0.3**3 + 0.7**3) / 3) < 4 * error  # false alarm 6e-5
    slow = rng.random((1, 7))
    pairs = np.abs(slow[0][:, None] - slow[0][None]).sum() / (2 * 7 * 6)
    assert fair_crps(slow, np.array([0.4]))[0] == pytest.approx(np.abs(slow - 0.4).mean() - pairs)
    with pytest.raises(ValueError, match="two runs"):
        fair_crps(np.ones((1, 1)), np.ones(1))


def test_ranks_of_a_calibrated_ensemble_are_uniform() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 3, (20_000, 10)).astype(float)  # many ties
    found = np.bincount(ranks(x[:, :9], x[:, 9], rng), minlength=10)
    chi2 = ((found - 2000.0) ** 2 / 2000.0).sum()
    assert chi2 < 33.7  # 9 degrees of freedom, false alarm 1e-4


def test_reliable_forecasts_stay_in_the_band() -> None:
    rng = np.random.default_rng(3)
    p = rng.beta(2, 5, 400)
    drawn = rng.random((500, 400)) < p
    good = reliability(p, rng.random(400) < p, drawn)
    assert np.mean((good.frequency >= good.low - 1e-12) & (good.frequency <= good.high + 1e-12)) > 0.8
    bad = reliability(p, rng.random(400) < p**3, drawn)
    assert np.mean((bad.frequency >= bad.low) & (bad.frequency <= bad.high)) < 0.5
    assert (np.diff(good.frequency) >= 0).all()


def test_skill() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(10), 5)
    base = rng.random(50) + 0.5
    same = skill(base, base, [groups], rng)
    assert same == pytest.approx((0, 0, 0))
    half = skill(base / 2, base, [groups], rng)
    assert half == pytest.approx((0.5, 0.5, 0.5))
    noisy = skill(base * rng.uniform(0.5, 1.5, 50), base, [groups], rng)
    assert noisy.low < noisy.skill < noisy.high


def test_skill_by_two_groupings() -> None:
    """What hangs together by motion is less certain than cases on their own; a perfect baseline leaves no skill."""
    rng = np.random.default_rng(5)
    motions, states = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    base = np.ones(72)
    score = base * rng.uniform(0.2, 1.8, 12)[motions]
    alone = skill(score, base, [np.arange(72)], rng)
    both = skill(score, base, [motions, states], rng)
    assert both.high - both.low > 1.5 * (alone.high - alone.low)
    assert both.skill == pytest.approx(1 - score.mean())
    assert np.isnan(skill(score, np.zeros(72), [motions], rng).skill)


def test_equal_forecasts_have_one_frequency() -> None:
    p = np.array([0.5, 0.1, 0.5, 0.5, 0.5])
    happened = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
    found = reliability(p, happened, np.tile(happened, (3, 1)))
    assert found.forecast.tolist() == [0.1, 0.5, 0.5, 0.5, 0.5]
    assert found.frequency.tolist() == [0.0, 0.5, 0.5, 0.5, 0.5]
    assert found.low.tolist() == found.frequency.tolist() == found.high.tolist()


def test_resamples_in_which_the_baseline_is_perfect_count() -> None:
    """A baseline whose only mistake is in one of ten groups makes none in 35 % of resamples (0.9^10)."""
    rng = np.random.default_rng(6)
    groups = np.arange(10)
    base = np.where(groups < 1, 1.0, 0.0)
    found = skill(np.full(10, 0.05), base, [groups], rng)
    assert found.skill == pytest.approx(0.5)
    assert found.low == -np.inf
    assert found.high > 0.5
    rarely = skill(np.where(groups < 3, 0.5, 0.0), np.where(groups < 3, 1.0, 0.0), [groups], rng)
    assert rarely == pytest.approx((0.5, 0.5, 0.5))  # neither makes a mistake in the others
