"""Standard output and error that may be full, closed or broken: the work goes on, and its exit code says so."""

import errno
import io
import os
import sys
from typing import TextIO

LOST, BROKEN = 1, 128 + 13
"""Exit codes where output is lost: as of ``cat``, and what a shell says of a program whose reader has gone."""


class Lasting(io.FileIO):
    """A file that takes everything; ``failure`` is why the first of it was lost."""

    failure: OSError | None = None

    def write(self, data: object) -> int:
        """As every file, but what cannot be written counts as written."""
        view = memoryview(data)  # type: ignore[arg-type]  # buffers have no type in Python 3.11
        if self.failure is None:
            try:
                return super().write(view)
            except OSError as error:
                self.failure = error
        return view.nbytes


def lasting() -> Lasting | None:
    """Make both streams such files, whose encoding cannot fail either; what output goes to, where it is no terminal."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: no file of ours gets its number, and writing to it fails
            os.open(os.devnull, os.O_RDONLY)
    _lasting("stderr", 2)
    return _lasting("stdout", 1)


def _lasting(name: str, number: int) -> Lasting | None:
    stream: TextIO | None = getattr(sys, name)
    if stream is not None and stream.isatty():
        stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]  # a text stream of the interpreter
        return None
    file = Lasting(number, "w", closefd=False)
    encoding = stream.encoding if stream else "utf-8"
    setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(file), encoding, "backslashreplace", line_buffering=True))
    return file


def ended(output: Lasting | None, code: int) -> int:
    """The exit code of a command that ended with ``code``; says why output was lost, unless its reader has gone."""
    sys.stdout.flush()
    failure = output.failure if output else None
    if failure and failure.errno == errno.EPIPE:
        return code or BROKEN
    if failure:
        print(f"standard output: cannot be written ({failure.strerror})", file=sys.stderr)
    return code or (LOST if failure else 0)
