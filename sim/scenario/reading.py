"""Files: which one a name means, TOML with the lines of its keys, and tables of comma-separated values."""

import csv
import io
import math
import os
import pickle
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import InputError, Problem, listed, nearest, plural
from sim.scenario import names
from sim.scenario.slips import mended

_PACKAGE = Path(__file__).resolve().parent.parent
HOMES = ("scenarios", "experiments", "experiments/claims")
"""Where shipped files lie; a name may leave its home and the ending .toml out."""
REGISTRY = "sources.toml"
"""The name of a registry of sources, which lies among the scenarios that cite it."""

MOST_BYTES = 64_000_000
"""Of a file that is read: more would be a mistake, and fill memory."""

Keys = tuple[str | int, ...]
Tables = dict[str, Any]
"""What TOML says, before anything is checked."""


# ------------------------------------------------------------------------------------------------ which file


def shipped(home: str = "") -> Path:
    """The folder of what is shipped, laid out alike inside an installed package and in a checkout."""
    inside = _PACKAGE / "shipped"
    return (inside if inside.is_dir() else _PACKAGE.parent) / home


def installed(file: Path) -> bool:
    """Whether a file is part of an installed package, beside which nothing is written."""
    return (_PACKAGE / "shipped").resolve() in file.resolve().parents


def scenario_files() -> list[Path]:
    """Every shipped scenario."""
    return sorted(p for p in shipped("scenarios").rglob("*.toml") if p.name != REGISTRY)


def names_of(key: str = "") -> list[str]:
    """The names of shipped scenarios, or of other shipped files that have such a key or table."""
    if not key:
        return [f.relative_to(shipped("scenarios")).with_suffix("").as_posix() for f in scenario_files()]
    files = [file for home in HOMES[1:] for file in sorted(shipped(home).glob("*.toml"))]
    return [file.stem for file in files if re.search(rf"(?m)^\[*{key}\b", file.read_text("utf-8"))]


SHIPPED = "allowed: a file, or the name of a shipped one (`cohesion list` shows the scenarios)"


def find(name: str | Path, beside: Path = Path()) -> Path | None:
    """The file that a name means: in the folder of what names it, else among those shipped; None if in neither."""
    within = Path(name).parts[:1] in {Path(home).parts[:1] for home in HOMES}
    homes = [shipped()] if within else [shipped(home) for home in HOMES]
    candidates = [beside / name, *(home / f"{name}{end}" for home in homes for end in ("", ".toml"))]
    return next((file for file in candidates if os.path.isfile(file)), None)


def named(name: str | Path, where: str, path: str, beside: Path = Path()) -> Path:
    """As :func:`find`. Raises InputError with the place that names it where there is no such file."""
    found = find(name, beside)
    if found is None:
        allowed = "allowed: a file beside the one that names it, or a shipped one"
        raise InputError([Problem(where, path, f"no such file: {name}", allowed, near(name, beside))])
    return found


def near(name: str | Path, beside: Path = Path()) -> str:
    """The nearest name of a file: in the folder where it should be, else among those shipped."""
    given = Path(name)
    suffix = given.suffix or ".toml"
    there = beside / given.parent
    siblings = [p.name for p in there.glob("*")] if os.path.isdir(there) else []
    if sibling := nearest(given.name, [s for s in siblings if s.endswith(suffix)]):
        return str(given.parent / sibling)
    known = {p.relative_to(shipped(home)).as_posix() for home in HOMES for p in shipped(home).rglob(f"*{suffix}")}
    return nearest(given.as_posix(), sorted(known))


# ------------------------------------------------------------------------------------------------------ text


def read_text(file: Path) -> str:
    """The text of a file, without a byte order mark, its lines ended by line feeds alone.

    Raises InputError where it cannot be read, is no file (a folder, a device, a pipe), or is too large.
    """
    kind = file.suffix.lstrip(".").upper() or "TOML"
    try:
        about = os.stat(file)
        if not stat.S_ISREG(about.st_mode):
            found = "a directory" if stat.S_ISDIR(about.st_mode) else "not a file"
            raise InputError([Problem(str(file), "", found, f"allowed: a {kind} file")])
        if about.st_size > MOST_BYTES:
            found = f"{about.st_size / 1e6:,.0f} MB"
            raise InputError([Problem(str(file), "", found, f"allowed: up to {MOST_BYTES / 1e6:,.0f} MB")])
        data = file.read_bytes()
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        suggestion = near(file)
        allowed = SHIPPED if kind == "TOML" and not suggestion else ""
        raise InputError([Problem(str(file), "", "no such file", allowed, suggestion)]) from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError([Problem(f"{file}:{line}", "", "not UTF-8", "allowed: UTF-8 text")]) from None
    except (OSError, ValueError) as error:
        raise InputError([Problem(str(file), "", f"cannot be read ({_why(error)})")]) from None


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


