"""`cohesion mechanisms`: what is needed costs evidence when removed, what does nothing does not; the command."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sim.backtest.mechanism_study import FULL, load_mechanisms
from sim.backtest.mechanisms import (
    BEFORE,
    COSTS,
    EARNS,
    OPEN,
    WHOLE,
    mechanisms,
    pooled,
    runs_of,
    table,
    verdict,
)
from sim.cli.app import app
from sim.errors import InputError
from sim.inference import smc
from sim.inference.build import target_of
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.simulate import histories
from sim.scenario.load import load
from tests.helpers import SIX
from tests.inference import motions_each
from tests.test_calibrate import contents, study

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


def test_table_by_hand(tmp_path: Path) -> None:
    of = load_mechanisms(file_of(tmp_path))
    assert len(runs_of(of)) == 12
    found = {
        (FULL, WHOLE): np.array([-9.0, -11.0]), (FULL, BEFORE): np.array([-4.0, -4.0]),
        ("entrapment", WHOLE): np.array([-20.0, -20.0]), ("entrapment", BEFORE): np.array([-5.0, -5.0]),
        ("peers", WHOLE): np.array([-10.0, -10.0]), ("peers", BEFORE): np.array([-4.0, -4.0]),
    }  # fmt: skip
    entrapment, peers = table(of, found)
    assert entrapment["evidence"] == pytest.approx(10.0)
    assert entrapment["held_out"] == pytest.approx(9.0)
    spread = np.sqrt(2.0 / 3.0)  # variances of 2, 0, 0 over three models
    assert pooled([found[m, WHOLE] for m in (FULL, "entrapment", "peers")]) == pytest.approx(spread)
    assert entrapment["evidence_se"] == pytest.approx(spread)  # sqrt(2) x spread / sqrt(2)
    assert entrapment["held_out_se"] == pytest.approx(spread)
    assert entrapment["verdict"] == EARNS
    assert peers["verdict"] == OPEN


def test_verdicts() -> None:
    assert verdict(3.1, 1.0) == EARNS
    assert verdict(3.0, 1.0) == OPEN
    assert verdict(-3.1, 1.0) == COSTS
    assert verdict(0.0, 0.1) == OPEN


def test_what_histories_need_earns_its_place_and_what_does_nothing_does_not() -> None:
    """Histories of 40 motions from a strong entrapment, which differs from 0 by many of its posterior's spreads.

    Without it the evidence is smaller by more than 5; without offers, of which there are none, the same but for the
    sampler's error (below 1 at 128 draws).
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
    evidence = {}
    for off in ("", "entrapment", "security_offer"):
        target = target_of(free, motions_each(4), 8, dt.date(2030, 1, 1), [off] if off else [])
        seen = replace(history.target, program=target.program, space=target.space)
        evidence[off] = _evidence(seen)
    assert evidence[""] - evidence["entrapment"] > 5.0
    assert abs(evidence[""] - evidence["security_offer"]) < 1.0


def _evidence(target: Target) -> float:
    settings = smc.Settings(128, 1, 0, 1, target.space.behavioural)
    estimate = smc.serial(lambda z, key: log_likelihood(target, z, key))
    *_, last = smc.stages(estimate, target.space.size, settings)
    return last.rows[-1].log_evidence


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("draws = 40", "draws = 4"), "draws"),
        (("seeds = [1, 2]", "seeds = [1]"), "seeds"),
        (("seeds = [1, 2]", "seeds = [1, 1]"), "each once"),
        (("2021-12-31", "2023-06-01"), "held_out_after"),
        (("2021-12-31", "2020-02-01"), "held_out_after"),
        (('"six.toml"', '"sixx.toml"'), "no such file"),
        (('["peers"]', '["pears"]'), "peers"),
        (('["peers"]', '["exit_rate"]'), "cannot be switched off"),
        (('["peers"]', "[]"), "without"),
        (("says", "sais"), "says"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, change: tuple[str, str], found: str) -> None:
    with pytest.raises(InputError) as error:
        load_mechanisms(file_of(tmp_path, change))
    assert found in "\n".join(map(str, error.value.problems))


def test_another_study_or_folder_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seeds"):
        mechanisms(file_of(tmp_path, ("seeds = [1, 2]", "seeds = [1, 3]")), whole / "out")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not such a study's"):
        mechanisms(file_of(tmp_path), tmp_path / "mine")


def test_command(whole: Path) -> None:
    arguments = ["mechanisms", str(whole / "mechanisms.toml"), "--out", str(whole / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "quarrels cost" in done.output
    assert '"verdict"' in CliRunner().invoke(app, [*arguments, "--json"]).output
    assert (whole / "out" / "mechanisms.png").stat().st_size > 10_000


def test_every_mechanism_of_the_shipped_study_is_one() -> None:
    """No coefficient stands in two mechanisms, and all of them are in the space that is sampled."""
    root = Path(__file__).resolve().parent.parent
    of = load_mechanisms(root / "experiments" / "mechanisms-csto.toml")
    names = [c for m in of.tables.mechanisms.values() for c in m.without]
    assert len(set(names)) == len(names)
    assert set(names) <= set(of.calibration.target.space.coefficients)
