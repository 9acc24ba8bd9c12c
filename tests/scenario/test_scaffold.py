"""A new alliance: its files, what check says of them, and the guide's examples."""

import csv
import datetime as dt
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sim
from sim.cli.new import main
from sim.errors import InputError
from sim.model.dates import parse
from sim.model.declaration import Input
from sim.scenario.load import load
from sim.scenario.messages import toml
from sim.scenario.scaffold import _inputs, _optional
from sim.scenario.tables import places
from sim.scenario.warnings import check
from tests.hostile import NAMES

GUIDE = Path(__file__).parents[2] / "docs" / "coding-guide.md"
MEMBERS = ["POL=Poland", "HUN=Hungary"]


def test_check_names_every_value_that_is_missing(tmp_path: Path) -> None:
    main("test-pact", "SUN", MEMBERS, "1955-07-01", "1991-10-01", tmp_path)
    file = tmp_path / "test-pact/history-1955-1991.toml"
    problems = check(file, file.parent / "sources.toml")
    needed = {place.path for place in places(["POL", "HUN"]) if not place.input.optional}
    needed |= {f"members.{state}.record[0].status" for state in ("POL", "HUN")}
    assert {p.path.removesuffix(".value") for p in problems} == needed
    assert {p.found for p in problems} == {"not coded yet"}


def valued(text: str) -> str:
    """A scaffold in which something stands for every question mark."""
    return text.replace('value = "?"', 'value = "low"').replace('status = "?"', 'status = "active"')


def sourced(text: str) -> str:
    """And for every source that was left open."""
    return text.replace("assumption: not coded yet", "assumption: a test")


def test_when_all_is_coded_it_runs(tmp_path: Path) -> None:
    main("test-pact", "SUN", MEMBERS, "1955", "1957", tmp_path)
    file = tmp_path / "test-pact/history-1955-1957.toml"
    values = valued(file.read_text())
    file.write_text(values)
    where = {p.path for p in check(file)}
    needed = {place.path for place in places(["POL", "HUN"]) if not place.input.optional}
    assert where == needed | {f"members.{s}.record[0]" for s in ("POL", "HUN")}, "a value without a source"
    file.write_text(sourced(values))
    assert check(file) == []
    assert load(file).members == ["POL", "HUN"]
    assert len(sim.run(load(file), runs=20).members) > 0


