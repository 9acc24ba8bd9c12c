"""Chances added up against events counted, where freezes are resumed, and where a point has few runs.

Statistical tests raise a false alarm with a probability of 4e-6 a comparison (4.6 standard errors); seeds are fixed.
"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.engines.ensemble import run_block
from sim.estimates.incidence import Incidence, controlled, quantities
from sim.estimates.sample import estimate, estimated, estimated_difference, sample
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.outcomes import OUTCOMES, names
from sim.model.tick import Record
from sim.scenario.compile import compile
from sim.scenario.load import load
from tests.helpers import six

Z = 4.6
YEARLY = {"time.step": "year"}
RATES = {"freeze_rate": 2.0, "resume_rate": 1.5, "exit_rate": 0.02, "exit_delay": 0.05}
RESTLESS = YEARLY | {f"behaviour.{name}": rate for name, rate in RATES.items()}
"""Freezes are resumed, and often frozen again."""


def measured(overrides: dict[str, object], block: int) -> tuple[list[Record], Incidence]:
    """The records of a block, and the incidence at their end."""
    records = list(run_block(six(overrides), 11, block))
    incidence = Incidence.start(records[0])
    for r in records[1:]:
        incidence.add(r)
    return records, incidence


def test_freezes_are_counted_once_a_run_though_they_are_resumed() -> None:
    gaps, freezes, froze = [], 0, 0
    for block in range(3):
        records, incidence = measured(RESTLESS, block)
        frozen = np.array([r.status == FROZEN for r in records])
        ever = frozen.any(axis=0)
        freezes += int(((~frozen[:-1]) & frozen[1:]).sum())
        froze += int(ever.sum())
        np.testing.assert_array_equal(incidence.happened["freeze"], ever)
        gaps.append(incidence.sums["freeze"] - ever)
    assert freezes > 1.3 * froze, "many freezes are resumed and come again"
    gap = np.concatenate(gaps, axis=1)
    assert (np.abs(gap.mean(axis=1)) < Z * gap.std(axis=1, ddof=1) / np.sqrt(gap.shape[1])).all()


def test_estimates_of_freezes_are_those_of_counts() -> None:
    records, incidence = measured(RESTLESS, 5)
    values = quantities(records[-1], incidence, ["freeze"])["freeze"]
    ever = np.array([r.status == FROZEN for r in records]).any(axis=0)
    gap = values - ever
    assert (ever.mean(axis=1) > 0.1).any()
    assert (np.abs(gap.mean(axis=1)) < Z * gap.std(axis=1, ddof=1) / np.sqrt(gap.shape[1])).all()
    assert (values.var(axis=1) <= ever.var(axis=1) + 1e-12).all()


def test_the_share_of_active_members_is_that_of_those_not_frozen() -> None:
    records, incidence = measured(RESTLESS, 6)
    status = np.broadcast_to(records[-1].status, records[-1].stance.shape)
    members = (status != OUTSIDE).sum(axis=0)
    expected = np.where(members > 0, (status == ACTIVE).sum(axis=0) / np.maximum(members, 1), np.nan)
    found = quantities(records[-1], incidence, ["active_share"])["active_share"]
    there = records[-1].alive & (members > 0)
    np.testing.assert_allclose(found[there], expected[there], atol=1e-15)
    assert 0.05 < 1 - found[there].mean() < 0.95, "some are frozen, some are not"


@pytest.mark.parametrize("rate", [0.001, 0.05, 1.0])
def test_64_runs_a_point_have_no_larger_errors_than_counting(rate: float) -> None:
    """Errors of samples of 64 runs around the mean of all; of nearly certain exits they were five times a count's."""
    runs = 64
    parts = [measured(YEARLY | {"behaviour.exit_rate": rate}, block)[1] for block in range(4)]
    for name in ("exit", "freeze", "any_exit", "dissolution"):
        chances = np.atleast_2d(np.concatenate([p.sums[name] for p in parts], axis=-1))
        events = np.atleast_2d(np.concatenate([1.0 * p.happened[name] for p in parts], axis=-1))
        apart = [x.reshape(len(x), -1, runs) for x in (chances, events)]
        value, said = estimate(sample(controlled(*apart)), 0.0, 1.0)
        counted = apart[1].mean(axis=-1)
        truth = controlled(chances, events).mean(axis=-1, keepdims=True)
        error, counting = (np.sqrt(((x - truth) ** 2).mean(axis=1)) for x in (value, counted))
        assert (error <= 1.1 * counting + 1e-12).all(), (name, error / counting)
        often = counting > 0.01
        assert (np.sqrt((said**2).mean(axis=1)) < 1.25 * error + 1e-12)[often].all()


