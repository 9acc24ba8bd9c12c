"""A sweep killed at any instant and resumed gives the same bytes as one left alone."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.studies.sweep import sweep
from tests.studies import differing, study_file

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "sim", "sweep"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, left alone."""
    home = tmp_path_factory.mktemp("reference")
    assert sweep(study_file(home), home / "out", jobs=1).finished
    return home / "out"


def kill(reference: Path, folder: Path, kills: int, seed: int) -> None:
    """Run tests/kill.py."""
    study = reference.parent / "small.toml"
    command = [
        sys.executable,
        "-m",
        "tests.kill",
        *map(str, (study, reference, folder, kills, seed)),
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith(f"{kills} kills")


def test_fifty_kills(reference: Path, tmp_path: Path) -> None:
    kill(reference, tmp_path / "out", 50, 1)


@pytest.mark.long
def test_five_hundred_kills(reference: Path, tmp_path: Path) -> None:
    kill(reference, tmp_path / "out", 500, 2)


def popen(*arguments: str, quiet: bool = False) -> subprocess.Popen[str]:
    """The command in a process group of its own, Ctrl-C not ignored."""
    pipe = subprocess.DEVNULL if quiet else subprocess.PIPE
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=ROOT, stdout=pipe, stderr=pipe, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def receipts(folder: Path) -> int:
    """How many batches are done."""
    return len(list((folder / "receipts").glob("*.json")))


def started(process: subprocess.Popen[str], folder: Path, batches: int) -> None:
    """Wait until some batches are done."""
    while process.poll() is None and receipts(folder) < batches:
        time.sleep(0.02)


def test_the_command_and_its_workers_killed(reference: Path, tmp_path: Path) -> None:
    study = str(reference.parent / "small.toml")
    for batches in (0, 1, 2):
        process = popen(study, "--out", str(tmp_path / "out"), "--jobs", "2", quiet=True)
        started(process, tmp_path / "out", batches)
        if batches == 1:
            process.kill()  # its workers live on for a moment
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert popen(study, "--out", str(tmp_path / "out"), "--jobs", "2", quiet=True).wait() == 0
    assert differing(reference, tmp_path / "out") == []


def long_study(folder: Path) -> Path:
    """A study of some seconds."""
    return study_file(
        folder, ("runs = 40", "runs = 500"), ("levels = 5", "levels = 60"), name="longer"
    )


def test_interrupted_by_hand(tmp_path: Path) -> None:
    study = str(long_study(tmp_path))
    process = popen(study, "--out", str(tmp_path / "out"), "--jobs", "2")
    started(process, tmp_path / "out", 1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Finishing what is under way" in errors
    assert f"to go on: cohesion sweep {study} --out" in " ".join(errors.split())
    assert "Traceback" not in errors
    done = receipts(tmp_path / "out")
    assert 0 < done < 16
    assert sweep(study, tmp_path / "out").finished
    assert sweep(study, tmp_path / "alone", jobs=1).finished
    assert differing(tmp_path / "alone", tmp_path / "out") == []


def test_a_killed_worker_is_said(tmp_path: Path) -> None:
    study = str(long_study(tmp_path))
    process = popen(study, "--out", str(tmp_path / "out"), "--jobs", "2")
    started(process, tmp_path / "out", 1)
    children = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)],
        capture_output=True,
        text=True,
    )
    workers = [line.split()[0] for line in children.stdout.splitlines() if "LokyProcess" in line]
    assert workers, (children.stdout, process.poll())
    os.kill(int(workers[0]), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert "A worker died" in errors
    assert "to go on: cohesion sweep" in " ".join(errors.split())
    assert "Traceback" not in errors
    assert sweep(study, tmp_path / "out").finished


def test_full_disk(reference: Path, tmp_path: Path) -> None:
    """Files may not grow beyond 3 kB, as on a disk with no room: points.csv fits, study.json does not."""
    study = str(reference.parent / "small.toml")
    for limit in (3_000, 40_000):
        process = subprocess.run(
            [*COMMAND, study, "--out", str(tmp_path / "out"), "--jobs", "1"], cwd=ROOT, capture_output=True, text=True,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )  # fmt: skip
        assert process.returncode == 2, process.stderr
        assert "cannot be written (File too large)" in " ".join(process.stderr.split())
        assert "Traceback" not in process.stderr
    assert sweep(study, tmp_path / "out", jobs=1).finished
    assert differing(reference, tmp_path / "out") == []


def test_folder_that_cannot_be_written(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="cannot be written; allowed: a writable folder"):
        sweep(reference.parent / "small.toml", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
