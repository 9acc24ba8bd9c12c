"""Inputs to come: moments of the walk by hand, what stays as it is set, what scenarios share, and backtests' own."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from sim.analysis.lever import lever
from sim.engines import agents, ensemble
from sim.engines.environment import Environment
from sim.engines.futures import YEARS, Futures, Walk
from sim.inference.forecast import hold_inputs, let_inputs_go_on
from sim.model.noise import BLOCK, Noise, Repeats
from sim.scenario.compile import Program, compile
from sim.scenario.course import Course
from sim.scenario.load import load

OUTLOOK = "csto/outlook-2023"
QUARTERS = Course(first=40, year=4)


def program(**changes: object) -> Program:
    return compile(load(OUTLOOK, {k.replace("__", "."): v for k, v in changes.items()}))


def walk(middle: np.ndarray, last: float = 0.5, free: bool = True) -> Walk:
    owners = [f"members.{k}" for k in range(len(middle))]
    start = np.full((len(middle), BLOCK), last)
    until = np.full(len(middle), 1000 if free else QUARTERS.first)
    return Walk(middle, owners, until, start, Futures(QUARTERS, Noise(1, 0), slice(None)))


@pytest.mark.parametrize(("year", "ticks"), [(4, [2, 6, 10]), (2, [1, 3, 5]), (1, [1, 2, 3]), (12, [6, 18, 30])])
def test_steps_are_a_year_apart_and_the_first_half_a_year_after_the_start(year: int, ticks: list[int]) -> None:
    course = Course(first=7, year=year)
    steps = [course.steps(7 + t) for t in range(40)]
    assert [steps.index(k) for k in (1, 2, 3)] == ticks
    assert course.steps(0) == 0


def test_steps_are_drawn_from_the_centred_changes_of_the_past() -> None:
    """Two states that have moved by known amounts: mean 0, and the variance of all changes together after a year."""
    rng = np.random.default_rng(3)
    changes = rng.normal(0.01, 0.01, (2, 10))
    middle = np.concatenate([np.zeros((2, 1)), np.cumsum(np.repeat(changes / 4, 4, axis=1), axis=1)], axis=1)
    w = walk(middle)
    centred = changes - changes.mean()
    step = w.at(QUARTERS.first + 2)
    assert set(np.round(np.unique(step), 9)) == set(np.round(np.unique(centred), 9))
    assert step.mean() == pytest.approx(0, abs=4 * centred.std() / np.sqrt(2 * BLOCK))
    assert step.std() == pytest.approx(centred.std(), rel=0.05)
    assert w.at(QUARTERS.first + 1) is not w.at(QUARTERS.first + 2)
    np.testing.assert_array_equal(w.at(QUARTERS.first + 1), 0.0)  # asked backwards
    np.testing.assert_array_equal(w.at(QUARTERS.first + 2), step)


def test_years_come_in_blocks_that_all_states_share() -> None:
    futures = Futures(QUARTERS, Noise(1, 0), slice(None))
    years = [futures.of(["a", "b"], step, 30) % 30 for step in range(1, 2 * YEARS + 1)]
    for k in range(1, YEARS):
        assert (years[k] == (years[0] - k) % 30).all()
    assert (years[YEARS] == (years[0] - YEARS) % 30).mean() < 0.1, "the next block begins anywhere"
    like, again = (futures.of(["a", "b"], step, 30) // 30 for step in (1, YEARS))
    assert (like == again).all()
    assert 0.4 < like.mean() < 0.6


def test_values_stay_within_0_and_1_and_what_never_moved_stays() -> None:
    jumps = np.tile(np.repeat([0.0, 0.9], 20)[:41], (3, 1))
    jumps = np.concatenate([jumps, jumps[:, -1:]], axis=1)
    w = walk(jumps, last=0.95)
    there = 0.95 + w.at(QUARTERS.first + 38)
    assert there.min() >= 0
    assert there.max() <= 1
    assert not walk(np.full((3, 41), 0.7)).moves
    assert not walk(jumps, free=False).moves


def test_inputs_begin_where_the_record_leaves_them_and_spread_with_the_years() -> None:
    p = program()
    environment = Environment(p, Noise(2, 0))
    start = environment.at(p.record_ticks).members
    held = Environment(program(inputs="held"), Noise(2, 0)).at(p.record_ticks).members
    spread = []
    for name, then, known in zip(start._fields, start, held, strict=True):
        np.testing.assert_array_equal(then, known, err_msg=name)
    for years in (1, 4, 10):
        now = environment.at(p.record_ticks + 4 * years - 1).members
        spread.append((now.dependence - start.dependence).std())
        assert all(x.min() >= 0 and x.max() <= 1 for x in now)
    assert 0.01 < spread[0] < spread[1] < spread[2] < 0.3


def test_what_is_set_after_the_start_stays_as_it_is_set() -> None:
    kept = program(members__ARM__partiality=0.6, leader__war="none@2026-01-01")
    environment = Environment(kept, Noise(2, 0))
    last = environment.at(kept.ticks - 1)
    assert (last.members.partiality[0] == 0.6).all()
    assert last.members.partiality[1].std() > 0.05
    assert last.leader.war.max() <= 0.125  # the word's band
    free = Environment(program(), Noise(2, 0)).at(kept.ticks - 1)
    np.testing.assert_array_equal(last.members.dependence, free.members.dependence)  # arms share the rest


@pytest.mark.parametrize(
    "made",
    [
        lambda: compile(load(OUTLOOK, {"leader.war": "none@2025-01-01"})),
        lambda: lever("leader.war@2025-01-01", load(OUTLOOK), "value", None, None).at(0.1),
        lambda: compile(load("csto/counterfactuals/western-guarantee")),
        lambda: compile(load("csto/counterfactuals/working-alliance")),
    ],
    ids=["set", "varied", "coded", "adjusted"],
)
def test_until_the_date_from_which_something_is_set_all_goes_on_as_where_nothing_is(
    made: Callable[[], Program],
) -> None:
    changed, as_it_is = made(), program()
    day = as_it_is.edges.index(dt.date(2025, 1, 1))
    assert {*changed.set_paths.values()} == {day}
    one, other = (Environment(p, Noise(2, 0)) for p in (changed, as_it_is))
    for t in range(as_it_is.record_ticks, day):
        for a, b in zip(
            (*one.at(t).members, *one.at(t).leader), (*other.at(t).members, *other.at(t).leader), strict=True
        ):
            np.testing.assert_array_equal(a, b)
    assert other.at(day - 1).members.dependence.std() > other.at(as_it_is.record_ticks).members.dependence.std()
    set_ = [
        name
        for name in one.at(day).leader._fields
        if (getattr(one.at(day).leader, name) != getattr(other.at(day).leader, name)).any()
    ]
    assert {f"leader.{name}" for name in set_} == {p for p in changed.set_paths if p.startswith("leader.")}


def test_inputs_that_are_held_are_those_of_the_record() -> None:
    p = program(inputs="held")
    assert p.course is None
    environment = Environment(p, Noise(2, 0))
    assert not environment.changed[p.record_ticks + 1 :].any()
    assert compile(load("csto/history-1992-2023")).course is None


def test_runs_in_a_row_share_coded_values_and_half_of_them_a_future() -> None:
    noise = Noise(3, 9, Repeats(16, 8))
    futures = noise.futures("year 0").reshape(-1, 16)
    assert (futures[:, :8] == futures[:, :1]).all()
    assert (futures[:, 8:] == futures[:, 8:9]).all()
    assert (futures[:, 0] != futures[:, 8]).all()
    assert (noise.places("a.b").reshape(-1, 16) == noise.places("a.b").reshape(-1, 16)[:, :1]).all()


def test_both_engines_have_the_same_inputs() -> None:
    p = program(time__end="2026-10-01", time__horizons=[1, 3])
    for one, other in zip(
        ensemble.run_block(p, 5, 0, slice(0, 6)), agents.run_block(p, 5, 0, slice(0, 6)), strict=True
    ):
        np.testing.assert_array_equal(one.stance, other.stance)
        np.testing.assert_array_equal(one.dependence, other.dependence)


def test_a_backtest_as_published_knows_changes_before_its_origin_alone() -> None:
    whole = compile(load("csto/history-1992-2023", {"posterior": "none"}))
    tick = 82
    known = let_inputs_go_on(whole, tick)
    assert known.course == Course(tick, 4)
    changed = whole._replace(
        bands={k: b._replace(low=np.where(np.arange(len(b.low)) > tick, 0.0, b.low)) for k, b in whole.bands.items()}
    )
    one, other = (Environment(let_inputs_go_on(p, tick), Noise(1, 0)) for p in (whole, changed))
    still = Environment(hold_inputs(whole, tick), Noise(1, 0))
    for t in (tick - 1, tick, tick + 20):
        for a, b in zip(one.at(t).members, other.at(t).members, strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.at(tick).members.dependence, still.at(tick).members.dependence)
    assert (one.at(tick + 20).members.dependence != still.at(tick + 20).members.dependence).any()
