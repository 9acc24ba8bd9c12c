"""Crises: competing hazards of four kinds, clashes of pairs, and the leader's answer."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from sim.model import crises
from sim.model.arrays import Inputs
from sim.model.crises import THREATS
from sim.model.variables import LeaderInputs, MemberInputs
from tests.helpers import ALPHA, coefficients

share = st.floats(0, 1)
threats = st.tuples(share, share, share, share)
ONE = np.ones((1, 1))
RATES = {"crisis_interstate": 0.3, "crisis_separatist": 0.15, "crisis_insurgency": 0.2, "crisis_regime": 0.1}
HELP = {
    "help_interstate": -1.0,
    "help_separatist": -0.7,
    "help_insurgency": -0.5,
    "help_regime": 0.5,
    "help_dependence": 1.1,
    "help_affinity": 1.2,
    "help_partiality": 2.0,
    "help_clash": 2.5,
    "help_weakness": 1.5,
}
C = coefficients(**RATES, **HELP, crisis_dispute=0.4)


def inputs(threat: tuple[float, ...], dispute: float = 0.0, reliability: float = 0.5) -> Inputs:
    """One member under these threats, everything else at zero."""
    members = MemberInputs(*(0 * ONE for _ in MemberInputs._fields))
    members = members._replace(**dict(zip(THREATS, (t * ONE for t in threat), strict=True)))
    leader = LeaderInputs(*(np.zeros(1) for _ in LeaderInputs._fields))
    return Inputs(members, leader._replace(reliability=np.full(1, reliability)), dispute * ONE, 0 * ONE, np.zeros(1))


def standing(i: Inputs, dt: float, capacity: float = 1.0) -> crises.Standing:
    """What the environment decides."""
    return crises.standing(i, np.full(1, capacity), C, dt)


@given(threats, st.floats(1e-3, 5))
def test_chances_are_those_of_competing_hazards(threat: tuple[float, ...], dt: float) -> None:
    """Any crisis: 1 - exp(-sum h dt); its kinds in proportion to their hazards."""
    up_to = [p.item() for p in standing(inputs(threat), dt).up_to]
    hazards = np.array(list(RATES.values())) * threat
    total = hazards.sum()
    assert up_to[-1] == pytest.approx(-np.expm1(-total * dt), rel=1e-12)
    assert all(a <= b for a, b in pairwise([0.0, *up_to]))
    if total > 1e-9:
        np.testing.assert_allclose(np.diff([0.0, *up_to]), hazards / total * up_to[-1], rtol=1e-9, atol=1e-15)


@given(threats, st.floats(1e-3, 2), st.integers(1, 12))
def test_a_tick_in_parts_has_the_same_chance_of_no_crisis(threat: tuple[float, ...], dt: float, n: int) -> None:
    parts, whole = standing(inputs(threat), dt / n), standing(inputs(threat), dt)
    np.testing.assert_allclose((1 - parts.up_to[3]) ** n, 1 - whole.up_to[3], rtol=1e-10)


@given(share, st.floats(1e-3, 2), st.integers(1, 12))
def test_clashes_in_parts_too(dispute: float, dt: float, n: int) -> None:
    parts, whole = (standing(inputs((0,) * 4, dispute), d).clash for d in (dt / n, dt))
    np.testing.assert_allclose((1 - parts) ** n, 1 - whole, rtol=1e-10)
    assert whole.item() == pytest.approx(-np.expm1(-0.4 * dispute * dt), rel=1e-12)


def test_kinds_are_drawn_with_their_chances_and_by_members_alone() -> None:
    """Pearson's chi-square of the five outcomes at ALPHA."""
    n, s = 200_000, standing(inputs((0.9, 0.5, 0.7, 0.3)), 1.0)
    u = np.random.default_rng(2).random((1, n))
    s = crises.Standing(tuple(np.broadcast_to(p, u.shape) for p in s.up_to), s.clash, s.log_odds)
    kinds = crises.draw(u, s, np.ones(u.shape, bool))
    chances = np.diff([0.0, *(p[0, 0] for p in s.up_to), 1.0])
    counts = [np.sum(kinds == k) for k in (1, 2, 3, 4, 0)]
    assert stats.chisquare(counts, n * chances).pvalue > ALPHA
    assert not crises.draw(u, s, np.zeros(u.shape, bool)).any()


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("clash", [False, True])
def test_help_comes_with_its_logistic_chance(kind: int, clash: bool) -> None:
    """A binomial count of 20,000 answers; eight two-sided tests at an eighth of ALPHA."""
    n, dependence, affinity, capacity = 20_000, 0.6, 0.7, 0.8
    about = inputs((0.5,) * 4, reliability=0.4)
    s = standing(about._replace(members=about.members._replace(partiality=0.1 * ONE)), 0.25, capacity)
    s = crises.Standing(s.up_to, s.clash, np.broadcast_to(s.log_odds, (1, n)))
    full, u = np.ones((1, n)), np.random.default_rng(kind).random((1, n))
    helped = crises.answer(
        u, kind * full, np.full(u.shape, clash), dependence * full, affinity * full, s, coefficients(runs=n, **HELP)
    )
    log_odds = (
        np.log(0.4 / 0.6)
        + HELP[f"help_{THREATS[kind - 1]}"]
        + 1.1 * dependence
        + 1.2 * affinity
        - 2.0 * 0.1
        - 2.5 * clash
        - 1.5 * (1 - capacity)
    )
    chance = stats.logistic.cdf(log_odds)
    assert stats.binomtest(int(helped.sum()), n, chance).pvalue > ALPHA / 8


def test_nobody_is_helped_who_has_not_asked() -> None:
    s = standing(inputs((0.5,) * 4), 0.25)
    no = np.zeros((1, 1))
    assert crises.answer(no, no, no > 0, ONE, ONE, s, C).item() == 0.0


@pytest.mark.parametrize("reliability", [0.0, 1.0])
def test_certain_leaders_do_not_overflow(reliability: float) -> None:
    s = standing(inputs((0.5,) * 4, reliability=reliability), 0.25)
    assert np.isfinite(s.log_odds).all()
