"""Membership: competing hazards, their chances, and the renewal window."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from scipy import stats

from sim.model import membership
from sim.model.arrays import Codes, Coefficients
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE, Chances, Standing, State, decays
from tests.helpers import ALPHA, coefficients

hazard = st.one_of(st.just(0.0), st.floats(1e-6, 20))
LOG = {
    "exit_rate": 0.02,
    "freeze_rate": 0.03,
    "resume_rate": 0.1,
    "entry_rate": 0.01,
    "exit_stance": 2.0,
    "entry_stance": 1.5,
    "contagion": 0.9,
    "exit_punishment": 0.5,
    "freeze_cost": 0.5,
    "exit_delay": 0.0,
}
NAMES = ("stance", "dependence", "punishment", "exits", "push", "bases", "leash", "entry", "origin")
about = st.fixed_dictionaries({name: st.floats(-1, 1) for name in NAMES})


def chances(leave: float, side: float, dt: float) -> tuple[float, float]:
    """The chances of the two moves in a tick."""
    p = membership.chances(np.full((1, 1), leave), np.full((1, 1), side), dt)
    return p.exit.item(), p.side.item()


@given(hazard, hazard, st.floats(1e-3, 5))
def test_chances_are_those_of_competing_hazards(leave: float, side: float, dt: float) -> None:
    """Together 1 - exp(-(h1 + h2) dt), in proportion to the hazards."""
    p, q = chances(leave, side, dt)
    assert 0 <= p <= 1
    assert 0 <= q <= 1
    assert p + q <= 1
    assert p + q == pytest.approx(-np.expm1(-(leave + side) * dt), rel=1e-9, abs=1e-15)
    assert p * side == pytest.approx(q * leave, rel=1e-9, abs=1e-14)


@given(hazard, hazard, st.floats(1e-2, 3), st.integers(1, 12))
def test_a_tick_in_parts_has_the_same_cumulative_chances(leave: float, side: float, dt: float, n: int) -> None:
    whole, (p, q) = chances(leave, side, dt), chances(leave, side, dt / n)
    stays = (1 - p - q) ** np.arange(n)
    assert (p * stays.sum(), q * stays.sum()) == pytest.approx(whole, rel=1e-8, abs=1e-13)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 4))
def test_a_renewal_window_counts_the_same_however_it_is_cut(first: float, second: float, effect: float) -> None:
    """The mean factor of two half ticks is that of the tick that holds both."""
    c = coefficients(renewal=effect)
    halves = [membership.renewal_factor(share, c) for share in (first, second)]
    whole = membership.renewal_factor((first + second) / 2, c)
    np.testing.assert_allclose(np.mean(halves), whole, rtol=1e-12)
    assert membership.renewal_factor(0.0, c).item() == 1.0
    assert membership.renewal_factor(1.0, c).item() == pytest.approx(np.exp(effect))


def log_hazards(status: int, x: dict[str, float], joins: bool, c: Coefficients) -> np.ndarray:
    """Logarithms of the two hazards of one state."""
    at = {k: np.full((1, 1), v) for k, v in x.items()}
    code: Codes = np.full((1, 1), status, dtype=np.int8)
    s = Standing(at["push"], at["bases"], at["leash"][0], at["entry"], at["origin"][0], np.zeros(1))
    h = membership.hazards(
        State(code, at["exits"][0], np.ones(1, bool)),
        at["stance"],
        at["dependence"],
        at["punishment"],
        1.0,
        np.full((1, 1), joins),
        s,
        c,
    )
    with np.errstate(divide="ignore"):
        return np.log([h[0].item(), h[1].item()])


@given(about)
def test_log_hazards_are_the_model_s(x: dict[str, float]) -> None:
    """MODEL.md, tick 5: a freeze has the terms of an exit with ties at a share of their weight."""
    c = coefficients(**LOG)
    ties = x["leash"] * x["dependence"] + x["bases"] + 0.5 * x["punishment"]
    drift = x["push"] + 0.9 * x["exits"] - 2.0 * (x["stance"] - x["origin"])
    leaves, entry = np.log(0.02) + drift - ties, x["entry"] + 1.5 * x["stance"]
    loose = drift - 0.5 * ties
    for status, expected in (
        (ACTIVE, [leaves, np.log(0.03) + loose]),
        (FROZEN, [leaves, np.log(0.1) - loose]),
        (OUTSIDE, [-np.inf, np.log(0.01) + entry]),
    ):
        np.testing.assert_allclose(log_hazards(status, x, True, c), expected, rtol=1e-9, atol=1e-9)
    assert log_hazards(OUTSIDE, x, False, c)[1] == -np.inf


@given(about, st.floats(0.05, 5), st.floats(0, 1))
def test_leaving_takes_its_years_even_for_those_whom_nothing_holds(
    x: dict[str, float], delay: float, eager: float
) -> None:
    """The mean time to an exit is that of the unbounded hazard and ``delay`` together."""
    free = log_hazards(ACTIVE, x | {"stance": -100 * eager}, True, coefficients(**LOG))[0]
    bounded = log_hazards(ACTIVE, x | {"stance": -100 * eager}, True, coefficients(**{**LOG, "exit_delay": delay}))[0]
    assert np.exp(-bounded) == pytest.approx(np.exp(-free) + delay, rel=1e-9)


def test_a_state_without_ties_leaves_at_the_base_rate() -> None:
    nothing = dict.fromkeys(NAMES, 0.0)
    for baseline in (-2.0, 0.0, 1.5):
        c = coefficients(**LOG, baseline=baseline)
        origin = {"stance": baseline, "origin": baseline}
        assert log_hazards(ACTIVE, nothing | origin, True, c)[0] == pytest.approx(np.log(0.02))


@given(about, st.sampled_from((OUTSIDE, FROZEN, ACTIVE)), st.booleans())
def test_a_state_s_hazards_do_not_depend_on_its_neighbours_in_the_array(
    x: dict[str, float], other: int, joins: bool
) -> None:
    """To the last bit: replay in Mesa takes one row at a time."""
    c, s = coefficients(**LOG), np.full((1, 1), x["stance"])
    part = Standing(s, s, s[0], s, s[0], s[0])
    status: Codes = np.array([[ACTIVE], [other]], dtype=np.int8)
    alone = membership.hazards(State(status[:1], s[0], s[0] > 2), s, s, s, 1.0, s > 2, part, c)
    both = np.repeat(s, 2, axis=0)
    part = Standing(both, both, s[0], both, s[0], s[0])
    beside = membership.hazards(State(status, s[0], s[0] > 2), both, both, both, 1.0, both > 2, part, c)
    assert [h[0, 0] for h in beside] == [h[0, 0] for h in alone]


def test_moves_have_the_chances_as_frequencies() -> None:
    """Pearson's chi-square for each status, at a third of ALPHA."""
    n, rng = 100_000, np.random.default_rng(4)
    p = Chances(np.full((1, n), 0.07), np.full((1, n), 0.11))
    for status, other in ((ACTIVE, FROZEN), (FROZEN, ACTIVE), (OUTSIDE, ACTIVE)):
        leave = p.exit * (status != OUTSIDE)
        after = membership.move(rng.random((1, n)), np.full((1, n), status, dtype=np.int8), Chances(leave, p.side))
        counts = [np.sum(after == OUTSIDE), np.sum(after == other), n]
        if status == OUTSIDE:
            assert stats.binomtest(int(counts[1]), n, 0.11).pvalue > ALPHA / 3
            continue
        counts[2] -= counts[0] + counts[1]
        assert np.sum(after == status) == counts[2]
        assert stats.chisquare(counts, n * np.array([0.07, 0.11, 0.82])).pvalue > ALPHA / 3


@given(hazard, hazard, st.floats(0, 1, exclude_max=True))
def test_exits_take_the_lowest_draws(leave: float, side: float, u: float) -> None:
    """So that a paired run in which exit is more probable keeps every exit of the other."""
    p, q = chances(leave, side, 0.25)
    assume(abs(u - p) > 1e-12)
    assume(abs(u - p - q) > 1e-12)
    full = np.full((1, 1), ACTIVE, dtype=np.int8)
    after = membership.move(np.full((1, 1), u), full, Chances(full * 0 + p, full * 0 + q)).item()
    assert after == (OUTSIDE if u < p else FROZEN if u < p + q else ACTIVE)


def test_shares_that_left_fade_and_add_up() -> None:
    d = decays(coefficients(contagion_memory=2.0), 0.5)
    now = State(np.full((3, 1), ACTIVE, dtype=np.int8), np.zeros(1), np.ones(1, bool))
    for exits in (1, 0, 2):
        after = np.where(np.arange(3)[:, None] < exits, OUTSIDE, ACTIVE).astype(np.int8)
        now = now._replace(recent_exits=membership.remember(now, after, d))
    assert now.recent_exits.item() == pytest.approx((2 + np.exp(-2 * 0.5 / 2.0)) / 3)
