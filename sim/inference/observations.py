"""What was observed: the conduct of states on dated motions, read from a table beside the scenario.

Conduct is relative to the leader: ``support`` stands with it, ``abstain`` stands aside or stays away, ``oppose`` stands
against it. Only motions on which the answer of everybody asked is known are coded (docs/calibration.md).
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.errors import InputError, Problem, listed, nearest
from sim.model.arrays import Codes
from sim.scenario.checks import reached, unreached
from sim.scenario.names import unprintable
from sim.scenario.reading import parse_csv, read_text
from sim.scenario.tables import CONDUCT, ScenarioTables, Time

BESIDE = "observations.csv"
"""The table of an alliance's motions, beside its scenario."""
COLUMNS = ("date", "motion", "title", "member", "conduct", "source")
LAST_EVIDENCE = dt.date(2023, 8, 31)
"""Of the project's own calibrations: the paper appeared in the month after."""


class Motion(NamedTuple):
    """A motion: its date, and by row of the scenario's members what each did."""

    name: str
    date: dt.date
    rows: tuple[int, ...]
    codes: Codes  # (state,) values of CONDUCT
    title: str = ""


def read(file: Path, members: Sequence[str]) -> list[Motion]:
    """The motions of a file. Raises InputError as :func:`parse`, or where it cannot be read."""
    return parse(read_text(file), str(file), members)


def parse(text: str, shown: str, members: Sequence[str] | None, time: Time | None = None) -> list[Motion]:
    """The motions of a table by date, then by name; where ``members`` are not known none, states unchecked.

    Where ``time`` is known all lie in it.

    Raises
    ------
    InputError
        With every row that cannot be used.
    """
    table = parse_csv(text, shown, COLUMNS)
    problems = list(table.problems)
    dates: dict[str, dt.date] = {}
    titles: dict[str, str] = {}
    conduct: dict[str, dict[str, int]] = {}
    for line, row in table.rows:
        wrong = _wrong(row, members, dates, conduct, time)
        problems += [Problem(f"{shown}:{line}", *w) for w in wrong]
        if not wrong:
            titles[row["motion"]] = row["title"]
            dates[row["motion"]] = dt.date.fromisoformat(row["date"])
            conduct.setdefault(row["motion"], {})[row["member"]] = CONDUCT[row["conduct"]]
    if problems:
        raise InputError(problems)
    if members is None:
        return []
    return in_order(
        motion_of(name, dates[name], asked, members)._replace(title=titles[name]) for name, asked in conduct.items()
    )


def motion_of(name: str, date: dt.date, asked: Mapping[str, int], members: Sequence[str]) -> Motion:
    """A motion, of what each state asked did."""
    rows, codes = zip(*sorted((members.index(m), code) for m, code in asked.items()), strict=True)
    return Motion(name, date, rows, np.array(codes, dtype=np.int8))


def in_order(motions: Iterable[Motion]) -> list[Motion]:
    """By date, then by name."""
    return sorted(motions, key=lambda m: (m.date, m.name))


def of_scenario(tables: ScenarioTables) -> list[Motion]:
    """The motions on which a scenario itself says how states voted."""
    members = list(tables.members)
    return in_order(
        motion_of(o.motion, o.date, {m: CONDUCT[did] for m, did in o.conduct.items()}, members)
        for o in tables.votes or ()
    )


def _wrong(
    row: dict[str, str],
    members: Sequence[str] | None,
    dates: dict[str, dt.date],
    seen: dict[str, dict[str, int]],
    time: Time | None,
) -> list[tuple[str, str, str, str]]:
    """(key, found, allowed, suggestion) of each mistake of a row."""
    found = []
    try:
        date = dt.date.fromisoformat(row["date"])
    except ValueError:
        found.append(("date", f"{row['date']} is not a date", "allowed: YYYY-MM-DD", ""))
    else:
        if time and (never := unreached(time, date)):
            found.append(("date", f"{date} is {never}", f"allowed: {reached(time)}", ""))
        if dates.get(row["motion"], date) != date:
            allowed = f"allowed: {dates[row['motion']]}, as in an earlier row"
            found.append(("date", f"{date} for {row['motion']}", allowed, ""))
    if members is not None and row["member"] not in members:
        found.append(("member", row["member"], f"allowed: {listed(members)}", nearest(row["member"], members)))
    elif row["member"] in seen.get(row["motion"], {}):
        found.append(("member", f"{row['member']} twice on {row['motion']}", "allowed: once", ""))
    if row["conduct"] not in CONDUCT:
        kinds = list(CONDUCT)
        found.append(("conduct", row["conduct"], f"allowed: {listed(kinds)}", nearest(row["conduct"], kinds)))
    if not re.fullmatch(r"[PBM]\d{3}|assumption: .+", row["source"]):
        found.append(("source", row["source"], "allowed: an id such as B123", ""))
    for column in ("motion", "title"):
        if sign := unprintable(row[column]):
            found.append((column, f"the character {sign}", "allowed: letters and signs", ""))
    if not row["motion"]:
        found.append(("motion", "no name", "required: one", ""))
    return found
