"""The command in processes of its own, to be interrupted and killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def popen(*arguments: str, quiet: bool = False) -> subprocess.Popen[str]:
    """The command in a process group of its own, Ctrl-C not ignored."""
    pipe = subprocess.DEVNULL if quiet else subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *arguments],
        cwd=ROOT,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def started(process: subprocess.Popen[str], done: Callable[[], bool]) -> None:
    """Wait until some of the work is done."""
    while process.poll() is None and not done():
        time.sleep(0.02)


def kill_a_worker(process: subprocess.Popen[str]) -> None:
    """As the system does when memory is short."""
    children = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True
    )
    workers = [line.split()[0] for line in children.stdout.splitlines() if "LokyProcess" in line]
    assert workers, (children.stdout, process.poll())
    os.kill(int(workers[0]), signal.SIGKILL)


def ended(process: subprocess.Popen[str], code: int, *said: str) -> None:
    """It ends with a code, having said this, and without a traceback; workers that it left end here."""
    process.wait(timeout=60)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode == code, errors
    assert "Traceback" not in errors, errors
    for words in said:
        assert words in " ".join(errors.split()), errors
