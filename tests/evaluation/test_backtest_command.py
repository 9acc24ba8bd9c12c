"""`cohesion backtest` on an invented alliance: bad input, resumption, looks, the same bytes, the table."""

import csv
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.errors import InputError
from sim.evaluation import looks
from sim.evaluation.backtest import Backtest, backtest
from sim.evaluation.scoring import with_error
from sim.evaluation.study import load_backtest
from sim.scenario import reading
from sim.storage.files import PROVENANCE
from tests.helpers import MEMBERS
from tests.inference.test_calibrate import STUDY

pytestmark = pytest.mark.drawn  # as the command's folders are

ANSWERS = {"AAA": "support", "BBB": "abstain", "CCC": "oppose", "DDD": "abstain", "EEE": "support"}
BACKTEST = """
title = "Six forecast"
calibration = "six.toml"
replicates = 8
base_rate = 0.002
[[schemes]]
name = "one split"
fit_until = [2021-12-31]
years = 2
[[schemes]]
name = "rolling"
fit_until = [2021-03-31, 2021-12-31]
years = 1
"""


def study(folder: Path, *changes: tuple[str, str]) -> Path:
    text = BACKTEST
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    rows = ["date,motion,title,member,conduct,source"]
    for k, date in enumerate(("2021-02-01", "2021-06-01", "2022-05-01", "2022-10-01", "2023-03-01")):
        rows += [f"{date},m{k},title,{m},{ANSWERS[m]},assumption: test" for m in MEMBERS]
    (folder / "observed.csv").write_text("\n".join(rows) + "\n")
    (folder / "six.toml").write_text(STUDY)
    (folder / "back.toml").write_text(text)
    return folder / "back.toml"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in (PROVENANCE, ".lock")
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backtest")
    found = backtest(study(folder), folder / "out", jobs=1)
    assert found.finished
    assert found.look == 1
    return folder


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_interrupted_and_resumed_it_writes_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    file, out, calls = study(tmp_path), tmp_path / "out", 0
    while not backtest(file, out, jobs=2, stop=lambda: True).finished:
        assert looks.read(file.with_name("six.looks.csv")) == [], "nothing is looked at before all fits are done"
        calls += 1
    assert calls >= 3
    assert contents(out) == contents(whole / "out")


def test_without_motions_ahead_membership_is_scored_alone(tmp_path: Path) -> None:
    """Nobody votes in the year after either origin: there is no conduct and no cohesion to forecast."""
    split = ("fit_until = [2021-12-31]\nyears = 2", "fit_until = [2021-06-30]\nyears = 1")
    file = study(tmp_path, split, ("[2021-03-31, 2021-12-31]", "[2021-09-30]"))
    table = tmp_path / "observed.csv"
    lines = [x for x in table.read_text().splitlines() if not x.startswith("2022")]
    table.write_text("\n".join(lines) + "\n")
    assert backtest(file, tmp_path / "out", jobs=1).finished
    questions = {r["question"] for r in rows(tmp_path / "out" / "scores.csv")}
    assert questions == {"change of membership"}
    assert rows(tmp_path / "out" / "cohesion.csv") == []


def test_origins_add_up_to_their_scheme(whole: Path) -> None:
    by_origin = rows(whole / "out" / "origins.csv")
    for s in rows(whole / "out" / "scores.csv"):
        same = [
            o for o in by_origin if all(o[k] == s[k] for k in ("scheme", "question", "score", "forecaster", "inputs"))
        ]
        cases = sum(int(o["cases"]) for o in same)
        assert cases == int(s["cases"])
        mean = sum(float(o["value"]) * int(o["cases"]) for o in same) / cases
        assert mean == pytest.approx(float(s["value"]), rel=1e-4)


def test_a_finished_backtest_looks_at_nothing_anew(whole: Path) -> None:
    again = backtest(whole / "back.toml", whole / "out", jobs=1)
    assert again.finished
    assert again.look is None
    assert len(looks.read(whole / "six.looks.csv")) == 1


