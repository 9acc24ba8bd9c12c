"""Measures of a motion against their definitions, and worked cases."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.model import conduct
from sim.model.cohesion import Motion, agreement_index, cohesion, hubness, leader_agreement, starters_cohesion
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.outcomes import OUTCOMES, Measure, Snapshot
from sim.model.tick import Record


def states(did: list[float], status: list[int]) -> dict[str, float]:
    column = np.array(did)[:, None]
    m = Motion(column, np.array(status, dtype=np.int8)[:, None], 2 * column, np.array([True]))
    return {
        "members": float(m.members[0]),
        **{f.__name__: float(f(m)[0]) for f in (cohesion, agreement_index, leader_agreement, hubness)},
    }


def test_cohesion_of_2022_as_it_was() -> None:
    """Belarus in support and four abstaining: 0.43 (MODEL.md, outputs)."""
    m = states([1, 0.5, 0.5, 0.5, 0.5], [ACTIVE] * 5)
    assert m["cohesion"] == pytest.approx(13 / 30)
    assert m["leader_agreement"] == pytest.approx(0.6)
    assert m["members"] == 5


def test_agreement_index_of_five_abstaining_against_their_leader() -> None:
    """0.75, which is why cohesion is another measure (MODEL.md, outputs)."""
    assert states([0.5] * 5, [ACTIVE] * 5)["agreement_index"] == pytest.approx(0.75)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([OUTSIDE, FROZEN, ACTIVE])), min_size=1, max_size=12
    )
)
def test_measures_against_their_definitions(states_: list[tuple[float, int]]) -> None:
    m = states([c for c, _ in states_], [s for _, s in states_])
    s = [1.0] + [c if status == ACTIVE else 0.0 for c, status in states_ if status != OUTSIDE]
    pairs = [(i, j) for i in range(len(s)) for j in range(i)]
    joint = np.mean([s[i] * s[j] for i, j in pairs]) if pairs else 0.0
    assert m["cohesion"] == pytest.approx(joint)
    votes = [1.0] + [c for c, status in states_ if status == ACTIVE]
    most = max(votes.count(v) for v in (0.0, 0.5, 1.0))
    assert m["agreement_index"] == pytest.approx((most - (len(votes) - most) / 2) / len(votes))
    among = [s[i] * s[j] for i, j in pairs if j > 0]
    if among and sum(among) > 0:
        assert m["hubness"] == pytest.approx(np.mean(s[1:]) / np.mean(among))
    else:
        assert np.isnan(m["hubness"])


def test_hubness_is_a_ratio_of_expectations() -> None:
    """That of the mean over many votes above and below the line, whatever a single vote is."""
    rng = np.random.default_rng(1)
    support, oppose = np.array([0.2, 0.5, 0.05])[:, None], np.array([0.1, 0.2, 0.5])[:, None]
    status = np.full((3, 200_000), ACTIVE, dtype=np.int8)
    alive = np.ones(status.shape[1], dtype=bool)
    u = rng.random(status.shape)
    record = SimpleNamespace(
        conduct=conduct.choose(u, support, oppose), status=status, stance=u, alive=alive, support=support, oppose=oppose
    )
    m = Snapshot(cast(Record, record), np.ones(status.shape, dtype=bool))
    ratio = leader_agreement(m).mean() / (m.among_members / m.pairs_of_members).mean()
    outcome = OUTCOMES["hubness"]
    assert isinstance(outcome, Measure)
    found = outcome.value(m)
    assert np.ptp(found) == pytest.approx(0)
    assert found[0] == pytest.approx(ratio, rel=0.01)
    assert np.nanmean(hubness(m)) > 1.1 * ratio


def starters(did: list[float], status: list[int], began: list[bool], alive: bool = True) -> tuple[float, float]:
    """Cohesion of the members then, and of the initial members."""
    column = np.array(did)[:, None]
    m = Motion(column, np.array(status, dtype=np.int8)[:, None], column, np.array([alive]))
    return float(cohesion(m)[0]), float(starters_cohesion(m, np.array(began)[:, None])[0])


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=8), st.booleans())
def test_cohesion_of_the_initial_members_is_that_of_the_members_while_all_stay(c: list[float], frozen: bool) -> None:
    status = [FROZEN if frozen else ACTIVE, *[ACTIVE] * (len(c) - 1)]
    then, initial = starters(c, status, [True] * len(c))
    assert then == initial


@given(st.integers(2, 9))
def test_pairs_with_an_initial_member_that_has_left_count_nothing(n: int) -> None:
    then, initial = starters([1.0] * n, [OUTSIDE, *[ACTIVE] * (n - 1)], [True] * n)
    assert then == 1
    assert initial == pytest.approx((n - 1) / (n + 1)), "n (n - 1) / 2 of n (n + 1) / 2 pairs, the leader's included"


def test_who_enters_later_is_no_initial_member_and_who_returns_is_one() -> None:
    assert starters([1.0, 0.5], [ACTIVE, ACTIVE], [True, False]) == (pytest.approx(2 / 3), 1.0)
    assert starters([1.0, 1.0], [ACTIVE, OUTSIDE], [True, True])[1] == pytest.approx(1 / 3)
    assert starters([1.0, 1.0], [ACTIVE, ACTIVE], [True, True])[1] == 1


def test_a_dissolved_alliance_has_no_cohesion() -> None:
    m = Motion(np.ones((2, 1)), np.zeros((2, 1), dtype=np.int8), np.ones((2, 1)), np.array([False]))
    assert cohesion(m)[0] == 0
    assert starters([1.0, 1.0], [OUTSIDE, OUTSIDE], [True, True], alive=False) == (0, 0)
    assert np.isnan(agreement_index(m)[0])