runs_ = st.integers(2, 60)
Hazards = st.tuples(runs_, st.floats(1e-6, 8.0), st.floats(0.0, 3.0), st.integers(0, 10_000))


def drawn(of: tuple[int, float, float, int]) -> np.ndarray:
    """What is averaged over runs whose hazards are lognormal, some of them zero."""
    n, size, spread, seed = of
    rng = np.random.default_rng(seed)
    reach = size * np.exp(spread * rng.standard_normal(n)) * (rng.random(n) < 0.8)
    wait = rng.exponential(size=n)
    return controlled(np.minimum(wait, reach), 1.0 * (wait < reach))


@given(Hazards)
def test_estimates_lie_within_their_intervals_and_these_from_0_to_1(of: tuple[int, float, float, int]) -> None:
    e = estimated(sample(drawn(of)), OUTCOMES["exit"])
    assert 0 <= e.low <= e.mean <= e.high <= 1
    assert e.low < e.high
    assert e.mcse >= 0
    assert e.few == 0 or e.mean < 0.5


@given(Hazards, Hazards)
def test_differences_lie_within_their_intervals_and_are_those_of_the_levels(
    a: tuple[int, float, float, int], b: tuple[int, float, float, int]
) -> None:
    n = min(a[0], b[0])
    x, y = drawn(a)[:n], drawn(b)[:n]
    base, value, difference = map(sample, (x, y, y - x))
    levels = estimated(base, OUTCOMES["exit"]).mean, estimated(value, OUTCOMES["exit"]).mean
    e = estimated_difference(base, value, difference, OUTCOMES["exit"], levels)
    assert -1 <= e.low <= e.mean <= e.high <= 1
    assert e.mean == levels[1] - levels[0]


@pytest.mark.parametrize("name", ["exit", "cohesion", "stance"])
def test_one_run_has_an_estimate_and_nothing_else(name: str) -> None:
    e = estimated(sample(np.array([[0.0], [0.4]])), OUTCOMES[name])
    assert (e.mean == [0.0, 0.4]).all()
    assert np.isnan([e.mcse, e.low, e.high]).all()
    assert (e.few == 0).all()


def test_every_outcome_has_an_interval_that_holds_its_mean() -> None:
    records, incidence = measured(YEARLY, 7)
    for name, x in quantities(records[-1], incidence.of_runs(slice(None))).items():
        e = estimated(sample(x[..., :100]), OUTCOMES[name])
        assert ((e.low <= e.mean) & (e.mean <= e.high)).all(), name
        assert ((OUTCOMES[name].low <= e.low) & (e.high <= OUTCOMES[name].high)).all(), name
    assert set(names()) == set(quantities(records[-1], incidence))


def test_what_is_so_at_the_start_has_happened_in_every_run() -> None:
    """A member whose record says that it is frozen has frozen by any date with certainty, and adds no more."""
    program = compile(load(Path(__file__).parents[1] / "data" / "eventful.toml"))
    (frozen,) = np.flatnonzero(program.script[program.record_ticks - 1].record == FROZEN)
    records = list(run_block(program, 11, 0, slice(0, 64)))
    incidence = Incidence.start(records[0])
    for r in records:
        np.testing.assert_array_equal(incidence.sums["freeze"][frozen], 1.0)
        assert incidence.happened["freeze"][frozen].all()
        incidence.add(r)


def test_the_positions_of_a_state_are_its_status_and_add_up_to_certainty() -> None:
    records, incidence = measured(RESTLESS, 0)
    positions = names("chance", by_member=True)
    found = quantities(records[-1], incidence, positions)
    np.testing.assert_array_equal(found["frozen"], records[-1].status == FROZEN)
    np.testing.assert_array_equal(found["outside"], records[-1].status == OUTSIDE)
    np.testing.assert_allclose(sum(found[name] for name in positions), 1.0, rtol=1e-12)
