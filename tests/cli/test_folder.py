"""A folder that holds another run says in words what differs."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.errors import InputError
from sim.results import comparison
from sim.results.comparison import sides
from sim.results.result import workspace
from sim.scenario.load import load
from sim.storage.effort import Effort
from sim.storage.provenance import typed
from sim.storage.workspace import Workspace
from tests.helpers import SIX


@pytest.mark.parametrize(
    ("runs", "seed", "changes", "says"),
    [
        (30, 1, {}, "runs: 20 when it began, now 30"),
        (20, 2, {}, "seed: 1 when it began, now 2"),
        (20, 1, {"leader.coercion": 0.2}, "set.six.leader.coercion: nothing when it began, now 0.2"),
        (20, 1, {"time.horizons": [1]}, "set.six.time.horizons: nothing when it began, now [1]"),
    ],
)
def test_a_second_run_with_other_options_says_in_words_what_differs(
    runs: int, seed: int, changes: dict[str, object], says: str, tmp_path: Path
) -> None:
    first = workspace(load(SIX), Effort(20, 1), "ensemble", tmp_path / "r")
    with first.held():
        first.begin()
    with pytest.raises(InputError, match=re.escape(says)):
        workspace(load(SIX, changes), Effort(runs, seed), "ensemble", tmp_path / "r").there()


HASH = re.compile(r"[0-9a-f]{12,}")


def of_run(*files: Path) -> Workspace:
    return workspace(load(files[0]), Effort(20, 1), "ensemble", files[0].parent / "out")


def of_comparison(*files: Path) -> Workspace:
    base, *others = sides(files[0], files[1:])
    return comparison.workspace(base, others, Effort(20, 1), files[0].parent / "out")


@pytest.mark.parametrize("make", [of_run, of_comparison])
@pytest.mark.parametrize("change", [("Six invented", "Another"), ("value = 0.6,", "value = 0.5,")])
def test_a_scenario_that_says_something_else_is_said_without_hashes_and_without_guesses(
    make: Callable[..., Workspace], change: tuple[str, str], tmp_path: Path
) -> None:
    """Files of one name in two folders, alone and compared."""
    file, other = tmp_path / "six.toml", tmp_path / "b" / "six.toml"
    other.parent.mkdir()
    file.write_text(SIX.read_text())
    other.write_text(SIX.read_text().replace(*change))
    first = make(file, other)
    with first.held():
        first.begin()
    file.write_text(other.read_text())
    with pytest.raises(InputError) as caught:
        make(file, file).there()
    said = str(caught.value)
    assert "fingerprint: says something else than when it began: other values, dates or words; allowed: " in said
    assert not HASH.search(said)


TAKE_A_FOLDER = ("archive", "drivers", "export", "plot", "report", "signals", "status", "find", "codebook")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results, with a folder in it."""
    home = tmp_path_factory.mktemp("home")
    sim.run(SIX, runs=16, set={"time.step": "year"}, out=home / "mine")
    (home / "mine" / "figures").mkdir(exist_ok=True)
    return home / "mine"


@pytest.mark.parametrize("meant", [".", "..", "/"])
@pytest.mark.parametrize("verb", TAKE_A_FOLDER)
def test_a_folder_may_be_meant_without_its_name(
    verb: str, meant: str, results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(results, copy)
    monkeypatch.chdir(copy / "figures" if meant == ".." else copy)
    more = {"codebook": [str(SIX), "--out", meant], "plot": [meant, "incidence"]}
    done = CliRunner().invoke(app, [verb, *more.get(verb, [meant])])
    assert done.exception is None or isinstance(done.exception, SystemExit | InputError), done.exception
    made = {path.name for path in tmp_path.iterdir()} - {"mine"}
    named = {"report": {"mine.html"}, "plot": {"mine-figures"}, "export": {"mine-tables"}}
    assert made == (named.get(verb, set()) if meant != "/" else set())


def test_what_to_type_to_keep_runs_is_what_was_typed() -> None:
    assert typed("cohesion run csto/outlook-2023 --runs 9") == "cohesion run csto/outlook-2023 --runs 9"
    assert typed("__main__.py run x.toml") == "cohesion run x.toml"
    assert [typed(x) for x in ("", "pytest -q", "__main__.py -q tests", "study.py")] == [""] * 4
