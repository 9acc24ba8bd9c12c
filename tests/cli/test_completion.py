"""Verbs, scenarios and studies complete in a shell."""

import subprocess
import sys

import pytest

from sim.cli.compare import folder_name
from sim.scenario.catalogue import list as catalogue
from tests.commands import ROOT


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ru", {"run"}),
        ("run csto/o", {"csto/outlook-2023"}),
        ("explain warsaw", {"warsaw-pact/history-1955-1991"}),
        ("compare csto/outlook-2023 nato", {"nato/history-1949-2023"}),
        ("claims C1", {"C10", "C11", "C12", "C13", "C14"}),
        ("sweep first", {"first-sweep"}),
        ("calibrate calibrate-c", {"calibrate-csto", "calibrate-csto-roll-calls"}),
        ("backtest back", {"backtest-csto"}),
        ("mechanisms m", {"mechanisms-csto"}),
        ("run csto/outlook-2023 --se", {"--seed", "--set"}),
    ],
)
def test_words_complete(words: str, found: set[str]) -> None:
    script = "import sys; sys.argv = ['cohesion']; from sim.cli.app import main; main()"
    asked = {"_COHESION_COMPLETE": "complete_bash", "COMP_WORDS": f"cohesion {words}"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**asked, "COMP_CWORD": str(len(words.split()))},
    )
    assert set(done.stdout.split()) == found


def test_scenarios_complete_by_the_names_of_the_list() -> None:
    from sim.scenario.reading import names_of

    assert names_of() == [entry["name"] for entry in catalogue()]


@pytest.mark.parametrize(
    ("others", "name"),
    [
        (["western-guarantee"], "compare-outlook-with-western-guarantee"),
        (["outlook with leader.coercion = low"], "compare-outlook-with-leader.coercion-low"),
        (["a", "b [x] (2)"], "compare-outlook-with-a-and-b-x-2"),
    ],
)
def test_comparisons_have_folders_of_their_own(others: list[str], name: str) -> None:
    assert folder_name("outlook", others) == name
