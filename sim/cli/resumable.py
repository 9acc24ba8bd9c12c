"""What commands that may be resumed have in common: how they end early, and what they then say."""

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from sim.cli import show
from sim.errors import InputError, Problem, WorkerDied


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
    arguments = [a for a in sys.argv[1:] if a != "--force"]
    return f"to go on: {shlex.join([Path(sys.argv[0]).name.replace('__main__.py', 'cohesion'), *arguments])}"


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
