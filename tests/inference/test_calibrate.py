"""`cohesion calibrate`: same bytes for a seed, resumed or not; errors; the posterior in use."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  its linear algebra is loaded before it is limited
from threadpoolctl import threadpool_info, threadpool_limits
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.cli.resumable import resumable
from sim.errors import InputError
from sim.inference import smc
from sim.inference.likelihood import target_of
from sim.inference.study import load_calibration
from sim.model.version import VERSION
from sim.results.calibration import Calibration, calibrate, stages
from sim.results.explain import explain
from sim.results.run import run
from sim.scenario import posterior
from sim.scenario.compile import compile
from sim.scenario.load import load, restored
from sim.scenario.posterior import Column
from sim.scenario.reading import scenario_files
from sim.storage.files import PROVENANCE, locked
from sim.storage.workspace import LOCK
from tests.commands import ROOT, ended, kill_a_worker, popen, started
from tests.helpers import SIX
from tests.scenarios import changed

pytestmark = pytest.mark.drawn  # as the command's folders are

OBSERVED = """date,motion,title,member,conduct,source
2021-05-01,one,first,AAA,support,assumption: test
2021-05-01,one,first,BBB,abstain,assumption: test
2022-05-01,two,second,AAA,oppose,assumption: test
2022-05-01,two,second,CCC,support,assumption: test
"""
STUDY = f"""
title = "Six"
scenario = "{SIX}"
observations = "observed.csv"
draws = 40
particles = 4
sweeps = 1
rounds = 1
until = 2023-06-30
"""


def study(folder: Path, *changes: tuple[str, str]) -> Path:
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    (folder / "observed.csv").write_text(OBSERVED)
    (folder / "six.toml").write_text(text)
    return folder / "six.toml"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name not in (PROVENANCE, LOCK)
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calibrate")
    assert calibrate(study(folder), folder / "out", jobs=1).finished
    return folder / "out"


def test_resumed_after_every_stage_it_writes_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    file, out, calls = study(tmp_path), tmp_path / "out", 0
    while not calibrate(file, out, jobs=1, stop=lambda: True).finished:
        calls += 1
    assert calls >= 2
    assert contents(out) == contents(whole)


def test_a_torn_stage_is_none(whole: Path, tmp_path: Path) -> None:
    """Killed between the last stage and the tables: they are made anew, the same."""
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    for name in (PROVENANCE, "posterior.nc", "summary.csv"):
        (out / name).unlink()
    (out / "stages" / ".03.npz.part").write_bytes(b"torn")
    file = study(tmp_path)
    assert calibrate(file, out, jobs=1).finished
    (out / "stages" / ".03.npz.part").unlink()
    assert contents(out) == contents(whole)


def test_another_study_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"seed: 1 when it began, now 2"):
        calibrate(study(tmp_path, ("draws = 40", "draws = 40\nseed = 2")), whole, jobs=1)


def test_a_calibration_may_use_what_has_happened_since(tmp_path: Path) -> None:
    """Of its own evidence nothing is later than the paper; of a user's whatever is coded, votes in the
    scenario itself among them."""
    more = '[[votes]]\ndate = 2024-03-01\nmotion = "m"\nconduct = { AAA = "oppose" }\nsources = ["assumption: x"]'
    (tmp_path / "own.toml").write_text(f'extends = "{SIX}"\n{more}\n')
    found = load_calibration(study(tmp_path, (f"{SIX}", "own.toml")), "2024-06-30")
    assert found.motions[-1].name == "m"
    assert found.target.by_tick[max(found.target.by_tick)][-1].name == "m"
    (tmp_path / "own.toml").write_text(f'extends = "{SIX}"\n{more}\n'.replace('"m"', '"one"'))
    with pytest.raises(InputError, match="observations: one in the scenario too; allowed: in the table or in the scen"):
        load_calibration(study(tmp_path, (f"{SIX}", "own.toml")))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("draws = 40", "draws = 4"), "draws"),
        (("draws = 40", "drawers = 40"), "unknown key"),
        (("until = 2023-06-30", "until = 2020-06-30"), "a year after"),
        (("observed.csv", "obsrved.csv"), "no such file"),
        (("draws = 40", 'draws = 40\nwithout = ["memory"]'), "cannot be switched off"),
        (("draws = 40", 'draws = 40\nwithout = ["entrapement"]'), "entrapment"),
    ],
)
def test_bad_studies_say_what_is_wrong(tmp_path: Path, change: tuple[str, str], found: str) -> None:
    with pytest.raises(InputError) as error:
        load_calibration(study(tmp_path, change))
    assert found in "\n".join(map(str, error.value.problems))


def test_a_users_own_files_are_left_alone(tmp_path: Path) -> None:
    """Also where they have a calibration's names, and --force is given."""
    out = tmp_path / "out"
    (out / "stages").mkdir(parents=True)
    for name in ("study.toml", "posterior.nc", "diagnostics.json", "stages/mine.npz"):
        (out / name).write_text("years of work")
    before = contents(out)
    for force in (False, True):
        with pytest.raises(InputError, match="holds files that are not a calibration's: diag"):
            calibrate(study(tmp_path), out, jobs=1, force=force)
        assert contents(out) == before
    (out / LOCK).touch()
    (out / "diagnostics.json").rename(out / "thesis.docx")
    before = contents(out)
    for force in (False, True):
        with pytest.raises(InputError, match=r"not a calibration's: thesis\.docx"):
            calibrate(study(tmp_path), out, jobs=1, force=force)
        assert contents(out) == before


