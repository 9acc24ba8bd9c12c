"""Conduct: an ordered logit, and draws with its frequencies."""

import numpy as np
from hypothesis import given, strategies as st
from scipy import stats

from sim.model import conduct
from tests.helpers import ALPHA, coefficients

stances = st.floats(-900, 900)


@given(stances, st.floats(-5, 5), st.floats(1e-6, 8))
def test_chances_are_the_ordered_logit_s(x: float, low: float, width: float) -> None:
    """In [0, 1], three of them summing to 1 with none below 0."""
    c = coefficients(oppose_below=low, support_above=low + width)
    support, oppose = (p.item() for p in conduct.chances(np.array([[x]]), c))
    logistic = stats.logistic.cdf
    np.testing.assert_allclose(support, logistic(x - low - width), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(oppose, logistic(low - x), rtol=1e-9, atol=1e-300)
    abstain = 1 - support - oppose
    assert 0 <= support <= 1
    assert 0 <= oppose <= 1
    assert -1e-15 <= abstain <= 1


@given(stances, st.floats(0, 50))
def test_support_rises_and_opposition_falls_with_stance(x: float, more: float) -> None:
    c = coefficients()
    support, oppose = conduct.chances(np.array([x, x + more]), c)
    assert support[0] <= support[1]
    assert oppose[0] >= oppose[1]


@given(st.floats(-4, 4), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_conduct_is_kinder_with_a_higher_draw(x: float, u: float, v: float) -> None:
    """So that a paired run differs by what changed, not by the draw."""
    p = conduct.chances(np.full(2, x), coefficients(runs=2))
    low, high = conduct.choose(np.sort([u, v]), *p)
    assert low <= high
    assert {low, high} <= {conduct.OPPOSES, conduct.ABSTAINS, conduct.SUPPORTS}


def test_conduct_has_the_chances_as_frequencies() -> None:
    """Pearson's chi-square of three classes in each of nine stances, at a ninth of ALPHA."""
    n, xs = 40_000, np.linspace(-4, 4, 9)
    rng, c = np.random.default_rng(5), coefficients()
    for x in xs:
        support, oppose = conduct.chances(np.full(1, x), c)
        drawn = conduct.choose(rng.random(n), support, oppose)
        counts = [np.sum(drawn == way) for way in (0.0, 0.5, 1.0)]
        chances = np.array([oppose[0], 1 - oppose[0] - support[0], support[0]])
        assert stats.chisquare(counts, n * chances).pvalue > ALPHA / len(xs)
