"""The same bytes from a Dask cluster of separate processes, one of them killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.evidence.ledger import save as save_ledger
from sim.model.noise import BLOCK
from sim.results.comparison import save as save_comparison
from sim.results.result import save
from sim.scenario.load import load
from sim.studies.sweep import sweep
from tests.claim_files import claim_file
from tests.evaluation.test_backtest_command import study as backtest_file
from tests.evaluation.test_mechanism_study import file_of as mechanisms_file
from tests.helpers import SIX
from tests.inference.test_calibrate import study as calibration_file
from tests.study_files import differing, study_file

pytest.importorskip("distributed")
ROOT = Path(__file__).parents[2]
RUNS = 3 * BLOCK
YEARLY = {"time.step": "year"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and two workers of a thread each, all processes of their own."""
    about = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    log = (tmp_path / "log").open("wb")
    quiet = {"cwd": ROOT, "stdout": log, "stderr": log}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(about)], **quiet
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


Compute = Callable[[Path, str | None, Callable[..., None]], object]
"""A verb into a folder, by a cluster or on this machine, telling how far it is."""


def swept(out: Path, scheduler: str | None, tell: Callable[..., None]) -> None:
    study = study_file(out.parent, ("levels = 5", "levels = 16"), ("runs = 40", "runs = 1000"))
    assert sweep(study, out, 1, scheduler, lambda p: tell() if p.done else None).finished


def ran(out: Path, scheduler: str | None, tell: Callable[..., None]) -> None:
    save(sim.run(load(SIX, YEARLY), RUNS, jobs=1, progress=tell, scheduler=scheduler), out)


def compared(out: Path, scheduler: str | None, tell: Callable[..., None]) -> None:
    both = load(SIX, YEARLY), load(SIX, YEARLY | {"behaviour.peers": 0.9})
    save_comparison(sim.compare(*both, runs=RUNS, jobs=1, progress=tell, scheduler=scheduler), out)


def claimed(out: Path, scheduler: str | None, tell: Callable[..., None]) -> None:
    save_ledger(sim.claims([claim_file(out.parent)], RUNS, jobs=1, progress=tell, scheduler=scheduler), out)


def calibrated(out: Path, scheduler: str | None, tell: Callable[..., None]) -> None:
    study = calibration_file(out.parent / f"{out.name}-files")
    assert sim.calibrate(study, out, 1, scheduler, progress=lambda at: tell() if at.last else None).finished


def backtested(out: Path, scheduler: str | None, tell: Callable[..., None]) -> None:
    shorter = ("[2021-03-31, 2021-12-31]", "[2021-12-31]")
    study = backtest_file(out.parent / f"{out.name}-files", shorter)  # the log of looks stands beside it
    assert sim.backtest(study, out, 1, scheduler, progress=lambda _, at: tell() if at.last else None).finished


def tried(out: Path, scheduler: str | None, tell: Callable[..., None]) -> None:
    study = mechanisms_file(out.parent / f"{out.name}-files")
    assert sim.mechanisms(study, out, 1, scheduler, progress=lambda done, _: tell() if done else None).finished


VERBS: dict[str, Compute] = {
    "sweep": swept,
    "run": ran,
    "compare": compared,
    "claims": claimed,
    "calibrate": calibrated,
    "backtest": backtested,
    "mechanisms": tried,
}
EVERY_DAY = {"sweep", "calibrate", "compare"}
"""One of each way of handing out work."""


@pytest.mark.precise  # as the workers are
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "verb", [verb if verb in EVERY_DAY else pytest.param(verb, marks=pytest.mark.long) for verb in VERBS]
)
def test_a_cluster_gives_the_same_bytes(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path, verb: str
) -> None:
    """One of its workers is killed when the first piece is done."""
    address, workers = cluster

    def kill_one(*_: object) -> None:
        if workers[0].poll() is None:
            os.kill(workers[0].pid, signal.SIGKILL)
            workers[0].wait()

    VERBS[verb](tmp_path / "alone", None, lambda *_: None)
    VERBS[verb](tmp_path / "out", address, kill_one)
    assert workers[0].poll() is not None
    assert workers[1].poll() is None
    assert differing(tmp_path / "alone", tmp_path / "out") == []


def test_no_scheduler_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^scheduler: tcp://127\.0\.0\.1:9"):
        sweep(study_file(tmp_path), tmp_path / "out", scheduler="tcp://127.0.0.1:9")
