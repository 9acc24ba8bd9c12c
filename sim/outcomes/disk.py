"""Files that are whole or not there, and locks that end with the process that holds them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def put(file: Path, content: str | bytes) -> None:
    """Write a file beside its place, make sure of it, and rename it into place."""
    beside = file.with_name(f".{file.name}.part")
    with beside.open("wb") as out:
        out.write(content.encode() if isinstance(content, str) else content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, file)


@contextmanager
def locked(file: Path, exclusive: bool, wait: bool) -> Iterator[bool]:
    """Hold a lock that ends with the process, however it ends; whether it was got.

    Where the system or the file system has no locks, it counts as got.
    """
    try:
        handle = file.open("a")
    except OSError:  # a folder that may only be read
        yield True
        return
    with handle:
        try:
            import fcntl
        except ImportError:
            yield True
            return
        how = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(handle, how if wait else how | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass
        yield True
