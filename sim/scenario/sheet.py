"""A sheet for coders: coded values as rows of a CSV table, and the tables of a scenario that its rows stand for."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from sim.errors import InputError, Problem, in_order, listed, nearest
from sim.model.dates import WRITTEN, likely, parse
from sim.model.declaration import Input
from sim.model.membership import STATUSES
from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.messages import shown, unknown, wrong
from sim.scenario.names import unprintable
from sim.scenario.reading import Row, number_in, read_csv
from sim.scenario.rival import named, plain
from sim.scenario.tables import ScenarioTables
from sim.scenario.values import ASSUMPTION, DEFAULT, JOINS, JUDGEMENT, UNCODED, WORDS, Coded, Distribution, Entry, word

NEEDED = ("state", "input", "date", "value", "width", "source", "note")
COLUMNS = (*NEEDED, "join", "rule", "meaning")
"""The last is for the coder's eyes and not read."""
SUFFIX = ".csv"
RECORD = "record"
LINEAR, STEP = JOINS
WIDEST = 0.5


# ----------------------------------------------------------------------------------------------- what is coded


class Coding(NamedTuple):
    """A row: what a coder says of a state's input from a date on, or throughout; no value where it is not coded yet."""

    state: str
    input: str
    date: dt.date | None = None
    value: Entry | Distribution | None = None
    width: float | None = None
    sources: tuple[str, ...] = ()
    note: str = ""
    join: str = ""
    rule: str = ""
    line: int = 0


def _meanings(inputs: Iterable[Input], optional: bool, rival: str | None) -> dict[str, str]:
    """What each input says, or each of its channels, by its path within the state's table."""
    return {
        f"{i.name}.{channel}" if channel else i.name: named(i.meaning, rival)
        + (f": {plain(channel, rival)}" if channel else "")
        for i in inputs
        if optional or not i.optional
        for channel in i.channels or ("",)
    }


def meanings(of_leader: bool, optional: bool = True, rival: str | None = None) -> dict[str, str]:
    """What each row of a state says, in the order of the file: membership first; the leader's rival by its name."""
    if of_leader:
        return _meanings(LEADER_INPUTS, optional, rival)
    return {RECORD: f"membership from its date on: {listed(STATUSES)}"} | _meanings(MEMBER_INPUTS, optional, rival)


def blank(leader: str, states: Iterable[str]) -> list[Coding]:
    """A row for each value that a coder of these states has to code."""
    first = [Coding(leader, name) for name in meanings(of_leader=True, optional=False)]
    return first + [Coding(state, name) for state in states for name in meanings(of_leader=False, optional=False)]


def codings(tables: ScenarioTables) -> list[Coding]:
    """What a scenario codes, in the order of its file."""
    return [*_of_state(tables, ""), *(row for state in tables.members for row in _of_state(tables, state))]


def _of_state(tables: ScenarioTables, state: str) -> Iterator[Coding]:
    code = state or tables.alliance.leader
    if state:
        for m in tables.members[state].record:
            yield Coding(code, RECORD, m.from_, m.status, None, tuple(m.sources), m.note)
    for name in meanings(of_leader=not state):
        value = tables.values.get(f"members.{state}.{name}" if state else f"leader.{name}")
        if value and isinstance(value.coded, Coded) and value.coded.rule != DEFAULT:
            yield from _of_value(Coding(code, name), value.coded, tables.rules)


def _of_value(row: Coding, coded: Coded, rules: Mapping[str, Any]) -> Iterator[Coding]:
    """Its rows; what is said of the whole value stands in the first, what must be known of each in all."""
    rule = rules.get(coded.rule)
    width = rule.width if rule and rule.model_dump() == width_rule(rule.width)[1] else None
    said = "" if coded.rule == JUDGEMENT or width is not None else coded.rule
    join = "" if coded.join == LINEAR else coded.join
    row = row._replace(width=width, sources=tuple(coded.sources), note=coded.note, join=join, rule=said)
    if coded.distribution:
        yield row._replace(value=coded.distribution)
    for date, value in coded.entries().items():
        yield row._replace(date=date, value=value)
        row = row._replace(sources=(), note="")


def width_rule(width: float) -> tuple[str, dict[str, object]]:
    """The rule by which a number in [0, 1] is uncertain by so much."""
    says = f"A number from 0 to 1 as it is, give or take {width:g}"
    name = f"width_{width!r}".replace(".", "_")
    return name, {"says": says, "unit": "", "zero": 0.0, "one": 1.0, "width": width}


# ------------------------------------------------------------------------------------------------------ writing


FORMULA = ("=", "+", "-", "@")
"""With these a spreadsheet begins a formula; a text that begins so gets an apostrophe before it."""


