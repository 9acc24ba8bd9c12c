"""Sheets for coders: written, filled, read back, and wrong in every column."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.scenario import inheritance, sheet
from sim.scenario.load import load
from sim.scenario.reading import REGISTRY, Source, number_in, read_toml, scenario_files, shipped
from sim.scenario.warnings import check
from tests.hostile import NAMES

Rows = list[dict[str, str]]
SHIPPED = {file.relative_to(shipped("scenarios")).as_posix(): file for file in scenario_files()}


def pact(folder: Path, filled: Callable[[Rows], object] = lambda rows: None) -> Path:
    """A new alliance of three states whose sheet is filled, and then changed; its scenario's file."""
    file, _, its = sim.new(
        "pact", "LEA=Leader", {"AAA": "State A", "BBB": "State B"}, "1950", "1955", folder, sheet=True
    )
    rows = read(its)
    for row in rows:
        row |= {"value": "low", "source": "assumption: a test"}
        if row["input"] == "record":
            row |= {"value": "active", "date": "1950"}
    filled(rows)
    write(its, rows)
    return file


def read(file: Path) -> Rows:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))


def write(file: Path, rows: Rows, end: str = "\n", mark: str = "") -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, sheet.COLUMNS, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    file.write_bytes((mark + out.getvalue()).encode())


def row_of(rows: Rows, state: str, name: str) -> dict[str, str]:
    return next(row for row in rows if (row["state"], row["input"]) == (state, name))


# ----------------------------------------------------------------------------------------------------- round trip


