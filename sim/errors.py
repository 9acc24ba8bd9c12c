"""What the user reads when something given to the tool is wrong: everything at once."""

import datetime as dt
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import wraps
from os import PathLike, fspath
from pathlib import Path
from types import NoneType, UnionType

P = typing.ParamSpec("P")
R = typing.TypeVar("R")
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


_ALIKE = "runs seed jobs scheduler engine out force until posterior run by set leader member start end "
_ALIKE += "lever reach low high way parts at event given only host port width"
OPTIONS = {name: f"--{name}" for name in _ALIKE.split()} | {
    "many": "--yes",
    "name": "ALLIANCE",
    "condition": "CONDITION",
    "keep_runs": "--keep-runs",
    "format": "--format",
}
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


def each(*steps: Callable[[], typing.Any]) -> list[typing.Any]:
    """What every step gives. Raises InputError with the mistakes of all of them."""
    found, problems = [], list[Problem]()
    for step in steps:
        try:
            found.append(step())
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


class WorkerDied(Exception):
    """A worker process ended without a word: killed, or out of memory."""


def as_path(value: object, argument: str) -> Path:
    """A file or folder that an argument gives. Raises InputError where it is no text and no path."""
    if isinstance(value, str | PathLike) and "\0" not in str(fspath(value)):
        return Path(value)
    raise InputError([Problem(argument, "", f"{value!r:.60}", "allowed: a text or a path")])


def as_date(value: dt.date | str, argument: str) -> dt.date:
    """A date that an argument gives. Raises InputError for a text that is none."""
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise InputError([Problem(argument, "", f"{value}", "allowed: YYYY-MM-DD")]) from None


def arguments(function: Callable[P, R]) -> Callable[P, R]:
    """A function of the front door, held to the types of its signature: what is of none is refused by its name.

    Numbers are left to the function, which knows their range and takes numpy's as well.
    """
    signature = inspect.signature(function)
    kinds = {p.name: _kinds(p.annotation) for p in signature.parameters.values()}
    several = [p.name for p in signature.parameters.values() if p.kind is p.VAR_POSITIONAL]

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind(*args, **kwargs).arguments
        each = [(name, x) for name, value in given.items() for x in (value if name in several else (value,))]
        wrong = [(name, value) for name, value in each if not _is_one(value, kinds[name])]
        if wrong:
            raise InputError(Problem(n, "", _shown(value), f"allowed: {_in_words(kinds[n])}") for n, value in wrong)
        return function(*args, **kwargs)

    return checked


LISTS = (Iterable, Sequence)
WORDS: dict[object, str] = {
    str: "a text",
    PathLike: "a path",
    bool: "True or False",
    Callable: "a function",
    Mapping: "a mapping",
}


def _kinds(annotation: object) -> list[object]:
    """The types of a union; empty where there is one that is not held."""
    whole = isinstance(annotation, UnionType) or typing.get_origin(annotation) is typing.Union
    kinds = [k for part in typing.get_args(annotation) for k in _kinds(part) or [int]] if whole else [annotation]
    kinds = [PathLike if k is Path or typing.get_origin(k) is PathLike else k for k in kinds]
    unheld = {int, float, object, typing.Any, inspect.Parameter.empty}
    return [] if any(isinstance(k, str) or k in unheld for k in kinds) else list(dict.fromkeys(kinds))


def _is_one(value: object, kinds: Sequence[object]) -> bool:
    return not kinds or any(_is(value, kind) for kind in kinds)


def _is(value: object, kind: object) -> bool:
    plain: typing.Any = typing.get_origin(kind) or kind
    if plain is bool:
        return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")  # numpy's
    if plain not in LISTS:
        return isinstance(value, plain)
    inner = _kinds(typing.get_args(kind)[0])
    read_once = not isinstance(value, Sequence)
    return (
        isinstance(value, plain)
        and not isinstance(value, str | bytes)
        and (read_once or all(_is_one(x, inner) for x in value))
    )


def _in_words(kinds: Sequence[object]) -> str:
    """What is allowed, such as ``a Scenario, a text or a path``."""
    plain: list[typing.Any] = [typing.get_origin(k) or k for k in kinds if k is not NoneType]
    said = ["a list of those" if k in LISTS else WORDS.get(k) or f"a {k.__name__}" for k in plain]
    return " or ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def _shown(value: object) -> str:
    """A value in Python's words, cut."""
    try:
        return cut(repr(value), 60)
    except Exception:  # whatever a class does
        return f"a {type(value).__name__}"


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


def several(text: str, argument: str, allowed: Iterable[str]) -> list[str]:
    """Names with commas between them, each once. Raises InputError for one that is not allowed."""
    names, found = list(allowed), list(dict.fromkeys(part.strip() for part in text.split(",")))
    wrong = [name for name in found if name not in names]
    if wrong:
        says = f"allowed: {listed(names)}, with commas between them"
        raise InputError(Problem(argument, "", f"{name!r:.60}", says, nearest(name, names)) for name in wrong)
    return found


def extra(name: str) -> str:
    """What installs an optional part of the package, for the Python that runs: an environment need not be active."""
    python = Path(sys.executable or "python")
    shown = f"{python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python}"
    shown = f'"{shown}"' if " " in shown else shown
    return f"{shown} -m pip install 'alliance-cohesion[{name}]'"


def plural(count: float, noun: str) -> str:
    """``1 run``, ``2,000 runs``, ``2 entries``"""
    many = f"{noun.removesuffix('y')}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,.12g} {noun if count == 1 else many}"
