"""Kill a sweep again and again, resume it, and compare with one that was left alone.

python -m tests.kill STUDY FOLDER KILLS SEED [undrawn]

A process that has imported everything forks children that run the sweep. One in two is killed before
its n-th operation on a file of the folder (as Python's audit hook sees them), the other after a random time.
Undrawn, sweeps have no figures, which take most of their time, so that kills meet what else they do.
Prints the number of kills; exits with 1 at the first difference.
"""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.figure  # noqa: F401
import pandas  # noqa: F401
import xarray  # noqa: F401
import zarr  # noqa: F401

import sim.figures.study  # noqa: F401
from sim.figures import sheet
from sim.storage.files import PROVENANCE
from sim.studies.sweep import sweep
from tests.drawing import draw_nothing
from tests.study_files import differing

EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.listdir", "os.scandir"}


def die_before(operation: int, folder: str) -> None:
    """Kill this very process before its n-th operation on a file under the folder."""
    left = operation

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in EVENTS and folder in str(arguments[0]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def child(study: Path, folder: Path, operation: int | None) -> int:
    """Fork a child that sweeps."""
    pid = os.fork()
    if pid == 0:
        if operation:
            die_before(operation, str(folder))
        done = sweep(study, folder, jobs=1).finished
        os._exit(0 if done else 3)
    return pid


def killed(study: Path, folder: Path, rng: random.Random, seconds: float, operations: int) -> bool:
    """Run once, to be killed; whether it was."""
    if rng.random() < 0.5:
        _, code = os.waitpid(child(study, folder, rng.randrange(1, operations)), 0)
    else:
        pid = child(study, folder, None)
        time.sleep(rng.uniform(0, seconds))
        os.kill(pid, signal.SIGKILL)
        _, code = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(code) or os.WEXITSTATUS(code) == 0, f"failed with {code}"
    return os.WIFSIGNALED(code)


def main() -> None:
    """Kill until there were enough kills, comparing whenever a sweep gets to its end."""
    study, folder = (Path(a).resolve() for a in sys.argv[1:3])
    kills, rng = int(sys.argv[3]), random.Random(int(sys.argv[4]))
    if sys.argv[5:] == ["undrawn"]:
        sheet.save_all = draw_nothing
    reference = folder.with_name("alone")
    for _ in range(2):  # fonts and classes are found once, not in every child
        shutil.rmtree(reference, ignore_errors=True)
        began = time.monotonic()
        sweep(study, reference, jobs=1)
        seconds = time.monotonic() - began
    done = rounds = 0
    while done < kills:
        if not killed(study, folder, rng, seconds, operations=400):
            rounds += 1
        else:
            done += 1
        if (folder / PROVENANCE).exists():
            compare(reference, folder)
            shutil.rmtree(folder)
    os.waitpid(child(study, folder, None), 0)
    compare(reference, folder)
    print(f"{done} kills, {rounds} sweeps that got to their end between them")


def compare(reference: Path, folder: Path) -> None:
    """Exit with 1 where a file differs."""
    if found := differing(reference, folder):
        print("differ:", *found)
        sys.exit(1)


if __name__ == "__main__":
    main()
