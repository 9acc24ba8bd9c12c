"""What the user reads when something given to the tool is wrong: everything at once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

MOST_SHOWN = (500, 200, 400, 800)
"""Characters of place, path, what was found and what is allowed that a message shows."""


def cut(text: str, most: int) -> str:
    """A text without its middle where it is longer: file and line stand at the ends."""
    half = (most - 5) // 2
    return text if len(text) <= most else f"{text[:half]} ... {text[-half:]}"


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands, what was found, what is allowed, the nearest valid name."""

    where: str
    """File and line (``file:line``), or what stands for them (``--set``)."""
    path: str
    found: str
    allowed: str = ""
    suggestion: str = ""
    warning: bool = field(default=False, kw_only=True)
    """It runs as it is, though it may not be meant."""

    def __str__(self) -> str:
        where, path, found, allowed = (cut(x, most) for x, most in zip(self._parts(), MOST_SHOWN, strict=True))
        parts = [f"{where}: {path}: {found}" if path else f"{where}: {found}"]
        if allowed:
            parts.append(allowed)
        if self.suggestion:
            parts.append(f"did you mean {self.suggestion}?")
        return "; ".join(parts)

    def _parts(self) -> tuple[str, str, str, str]:
        return self.where, self.path, self.found, self.allowed


_ALIKE = "runs seed jobs scheduler engine out force until run set leader member start end"
OPTIONS = {name: f"--{name}" for name in _ALIKE.split()} | {"many": "--yes", "name": "ALLIANCE"}
"""Arguments in Python, and what they are called on the command line."""


def on_command_line(problem: Problem) -> Problem:
    """A problem as the command says it: arguments, which stand in backticks, are options there."""
    found, allowed = (
        re.sub(r"`(\w+)`", lambda m: OPTIONS.get(m[1], m[0]), x) for x in (problem.found, problem.allowed)
    )
    where = OPTIONS.get(problem.where, problem.where)
    if where == OPTIONS["set"] and problem.path:
        return replace(
            problem, where=f"{where} {cut(problem.path, MOST_SHOWN[1])}", path="", found=found, allowed=allowed
        )
    path = OPTIONS["out"] if problem.path == "out" else problem.path
    return replace(problem, where=where, path=path, found=found, allowed=allowed)


class InputError(Exception):
    """Bad input. ``problems`` lists every mistake found; the command exits with 2."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = list(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> "tuple[type[InputError], tuple[list[Problem]]]":
        return type(self), (self.problems,)


class WorkerDied(Exception):
    """A worker process ended without a word: killed, or out of memory."""


def as_path(value: object, argument: str) -> Path:
    """A file or folder that an argument gives. Raises InputError where it is no text and no path."""
    if isinstance(value, str | PathLike):
        return Path(value)
    raise InputError([Problem(argument, "", f"{value!r:.60}", "allowed: a text or a path")])


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """File by file as they come, and in each by line."""
    files: dict[str, int] = {}

    def place(problem: Problem) -> tuple[int, int]:
        parts = re.match(r"(.*):([0-9]+)(?:, column .*)?$", problem.where)
        file, line = (parts[1], int(parts[2])) if parts else (problem.where, 0)
        return files.setdefault(file, len(files)), line

    return sorted(problems, key=place)


def nearest(name: object, allowed: Iterable[str]) -> str:
    """The valid name closest to a mistaken one, whatever its case; empty where there is none, or the name is valid."""
    text, names = str(name)[:200], list(allowed)  # comparing takes time that grows with its square
    alike = [n for n in names if n.casefold() == text.casefold()] or get_close_matches(text, names, n=1, cutoff=0.6)
    return next((n for n in alike if n != text), "")


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in a sentence, cut off where they are many."""
    shown = ", ".join(names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
