"""Slips that keep a TOML file from being read: what stands there, what is allowed, and what may be meant."""

import re
import tomllib
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import NamedTuple

from sim.errors import Problem, cut
from sim.model.dates import likely

MOST, LONGEST, LARGEST = 50, 2_000, 1_000_000
"""Slips of a file, characters of a line and of a file among which they are looked for: each is tried out."""


class Mended(NamedTuple):
    """The text of a file with its slips put right, each with a problem; what could not be put right is ``left``."""

    text: str
    problems: list[Problem]
    left: bool


def mended(text: str, shown: str) -> Mended:
    """A file that TOML refuses, read on beyond each slip that can be put right, so that all are found at once."""
    problems: list[Problem] = []
    fault = _fault(text)
    while fault and len(problems) < MOST:
        better, problem = _put_right(text, fault, shown)
        problems.append(problem)
        if better is None:
            break
        text, fault = better, _fault(better)
    return Mended(text, problems, fault is not None)


class _Fault(NamedTuple):
    line: int
    left: int
    """Characters of the text behind it."""
    says: str


def _fault(text: str) -> _Fault | None:
    """Where TOML stops to understand a text, and why; None where it reads all of it."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        says, _, at = str(error).rpartition(" (at ")
        place = re.search(r"line (\d+), column (\d+)", at)
        lines = text.split("\n")
        line, column = (int(place[1]), int(place[2])) if place else (len(lines), len(lines[-1]))
        return _Fault(line, len("\n".join(lines[line - 1 :])) - column, says)
    return None


def _put_right(text: str, fault: _Fault, shown: str) -> tuple[str | None, Problem]:
    """The text without the first slip, if it can be put right, and what is said of it."""
    lines = text.split("\n")
    row = lines[fault.line - 1]

    def with_row(other: str) -> str:
        return "\n".join([*lines[: fault.line - 1], other, *lines[fault.line :]])

    def problem(found: str, suggestion: str, allowed: str) -> Problem:
        broken = f"broken TOML: {cut(found.strip(), 120)}"
        return Problem(f"{shown}:{fault.line}", "", broken, f"allowed: {allowed}", cut(suggestion.strip(), 80))

    if fault.says in TWICE:
        before = _first(lines[: fault.line - 1], row)
        found = f"{row.partition('=')[0].strip()} twice" + (f", first in line {before}" if before else "")
        return with_row(""), problem(found, "", "each key once in a table")
    if fault.says.startswith("Cannot declare"):
        before = _first(lines[: fault.line - 1], row)
        found = f"{row.strip()} twice" + (f", first in line {before}" if before else "")
        return None, problem(found, "", "each table once")
    for slip in SLIPS if len(row) <= LONGEST and len(text) <= LARGEST else ():
        other = slip.pattern.sub(slip.meant, row, count=0 if slip.all else 1)
        after = _fault(better := with_row(other)) if other != row else fault
        if after is None or after.left < fault.left:
            return better, problem(*_apart(row, other), slip.allowed)
    if row.rstrip().endswith("{"):
        return None, problem(row, "", "a table in braces on one line")
    return None, problem(f"{cut(row.strip(), 60) or 'nothing'} ({fault.says})", "", 'TOML: key = "text" or key = 0.5')


def _apart(row: str, other: str) -> tuple[str, str]:
    """Two lines around what differs between them."""
    changed = [block for block in SequenceMatcher(None, row, other, False).get_opcodes() if block[0] != "equal"]
    same, tail = changed[0][1], len(row) - changed[-1][2]
    first = max(0, row.rfind(" ", 0, max(0, same - BEFORE)) + 1)
    behind = max(0, tail - BEHIND)
    return row[first : len(row) - behind], other[first : len(other) - behind]


BEFORE, BEHIND = 25, 10
"""Characters that a message shows around a slip."""


TWICE = ("Cannot overwrite a value", "Duplicate inline table key")


def _first(lines: list[str], row: str) -> int:
    """The line of the same table that has the key of a row already, or has the same header; 0 where none is found."""
    header = row.strip().startswith("[")
    same = row.split("#")[0].strip() if header else row.partition("=")[0].strip()
    for number in range(len(lines), 0, -1):
        line = lines[number - 1].strip()
        if (line.split("#")[0].strip() if header else line.partition("=")[0].strip()) == same:
            return number
        if line.startswith("[") and not header:
            break
    return 0


class _Slip(NamedTuple):
    pattern: re.Pattern[str]
    meant: str | Callable[[re.Match[str]], str]
    allowed: str
    all: bool = False
    """Whether it is put right throughout the line."""


def _date(match: re.Match[str]) -> str:
    day = likely(match[2])
    return f"{match[1]}{day}" if day else match[0]


_SET = r"([\w.\"-]+\s*=\s*)"
SLIPS = (
    _Slip(re.compile("[“”„«»″]"), '"', "straight quotes", all=True),
    _Slip(re.compile(_SET + r"(\d+[./-]\d+[./-]\d+|\d{1,2}\.? [A-Za-z]+ \d{4})"), _date, "a date as 1955-04-01"),
    _Slip(re.compile(_SET + r"([+-]?\d+),(\d+)"), r"\1\2.\3", "a decimal point"),
    _Slip(re.compile(_SET + r"([+-]?)\.(\d)"), r"\1\g<2>0.\3", "a digit before the decimal point"),
    _Slip(re.compile(_SET + r"(True|False)\b"), lambda m: m[1] + m[2].lower(), "true or false"),
    _Slip(re.compile(_SET + r"([^\W\d][^\"'#,}\]=]*?)(?=\s*(?:[,}\]#]|$))"), r'\1"\2"', "a text in quotes"),
    _Slip(re.compile(r"\\+"), r"\\\\", "two backslashes for one", all=True),
    _Slip(
        re.compile(r"^(\s*)([^\s=\"'\[#]*[^\x00-\x7f][^\s=\"'\[#]*)(?=\s*=)"),
        r'\1"\2"',
        "letters from a to z, or a name in quotes",
    ),
    _Slip(re.compile(r"^(\s*[\w-]+)\s*:?\s+(?=[\[{\"\d])"), r"\1 = ", "key = value"),
    _Slip(re.compile(r"^(\s*\[[^\[\]#=]+)(?=\s*(?:#|$))"), r"\1]", "[ closed by ]"),
    _Slip(re.compile(r"^(\s*\[\[[^\[\]#=]+)\]?(?=\s*(?:#|$))"), r"\1]]", "[[ closed by ]]"),
    _Slip(re.compile(r"([\w\"\]}])\s+([\w-]+\s*=)(?=\s)"), r"\1, \2", "commas between the parts"),
    _Slip(re.compile(r"([^\s{])(?=\s*(?:#[^\"]*)?$)"), r"\1 }", "{ closed by }"),
)
"""What is written instead of TOML, and what is meant by it; one counts only where the file can then be read on."""
