"""The printed tables of how sure an outlook is."""

import io

import numpy as np
import pytest
from rich.console import Console

from sim.cli import sure
from sim.results.result import Result
from sim.results.run import run
from sim.scenario.load import load
from tests.helpers import SIX


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load(SIX, {"time.step": "year"}), runs=30, seed=4)


def printed(result: Result, width: int) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    sure.print_sure(console, result.summary(), "5")
    return console.export_text().splitlines()


def test_printed_split_adds_up(result: Result) -> None:
    lines = printed(result, 110)
    (row,) = [line for line in lines if "State B" in line]
    x = result.summary()["members"][1]["exit"]["5"]
    share = round(100 * x["parameter_share"])
    assert row.rstrip().endswith(f": {100 - share}")
    assert f"{share}±" in row
    assert any("epistemic" in line for line in lines)
    assert sum("State" in line and "parameters" in line for line in lines) == 1
    narrow = printed(result, 70)
    assert sum("State" in line and "parameters" in line for line in narrow) == 2
    assert max(map(len, narrow)) <= 70


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.0, 0.0001, "<0.1"),
        (0.0, 0.9999, "<0.1 to >99"),
        (0.0123, 0.456, "1.2 to 46"),
        (0.3, 0.3, "30"),
    ],
)
def test_intervals_for_the_eye(low: float, high: float, told: str) -> None:
    assert sure.interval(low, high) == told


def test_a_split_that_is_not_there_is_not_printed() -> None:
    p = {"mcse": 0.01, "q05": 0.0, "q95": 1.0, "parameter_share": 0.25, "share_mcse": 0.001}
    assert sure.cells({"probability": 0.5, **p})[2] == "25±<1 : 75"
    assert sure.cells({"probability": 0.0, **p})[2] == ""
    assert sure.cells({"probability": 1.0, **p})[2] == ""
    assert sure.split({"parameter_share": np.nan, "share_mcse": np.nan}) == ""
