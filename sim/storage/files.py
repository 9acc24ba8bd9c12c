"""Files that are whole or not there, and locks that end with their process."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem
from sim.scenario.names import FILE, check_out

PROVENANCE = "provenance.json"
PICTURES = {".png", ".svg", ".pdf"}
"""That nobody reads back: they may be retouched."""
SEAL = "seal"
"""The entry of the provenance that is the hash of all others."""


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


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV text, floats in full precision; the first is the header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def sha256(content: str | Path) -> str:
    """The hash of a text, or of a file, which is not held in memory as a whole."""
    if isinstance(content, str):
        return hashlib.sha256(content.encode()).hexdigest()
    with content.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The hash of each file or folder of that name that is there, but pictures; a folder's is that of all it holds."""
    return {name: found for name in names if (found := _hash(folder / name))}


def _hash(path: Path) -> str:
    """Empty where there is nothing of which to take it."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    held = [p for p in files if p.is_file() and p.suffix not in PICTURES]
    if held == [path]:
        return sha256(path)
    each = "".join(f"{p.relative_to(path).as_posix()} {sha256(p)}\n" for p in held)
    return sha256(each) if held else ""


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
    return read_json(folder / PROVENANCE)


def sealed(provenance: Mapping[str, object]) -> str:
    """A provenance as it is written: its last entry is the hash of the others, so that it is whole in one file."""
    others = {k: v for k, v in provenance.items() if k != SEAL}
    return as_json({**others, SEAL: sha256(as_json(others))})


def as_sealed(folder: Path) -> bool:
    """Whether the provenance of a folder is, to the letter, as it was written."""
    there = provenance_of(folder)
    return there is not None and (folder / PROVENANCE).read_text("utf-8") == sealed(there)


def called(folder: Path) -> str:
    """What a folder is called, by whatever path it is meant: ``.`` too."""
    return folder.resolve().name or "results"


def beside(folder: Path, ending: str) -> Path:
    """What is made of a folder of results, next to it and called after it; a name that grows too long is cut, and told
    apart by its hash."""
    home = folder if folder.name not in ("", "..") else folder.resolve()
    name = called(folder)
    whole = f"{name}{ending}"
    return home.parent / (whole if FILE.fits(whole) else f"{name[:50].rstrip('.-')}-{sha256(name)[:8]}{ending}")


def check_folder(folder: Path) -> None:
    """Raises InputError where nothing can be written to a folder, or it cannot have its name."""
    check_out(folder)
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise InputError([Problem(str(folder), "out", "not a directory", "allowed: a folder")])
    nearest_there = next(p for p in (folder, *folder.absolute().parents) if os.path.exists(p))
    if not nearest_there.is_dir() or not os.access(nearest_there, os.W_OK):
        raise InputError([Problem(str(folder), "out", "cannot be written", "allowed: a writable folder")])
