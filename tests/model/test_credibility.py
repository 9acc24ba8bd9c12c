"""Credibility: Beta counts in closed form."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.model import credibility
from tests.helpers import coefficients

DT = 0.25
BELIEF = {"prior_reliability": 0.2, "prior_weight": 4.0, "memory": 8.0, "watching": 0.25, "grievance_memory": 4.0}
answers = st.lists(st.sampled_from((None, 0.0, 0.5, 1.0)), min_size=1, max_size=60)
Answer = float | None


def lived(own: list[Answer], others: list[Answer], dt: float = DT, **changed: float) -> np.ndarray:
    """The Beta counts (kept, broken) and the grievance after ticks with these answers to oneself and to another."""
    c = coefficients(**BELIEF | changed)
    d = credibility.decays(c, dt)
    belief = credibility.State(*(p[None, :] for p in credibility.prior(c)))
    for mine, theirs in zip(own, others, strict=True):
        asked, helped = np.full((1, 1), mine is not None) * 1.0, np.full((1, 1), mine or 0.0)
        all_asked = asked[0] + (theirs is not None)
        all_helped = helped[0] + (theirs or 0.0)
        belief = credibility.update(belief, asked, helped, all_asked, all_helped, c, d)
    return np.ravel(belief)


@given(answers, answers)
def test_counts_are_the_prior_and_the_faded_answers(own: list[Answer], others: list[Answer]) -> None:
    """a_n = a_0 + sum_t phi^(n - 1 - t) (y_t + omega y'_t); the same of broken promises."""
    n = min(len(own), len(others))
    own, others = own[:n], others[:n]
    phi, fades, (kept, broken, grievance) = np.exp(-DT / 8.0), np.exp(-DT / 4.0), (4.0 * 0.2, 4.0 * 0.8, 0.0)
    for t in range(n):
        for weight, y in ((1.0, own[t]), (0.25, others[t])):
            if y is not None:
                kept += weight * phi ** (n - 1 - t) * y
                broken += weight * phi ** (n - 1 - t) * (1 - y)
                grievance += weight * fades ** (n - 1 - t) * (1 - 2 * y)
    np.testing.assert_allclose(lived(own, others), [kept, broken, grievance], rtol=1e-12, atol=1e-12)


@given(answers, st.floats(0.02, 0.98), st.floats(0.1, 50), st.floats(0, 1))
def test_reliability_stays_within_its_bounds(
    own: list[Answer], prior_reliability: float, weight: float, watching: float
) -> None:
    """Between the prior and what happened: the prior's counts never go."""
    quiet: list[Answer] = [None] * len(own)
    counts = lived(own, quiet, prior_reliability=prior_reliability, prior_weight=weight, watching=watching)
    r = credibility.reliability(credibility.State(*counts))
    happened = [y for y in own if y is not None]
    low, high = min([prior_reliability, *happened]), max([prior_reliability, *happened])
    assert 0 < r < 1
    assert low - 1e-12 <= r <= high + 1e-12


@given(st.integers(1, 40), st.sampled_from((1 / 12, 0.25, 1.0)))
def test_experience_fades_to_the_prior(ticks: int, dt: float) -> None:
    """After one broken promise the count is the prior's and e to the minus time over memory."""
    own: list[Answer] = [0.0] + [None] * ticks
    a, b, grievance = lived(own, [None] * len(own), dt)
    assert a == pytest.approx(0.8, rel=1e-12)
    assert b == pytest.approx(3.2 + np.exp(-ticks * dt / 8.0), rel=1e-12)
    assert grievance == pytest.approx(np.exp(-ticks * dt / 4.0), rel=1e-12)


def test_answers_move_belief_the_right_way_and_one_s_own_most() -> None:
    def r(own: Answer, other: Answer) -> float:
        return float(credibility.reliability(credibility.State(*lived([own], [other]))))

    quiet = r(None, None)
    assert r(0.0, None) < r(None, 0.0) < quiet < r(None, 1.0) < r(1.0, None)
    assert r(0.0, None) < r(0.5, None) < r(1.0, None)
