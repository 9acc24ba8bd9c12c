"""The folder that a long computation fills and goes on with: told from a user's own, and held alone.

Before it writes anything else a computation makes its lock, and that only where there is nothing; by the
lock it knows the folder again. ``own`` are the names that it writes there, first that of the file which says
what the folder holds; ``what`` is what to call it, such as ``sweep``.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem
from sim.storage.files import check_folder, locked

LOCK = ".lock"


@contextmanager
def alone(folder: Path, own: Sequence[str], what: str) -> Iterator[None]:
    """Hold a folder, made where there is none. Raises InputError where it is another's, or held already."""
    check_folder(folder)
    _check_ours(folder, own, what)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / LOCK, exclusive=True, wait=False) as got:
        if not got:
            found = f"another {what} is running there"
            raise InputError([Problem(str(folder), "", found, "allowed: one at a time")])
        yield


def _check_ours(folder: Path, own: Sequence[str], what: str) -> None:
    """Files of the user's are left alone: all of them without a lock, beside a computation those that it did not write."""
    locked_once = (folder / LOCK).exists()
    if not folder.exists() or (locked_once and (folder / own[0]).exists()):
        return
    ours = {LOCK, *own} if locked_once else set()
    names = [p.name for p in folder.iterdir()]
    others = sorted(n for n in names if n not in ours and n.removeprefix(".").removesuffix(".part") not in ours)
    if others:
        found = f"holds files that are not a {what}'s: {', '.join(others[:3])}"
        allowed = "allowed: another --out, or an empty folder"
        raise InputError([Problem(str(folder), "--out", found, allowed)])


def clear(folder: Path, own: Sequence[str]) -> None:
    """Delete what a computation wrote, what says that it is one last; locks (hidden names) stay."""
    for name in [n for n in reversed(own) if not n.startswith(".")]:
        for path in (folder / f".{name}.part", folder / name):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def check_same(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> None:
    """Raises InputError with everything that is not as it was when a study began."""
    allowed = "allowed: the study as it was, another --out, or --force to begin anew"
    changed = [k for k in {**old, **new} if old.get(k) != new.get(k)]
    if changed:
        raise InputError(
            Problem(str(folder), k, f"{_cut(old.get(k))} when it began, now {_cut(new.get(k))}", allowed)
            for k in changed
        )


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