def as_text(rows: Iterable[Coding], leader: str, rival: str | None = None) -> str:
    """The sheet as a file has it; the mark at its beginning tells spreadsheets that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    says = {of_leader: meanings(of_leader, rival=rival) for of_leader in (True, False)}
    for r in rows:
        texts = (r.state, r.input, r.date, r.value, r.width, joined(r.sources), r.note, r.join, r.rule)
        cells = [*texts, says[r.state == leader][r.input]]
        writer.writerow(guarded(_cell(c)) for c in cells)
    return "\ufeff" + out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, Distribution):
        return f"{value.family}({', '.join(f'{k}={v!r}' for k, v in value.parameters().items())})"
    return "" if value is None else str(value)


def joined(sources: Sequence[str]) -> str:
    """Sources parted by semicolons; one that holds a semicolon stands in double quotes."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerow(sources)
    joined = out.getvalue().removesuffix("\r\n")
    return joined if '"' in joined else joined.replace(";", "; ")


def _begins_formula(text: str) -> bool:
    return text.lstrip("' \t\r\n").startswith(FORMULA)


def guarded(text: str) -> str:
    """A text that a spreadsheet takes for no formula."""
    return f"'{text}" if _begins_formula(text) and number_in(text) is None else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and _begins_formula(text) else text


# ------------------------------------------------------------------------------------------------------ reading


class Sheet(NamedTuple):
    """A sheet read: what is coded, and what is wrong."""

    file: Path
    rows: list[Coding]
    problems: list[Problem]
    faulty: set[int]
    """Lines with a mistake."""

    def where(self, line: int, column: str) -> str:
        """File, line and column."""
        return f"{self.file}:{line}, column {column}"

    def wrong(self, row: Coding, column: str, found: str, allowed: str, suggestion: str = "") -> None:
        """Note a mistake with its file, line and column."""
        self.faulty.add(row.line)
        where = self.where(row.line, column)
        self.problems.append(Problem(where, f"{row.state}.{row.input}".strip("."), found, allowed, suggestion))

    def whole(self) -> "Sheet":
        """Itself, with a mistake noted for each value that is not coded yet, in the order of the lines."""
        for row in self.rows:
            if row.value is None and row.line not in self.faulty:
                allowed = listed(STATUSES) if row.input == RECORD else f"a number or one of {listed(list(WORDS))}"
                self.wrong(row, "value", "not coded yet", f"allowed: {allowed}")
        self.problems[:] = in_order(self.problems)
        return self

    @property
    def groups(self) -> dict[tuple[str, str], list[Coding]]:
        """The rows of each state and input by date, whatever their order in the sheet."""
        found: dict[tuple[str, str], list[Coding]] = {}
        for row in self.rows:
            if row.value is not None:
                found.setdefault((row.state, row.input), []).append(row)
        return {key: sorted(rows, key=lambda r: r.date or dt.date.min) for key, rows in found.items()}


def read(file: Path, leader: str = "", states: Sequence[str] = ()) -> Sheet:
    """Read a sheet and hold each row, and the rows of each input, against what may stand there.

    States are held against ``leader`` and ``states`` where these are given. Raises InputError for what is no sheet.
    """
    table = read_csv(file)
    unread = [
        Problem(f"{file}:1", "", f"unknown column {shown(c)}", f"allowed: {listed(COLUMNS)}", nearest(c, COLUMNS))
        for c in table.columns
        if c not in COLUMNS
    ]
    missing = [f"no column {c}" for c in NEEDED if c not in table.columns]
    unread += [Problem(f"{file}:1", "", m, f"required: {listed(NEEDED)}") for m in missing]
    if unread:
        raise InputError([*unread, *table.problems])
    sheet = Sheet(file, [], table.problems, set())
    for row in table.rows:
        cells = {column: _unguarded(cell.strip()) for column, cell in row.cells.items()}
        if any(cells.values()):
            sheet.rows.append(_coding(sheet, row._replace(cells=cells), leader, states))
    for rows in sheet.groups.values():
        _hold_together(sheet, rows)
    return sheet


