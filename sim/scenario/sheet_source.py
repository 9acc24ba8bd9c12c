"""A scenario's file together with the sheet that it names."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.errors import InputError, Problem
from sim.model.membership import STATUSES
from sim.scenario.messages import shown
from sim.scenario.reading import Keys, Source, Tables
from sim.scenario.sheet import RECORD, Coding, Sheet, read, width_rule
from sim.scenario.values import ASSUMPTION, Distribution

KEY = "sheet"
"""The key by which the file names it."""


@dataclass(frozen=True, kw_only=True)
class WithSheet(Source):
    """A file in whose tables lies what the sheet says, and where in the sheet that stands."""

    sheet: Sheet
    cells: dict[Keys, tuple[int, str]]

    def where(self, path: Keys) -> str:
        """Where a key, or what holds it, was written: in the sheet or in the file."""
        heads = (path[:n] for n in range(len(path), 0, -1))
        cell = next((self.cells[head] for head in heads if head in self.cells), None)
        return self.sheet.where(*cell) if cell else super().where(path)


def with_sheets(chain: Sequence[Source]) -> list[Source]:
    """The files, each with its sheet. Raises InputError for what is no sheet; other mistakes are kept with the file."""
    tables = [source.tables for source in chain]
    alliances = [t["alliance"] for t in tables if isinstance(t.get("alliance"), dict)]
    leader = next((a["leader"] for a in reversed(alliances) if isinstance(a.get("leader"), str)), "")
    states = list(dict.fromkeys(s for t in tables if isinstance(t.get("members"), dict) for s in t["members"]))
    return [_with_sheet(source, leader, states) if KEY in source.tables else source for source in chain]


def _with_sheet(source: Source, leader: str, states: Sequence[str]) -> WithSheet:
    name = source.tables.pop(KEY)
    if not isinstance(name, str):
        raise InputError([Problem(source.where((KEY,)), KEY, shown(name), "allowed: a file's name")])
    sheet = read(source.named(name, (KEY,)), leader, states).whole()
    sheet.problems[:0] = source.problems
    whole = WithSheet(source.file, source.text, source.tables, source.lines, sheet.problems, sheet=sheet, cells={})
    for (state, name), rows in sheet.groups.items():
        keys = (*(("leader",) if state == leader else ("members", state)), *name.split("."))
        if _holds(source.tables, keys):
            sheet.wrong(rows[0], "input", f"in {source.where(keys)} too", "allowed: in one of them")
        elif sheet.faulty.isdisjoint(row.line for row in rows):
            whole.cells[keys] = (rows[0].line, "value")
            _put(whole.tables, keys, _record(rows, keys, whole) if name == RECORD else _coded(rows, keys, whole))
    for state in {row.state for row in sheet.rows if row.input == RECORD and row.state in states}:
        if not _holds(whole.tables, ("members", state, RECORD)):
            _put(whole.tables, ("members", state, RECORD), STAND_IN)
    return whole


STAND_IN = [{"from": "1700-01-01", "status": STATUSES[-1], "sources": [f"{ASSUMPTION} to be coded"]}]
"""In the place of a record of which a mistake is reported already, so that it is not missing as well."""


def _holds(tables: object, keys: Sequence[str]) -> bool:
    for key in keys:
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True


def _put(tables: Tables, keys: Sequence[str], value: object) -> None:
    """Where the file has no table on the way, it says so itself."""
    for key in keys[:-1]:
        tables = tables.setdefault(key, {})
        if not isinstance(tables, dict):
            return
    tables[keys[-1]] = value


def _record(rows: Sequence[Coding], keys: Keys, source: WithSheet) -> list[dict[str, object]]:
    for i, row in enumerate(rows):
        source.cells[(*keys, i)] = (row.line, "value")
        source.cells[(*keys, i, "sources")] = (row.line, "source")
    return [{"from": r.date, "status": r.value, "sources": [*r.sources], "note": r.note} for r in rows]


def _coded(rows: Sequence[Coding], keys: Keys, source: WithSheet) -> dict[str, object]:
    """The value, knots or distribution of an input, with what its rows say of it."""
    first, said = rows[0], {c: next((getattr(r, c) for r in rows if getattr(r, c)), "") for c in ("join", "rule")}
    coded: dict[str, object] = {"note": "; ".join(dict.fromkeys(r.note for r in rows if r.note))}
    cited = [(s, r) for i, r in enumerate(rows) for s in r.sources if not any(s in e.sources for e in rows[:i])]
    coded["sources"] = [s for s, _ in cited]
    for k, (_, row) in enumerate(cited):
        source.cells[(*keys, "sources", k)] = (row.line, "source")
    if said["join"]:
        coded["join"] = said["join"]
    if said["rule"]:
        coded["rule"] = said["rule"]
        source.cells[(*keys, "rule")] = (next(r.line for r in rows if r.rule), "rule")
    if width := next((r.width for r in rows if r.width), None):
        coded["rule"], rule = width_rule(width)
        source.tables.setdefault("rules", {})[coded["rule"]] = rule
    if first.date is None:
        coded["distribution" if isinstance(first.value, Distribution) else "value"] = first.value
    else:
        coded["knots"] = {f"{r.date}": r.value for r in rows}
    return coded
