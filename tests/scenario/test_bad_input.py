"""Bad input: every mistake at once, with file, line, path, what is allowed and the nearest name."""

import re
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.model.dates import likely
from sim.scenario.load import load
from sim.scenario.reading import SHIPPED
from tests.helpers import SIX
from tests.scenarios import changed

SHAPE = re.compile(r"^[^:\n]+:\d+: \S+: .+")


def problems(file: Path, **overrides: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(file, {k.replace("__", "."): v for k, v in overrides.items()})
    return [str(p) for p in caught.value.problems]


def one(file: Path) -> str:
    found = problems(file)
    assert len(found) == 1, found
    return found[0]


def line_of(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if text in line)


CASES = {
    "unknown key": (
        ('title = "Six invented states"', 'title = "Six invented states"\ntitel = "x"'),
        "titel: unknown key; allowed: title",
        "did you mean title?",
    ),
    "unknown channel": (
        ("[members.AAA.western_ties]\ntrade =", "[members.AAA.western_ties]\ntrad ="),
        "members.AAA.western_ties.trad: unknown key",
        "did you mean trade?",
    ),
    "out of range": (
        ("coercion = { value = 0.6,", "coercion = { value = 1.6,"),
        "leader.coercion: 1.6; allowed: 0 to 1",
        "",
    ),
    "unknown word": (
        ('hierarchy = { value = "high",', 'hierarchy = { value = "hihg",'),
        'leader.hierarchy.value: unknown word "hihg"; allowed: none, low, medium, high, very high',
        "did you mean high?",
    ),
    "unknown member": (
        ('member = "CCC"', 'member = "CCD"'),
        'events[0].member: unknown member "CCD"; allowed: AAA, BBB, CCC, DDD, EEE',
        "did you mean CCC?",
    ),
    "unknown kind": (
        ('kind = "renewal"', 'kind = "renewel"'),
        'events[1]: unknown kind "renewel"; allowed: crisis, clash',
        "did you mean renewal?",
    ),
    "outside the horizon": (
        ("date = 2024-06-01", "date = 2031-06-01"),
        "events[1].date: 2031-06-01 is outside the horizon; allowed: from 2020-01-01 to before 2030-01-01",
        "",
    ),
    "no date": (("date = 2024-06-01", 'date = "soon"'), 'events[1].date: "soon" is not a date', ""),
    "knots out of order": (
        ("{ 2020-01-01 = 0.2, 2025-01-01 = 0.9 }", "{ 2025-01-01 = 0.2, 2020-01-01 = 0.9 }"),
        "leader.confrontation.knots: knot 2020-01-01 after 2025-01-01; allowed: dates in rising order",
        "",
    ),
    "nan": (("coercion = { value = 0.6,", "coercion = { value = nan,"), "leader.coercion.value: nan is not finite", ""),
    "infinite knot": (
        ("2025-01-01 = 0.9 }", "2025-01-01 = inf }"),
        "leader.confrontation.knots.2025-01-01: inf is not finite",
        "",
    ),
    "missing source": (
        ('coercion = { value = 0.6, sources = ["assumption: test"] }', "coercion = { value = 0.6 }"),
        "leader.coercion.sources: missing; required",
        "",
    ),
    "empty sources": (
        ('coercion = { value = 0.6, sources = ["assumption: test"] }', "coercion = { value = 0.6, sources = [] }"),
        "leader.coercion.sources: empty; allowed: at least 1",
        "",
    ),
    "source not in the registry": (
        (
            'coercion = { value = 0.6, sources = ["assumption: test"] }',
            'coercion = { value = 0.6, sources = ["P041"] }',
        ),
        'leader.coercion.sources[0]: unknown source "P041"',
        "",
    ),
    "unknown rule": (
        (
            'coercion = { value = 0.6, sources = ["assumption: test"] }',
            'coercion = { value = 0.6, rule = "judgment", sources = ["assumption: test"] }',
        ),
        'leader.coercion.rule: unknown rule "judgment"; allowed: judgement',
        "did you mean judgement?",
    ),
    "two forms": (
        ("coercion = { value = 0.6,", "coercion = { value = 0.6, knots = { 2020 = 0.1 },"),
        "leader.coercion: value, knots; allowed: one of value, knots, distribution",
        "",
    ),
    "number as text": (
        ("war = { knots = { 2020-01-01 = 0.0,", "war = { knots = { 2020-01-01 = true,"),
        "leader.war.knots.2020-01-01: true is not a number",
        "",
    ),
    "step": (
        ('step = "quarter"', 'step = "quater"'),
        'time.step: "quater"; allowed: month, quarter, year',
        "did you mean quarter?",
    ),
    "end before start": (("end = 2030-01-01", "end = 2019-01-01"), "time.end: 2019-01-01 is not after the start", ""),
    "end off the steps": (("end = 2030-01-01", "end = 2030-02-01"), "time.end: 2030-02-01 is no whole number", ""),
    "dispute with itself": (('between = ["AAA", "BBB"]', 'between = ["AAA", "AAA"]'), "disputes[0].between:", ""),
    "quorum": (('leader = "LEA"', 'leader = "LEA"\nquorum = 0'), "alliance.quorum: 0; allowed: at least 1", ""),
    "input misspelt": (
        ("[leader]\n", "[leader]\nreliabillity = 3\n"),
        "leader.reliabillity: unknown key",
        "did you mean reliability?",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_mistake(tmp_path: Path, case: str) -> None:
    change, says, suggests = CASES[case]
    file = changed(tmp_path, change)
    found = problems(file)
    assert any(says in p for p in found), found
    assert any(p.endswith(suggests) for p in found), found
    assert all(SHAPE.match(p) for p in found), found


def test_lines_are_right(tmp_path: Path) -> None:
    file = changed(
        tmp_path, ("coercion = { value = 0.6,", "coercion = { value = 1.6,"), ('member = "CCC"', 'member = "CCD"')
    )
    found = problems(file)
    assert found[0].startswith(f"{file}:{line_of(file, 'coercion')}: ")
    assert found[1].startswith(f"{file}:{line_of(file, 'CCD')}: ")


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    cases = ("unknown key", "out of range", "unknown member", "no date", "end off the steps")
    changes = [CASES[c][0] for c in cases]
    found = problems(changed(tmp_path, *changes))
    assert len(found) == len(changes), found


def test_broken_toml(tmp_path: Path) -> None:
    file = changed(tmp_path, ("[alliance]", "[alliance"))
    assert one(file).startswith(f"{file}:{line_of(file, '[alliance')}: broken TOML: ")


def test_key_given_twice(tmp_path: Path) -> None:
    assert "broken TOML" in one(changed(tmp_path, ('name = "Test pact"', 'name = "a"\nname = "b"')))


SLIPS = {
    "comma": ("value = 0.6,", "value = 0,6,", "a decimal point", "value = 0.6"),
    "no digit": ("value = 0.6,", "value = .6,", "a digit before the decimal point", "value = 0.6"),
    "curly quotes": ('hierarchy = { value = "high"', "hierarchy = { value = “high”", "straight", 'value = "high"'),
    "no quotes": ('crises = "drawn"', "crises = drawn", "a text in quotes", 'crises = "drawn"'),
    "day first": ("start = 2020-01-01", "start = 1.1.2020", "a date as 1955-04-01", "start = 2020-01-01"),
    "short": ("end = 2030-01-01", "end = 2030-1-1", "a date as 1955-04-01", "end = 2030-01-01"),
    "no such day": ("2022-02-15 = 0.8", "2022-02-15 = 0.8 }, x = { y = 2022-06-31", "a date", "y = 2022-06-30"),
    "python": ('name = "State A"', 'name = "State A"\nadmissible = True', "true or false", "admissible = true"),
    "backslash": ('name = "State A"', r'name = "C:\users"', "two backslashes", r'"C:\\users"'),
    "accent": ('name = "State A"', 'name = "State A"\naffinité = 1', "letters from a to z", '"affinité" = 1'),
    "colon": ("coercion = {", "coercion: {", "key = value", "coercion = {"),
    "header": ("[time]", "[time", "[ closed by ]", "[time]"),
    "no comma": ("value = 0.6, sources", "value = 0.6 sources", "commas between", "value = 0.6, sources"),
    "brace": (
        '{ value = 0.6, sources = ["assumption: test"] }',
        '{ value = 0.6, sources = ["a"]',
        "{ closed",
        '["a"] }',
    ),
    "twice": ('crises = "drawn"', 'crises = "drawn"\ncrises = "scripted"', "each key once", ""),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_toml_is_said_with_what_is_meant_and_the_rest_is_read_on(tmp_path: Path, slip: str) -> None:
    old, new, allowed, meant = SLIPS[slip]
    file = changed(tmp_path, (old, new), ('member = "CCC"', 'member = "CCD"'))
    first, *others = [p for p in problems(file) if "unknown key" not in p]
    assert first.startswith(f"{file}:{line_of(file, new.splitlines()[-1])}: broken TOML: ")
    assert f"allowed: {allowed}" in first
    assert meant in first.partition("did you mean ")[2]
    assert any('unknown member "CCD"' in p for p in others)


def test_all_slips_of_toml_are_said_at_once_and_what_cannot_be_mended_last(tmp_path: Path) -> None:
    file = changed(tmp_path, *((old, new) for old, new, *_ in (SLIPS["header"], SLIPS["no quotes"], SLIPS["comma"])))
    file.write_text(file.read_text().replace("opinion = {", "opinion = {\n", 1))
    *mended, last = problems(file)
    assert ["[time" in mended[0], "crises" in mended[1], "0,6" in mended[2]] == [True] * 3
    assert "a table in braces on one line" in last


def test_a_table_twice_is_said_with_the_line_of_the_first(tmp_path: Path) -> None:
    file = changed(tmp_path, ("[members.BBB]", "[members.AAA]"))
    line = line_of(file, "[members.AAA]")
    assert one(file).endswith(f"broken TOML: [members.AAA] twice, first in line {line}; allowed: each table once")


def test_an_event_of_a_kind_that_there_is_not_is_held_against_the_nearest(tmp_path: Path) -> None:
    found = problems(
        changed(tmp_path, ('kind = "crisis"', 'kind = "crises"'), ('member = "CCC"', 'member = "State C"'))
    )
    assert ['unknown kind "crises"' in found[0], 'unknown member "State C"' in found[1]] == [True, True]
    assert found[1].endswith("did you mean CCC?"), "a state called by its name"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("8.3.1965", "1965-03-08"),
        ("6 September 1965", "1965-09-06"),
        ("Sept 6, 1965", "1965-09-06"),
        ("1977-06-31", "1977-06-30"),
        ("13/2/1952", "1952-02-13"),
        ("9/2/1952", ""),
        ("1955-13-01", ""),
        ("soon", ""),
        ("6 Ju 1965", ""),
        ("1.1.0001", ""),
    ],
)
def test_a_date_that_is_meant(text: str, meant: str) -> None:
    assert likely(text) == meant


def test_nested_too_deeply(tmp_path: Path) -> None:
    file = tmp_path / "deep.toml"
    file.write_text("x = " + "[" * 5000 + "]" * 5000)
    assert "broken TOML" in one(file)


def test_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes('title = "a"\n\ndescription = "Übersicht"\n'.encode("latin-1"))
    assert one(file) == f"{file}:3: not UTF-8; allowed: UTF-8 text"


def test_directory_and_missing_file(tmp_path: Path) -> None:
    assert one(tmp_path) == f"{tmp_path}: a directory; allowed: a TOML file"
    changed(tmp_path, name="scenario.toml")
    assert one(tmp_path / "scenari.toml").endswith("did you mean " + str(tmp_path / "scenario.toml") + "?")
    assert one(Path("nope")) == f"nope: no such file; {SHIPPED}"


def test_circular_inheritance(tmp_path: Path) -> None:
    for name, parent in (("a.toml", "b.toml"), ("b.toml", "c.toml"), ("c.toml", "a.toml")):
        (tmp_path / name).write_text(f'\nextends = "{parent}"\n')
    assert one(tmp_path / "a.toml").startswith(f"{tmp_path / 'c.toml'}:2: extends: circular")


def test_missing_parent_and_mistake_in_parent(tmp_path: Path) -> None:
    child = tmp_path / "child.toml"
    child.write_text('extends = "parent.toml"\n')
    assert one(child).startswith(f"{child}:1: extends: no such file: parent.toml")
    changed(tmp_path, ("coercion = { value = 0.6,", "coercion = { value = 1.6,"), name="parent.toml")
    assert one(child).startswith(str(tmp_path / "parent.toml") + ":")


def test_overrides() -> None:
    found = problems(SIX, behaviour__entrapmant=1, members__AAX__affinity=0.2, leader__war=7, tim__step="year")
    by_name = problems(load("csto/outlook-2023").file, members__Armenia__threat=0.2)
    text = "\n".join(found)
    assert "set: behaviour.entrapmant=1: unknown coefficient; did you mean behaviour.entrapment?" in text
    assert "set: members.AAX.affinity=0.2: matches no input; did you mean members.AAA.affinity?" in text
    assert "set: leader.war=7: 7; allowed: 0 to 1" in text
    assert "members.Armenia.threat=0.2: matches no input; did you mean members.ARM.threat?" in "\n".join(by_name)
    assert "set: tim.step=year: unknown path; did you mean time.step?" in text
    assert len(found) == 4


def test_coefficient_out_of_its_bounds() -> None:
    assert "set: behaviour.memory=0: 0; allowed: 0.1 to 100 years" in "\n".join(problems(SIX, behaviour__memory=0))
    assert "allowed: below support_above" in "\n".join(
        problems(SIX, behaviour__oppose_below=2.0, behaviour__support_above=1.0)
    )


def test_circle_is_named_in_order(tmp_path: Path) -> None:
    (tmp_path / "c1.toml").write_text('extends = "c2.toml"\n')
    (tmp_path / "c2.toml").write_text('extends = "c1.toml"\n')
    assert "circular: c1.toml -> c2.toml -> c1.toml" in one(tmp_path / "c1.toml")


def test_the_leader_is_no_member(tmp_path: Path) -> None:
    found = problems(changed(tmp_path, ('leader = "LEA"', 'leader = "AAA"')))
    assert "members.AAA: the leader AAA is listed as a member" in "\n".join(found)


def test_own_events_after_the_own_end(tmp_path: Path) -> None:
    changed(tmp_path, name="parent.toml")
    child = tmp_path / "child.toml"
    child.write_text(
        'extends = "parent.toml"\n[time]\nend = 2028-01-01\nhorizons = [1]\n'
        '[[events]]\ndate = 2029-01-01\nkind = "renewal"\nsources = ["assumption: x"]\n'
    )
    allowed = "allowed: from 2020-01-01 to before 2028-01-01"
    assert one(child) == f"{child}:6: events[2].date: 2029-01-01 is outside the horizon; {allowed}"


def test_overrides_below_a_text_and_of_disputes() -> None:
    assert problems(SIX, title__x=4)
    assert "did you mean disputes.AAA-BBB?" in "\n".join(problems(SIX, **{"disputes.AAA-BBC": 0}))
    tables = load(SIX, {"disputes.BBB-AAA": 0.25}).tables
    assert tables.disputes[0].intensity.value == 0.25
