"""Which file a name means: one rule and one form of error wherever a file names another."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.evaluation.study import load_backtest, load_mechanisms
from sim.evidence.claim import load_claim
from sim.inference.study import load_calibration
from sim.model.version import VERSION
from sim.scenario.load import load
from sim.studies.study import load_study
from tests.helpers import SIX

STUDY = """title = "t"
runs = 10
horizons = [1]
{}
[design]
kind = "{}"
[factors.war]
path = "leader.war"
values = [0.1]
"""
CLAIM = """title = "t"
claim = "c"
seen = "s"
[[quotes]]
id = "P001"
section = "1"
words = "w"
[scenarios.a]
{}
[[tests]]
says = "s"
kind = "level"
reason = "r"
scenario = "a"
of = ["any_exit"]
at = 1
above = 0.0
"""
CALIBRATION = """title = "t"
scenario = "six.toml"
observations = "observed.csv"
until = 2023-06-30
"""
OBSERVED = "date,motion,title,member,conduct,source\n2021-05-01,a,b,AAA,support,assumption: test\n"
BACKTEST = """title = "t"
calibration = "calibration.toml"
base_rate = 0.002
[[schemes]]
name = "s"
fit_until = [2021-12-31]
years = 1
"""
LEFT_OUT = """title = "t"
calibration = "calibration.toml"
leave_out = ["other.toml"]
"""
MECHANISMS = """title = "t"
calibration = "calibration.toml"
held_out_after = 2021-12-31
seeds = [1, 2]
[mechanisms]
entrapment = { says = "quarrels cost", without = ["entrapment"] }
"""
PLACES: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    "extends": (load, 'extends = "six.toml"\n', "six.toml", "extends"),
    "sources": (load, 'extends = "six.toml"\nsources = "registry.toml"\n', "registry.toml", "sources[0]"),
    "posterior": (load, 'extends = "six.toml"\nposterior = "draws.csv"\n', "draws.csv", "posterior"),
    "study": (load_study, STUDY.format('scenarios = ["six.toml"]', "grid"), "six.toml", "scenarios[0]"),
    "points": (
        load_study,
        STUDY.format('scenarios = ["six.toml"]', 'file"\nfile = "points.csv').replace("values = [0.1]\n", ""),
        "points.csv",
        "design.file",
    ),
    "claim": (load_claim, CLAIM.format('file = "six.toml"'), "six.toml", "scenarios.a.file"),
    "calibration": (load_calibration, CALIBRATION, "six.toml", "scenario"),
    "observations": (load_calibration, CALIBRATION, "observed.csv", "observations"),
    "backtest": (load_backtest, BACKTEST, "calibration.toml", "calibration"),
    "leave_out": (load_backtest, LEFT_OUT, "other.toml", "leave_out[0]"),
    "mechanisms": (load_mechanisms, MECHANISMS, "calibration.toml", "calibration"),
}
"""What reads a file, the file, a name in it, and the path of the name."""


def laid_out(folder: Path) -> None:
    """Every file that one of the above names."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "six.toml").write_text(SIX.read_text())
    (folder / "other.toml").write_text(SIX.read_text().replace("Test pact", "Other pact"))
    (folder / "calibration.toml").write_text(CALIBRATION)
    (folder / "registry.toml").write_text("")
    (folder / "draws.csv").write_text(f"model,peers\n{VERSION},0.1\n")
    (folder / "points.csv").write_text("war\n0.1\n")
    (folder / "observed.csv").write_text(OBSERVED)


@pytest.mark.parametrize("place", PLACES)
def test_beside_else_shipped_else_said(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, text, name, path = PLACES[place]
    home, shipped, elsewhere = (tmp_path / n for n in ("home", "shipped", "elsewhere"))
    among = shipped / "scenarios"
    for folder in (home, among, elsewhere):
        laid_out(folder)
    file = home / "own.toml"
    file.write_text(text)
    monkeypatch.setattr("sim.scenario.reading.shipped", lambda home="": shipped / home)
    monkeypatch.chdir(elsewhere)
    (among / name).write_text("broken [")
    read(file)  # what is beside it comes first
    laid_out(among)
    (home / name).unlink()
    (elsewhere / name).write_text("broken [")
    read(file)  # the shipped one, whatever lies where the user happens to be
    (among / name).unlink()
    near = f"{Path(name).stem}s{Path(name).suffix}"
    (home / near).write_text("")
    with pytest.raises(InputError) as error:
        read(file)
    line = next(k for k, words in enumerate(text.splitlines(), 1) if name in words)
    assert [str(p) for p in error.value.problems] == [
        f"{file}:{line}: {path}: no such file: {name}; allowed: a file beside the one that names it, or a "
        f"shipped one; did you mean {near}?"
    ]


def test_a_misspelt_shipped_name_has_its_nearest(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('extends = "csto/outlok-2023.toml"\n')
    with pytest.raises(InputError, match=r"did you mean csto/outlook-2023\.toml\?"):
        load(file)
    with pytest.raises(InputError, match=r"no such file; did you mean csto/outlook-2023\.toml\?"):
        load("csto/outlok-2023")


def test_a_mistake_in_a_shipped_file_is_shown_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/six.toml").write_text("title = 3\n")
    (tmp_path / "own.toml").write_text('extends = "six.toml"\n')
    monkeypatch.setattr("sim.scenario.reading.shipped", lambda home="": tmp_path / home)
    with pytest.raises(InputError, match=re.escape(f"{tmp_path / 'scenarios/six.toml'}:1: title: 3")):
        load(tmp_path / "own.toml")


@pytest.mark.parametrize("name", ["", ".", "x" * 300, "[", "../../.."])
def test_names_that_no_file_can_have(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(f'extends = "{name}"\n')
    with pytest.raises(InputError, match=r"own\.toml:1: extends: no such file: "):
        load(tmp_path / "own.toml")
    assert os.listdir(tmp_path) == ["own.toml"]