def test_force_begins_anew_and_leaves_what_the_user_added(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / "notes.txt").write_text("mine")
    again = study(tmp_path, ("draws = 40", "draws = 40\nseed = 2"))
    assert calibrate(again, out, jobs=1, force=True).finished
    assert calibrate(again, tmp_path / "fresh", jobs=1).finished
    assert contents(out) == contents(tmp_path / "fresh") | {"notes.txt": b"mine"}


def test_killed_before_it_wrote_anything(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "out/stages").mkdir(parents=True)
    (tmp_path / "out" / LOCK).touch()
    (tmp_path / "out/.study.toml.part").write_text("torn")
    assert calibrate(study(tmp_path), tmp_path / "out", jobs=1).finished
    assert contents(tmp_path / "out") == contents(whole)


def test_two_at_once_are_refused(whole: Path, tmp_path: Path) -> None:
    before = contents(whole)
    with locked(whole / LOCK, exclusive=True, wait=False) as got:
        assert got
        with pytest.raises(InputError, match="another calibration is running there"):
            calibrate(study(tmp_path), whole, force=True)
    assert contents(whole) == before


@pytest.mark.parametrize("lost", ["summary.csv", "posterior.png", "provenance.json"])
def test_what_is_missing_of_a_finished_one_is_made_again(whole: Path, tmp_path: Path, lost: str) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / lost).unlink()
    assert calibrate(study(tmp_path), out, jobs=1).finished
    assert (out / lost).exists()
    assert contents(out) == contents(whole)


def test_a_damaged_stage_is_made_again(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / PROVENANCE).unlink()
    stage = tmp_path / "out/stages/01.npz"
    stage.write_bytes(stage.read_bytes()[:-7])
    assert calibrate(study(tmp_path), tmp_path / "out", jobs=1).finished
    assert contents(tmp_path / "out") == contents(whole)


LONGER = (("draws = 40", "draws = 400"), ("particles = 4", "particles = 128"))
"""Some seconds a stage."""


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("longer")
    assert calibrate(study(folder, *LONGER), folder / "out", jobs=2).finished
    return folder / "out"


def begun(tmp_path: Path) -> subprocess.Popen[str]:
    """The longer calibration as a command, the first of its stages done."""
    process = popen("calibrate", str(study(tmp_path, *LONGER)), "--out", str(tmp_path / "out"), "--jobs", "2")
    started(process, (tmp_path / "out/stages/00.npz").exists)
    return process


def resumes(tmp_path: Path, longer: Path) -> None:
    """By the same command, to the same bytes."""
    assert not (tmp_path / "out" / PROVENANCE).exists()
    file = str(tmp_path / "six.toml")
    ended(popen("calibrate", file, "--out", str(tmp_path / "out"), "--jobs", "2"), 0)
    assert contents(tmp_path / "out") == contents(longer)


def test_a_killed_worker_is_said(longer: Path, tmp_path: Path) -> None:
    process = begun(tmp_path)
    kill_a_worker(process)
    ended(process, 1, "A worker died", "What was finished is kept; to go on: cohesion calibrate")
    resumes(tmp_path, longer)