def without_inputs(file: Path, its_sheet: Path | None) -> Source:
    """A scenario's file without any coded input or record, which names a sheet."""
    source = read_toml(file)
    source.tables.pop("leader", None)
    for state, member in source.tables.get("members", {}).items():
        kept = {k: v for k, v in member.items() if k in ("name", "admissible", "note")}
        source.tables["members"][state] = kept
    return replace(source, tables=source.tables | ({"sheet": str(its_sheet)} if its_sheet else {}))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_sheet_of_a_shipped_scenario_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Every input and record is in the sheet alone, and the fingerprint is the same to the last digit."""
    scenario = load(SHIPPED[name])
    its = sim.sheet(scenario, tmp_path / "its.csv")
    rows = sheet.read(its, scenario.tables.alliance.leader, scenario.members).rows
    assert [row._replace(line=0) for row in rows] == sheet.codings(scenario.tables)
    named = {file: its if file == SHIPPED[name] else None for file in SHIPPED.values()}

    def stripped(file: Path, on: bool = False) -> Source:
        if file.suffix and file.name != REGISTRY:
            return without_inputs(file, named[file.resolve()])
        return read_toml(file, on)

    monkeypatch.setattr(inheritance, "read_toml", stripped)
    again = load(SHIPPED[name])
    assert again.fingerprint == scenario.fingerprint
    assert again.members == scenario.members


def test_the_order_of_rows_and_what_spreadsheets_do_to_a_file_change_nothing(tmp_path: Path) -> None:
    def later(rows: Rows) -> None:
        first = row_of(rows, "AAA", "threat.regime")
        rows.append({**first, "date": "1952-03", "value": "High "})
        first |= {"date": "1950", "join": "step"}

    file = pact(tmp_path, later)
    as_it_was, rows = load(file), read(file.with_name("sheet.csv"))
    path = as_it_was.tables.values["members.AAA.threat.regime"].coded
    assert list(path.knots.values()) == ["low", "high"]
    blank = dict.fromkeys(sheet.COLUMNS, "")
    write(file.with_name("sheet.csv"), [*reversed(rows), blank, blank], "\r\n", "\ufeff")
    again = load(file)
    assert again.fingerprint == as_it_was.fingerprint
    assert again.members == ["AAA", "BBB"]


def test_a_filled_sheet_runs(tmp_path: Path) -> None:
    assert len(sim.run(load(pact(tmp_path)), runs=16).members) > 0


def test_a_second_coders_sheet_takes_the_place_of_the_firsts(tmp_path: Path) -> None:
    """A file that extends another and names a sheet has its values, and keeps the dates of the first."""
    file = pact(tmp_path)
    rows = read(file.with_name("sheet.csv"))
    row_of(rows, "AAA", "affinity")["value"] = "high"
    row_of(rows, "LEA", "war")["value"] = "medium"
    row_of(rows, "BBB", "record")["value"] = "frozen"
    write(file.with_name("second.csv"), rows)
    child = file.with_name("second.toml")
    child.write_text(f'extends = "{file.name}"\ntitle = "Second"\nsheet = "second.csv"\n')
    first, second = load(file).tables, load(child).tables
    assert second.values["members.AAA.affinity"].coded.value == "high"
    assert second.values["leader.war"].coded.value == "medium"
    assert [m.status for m in second.members["BBB"].record] == ["frozen"]
    assert second.time == first.time
    assert [v for v in second.values if second.values[v] != first.values[v]] == ["members.AAA.affinity", "leader.war"]


def test_a_width_is_a_band_around_a_number(tmp_path: Path) -> None:
    file = pact(tmp_path, lambda rows: row_of(rows, "AAA", "affinity").update(value="0.95", width="0.1"))
    tables = load(file).tables
    rule = tables.rules[tables.values["members.AAA.affinity"].coded.rule]
    assert rule.band(0.95) == pytest.approx((0.85, 1.0))
    (row,) = [r for r in sheet.codings(tables) if (r.state, r.input) == ("AAA", "affinity")]
    assert (row.value, row.width, row.rule) == (0.95, 0.1, "")


def test_notes_and_sources_of_several_rows_are_kept(tmp_path: Path) -> None:
    def two(rows: Rows) -> None:
        first = row_of(rows, "AAA", "affinity")
        rows.append({**first, "date": "1952", "source": '"assumption: a; b"; assumption: c', "note": "later"})
        first |= {"date": "1950", "note": "at first"}

    coded = load(pact(tmp_path, two)).tables.values["members.AAA.affinity"].coded
    assert coded.sources == ["assumption: a test", "assumption: a; b", "assumption: c"]
    assert coded.note == "at first; later"


# ------------------------------------------------------------------------------------------------------- spreadsheets


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_kept_and_begins_no_formula(tmp_path: Path, name: str) -> None:
    """Whatever stands in a note or a source comes back as it was, or is refused with its place."""
    text = NAMES[name].text.strip()
    rows = [sheet.Coding("AAA", "affinity", None, "low", None, (f"assumption: {text or 'a'}", "x"), text, line=2)]
    file = tmp_path / "one.csv"
    file.write_text(sheet.as_text(rows, "LEA"), "utf-8", newline="")
    for line in read(file):
        for cell in line.values():
            assert number_in(cell) is not None or not cell.startswith(("=", "+", "-", "@"))
    found = sheet.read(file)
    if found.problems:
        assert str(found.problems[0]).startswith(f"{file}:")
        assert ", column " in str(found.problems[0])
        assert not text.isprintable()
    elif "\r" not in text:
        assert [r._replace(line=2) for r in found.rows] == rows


@pytest.mark.parametrize("text", ["'=1", "''-a", "'tis", "-0.1", "+5", "\t=1"])
def test_an_apostrophe_that_was_there_stays(text: str) -> None:
    assert sheet._unguarded(sheet.guarded(text)) == text


# ----------------------------------------------------------------------------------------------------------- mistakes

MISTAKES = {
    "not coded": ({"value": ""}, "value", "not coded yet"),
    "question mark": ({"value": "?"}, "value", "not coded yet"),
    "word": ({"value": "hihg"}, "value", 'unknown word "hihg"; .*did you mean high?'),
    "decimal comma": ({"value": "0,5"}, "value", "decimal comma; .*did you mean 0.5?"),
    "too large": ({"value": "1.5"}, "value", "1.5; allowed: 0 to 1"),
    "infinite": ({"value": "inf"}, "value", "unknown word"),
    "formula": ({"value": "=A1"}, "value", "unknown word"),
    "distribution": ({"value": "beta(a=4)"}, "value", "allowed: a, b"),
    "family": ({"value": "bета(a=4, b=2)"}, "value", "unknown distribution"),
    "parameter": ({"value": "beta(a=4, c=2)"}, "value", "allowed: its parameters"),
    "state": ({"state": "AAB"}, "state", 'unknown state "AAB"; .*did you mean AAA?'),
    "no state": ({"state": ""}, "state", "no state"),
    "input": ({"input": "afinity"}, "input", 'unknown input "afinity"; .*did you mean affinity?'),
    "input of the leader": ({"input": "war"}, "input", 'unknown input "war"'),
    "date": ({"date": "9/2/1952"}, "date", "is not a date; allowed: YYYY"),
    "width of a word": ({"width": "0.1"}, "width", "0.1; allowed: none"),
    "width": ({"value": "0.5", "width": "0.6"}, "width", "0.6; allowed: a number above 0, at most 0.5"),
    "no source": ({"source": " "}, "source", "none; required: at least one"),
    "source": ({"source": "cinx AAA 1950"}, "source", 'unknown source "cinx AAA 1950"'),
    "assumption": ({"source": "assumption:"}, "source", "an assumption without its reason"),
    "rule": ({"rule": "share"}, "rule", 'unknown rule "share"'),
    "join": ({"join": "stpe"}, "join", 'unknown join "stpe"; .*did you mean step?'),
    "control": ({"note": "a\x1b[31m"}, "note", r"the character \\x1b"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_file_line_and_column(tmp_path: Path, name: str) -> None:
    change, column, said = MISTAKES[name]
    file = pact(tmp_path, lambda rows: row_of(rows, "AAA", "affinity").update(change))
    whole = read(pact(tmp_path / "whole").with_name("sheet.csv"))
    line = 2 + whole.index(row_of(whole, "AAA", "affinity"))
    with pytest.raises(InputError, match=said) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{file.with_name('sheet.csv')}:{line}, column {column}: ")


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    def change(rows: Rows) -> None:
        for row, (wrong, _, _) in zip(rows[8:], MISTAKES.values(), strict=False):
            row |= wrong

    problems = check(pact(tmp_path, change))
    assert len({p.where for p in problems}) == len(MISTAKES)


TOGETHER = {
    "twice": ({"date": "1951"}, {"date": "1951-01-01"}, "date", "1951-01-01, as in line"),
    "one without a date": ({"date": "1951"}, {"date": ""}, "date", "none; required: from when"),
    "two joins": ({"date": "1951", "join": "step"}, {"date": "1952", "join": "linear"}, "join", "linear, step"),
    "two widths": (
        {"date": "1951", "value": "0.1", "width": "0.1"},
        {"date": "1952", "value": "0.1", "width": "0.2"},
        "width",
        "0.1, 0.2; allowed: one for all dates",
    ),
}


@pytest.mark.parametrize("name", TOGETHER)
def test_rows_of_one_input_hold_together(tmp_path: Path, name: str) -> None:
    first, second, column, said = TOGETHER[name]

    def change(rows: Rows) -> None:
        row = row_of(rows, "AAA", "affinity")
        rows.append({**row, **second})
        row |= first

    (problem,) = check(pact(tmp_path, change))
    assert f", column {column}: AAA.affinity: " in str(problem)
    assert all(word in str(problem) for word in said.split(", "))


def test_a_record_has_dates_and_sources_in_each_row(tmp_path: Path) -> None:
    file = pact(tmp_path, lambda rows: row_of(rows, "BBB", "record").update(date="", source="", value="aktive"))
    assert [p.where.split()[-1] for p in check(file)] == ["value"]
    file = pact(tmp_path / "2", lambda rows: row_of(rows, "BBB", "record").update(date="", source="", join="step"))
    assert {p.where.split()[-1] for p in check(file)} == {"date", "source", "join"}


def test_check_takes_a_sheet_by_itself(tmp_path: Path) -> None:
    """What can be said without the scenario is: all but names of states and sources."""
    file = pact(tmp_path).with_name("sheet.csv")
    assert check(file) == []
    file = pact(tmp_path / "2", lambda rows: (rows[3].update(value="lwo"), rows[5].update(value=""))).with_name(
        "sheet.csv"
    )
    assert [(p.where, p.found) for p in check(file)] == [
        (f"{file}:5, column value", 'unknown word "lwo"'),
        (f"{file}:7, column value", "not coded yet"),
    ]


def test_a_value_stands_in_one_place(tmp_path: Path) -> None:
    file = pact(tmp_path)
    own = '\naffinity = { value = 0.1, sources = ["assumption: a test"] }\n'
    file.write_text(file.read_text().replace('name = "State A"', f'name = "State A"{own}'))
    (problem,) = check(file)
    assert "column input: AAA.affinity: in " in str(problem)
    assert f"{file}:" in str(problem)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("state;input;date\n", "parted by semicolons"),
        ("state,input,date,value,width,source,note,nots\n", 'unknown column "nots"'),
        ("state,input,date\n", "no column value"),
        (None, "no such file"),
    ],
)
def test_what_is_no_sheet(tmp_path: Path, text: str | None, said: str) -> None:
    file = pact(tmp_path)
    its = file.with_name("sheet.csv")
    its.unlink() if text is None else its.write_text(text)
    with pytest.raises(InputError, match=said):
        load(file)


def test_the_name_of_a_sheet_is_a_text(tmp_path: Path) -> None:
    file = pact(tmp_path)
    file.write_text(file.read_text().replace('sheet = "sheet.csv"', "sheet = 5"))
    with pytest.raises(InputError, match="sheet: 5; allowed: a file's name"):
        load(file)


# ------------------------------------------------------------------------------------------------------- the verb


def test_a_blank_sheet_asks_for_what_a_new_alliance_is_asked_for(tmp_path: Path) -> None:
    file = pact(tmp_path)
    anew = sim.sheet(file, tmp_path / "anew.csv", blank=True)
    asked = [(r["state"], r["input"]) for r in read(anew)]
    assert asked == [(r["state"], r["input"]) for r in read(file.with_name("sheet.csv"))]
    assert asked[0][0] == "LEA"
    assert next(name for state, name in asked if state == "AAA") == "record"
    assert not any(r["value"] or r["source"] for r in read(anew))


def test_no_sheet_is_overwritten(tmp_path: Path) -> None:
    file = pact(tmp_path)
    with pytest.raises(InputError, match="is there already; allowed: another `out`"):
        sim.sheet(file, file.with_name("sheet.csv"))
    with pytest.raises(InputError, match="cannot be written"):
        sim.sheet(file, tmp_path / "nowhere" / "its.csv")
