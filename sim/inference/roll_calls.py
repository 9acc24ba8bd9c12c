"""Roll calls on general motions: how often in a year each state stood with the leader, aside, or against it.

They are motions on which the leader and its chief rival voted opposite, about the leader's own cause only now and then:
a second family of items beside the coded motions (docs/calibration.md). Of every state and year there is the number of
answers of each kind; absence is none.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.errors import InputError, Problem, listed, nearest
from sim.model.arrays import Array
from sim.scenario.checks import reached, unreached
from sim.scenario.names import unprintable
from sim.scenario.reading import parse_csv, read_text
from sim.scenario.tables import CONDUCT, Time

BESIDE = "roll-calls.csv"
"""The table of an alliance's roll calls, beside its scenario."""
KINDS = tuple(sorted(CONDUCT, key=lambda kind: -CONDUCT[kind]))
"""From support to opposition."""
COLUMNS = ("year", "member", *KINDS, "source")
MOST = 1000
"""Answers of a kind in a year; more would be a mistake."""


class Year(NamedTuple):
    """A year of roll calls: by row of the scenario's members how often each gave which answer."""

    year: int
    rows: tuple[int, ...]
    counts: Array  # (state, kind)

    @property
    def date(self) -> dt.date:
        """The day whose tick it tells of."""
        return dt.date(self.year, 12, 31)


def read(file: Path, members: Sequence[str]) -> list[Year]:
    """The years of a file. Raises InputError as :func:`parse`, or where it cannot be read."""
    return parse(read_text(file), str(file), members)


def parse(text: str, shown: str, members: Sequence[str] | None, time: Time | None = None) -> list[Year]:
    """The years of a table, in order; where ``members`` are not known none, states unchecked.

    Where ``time`` is known the last day of every year lies in it.

    Raises
    ------
    InputError
        With every row that cannot be used.
    """
    table = parse_csv(text, shown, COLUMNS)
    problems = list(table.problems)
    seen: dict[int, dict[str, list[int]]] = {}
    for line, row in table.rows:
        wrong = _wrong(row, members, seen, time)
        problems += [Problem(f"{shown}:{line}", *w) for w in wrong]
        if not wrong:
            seen.setdefault(int(row["year"]), {})[row["member"]] = [int(row[kind]) for kind in KINDS]
    if problems:
        raise InputError(problems)
    return [] if members is None else [_year(year, seen[year], members) for year in sorted(seen)]


def _year(year: int, answers: dict[str, list[int]], members: Sequence[str]) -> Year:
    rows, counts = zip(*sorted((members.index(m), n) for m, n in answers.items()), strict=True)
    return Year(year, rows, np.array(counts, dtype=np.float64))


def _wrong(
    row: dict[str, str], members: Sequence[str] | None, seen: dict[int, dict[str, list[int]]], time: Time | None
) -> list[tuple[str, str, str, str]]:
    """(key, found, allowed, suggestion) of each mistake of a row."""
    found = []
    year = _whole(row["year"])
    if year is None or not dt.MINYEAR <= year <= dt.MAXYEAR:
        found.append(("year", f"{row['year']} is not a year", "allowed: YYYY", ""))
    elif time and (never := unreached(time, dt.date(year, 12, 31))):
        found.append(("year", f"the end of {year} is {never}", f"allowed: {reached(time)}", ""))
    elif row["member"] in seen.get(year, {}):
        found.append(("member", f"{row['member']} twice in {year}", "allowed: once", ""))
    if members is not None and row["member"] not in members:
        found.append(("member", row["member"], f"allowed: {listed(members)}", nearest(row["member"], members)))
    numbers = {kind: _whole(row[kind]) for kind in KINDS}
    for kind, n in numbers.items():
        if n is None or n > MOST:
            found.append((kind, row[kind], f"allowed: a whole number from 0 to {MOST}", ""))
    if set(numbers.values()) == {0}:
        found.append(("", f"no answer of {row['member']}", "required: one or more, else no row", ""))
    if not row["source"] or (sign := unprintable(row["source"])):
        what = f"the character {sign}" if row["source"] else "no source"
        found.append(("source", what, "required: where the counts come from", ""))
    return found


def _whole(cell: str) -> int | None:
    """The number that a cell of digits says."""
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 10 else None
