"""Decays: two half ticks fade as much as one whole tick."""

from operator import attrgetter

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.model.credibility import prior
from sim.model.tick import decays
from tests.helpers import coefficients

STAYS = ("credibility.belief", "stance.gap", "membership.exits", "feedback.opinion", "feedback.punishment")
GOES = ("feedback.diversified",)
steps = st.floats(1e-3, 2.0)


@given(dt=steps, n=st.integers(1, 20))
def test_what_stays_after_n_ticks_is_what_stays_after_their_sum(dt: float, n: int) -> None:
    c = coefficients()
    short, long = decays(c, dt), decays(c, n * dt)
    for part in map(attrgetter, STAYS):
        np.testing.assert_allclose(part(short) ** n, part(long), rtol=1e-10)
    for part in map(attrgetter, GOES):
        np.testing.assert_allclose((1 - part(short)) ** n, 1 - part(long), rtol=1e-10)


@given(dt=steps, n=st.integers(1, 20))
def test_the_noise_of_n_ticks_adds_up_to_that_of_their_sum(dt: float, n: int) -> None:
    c = coefficients()
    short, long = decays(c, dt).stance, decays(c, n * dt).stance
    variance = short.shake**2 * sum(short.gap ** (2 * k) for k in range(n))
    np.testing.assert_allclose(variance, long.shake**2, rtol=1e-10)


@given(dt=steps)
def test_the_prior_flows_back_as_fast_as_experience_fades(dt: float) -> None:
    c = coefficients()
    d = decays(c, dt).credibility
    for count, flows in zip(prior(c), d.prior, strict=True):
        np.testing.assert_allclose(d.belief * count + flows, count, rtol=1e-14)


def test_after_a_lifetime_one_in_e_is_left() -> None:
    d = decays(coefficients(memory=3.0, contagion_memory=3.0, opinion_memory=3.0), 3.0)
    for stays in (d.credibility.belief, d.membership.exits, d.feedback.opinion):
        assert stays[0] == pytest.approx(np.exp(-1), rel=1e-15)
