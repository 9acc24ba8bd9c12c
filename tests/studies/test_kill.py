"""A sweep killed at any instant and resumed gives the same bytes as one left alone."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.figures import sheet
from sim.studies.sweep import sweep
from tests.commands import ROOT, ended, kill_a_worker, popen, started
from tests.drawing import draw_nothing
from tests.study_files import differing, study_file

pytestmark = pytest.mark.drawn  # as the command's folders are


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, left alone."""
    home = tmp_path_factory.mktemp("reference")
    assert sweep(study_file(home), home / "out", jobs=1).finished
    return home / "out"


def kill(folder: Path, kills: int, seed: int, *how: str) -> None:
    """Run tests/kill.py."""
    study = study_file(folder)
    command = [sys.executable, "-m", "tests.kill", *map(str, (study, folder / "out", kills, seed, *how))]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith(f"{kills} kills")


def test_twenty_kills(tmp_path: Path) -> None:
    kill(tmp_path, 20, 1, "undrawn")


@pytest.mark.long
def test_five_hundred_kills(tmp_path: Path) -> None:
    kill(tmp_path, 500, 2)


def receipts(folder: Path) -> int:
    """How many batches are done."""
    return len(list((folder / "receipts").glob("*.json")))


def test_the_command_and_its_workers_killed(reference: Path, tmp_path: Path) -> None:
    study = str(reference.parent / "small.toml")
    for batches in (0, 1, 2):
        process = popen("sweep", study, "--out", str(tmp_path / "out"), "--jobs", "2", quiet=True)
        started(process, lambda batches=batches: receipts(tmp_path / "out") >= batches)
        if batches == 1:
            process.kill()  # its workers live on for a moment
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    again = popen("sweep", study, "--out", str(tmp_path / "out"), "--jobs", "2", quiet=True)
    assert again.wait() == 0
    assert differing(reference, tmp_path / "out") == []


def long_study(folder: Path) -> Path:
    """A study of some seconds."""
    return study_file(folder, ("runs = 40", "runs = 500"), ("levels = 5", "levels = 30"), name="longer")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures where nothing is compared with a command's folder."""
    monkeypatch.setattr(sheet, "save_all", draw_nothing)


@pytest.mark.usefixtures("bare")
def test_interrupted_by_hand(tmp_path: Path) -> None:
    study = str(long_study(tmp_path))
    process = popen("sweep", study, "--out", str(tmp_path / "out"), "--jobs", "2")
    started(process, lambda: receipts(tmp_path / "out") > 0)
    os.killpg(process.pid, signal.SIGINT)
    ended(process, 130, "Finishing what is under way", f"to go on: cohesion sweep {study} --out")
    done = receipts(tmp_path / "out")
    assert 0 < done < 8
    assert sweep(study, tmp_path / "out").finished
    assert sweep(study, tmp_path / "alone", jobs=1).finished
    assert differing(tmp_path / "alone", tmp_path / "out") == []


@pytest.mark.usefixtures("bare")
def test_a_killed_worker_is_said(tmp_path: Path) -> None:
    study = str(long_study(tmp_path))
    process = popen("sweep", study, "--out", str(tmp_path / "out"), "--jobs", "2")
    started(process, lambda: receipts(tmp_path / "out") > 0)
    kill_a_worker(process)
    ended(process, 1, "A worker died", "to go on: cohesion sweep")
    assert sweep(study, tmp_path / "out").finished


def test_full_disk(reference: Path, tmp_path: Path) -> None:
    """Files may not grow beyond 3 kB, as on a disk with no room: points.csv fits, study.json does not."""
    study = str(reference.parent / "small.toml")
    for limit in (3_000, 40_000):
        process = subprocess.run(
            [sys.executable, "-m", "sim", "sweep", study, "--out", str(tmp_path / "out"), "--jobs", "1"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert process.returncode == 2, process.stderr
        assert "cannot be written (File too large)" in " ".join(process.stderr.split())
        assert "Traceback" not in process.stderr
    assert sweep(study, tmp_path / "out", jobs=1).finished
    assert differing(reference, tmp_path / "out") == []


def test_folder_that_cannot_be_written(reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="cannot be written; allowed: a writable folder"):
        sweep(reference.parent / "small.toml", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
