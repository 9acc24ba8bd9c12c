"""Whose a results folder is: what may go on in it, and what may be deleted there to begin anew."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem
from sim.outcomes.disk import locked


@dataclass(frozen=True)
class Own:
    """The files of one kind of study, by which its folders are known.

    A study makes its lock before anything else, and the file that says what is studied before it runs
    anything: a folder with either is its own.
    """

    what: str
    """Such as "a study"."""
    frozen: str
    """Name of the file that says what is studied."""
    lock: str
    names: frozenset[str]
    """All its files and folders, without frozen content and lock."""
    kept: frozenset[str] = frozenset()
    """Further locks, which are never deleted."""

    def check(self, folder: Path) -> None:
        """Raises InputError where a folder holds files that no such study has put there."""
        if (folder / self.frozen).exists() or not folder.exists():
            return
        every = self.names | self.kept | {self.frozen, self.lock}
        ours = every if (folder / self.lock).exists() else set()
        others = sorted(
            p.name for p in folder.iterdir()
            if p.name not in ours and p.name.removeprefix(".").removesuffix(".part") not in ours
        )  # fmt: skip
        if others:
            found = f"holds files that are not {self.what}'s: {', '.join(others[:3])}"
            allowed = "allowed: another --out, or an empty folder"
            raise InputError([Problem(str(folder), "--out", found, allowed)])

    def clear(self, folder: Path) -> None:
        """Delete the files of a folder that :meth:`check` has passed, what says whose they are last."""
        for name in (*sorted(self.names), self.frozen):
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    @contextmanager
    def alone(self, folder: Path) -> Iterator[None]:
        """One at a time in a folder. Raises InputError where another is running."""
        with locked(folder / self.lock, exclusive=True, wait=False) as got:
            if not got:
                found = f"{self.what} is running there already"
                raise InputError([Problem(str(folder), "", found, "allowed: one at a time")])
            yield


def check_same(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> None:
    """Raises InputError with everything that is not as it was when a study began."""
    allowed = "allowed: the study as it was, another --out, or --force to begin anew"
    changed = [k for k in {**old, **new} if old.get(k) != new.get(k)]
    if changed:
        raise InputError(
            Problem(str(folder), k, f"{_cut(old.get(k))} when it began, now {_cut(new.get(k))}", allowed)
            for k in changed
        )  # fmt: skip


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
