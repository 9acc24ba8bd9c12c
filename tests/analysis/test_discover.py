"""Conditions under which something is so: planted boxes are found, unrelated inputs give no rule, bad goals exit 2."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sim
from sim.analysis import discover as home
from sim.analysis.rules import Rule, outward
from sim.cli.app import main
from sim.errors import InputError
from sim.results.kept import CHANCES, LEVELS
from sim.scenario.load import load
from tests.figures.looking import check, check_narrow
from tests.helpers import SIX

ROWS, EACH = 600, 4
GOAL = "some exit by 10 years > 50 %"
VALUES = ("autonomy", "affinity", "partiality", "opinion", "target_ties")


def kept(exit_of_row: np.ndarray, x: np.ndarray, c: np.ndarray) -> sim.Result:
    """A run of which each row of the posterior knows its probability of some exit, up to the noise of its few runs."""
    rng = np.random.default_rng(3)
    row = np.repeat(np.arange(len(x)), EACH)
    y = exit_of_row[row] + 0.05 * rng.standard_normal(len(row))
    variables: dict[str, object] = {
        "row": ("run", row),
        "coded_values": (("run", "value"), x[row]),
        "coefficients": (("run", "coefficient"), c[row]),
    }
    variables |= {v: (("run", "horizon"), y[:, None]) for v, name in CHANCES.items() if name == "any_exit"}
    variables |= {name: (("run", "horizon"), rng.random((len(row), 1))) for name in LEVELS}
    values = [f"members.AAA.{name}" for name in VALUES]
    where = {"member": ["AAA"], "value": values, "coefficient": ["contagion"], "horizon": [10.0]}
    made = {"runs": len(row), "seed": 1, "engine": "ensemble"}
    return sim.Result(load(SIX), xr.Dataset(), made, xr.Dataset(variables, coords=where))


@pytest.fixture(autouse=True)
def _few_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "AGAIN", 1)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.random((ROWS, len(VALUES))), rng.standard_normal((ROWS, 1))


def test_a_planted_box_is_found_with_its_limits(tmp_path: Path) -> None:
    x, c = drawn()
    planted = (x[:, 2] > 0.6) & (c[:, 0] < 0.3)
    found = sim.discover(kept(np.where(planted, 0.8, 0.2), x, c), GOAL, tmp_path / "x")
    rules, limits = found.frames["rules"], found.frames["limits"]
    assert set(rules["method"]) == {"PRIM", "CART"}
    assert (rules["better"] == 1.0).all()
    assert (rules[["coverage", "density"]] > 0.85).all(axis=None)
    assert (rules["density_low"] > rules["base"]).all()
    for _, own in limits.groupby("rule"):
        own = own.set_index("label")
        assert abs(own.loc["partiality against State A", "low"] - 0.6) < 0.03
        assert abs(own.loc["log-hazard added by a recent exit of all members", "high"] - 0.3) < 0.15
        assert own.loc["partiality against State A", "said"].endswith("(on a scale of 0 to 1)")
    first, second = found.answer[:2]
    assert first.startswith("Some exit by 10 years > 50 % in ")
    assert first.endswith("of the 300 draws held out.")
    assert second.startswith("Where ")
    assert "partiality against State A is at least 0." in second
    again = sim.open(tmp_path / "x")
    pd.testing.assert_frame_equal(again.frames["limits"], limits, atol=1e-5, check_dtype=False)
    check(again.figures()["rules"])
    check_narrow(again.figures)


def test_where_nothing_matters_it_says_so() -> None:
    x, c = drawn()
    exits = np.random.default_rng(9).random(ROWS)
    found = sim.discover(kept(exits, x, c), GOAL)
    assert not found.frames["rules"]["better"].any()
    assert "No rule finds more of them than that on held-out draws beyond chance." in found.answer
    check(found.figures()["rules"])


def test_where_nothing_matters_rules_are_better_in_one_case_of_twenty() -> None:
    """Two rules that were made of other points, in 2,000 draws of held-out points in which nothing matters."""
    rng = np.random.default_rng(5)
    factors = [home.Factor(name, name, "") for name in "ab"]
    made = [[Rule("PRIM", {0: (0.3, np.inf)}), Rule("CART", {1: (-np.inf, 0.6)})]]
    false = 0
    for _ in range(300):
        p = home.Points(factors, rng.random((120, 2)), rng.random(120), np.zeros(120), "point")
        rules = home._judged(p, p.y > 0.7, made, np.arange(120) < 60)["rules"]
        false += bool(rules["better"].any())
    assert false <= 25, "binomial, 300 cases at 5 % at most: more than 25 in 1 of 500"


def test_limits_of_few_levels_are_these_and_of_many_outward_in_three_digits() -> None:
    given = ((0.0, 1), (0.30000000001, 1), (1234.5, 1), (-0.98761, -1))
    assert [outward(x, way) for x, way in given] == [0.0, 0.3, 1240.0, -0.988]
    levels = np.repeat([0.1, 0.5, 0.9], 40)
    x = np.stack([levels, np.random.default_rng(2).random(120)], axis=1)
    for find in home.METHODS:
        (rule,) = find(x, levels > 0.4, 1)
        assert rule.limits[0] == (0.5, np.inf)


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ("some exit by 10 years = 50 %", "when: relation: =; allowed: <=, >=, <, >"),
        ("loyal AAA by 10 years > 50 %", "when: outcome: loyal was not recorded"),
        ("some exit by 5 years > 50 %", "when: time: 5 years was not recorded; allowed: 10 years"),
        ("some exit by 10 years > 99 %", "in 0 of 600 draws; allowed: a level between"),
        ("some exodus by 10 years > 50 %", "when: outcome: some exodus"),
    ],
)
def test_goals_that_cannot_be_are_refused(goal: str, message: str) -> None:
    x, c = drawn()
    with pytest.raises(InputError) as caught:
        sim.discover(kept(np.where(x[:, 2] > 0.6, 0.7, 0.2), x, c), goal)
    assert message in str(caught.value)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis.prim", None)
    x, c = drawn()
    with pytest.raises(InputError, match=r"pip install 'alliance-cohesion\[analysis\]'"):
        sim.discover(kept(np.where(x[:, 2] > 0.6, 0.7, 0.2), x, c), GOAL)


SWEPT = f"""
title = "Small"
scenarios = ["{SIX}"]
runs = 16
horizons = [3]
outcomes = ["cohesion"]
set = {{ "time.step" = "year" }}

[design]
kind = "grid"

[factors.war]
path = "leader.war"
values = ["none", "high"]

[factors.ties]
path = "members.*.target_ties"
low = 0.0
high = 1.0
levels = 24
"""


def test_points_of_a_sweep_give_rules_and_bad_goals_exit_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sim.figures.study.draw", lambda _: {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SWEPT)
    swept = sim.sweep("small.toml", "swept", jobs=1)
    middle = float(swept.dataset["cohesion"].isel(tick=-1).median())
    found = sim.discover("swept", f"cohesion by 3 years > {middle:.3f}")
    assert found.frames["points"]["points"].sum() == 48
    assert set(found.frames["limits"]["label"]) <= {"War of LEA", "Target ties of all members"}
    for said, message in ((["--when", "cohesion by 9 years > 0.4"], "when: time"), (["--when", "x"], "no `by TIME`")):
        monkeypatch.setattr(sys, "argv", ["cohesion", "discover", "swept", *said])
        with pytest.raises(SystemExit) as caught:
            main()
        assert caught.value.code == 2
        assert message in capfd.readouterr().err
