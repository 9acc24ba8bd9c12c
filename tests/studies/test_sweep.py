"""Sweeps: each point is the run it stands for, whatever else runs, and nothing finished is done twice."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.cli import sweep as command
from sim.errors import InputError
from sim.estimates.intervals import Uncertainty
from sim.estimates.sample import Sample
from sim.estimates.summary import Summary, statistics
from sim.model.noise import BLOCK
from sim.model.outcomes import MONTE_CARLO, OUTCOMES, Event, error_of, names
from sim.results.run import run
from sim.scenario.load import load
from sim.scenario.overrides import parse_override
from sim.storage import workspace
from sim.storage.files import locked
from sim.storage.status import status
from sim.storage.workspace import LOCK
from sim.studies import batch as batches, plan as plans
from sim.studies.sweep import Progress, sweep
from tests.helpers import SIX
from tests.study_files import contents, differing, study_file


def summary_of(folder: Path) -> pd.DataFrame:
    """summary.csv as it is written: a row of the alliance has no member, and no member is missing."""
    return pd.read_csv(folder / "summary.csv").fillna({"member": ""})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, uninterrupted, in one process."""
    home = tmp_path_factory.mktemp("finished")
    found = sweep(study_file(home), home / "out", jobs=1)
    assert found.finished
    return home / "out"


@pytest.mark.precise
def test_a_point_is_a_run(tmp_path: Path) -> None:
    file = study_file(
        tmp_path,
        ("runs = 40", f"runs = {BLOCK + 100}"),
        ("interval_runs = 32", f"interval_runs = {BLOCK}"),
        ("values = [0.0, 0.3, 0.6, 0.9]", "values = [0.3, 0.9]"),
        ("levels = 5", "levels = 2"),
        ("seed = 5", 'seed = 5\noutcomes = ["exit", "cohesion", "any_exit", "stance", "loyal"]\nticks = "all"'),
    )
    found = sweep(file, tmp_path / "out", jobs=1)
    point = 3
    scenario = load(
        SIX,
        {
            "time.step": "year",
            "leader.coercion": 0.9,
            "members.AAA.autonomy": {"scale": 1.5},
            "members.BBB.autonomy": {"scale": 1.5},
        },
    )
    alone = run(scenario, runs=BLOCK + 100, seed=5).dataset
    for name in ("exit", "cohesion", "any_exit", "stance", "loyal"):
        mine = found.dataset[name].isel(point=point)
        np.testing.assert_array_equal(mine.values, alone[name].values, err_msg=name)
        quantiles = f"{name}_quantile"
        its = alone[quantiles].sel(quantile=[0.05, 0.95])
        own = found.dataset[quantiles][point].values
        if isinstance(OUTCOMES[name], Event):  # a run's, of all dates, are made coherent
            own = np.maximum.accumulate(own, axis=0)
        np.testing.assert_array_equal(own, its.values, err_msg=name)


def test_tables(finished: Path) -> None:
    done = sweep(finished.parent / "small.toml", finished)
    keys = ["point", "outcome", "member", "horizon_years"]
    assert list(done.summary.columns) == [*keys, "mean", *MONTE_CARLO, "q05", "q95"]
    assert len(done.summary) == 20 * 2 * (2 * 5 + 5)
    assert list(done.points.columns) == ["point", "scenario", "coercion", "autonomy"]
    assert len(done.failures) == 0
    row = done.summary.query("point == 7 and outcome == 'exit' and member == 'CCC' and horizon_years == 3").iloc[0]
    ds = done.dataset.isel(point=7, tick=-1).sel(member="CCC")
    cell = [ds.exit, ds.exit_mcse, ds.exit_low, ds.exit_high, ds.exit_few, *ds.exit_quantile]
    np.testing.assert_allclose(row[["mean", *MONTE_CARLO, "q05", "q95"]].astype(float), cell, atol=1e-9)
    assert done.dataset.sizes == {"point": 20, "tick": 3, "member": 5, "quantile": 2}
    assert (done.dataset.coercion.values == done.points.coercion).all()
    assert not done.summary["mean"].isna().any()
    assert "finished" in repr(done)


