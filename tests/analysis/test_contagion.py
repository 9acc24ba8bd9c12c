"""Who pulls whom: closed forms and planted cascades."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.analysis.contagion import cascades_of, contagion, exits, forced, sentences, without
from sim.errors import InputError
from sim.model.membership import FROZEN, OUTSIDE
from sim.storage.effort import Effort
from tests.analysis.test_threshold import ALONE
from tests.figures.looking import check_narrow
from tests.helpers import SIX, run, six, stacked

BESIDE = {"behaviour.watching": 0.0, "disputes.AAA-BBB": 0.0, "behaviour.peers": 0.0}
"""Nobody sees others' calls, quarrels with a fellow or leans to the others' stance."""


def test_without_contagion_and_peers_nobody_pulls_anybody() -> None:
    found = contagion(
        SIX, runs=64, set={"time.step": "year", "alliance.quorum": 1, "behaviour.contagion": 0.0} | BESIDE
    )
    assert found.frames["effects"].base.max() > 0.01
    assert (found.frames["effects"].effect == 0.0).all()
    assert len(found.frames["effects"]) == 5 * 4 * 3


def test_an_example_multiplies_the_hazard_by_the_closed_form() -> None:
    """One of five has left: in the next year the rate is exp(k / 5) times as high."""
    changed = ALONE | BESIDE | {"behaviour.contagion": 5.0, "behaviour.exit_rate": 1e-5, "time.horizons": [2]}
    effects = contagion(SIX, runs=64, set=changed).frames["effects"]
    np.testing.assert_allclose(effects.effect, 1e-5 * (math.e - 1.0), rtol=1e-3)


@pytest.mark.parametrize("status", [OUTSIDE, FROZEN])
def test_who_is_made_to_move_does_so_in_every_run_and_is_free_before(status: int) -> None:
    program = six({"time.step": "year"})
    moved = stacked(run(forced(program, "BBB", 3, status)), "status")
    np.testing.assert_array_equal(moved[:4], stacked(run(program), "status")[:4])
    alive, was = (stacked(run(forced(program, "BBB", 3, status)), n) for n in ("alive", "before"))
    still = alive[3] & (was[4][1] != OUTSIDE) & alive[4]
    assert still.any()
    assert (moved[4][1][still] == status).all()


def test_agents_make_the_same_moves() -> None:
    from sim.engines.agents import run_block

    program = forced(six({"time.step": "year"}), "BBB", 1, OUTSIDE)
    agents = list(run_block(program, 1, 0, slice(0, 2)))
    np.testing.assert_array_equal(stacked(agents, "status"), stacked(run(program, 2), "status"))
    np.testing.assert_array_equal(stacked(agents, "exit"), stacked(run(program, 2), "exit"))


def test_exits_of_runs_are_those_of_their_records() -> None:
    program = six({"time.step": "year"})
    first, none = exits([program, without(program)], Effort(64))
    assert first.shape == none.shape == (5, 64)
    assert np.isfinite(first).any()
    assert not np.array_equal(first, none)


def test_cascades_are_exits_that_follow_one_another() -> None:
    never = [math.inf] * 16
    years = np.array([[1.0, 2.0, *never[2:]], [2.5, 9.0, *never[2:]], [4.0, *never[1:]], [9.0, *never[1:]], never])
    found = cascades_of(years)
    assert found["exits"] == 6 / 16
    assert (found["cascade"], found["size"], found["years"]) == (1 / 16, 3.0, 3.0)
    assert math.isnan(cascades_of(np.full((3, 16), math.inf))["size"])


def test_errors_of_cascades_take_draws_as_clusters() -> None:
    """Two draws whose 16 runs are alike tell no more than two runs, however many cascades they have."""
    one, other = [[1.0, 2.0, math.inf], [1.0, 2.0, 3.0]]
    found = cascades_of(np.array([one] * 16 + [other] * 16).T)
    assert (found["size"], found["years"]) == (2.5, 1.5)
    assert (found["size_mcse"], found["years_mcse"]) == pytest.approx((0.5, 0.5))
    few = cascades_of(np.array([one] * 16 + [[math.inf] * 3] * 16).T)
    assert (few["size"], math.isnan(few["size_mcse"])) == (2.0, True)


def effects(*values: float) -> pd.DataFrame:
    rows = [{"of": "A", "on": "B", "effect": x, "low": x / 2, "high": 2 * x, "q05": x, "q95": x} for x in values]
    return pd.DataFrame(rows).assign(date="2033-10-01")


@pytest.mark.parametrize(
    ("more", "words"),
    [(0.07, "hold members rather than pull them (+0.07 ± 0.01"), (-0.07, "pull members rather"), (0.01, "")],
)
def test_the_answer_counts_effects_that_show_and_says_what_they_do_together(more: float, words: str) -> None:
    case = {
        "cascade": 0.02,
        "cascade_mcse": 0.01,
        "exits": 0.3,
        "size": 2.0,
        "years": 1.0,
        "more": more,
        "more_mcse": 0.01,
    }
    about = {"event": "exit", "at": "2023-10-01", "names": {"A": "Aland", "B": "Beland"}}
    said = " ".join(sentences(effects(0.02, 0.0004, -0.0006), pd.DataFrame([case, case]), about))
    assert "2 of 3 effects are 0.1 points or more" in said
    assert words in said
    assert bool(words) == ("together" in said)


def test_mistakes_are_said_at_once_and_results_are_read_back(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        sim.contagion(SIX, "exits", "1999", runs=0, by=["2028-02-02"])
    assert all(word in str(caught.value) for word in ("2028-02-02", "did you mean exit?", "at: 1999-01-01", "runs: 0"))
    found = sim.contagion(SIX, "freeze", runs=32, set={"time.step": "year"}, out=tmp_path / "x")
    again = sim.open(tmp_path / "x")
    assert (again.answer, list(again.figures())) == (found.answer, ["contagion"])
    check_narrow(again.figures)
