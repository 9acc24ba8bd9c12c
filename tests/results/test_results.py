"""Results of a run: tables, saving and reading back, replay, what is refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sim.errors import InputError
from sim.model.outcomes import MONTE_CARLO, OUTCOMES, names, positions
from sim.results.replay import KINDS, STEP, replay
from sim.results.result import Result, save
from sim.results.run import run
from sim.scenario.load import load, restore
from sim.storage.workspace import CONTENTS, FORMAT
from tests.helpers import SIX
from tests.study_files import MARKS


def test_initial_members_are_those_at_the_start_of_the_forecast(result: Result) -> None:
    ds = result.dataset
    np.testing.assert_array_equal(ds.cohesion[0], ds.starters_cohesion[0])
    assert (ds.starters_cohesion <= ds.cohesion + 1e-12).all(), "nobody enters in this scenario"
    assert float(ds.starters_cohesion[-1]) < float(ds.cohesion[-1])


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load(SIX, {"time.step": "year", "behaviour.peers": 0.1}), runs=50, seed=4)


def test_tables(result: Result) -> None:
    members = result.members
    assert list(members) == [
        "member",
        "outcome",
        "horizon_years",
        "date",
        "mean",
        *MONTE_CARLO,
        "q05",
        "q95",
        "parameter_share",
        "share_mcse",
        "input_share",
        "input_share_mcse",
    ]
    assert set(members.outcome) == set(names(by_member=True))
    assert len(members) == 5 * 10 * 3
    assert members["mean"][members.outcome.isin(names("event", "chance"))].between(0, 1).all()
    assert (members.mcse >= 0).all()
    ladder = members[members.outcome.isin(positions())].groupby(["member", "horizon_years"])["mean"].sum()
    np.testing.assert_allclose(ladder, 1, atol=1e-12)
    assert (members[members.outcome == "exit"].q95 <= 1).all()
    ticks = result.ticks
    assert list(ticks) == [
        "date",
        "member",
        "outcome",
        "mean",
        *MONTE_CARLO,
        "q05",
        "q25",
        "q50",
        "q75",
        "q95",
        "parameter_share",
        "share_mcse",
        "input_share",
        "input_share_mcse",
    ]
    assert list(dict.fromkeys(ticks.outcome)) == list(OUTCOMES)
    assert set(ticks[ticks.outcome == "cohesion"].member) == {""}
    assert list(result.alliance) == list(members)[1:]
    assert set(result.alliance.outcome) == set(names(by_member=False))
    assert sorted(set(members.date.astype(str))) == ["2021-01-01", "2025-01-01", "2030-01-01"]


def test_exit_probability_never_falls(result: Result) -> None:
    for name in names("event"):
        assert (result.dataset[name].diff("date") >= -1e-15).all(), name


@pytest.mark.drawn
def test_save_and_read_back(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "results"
    save(result, folder)
    assert {p.name for p in folder.iterdir()} == {
        "members.csv",
        "ticks.csv",
        "alliance.csv",
        "dataset.nc",
        "scenario.toml",
        "resolved.json",
        "posteriors.npz",
        *MARKS,
        "figures",
    }
    assert [p.name for p in folder.parent.iterdir()] == ["results"], "no scratch folder is left"
    again = Result.open(folder).dataset
    xr.testing.assert_identical(again, result.dataset)
    assert {k: v.dtype for k, v in again.variables.items()} == {k: v.dtype for k, v in result.dataset.variables.items()}
    with xr.open_dataset(folder / "dataset.nc") as plain:
        np.testing.assert_array_equal(plain["stance"].values, result.dataset["stance"].values)
    scenario = restore(folder / "resolved.json")
    assert scenario.tables == result.scenario.tables
    assert scenario.resolved == result.scenario.resolved
    assert json.loads((folder / "provenance.json").read_text())["seed"] == 4
    assert (folder / "scenario.toml").read_text() == SIX.read_text()


def test_a_folder_of_another_format_is_met_with_a_sentence(result: Result, tmp_path: Path) -> None:
    save(result, tmp_path / "r")
    contents = tmp_path / "r" / CONTENTS
    contents.write_text(contents.read_text("utf-8").replace(f'"format": {FORMAT}', '"format": 1'), "utf-8")
    for reads in (
        lambda: Result.open(tmp_path / "r"),
        lambda: replay(tmp_path / "r"),
        lambda: save(result, tmp_path / "r"),
    ):
        with pytest.raises(InputError, match=rf"format.* 1.* (allowed: made anew|now {FORMAT})"):
            reads()
    save(result, tmp_path / "r", force=True)
    assert Result.open(tmp_path / "r").provenance["runs"] == 50


def test_replay_tells_the_run_that_the_ensemble_made(result: Result, tmp_path: Path) -> None:
    save(result, tmp_path / "r")
    story = replay(tmp_path / "r", 49)
    assert story.identical
    assert story.sentences[0].kind == "start"
    assert story.sentences[-1].kind in ("end", "dissolution")
    assert all(s.text.endswith(".") for s in story.sentences)
    assert "State C calls for help (regime crisis); LEA helps" in repr(story)
    with pytest.raises(InputError, match="allowed: 0 to 49"):
        replay(tmp_path / "r", 50)
    with pytest.raises(InputError, match="holds no results; allowed: a folder that holds a run"):
        replay(tmp_path, 0)


def test_a_story_leaves_votes_out_and_says_only_what_is_asked_for(result: Result, tmp_path: Path) -> None:
    save(result, tmp_path / "r")
    every, usual = replay(tmp_path / "r", 49, votes=True).sentences, replay(tmp_path / "r", 49).sentences
    assert usual == [s for s in every if s.kind != "votes"]
    assert len(usual) < len(every)
    assert {s.kind for s in every} <= set(KINDS)
    of_one = replay(tmp_path / "r", 49, member=["State C"], only=["crisis", "stance"]).sentences
    assert of_one == [s for s in every if s.kind in ("crisis", "stance") and s.members == ("CCC",)]
    steps = [s for s in every if s.kind == "stance"]
    moved = [[float(x) for x in re.findall(r"[+-][0-9]+\.[0-9]", s.text)] for s in steps]
    assert steps
    assert all(abs(now - before) > STEP - 0.11 for before, now in moved)
    with pytest.raises(InputError, match=r"(?s)member: CCD; .*did you mean CCC\?.*only: exits; .*did you mean exit\?"):
        replay(tmp_path / "r", member=["CCD"], only=["exits"])


def test_another_runs_results_are_not_overwritten(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    save(result, folder)
    save(result, folder)
    before = (folder / "members.csv").read_bytes()
    for change in ({"seed": 5}, {"runs": 51}, {"engine": "agents"}):
        other = Result(result.scenario, result.dataset, result.provenance | change)
        ((key, now),) = change.items()
        with pytest.raises(InputError, match=f"{key}: {result.provenance[key]} when it began, now {now}; allowed"):
            save(other, folder)
        assert (folder / "members.csv").read_bytes() == before
    save(other, folder, force=True)
    assert json.loads((folder / "provenance.json").read_text())["engine"] == "agents"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for force in (False, True):
        with pytest.raises(InputError, match=r"holds files that are not a run's: thesis\.txt"):
            save(result, tmp_path / "mine", force)
        assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match="not a directory"):
        save(result, folder / "members.csv", force=True)


@pytest.mark.drawn
@pytest.mark.parametrize("at", ["xarray.Dataset.to_netcdf", "sim.figures.sheet.save_all"])
def test_an_interruption_leaves_nothing_half_written(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(at, interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(result, tmp_path / "r")
    assert list(tmp_path.iterdir()) == []
    save(result, tmp_path / "r")
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "r").iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(at, interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(result, tmp_path / "r")
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "r").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_a_folder_that_cannot_be_written_is_said(result: Result, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be"):
        save(result, tmp_path / "file" / "r")


def test_figures_and_repr(result: Result) -> None:
    assert set(result.figures()) == {"cohesion", "ladder", "exits", "incidence", "ties", "calls", "lessons"}
    assert "State A" in repr(result)
    assert "exit in 10 years" in repr(result)


@pytest.mark.parametrize(
    ("runs", "seed", "engine", "says"),
    [
        (0, 1, "ensemble", "runs: 0; allowed: a whole number, at least 1"),
        (1, -1, "ensemble", "seed: -1; allowed: a whole number, at least 0"),
        (1, 1, "agent", "did you mean agents?"),
    ],
)
def test_arguments_that_cannot_be(runs: int, seed: int, engine: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        run(load(SIX), runs, seed, engine)
    assert says in str(caught.value)


def test_one_run_has_no_standard_error() -> None:
    r = run(load(SIX, {"time.step": "year"}), runs=1)
    assert r.members.mcse.isna().all()
    assert r.summary()["runs"] == 1
