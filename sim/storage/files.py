"""Files that are whole or not there, and locks that end with their process."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem

PROVENANCE = "provenance.json"


def put(file: Path, content: str | bytes) -> None:
    """Write a file beside its place, make sure of it, and rename it into place."""
    beside = file.with_name(f".{file.name}.part")
    write(beside, content)
    os.replace(beside, file)


def write(file: Path, content: str | bytes) -> None:
    """Write a file and make sure that it is on the disk."""
    with file.open("wb") as out:
        out.write(content.encode() if isinstance(content, str) else content)
        out.flush()
        os.fsync(out.fileno())


def as_json(value: object) -> str:
    """JSON as every file of results has it."""
    return json.dumps(value, indent=1) + "\n"


def read_json(file: Path) -> dict[str, Any] | None:
    """A JSON object, None where there is none that can be read."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


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


def provenance_of(folder: Path) -> dict[str, Any] | None:
    """The provenance of a results folder, None where there is none."""
    return read_table(folder / PROVENANCE)


def read_table(file: Path) -> dict[str, Any] | None:
    """As :func:`read_json`."""
    return read_json(file)


def check_folder(folder: Path) -> None:
    """Raises InputError where nothing can be written to a folder."""
    if folder.exists() and not folder.is_dir():
        raise InputError([Problem(str(folder), "out", "not a directory", "allowed: a folder")])
    nearest_there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not nearest_there.is_dir() or not os.access(nearest_there, os.W_OK):
        raise InputError([Problem(str(folder), "out", "cannot be written", "allowed: a writable folder")])


def check_target(folder: Path, same: dict[str, Any], force: bool) -> None:
    """Raises InputError where saving would overwrite another run's results or other files.

    ``same`` are the entries of provenance.json by which a run is known.
    """
    check_folder(folder)
    if force or not folder.exists() or not any(folder.iterdir()):
        return
    there = provenance_of(folder)
    advice = "allowed: another `out`, or `force` to overwrite"
    if there is None:
        found = "holds files that are not a run's results"
    else:
        different = [f"{k} {there.get(k)} not {same[k]}" for k in same if there.get(k) != same[k]]
        found = f"holds another run's results ({'; '.join(different)})" if different else ""
    if found:
        raise InputError([Problem(str(folder), "out", found, advice)])


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """A scratch folder on the same file system, gone afterwards whatever happens."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(file: Path, text: str) -> None:
    """Write a file and make sure that it is on the disk."""
    with file.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _move_in(scratch: Path, folder: Path) -> None:
    """Rename every finished file into the folder, provenance last."""
    folder.mkdir(exist_ok=True)
    (folder / PROVENANCE).unlink(missing_ok=True)
    trash = scratch / ".old"
    trash.mkdir()
    made = [p for p in sorted(scratch.iterdir()) if p.name not in (".old", PROVENANCE)]
    for item in [*made, scratch / PROVENANCE]:
        target = folder / item.name
        if target.is_dir():
            os.replace(target, trash / item.name)
        os.replace(item, target)


@contextmanager
def writing(folder: Path, provenance: dict[str, Any]) -> Iterator[Path]:
    """A scratch folder to make files in, moved into ``folder`` at the end if all went well.

    Raises
    ------
    InputError
        Where the folder cannot be written.
    """
    try:
        with beside(folder) as scratch:
            yield scratch
            write_text(scratch / PROVENANCE, json.dumps(provenance, indent=1) + "\n")
            _move_in(scratch, folder)
    except OSError as error:
        found = f"cannot be written ({error.strerror})"
        raise InputError([Problem(str(folder), "out", found)]) from None