# ------------------------------------------------------------------------------------------------------ TOML


@dataclass(frozen=True)
class Source:
    """One TOML file read: its tables, text and line numbers."""

    file: Path
    text: str
    tables: Tables
    lines: dict[Keys, int]
    problems: list[Problem] = field(default_factory=list)
    """Mistakes in it that hinder nobody from reading it, to be reported with what else is wrong."""

    def where(self, path: Keys) -> str:
        """File and line of a key."""
        return f"{self.file}:{line_at(self.lines, path)}"

    def named(self, name: str, path: Keys) -> Path:
        """The file that a key names, beside this one or shipped. Raises InputError where there is none."""
        return named(name, self.where(path), dotted(path), self.file.parent)


def read_toml(name: str | Path, on: bool = False) -> Source:
    """The TOML file that a name or path means. Raises InputError with its line for anything that cannot be read.

    ``on``: where every slip of its TOML can be put right, read on: the slips are among the problems of the source.
    """
    file = find(name) or Path(name)
    source = _parsed(file, read_text(file), on)
    # a copy that whoever merges them may change; ten times as fast as copy.deepcopy
    return replace(source, tables=pickle.loads(pickle.dumps(source.tables)), problems=[*source.problems])


@lru_cache(maxsize=64)
def _parsed(file: Path, text: str, on: bool) -> Source:
    """What a file's text says; the registry of sources and shared parents are read by one scenario after another."""
    shown = str(file)
    slips: list[Problem] = []
    try:
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            text, slips, left = mended(text, shown)
            if left or not on:
                raise InputError(slips) from None
            tables = tomllib.loads(text)
    except RecursionError:
        raise InputError([Problem(f"{shown}:1", "", "broken TOML: nested too deeply")]) from None
    except ValueError:  # of int(), which reads no more digits
        raise InputError([Problem(_longest(text, r"\d+", shown), "", "a number too long", WHOLE)]) from None
    if deeper_than(DEEPEST, tables):
        allowed = f"allowed: tables in one another up to {DEEPEST} deep"
        raise InputError([Problem(_longest(text, r"[\[.{]", shown), "", "nested too deeply", allowed)])
    source = Source(file, text, tables, lines_of(text), slips)
    problems = [Problem(source.where(path), dotted(path), *words) for path, *words in unusable(tables)]
    if problems := [*names.of_file(file), *problems]:
        raise InputError([*slips, *problems])
    return source


DEEPEST = 16
"""How far tables may stand in one another."""
WHOLE = "allowed: whole numbers of 64 bits"


def _longest(text: str, pattern: str, shown: str) -> str:
    """File and line of what a reader choked on: where most of it stands."""
    lines = text.split("\n")
    worst = max(range(len(lines)), key=lambda k: sum(map(len, re.findall(pattern, lines[k]))))
    return f"{shown}:{worst + 1}"


def deeper_than(most: int, value: object) -> bool:
    """Whether tables and arrays stand in one another deeper than that."""
    inside = [value]
    for _ in range(most):
        several = (v.values() if isinstance(v, Mapping) else v for v in inside if isinstance(v, Mapping | list | tuple))
        inside = [inner for outer in several for inner in outer]
    return any(isinstance(v, Mapping | list | tuple) for v in inside)


def unusable(value: object, path: Keys = ()) -> Iterator[tuple[Keys, str, str]]:
    """Keys, texts and numbers that nothing here can use, wherever they stand: path, found, allowed."""
    match value:
        case str() if sign := names.unprintable(value, but="\n\t"):
            yield path, f"the character {sign}", "allowed: letters and signs"
        case int() if not -(2**63) <= value < 2**63:
            yield path, "a number too long", WHOLE
        case Mapping():
            for key, inner in value.items():
                if sign := names.unprintable(key):
                    yield path, f"a key with the character {sign}", "allowed: letters and signs"
                yield from unusable(inner, (*path, key))
        case list() | tuple():
            for i, inner in enumerate(value):
                yield from unusable(inner, (*path, i))


def dotted(path: Keys) -> str:
    """A path as it is written in messages: ``events[0].date``."""
    parts = (f"[{k}]" if isinstance(k, int) else f".{k}" if _BARE.fullmatch(k) else f'."{k}"' for k in path)
    return "".join(parts).removeprefix(".")


