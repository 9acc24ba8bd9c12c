"""Conduct: an ordered logit, and draws with its frequencies."""

import numpy as np
from hypothesis import given, strategies as st
from scipy import stats

from sim.engines.environment import Environment
from sim.model import conduct
from sim.model.noise import Noise
from sim.model.tick import Alliance, Record, behave
from tests.helpers import ALPHA, centred, coefficients, numbers, run, six, stacked

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


def test_chances_on_any_motion_are_the_integral_over_its_effect() -> None:
    e = np.linspace(-10, 10, 20_001)
    density = stats.norm.pdf(e)
    for x, spread in ((0.3, 0.3), (-1.1, 1.0), (2.2, 2.0)):
        c = coefficients(motion_spread=spread)
        support, oppose = conduct.over_motions(np.full(1, x), c)
        of_each = conduct.chances(x + spread * e, c)
        expected = [np.trapezoid(density * p, e) for p in of_each]
        np.testing.assert_allclose([support[0], oppose[0]], expected, atol=1e-4)
        assert 0 < support[0] + oppose[0] < 1


def test_motions_without_spread_are_average_ones() -> None:
    x, c = np.linspace(-4, 4, 9), coefficients(runs=9, motion_spread=0.0)
    np.testing.assert_allclose(conduct.over_motions(x, c), conduct.chances(x, c), rtol=1e-12)


def test_what_is_drawn_on_motions_has_the_mean_of_the_chances() -> None:
    """Pearson's chi-square of three classes, ticks of their own; without the effect in the chances it would fail."""
    n, rng = 40_000, np.random.default_rng(8)
    c = coefficients(motion_spread=1.5)
    alliance = Alliance((), np.ones((1, 1), dtype=bool), 2, 1.0, motions=True)
    for x, own in ((2.0, 0.7), (-1.5, 0.0)):
        at = np.full((1, n), x), np.full((1, n), own)
        support, oppose, drawn = behave(rng.random((1, n)), rng.standard_normal(n), *at, alliance, c)
        counts = [np.sum(drawn == way) for way in (0.0, 0.5, 1.0)]
        p = np.array([oppose[0, 0], 1 - oppose[0, 0] - support[0, 0], support[0, 0]])
        assert stats.chisquare(counts, n * p).pvalue > ALPHA / 2
        average = conduct.chances(np.full(1, x + own), c)[0]
        assert abs(support[0, 0] - average[0]) > 0.03


def test_states_move_together_on_a_motion() -> None:
    """The answers of two states alike are as correlated as their chances over motions say, within four errors."""
    n, rng = 40_000, np.random.default_rng(9)
    c = coefficients(motion_spread=1.5)
    alliance = Alliance((), np.ones((2, 1), dtype=bool), 2, 1.0, motions=True)
    x = np.full((2, n), 1.0)
    _, _, drawn = behave(rng.random((2, n)), rng.standard_normal(n), x, 0 * x, alliance, c)
    expected = sum(w * (p[0] ** 2) for w, p in conduct.by_node(np.full(1, 1.0), c))[0]
    both = ((drawn == 1).all(axis=0)).mean()
    assert abs(both - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


def test_effects_in_conduct_touch_nothing_else() -> None:
    base = centred() | numbers()
    without, *others = (
        run(six(base | more), 16) for more in ({}, {"behaviour.state_effects": 1.0}, {"alliance.motions": "drawn"})
    )
    for records in others:
        for name in set(Record._fields) - {"support", "oppose", "conduct", "crises"}:
            np.testing.assert_array_equal(stacked(records, name), stacked(without, name))
        assert not np.array_equal(stacked(records, "support"), stacked(without, "support"))


def test_a_state_s_effect_is_normal_over_runs_and_the_same_in_all_ticks() -> None:
    """Kolmogorov-Smirnov over a block's runs, each state's by itself."""
    effects = Environment(six(centred(state_effects=0.7) | numbers()), Noise(3, 0)).effects
    assert all(stats.kstest(x / 0.7, "norm").pvalue > ALPHA / len(effects) for x in effects)
    assert np.abs(np.corrcoef(effects) - np.eye(len(effects))).max() < 0.08
