"""Decays: two half ticks fade as much as one whole tick."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.model.decays import decays, prior
from tests.helpers import coefficients

FADING = ("belief", "stance", "exits", "opinion", "punishment")
steps = st.floats(1e-3, 2.0)


@given(dt=steps, n=st.integers(1, 20))
def test_what_stays_after_n_ticks_is_what_stays_after_their_sum(dt: float, n: int) -> None:
    c = coefficients()
    short, long = decays(c, dt), decays(c, n * dt)
    for name in FADING:
        np.testing.assert_allclose(getattr(short, name) ** n, getattr(long, name), rtol=1e-10)
    for name in ("diversified", "leader_exit"):
        stays = (1 - getattr(short, name)) ** n
        np.testing.assert_allclose(stays, 1 - getattr(long, name), rtol=1e-10)


@given(dt=steps, n=st.integers(1, 20))
def test_the_noise_of_n_ticks_adds_up_to_that_of_their_sum(dt: float, n: int) -> None:
    c = coefficients()
    short, long = decays(c, dt), decays(c, n * dt)
    variance = short.shake**2 * sum(short.stance ** (2 * k) for k in range(n))
    np.testing.assert_allclose(variance, long.shake**2, rtol=1e-10)


@given(dt=steps)
def test_the_prior_flows_back_as_fast_as_experience_fades(dt: float) -> None:
    c = coefficients()
    d = decays(c, dt)
    kept, broken = prior(c)
    np.testing.assert_allclose(d.belief * kept + d.kept, kept, rtol=1e-14)
    np.testing.assert_allclose(d.belief * broken + d.broken, broken, rtol=1e-14)


def test_after_a_lifetime_one_in_e_is_left() -> None:
    d = decays(coefficients(memory=3.0, contagion_memory=3.0, opinion_memory=3.0), 3.0)
    for name in ("belief", "exits", "opinion"):
        assert getattr(d, name)[0] == pytest.approx(np.exp(-1), rel=1e-15)
