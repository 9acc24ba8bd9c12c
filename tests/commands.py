"""The command in processes of its own, to be interrupted and killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

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
    """As the system does when memory is short: one that is computing, for an idle one is only replaced."""
    while process.poll() is None:
        children = subprocess.run(
            ["ps", "-ww", "-o", "pid=,stat=,args=", "--ppid", str(process.pid)], capture_output=True, text=True
        )
        computing = re.findall(r"(?m)^ *(\d+) +R.*LokyProcess", children.stdout)
        if computing:
            os.kill(int(computing[0]), signal.SIGKILL)
            return
        time.sleep(0.01)
    pytest.fail(f"ended with {process.returncode} before a worker was seen at work")


def ended(process: subprocess.Popen[str], code: int, *said: str) -> None:
    """It ends with a code, having said this, and without a traceback; workers that it left end here."""
    process.wait(timeout=150)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    _, errors = process.communicate()
    assert process.returncode == code, errors
    assert "Traceback" not in errors, errors
    for words in said:
        assert words in " ".join(errors.split()), errors
