"""Indices from given data against closed forms, with inputs that hang together, and under no relation at all."""

import numpy as np
import pytest
from scipy.stats import norm

from sim.analysis import given
from sim.analysis.given import first_order, held_out

ROWS = 512


def test_of_a_plane_of_correlated_normal_inputs_the_indices_are_the_squared_correlations() -> None:
    """E[Y | X_i] is linear in X_i; the indices of inputs that hang together do not add up to one."""
    rng = np.random.default_rng(1)
    covariance = np.array([[1.0, 0.7, 0.0], [0.7, 1.0, 0.0], [0.0, 0.0, 1.0]])
    slopes = np.array([1.0, 1.0, 0.5])
    x = rng.multivariate_normal(np.zeros(3), covariance, 4 * ROWS)
    found = first_order(x, (x @ slopes)[:, None])
    expected = (covariance @ slopes) ** 2 / (slopes @ covariance @ slopes)
    assert expected.sum() > 1.5
    np.testing.assert_allclose(found.share[:, 0], expected, atol=0.03)
    assert found.resolved.all()


def test_of_a_binary_outcome_it_is_the_variance_of_the_probability() -> None:
    """P(Y = 1 | X) = Phi(2 X): Var(E[Y | X]) / Var(Y) has a closed form by the bivariate normal law."""
    rng = np.random.default_rng(12)
    x = rng.standard_normal((8 * ROWS, 2))
    y = rng.random(8 * ROWS) < norm.cdf(2 * x[:, 0])
    both = 0.25 + np.arcsin(4 / 5) / (2 * np.pi)
    found = first_order(x, y[:, None].astype(float))
    assert abs(found.share[0, 0] - (both - 0.25) / 0.25) < 0.03
    assert found.resolved[:, 0].tolist() == [True, False]


def test_unrelated_inputs_are_resolved_at_the_stated_rate_and_their_index_is_zero_on_average(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 40 data sets without any relation a share RATE has anything resolved (7 or more: a false alarm of 0.3 %)."""
    monkeypatch.setattr(given, "PERMUTATIONS", 100)
    monkeypatch.setattr(given, "RESAMPLES", 10)
    rng = np.random.default_rng(3)
    x = rng.standard_normal((128, 20)) @ rng.standard_normal((20, 20))
    found = [first_order(x, rng.exponential(size=(128, 4)), seed) for seed in range(40)]
    assert abs(np.mean([f.share for f in found])) < 0.003
    assert np.sum([f.resolved.any() for f in found]) <= 6
    assert np.sum([(f.share > f.threshold).any() for f in found]) <= 6


def test_intervals_hold_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 data sets with an index of 0.2 the interval holds it in 90 % at least."""
    monkeypatch.setattr(given, "PERMUTATIONS", 2)
    monkeypatch.setattr(given, "RESAMPLES", 60)
    rng = np.random.default_rng(4)
    x = rng.standard_normal((ROWS, 60))
    y = 0.5 * x + rng.standard_normal((ROWS, 60))
    found = first_order(x, y)
    own, error = np.diag(found.share), np.diag(found.error)
    assert np.mean(np.abs(own - 0.2) < 1.96 * error) >= 0.85
    assert abs(own.mean() - 0.2) < 0.015


def test_a_regression_explains_of_rows_left_out_what_there_is_and_nothing_of_noise() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((ROWS, 30))
    y = np.stack([x[:, 0] + x[:, 1] + np.sqrt(2) * rng.standard_normal(ROWS), rng.standard_normal(ROWS)], axis=1)
    whole, none = held_out(x, y), held_out(x[:, 5:], y)
    assert abs(whole.share[0] - 0.5) < 0.07
    assert whole.low[0] < 0.5 < whole.high[0]
    assert whole.low[1] <= 0.0
    assert (none.low <= 0.0).all()
    assert (none.share < 0.02).all()
