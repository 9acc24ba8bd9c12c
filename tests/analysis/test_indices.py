"""Indices of sensitivity against closed forms, with noise and without; noise is never booked as interaction."""

import numpy as np
import pytest
from SALib.analyze import morris as salib_morris, sobol as salib_sobol
from SALib.test_functions import Ishigami, Sobol_G

from sim.analysis.indices import effects, morris, sobol
from sim.model.arrays import Array
from sim.studies.design import points
from sim.studies.tables import Design, Factor

A = np.array([0.0, 0.5, 3.0, 9.0])
HALF, EIGHTH = np.pi**4 / 5, np.pi**8 / 18
V = 0.1 * HALF + 0.01 * EIGHTH + 0.5 + 49 / 8
CLOSED = {
    "ishigami": (
        np.array([0.5 * (1 + 0.1 * HALF) ** 2, 49 / 8, 0.0]) / V,
        np.array([0.5 * (1 + 0.1 * HALF) ** 2 + 8 * 0.01 * np.pi**8 / 225, 49 / 8, 8 * 0.01 * np.pi**8 / 225]) / V,
    ),
    "sobol g": (Sobol_G.sensitivity_index(A), Sobol_G.total_sensitivity_index(A)),
}


def designed(kind: str, number: int, count: int, low: float, high: float) -> Array:
    key = {"saltelli": "base", "morris": "trajectories"}[kind]
    factors = {f"x{k}": Factor(path="leader.war", low=low, high=high) for k in range(count)}
    return points(Design.model_validate({"kind": kind, key: number}), factors)


def outcome(function: str, base: int) -> tuple[Array, Array]:
    if function == "ishigami":
        x = designed("saltelli", base, 3, -np.pi, np.pi)
        return x, Ishigami.evaluate(x)
    x = designed("saltelli", base, 4, 0.0, 1.0)
    return x, Sobol_G.evaluate(x, A)


def halves(y: Array, noise: float, seed: int = 3) -> Array:
    """Two halves, each with noise of its own and a shift that is common to its points."""
    rng = np.random.default_rng(seed)
    return y + noise * y.std() * rng.standard_normal((2, len(y))) + rng.standard_normal((2, 1))


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("function", CLOSED)
def test_sobol_indices_are_those_of_the_closed_form_with_noise_and_without(function: str, noise: float) -> None:
    x, y = outcome(function, 4096)
    found = sobol(halves(y, noise).reshape(2, -1, x.shape[1] + 2))
    first, total = CLOSED[function]
    off = 0.01 if noise == 0.0 else 0.06
    np.testing.assert_allclose(found.first.value, first, atol=off)
    np.testing.assert_allclose(found.total.value, total, atol=off)
    assert abs(found.additive.value - first.sum()) < 2 * off
    inside = [(i.low - 1e-3 <= t) & (t <= i.high + 1e-3) for i, t in ((found.first, first), (found.total, total))]
    assert np.mean(inside) >= 0.75
    assert abs(found.chance - noise / (noise + 2)) < 0.03, "half of the noise's variance is left in the mean of halves"


def test_what_a_single_sample_books_as_interaction_is_chance() -> None:
    """The sum of two inputs has no interaction; with noise SALib sees some, halves do not."""
    x = designed("saltelli", 4096, 2, 0.0, 1.0)
    y = halves(x.sum(axis=1), 1.0)
    naive = salib_sobol.analyze({"num_vars": 2, "names": ["a", "b"]}, y[0], calc_second_order=False, num_resamples=2)
    assert (naive["ST"] - 0.5 > 0.2).all()
    found = sobol(y.reshape(2, -1, 4))
    np.testing.assert_allclose(found.total.value, 0.5, atol=0.05)
    assert found.additive.low <= 1.0 <= found.additive.high


def test_without_noise_the_indices_are_salibs() -> None:
    _, y = outcome("ishigami", 64)
    theirs = salib_sobol.analyze({"num_vars": 3, "names": list("abc")}, y, calc_second_order=False, num_resamples=2)
    found = sobol(np.stack([y, y]).reshape(2, -1, 5))
    np.testing.assert_allclose(found.first.value, theirs["S1"], rtol=1e-9)
    np.testing.assert_allclose(found.total.value, theirs["ST"], rtol=1e-9)
    assert found.chance == 0.0


def test_an_outcome_of_chance_alone_has_no_indices() -> None:
    rng = np.random.default_rng(5)
    found = sobol(rng.standard_normal((2, 512, 6)))
    assert found.variance.low <= 0.0
    assert np.isnan(found.first.value).all()
    assert found.chance > 0.8


def test_about_one_in_twenty_factors_without_effect_is_called_resolved() -> None:
    """Of 400 first-order indices that are zero; the false-alarm rate of this bound is below 0.1 %."""
    rng = np.random.default_rng(6)
    calls = []
    for seed in range(20):
        x = rng.random((2, 256, 21))
        y = np.concatenate([x[0, :, :1], np.repeat(x[0, :, :1], 21, axis=1), x[1, :, :1]], axis=1)
        y[:, 1] = x[1, :, 0]  # the first factor is the only one that does something
        noisy = y + 0.5 * rng.standard_normal((2, *y.shape))
        calls.append(sobol(noisy, seed).first.resolved[1:])
    assert 0.01 < np.mean(calls) < 0.09


def test_elementary_effects_are_salibs_and_of_a_plane_its_slopes() -> None:
    x = designed("morris", 30, 4, 0.0, 1.0)
    y = Sobol_G.evaluate(x, A)
    problem = {"num_vars": 4, "names": list("abcd"), "bounds": [[0, 1]] * 4}
    theirs = salib_morris.analyze(problem, x, y, num_levels=4, seed=1)
    found = morris(x.reshape(30, 5, 4), np.stack([y, y]).reshape(2, 30, 5))
    np.testing.assert_allclose(found.mean.value, theirs["mu"], rtol=1e-9)
    np.testing.assert_allclose(found.size.value, theirs["mu_star"], rtol=1e-9)
    np.testing.assert_allclose(found.spread.value, theirs["sigma"], rtol=1e-9)
    slopes = np.array([3.0, -2.0, 0.0, 1.0])
    plane = effects(x.reshape(30, 5, 4), (x @ slopes).reshape(30, 5))
    np.testing.assert_allclose(plane, np.tile(slopes, (30, 1)), atol=1e-9)


def test_noise_makes_no_elementary_effect_and_no_spread() -> None:
    x = designed("morris", 400, 3, 0.0, 1.0)
    y = halves(x @ np.array([3.0, 1.0, 0.0]), 0.5)
    found = morris(x.reshape(400, 4, 3), y.reshape(2, 400, 4))
    assert abs(found.size.value[0] - 3.0) < 0.15
    assert found.size.value[2] < 0.15
    assert found.size.resolved.tolist() == [1.0, 1.0, 0.0]
    assert (found.spread.low[1:] < 0.3).all()
    naive = np.abs(effects(x.reshape(400, 4, 3), y[0].reshape(400, 4))).mean(axis=0)
    assert naive[2] > 0.5
