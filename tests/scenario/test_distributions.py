"""Distributions: quantiles against scipy.stats."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from sim.scenario.values import Distribution

INF = float("inf")
u = st.floats(1e-6, 1 - 1e-6)
positive = st.floats(0.2, 5)


def check(found: float, law: Any, at: float) -> None:
    """The quantile has this share of the distribution below it."""
    below, above = law.cdf(np.nextafter(found, -np.inf)), law.cdf(np.nextafter(found, np.inf))
    between = below <= at <= above  # where the distribution is steeper than numbers are dense
    assert between or law.cdf(found) == pytest.approx(at, abs=1e-9)


def drawn_by(family: str, p: dict[str, float], draws: np.ndarray) -> np.ndarray:
    """Quantiles within 0 and 1."""
    return Distribution(family=family, **p).quantile(draws)


def drawn(at: float, family: str, low: float = 0.0, high: float = 1.0, **p: float) -> float:
    """One quantile."""
    return float(Distribution(family=family, **p).quantile(np.array([at]), low, high)[0])


@given(u, st.floats(0, 0.5), st.floats(0.51, 1))
def test_uniform(at: float, low: float, high: float) -> None:
    check(
        float(Distribution(family="uniform", low=low, high=high).quantile(np.array([at]))[0]),
        stats.uniform(low, high - low),
        at,
    )


@given(u, st.floats(0, 0.4), st.floats(0, 1), st.floats(0.6, 1))
def test_triangular(at: float, low: float, share: float, high: float) -> None:
    mode = low + share * (high - low)
    p = {"low": low, "mode": mode, "high": high}
    found = drawn_by("triangular", p, np.array([at]))[0]
    check(found, stats.triang((mode - low) / (high - low), low, high - low), at)


@given(u, st.floats(0, 1), st.floats(0.05, 2))
def test_normal_is_cut_off_and_not_piled_up(at: float, mean: float, sd: float) -> None:
    law = stats.truncnorm((0 - mean) / sd, (1 - mean) / sd, mean, sd)
    check(drawn(at, "normal", mean=mean, sd=sd), law, at)


@given(u, st.floats(-5, 5), positive)
def test_normal_without_bounds_is_whole(at: float, mean: float, sd: float) -> None:
    check(drawn(at, "normal", -INF, INF, mean=mean, sd=sd), stats.norm(mean, sd), at)


@given(u, positive, positive)
def test_beta(at: float, a: float, b: float) -> None:
    check(drawn(at, "beta", a=a, b=b), stats.beta(a, b), at)


@given(u, positive, st.floats(0.05, 2))
def test_lognormal_has_its_median(at: float, median: float, sd: float) -> None:
    law = stats.lognorm(sd, scale=median)
    check(drawn(at, "lognormal", 0.0, INF, median=median, sd=sd), law, at)


FAMILIES = [
    ("uniform", {"low": 0.1, "high": 0.7}),
    ("triangular", {"low": 0.1, "mode": 0.3, "high": 0.7}),
    ("triangular", {"low": 0.1, "mode": 0.1, "high": 0.7}),
    ("triangular", {"low": 0.1, "mode": 0.7, "high": 0.7}),
    ("normal", {"mean": 0.9, "sd": 0.3}),
    ("beta", {"a": 0.5, "b": 2.0}),
    ("lognormal", {"median": 0.5, "sd": 1.0}),
]


@pytest.mark.parametrize(("family", "p"), FAMILIES)
def test_quantiles_rise_and_stay_in_bounds(family: str, p: dict[str, float]) -> None:
    """From the lowest draw there is to the highest; higher draws give higher values."""
    draws = np.concatenate([[2.0**-54], np.linspace(1e-9, 1 - 1e-9, 999), [1 - 2.0**-53]])
    found = drawn_by(family, p, draws)
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= 1
