"""Feedback: what conduct does stays in bounds, and goes the right way."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.model import feedback
from sim.model.feedback import decays
from tests.helpers import coefficients

share = st.floats(0, 1)
C = coefficients()


def one(x: float) -> np.ndarray:
    """A member of a run."""
    return np.full((1, 1), x)


@given(share, share, st.floats(-1, 1), st.sampled_from((None, 0.0, 0.5, 1.0)), st.floats(0.01, 2))
def test_opinion_stays_in_the_unit_interval(
    opinion: float, mean: float, shock: float, answer: float | None, dt: float
) -> None:
    asked = one(float(answer is not None))
    moved = feedback.opine(
        one(opinion), one(mean), np.full(1, shock), asked, one(answer or 0.0), C, decays(C, dt)
    ).item()
    assert 0 <= moved <= 1


@given(share, share, st.floats(0.01, 2), st.integers(1, 12))
def test_undisturbed_opinion_returns_to_its_mean_whatever_the_step(
    opinion: float, mean: float, dt: float, n: int
) -> None:
    def after(step: float, times: int) -> float:
        x, no = one(opinion), one(0.0)
        for _ in range(times):
            x = feedback.opine(x, one(mean), np.zeros(1), no, no, C, decays(C, step))
        return x.item()

    expected = mean + (opinion - mean) * np.exp(-n * dt / C.opinion_memory[0])
    assert after(dt, n) == pytest.approx(expected, abs=1e-12)
    assert after(dt * n, 1) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("shock", "asked", "helped", "change"),
    [(0.5, 0, 0, -0.15), (-0.5, 0, 0, 0.0), (0, 1, 1, 0.1), (0, 1, 0, -0.1), (0, 1, 0.5, 0.0)],
)
def test_opinion_falls_with_a_growing_war_and_broken_promises(
    shock: float, asked: float, helped: float, change: float
) -> None:
    c = coefficients(opinion_war=0.3, opinion_promise=0.1)
    moved = feedback.opine(one(0.5), one(0.5), np.full(1, shock), one(asked), one(helped), c, decays(c, 0.25))
    assert moved.item() == pytest.approx(0.5 + change)


@given(share, st.floats(-3, 3), share, st.floats(0.01, 2), st.integers(1, 12))
def test_dependence_moves_only_by_the_alienated_and_as_far_as_ties_reach(
    moved: float, x: float, reach: float, dt: float, n: int
) -> None:
    """Never back; within the reach; the same in n short ticks as in one."""
    d = decays(C, dt)
    after = feedback.diversify(one(moved), one(x), one(reach), d).item()
    assert moved <= after <= max(moved, reach) + 1e-15
    if x >= 0 or reach <= moved:
        assert after == moved
    parts = one(moved)
    for _ in range(n):
        parts = feedback.diversify(parts, one(x), one(reach), decays(C, dt / n))
    assert parts.item() == pytest.approx(after, abs=1e-12)


@given(st.floats(0, 3), st.floats(-3, 3), share, st.booleans(), st.floats(0.01, 1))
def test_only_members_of_negative_stance_are_punished(
    punishment: float, x: float, coercion: float, belongs: bool, dt: float
) -> None:
    c, d = coefficients(punishment=0.25), decays(C, dt)
    after = feedback.punish(one(punishment), one(x), np.full(1, coercion), np.full((1, 1), belongs), c, d).item()
    fades = punishment * np.exp(-dt / C.punishment_memory[0])
    added = 0.25 * coercion * dt * max(-x, 0.0) * belongs
    assert after == pytest.approx(fades + added, abs=1e-12)
    assert after >= 0


def test_a_constant_grievance_settles_where_punishment_fades_as_fast_as_it_grows() -> None:
    """rho X |x| tau for a short step; a coarse one is off by half a step over tau."""
    c = coefficients(punishment=0.25, punishment_memory=3.0)
    for dt in (1 / 12, 0.25):
        d, p = decays(c, dt), one(0.0)
        for _ in range(round(60 / dt)):
            p = feedback.punish(p, one(-1.0), np.full(1, 0.6), np.ones((1, 1), bool), c, d)
        assert p.item() == pytest.approx(0.25 * 0.6 * 3.0, rel=0.6 * dt / 3.0)
