"""Paired comparison: exactly nothing where nothing differs, less noise where something does."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.model.grammar import sentence
from sim.model.outcomes import MONTE_CARLO, names
from sim.results.change import change, difference, headline, level
from sim.results.comparison import Comparison, compare, save, sides
from sim.results.run import run
from sim.scenario.events import to_come_alone
from sim.scenario.load import load
from tests.helpers import SIX
from tests.scenarios import of_size
from tests.study_files import MARKS

YEARLY = {"time.step": "year"}


def test_a_zero_effect_is_exactly_zero() -> None:
    base = load(SIX, YEARLY)
    event = load(SIX, YEARLY | {"behaviour.exit_offer": 0.7})  # nobody is offered anything
    table = compare(base, event, runs=300).table
    assert (table.difference == 0).all()
    assert (table.mcse == 0).all()
    assert np.isinf(table.saved_runs).all()


@pytest.mark.parametrize("join", ["step", "linear"])
def test_a_change_is_marked_from_when_it_holds_whoever_makes_it(join: str, tmp_path: Path) -> None:
    coded = 'knots = { 2020-01-01 = 0.25, 2022-01-01 = "high", 2024-01-01 = "low" }, join = '
    files = {"flat": "value = 0.25", "moved": f'{coded}"{join}"'}
    for name, words in files.items():
        text = f'extends = "{SIX}"\ntitle = "{name}"\n[members.AAA]\n'
        text += f'affinity = {{ {words}, sources = ["assumption: invented"] }}\n'
        (tmp_path / f"{name}.toml").write_text(text)
    base, other = (load(tmp_path / f"{name}.toml", YEARLY) for name in files)
    since = dt.date(2022, 1, 1)
    assert to_come_alone(other, base) == [(since, sentence(other.in_words("members.AAA.affinity", "high")))]
    assert to_come_alone(base, base) == to_come_alone(other, other) == []
    by_command = load(tmp_path / "flat.toml", YEARLY | {"members.AAA.affinity": "high@2022-01-01"})
    assert to_come_alone(by_command, base) == to_come_alone(other, base)


def test_differences_are_those_of_two_runs_with_less_noise() -> None:
    base, other = load(SIX, YEARLY), load(SIX, YEARLY | {"leader.coercion": 0.2})
    c = compare(base, other, runs=5000, seed=3)
    alone = [run(s, runs=5000, seed=3).members for s in (base, other)]
    exits = c.table[c.table.outcome == "exit"].set_index(["member", "horizon_years"]).sort_index()
    a, b = (m[m.outcome == "exit"].set_index(["member", "horizon_years"]).sort_index() for m in alone)
    np.testing.assert_allclose(exits.difference, b["mean"] - a["mean"], atol=1e-12)
    assert (exits.mcse < np.hypot(a.mcse, b.mcse)).all()
    assert (exits.saved_runs > 1).all()


def test_scenarios_that_cannot_be_paired(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="members: not those of six"):
        compare(load(SIX), load(of_size(tmp_path, 9)), runs=10)
    with pytest.raises(InputError, match="time: not those of six"):
        compare(load(SIX), load(SIX, YEARLY), runs=10)


@pytest.mark.drawn
def test_save(tmp_path: Path) -> None:
    c = compare(load(SIX, YEARLY), load(SIX, YEARLY | {"behaviour.peers": 0.9}), runs=100)
    save(c, tmp_path / "c")
    names = {p.name for p in (tmp_path / "c").iterdir()}
    assert names == {"differences.csv", "curves.csv", "scenarios.json", "posteriors.npz", "figures", *MARKS}
    assert {p.name for p in (tmp_path / "c" / "figures").iterdir()} == {"differences.png", "curves.png"}
    assert "six" in repr(c)
    again = Comparison.open(tmp_path / "c")
    assert again.sentences() == c.sentences()
    for name, table in c.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, atol=1e-8, check_dtype=False)
    save(again, tmp_path / "again")
    for name in ("differences.csv", "figures/curves.png"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()


LEVELS = ["base", "base_q05", "base_q95", "value", "value_q05", "value_q95"]
DIFFERENCES = ["difference", "difference_q05", "difference_q95", "mcse", "low", "high"]
CHANCE = [f"{side}_{c}" for side in ("base", "value") for c in MONTE_CARLO]


def test_levels_and_difference_come_first_each_with_its_interval_over_what_is_uncertain() -> None:
    base, other = load(SIX, YEARLY), load(SIX, YEARLY | {"leader.coercion": 0.2})
    c = compare(base, other, runs=600, seed=3)
    assert list(c.table) == [
        "scenario",
        "outcome",
        "member",
        "horizon_years",
        "date",
        *LEVELS,
        *DIFFERENCES,
        *CHANCE,
        "saved_runs",
    ]
    known = c.table.dropna()
    assert set(names("event", "chance")) <= set(known.outcome)
    for side in ("base", "value", "difference"):
        assert (known[f"{side}_q05"] <= known[side]).all()
        assert (known[side] <= known[f"{side}_q95"]).all()
    keys = ["outcome", "member", "horizon_years"]
    for scenario, side in ((base, "base"), (other, "value")):
        alone = run(scenario, runs=600, seed=3).members
        alone = alone[alone.outcome.isin(names("event", "chance"))].set_index(keys)
        mine = c.table.set_index(keys).loc[alone.index]
        np.testing.assert_array_equal(mine[f"{side}_q05"], np.minimum(alone.q05, mine[side]))
        np.testing.assert_array_equal(mine[f"{side}_q95"], np.maximum(alone.q95, mine[side]))


def test_an_interval_of_a_difference_is_of_paired_draws() -> None:
    """Where the same draws move both levels alike, the difference is far surer than either."""
    c = compare(load(SIX, YEARLY), load(SIX, YEARLY | {"leader.coercion": 0.68}), runs=300, seed=1)
    exits = c.table[(c.table.outcome == "any_exit")]
    wide = exits.base_q95 - exits.base_q05 + exits.value_q95 - exits.value_q05
    assert (exits.difference_q95 - exits.difference_q05 < 0.5 * wide).all()


def test_a_zero_effect_has_an_interval_of_nothing() -> None:
    table = compare(load(SIX, YEARLY), set={"behaviour.exit_offer": 0.7}, runs=64).table
    known = table[table.outcome.isin(names("event", "chance"))]
    assert (known[["difference_q05", "difference_q95"]] == 0).all(axis=None)


def test_curves_end_in_the_levels() -> None:
    c = compare(load(SIX, YEARLY), set={"leader.coercion": 0.2}, runs=64, seed=1)
    last = c.table[c.table.date == c.table.date.max()].set_index(["outcome", "member"])
    for scenario, side in ((c.base.name, "base"), (c.others[0].name, "value")):
        own = c.curves[(c.curves.scenario == scenario) & (c.curves.date == last.date.iloc[0])]
        own = own.set_index(["outcome", "member"])
        np.testing.assert_array_equal(own["mean"], last.loc[own.index, side])
        np.testing.assert_array_equal(own.q05, last.loc[own.index, f"{side}_q05"])
    assert set(c.curves.outcome) == set(names(headline=True))


def test_a_scenario_is_compared_with_itself_changed() -> None:
    alone = compare(load(SIX, YEARLY), set={"leader.coercion": 0.2}, runs=64, seed=1)
    both = compare(load(SIX, YEARLY), load(SIX, YEARLY | {"leader.coercion": 0.2}), runs=64, seed=1)
    assert alone.others[0].tables.title == "Six invented states with steps of a year, coercion by LEA 0.2"
    pd.testing.assert_frame_equal(alone.table, both.table)
    with pytest.raises(InputError, match="at least one scenario to compare with the base, or a change"):
        compare(load(SIX), runs=10)


@pytest.mark.parametrize(
    "changes",
    [
        [{"leader.coercion": 0.2}, {"leader.coercion": 0.3}],
        [{}, {}, {}],
        [{"leader.coercion": 0.2}, {"leader.coercion": 0.2}],
        [{"title": "Another"}, {"title": "Another", "behaviour.peers": 0.1}],
        [{"members.AAA.affinity": {"shift": 0.1, "from": "2024-01-01"}}],
    ],
)
def test_variants_of_one_file_are_told_apart(changes: list[dict[str, object]]) -> None:
    variants = sides(load(SIX), [load(SIX, change) for change in changes])
    for texts in ([s.name for s in variants], [s.tables.title for s in variants]):
        assert len(set(texts)) == len(variants)
    assert sides(variants[0], variants[1:]) == variants


def final(**differences: float) -> pd.DataFrame:
    """Rows at a horizon in which every level is 0.4 and more by the difference."""
    rows = []
    for key, d in differences.items():
        outcome, _, member = key.partition("__")
        row = {"outcome": outcome, "member": member, "mcse": 0.001, "date": pd.Timestamp("2033-10-01"), "difference": d}
        for side, x in (("base", 0.4), ("value", 0.4 + d), ("difference", d)):
            row |= {side: x, f"{side}_q05": x - 0.1, f"{side}_q95": x + 0.1}
            row |= {f"{side}_mcse": 0.001, f"{side}_low": x - 0.002, f"{side}_high": x + 0.002, f"{side}_few": 0.0}
        rows.append(row)
    return pd.DataFrame(rows)


def test_what_moves_most_comes_first_and_nothing_that_moves_by_a_point_is_left_out() -> None:
    rows = final(exit__A=-0.05, any_exit=-0.02, dissolution=0.5, cohesion=-0.3, starters_cohesion=-0.2)
    said = change(rows, "Quorum", {"A": "Aland"})
    assert said[0].startswith(
        "Quorum: the probability that the alliance is dissolved by October 2033 is 90 % (80 to >99)"
    )
    assert said[1].startswith("The probability that Aland has left by October 2033 is 35 %")
    assert said[2].startswith("Some exit: 38 %")
    assert said[3] == "Exits become rarer where the alliance ends first"
    assert said[4].startswith("Cohesion: 0.10 (0.00 to 0.20) instead of 0.40")
    assert len(said) == 5
    little = final(exit__A=-0.05, any_exit=-0.02, dissolution=0.004, cohesion=-0.05, starters_cohesion=-0.05)
    assert len(change(little, "Quorum", {"A": "Aland"})) == 2


def test_sentences_lead_with_the_level_before_and_after() -> None:
    rows = final(exit__A=0.02, exit__B=-0.2, any_exit=0.1, dissolution=0.0, cohesion=0.03, starters_cohesion=0.03)
    assert change(rows, "Peace", {"A": "Aland", "B": "Bland"}) == [
        "Peace: the probability that Bland has left by October 2033 is 20 % (10 to 30) instead of "
        "40 % (30 to 50): -20 points (-30 to -10)",
        "Some exit: 50 % (40 to 60) instead of 40 % (30 to 50): +10 points (0 to +20)",
    ]
    nobody = change(
        final(exit__A=0.004, any_exit=0.0, dissolution=0.0, cohesion=0.0, starters_cohesion=0.0),
        "Peace",
        {"A": "Aland"},
    )
    assert headline(rows, {"B": "Bland"}) == (
        "Bland has left by October 2033: 20\u00a0% instead of 40\u00a0%, -20 points (-30 to -10)"
    ), "the title of a figure is shorter"
    assert nobody[0] == "Peace: no state's probability of having left by October 2033 changes by a point"


@pytest.mark.parametrize(
    ("outcome", "d", "mcse", "ends", "text"),
    [
        ("any_exit", 0.0, 0.0, (0.0, 0.0), "no run differs"),
        ("any_exit", 0.0, 0.0, (0.0, 0.02), "0 (0 to +2)"),
        ("any_exit", 0.0, 0.0, (-0.004, 0.0), "0 (-0.4 to 0)"),
        ("any_exit", 0.000195, 0.0001, (0.0, 0.000195), "+0.02 (0 to +0.02)"),
        ("any_exit", -0.00001, 0.0001, (-0.0002, 0.00001), "-<0.01 (-0.02 to +<0.01)"),
        ("any_exit", 0.0, np.nan, (0.0, 0.0), "0 (0 to 0)"),
        ("any_exit", 0.0, 0.003, (0.0, 0.0), "0 (0 to 0)"),
        ("cohesion", 0.0, 0.0, (np.nan, np.nan), "no run differs"),
        ("cohesion", 0.012, 0.001, (-0.054, 0.078), "+0.01 (-0.05 to +0.08)"),
    ],
)
def test_no_run_differs_only_where_no_chance_does(
    outcome: str, d: float, mcse: float, ends: tuple[float, float], text: str
) -> None:
    (row,) = final(**{outcome: d}).assign(mcse=mcse, difference_q05=ends[0], difference_q95=ends[1]).itertuples()
    assert difference(row) == text


def test_levels_of_measures_have_two_digits_as_their_intervals_do() -> None:
    (row,) = final(cohesion=0.03).assign(base_q05=0.312, base_q95=0.618).itertuples()
    assert level(row, "base") == "0.40 (0.31 to 0.62)"


PARTING = [(0.2, -0.15), (0.08, -0.15), (-0.2, 0.15), (-0.08, 0.15), (0.08, 0.15), (0.001, -0.15), (0.0, 0.0)]
"""Of the members then and of the initial ones; intervals reach 0.1 to each side."""


@pytest.mark.parametrize(("then", "initial"), PARTING)
def test_where_cohesions_part_it_is_said_why(then: float, initial: float) -> None:
    rows = final(exit__A=0.2, any_exit=0.2, dissolution=0.0, cohesion=then, starters_cohesion=initial)
    parting = [s for s in change(rows, "Peace", {"A": "Aland"}) if "those who are members" in s]
    assert len(parting) == (then * initial < -0.001)
    for text in parting:
        goes = "rise" if then > 0 else "fall"
        assert f"then {f'{goes}s' if abs(then) > 0.1 else f'may {goes}'}, {then:+.2f}" in text
        assert f"initial members {'falls' if then > 0 else 'rises'}, {initial:+.2f}" in text
    rows = rows.assign(difference_q05=-0.2, difference_q95=0.2)
    assert all(f"initial members hardly moves, {initial:+.2f}" in s for s in change(rows, "Peace", {"A": "Aland"})[2:])


def test_a_state_that_is_outside_at_the_start_has_to_join_before_it_leaves() -> None:
    history = {"time.step": "year", "time.record_from": "2013-10-01"}
    base, other = (
        sim.load("csto/outlook-2023", history | more) for more in ({}, {"members.UZB.threat.regime": "high"})
    )
    c = sim.compare(base, other, runs=64)
    c.table.loc[c.table.member != "UZB", "difference"] = 0.0
    c.table.loc[c.table.member == "UZB", "difference"] = 0.5
    (said,) = c.sentences().values()
    assert "Uzbekistan has joined and has left by October 2033" in said[0]


def test_dates_that_a_file_has_already_are_no_part_of_its_title(tmp_path: Path) -> None:
    file = tmp_path / "later.toml"
    file.write_text(f'extends = "{SIX}"\ntitle = "Later"\ntime = {{ end = 2032-01-01 }}\n')
    base, later = sides(SIX, [file], {"time.end": "2032-01-01"})
    assert base.tables.title == "Six invented states with the end moved to January 2032"
    assert later.tables.title == "Later"