_BARE = re.compile(r"[\w-]+")
_HEADER = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_\-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_\-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_\-]+)""")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')


def _parts(key: str) -> Keys:
    return tuple(a or b or c for a, b, c in _PART.findall(key))


def lines_of(text: str) -> dict[Keys, int]:
    """Line number (from 1) of every table header and top-level key of a table, which `tomllib` forgets.

    Keys inside an inline table or array are found at the line of the key that holds them.
    """
    where: dict[Keys, int] = {}
    counts: dict[Keys, int] = {}
    table: Keys = ()
    depth = 0
    quote = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if quote:
            if quote in line:
                quote = ""
            continue
        bare = _STRING.sub('""', line).split("#")[0]
        if depth == 0:
            if header := _HEADER.match(line):
                keys = _parts(header[2])
                if header[1] == "[[":
                    counts[keys] = counts.get(keys, -1) + 1
                    where.setdefault(keys, number)
                    keys = (*keys, counts[keys])
                elif keys[:1] and keys[:1] in counts:
                    keys = (keys[0], counts[keys[:1]], *keys[1:])
                table = keys
                for i in range(1, len(keys) + 1):
                    where.setdefault(keys[:i], number)
                continue
            if key := _KEY.match(line):
                keys = (*table, *_parts(key[1]))
                for i in range(len(table) + 1, len(keys) + 1):
                    where.setdefault(keys[:i], number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quote = mark
        if not quote:
            depth = max(0, depth + sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}"))
    return where


def line_at(where: dict[Keys, int], path: Keys) -> int:
    """The line of a path, or of the nearest table around it."""
    for n in range(len(path), 0, -1):
        if path[:n] in where:
            return where[path[:n]]
    return 1


# ------------------------------------------------------------------------------------------------------- CSV


class Row(NamedTuple):
    """A row of a CSV table: the line it stands on, and its cells by column."""

    line: int
    cells: dict[str, str]


class CsvTable(NamedTuple):
    """A CSV table; every cell is text, whatever it looks like."""

    columns: tuple[str, ...]
    rows: list[Row]
    problems: list[Problem]
    """Columns that stand twice and rows of another length, to be reported with what else is wrong."""


def parse_csv(text: str, shown: str, expected: tuple[str, ...] = ()) -> CsvTable:
    """A table of a header and rows, parted by commas; empty lines count for nothing.

    Raises InputError where there is no header, something else parts the columns, or they are not those ``expected``.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    lines = ((reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
    problems: list[Problem] = []
    rows: list[Row] = []
    columns: list[str] = []
    head = 1
    try:
        head, names_there = next(lines, (1, []))
        columns = [name.strip() for name in names_there]
        for mark, name in ((";", "semicolons"), ("\t", "tabs")):
            if len(columns) == 1 and mark in columns[0]:
                too = " and decimal commas" if re.search(r"\d,\d", text) else ""
                allowed = "allowed: commas between columns, points in numbers"
                raise InputError([Problem(f"{shown}:{head}", "", f"columns parted by {name}{too}", allowed)])
        for line, cells in lines:
            if len(cells) != len(columns):
                found, required = f"{plural(len(cells), 'entry')}", f"required: {len(columns)}, as in the header"
                commas = len(cells) > len(columns) and re.search(r"\d,\d", ",".join(cells))
                too = ", and points instead of decimal commas" if commas else ""
                problems.append(Problem(f"{shown}:{line}", "", found, required + too))
            else:
                rows.append(Row(line, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        problems.append(Problem(f"{shown}:{reader.line_num}", "", str(error), "allowed: a CSV table"))
    if not columns:
        raise InputError(problems or [Problem(shown, "", "empty", "required: a header and a row or more")])
    for name in dict.fromkeys(columns):
        if columns.count(name) > 1:
            problems.append(Problem(f"{shown}:{head}", name, "a column twice", "allowed: each column once"))
        if not name or names.unprintable(name):
            what = "a column without a name" if not name else f"the character {names.unprintable(name)}"
            problems.append(Problem(f"{shown}:{head}", name, what, "allowed: each column with its name"))
    if expected and tuple(columns) != expected:
        other = Problem(f"{shown}:1", "", listed(columns), f"required: {', '.join(expected)}")
        raise InputError([other, *problems])
    return CsvTable(tuple(columns), rows, problems)


def read_csv(file: Path) -> CsvTable:
    """The table of a file. Raises InputError as :func:`read_text` and :func:`parse_csv`."""
    return parse_csv(read_text(file), str(file))


def number_in(cell: str) -> float | None:
    """The finite number that a cell says in digits with a decimal point, None where it says none."""
    value = float(cell) if _NUMBER.fullmatch(cell.strip()) else math.inf
    return value if math.isfinite(value) else None


_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
