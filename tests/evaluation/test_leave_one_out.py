"""Alliances left out of a fit and forecast by it: resumed to the same bytes, sums, figures, bad files, the command."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.errors import InputError
from sim.evaluation import history_scores, looks
from sim.evaluation.backtest import backtest
from sim.evaluation.leave_one_out import LeftOut, slug
from sim.evaluation.left_out_study import WHOLE, LeaveOneOutStudy
from sim.evaluation.study import load_backtest
from sim.model.grammar import sentence
from sim.scenario.left_out import ALL
from tests.evaluation.test_backtest_command import contents, study as beside
from tests.evaluation.test_history import RECORDS, file_of

pytestmark = pytest.mark.drawn

FILE = """
title = "Left out"
calibration = "six.toml"
leave_out = ["Ended.toml", "Quiet.toml"]
"""
QUIET = {code: record[:1] for code, record in RECORDS.items()}


@pytest.fixture(autouse=True, scope="module")
def few() -> object:
    with pytest.MonkeyPatch.context() as m:
        m.setattr(history_scores, "MOST", 16)
        yield


def files(folder: Path, *changes: tuple[str, str]) -> Path:
    beside(folder)
    file_of(folder, RECORDS, "Ended")
    file_of(folder, QUIET, "Quiet")
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "left.toml").write_text(text)
    return folder / "left.toml"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("left")
    found = backtest(files(folder), folder / "out", jobs=1)
    assert isinstance(found, LeftOut)
    assert found.finished
    assert found.look == 1
    return folder


def test_interrupted_and_resumed_it_writes_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    file, calls = files(tmp_path), 0
    while not backtest(file, tmp_path / "out", jobs=1, stop=lambda: True).finished:
        assert looks.read(file.with_name("six.looks.csv")) == [], "nothing is looked at before the fit is done"
        calls += 1
    assert calls >= 2
    assert contents(tmp_path / "out") == contents(whole / "out")


def test_it_is_given_back_and_finished_it_looks_at_nothing_anew(whole: Path) -> None:
    again = sim.open(whole / "out")
    assert isinstance(again, LeftOut)
    assert again.about["Ended"].startswith("coefficients not fitted to Ended: fitted to ")
    assert {f"{name}.png" for name in again.figures()} == {p.name for p in (whole / "out" / "figures").iterdir()}
    assert set(again.figures()) == {"ended", "quiet"}
    assert backtest(whole / "left.toml", whole / "out", jobs=1).look is None
    assert len(looks.read(whole / "six.looks.csv")) == 1


def test_sums_are_over_alliances_and_have_no_interval(whole: Path) -> None:
    tables = sim.open(whole / "out").tables
    scores, counts = tables["scores"], tables["counts"]
    one = scores[(scores.event == "exit") & (scores.forecaster == "model") & (scores.origins == "beginning")]
    by_name = one.set_index("alliance")
    assert by_name.brier[ALL] == pytest.approx(by_name.brier["Ended"] + by_name.brier["Quiet"], rel=1e-4)
    error = np.hypot(by_name.brier_mcse["Ended"], by_name.brier_mcse["Quiet"])
    assert by_name.brier_mcse[ALL] == pytest.approx(error, rel=1e-3)
    exits = counts[counts.event == "exit"].set_index("alliance")
    assert exits.seen.to_dict() == {"Ended": 1, "Quiet": 0, ALL: 1}, "to the end of the fit's evidence"
    assert np.isnan(exits["median"][ALL])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (('"Quiet.toml"', '"nowhere.toml"'), "leave_out[1]: no such file: nowhere.toml"),
        (('"Quiet.toml"', '"Ended.toml"'), "Ended twice"),
        (('"Quiet.toml"', '"csto/outlook-2023"'), "outlook-2023 begins after its record does"),
        (('["Ended.toml", "Quiet.toml"]', "[]"), "leave_out"),
        (('"six.toml"', '"none.toml"'), "none.toml"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, change: tuple[str, str], found: str) -> None:
    with pytest.raises(InputError) as error:
        load_backtest(files(tmp_path, change))
    assert found in "\n".join(map(str, error.value.problems))


def test_the_alliance_that_alone_was_fitted_cannot_be_left_out(tmp_path: Path) -> None:
    file = files(tmp_path)
    loaded = load_backtest(file)
    assert isinstance(loaded, LeaveOneOutStudy)
    assert [f.fit for f in loaded.folds] == [WHOLE, WHOLE]
    own = loaded.calibration.scenario.file
    with pytest.raises(InputError, match="is fitted to Test pact alone"):
        load_backtest(files(tmp_path, ('"Quiet.toml"', f'"{own}"')))


def test_another_studys_folder_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seed"):
        backtest(files(tmp_path, ('"six.toml"', '"six.toml"\nseed = 2')), whole / "out")


def test_the_command_prints_each_alliance_and_the_sum(whole: Path) -> None:
    words = ["backtest", str(whole / "left.toml"), "--out", str(whole / "out")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert all(name in done.stdout for name in ("Ended", "Quiet", sentence(ALL)))
    assert "by a fit that has not seen it" in " ".join(done.stdout.split())
    assert '"counts"' in CliRunner().invoke(app, [*words, "--json"]).stdout


def test_an_alliances_name_becomes_that_of_a_file() -> None:
    assert slug("CST/CSTO") == "cst-csto"
    assert slug("Gulf Cooperation Council") == "gulf-cooperation-council"
