"""What `cohesion run` prints: the answer, the members' probabilities, and all else where it is asked for."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from sim.cli import show
from sim.cli.show import print_json
from sim.model.outcomes import ENDS, probability
from sim.reports import cells, comparison
from sim.reports.run import answer, horizons, said
from sim.results.comparison import compare
from sim.results.result import Result
from sim.results.run import run
from sim.scenario.load import load
from tests.helpers import SIX
from tests.scenarios import late


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load(SIX, {"time.step": "year"}), runs=30, seed=4)


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_the_answer_comes_first_in_a_sentence(result: Result) -> None:
    summary = result.summary()
    likeliest = max(summary["members"], key=lambda m: m["exit"]["5"]["mean"])
    sentence = answer(summary, horizons(result))
    assert sentence.startswith(f"{likeliest['name']} is likeliest to leave: ")
    assert "by Jan 2025 (90 % interval " in sentence
    assert "dissolution: " in sentence


@pytest.mark.usefixtures("wide")
def test_the_table_is_for_members_and_fits_80_columns(result: Result, capsys: pytest.CaptureFixture[str]) -> None:
    show.blocks(said(result, False))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("State A") for line in lines) == 1
    assert sum("Monte Carlo standard error (runs and draws) at most" in line for line in lines) == 1
    assert not any(word in line for line in lines for word in ("±", "Froze", "parameters : chance"))


@pytest.mark.usefixtures("wide")
def test_detail_has_freezes_errors_and_a_split_that_adds_up(result: Result, capsys: pytest.CaptureFixture[str]) -> None:
    show.blocks(said(result, True))
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "Froze, %" in printed
    assert "epistemic" in printed
    x = result.summary()["members"][1]["exit"]["5"]
    share = round(100 * x["parameter_share"])
    row = next(line for line in printed.split("Left, %")[1].splitlines() if line.startswith("State B"))
    assert row.rstrip().endswith(f": {100 - share}")
    assert f"{share}±" in row


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.0, 0.0001, "<0.1"),
        (0.0, 0.9999, "<0.1 to >99"),
        (0.0123, 0.456, "1 to 46"),
        (0.0072, 0.456, "0.7 to 46"),
        (0.3, 0.3, "30"),
        (np.nan, np.nan, ""),
    ],
)
def test_intervals_for_the_eye(low: float, high: float, text: str) -> None:
    assert cells.interval(low, high) == text


def test_a_split_that_is_not_there_is_not_printed() -> None:
    none = {"input_share": np.nan, "input_share_mcse": np.nan}
    p = {"mcse": 0.01, "q05": 0.0, "q95": 1.0, "parameter_share": 0.25, "share_mcse": 0.001, **none}
    assert cells.split({"mean": 0.5, **p}) == "25±<1 : 75"
    assert cells.split({"mean": 0.5, **p, "input_share": 0.1, "input_share_mcse": 0.02}) == "25±<1 : 10±2 : 65"
    assert cells.split({"mean": 0.0, **p}) == ""
    assert cells.split({"mean": 1.0, **p}) == ""
    assert cells.split({"mean": 0.5, **p, "mcse": np.nan}) == "", "one run has no error"
    assert cells.split({"parameter_share": np.nan, "share_mcse": np.nan}) == ""


@pytest.mark.parametrize(
    ("mean", "low", "high", "few", "text"),
    [
        (0.0, 0.0, 0.0074, 1.0, "<0.8"),
        (0.0, 0.0, 0.00037, 1.0, "<0.1"),
        (0.02, 0.01, 0.0301, 1.0, "<4"),
        (0.02, 0.01, 0.0301, 0.0, "2"),
        (0.0003, 0.0001, 0.0009, 0.0, "<0.1"),
        (1.0, 0.794, 1.0, 0.0, ">79"),
        (1.0, 0.9991, 1.0, 0.0, ">99"),
        (0.0, np.nan, np.nan, 0.0, "0"),
        (0.0042, np.nan, np.nan, 0.0, "0.4"),
        (1.0, np.nan, np.nan, 0.0, "100"),
    ],
)
def test_no_more_is_said_of_a_probability_than_the_runs_allow(
    mean: float, low: float, high: float, few: float, text: str
) -> None:
    p = {"mean": mean, "mcse": 0.001, "low": low, "high": high, "few": few}
    assert probability(p) == text


@pytest.mark.parametrize(
    ("mean", "low", "high", "few", "ends", "text"),
    [
        (0.02, 0.001, 0.0611, 1.0, (0.002, 0.19), "2 (0.2 to 19)"),
        (0.02, 0.001, 0.0611, 1.0, (np.nan, np.nan), "<7"),
        (1.0, 0.551, 1.0, 0.0, (0.9, 1.0), ">99 (90 to >99)"),
        (1.0, 0.551, 1.0, 0.0, (np.nan, np.nan), ">55"),
        (0.0, 0.0, 0.0074, 1.0, (0.0, 0.02), "<0.1 (<0.1 to 2)"),
        (1.0, 0.9991, 1.0, 0.0, (1.0, 1.0), ">99"),
        (0.0, np.nan, np.nan, 0.0, (0.0, 0.19), "0 (<0.1 to 19)"),
    ],
)
def test_beside_an_interval_over_what_is_uncertain_stands_the_mean_that_it_holds(
    mean: float, low: float, high: float, few: float, ends: tuple[float, float], text: str
) -> None:
    p = {"mean": mean, "mcse": 0.001, "low": low, "high": high, "few": few} | dict(zip(ENDS, ends, strict=True))
    assert cells.with_interval(p) == text


def test_who_enters_later_has_a_row_and_who_never_does_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = load(late(tmp_path))
    result = run(scenario, runs=20, seed=4)
    show.blocks(said(result, False))
    printed = capsys.readouterr().out
    table = printed.partition("Outside at the start")[0].splitlines()
    rows = [line.split("  ")[0] for line in table if line.startswith(("State A", "State B", "State C"))]
    assert rows == ["State A", "State C"]
    assert (
        "Outside at the start and let in later by an event: State A; let in by no event: State B (not listed; some "
        "exit counts one that returns and leaves again)." in " ".join(printed.split())
    )
    assert {*compare(scenario, runs=20, set={"leader.war": 0.9}).table.member} >= {"AAA", "CCC"}


def test_few_runs_say_less_than(capsys: pytest.CaptureFixture[str]) -> None:
    few = run(load(SIX, {"time.step": "year"}), runs=18, seed=4)
    show.blocks(said(few, True))
    printed = capsys.readouterr().out
    for m in few.summary()["members"]:
        p = m["exit"]["1"]
        if p["few"]:
            row = next(x for x in printed.split("Left, %")[1].splitlines() if x.startswith(m["name"]))
            assert row.split(m["name"])[1].split()[0] == f"<{np.ceil(100 * p['high']):g}"
    assert any(m["exit"]["1"]["few"] for m in few.summary()["members"])


def test_one_run_has_no_error_in_print_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    one = run(load(SIX, {"time.step": "year"}), runs=1, seed=4)
    show.blocks(said(one, True))
    tables, _, _ = capsys.readouterr().out.partition("± is one Monte Carlo standard error")
    assert "Monte Carlo standard error (runs and draws) at most" not in tables
    froze = tables.split("Froze, %")[1]
    assert not any("±" in line.split(" : ")[0].rpartition("  ")[0] for line in froze.splitlines())
    assert "nan" not in tables
    assert not re.search(r"\d : \d", tables), "nor a split of what varies"
    assert np.isnan(one.dataset.cohesion_quantile).all(), "nor an interval over runs"
    print_json(one.summary())
    read = json.loads(capsys.readouterr().out)
    for p in (read["alliance"]["any_exit"]["5"], read["alliance"]["cohesion"]["5"], read["members"][0]["exit"]["5"]):
        assert [p[c] for c in ("mcse", "low", "high")] == [None] * 3
        assert p["mean"] is not None


def test_where_no_run_differs_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    base = load(SIX, {"time.step": "year"})
    same = compare(base, set={"behaviour.exit_offer": 0.7}, runs=64)
    show.blocks(comparison.said(same))
    printed = " ".join(capsys.readouterr().out.split())
    assert "no run differs" in printed
    assert "Monte Carlo standard error (runs and draws) of differences at most" in printed
    events = same.table[same.table.outcome == "any_exit"]
    assert (events.low < 0).all()
    assert (events.high > 0).all()


@pytest.mark.parametrize(
    ("mean", "low", "high", "few", "text"),
    [(1.0, 0.83, 1.0, 0.0, ">83"), (0.0, 0.0, 0.17, 1.0, "<17"), (0.5, 0.4, 0.6, 0.0, "50.0±3.0")],
)
def test_detail_claims_no_certainty_of_few_runs(mean: float, low: float, high: float, few: float, text: str) -> None:
    p = {"mean": mean, "mcse": 0.03 * (mean == 0.5), "low": low, "high": high, "few": few, "q05": 0.8, "q95": 1.0}
    assert cells.with_error(p) == text