@pytest.mark.parametrize("times", [pytest.param(1, marks=pytest.mark.long), 2])
def test_interrupted_by_hand(longer: Path, tmp_path: Path, times: int) -> None:
    process = begun(tmp_path)
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
    said = "Interrupted. What was" if times == 1 else "What was"  # "Stopped", or what was under way was done by then
    ended(process, 130, "Finishing what is under way", said, "to go on: cohesion calibrate")
    resumes(tmp_path, longer)


def test_full_disk(whole: Path, tmp_path: Path) -> None:
    """Files may not grow beyond 3 kB: a stage is larger."""
    file = str(study(tmp_path))
    process = subprocess.run(
        [sys.executable, "-m", "sim", "calibrate", file, "--out", str(tmp_path / "out"), "--jobs", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000)),
    )
    assert process.returncode == 2, process.stderr
    assert "cannot be written (File too large)" in " ".join(process.stderr.split())
    assert "Traceback" not in process.stderr
    assert calibrate(file, tmp_path / "out", jobs=1).finished
    assert contents(tmp_path / "out") == contents(whole)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Those of the study, of its scenario and of its observations."""
    file = study(tmp_path, ("draws = 40", 'draws = 40\nwithout = ["nope"]'), (f"{SIX}", "own.toml"))
    changed(tmp_path, ("coercion = { value = 0.6,", "coercion = { value = 1.6,"), name="own.toml")
    (tmp_path / "observed.csv").write_text(OBSERVED.replace("2022-05-01", "\n2023-13-01"))
    with pytest.raises(InputError) as error:
        load_calibration(file)
    says = [
        f"{file}:6: without[0]: nope is no mechanism of the likelihood; allowed: a coefficient that 0 switches off",
        f"{tmp_path / 'own.toml'}:19: leader.coercion: 1.6; allowed: 0 to 1, or a figure with its rule",
        f"{tmp_path / 'observed.csv'}:5: date: 2023-13-01 is not a date; allowed: YYYY-MM-DD",
        f"{tmp_path / 'observed.csv'}:7: date: 2023-13-01 is not a date; allowed: YYYY-MM-DD",
    ]
    assert [str(p) for p in error.value.problems] == says


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("AAA,support", "AAX,support", ":2: member: AAX; allowed: AAA, BBB, CCC, DDD, EEE; did you mean AAA?"),
        ("\n2022", "\n\n2022-02-30", ":5: date: 2022-02-30-05-01 is not a date"),
        ("first", "x" * 200_000, ":2: field larger than field limit"),
        ("date,", "\ufeffdate,", ""),
        (",member,", ";member,", ":1: date, motion, title;member, conduct, source; required: date, motion"),
        ("BBB,abstain", "AAA,abstain", ":3: member: AAA twice on one; allowed: once"),
        ("first,BBB", "first", ":3: 5 entries; required: 6"),
    ],
)
def test_bad_observations_say_what_is_wrong(tmp_path: Path, old: str, new: str, found: str) -> None:
    file = study(tmp_path)
    (tmp_path / "observed.csv").write_text(OBSERVED.replace(old, new, 1), "utf-8")
    if not found:
        assert len(load_calibration(file).motions) == 2
        return
    with pytest.raises(InputError) as error:
        load_calibration(file)
    assert found in str(error.value)


def test_a_scenario_without_a_record(tmp_path: Path) -> None:
    text = SIX.read_text()
    (tmp_path / "own.toml").write_text(
        text[: text.index("[[events]]")].replace("start = 2020", "horizons = [1]\nstart = 2023")
    )
    with pytest.raises(InputError, match="until: 2023-06-30; allowed: a year after 2023-01-01 or later"):
        load_calibration(study(tmp_path, (f"{SIX}", "own.toml")))


def test_a_mechanism_can_be_left_out(tmp_path: Path) -> None:
    file = study(tmp_path, ("draws = 40", 'draws = 40\nwithout = ["entrapment"]'))
    target = load_calibration(file).target
    assert "entrapment" not in target.space.coefficients
    assert target.program.coefficients["entrapment"] == 0.0


def test_what_was_learned_is_a_ratio_of_variances_with_its_error(whole: Path) -> None:
    """In the table and in JSON; the standard normal coordinates of the last stage are what it is made of."""
    found = Calibration.open(whole)
    *_, last = stages(whole)
    ratios = last.z.var(axis=0, ddof=1)[: len(found.table)]
    np.testing.assert_allclose(found.table["variance_ratio"], ratios, rtol=1e-5)
    assert (found.table["variance_ratio_se"] > 0).all()
    done = CliRunner().invoke(app, ["calibrate", str(whole.parent / "six.toml"), "--out", str(whole), "--json"])
    rows = json.loads(done.stdout)["coefficients"]
    assert [r["variance_ratio_se"] for r in rows] == found.table["variance_ratio_se"].tolist()


def test_command(whole: Path, tmp_path: Path) -> None:
    file = str(study(tmp_path))
    done = CliRunner().invoke(app, ["calibrate", file, "--out", str(whole)])
    assert done.exit_code == 0
    assert "entrapment" in done.output
    assert "What the record tells most of: " in done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.count("entrapment ") == 1, "one table"
    bad = CliRunner().invoke(app, ["calibrate", file, "--until", "soon"])
    assert isinstance(bad.exception, InputError)


def test_bayesian_tools_open_what_was_found(whole: Path) -> None:
    """In ArviZ's groups: prior, posterior and log-likelihood by chain and draw, and what was observed."""
    found = sim.open(whole)
    assert isinstance(found, Calibration)
    assert found.finished
    held = posterior.read(whole / "posterior.nc")
    np.testing.assert_array_equal(found.posterior["entrapment"].values[0], held.columns["entrapment"].values)
    path = found.posterior.path.values[3]
    np.testing.assert_allclose(found.posterior["place"].sel(path=path).values[0], held.places[path], atol=1e-6)
    assert held.lived is not None
    stances = found.posterior["state_stance"].sel(member="BBB").values[0]
    np.testing.assert_array_equal(stances, held.lived.states.stance[1])
    assert found.posterior.attrs == {}
    assert found.posterior["entrapment"].attrs["units"] == "stance"
    assert set(found.figures()) == {"posterior", "log-likelihood"}
    observed = found.inference_data["observed_data"]
    codes = observed["conduct"].sel(motion="one").to_series()
    assert codes.to_dict() == {"AAA": 2, "BBB": 1, "CCC": -1, "DDD": -1, "EEE": -1}
    assert observed["status"].sizes == {"date": 15, "member": 5}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its coming refactoring
        import arviz

        data = arviz.from_netcdf(whole / "posterior.nc")
        assert data.groups() == ["posterior", "log_likelihood", "prior", "observed_data"]
        assert len(arviz.summary(data, var_names=found.table.coefficient.tolist())) == len(found.table)