def test_checksums_hold(finished: Path) -> None:
    checked = subprocess.run(["sha256sum", "-c", "--quiet", "checksums.sha256"], cwd=finished, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    listed = {line.split("  ")[1] for line in (finished / "checksums.sha256").read_text().splitlines()}
    unlisted = set(contents(finished)) - listed
    assert all(n.startswith((".", "receipts/", "checksums")) for n in unlisted), unlisted


def test_a_finished_study_runs_nothing(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(finished)
    monkeypatch.setattr("sim.studies.sweep.imap", lambda *_, **__: pytest.fail("ran again"))
    assert sweep(finished.parent / "small.toml", finished).finished
    assert contents(finished) == before


def test_stopped_and_resumed(finished: Path, tmp_path: Path) -> None:
    file = shutil.copy(finished.parent / "small.toml", tmp_path)
    seen: list[Progress] = []
    stopped = sweep(file, tmp_path / "out", jobs=1, progress=seen.append, stop=lambda: len(seen) > 1)
    assert not stopped.finished
    assert "not finished" in repr(stopped)
    assert seen[-1].done == 8
    assert status(tmp_path / "out").state == "interrupted"
    assert status(tmp_path / "out").done == 8
    assert sweep(file, tmp_path / "out", jobs=1).finished
    assert status(tmp_path / "out").state == "finished"
    assert differing(finished, tmp_path / "out") == []


def test_workers_and_order_do_not_matter(finished: Path, tmp_path: Path) -> None:
    file = shutil.copy(finished.parent / "small.toml", tmp_path)
    assert sweep(file, tmp_path / "out", jobs=2).finished
    assert differing(finished, tmp_path / "out") == []


def test_batching_does_not_matter(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.studies.store.batch_size", lambda *_: 3)
    file = shutil.copy(finished.parent / "small.toml", tmp_path)
    assert sweep(file, tmp_path / "out", jobs=1).finished
    assert (tmp_path / "out/summary.csv").read_bytes() == (finished / "summary.csv").read_bytes()


def test_what_is_recorded_does_not_matter(finished: Path, tmp_path: Path) -> None:
    file = study_file(tmp_path, ("seed = 5", 'seed = 5\noutcomes = ["cohesion", "exit"]\nticks = "all"'))
    mine = sweep(file, tmp_path / "out", jobs=1).summary
    its = summary_of(finished)
    its = its[its.outcome.isin(["cohesion", "exit"])]
    keys = ["point", "outcome", "member", "horizon_years"]
    pd.testing.assert_frame_equal(
        mine.sort_values(keys).reset_index(drop=True), its.sort_values(keys).reset_index(drop=True)
    )


def test_points_may_be_added(finished: Path, tmp_path: Path) -> None:
    file = shutil.copy(finished.parent / "small.toml", tmp_path)
    assert sweep(file, tmp_path / "out", jobs=1).finished
    text = Path(file).read_text()
    Path(file).write_text(text.replace("[0.0, 0.3, 0.6, 0.9]", "[0.0, 0.15, 0.3, 0.6, 0.9]"))
    ran: list[Progress] = []
    more = sweep(file, tmp_path / "out", jobs=1, progress=ran.append)
    assert more.finished
    assert ran[0].done == 16, "the last batch was not full"
    assert len(more.points) == 25
    old = summary_of(finished)
    pd.testing.assert_frame_equal(more.summary[more.summary.point < 20].reset_index(drop=True), old)
    assert (more.points.coercion[20:] == 0.15).all()
    assert (more.dataset.coercion.values == more.points.coercion).all()
    Path(file).write_text(text)
    with pytest.raises(InputError, match=r"5 of 25 points are no longer in the design"):
        sweep(file, tmp_path / "out", jobs=1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("runs = 40", "runs = 41", r"study\.runs: 40 when it began, now 41"),
        ("seed = 5", "seed = 6", r"study\.seed: 5 when it began, now 6"),
        ("high = 1.5", "high = 1.6", r"points are no longer in the design"),
        (
            '"time.step" = "year"',
            '"time.step" = "year", "leader.war" = 0.4',
            r"variants\[six\]\.resolved\.tables\.leader\.war\.value: nothing when it began, now 0\.4",
        ),
        ('as = "scale"', 'as = "scale"\nfrom = 2021-01-01', r"factors\.autonomy\.from: nothing .* 2021-01-01"),
    ],
)
def test_changed_inputs_are_refused(finished: Path, tmp_path: Path, old: str, new: str, expected: str) -> None:
    shutil.copytree(finished, tmp_path / "out")
    (tmp_path / "out/provenance.json").unlink()
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match=expected):
        sweep(study_file(tmp_path, (old, new)), tmp_path / "out", jobs=1)
    assert contents(tmp_path / "out") == before


def test_another_version_of_the_model_is_refused_and_force_begins_anew(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finished, tmp_path / "out")
    file = study_file(tmp_path)
    with monkeypatch.context() as other:
        other.setattr(workspace, "VERSION", "0")
        with pytest.raises(InputError, match=r"version of the model: \S+ when it began, now 0; allowed: .* `force`"):
            sweep(file, tmp_path / "out", jobs=1)
    shutil.rmtree(tmp_path / "out/receipts")
    assert sweep(file, tmp_path / "out", jobs=1, force=True).finished
    assert differing(finished, tmp_path / "out") == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.docx").write_text("years of work")
    with pytest.raises(InputError, match=r"holds files that are not a sweep's: thesis\.docx"):
        sweep(study_file(tmp_path), tmp_path / "out")
    assert contents(tmp_path / "out").keys() == {"thesis.docx", ".lock", ".working"} or contents(
        tmp_path / "out"
    ).keys() == {"thesis.docx"}


def test_damage_is_found_and_mended(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    (tmp_path / "out/provenance.json").unlink()
    chunk = next((tmp_path / "out/dataset.zarr/exit/c/1").rglob("0"))
    while chunk.is_dir():
        chunk = next(chunk.iterdir())
    chunk.write_bytes(chunk.read_bytes()[:-7])
    assert sweep(study_file(tmp_path), tmp_path / "out", jobs=1).finished
    assert differing(finished, tmp_path / "out") == []


def test_what_a_killed_writer_left_is_cleared(finished: Path, tmp_path: Path) -> None:
    """Found by 500 kills: a variable without further dimensions has its chunks side by side."""
    shutil.copytree(finished, tmp_path / "out")
    (tmp_path / "out/provenance.json").unlink()
    (tmp_path / "out/receipts/000001.json").unlink()
    for name in ("runs/c/1", "exit/c/1/0/0"):
        half = tmp_path / "out/dataset.zarr" / f"{name}.0123456789abcdef.partial"
        half.write_bytes(b"half")
    assert sweep(study_file(tmp_path), tmp_path / "out", jobs=1).finished
    assert differing(finished, tmp_path / "out") == []


def test_failed_points_are_set_apart(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = plans.Plan.program

    def fails(self: plans.Plan, point: int) -> Any:
        if point in (5, 6):
            raise ZeroDivisionError(f"no such world\nas {point}")
        return original(self, point)

    monkeypatch.setattr(plans.Plan, "program", fails)
    found = sweep(study_file(tmp_path), tmp_path / "out", jobs=1)
    assert found.finished
    assert list(found.failures.point) == [5, 6]
    assert list(found.failures.reason) == [
        "ZeroDivisionError: no such world as 5",
        "ZeroDivisionError: no such world as 6",
    ]
    assert set(found.summary.point[found.summary["mean"].isna()]) == {5, 6}
    its = summary_of(finished)
    rest = ~its.point.isin([5, 6])
    pd.testing.assert_frame_equal(found.summary[rest], its[rest])
    assert np.isnan(found.dataset.runs.values[[5, 6]]).all()


def test_not_a_number_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = batches._summaries

    def spoilt(plan: Any, programs: Any) -> Any:
        found = original(plan, programs)
        for p, s in zip(programs, found, strict=True):
            if p.bands["leader.coercion"].low[0] == 0.3:
                s.samples["exit"].mean[-1] = np.nan
        return found

    monkeypatch.setattr(batches, "_summaries", spoilt)
    found = sweep(study_file(tmp_path), tmp_path / "out", jobs=1)
    assert list(found.failures.point) == [5, 6, 7, 8, 9]
    assert set(found.failures.reason) == {"FloatingPointError: exit is not a number"}


def test_a_point_has_a_command_that_runs_it(finished: Path) -> None:
    import shlex

    plan = plans.opened(finished)
    words = shlex.split(plan.command(13))
    assert words[:2] == ["cohesion", "run"]
    sets = dict(parse_override(words[i + 1]) for i, w in enumerate(words) if w == "--set")
    runs, seed = (int(words[words.index(o) + 1]) for o in ("--runs", "--seed"))
    alone = run(load(words[2], sets), runs, seed).members.query("outcome == 'exit'")
    mine = summary_of(finished).query("point == 13 and outcome == 'exit'")
    for years in (1.0, 3.0):
        a, b = (t[t.horizon_years == years] for t in (alone, mine))
        np.testing.assert_allclose(a["mean"], b["mean"], atol=1e-9)


def test_precision_stops_points_apart(tmp_path: Path) -> None:
    target = 'seed = 5\noutcomes = ["exit"]\nprecision = { mcse = 0.0012, most_runs = 3000 }'
    file = study_file(tmp_path, ("seed = 5", target), ("runs = 40", "runs = 300"))
    found = sweep(file, tmp_path / "out", jobs=1)
    used = found.dataset.runs.values
    assert len(set(used)) > 1
    assert set(used) <= {300.0 * k for k in range(1, 11)}
    summary = found.summary.assign(error=error_of(found.summary.low, found.summary.high))
    worst = summary.groupby("point").error.max().values
    assert ((worst <= 0.0012) | (used == 3000)).all()
    plain = study_file(
        tmp_path, ("seed = 5", 'seed = 5\noutcomes = ["exit"]'), ("runs = 40", "runs = 300"), name="plain"
    )
    once = sweep(plain, tmp_path / "plain", jobs=1)
    first = used == 300
    assert first.any()
    np.testing.assert_array_equal(found.dataset.exit.values[first], once.dataset.exit.values[first])
    earlier = error_of(once.dataset.exit_low, once.dataset.exit_high).max(["tick", "member"]).values
    assert (earlier[~first] > 0.0012).all()


def test_several_scenarios_and_other_paths(tmp_path: Path) -> None:
    child = tmp_path / "child.toml"
    child.write_text(
        f'extends = "{SIX}"\ntitle = "A war"\n[leader]\nwar = {{ value = 0.9, sources = ["assumption: test"] }}\n'
    )
    file = study_file(
        tmp_path,
        (f'scenarios = ["{SIX}"]', f'scenarios = ["{SIX}", "child.toml"]'),
        ('path = "leader.coercion"\nvalues = [0.0, 0.3, 0.6, 0.9]', 'path = "alliance.quorum"\nvalues = [2, 4]'),
    )
    found = sweep(file, tmp_path / "out", jobs=1)
    assert len(found.points) == 20
    assert list(found.points.scenario) == ["six"] * 10 + ["child"] * 10
    point = found.points.query("scenario == 'child' and coercion == 4 and autonomy == 0.75").point.item()
    scenario = load(
        child,
        {
            "time.step": "year",
            "alliance.quorum": 4,
            "members.AAA.autonomy": {"scale": 0.75},
            "members.BBB.autonomy": {"scale": 0.75},
        },
    )
    alone = run(scenario, runs=40, seed=5).dataset.dissolution[[1, 3]]
    mine = found.dataset.dissolution[point, 1:]
    np.testing.assert_array_equal(alone.values, mine.values)


def test_a_value_that_a_scenario_refuses(tmp_path: Path) -> None:
    file = study_file(tmp_path, ('path = "leader.coercion"\nvalues = [0.0', 'path = "alliance.quorum"\nvalues = [1.5'))
    with pytest.raises(InputError, match=r"small\.toml: alliance\.quorum=1\.5: 1\.5; allowed: a whole number"):
        sweep(file, tmp_path / "out", jobs=1)


def test_two_sweeps_at_once_are_refused(finished: Path) -> None:
    with locked(finished / LOCK, exclusive=True, wait=False) as got:
        assert got
        assert status(finished).state == "finished"
        before = contents(finished)
        with pytest.raises(InputError, match="another sweep is running there"):
            sweep(finished.parent / "small.toml", finished, force=True)
        assert contents(finished) == before


def test_status_of_no_study(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no results; allowed: a folder that `cohesion` wrote"):
        status(tmp_path)


def test_bad_arguments(tmp_path: Path) -> None:
    file = study_file(tmp_path)
    with pytest.raises(InputError, match=r"^jobs: 0; allowed: a whole number, at least 1"):
        sweep(file, tmp_path / "out", jobs=0)
    with pytest.raises(InputError, match="not a directory"):
        sweep(file, file)


def test_printed(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = str(finished.parent / "small.toml")
    command.main(study, finished, None, None, False, False, False)
    printed = capsys.readouterr()
    assert "20 points, 40 runs each, seed 5" in printed.out
    assert "exit of State A, %" in printed.out
    command.main(study, finished, None, None, False, False, True)
    read = json.loads(capsys.readouterr().out)
    assert read["finished"]
    assert {o["outcome"] for o in read["outcomes"]} == {
        "cohesion",
        "starters_cohesion",
        "any_exit",
        "two_exits",
        "dissolution",
        "exit",
    }


def test_force_deletes_studies_alone(tmp_path: Path) -> None:
    (tmp_path / "out/figures").mkdir(parents=True)
    for name in ("points.csv", "figures/mine.png", "provenance.json"):
        (tmp_path / "out" / name).write_text("years of work")
    before = contents(tmp_path)
    for force in (True, False, True):
        with pytest.raises(InputError, match="holds files that are not a sweep's"):
            sweep(study_file(tmp_path / "study"), tmp_path / "out", force=force)
        assert {k: v for k, v in contents(tmp_path).items() if k in before} == before


def test_words_may_change_without_running_again(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finished, tmp_path / "out")
    (tmp_path / "elsewhere").mkdir()
    file = study_file(
        tmp_path,
        ("Coercion against autonomy", "Another title"),
        ('path = "leader.coercion"', 'path = "leader.coercion"\nlabel = "Coercion"'),
        name="renamed",
    )
    monkeypatch.setattr("sim.studies.sweep.imap", lambda *_, **__: pytest.fail("ran again"))
    found = sweep(file, tmp_path / "out")
    assert found.finished
    assert found.dataset.attrs["title"] == "Another title"
    assert found.dataset.attrs["labels"][0] == "Coercion"
    assert (tmp_path / "out/summary.csv").read_bytes() == (finished / "summary.csv").read_bytes()


def test_what_is_missing_from_a_finished_folder_is_made_again(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    (tmp_path / "out/summary.csv").unlink()
    assert sweep(study_file(tmp_path), tmp_path / "out", jobs=1).finished
    assert differing(finished, tmp_path / "out") == []


def test_begun_anew_with_another_seed_in_one_process(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "out")
    other = study_file(tmp_path, ("seed = 5", "seed = 6"))
    again = sweep(other, tmp_path / "out", jobs=1, force=True)
    fresh = sweep(other, tmp_path / "fresh", jobs=1)
    assert differing(again.folder, fresh.folder) == []
    assert (again.folder / "summary.csv").read_bytes() != (finished / "summary.csv").read_bytes()


def test_names_that_need_care(tmp_path: Path) -> None:
    """A scenario with a comma in its name, and a column that is a path, from a table with a byte order mark."""
    (tmp_path / "what,if.toml").write_text(f'extends = "{SIX}"\n')
    (tmp_path / "p.csv").write_text("\ufeffleader.coercion\n0.1\n0.9\n", "utf-8")
    file = study_file(tmp_path, (f'"{SIX}"', '"what,if.toml"'), ('kind = "grid"', 'kind = "file"\nfile = "p.csv"'))
    text = file.read_text()
    file.write_text(text[: text.index("[factors.coercion]")])
    found = sweep(file, tmp_path / "out", jobs=1)
    assert list(found.points.scenario) == ["what,if"] * 2
    assert list(found.points["leader.coercion"]) == [0.1, 0.9]
    same = study_file(tmp_path / "b", name="x")
    (tmp_path / "b/six.toml").write_text(f'extends = "{SIX}"\n')
    same.write_text(same.read_text().replace(f'"{SIX}"', f'"{SIX}", "six.toml"'))
    with pytest.raises(InputError, match="two scenarios named six"):
        sweep(same, tmp_path / "c")


def test_a_probability_is_at_most_one() -> None:
    """Chances of few runs may add up to more."""
    two = np.full((1, 1), 2.0)
    above = Summary({k: Sample(two, two * 0.6, two, two * 0.6, two) for k in ("exit", "stance")}, {}, 0.0)
    found = statistics(above, Uncertainty({}, {}, {}))
    assert found["exit"][0, 0] == 1.0
    assert found["stance"][0, 0] == 1.2


def test_64_runs_a_point_say_no_more_than_they_know(tmp_path: Path) -> None:
    """Nearly certain exits, whose chances add up to more than 1: no error beyond counting's, nothing beyond bounds."""
    rates = {"exit_rate": 20.0, "exit_delay": 0.2, "exit_stance": 1.0, "exit_dependence": 1.0}
    fixed = ", ".join(f'"behaviour.{name}" = {x}' for name, x in rates.items())
    sure = ('"time.step" = "year"', f'"time.step" = "year", {fixed}')
    found = sweep(study_file(tmp_path, ("runs = 40", "runs = 64"), sure), tmp_path / "out", jobs=1)
    t = found.summary[found.summary.outcome.isin(names("event"))]
    assert ((t.low >= 0) & (t.low <= t["mean"]) & (t["mean"] <= t.high) & (t.high <= 1)).all()
    assert ((t.q05 <= t["mean"]) & (t["mean"] <= t.q95)).all()
    some = t[t["mean"].between(0.02, 0.98)]
    assert (some["mean"] > 0.9).sum() > 10
    counting = np.sqrt(some["mean"] * (1 - some["mean"]) / 64)
    assert (some.mcse < 1.05 * counting).all()
    assert (some.mcse / counting).median() < 0.8