def _coding(sheet: Sheet, row: Row, leader: str, states: Sequence[str]) -> Coding:
    """One row; a value that is wrong is noted, and stands as not coded."""
    cells = row.cells
    coding = Coding(cells["state"], cells["input"], note=cells["note"], rule=cells.get("rule", ""), line=row.line)

    def cell(column: str, parsed: Any) -> Any:
        try:
            return parsed(cells.get(column, ""))
        except PydanticCustomError as error:
            said = error.context or {}
            sheet.wrong(coding, column, said["found"], said["allowed"], said["suggestion"])
        return None

    def state(text: str) -> None:
        if not text:
            raise wrong("no state", "required: its code")
        if leader and text not in (leader, *states):
            raise unknown("state", text, [leader, *states])

    def name(text: str) -> None:
        if leader and coding.state not in (leader, *states):
            return  # which inputs it has is not known
        inputs = [*meanings(of_leader=True)] if not leader or coding.state == leader else []
        inputs += meanings(of_leader=False) if coding.state != leader else []
        if text not in inputs:
            raise unknown("input", text, inputs)

    for column, text in cells.items():
        if sign := unprintable(text, but="\n\t"):
            sheet.wrong(coding, column, f"the character {sign}", "allowed: letters and signs")
    for column, check in (("state", state), ("input", name)):
        cell(column, check)
    coding = coding._replace(
        date=cell("date", _date),
        value=cell("value", lambda text: _value(text, coding)),
        width=cell("width", lambda text: _width(text, cells["value"], coding)),
        sources=tuple(parted_sources(cells["source"])),
        join=cell("join", _join) or "",
    )
    return coding._replace(value=None) if row.line in sheet.faulty else coding


def _date(text: str) -> dt.date | None:
    try:
        return parse(text) if text else None
    except ValueError as error:
        raise wrong(f"{shown(text)} {error}", f"allowed: {WRITTEN}", likely(text)) from None


_DISTRIBUTION = re.compile(r"(\w+)\s*\((.*)\)")


def _value(text: str, of: Coding) -> Entry | Distribution | None:
    lower, number = text.lower(), number_in(text)
    if text in ("", UNCODED):
        return None
    if of.input == RECORD:
        if lower not in STATUSES:
            raise unknown("status", text, STATUSES)
        return lower
    if number is not None:
        if not of.rule and not 0 <= number <= 1:
            raise wrong(text, "allowed: 0 to 1, or a figure with its rule")
        return number
    if drawn := _DISTRIBUTION.fullmatch(lower):
        return _distribution(drawn[1], drawn[2])
    return word(text if lower not in WORDS else lower)


def _distribution(family: str, parameters: str) -> Distribution:
    given = dict(p.partition("=")[::2] for p in parameters.replace(" ", "").split(",") if p)
    numbers = {k: number_in(v) for k, v in given.items()}
    try:
        drawn = Distribution.model_validate({"family": family, **numbers})
        Coded.model_validate({"distribution": drawn, "sources": [f"{ASSUMPTION} drawn"]})
    except ValidationError as error:
        said = error.errors()[0].get("ctx", {})
        raise wrong(
            said.get("found", parameters),
            said.get("allowed", "allowed: its parameters, as in beta(a=4, b=16)"),
            said.get("suggestion", ""),
        ) from None
    return drawn


def _width(text: str, value: str, of: Coding) -> float | None:
    if not text:
        return None
    if of.input == RECORD or of.rule or number_in(value) is None:
        raise wrong(text, "allowed: none; a word has its band, a distribution and a rule their own width")
    number = number_in(text)
    if number is None or not 0 < number <= WIDEST:
        raise wrong(text, f"allowed: a number above 0, at most {WIDEST}, with a decimal point")
    return number


def parted_sources(text: str) -> list[str]:
    """The sources that :func:`joined` put together."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";", skipinitialspace=True)
    return [source.strip() for row in rows for source in row if source.strip()]


def _join(text: str) -> str:
    if text and text.lower() not in JOINS:
        raise unknown("join", text, list(JOINS))
    return text.lower()


def _hold_together(sheet: Sheet, rows: list[Coding]) -> None:
    """Mistakes among the rows of one input of one state."""
    dates: dict[dt.date | None, int] = {}
    for row in rows:
        if row.date in dates:
            sheet.wrong(row, "date", f"{row.date or 'none'}, as in line {dates[row.date]}", "allowed: each date once")
        elif row.date is None and (len(rows) > 1 or row.input == RECORD):
            sheet.wrong(row, "date", "none", "required: from when the value holds")
        dates.setdefault(row.date, row.line)
        if row.input == RECORD and (row.join or row.rule):
            sheet.wrong(row, "join" if row.join else "rule", row.join or row.rule, "allowed: none")
        if row.input == RECORD and not row.sources:
            sheet.wrong(row, "source", "none", f'required: at least one, or "{ASSUMPTION} why"')
    for column in ("width", "join", "rule"):
        said = {getattr(row, column): row for row in rows if getattr(row, column)}
        if len(said) > 1:
            found = listed([str(x) for x in said])
            sheet.wrong([*said.values()][-1], column, found, "allowed: one for all dates of an input")
    if rows[0].input != RECORD and not any(row.sources for row in rows):
        sheet.wrong(rows[0], "source", "none", f'required: at least one, or "{ASSUMPTION} why"')
