"""What a page shows, as its address has it: the scenario, the levers moved, and what of single runs is looked at."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from sim.errors import InputError, Problem, listed, nearest
from sim.scenario.load import Scenario
from sim.scenario.messages import toml

ADDRESS = "address"
LONGEST, MOST_MOVES, MOST_RUNS = 8000, 64, 4096
"""Characters of an address, levers moved, and runs that are kept to look for one."""
ONCE = ("scenario", "state", "condition", "run", "at")
MOVED = "set"


class Move(NamedTuple):
    """A lever put to a value from a date on."""

    path: str
    value: float
    since: dt.date

    def __str__(self) -> str:
        return f"{self.path}={self.value:g}@{self.since}"


@dataclass(frozen=True)
class View:
    """What is shown; ``run`` and ``at`` (its tick) are None where no run is looked at."""

    scenario: str
    moves: tuple[Move, ...] = ()
    state: str = ""
    condition: str = ""
    run: int | None = None
    at: int | None = None

    @property
    def address(self) -> str:
        """The query of the page's address, which :func:`read` reads."""
        alone = [(name, getattr(self, name)) for name in ONCE]
        pairs = [(name, x) for name, x in alone if x is not None and x != ""]
        return urlencode([*pairs, *((MOVED, str(m)) for m in self.moves)])

    @property
    def changes(self) -> dict[str, Any]:
        """The moves as :func:`sim.load` takes them."""
        return {m.path: {"value": m.value, "from": m.since.isoformat()} for m in self.moves}


class Asked(NamedTuple):
    """An address in its parts, not yet held to a scenario, and what is wrong with them as such."""

    alone: dict[str, str]
    moves: list[str]
    problems: list[Problem]


def parts(query: str, also: Sequence[str] = ()) -> Asked:
    """The parts of a query, ``also`` some that only an answer takes. Raises InputError where it is too long."""
    if len(query) > LONGEST:
        raise InputError([Problem(ADDRESS, "", f"{len(query):,} characters", f"allowed: {LONGEST:,}")])
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    known = (*ONCE, *also)
    names = [name for name, _ in pairs]
    problems = [
        Problem(ADDRESS, "", f"{n:.60}", f"allowed: {listed([*known, MOVED])}", nearest(n, [*known, MOVED]))
        for n in dict.fromkeys(names)
        if n not in known and n != MOVED
    ]
    problems += [Problem(ADDRESS, n, "given twice", "allowed: once") for n in known if names.count(n) > 1]
    moves = [value for name, value in pairs if name == MOVED]
    if len(moves) > MOST_MOVES:
        problems.append(Problem(ADDRESS, MOVED, f"{len(moves)} of them", f"allowed: {MOST_MOVES}"))
    return Asked({name: value for name, value in pairs if name in known}, moves[:MOST_MOVES], problems)


def read(asked: Asked, name: str, scenario: Scenario) -> View:
    """The view that an address means. Raises InputError with all that is wrong with it."""
    problems = [*asked.problems]
    last = scenario.tables.time.end
    moves = tuple(m for text in asked.moves if (m := _move(text, scenario, problems)))
    paths = [m.path for m in moves]
    problems += [
        Problem(ADDRESS, p, "given twice", "allowed: once") for p in dict.fromkeys(paths) if paths.count(p) > 1
    ]
    if (state := asked.alone.get("state", "")) and state not in scenario.members:
        allowed = f"allowed: {listed(scenario.members, 64)}"
        problems.append(Problem(ADDRESS, "state", f"{state:.60}", allowed, nearest(state, scenario.members)))
    run = _whole(asked, "run", MOST_RUNS - 1, problems)
    at = _whole(asked, "at", 12 * (last.year - scenario.tables.time.start.year + 1), problems)
    if problems:
        raise InputError(problems)
    return View(name, moves, state, asked.alone.get("condition", "")[:500], run, at)


def _whole(asked: Asked, name: str, most: int, problems: list[Problem]) -> int | None:
    text = asked.alone.get(name, "")
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most:
        return int(text)
    problems.append(Problem(ADDRESS, name, f"{text:.60}", f"allowed: a number from 0 to {most}"))
    return None


def _move(text: str, scenario: Scenario, problems: list[Problem]) -> Move | None:
    """``PATH=NUMBER@DATE``; no date is the start."""
    path, _, rest = text.partition("=")
    amount, at, day = rest.partition("@")
    known, time = scenario.tables.adjustable, scenario.tables.time
    before = len(problems)
    if path not in known:
        allowed = "allowed: an input, a group of channels or a dispute"
        problems.append(Problem(ADDRESS, MOVED, f"{path:.100} is no lever", allowed, nearest(path, known)))
    value, since = -1.0, time.start
    with suppress(ValueError):
        value = float(amount)
    if not 0 <= value <= 1:
        problems.append(Problem(ADDRESS, path[:100], f"{amount:.60}", "allowed: a number from 0 to 1"))
    try:
        since = dt.date.fromisoformat(day) if at else time.start
    except ValueError:
        since = dt.date.max
    if not time.start <= since < time.end:
        allowed = f"allowed: YYYY-MM-DD, from {time.start} to before {time.end}"
        problems.append(Problem(ADDRESS, path[:100], f"from {day:.60}", allowed))
    return Move(path, value, since) if len(problems) == before else None


def as_file(view: View, parent: str, title: str) -> str:
    """A scenario file that extends the one looked at and has its levers moved."""
    head = [f"extends = {toml(parent)}", f"title = {toml(title)}"]
    head.append(f"description = {toml(f'{title}: set by hand.')}")
    for m in view.moves:
        head += ["", "[[adjustments]]", f"path = {toml(m.path)}", f"value = {m.value!r}", f"from = {m.since}"]
        head.append('sources = ["assumption: set by hand"]')
    return "\n".join([*head, ""])