def test_a_backtest_that_is_killed_after_its_look_has_looked_once(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy")
    (copy / "six.looks.csv").unlink()
    (copy / "out" / "provenance.json").unlink()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.evaluation.backtest.tables", killed)
    with pytest.raises(KeyboardInterrupt):
        backtest(copy / "back.toml", copy / "out", jobs=1)
    monkeypatch.undo()
    assert len(looks.read(copy / "six.looks.csv")) == 1
    assert backtest(copy / "back.toml", copy / "out", jobs=1).look == 1
    assert len(looks.read(copy / "six.looks.csv")) == 1
    assert not (copy / "out" / looks.MARK).exists()


def test_looks_are_counted(tmp_path: Path, whole: Path) -> None:
    file = tmp_path / "x.looks.csv"
    for number in (1, 2):
        (study := tmp_path / f"study-{number}").mkdir()
        for _ in ("begun", "killed and begun again"):
            assert looks.record(file, study, "backtest", "abc", "def", "a, b") == number
    assert [r["what"] for r in looks.read(file)] == ["a, b", "a, b"]
    with pytest.raises(InputError, match="not looked at"):
        looks.record(tmp_path / "nowhere" / "x.csv", tmp_path, "", "", "", "")
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="required"):
        looks.read(file)
    file.rename(tmp_path / "x.openings.csv")
    with pytest.raises(InputError, match=r"an old name; allowed: x\.looks\.csv"):
        looks.read(file)


def test_looks_by_an_installed_package_are_counted_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "sim"
    calibration = package / "shipped" / "experiments" / "calibrate-x.toml"
    calibration.parent.mkdir(parents=True)
    came = calibration.with_suffix(".looks.csv")
    came.write_text(",".join(looks.COLUMNS) + "\n2026-01-01,hand,unknown,a,before\n")
    monkeypatch.setattr(reading, "_PACKAGE", package)
    monkeypatch.chdir(tmp_path)
    log = looks.log_file(calibration)
    assert log == Path("results/calibrate-x.looks.csv")
    assert [r["what"] for r in looks.read(log)] == ["before"]
    assert looks.record(log, tmp_path, "backtest", "abc", "def", "now") == 2
    assert [r["what"] for r in looks.read(log)] == ["before", "now"]
    assert len(looks.read(came)) == 1
    assert looks.log_file(tmp_path / "mine.toml") == tmp_path / "mine.looks.csv"


