"""`cohesion mechanisms`: what is needed costs evidence when removed, what does nothing does not; the command."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.errors import InputError
from sim.evaluation.mechanisms import (
    BEFORE,
    COSTS,
    EARNS,
    OPEN,
    WHOLE,
    Mechanisms,
    Run,
    mechanisms,
    pooled,
    runs_of,
    verdict,
    worth,
)
from sim.evaluation.study import FULL, Mechanism, load_mechanisms
from sim.inference import smc
from sim.inference.likelihood import log_likelihood, target_of
from sim.inference.ratio import Evidence, own, ratio
from sim.inference.recovery import histories
from sim.inference.study import SWITCHES
from sim.scenario.load import load
from tests.helpers import SIX
from tests.inference.test_calibrate import contents, study
from tests.targets import motions_each

pytestmark = pytest.mark.drawn

STUDY = """
title = "Mechanisms of six"
calibration = "six.toml"
held_out_after = 2021-12-31
draws = 40
sweeps = 1
seeds = [1, 2]
[mechanisms]
entrapment = { says = "quarrels cost", without = ["entrapment"] }
peers = { says = "members move together", without = ["peers"] }
"""


def file_of(folder: Path, *changes: tuple[str, str]) -> Path:
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    study(folder)
    (folder / "mechanisms.toml").write_text(text)
    return folder / "mechanisms.toml"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mechanisms")
    assert mechanisms(file_of(folder), folder / "out", jobs=1).finished
    return folder


def test_interrupted_and_resumed_it_writes_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    calls = iter([False] * 3 + [True] * 1000)
    file, out = file_of(tmp_path), tmp_path / "out"
    assert not mechanisms(file, out, jobs=2, stop=lambda: next(calls)).finished
    assert 0 < len(list((out / "runs").iterdir())) < 12
    assert mechanisms(file, out, jobs=2).finished
    assert contents(out) == contents(whole / "out")


def test_a_finished_study_is_given_back(whole: Path) -> None:
    again = sim.open(whole / "out")
    assert isinstance(again, Mechanisms)
    assert set(again.table.mechanism) == {"entrapment", "peers"}
    assert list(again.figures()) == ["mechanisms"]


def by_hand(values: dict[tuple[str, str], tuple[float, float]], power: float = 1.0) -> dict[Run, Evidence]:
    """Log-evidences of two seeds, of an error of 0.3, from 50 effective draws."""
    return {
        Run(*key, seed): Evidence(value, 0.3, 50.0, power, 1)
        for key, both in values.items()
        for seed, value in zip((1, 2), both, strict=True)
    }


SEEN = {
    (FULL, WHOLE): (-9.0, -11.0),
    (FULL, BEFORE): (-4.0, -4.0),
    ("entrapment", WHOLE): (-20.0, -20.0),
    ("entrapment", BEFORE): (-5.0, -5.0),
    ("peers", WHOLE): (-10.0, -10.0),
    ("peers", BEFORE): (-4.0, -4.0),
}


def test_table_by_hand(tmp_path: Path) -> None:
    of = load_mechanisms(file_of(tmp_path))
    assert len(runs_of(of)) == 12
    entrapment, peers = worth(of.tables.mechanisms, by_hand(SEEN))
    assert entrapment.evidence == pytest.approx(10.0)
    assert entrapment.held_out == pytest.approx(9.0)
    spread = np.sqrt(2.0)  # over seeds: 11 and 9, 1 and -1
    assert pooled([np.array([11.0, 9.0]), np.array([1.0, -1.0])]) == pytest.approx(spread)
    assert entrapment.evidence_se == pytest.approx(1.0)  # spread / sqrt(2)
    assert entrapment.held_out_se == pytest.approx(1.0)
    assert entrapment.verdict == EARNS
    assert peers.verdict == OPEN
    assert entrapment.held_out_verdict == EARNS
    assert (entrapment.effective, entrapment.steps) == (50.0, 1)


def test_error_is_that_over_seeds_and_not_below_that_by_effective_numbers(tmp_path: Path) -> None:
    """What both parts of a seed have in common drops out of its held-out score, and so of its error over seeds."""
    of = load_mechanisms(file_of(tmp_path))
    models = (FULL, "entrapment", "peers")
    values = {(m, part): (-9.0, -11.0 - (m == "peers")) for m in models for part in (WHOLE, BEFORE)}
    row, _ = worth(of.tables.mechanisms, by_hand(values))
    assert row.evidence_se == pytest.approx(0.5 / np.sqrt(2.0))  # over seeds: 0 and 0, 0 and 1
    assert row.held_out_se == pytest.approx(np.hypot(0.3, 0.3) / np.sqrt(2.0))


def test_errors_of_what_was_tempered_are_pooled_apart(tmp_path: Path) -> None:
    of = load_mechanisms(file_of(tmp_path))
    values = {**SEEN, (FULL, WHOLE): (-10.0, -10.0), ("entrapment", WHOLE): (-16.0, -24.0)}
    found = by_hand(values)
    apart = {r: x._replace(power=0.5) if r.model == "entrapment" else x for r, x in found.items()}
    together, tempered = (worth(of.tables.mechanisms, x) for x in (found, apart))
    assert [r.evidence_se for r in together] == pytest.approx([4.0 / np.sqrt(2.0)] * 2)
    assert [r.evidence_se for r in tempered] == pytest.approx([4.0, 0.3 / np.sqrt(2.0)])


def test_verdicts() -> None:
    assert verdict(3.1, 1.0) == EARNS
    assert verdict(3.0, 1.0) == OPEN
    assert verdict(-3.1, 1.0) == COSTS
    assert verdict(0.0, 0.1) == OPEN


def test_what_histories_need_earns_its_place_and_what_does_nothing_does_not() -> None:
    """Histories of 40 motions from a strong entrapment, which differs from 0 by many of its posterior's spreads.

    Without it the evidence is smaller by more than 5; without offers, of which there are none, the same but for the
    sampler's error.
    """
    of_test = {"sources": ["assumption: test"]}
    step = {"knots": {"2020-01-01": 0.0, "2025-01-01": 1.0}, "join": "step", **of_test}
    fixed = {"behaviour.peers": 0.0, "behaviour.contagion": 0.0, "leader.confrontation": step}
    fixed |= {"time.step": "year", "time.horizons": [1]}
    known = load(SIX, fixed | {"behaviour.entrapment": 6.0})
    told = target_of(known, motions_each(4), 8, dt.date(2030, 1, 1))
    z = np.zeros((1, told.space.size))
    (history,) = histories(told, z, np.random.default_rng(4))
    law = {"distribution": {"family": "normal", "mean": 6.0, "sd": 1.0}, **of_test}
    free = load(SIX, fixed | {"behaviour.entrapment": law})
    target = target_of(free, motions_each(4), 8, dt.date(2030, 1, 1))
    seen = replace(history.target, program=target.program, space=target.space)
    found = {}
    for seed in (1, 2):
        s = smc.Settings(128, 1, 0, seed, target.space.behavioural)
        stages = list(smc.stages(smc.serial(partial(log_likelihood, seen)), target.space.size, s))
        found[Run(FULL, WHOLE, seed)] = own(stages)
        for off in ("entrapment", "exit_offer"):
            other = smc.serial(partial(log_likelihood, seen.without([off])))
            found[Run(off, WHOLE, seed)] = ratio(stages, other, s)
    nothing = Evidence(0.0, 0.0, 128.0, 1.0, 1)
    found |= {r._replace(part=BEFORE): nothing for r in found}
    removed = {n: Mechanism(says=n, without=[n]) for n in ("entrapment", "exit_offer")}
    needed, idle = worth(removed, found)
    assert needed.evidence > 5.0
    assert needed.verdict == EARNS
    assert abs(idle.evidence) < 3.0 * idle.evidence_se < 1.0
    assert idle.verdict == OPEN


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("draws = 40", "draws = 4"), "draws"),
        (("seeds = [1, 2]", "seeds = [1]"), "seeds"),
        (("seeds = [1, 2]", "seeds = [1, 1]"), "each once"),
        (("2021-12-31", "2023-06-01"), "held_out_after"),
        (("2021-12-31", "2020-02-01"), "held_out_after"),
        (("2021-12-31", "2021-11-15"), "such as 2021-09-30"),
        (('"six.toml"', '"sixx.toml"'), "no such file"),
        (('["peers"]', '["pears"]'), "peers"),
        (('["peers"]', '["exit_rate"]'), "cannot be switched off"),
        (('["peers"]', "[]"), "without"),
        (("says", "sais"), "says"),
        (("\npeers =", "\nPeers = "), "small letters"),
        (("\npeers =", "\n'all mechanisms' ="), "small letters"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, change: tuple[str, str], found: str) -> None:
    with pytest.raises(InputError) as error:
        load_mechanisms(file_of(tmp_path, change))
    assert found in "\n".join(map(str, error.value.problems))


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    changes = ('["peers"]', '["pears"]'), ("[1, 2]", "[1, 1]"), ("2021-12-31", "2023-06-01")
    with pytest.raises(InputError) as error:
        load_mechanisms(file_of(tmp_path, *changes))
    assert len(error.value.problems) == 3


def test_what_the_calibration_leaves_out_cannot_be_removed(tmp_path: Path) -> None:
    file = file_of(tmp_path)
    six = file.with_name("six.toml")
    six.write_text(six.read_text() + 'without = ["peers"]\n')
    with pytest.raises(InputError, match="peers is switched off already"):
        load_mechanisms(file)


def test_settings_are_the_calibrations_where_the_study_says_nothing(tmp_path: Path) -> None:
    of = load_mechanisms(file_of(tmp_path, ("draws = 40\n", ""), ("sweeps = 1", "particles = 8")))
    fit = of.fit(before=True, seed=2)
    assert (fit.tables.draws, fit.tables.sweeps, fit.tables.particles, fit.tables.rounds) == (40, 1, 8, 1)
    assert fit.tables.seed == 2
    assert fit.tables.until == dt.date(2021, 12, 31)
    assert fit.target.without(["peers"]).program.coefficients["peers"] == 0.0
    assert fit.target.without(["peers"]).space == fit.target.space


def test_another_study_or_folder_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seeds"):
        mechanisms(file_of(tmp_path, ("seeds = [1, 2]", "seeds = [1, 3]")), whole / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(InputError, match="not a study of mechanisms's"):
            mechanisms(file_of(tmp_path), tmp_path / "mine", force=force)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_another_version_of_the_model_is_refused_and_force_begins_anew(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(whole / "out", tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    file, out = file_of(tmp_path), tmp_path / "out"
    with monkeypatch.context() as other:
        other.setattr("sim.storage.workspace.VERSION", "another")
        with pytest.raises(InputError, match=r"version of the model: .* when it began, now another"):
            mechanisms(file, out)
    stopped = mechanisms(file, out, stop=lambda: True, force=True)
    assert not stopped.finished
    left = {p.name for p in out.iterdir() if not p.name.startswith(".")}
    assert left == {"notes.txt", "workspace.json", "runs", "posteriors"}
    assert list((out / "runs").iterdir()) == []


def test_words_may_change(whole: Path, tmp_path: Path) -> None:
    """Tables are made anew, nothing is sampled again."""
    shutil.copytree(whole / "out", tmp_path / "out")
    file = file_of(tmp_path, ("quarrels cost", "quarrels are dear"))
    found = mechanisms(file, tmp_path / "out", stop=lambda: True)
    assert found.finished
    assert set(found.table.says) == {"quarrels are dear", "members move together"}
    kept = [(f / "out" / "evidence.csv").read_bytes() for f in (whole, tmp_path)]
    assert kept[0] == kept[1]


def test_command(whole: Path) -> None:
    arguments = ["mechanisms", str(whole / "mechanisms.toml"), "--out", str(whole / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "quarrels cost" in done.output
    assert '"verdict"' in CliRunner().invoke(app, [*arguments, "--json"]).output
    assert (whole / "out" / "mechanisms.png").stat().st_size > 10_000


def test_interruption_exits_with_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    file = file_of(tmp_path, ("draws = 40", "draws = 400"), ("sweeps = 1", "sweeps = 4"))
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "mechanisms", str(file), "--out", str(tmp_path / "out"), "--jobs", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).resolve().parents[2],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's & ignores it
    )
    runs = tmp_path / "out" / "runs"
    while process.poll() is None and not list(runs.glob("[!.]*")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers hear it too
    told, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Finishing what is under way" in errors
    assert "to go on: cohesion mechanisms" in errors
    assert "Traceback" not in told + errors
    assert 1 <= len(list(runs.iterdir())) < 12


def test_every_mechanism_of_the_shipped_study_is_one() -> None:
    """No coefficient stands in two mechanisms, and all that can be switched off is there but these."""
    root = Path(__file__).resolve().parents[2]
    of = load_mechanisms(root / "experiments" / "mechanisms-csto.toml")
    names = [c for m in of.tables.mechanisms.values() for c in m.without]
    assert len(set(names)) == len(names)
    untested = {
        "institution",
        "exit_offer",
        "freeze_cost",
        "leader_exit_rate",
        "dissolution_crisis",
        "alliance_effects",
    }
    untested |= {"salience_interstate", "motion_spread"}
    untested |= {"exit_delay", "regime_change", "grievance"}  # the last two off: experiments/second-generation
    assert set(SWITCHES) - set(names) == untested
