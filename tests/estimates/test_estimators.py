"""Estimators against counting and enumeration, summaries against numpy."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.engines.ensemble import run_block
from sim.estimates.incidence import Incidence, at_most_one, controlled
from sim.estimates.intervals import REPEATS, REPLICATES, quantiles_over_draws
from sim.estimates.sample import LEVELS, estimate, merge, quantiles, sample
from sim.model.membership import ACTIVE, FROZEN
from sim.model.noise import BLOCK, Noise
from sim.scenario.compile import compile
from sim.scenario.load import load
from tests.helpers import SIX

# 5 members x (exit, freeze) + any, two, dissolution: 13 comparisons; |z| > 4.6 has probability
# 4.2e-6 each, so the whole test fails by chance in 5.5e-5 of seeds
Z = 4.6
DRAWS = BLOCK // REPLICATES


def test_chances_added_up_agree_with_events_counted() -> None:
    program = compile(load(SIX, {"behaviour.exit_rate": 0.05, "behaviour.leader_exit_rate": 0.03}))
    runs = 0
    gaps: dict[str, list[np.ndarray]] = {}
    for block in range(4):
        records = list(run_block(program, 11, block))
        incidence = Incidence.start(records[0])
        left = np.zeros(records[0].left.shape, dtype=bool)
        froze = np.zeros_like(left)
        exits = np.zeros(left.shape[1])
        for r in records[1:]:
            incidence.add(r)
            left |= r.left
            froze |= (r.before == ACTIVE) & (r.status == FROZEN) & r.alive
            exits += r.left.sum(axis=0)
        runs += left.shape[1]
        for name, chances, count in (
            ("exit", incidence.sums["exit"], left),
            ("any_exit", incidence.sums["any_exit"], exits > 0),
            ("two_exits", incidence.sums["two_exits"], exits > 1),
            ("dissolution", incidence.sums["dissolution"], ~records[-1].alive),
        ):
            gaps.setdefault(name, []).append(np.atleast_2d(chances - count))
    for name, parts in gaps.items():
        gap = np.concatenate(parts, axis=1)
        z = gap.mean(axis=1) / (gap.std(axis=1, ddof=1) / np.sqrt(runs))
        assert np.all(np.abs(z) < Z), (name, z)


def test_the_estimator_needs_fewer_runs_where_exits_are_rare() -> None:
    program = compile(load(SIX, {"behaviour.exit_rate": 0.001}))
    records = list(run_block(program, 1, 0))
    incidence = Incidence.start(records[0])
    left = np.zeros(records[0].left.shape, dtype=bool)
    for r in records[1:]:
        incidence.add(r)
        left |= r.left
    p = incidence.sums["exit"].mean(axis=1)
    counting = p * (1 - p)
    assert np.all(counting / incidence.sums["exit"].var(axis=1) > 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_at_most_one_against_enumeration(p: list[float]) -> None:
    none, one = at_most_one(np.array(p)[:, None])
    q = 1 - np.array(p)
    assert none[0] == pytest.approx(np.prod(q))
    expected = sum(p[i] * np.prod(np.delete(q, i)) for i in range(len(p)))
    assert one[0] == pytest.approx(expected)


@given(st.integers(2, 50), st.integers(2, 50), st.integers(0, 10_000))
def test_estimates_of_blocks_are_those_of_all_runs(a: int, b: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(3, 2, size=(4, a + b))
    value, error = estimate(merge(sample(x[:, :a]), sample(x[:, a:])))
    np.testing.assert_allclose(value, x.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(error, x.std(axis=1, ddof=1) / np.sqrt(a + b), rtol=1e-6, atol=1e-12)


def test_undefined_runs_are_left_out() -> None:
    x = np.array([1.0, np.nan, 3.0])
    s = sample(x)
    assert s.n == 2
    assert s.mean == 2
    assert quantiles(x)[2] == 2
    assert np.isnan(estimate(sample(np.array([np.nan, 1.0])))[1])
    assert np.isnan(estimate(sample(np.array([np.nan, np.nan])))[0])


def test_the_control_variate_is_no_worse_than_chances_or_counts() -> None:
    program = compile(
        load("csto/history-1992-2023", {"posterior": "none", "time.step": "year", "time.end": "2023-07-01"})
    )
    records = list(run_block(program, 1, 0))
    incidence = Incidence.start(records[0])
    for r in records[1:]:
        incidence.add(r)
    best = incidence.estimate("exit")
    count = 1.0 * incidence.happened["exit"]
    either = np.minimum(incidence.sums["exit"].var(axis=1), count.var(axis=1))
    assert np.all(best.var(axis=1) <= 1.01 * either + 1e-12)  # the coefficient is estimated, and in steps
    gap = (best - count).mean(axis=1)
    error = np.maximum((best - count).std(axis=1), 1e-12) / np.sqrt(best.shape[1])
    assert np.all(np.abs(gap) < Z * error)


def test_rare_events_go_without_control() -> None:
    """With no event at all least squares would call the chances wrong and estimate 0."""
    chances = np.random.default_rng(1).uniform(0, 1e-3, (1, BLOCK))
    np.testing.assert_array_equal(controlled(chances, np.zeros_like(chances)), chances)


def test_intervals_take_chance_out() -> None:
    """Draws with a known spread of probabilities, seen through 16 coin tosses each."""
    rng = np.random.default_rng(5)
    p = rng.beta(4, 12, size=DRAWS)
    tosses = (rng.random((DRAWS, REPLICATES)) < p[:, None]).astype(float)
    found = quantiles_over_draws(tosses.reshape(1, -1))[0]
    truth = np.quantile(p, LEVELS)
    raw = np.quantile(tosses.mean(axis=1), LEVELS)
    assert np.abs(found - truth).max() < 0.06
    assert found[-1] - found[0] < raw[-1] - raw[0]
    certain = quantiles_over_draws((rng.random((1, BLOCK)) < 0.3).astype(float))[0]
    assert certain[-1] - certain[0] < 0.1, "no uncertainty, no interval"


def test_runs_of_a_draw_share_what_is_uncertain() -> None:
    one, many = Noise(3, 7), Noise(3, 7, REPEATS)
    u = many.places("a.b").reshape(DRAWS, REPLICATES)
    assert (u == u[:, :1]).all()
    np.testing.assert_array_equal(u[:, 0], one.places("a.b")[:DRAWS])
    np.testing.assert_array_equal(one.normals("stance", 2, 3), many.normals("stance", 2, 3))