def test_a_folder_of_another_kind_is_no_calibration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no results; allowed: a folder that holds a calibration"):
        Calibration.open(tmp_path)


# ---------------------------------------------------------------- the posterior in use


def scenario(folder: Path, whole: Path) -> Path:
    shutil.copy(whole / "posterior.nc", folder / "posterior.nc")
    file = folder / "child.toml"
    file.write_text(f'extends = "{SIX}"\ntitle = "Child"\nposterior = "posterior.nc"\n')
    return file


def test_a_run_takes_all_coefficients_from_one_row(whole: Path, tmp_path: Path) -> None:
    from sim.engines.environment import draw_coefficients
    from sim.model.noise import Noise

    file = scenario(tmp_path, whole)
    program = compile(load(file, {"behaviour.peers": 0.25}))
    rows = {n: c.values for n, c in posterior.read(tmp_path / "posterior.nc").columns.items()}
    drawn = vars(draw_coefficients(program, Noise(1, 0), slice(0, 300)))
    key = {float(x): k for k, x in enumerate(rows["entrapment"])}
    picked = [key[x] for x in drawn["entrapment"]]
    for name in ("dependence", "exit_rate", "volatility"):
        np.testing.assert_array_equal(drawn[name], rows[name][picked])
    assert len(set(picked)) > 30
    assert (drawn["peers"] == 0.25).all()
    prior = vars(draw_coefficients(compile(load(SIX)), Noise(1, 0), slice(0, 300)))
    np.testing.assert_array_equal(drawn["crisis_regime"], prior["crisis_regime"])


def test_both_engines_draw_the_same_row(whole: Path, tmp_path: Path) -> None:
    s = load(scenario(tmp_path, whole), {"time.step": "year"})
    a, b = (run(s, runs=4, seed=5, engine=e) for e in ("ensemble", "agents"))
    assert a.members.to_csv() == b.members.to_csv()
    assert a.ticks.to_csv() == b.ticks.to_csv()


