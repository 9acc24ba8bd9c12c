"""The same bytes from a Dask cluster of separate processes, one of them killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.studies.sweep import Progress, sweep
from tests.study_files import differing, study_file

pytest.importorskip("distributed")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and two workers of a thread each, all processes of their own."""
    about = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    log = (tmp_path / "log").open("wb")
    quiet = {"cwd": ROOT, "stdout": log, "stderr": log}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(about)],
        **quiet,
    )  # type: ignore[call-overload]
    while not about.exists():
        assert scheduler.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.05)
    worker = [
        *dask,
        "worker",
        "--scheduler-file",
        str(about),
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
        "--local-directory",
        str(tmp_path / "scratch"),
    ]
    workers = [subprocess.Popen(worker, **quiet) for _ in range(2)]  # type: ignore[call-overload]
    import json

    yield json.loads(about.read_text())["address"], workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()
    log.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_gives_the_same_bytes(cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path) -> None:
    address, workers = cluster
    study = study_file(tmp_path, ("levels = 5", "levels = 16"), ("runs = 40", "runs = 1000"))
    assert sweep(study, tmp_path / "alone", jobs=1).finished
    killed = False

    def kill_one(p: Progress) -> None:
        nonlocal killed
        if p.done and not killed:
            os.kill(workers[0].pid, signal.SIGKILL)
            killed = True

    assert sweep(study, tmp_path / "out", scheduler=address, progress=kill_one).finished
    assert killed
    assert differing(tmp_path / "alone", tmp_path / "out") == []


def test_no_scheduler_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^scheduler: tcp://127\.0\.0\.1:9"):
        sweep(study_file(tmp_path), tmp_path / "out", scheduler="tcp://127.0.0.1:9")
