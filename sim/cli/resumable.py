"""How commands that take long end early, and what they then say: what is kept, and the line that goes on."""

import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from sim.cli import show
from sim.errors import InputError, Problem, WorkerDied
from sim.scenario.names import FILE
from sim.storage.workspace import digest


@contextmanager
def resumable(folder: Path) -> Iterator[Callable[[], bool]]:
    """Around the work on a folder: whether to stop; says what was kept where it ends before its time.

    Exits with 130 when interrupted, with 1 where a worker died. Raises InputError where nothing can be written.
    """
    try:
        with interruptible() as stopped:
            yield stopped
    except WorkerDied as error:
        show.notice(f"A worker died ({error}). {kept()}")
        sys.exit(1)
    except KeyboardInterrupt:
        show.notice(f"Stopped. {kept()}")
        sys.stderr.flush()
        os._exit(130)  # not waiting for workers; the next call does
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        raise InputError([Problem(str(folder), "out", what, f"what was finished is kept; {resume()}")]) from None


def unfinished() -> NoReturn:
    """Say that what was asked to stop has stopped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one more has nothing left to drop
    show.notice(f"Interrupted. {kept()}")
    sys.exit(130)


def kept() -> str:
    """What is left of the work."""
    return f"What was finished is kept; {resume()}"


def resume() -> str:
    """The line that resumes."""
    return f"to go on: {command([a for a in sys.argv[1:] if a != '--force'])}"


def command(arguments: Sequence[str]) -> str:
    """A line of the command that can be pasted into a shell."""
    return shlex.join([Path(sys.argv[0]).name.replace("__main__.py", "cohesion"), *arguments])


@contextmanager
def all_or_nothing(folder: Path) -> Iterator[None]:
    """Around work whose results are written at once: exits with 130 when interrupted, saying that none were."""
    try:
        yield
    except KeyboardInterrupt:
        as_was = f"{folder}/ is as it was" if folder.exists() else "nothing was written"
        show.notice(f"Interrupted; {as_was}. To begin again: {command(sys.argv[1:])}")
        sys.exit(130)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C once asks to stop, twice stops at once."""
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        show.notice("Finishing what is under way (Ctrl-C again to drop it) ...")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def folder_for(said: str) -> str:
    """A folder's name that says what is in it; what is too long is cut, and told apart by its digest."""
    name = re.sub(r"[^\w.-]+", "-", said).rstrip(".-")
    return name if FILE.fits(name) else f"{name[:60].rstrip('.-')}-{digest(said)}"