def test_posterior_is_part_of_the_scenario_and_can_be_left(whole: Path, tmp_path: Path) -> None:
    file = scenario(tmp_path, whole)
    s = load(file)
    held = s.tables.posterior
    assert held
    again = restored(s.resolved, file, {held.digest: held})
    assert compile(again).coefficients == compile(s).coefficients
    assert again.fingerprint == s.fingerprint
    without = load(file, {"posterior": "none"})
    assert without.fingerprint != s.fingerprint
    assert not any(isinstance(c, Column) for c in compile(without).coefficients.values())
    (tmp_path / "table.csv").write_text(f"model,peers\n{VERSION},0.1\n{VERSION},0.2\n")
    file.write_text(file.read_text().replace("posterior.nc", "table.csv"))
    assert load(file).fingerprint != s.fingerprint


def test_explain_shows_prior_and_posterior(whole: Path, tmp_path: Path) -> None:
    told = str(explain(load(scenario(tmp_path, whole)), "behaviour.entrapment").knots)
    assert "prior normal(mean 1.3, sd 0.65), median 1.3" in told
    assert "posterior (posterior.nc, 40 draws), median" in told
    plain = str(explain(load(SIX), "behaviour.entrapment").knots)
    assert "posterior" not in plain


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("peer\n0.1\n", "unknown coefficient peer"),
        ("peers\n", "no draws"),
        ("peers,affinity\n0.1\n", "1 entry"),
        ("model,peers\n1,-0.1\n", r"p\.csv:2: peers: \"-0\.1\"; allowed: numbers from 0 to inf"),
        ("peers\nfew\n", 'peers: "few"; allowed: numbers'),
        ("model\n1\n", "no draws"),
        ("model;peers\n1;0.1\n", "parted by semicolons; allowed: commas"),
        ("model,peers,peers\n1,0.1,0.1\n", "p.csv:1: peers: a column twice"),
        ("peers\n0.1\n", "no column model, so made by an unknown version"),
        ("model,peers\n0,0.1\n", "made by version 0 of the model, this is .*calibrate anew"),
    ],
)
def test_bad_posteriors_say_what_is_wrong(tmp_path: Path, table: str, found: str) -> None:
    (tmp_path / "p.csv").write_text(table)
    (tmp_path / "child.toml").write_text(f'extends = "{SIX}"\nposterior = "p.csv"\n')
    with pytest.raises(InputError, match=found):
        load(tmp_path / "child.toml")
    with pytest.raises(InputError, match="no such file"):
        load(SIX, {"posterior": str(tmp_path / "q.csv")})


def test_every_shipped_scenario_draws_from_the_pooled_posterior_with_its_own_places() -> None:
    assert len(scenario_files()) > 10
    shared: dict[str, np.ndarray] = {}
    for file in scenario_files():
        program, held = compile(load(file)), load(file).tables.posterior
        assert held is not None
        drawn = {name: c.values for name, c in program.coefficients.items() if isinstance(c, Column)}
        assert len(drawn) >= 46, file
        assert len(held.alliances) == 5
        assert held.alliances[0] == load(file).tables.alliance.name
        assert set(program.places) == set(held.places)
        for name, values in drawn.items():
            np.testing.assert_array_equal(values, shared.setdefault(name, values))
    left = compile(load("csto/outlook-2023", {"posterior": "none"})).coefficients
    assert left == compile(load("nato/history-1949-2023", {"posterior": "none"})).coefficients
    lent = load("nato/history-1949-2023", {"posterior": "csto/posterior.nc"})
    assert isinstance(compile(lent).coefficients["entrapment"], Column)


def test_a_calibration_starts_from_the_priors() -> None:
    study = load_calibration(ROOT / "experiments" / "calibrate-csto.toml")
    assert study.scenario.tables.posterior is None
    assert len(study.target.space.coefficients) == 46
    with pytest.raises(AssertionError, match="starts from the priors"):
        target_of(load("csto/history-1992-2023"), [], 4)


def test_linear_algebra_keeps_to_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more threads sums of large matrices come in another order, and their last digits change."""
    seen = []
    following = smc.following

    def watched(*arguments: Any) -> smc.Stage:
        seen.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return following(*arguments)

    monkeypatch.setattr(smc, "following", watched)
    with threadpool_limits(2):
        assert calibrate(study(tmp_path), tmp_path / "out", jobs=1).finished
    assert seen
    assert set(seen) == {1}


def test_what_a_second_interruption_drops_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def left(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", left)
    with pytest.raises(SystemExit, match="130"), resumable(tmp_path):
        raise KeyboardInterrupt
    assert "Stopped. What was finished is kept; to go on:" in " ".join(capfd.readouterr().err.split())
