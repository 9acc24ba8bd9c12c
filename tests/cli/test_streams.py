"""Streams that are full, closed or broken, work that is interrupted, and tables that do not wait for figures."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.figures import sheet
from sim.storage.files import PROVENANCE
from tests.claim_files import claim_file
from tests.commands import ROOT, ended, popen, started
from tests.evaluation.test_backtest_command import study as backtest_file
from tests.evaluation.test_mechanism_study import file_of as mechanisms_file
from tests.helpers import SIX
from tests.inference.test_calibrate import study as calibration_file
from tests.study_files import study_file

Make = Callable[..., Any]
YEARLY = {"time.step": "year"}
VERBS: dict[str, Callable[[Path], Make]] = {
    "run": lambda folder: lambda **how: sim.run(SIX, runs=16, set=YEARLY, **how),
    "compare": lambda folder: lambda **how: sim.compare(SIX, SIX, runs=16, set=YEARLY, **how),
    "claims": lambda folder: lambda **how: sim.claims(claim_file(folder), runs=320, **how),
    "sweep": lambda folder: lambda **how: sim.sweep(study_file(folder, ("levels = 5", "levels = 2")), **how),
    "calibrate": lambda folder: lambda **how: sim.calibrate(calibration_file(folder), **how),
    "backtest": lambda folder: lambda **how: sim.backtest(backtest_file(folder), **how),
    "mechanisms": lambda folder: lambda **how: sim.mechanisms(mechanisms_file(folder), **how),
}


@pytest.mark.parametrize("verb", VERBS)
def test_tables_come_before_figures_and_survive_their_failure(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[object] = []

    def fail(figures: object, folder: Path) -> None:
        if "fits" not in folder.parts:  # those of a backtest have figures of their own
            said.append("figures")
            raise RuntimeError("no figures today")

    monkeypatch.setattr(sheet, "save_all", fail)
    out = tmp_path / "out"
    make = VERBS[verb](tmp_path)
    with pytest.raises(RuntimeError, match="no figures today"):
        make(out=out, jobs=1, written=lambda result: said.append(result.table if verb != "run" else result.members))
    assert [isinstance(x, str) for x in said] == [False, True], "the table first"
    assert (out / PROVENANCE).exists()
    assert len(sim.open(out).brief) > 0


def test_what_is_finished_is_printed_again_at_once(tmp_path: Path) -> None:
    file, out, said = mechanisms_file(tmp_path), tmp_path / "out", []
    for _ in range(2):
        sim.mechanisms(file, out, jobs=1, written=said.append)
    assert len(said) == 2


RUN = ("run", str(SIX), "--runs", "16", "--set", "time.step=year", "--out")
CASES = {"list": ("list",), "version": ("--version",), "run": RUN}
FULL = Path("/dev/full")
STREAMS = {
    "full": (">/dev/full", 1, "standard output: cannot be written (No space left on device)"),
    "closed": (">&-", 1, "standard output: cannot be written (Bad file descriptor)"),
    "without a reader": ("| true", 141, ""),
    "both full": (">/dev/full 2>/dev/full", 1, ""),
    "errors closed": ("2>&- >/dev/null", 0, ""),
}


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    ("case", "stream"), [*((case, stream) for case in CASES if case != "run" for stream in STREAMS), ("run", "full")]
)
def test_a_lost_output_loses_no_results(case: str, stream: str, tmp_path: Path) -> None:
    out = tmp_path / "r"
    where, code, says = STREAMS[stream]
    arguments = [*CASES[case], *([str(out)] if case == "run" else [])]
    script = f'set -o pipefail; "$@" {where}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-W", "error", "-m", "sim", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert says in done.stderr
    assert case != "run" or (out / "figures" / "cohesion.png").exists()


@pytest.mark.parametrize(("argument", "said"), [("no\x1b[31m\a", "no"), ("--no\x1b[31m\r", "--no")])
def test_usage_errors_escape_what_would_steer_a_terminal(argument: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-m", "sim", argument], capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert said.encode() in done.stderr
    assert not {0x1B, 0x07, 0x0D} & set(done.stderr)


LONG = {
    "run": ("run", str(SIX), "--runs", "1000000"),
    "compare": ("compare", str(SIX), "--set", "leader.coercion=0", "--runs", "1000000"),
    "claims": ("claims", "--runs", "1000000"),
}


@pytest.mark.parametrize("verb", LONG)
def test_interrupted_work_says_what_is_kept_and_how_to_begin_again(verb: str, tmp_path: Path) -> None:
    out = tmp_path / "a [x] folder"
    process = popen(*LONG[verb], "--out", str(out), "--jobs", "1")
    started(process, (out / ".progress").exists)
    os.kill(process.pid, 2)
    ended(process, 130, f"Interrupted; nothing was written. To begin again: cohesion {verb} ", f"--out '{out}'")
    assert not out.exists()


RESUMED: dict[str, Callable[[Path], Path]] = {
    "sweep": lambda folder: study_file(folder, ("levels = 5", "levels = 100"), ("runs = 40", "runs = 4000")),
    "calibrate": calibration_file,
    "backtest": backtest_file,
    "mechanisms": mechanisms_file,
}


@pytest.mark.parametrize("verb", RESUMED)
def test_interrupted_studies_say_what_is_kept_and_how_to_go_on(verb: str, tmp_path: Path) -> None:
    out = tmp_path / "a [x] folder"
    file = RESUMED[verb](tmp_path)
    for fit in tmp_path.glob("*.toml"):  # takes long
        fit.write_text(re.sub(r"\bdraws = \d+", "draws = 4000", fit.read_text()))
    process = popen(verb, str(file), "--out", str(out), "--jobs", "1", "--force")
    started(process, (out / ".progress").exists)
    os.kill(process.pid, 2)
    time.sleep(1)
    with suppress(ProcessLookupError):  # drops what is under way
        os.kill(process.pid, 2)
    ended(process, 130, f"What was finished is kept; to go on: cohesion {verb} {file} --out '{out}' --jobs 1")
