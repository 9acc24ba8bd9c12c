"""The evidence of one model from the draws of another, held against closed forms of normal models."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from sim.inference import smc
from sim.inference.ratio import ENOUGH, own, ratio

SIZE, BEHAVIOURAL, SEEN, NOISE = 6, 3, 8, 0.7
RNG = np.random.default_rng(5)
A = RNG.standard_normal((SEEN, SIZE)) * np.array([0.08, 2.0, 2.0, 2.0, 2.0, 0.5])
Y = A @ np.full(SIZE, 1.5) + RNG.standard_normal(SEEN)
WEAK, STRONG = (0,), (1, 2, 3, 4)
ALARM = 1e-4
"""How often a test fails of an estimator that is right."""


def matrix(off: Sequence[int]) -> np.ndarray:
    """What the data see of the coordinates, without some."""
    return A * ~np.isin(np.arange(SIZE), off)


def log_evidence(off: Sequence[int]) -> float:
    a = matrix(off)
    return float(stats.multivariate_normal(np.zeros(SEEN), np.eye(SEEN) + a @ a.T).logpdf(Y))


def estimator(off: Sequence[int]) -> smc.Estimate:
    """Unbiased, with lognormal noise."""

    def estimate(z: np.ndarray, key: tuple[int, ...]) -> np.ndarray:
        exact = -0.5 * ((z @ matrix(off).T - Y) ** 2).sum(axis=1) - 0.5 * SEEN * np.log(2.0 * np.pi)
        return exact + NOISE * smc.generator(*key).standard_normal(len(z)) - 0.5 * NOISE**2

    return estimate


def posterior(draws: int, seed: int) -> smc.Stage:
    """Draws of the full model's posterior, with the estimates that a sampler would have kept: greater than fair."""
    covariance = np.linalg.inv(np.eye(SIZE) + A.T @ A)
    z = np.random.default_rng(seed).multivariate_normal(covariance @ A.T @ Y, covariance, draws)
    row = smc.Row(1, 1.0, draws, draws, *[0.0] * 8)._replace(log_evidence=log_evidence(()))
    return smc.Stage((row, row), z, (estimator(())(z, (seed, 1)) + NOISE**2)[:, None], (0.5, 0.5))


def test_the_mean_ratio_of_a_fresh_to_a_kept_estimate_is_that_of_the_evidence() -> None:
    """Noise in either does not bias it; kept estimates taken for fair ones would, by its variance."""
    draws = 20_000
    s = smc.Settings(draws, 1, 0, 3, BEHAVIOURAL)
    found = ratio([posterior(draws, 3)], estimator(WEAK), s)
    limit = stats.norm.isf(ALARM / 2) * found.error
    assert abs(found.log_evidence - log_evidence(WEAK)) < limit < 0.25 * NOISE**2
    assert found.steps == found.power == 1
    assert ENOUGH * draws < found.effective < draws / np.exp(NOISE**2)


@pytest.mark.parametrize(
    ("off", "width"), [(WEAK, 0.25), (STRONG, 1.5)], ids=["from the posterior", "tempered, a ratio of exp(48)"]
)
def test_the_ratio_by_the_samplers_draws_is_exact_over_seeds(off: Sequence[int], width: float) -> None:
    exact, found, values = log_evidence(off) - log_evidence(()), [], []
    for seed in range(16):
        s = smc.Settings(300, 2, 2, seed, BEHAVIOURAL)
        stages = list(smc.stages(estimator(()), SIZE, s))
        found.append(ratio(stages, estimator(off), s))
        values.append(found[-1].log_evidence - own(stages).log_evidence)
    assert {x.power < 1.0 for x in found} == {x.steps > 1 for x in found} == {off == STRONG}
    limit = stats.t.isf(ALARM / 2, 15) * np.std(values, ddof=1) / 4.0
    assert abs(np.mean(values) - exact) < limit < width


def test_from_the_prior_it_is_a_sampling_of_the_other_model_by_itself() -> None:
    """Where no power will do the prior does, of which all draws are effective."""
    s = smc.Settings(100, 1, 0, 1, BEHAVIOURAL)
    stages = list(smc.stages(estimator(()), SIZE, s))
    far = estimator(())
    found = ratio(stages, lambda z, key: far(z + 9.0, key), s)
    assert found.power == 0.0
    assert found.steps > 2
    assert found.effective >= 0.49 * 100


def test_the_model_itself_has_the_evidence_of_the_sampler() -> None:
    s = smc.Settings(100, 1, 2, 1, BEHAVIOURAL)
    stages = list(smc.stages(estimator(()), SIZE, s))
    found = own(stages)
    rows = [r for r in stages[-1].rows[1:] if r.power < 1.0]
    assert found.log_evidence == stages[-1].rows[-1].log_evidence
    assert found.steps == len(rows) + 1
    left = [r.effective for r in stages[-1].rows[1 : found.steps + 1]]
    assert found.error == pytest.approx(np.sqrt(sum(1.0 / n - 0.01 for n in left)))
    assert found.effective == min(left)