def test_tables_hold_together(whole: Path) -> None:
    """The scores are the means of what cases.csv says, worked out again from the probabilities written there."""
    cases, scores = rows(whole / "out" / "cases.csv"), rows(whole / "out" / "scores.csv")
    of = [c for c in cases if (c["scheme"], c["forecaster"]) == ("one split", "base rate")]
    member = [c for c in of if not c["motion"]]
    brier = sum((float(c["probability"]) - int(c["happened"])) ** 2 for c in member) / len(member)
    told = next(
        s for s in scores if (s["scheme"], s["forecaster"], s["score"]) == ("one split", "base rate", "Brier score")
    )
    assert float(told["value"]) == pytest.approx(brier, rel=1e-4)
    assert int(told["cases"]) == len(member)
    assert {s["forecaster"] for s in scores} == {"model", "base rate", "own rate", "persistence", "logit"}
    by_answer: dict[tuple[str, ...], float] = {}
    for c in cases:
        if c["motion"]:
            key = c["scheme"], c["fit_until"], c["forecaster"], c["inputs"], c["state"], c["motion"]
            by_answer[key] = by_answer.get(key, 0.0) + float(c["probability"])
    assert by_answer
    assert all(p == pytest.approx(1.0, abs=1e-4) for p in by_answer.values())
    model = [s for s in scores if s["forecaster"] == "model"]
    moved = [s for s in model if float(s["value"]) > 0]  # 0 where no future has a move
    assert all(float(s["mcse"]) > 0 for s in moved)
    assert {s["question"] for s in moved} == {s["question"] for s in model}
    skill = rows(whole / "out" / "skill.csv")
    assert all(float(s["low"]) <= float(s["skill"]) <= float(s["high"]) for s in skill if s["skill"])
    logs = {s["forecaster"] for s in scores if (s["question"], s["score"]) == ("change of membership", "log score")}
    assert logs == {"model", "base rate", "own rate", "logit"}  # persistence calls a change impossible
    figures = {p.name for p in (whole / "out" / "figures").iterdir()}
    again = sim.open(whole / "out")
    assert isinstance(again, Backtest)
    assert {f"{name}.png" for name in again.figures()} == figures
    assert {"skill.png", "ranks.png", "cohesion.png", "reliability-one-split.png"} <= figures


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("replicates = 8", "replicates = 1"), "replicates"),
        (("base_rate = 0.002", "base_rate = 2.0"), "base_rate"),
        (("years = 1", "yaers = 1"), "years"),
        (('"six.toml"', '"sixx.toml"'), "no such file"),
        (('name = "rolling"', 'name = "one split"'), "twice"),
        (('name = "rolling"', 'name = "one-split"'), "twice"),
        (('name = "rolling"', 'name = "../rolling"'), "name"),
        (("[2021-03-31, 2021-12-31]", "[2021-03-31, 2021-11-15]"), "such as 2021-09-30"),
        (("[2021-03-31, 2021-12-31]", "[2021-12-31, 2021-12-31]"), "twice"),
        (("[2021-03-31, 2021-12-31]", "[2020-03-31, 2023-08-01]"), "2020-03-31"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, change: tuple[str, str], found: str) -> None:
    with pytest.raises(InputError) as error:
        load_backtest(study(tmp_path, change))
    assert found in "\n".join(map(str, error.value.problems))


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load_backtest(
            study(
                tmp_path,
                ("[2021-03-31, 2021-12-31]", "[2020-03-31, 2023-08-01]"),
                ('name = "rolling"', 'name = "one split"'),
            )
        )
    assert len(error.value.problems) == 3


def test_another_backtest_or_folder_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seed"):
        backtest(study(tmp_path, ("replicates = 8", "replicates = 8\nseed = 2")), whole / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not a backtest's"):
        backtest(study(tmp_path), tmp_path / "mine")
    with pytest.raises(InputError, match="not a backtest's"):
        backtest(study(tmp_path), tmp_path / "mine", force=True)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_changed_scores_are_another_look_at_the_held_out_years(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(whole / "out", tmp_path / "out")
    file = study(tmp_path)
    with monkeypatch.context() as m:
        m.setattr("sim.evaluation.backtest.SCORING", -1)
        assert backtest(file, tmp_path / "out", jobs=1).look == 1
        assert backtest(file, tmp_path / "out", jobs=1).look is None
    assert backtest(file, tmp_path / "out", jobs=1).look == 2


def test_command(whole: Path) -> None:
    done = CliRunner().invoke(app, ["backtest", str(whole / "back.toml"), "--out", str(whole / "out")])
    assert done.exit_code == 0, done.output
    assert "model, inputs held" in done.output
    assert "looked at 1 time " in done.output.replace("\n", " ")
    told = CliRunner().invoke(app, ["backtest", str(whole / "back.toml"), "--out", str(whole / "out"), "--json"])
    assert '"looks"' in told.output


def test_small_scores_have_more_digits_and_exact_ones_no_error() -> None:
    assert with_error(0.276, 0.0013) == "0.276±0.001"
    assert with_error(0.00235, 0.00027) == "0.00235±0.00027"
    assert with_error(0.276, 0.0001) == "0.276±<0.001"
    assert with_error(1.0986, 0.0) == "1.099"
