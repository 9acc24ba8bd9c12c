"""What a run makes of votes and calls for help on record: closed forms, on two states by the year."""

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.model import crises
from sim.model.arrays import Coefficients
from sim.model.variables import COEFFICIENTS
from sim.results.result import Result
from sim.results.votes import levels
from sim.scenario.load import load
from tests.scenarios import changed

FIXED = {"prior_reliability": 0.2, "prior_weight": 4.0, "memory": 8.0, "watching": 0.25}


@pytest.fixture(scope="module")
def result() -> Result:
    fixed = {f"behaviour.{name}": x for name, x in FIXED.items()}
    return sim.run("anzus/history-1951-2023", runs=4, set={"time.step": "year", "posterior": "none", **fixed})


def test_a_refused_call_teaches_what_the_update_of_the_belief_says(result: Result) -> None:
    ds = result.dataset.isel(call=0)
    assert (str(ds.call_date.values)[:10], str(ds.call_member.values)) == ("1962-05-08", "AUS")
    assert (float(ds.call_answer), str(ds.call_kind.values)) == (0.0, "interstate")
    for name, before, after in (
        ("AUS", 0.2, 0.8 / (0.8 + 3.2 + 1.0)),
        ("NZL", 0.2, 0.8 / (0.8 + 3.2 + FIXED["watching"])),
    ):
        assert ds.call_before.sel(member=name).values == pytest.approx(np.full(5, before))
        assert ds.call_after.sel(member=name).values == pytest.approx(np.full(5, after))
    assert ds.call_change.values == pytest.approx(np.full(5, -0.04))
    assert ds.call_watching_after.values == pytest.approx(ds.call_after.sel(member="NZL").values)


def test_calls_have_a_severity_and_a_chance_of_help_in_order(result: Result) -> None:
    chance = result.dataset.call_chance.values
    assert chance.shape == (3, 5)
    assert ((chance > 0) & (chance < 1)).all()
    assert (np.diff(chance, axis=1) > 0).all(), "over what is uncertain"
    assert ((result.dataset.call_severity >= 0) & (result.dataset.call_severity <= 1)).all()


def test_yearly_votes_are_those_of_the_file_with_what_was_to_be_expected(result: Result) -> None:
    ds = result.dataset
    assert ds.roll_call_answers.sum() > 1000
    stood, cast = ds.roll_call_answers[..., 0].values, ds.roll_call_answers.sum("answer", skipna=False).values
    there = np.isfinite(cast)
    expected = ds.roll_call_expected.values
    assert np.isnan(expected[~there]).all()
    assert ((expected[there] > 0) & (expected[there] < 1)).all()
    wide = np.ptp(ds.roll_call_predicted.values[there], axis=-1)
    assert (wide > np.ptp(expected[there], axis=-1)).mean() > 0.95, "chance comes on top of what is uncertain"
    assert ds.roll_call_expected.attrs["coefficients"] == "levels set to the votes"
    for i in range(2):  # agendas are drawn, in the levels as they came, so within what few years leave
        n = cast[there[:, i], i]
        mean = (n * ds.roll_call_mean.values[there[:, i], i]).sum() / n.sum()
        assert mean == pytest.approx(stood[there[:, i], i].sum() / n.sum(), abs=0.03)


def test_levels_make_votes_as_likely_as_they_were_in_every_draw() -> None:
    rng = np.random.default_rng(1)
    e, answers = rng.normal(0, 2, (6, 8)), rng.integers(1, 9, (6, 3)).astype(float)
    answers[3:, 1:] = 0.0  # the second state never stood apart
    rows = np.array([0, 0, 0, 1, 1, 1])
    p = 1 / (1 + np.exp(-(e + levels(e, answers, rows, 4))))
    for state in (0, 1):
        n = answers[rows == state].sum(axis=1)[:, None]
        wanted = (answers[rows == state, 0].sum() + 0.5) / (n.sum() + 1)
        for draw in (slice(0, 4), slice(4, 8)):
            assert (n * p[rows == state, draw]).sum() / (4 * n.sum()) == pytest.approx(wanted)


def test_ties_are_recorded_at_every_date_within_their_bounds(result: Result) -> None:
    likeness = result.dataset.likeness
    assert likeness.dims == ("date", "member", "quantile")
    assert (likeness.diff("quantile") >= 0).all()
    assert "dispute" not in result.dataset, "nobody in it disputes"


def test_an_answer_is_help_with_the_chance_that_is_said() -> None:
    rng = np.random.default_rng(2)
    c = Coefficients({x.name: rng.normal(0, 1, 50) for x in COEFFICIENTS})
    kind, clash = rng.integers(0, 5, (3, 50)).astype(float), rng.random((3, 50)) < 0.3
    ties, s = rng.random((2, 3, 50)), crises.Standing((), np.zeros((0, 50)), rng.normal(0, 1, (3, 50)))
    calls = np.nonzero(kind > 0)
    chance = crises.chance(calls, kind, clash, *ties, s, c)
    for shift, helps in ((-1e-9, 1.0), (1e-9, 0.0)):
        u = np.zeros((3, 50))
        u[calls] = chance + shift
        answer = crises.answer(u, kind, clash, *ties, s, c)
        assert (answer[calls] == helps).all()
        assert not answer[kind == 0].any()


MEMBER = '{ from = 2019-01-01, status = "active", sources = ["assumption: test"] }'
GONE = MEMBER.replace("2019", "2024").replace("active", "outside")
DRAWN, SCRIPTED = 'crises = "drawn"', 'crises = "scripted"'
START = "start = 2020-01-01"


@pytest.mark.parametrize(
    ("changes", "is_history"),
    [
        ([], False),
        ([(DRAWN, SCRIPTED)], True),
        ([(MEMBER, f"{MEMBER}, {GONE}")], True),
        ([(MEMBER, f"{MEMBER}, {GONE.replace('2024', '2032')}")], False),
        ([(START, f"record_from = 2020-01-01\n{START}"), (DRAWN, SCRIPTED)], True),
        ([(START, f"record_from = 2019-01-01\n{START}"), (DRAWN, SCRIPTED)], False),
    ],
    ids=["drawn", "scripted", "somebody moves", "moves after the end", "record from the start", "record before it"],
)
def test_a_scenario_says_whether_it_is_a_history(
    tmp_path: Path, changes: list[tuple[str, str]], is_history: bool
) -> None:
    """Whatever day it is when it is run."""
    scenario = load(changed(tmp_path, *changes))
    assert scenario.tables.is_history is is_history
    result = sim.run(scenario, runs=2, set={"time.step": "year"})
    assert ("record" in result.figures()) is is_history