def test_the_guides_late_entrant_enters_and_cites_a_shipped_registry(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(\[members\.GRC\].*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    head, event = example.split("\n[[events]]")
    states = {"BEL": "Belgium", "GRC": "Greece", "ITA": "Italy"}
    file, *_ = sim.new("pact", "USA", states, "1949-04-04", "1954-04-04", tmp_path)
    text = sourced(valued(file.read_text("utf-8"))).replace("csto/sources.toml", "nato/sources.toml")
    name = '[members.GRC]\nname = "Greece"\n'
    before, after = text.split(name)
    record = head.replace("[members.GRC]\n", name)
    entered = f"{before}{record}{after.partition(chr(10))[2]}\n[[events]]{event}"
    file.write_text(entered, "utf-8")
    assert check(file) == []
    file.write_text(entered.rpartition("[[events]]")[0], "utf-8")
    assert ["no event says so" in p.found for p in check(file)] == [True]


def test_optional_inputs_can_be_added_to_a_sheet(tmp_path: Path) -> None:
    file, _, rows = sim.new("pact", "SUN", {"POL": "Poland", "HUN": "Hungary"}, "1955", "1957", tmp_path, True)
    fill(rows)
    for state, name in (("POL", "institution"), ("SUN", "domestic_crisis")):
        with rows.open("a", encoding="utf-8") as sheet:
            sheet.write(f"{state},{name},,high,,assumption: a test,,,,\n")
    assert check(file) == []
    coded = load(file).resolved["tables"]
    assert coded["members"]["POL"]["institution"]["value"] == coded["leader"]["domestic_crisis"]["value"] == "high"


def test_an_optional_input_is_not_asked_for() -> None:
    inputs = [Input("trust", "Q", "", optional=True), Input("ties", "D", "", ("trade",), optional=True)]
    assert len(_inputs([*inputs, Input("war", "W", "")], "leader")) == 1


def test_a_rival_that_is_not_the_west_is_named_wherever_a_coder_reads(tmp_path: Path) -> None:
    for in_sheet in (False, True):
        home = tmp_path / str(in_sheet)
        files = sim.new("gulf", "SAU", {"KWT": "Kuwait", "QAT": "Qatar"}, "1981", "1983", home, in_sheet, rival="Iran")
        text = "\n".join(file.read_text("utf-8") for file in files)
        assert "a quarrel with Iran would cost" in text
        assert "West" not in text.replace("western_ties", "")
    written = files[-1].read_text("utf-8-sig")
    fill(files[-1])
    assert load(files[0]).tables.alliance.rival_name == "Iran"
    assert sim.sheet(load(files[0]), tmp_path / "again.csv", blank=True).read_text("utf-8-sig") == written
    with pytest.raises(InputError, match=r"^rival: "):
        sim.new("gulf", "SAU", {"KWT": "Kuwait", "QAT": "Qatar"}, "1981", "1983", tmp_path, rival="=Iran")


def test_an_optional_input_is_named_in_a_comment() -> None:
    asked, optional = Input("war", "W", ""), Input("trust", "Q", "trust in the West", optional=True)
    assert _optional([asked, optional], "a member", "") == [
        "# May be coded too, of a member: trust, trust in the West; else 0."
    ]
    assert "trust in Iran" in _optional([optional], "a member", "Iran")[0]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    main("test-pact", "SUN", MEMBERS, "1955", "1957", tmp_path)
    file = tmp_path / "test-pact/history-1955-1957.toml"
    file.write_text("years of work")
    with pytest.raises(InputError, match="is there already"):
        main("test-pact", "SUN", MEMBERS, "1955", "1957", tmp_path)
    assert file.read_text() == "years of work"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("Test Pact", "SUN", MEMBERS, "1955", "1957"), "small letters"),
        (("p", "su", MEMBERS, "1955", "1957"), "three capital letters"),
        (("p", "POL", MEMBERS, "1955", "1957"), "leader is not listed"),
        (("p", "SUN", ["POL=Poland"], "1955", "1957"), "at least two"),
        (("p", "SUN", ["POL", "HUN"], "1955", "1957"), "CODE=NAME"),
        (("p", "SUN", MEMBERS, "1955", "soon"), "end: soon"),
        (("p", "SUN", MEMBERS, "1957", "1955"), "end: 1955-01-01 is not after the start 1957-01-01"),
        (("p", "SUN", MEMBERS, "1955-01-01", "1957-02-01"), "whole number of quarters after"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: tuple[object, ...], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        main(*arguments, tmp_path)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("in_sheet", [False, True])
def test_what_is_written_loads_whatever_the_names(tmp_path: Path, name: str, in_sheet: bool) -> None:
    """A name is kept to the letter, or refused before anything is written; so for every place that takes one."""
    of = NAMES[name]
    places_of_names = {
        "member's name": (of.title, ("LEA=Leader", {"AAA": of.text, "BBB": "State B"})),
        "leader's name": (of.title, (f"LEA={of.text}", {"AAA": "State A", "BBB": "State B"})),
        "member": (of.code, ("LEA", {of.text: "State A", "BBB": "State B"})),
        "leader": (of.code, (of.text, {"AAA": "State A", "BBB": "State B"})),
    }
    for place, (fine, (leader, members)) in places_of_names.items():
        out = tmp_path / place.replace("'", "")
        try:
            file, *_ = sim.new("pact", leader, members, "1955", "1957", out, sheet=in_sheet)
        except InputError:
            assert not fine
            assert not out.exists()
            continue
        assert fine or (place == "leader's name" and not of.text), "no name of the leader is no mistake"
        file.write_text(sourced(valued(file.read_text("utf-8"))), "utf-8")
        if in_sheet:
            fill(file.with_name("sheet.csv"))
        assert check(file, file.with_name("sources.toml")) == []
        tables = load(file).tables
        assert {code: m.name for code, m in tables.members.items()} == members
        assert tables.alliance.leader == leader.partition("=")[0]
        assert tables.alliance.leader_name == leader.partition("=")[2]


def fill(its: Path) -> None:
    """Code every row alike."""
    rows = list(csv.reader(io.StringIO(its.read_text("utf-8-sig"))))
    for row in rows[1:]:
        row[2:4] = ["1900", "active"] if row[1] == "record" else ["", "low"]
        row[5] = "assumption: a test"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    its.write_bytes(out.getvalue().encode())


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_written_as_toml_reads_it(name: str) -> None:
    text = NAMES[name].text
    for given in (text, f"\\{text}", f"\"\"\"{text}'''", f"{text}\x7f\u2028\x85"):
        assert tomllib.loads(f"x = {toml(given)}") == {"x": given}
        assert toml(given).isprintable()


def test_all_that_is_wrong_is_said_at_once_and_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "pact").mkdir()
    (tmp_path / "pact" / "mine.txt").write_text("years of work")
    members = ["POL=Poland", "POL=Poland", "hun=Hungary", "CZE", "ROU=\n"]
    with pytest.raises(InputError) as caught:
        sim.new("pact", "sun", members, "1955", "soon", tmp_path)
    said = "\n".join(map(str, caught.value.problems))
    for words in (
        'leader: "sun"',
        "did you mean SUN?",
        'member: "POL" twice',
        'member: "Poland" twice',
        "did you mean HUN?",
        "CODE=NAME",
        "member: ROU:",
        "end: soon",
        "pact: is there already",
    ):
        assert words in said
    assert [file.name for file in tmp_path.rglob("*")] == ["pact", "mine.txt"]


def test_all_files_are_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_text

    def full(file: Path, *arguments: str, **how: str) -> int:
        if file.name == "sources.toml":
            raise OSError(28, "No space left on device")
        return write(file, *arguments, **how)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InputError, match="cannot be written"):
        main("pact", "SUN", MEMBERS, "1955", "1957", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "pact").mkdir()
    main("pact", "SUN", MEMBERS, "1955", "1957", tmp_path)
    assert {file.name for file in (tmp_path / "pact").iterdir()} == {"history-1955-1957.toml", "sources.toml"}


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_where_no_folder_can_be_made(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        main("pact", "SUN", MEMBERS, "1955", "1957", tmp_path / out)


def test_members_may_be_a_list_a_mapping_and_nothing_else(tmp_path: Path) -> None:
    one, other = (
        sim.new("pact", "SUN", members, "1955", "1957", tmp_path / f"{k}")[0].read_text()
        for k, members in enumerate((MEMBERS, {"POL": "Poland", "HUN": "Hungary"}))
    )
    assert one == other
    for nonsense in (5, "POL=Poland"):
        with pytest.raises(InputError, match=r"^member: "):
            sim.new("pact", "SUN", nonsense, "1955", "1957", tmp_path)


def test_the_guides_walk_is_walked(tmp_path: Path) -> None:
    """Every command of the guide, in its order in an empty folder; sheets are filled once they are there."""
    text = GUIDE.read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert sum(line.startswith("cohesion ") for line in lines) == len(lines) - 1 == 7
    cohesion = f'cohesion() {{ {shlex.quote(sys.executable)} -m sim "$@"; }}; '
    env = {**os.environ, "PYTHONPATH": str(GUIDE.parents[1])}
    said = {}
    for line in lines:
        done = subprocess.run(["bash", "-c", cohesion + line], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said[line.split()[1]] = done.stdout
        if line.startswith("cp "):
            for its in (tmp_path / "little-entente/sheet.csv", tmp_path / "second-coder.csv"):
                fill(its)
    assert "history-1921-1938.toml: fine" in said["check"]
    assert "agree on 100 % of the 81 values" in " ".join(said["agreement"].split())
    assert (tmp_path / "results/history-1921-1938/provenance.json").exists()


def test_the_guide_has_the_anchors_of_the_scenarios() -> None:
    spec = importlib.util.spec_from_file_location("anchors", GUIDE.with_name("anchors.py"))
    assert spec is not None
    assert spec.loader is not None
    anchors = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anchors)
    text = GUIDE.read_text("utf-8")
    assert anchors.filled(text) == text, "run python docs/anchors.py"
    assert len(re.findall(r"\(Warsaw Pact\)", text)) > 30


def test_the_guides_command_is_one() -> None:
    """The scaffold that the guide shows can be made."""
    command = re.search(r"`cohesion new (.*?)`", GUIDE.read_text("utf-8"))
    assert command
    assert "--leader SUN" in command[1]


SPANS = [
    ("1955", "1957"),
    ("1900", "2199-12-31"),
    ("1900", "2200"),
    ("1900", "2200-04-01"),
    ("1900", "2200-12-31"),
    ("1900", "2500"),
    ("1600", "1700"),
    ("1700", "1700-04"),
    ("1955", "1955-02"),
    ("1955", "1955"),
    ("1955-05-31", "1991-02-28"),
    ("1955-02-29", "1991"),
    ("1700", "2101"),
]


@pytest.mark.parametrize(("start", "end"), SPANS)
@pytest.mark.parametrize("states", [2, 64, 65])
def test_what_new_takes_is_what_the_reader_takes(tmp_path: Path, start: str, end: str, states: int) -> None:
    members = {f"S{k}": f"State {k}" for k in range(states)}
    problems = []
    try:
        file, *_ = sim.new("pact", "SUN", members, start, end, tmp_path)
    except InputError as error:
        problems = error.problems
    if not problems:
        assert {p.found for p in sim.check(file)} == {"not coded yet"}
        return
    assert list(tmp_path.iterdir()) == []
    assert {p.where for p in problems} <= {"start", "end", "member"}
    for where, suggested in {(p.where, p.suggestion) for p in problems if p.suggestion and states < 65}:
        if where == "end":
            assert sim.new("pact", "SUN", members, start, suggested, tmp_path), "what is suggested is taken"
        else:
            assert parse(suggested) == dt.date(1955, 2, 28), "the nearest day that there is"
