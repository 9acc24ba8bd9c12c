"""`check`: what cannot be is a mistake, what may not be meant a warning, each with its place and advice."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import sim
from sim.errors import InputError, Problem
from sim.evaluation.left_out_study import LeaveOneOutTables
from sim.evaluation.study import BacktestTables, MechanismTables
from sim.evidence.claim import load_claims
from sim.evidence.tables import ClaimTables
from sim.inference.study import CalibrationTables
from sim.scenario.kinds import (
    BACKTEST,
    CALIBRATION,
    CLAIM,
    KINDS,
    LEAVE_ONE_OUT,
    MECHANISMS,
    SCENARIO,
    SOURCES,
    STUDY,
    Kind,
)
from sim.scenario.load import load
from sim.scenario.reading import scenario_files, shipped
from sim.scenario.tables import ScenarioTables, places
from sim.scenario.warnings import check, coded
from sim.studies.tables import StudyTables
from tests.helpers import SIX
from tests.scenarios import changed, written

ASSUMED = 'sources = ["assumption: test"]'
AAA = f'record = [{{ from = 2019-01-01, status = "active", {ASSUMED} }}]'


def record(*entries: str) -> str:
    """A record of ``DATE STATUS`` entries."""
    parts = [e.split() for e in entries]
    return "record = [" + ", ".join(f'{{ from = {d}, status = "{s}", {ASSUMED} }}' for d, s in parts) + "]"


def event(kind: str, date: str, rest: str) -> tuple[str, str]:
    """Another event at the end of six.toml's."""
    last = 'date = 2024-06-01\nkind = "renewal"\nsources = ["assumption: test"]\n'
    return last, f'{last}\n[[events]]\ndate = {date}\nkind = "{kind}"\n{rest}\n{ASSUMED}\n'


CALL = 'threat = "regime"\nanswer = "refused"'
SOURCE = 'coercion = { value = 0.6, sources = ["assumption: test"] }'


def cited(source: str) -> list[tuple[str, str]]:
    """six.toml with the CSTO's registry and a value that cites it."""
    return [("[time]", 'sources = "csto/sources.toml"\n[time]'), (SOURCE, SOURCE.replace("assumption: test", source))]


GUIDE = r"docs/coding-guide\.md, Expulsion, suspension, denunciation"
ERRORS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "an exit of a state that is out": (
        [(AAA, record("2019-01-01 active", "2021-01-01 outside", "2022-01-01 outside"))],
        r"members\.AAA\.record\[2\]\.status: outside from 2022-01-01, as it is since 2021-01-01: "
        r"an exit of a state that is out; allowed: another status",
    ),
    "a freeze of a frozen state": (
        [(AAA, record("2019-01-01 active", "2021-01-01 frozen", "2022-01-01 frozen"))],
        r"members\.AAA\.record\[2\]\.status: frozen .*: a freeze of a frozen state",
    ),
    "an entry of a state that is in, in the record": (
        [(AAA, record("2019-01-01 active", "2021-01-01 active"))],
        r"members\.AAA\.record\[1\]\.status: active .*: an entry of a state that is in",
    ),
    "an entry of a state that is in, by an event": (
        [event("entry", "2022-01-01", 'member = "AAA"')],
        r"events\[2\]\.member: AAA enters on 2022-01-01, and is active since 2019-01-01; "
        r"allowed: the entry of a state that is outside",
    ),
    "a second entry on one day": (
        [
            (AAA, record("2019-01-01 outside")),
            event(
                "entry",
                "2022-01-01",
                f'member = "AAA"\n{ASSUMED}\n[[events]]\ndate = 2022-01-01\nkind = "entry"\nmember = "AAA"',
            ),
        ],
        r"events\[3\]\.member: AAA enters on 2022-01-01",
    ),
    "a crisis of a state that is out": (
        [
            (AAA, record("2019-01-01 active", "2021-01-01 outside")),
            event("crisis", "2022-01-01", f'member = "AAA"\n{CALL}'),
        ],
        r"events\[2\]\.member: AAA calls for help on 2022-01-01, and is outside since 2021-01-01; "
        r"allowed: a member's call, or a `note` that says why an outsider calls",
    ),
    "a crisis before its entry": (
        [
            (AAA, record("2019-01-01 outside")),
            event(
                "entry",
                "2023-01-01",
                f'member = "AAA"\n{ASSUMED}\n[[events]]\ndate = 2022-01-01\nkind = "crisis"\nmember = "AAA"\n{CALL}',
            ),
        ],
        r"events\[3\]\.member: AAA calls for help on 2022-01-01, and is outside since 2019-01-01",
    ),
    "a clash with a state that is out": (
        [
            (AAA, record("2019-01-01 active", "2021-01-01 outside")),
            event("clash", "2022-01-01", 'between = ["BBB", "AAA"]'),
        ],
        r"events\[2\]\.between: AAA clashes as a member on 2022-01-01, and is outside since 2021-01-01; "
        r'allowed: two members; a fight with an outsider is a "crisis" of the member',
    ),
    "nobody active at the beginning": (
        [(AAA, record("2019-01-01 outside")) if k == 0 else (AAA, record("2019-01-01 frozen")) for k in range(5)],
        r"members: no state is active on 2020-01-01, when the first tick begins; required: one or more, by its record",
    ),
    "a quorum larger than the alliance": (
        [('leader = "LEA"', 'leader = "LEA"\nquorum = 6')],
        r"alliance\.quorum: 6, where 5 belong on 2020-01-01: the alliance would end in the first tick; allowed: 1 to 5",
    ),
    "a quorum larger than those who are in": (
        [('leader = "LEA"', 'leader = "LEA"\nquorum = 5'), (AAA, record("2019-01-01 outside"))],
        r"alliance\.quorum: 5, where 4 belong on 2020-01-01",
    ),
    "a dispute given twice": (
        [
            (
                "[[disputes]]",
                f'[[disputes]]\nbetween = ["BBB", "AAA"]\nintensity = {{ value = 0.1, {ASSUMED} }}\n[[disputes]]',
            )
        ],
        r"disputes\[1\]\.between: AAA-BBB twice; allowed: each pair once in a file",
    ),
    "a horizon that is no whole tick": (
        [('step = "quarter"', 'step = "quarter"\nhorizons = [1, 5.6]')],
        r"time\.horizons: 5\.6 years are no whole number of quarters; allowed: whole steps; did you mean 5\.5\?",
    ),
    "a horizon shorter than a tick": (
        [('step = "quarter"', 'step = "year"\nhorizons = [0.25, 5]')],
        r"time\.horizons: 0\.25 years are no whole number of years; allowed: whole steps; did you mean 1\?",
    ),
    "an end that is no tick's": (
        [("end = 2030-01-01", "end = 2030-03-14")],
        r"time\.end: 2030-03-14 is no whole number of quarters after 2020-01-01; allowed: whole steps; "
        r"did you mean 2030-04-01\?",
    ),
    "a beginning of the record that is no tick's": (
        [("end = 2030-01-01", "end = 2030-01-01\nrecord_from = 2019-05-14")],
        r"time\.record_from: 2019-05-14 is no whole number of quarters before 2020-01-01; allowed: whole steps; "
        r"did you mean 2019-04-01\?",
    ),
    "an unknown source": (
        cited("cnic RUS 2021"),
        r'leader\.coercion\.sources\[0\]: unknown source "cnic RUS 2021"; allowed: a key of sources\.toml, or '
        r'"assumption: why"; add \[cnic\] to sources\.toml; did you mean cinc\?',
    ),
    "an unknown source without a registry": (
        [(SOURCE, SOURCE.replace("assumption: test", "cinc RUS 2021"))],
        r'unknown source "cinc RUS 2021"; .*; add \[cinc\] to sources\.toml, which the scenario names by `sources`',
    ),
    **{
        f"a source of {year}": (
            cited(f"cinc RUS {year}"),
            rf'leader\.coercion\.sources\[0\]: {year} in source "cinc RUS {year}" is no year; '
            r"allowed: 2005, 1995-1999 or 2023H1",
        )
        for year in ("20005", "2005-1995", "0205", "2005-13", "2023H3", "1995-199")
    },
    **{
        f"{kind} as an event": (
            [event(kind, "2022-01-01", 'member = "AAA"')],
            rf'events\[2\]: unknown kind "{kind}"; allowed: crisis, .*; {says}.* \({GUIDE}\)',
        )
        for kind, says in {
            "expulsion": 'an expulsion is status = "outside" from the day it took effect, and admissible = false',
            "suspension": 'a suspension is status = "frozen" while it lasts',
            "denunciation": 'a denunciation is status = "outside" from the day it took effect',
            "withdrawal": "a denunciation is",
            "exit": "exits, freezes and returns are the model's",
            "freeze": "exits, freezes and returns are the model's",
        }.items()
    },
    **{
        f"{status} as a status": (
            [(AAA, record("2019-01-01 active", f"2021-01-01 {status}"))],
            rf'members\.AAA\.record\[1\]\.status: "{status}"; allowed: outside, frozen, active; {says}.* \({GUIDE}\)',
        )
        for status, says in {
            "expelled": "an expulsion is",
            "suspended": "a suspension is",
            "denounced": "a denunciation is",
            "left": "exits, freezes and returns are the model's",
        }.items()
    },
    "expelled as a key": (
        [('name = "State A"', 'name = "State A"\nexpelled = 2021-01-01')],
        rf"members\.AAA\.expelled: unknown key; allowed: name, .*; an expulsion is .* \({GUIDE}\)",
    ),
}
WARNINGS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "an input that is missing": (
        [('affinity = { value = 0.85, sources = ["assumption: test"] }\n', "")],
        r"members\.AAA\.affinity: 1 of 126 inputs are not coded: the model's default holds, 0; "
        r"where there was nothing at all write 0\.0, with a source",
    ),
    "a record that begins after the start": (
        [(AAA, record("2020-02-01 active"))],
        r"members\.AAA\.record\[0\]\.from: 2020-02-01, after the first tick begins, 2020-01-01: the state is outside "
        r"until then and, since no event says that it enters, in a run it stays outside unless the model lets it in; "
        r"if it was outside before say so from 2020-01-01 on, else let its record begin by then; to let it in add an "
        r'event of kind "entry" on 2020-02-01',
    ),
    "a record that begins after the start with an entry": (
        [(AAA, record("2020-02-01 active")), event("entry", "2020-02-01", 'member = "AAA"')],
        r"the state is outside until then; if it was outside before say so from 2020-01-01 on, else let its record "
        r"begin by then$",
    ),
    "an entry in the record without an event": (
        [(AAA, record("2019-01-01 outside", "2022-01-01 active"))],
        r"members\.AAA\.record\[1\]: AAA enters on 2022-01-01 by its record, and no event says so: in a run it stays "
        r'outside unless the model lets it in; to let it in add an event of kind "entry" on 2022-01-01',
    ),
    "an entry of a state that would not be admitted": (
        [(AAA, "admissible = false\n" + record("2019-01-01 outside", "2022-01-01 active"))],
        r"in a run it stays outside for ever",
    ),
    "a return of one that would not be admitted": (
        [(AAA, "admissible = false\n" + record("2019-01-01 active", "2021-01-01 outside", "2022-01-01 active"))],
        r"members\.AAA\.record\[2\]: AAA enters on 2022-01-01 by its record",
    ),
    "an event given twice": (
        [event("renewal", "2024-06-01", "")],
        r"events\[2\]: the same renewal of 2024-06-01 as events\[1\]; each event once",
    ),
    "a change of regime that does nothing": (
        [event("regime_change", "2022-01-01", 'member = "AAA"')],
        r"the change of regime of 2022-01-01 does nothing, since behaviour\.regime_change is 0; the share",
    ),
    "a source of a state that the scenario does not have": (
        cited("cinc AAB 2021"),
        r'leader\.coercion\.sources\[0\]: source "cinc AAB 2021" is of AAB; states of the scenario: AAA, BBB, CCC, '
        r"DDD, EEE, LEA; did you mean AAA\?",
    ),
    "a source of a year that is to come": (
        cited("cinc LEA 2205"),
        r'source "cinc LEA 2205" is of 2205; years from 1920 to 2030',
    ),
    "a source of a year long before": (
        cited("cinc LEA 1021-2021"),
        r'source "cinc LEA 1021-2021" is of 1021; years from 1920 to 2030',
    ),
}
FORECAST = ("start = 2020-01-01", "record_from = 2020-01-01\nstart = 2022-01-01\nhorizons = [1, 5]")
FINE: dict[str, list[tuple[str, str]]] = {
    "nothing": [],
    "a crisis of an outsider with its reason": [
        (AAA, record("2019-01-01 active", "2021-01-01 outside")),
        event("crisis", "2022-01-01", f'member = "AAA"\n{CALL}\nnote = "the leader helps a former member"'),
    ],
    "a crisis on the day of the exit": [
        (AAA, record("2019-01-01 active", "2021-01-01 outside")),
        event("crisis", "2021-01-01", f'member = "AAA"\n{CALL}'),
    ],
    "an entry with its event": [
        (AAA, record("2019-01-01 outside", "2022-01-01 active")),
        event("entry", "2022-01-01", 'member = "AAA"'),
    ],
    "the return of a former member": [(AAA, record("2019-01-01 active", "2021-01-01 outside", "2022-01-01 active"))],
    "an entry before the forecast": [FORECAST, (AAA, record("2019-01-01 outside", "2021-01-01 active"))],
    "a quorum that an entry of the first tick makes": [
        ('leader = "LEA"', 'leader = "LEA"\nquorum = 5'),
        (AAA, record("2019-01-01 outside", "2020-02-01 active")),
        event("entry", "2020-02-01", 'member = "AAA"'),
    ],
    "a horizon of a third of a year by month": [('step = "quarter"', 'step = "month"\nhorizons = [0.3333, 1]')],
}
"""What is neither."""


def found(file: Path) -> list[Problem]:
    problems = check(file)
    assert all(re.match(r"[^:]+:\d+$", p.where) for p in problems), problems
    return problems


def one(file: Path) -> Problem:
    problems = found(file)
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


@pytest.mark.parametrize("case", ERRORS)
def test_what_cannot_be_is_a_mistake(tmp_path: Path, case: str) -> None:
    changes, says = ERRORS[case]
    file = changed(tmp_path, *changes)
    problem = one(file)
    assert not problem.warning
    assert re.search(says, str(problem)), str(problem)
    with pytest.raises(InputError):
        load(file)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([], r"members\.AAA\.record\[0\]: AAA is active from 2019-01-01 for good, and the alliance was dissolved"),
        (["2025-01-01 outside"], r"record\[0\]: AAA is active from 2019-01-01 until 2025-01-01, and .* on 2024-01-01;"),
        (
            ["2024-01-01 outside", "2025-01-01 active"],
            r"record\[2\]: AAA is active .* required: outside from 2024-01-01",
        ),
        (["2023-01-01 outside"], ""),
        (["2024-01-01 outside"], ""),
    ],
)
def test_on_the_day_of_a_dissolution_all_records_go_outside(tmp_path: Path, entries: list[str], says: str) -> None:
    end = ("crises =", "dissolved = 2024-01-01\ncrises =")
    gone = record("2019-01-01 active", "2024-01-01 outside")
    text = SIX.read_text().replace(AAA, gone)
    file = written(tmp_path / "ended.toml", text, end, (gone, record("2019-01-01 active", *entries)))
    found = [str(p) for p in check(file) if not p.warning]
    assert len(found) == bool(says)
    assert all(re.search(says, f) for f in found), found


def test_all_who_go_on_one_day_without_a_dissolution_are_asked_about(tmp_path: Path) -> None:
    text = SIX.read_text()
    entry = '{ from = 2019-01-01, status = "active", sources = ["assumption: test"] }'
    gone = f"{entry}, {entry.replace('2019-01-01', '2029-05-05').replace('active', 'outside')}"
    file = tmp_path / "gone.toml"
    file.write_text(text.replace(entry, gone))
    (warning,) = [p for p in check(file) if p.path == "alliance"]
    assert warning.warning
    assert warning.allowed.endswith("write dissolved = 2029-05-05")
    file.write_text(
        text.replace(entry, gone).replace('name = "Test pact"', 'name = "Test pact"\ndissolved = 2029-05-05')
    )
    assert not [p for p in check(file) if p.path == "alliance"]
    file.write_text(text.replace(entry, gone, 4))
    assert not [p for p in check(file) if p.path == "alliance"], "one is left"


def test_a_dissolution_is_of_those_who_are_left(tmp_path: Path) -> None:
    gone = record("2019-01-01 active", "2023-01-01 outside")
    text = SIX.read_text().replace(AAA, gone)
    file = written(tmp_path / "ended.toml", text, ("crises =", "dissolved = 2024-01-01\ncrises ="))
    problem = one(file)
    assert problem.path == "alliance.dissolved"
    assert "nobody is a member on its eve" in problem.found


@pytest.mark.parametrize("case", WARNINGS)
def test_what_may_not_be_meant_is_warned_of_and_runs(tmp_path: Path, case: str) -> None:
    changes, says = WARNINGS[case]
    file = changed(tmp_path, *changes)
    problem = one(file)
    assert problem.warning
    assert re.search(says, str(problem)), str(problem)
    assert load(file).members


@pytest.mark.parametrize("case", FINE)
def test_what_is_meant_is_fine(tmp_path: Path, case: str) -> None:
    assert found(changed(tmp_path, *FINE[case])) == []


@pytest.mark.parametrize("kind", ["entry", "crisis", "clash"])
def test_in_a_forecast_the_model_may_have_moved_the_state(tmp_path: Path, kind: str) -> None:
    rest = {"entry": 'member = "AAA"', "crisis": f'member = "BBB"\n{CALL}', "clash": 'between = ["BBB", "AAA"]'}[kind]
    bbb = record("2019-01-01 active", "2021-01-01 outside")
    text = SIX.read_text().replace(AAA, "AAA", 1).replace(AAA, bbb, 1).replace("AAA\n", f"{AAA}\n", 1)
    for day, warning in (("2023-01-01", True), ("2021-06-01", False)):
        file = tmp_path / "forecast.toml"
        old, new = event(kind, day, rest)
        file.write_text(text.replace(*FORECAST).replace(old, new))
        assert one(file).warning is warning


def test_treaty_dates_of_a_new_alliance_are_met_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^end: 1991-07-01 .*after 1955-05-14; .*did you mean 1991-08-14\?$"):
        sim.new("pact", "SUN", {"POL": "Poland", "HUN": "Hungary"}, "1955-05-14", "1991-07-01", tmp_path)


@pytest.mark.parametrize("end", ["2199-12-31", "9999-12-15"])
def test_an_end_at_the_end_of_time_is_a_mistake(end: str) -> None:
    with pytest.raises(InputError):
        load(SIX, {"time.end": end})


# ------------------------------------------------------------------------------------------- kinds of files

TABLES = {
    SCENARIO: ScenarioTables,
    STUDY: StudyTables,
    CLAIM: ClaimTables,
    CALIBRATION: CalibrationTables,
    BACKTEST: BacktestTables,
    LEAVE_ONE_OUT: LeaveOneOutTables,
    MECHANISMS: MechanismTables,
}
LOADERS = {
    SCENARIO: sim.load,
    STUDY: sim.load_study,
    CLAIM: lambda file: load_claims([file]),
    CALIBRATION: sim.load_calibration,
    BACKTEST: sim.load_backtest,
    MECHANISMS: sim.load_mechanisms,
}
FILES = {
    "scenarios/csto/outlook-2023.toml": SCENARIO,
    "experiments/first-sweep.toml": STUDY,
    "experiments/claims/C03.toml": CLAIM,
    "experiments/calibrate-csto.toml": CALIBRATION,
    "experiments/calibrate-pooled.toml": CALIBRATION,
    "experiments/backtest-csto.toml": BACKTEST,
    "experiments/leave-one-out.toml": LEAVE_ONE_OUT,
    "experiments/mechanisms-csto.toml": MECHANISMS,
    "scenarios/csto/sources.toml": SOURCES,
}


def test_every_kind_has_a_file_and_a_model_of_its_tables() -> None:
    assert {*FILES.values()} == {*KINDS}
    assert {*TABLES} == {*KINDS} - {SOURCES}
    assert {*LOADERS} == {*TABLES} - {LEAVE_ONE_OUT}  # which load_backtest takes as well


def test_keys_by_which_a_kind_is_known_are_its_own() -> None:
    for kind, tables in TABLES.items():
        fields = {field.alias or name for name, field in tables.model_fields.items()}
        assert {*kind.keys} - {"extends"} <= fields, kind
        for other, theirs in TABLES.items():
            assert other is kind or not {*kind.keys} & theirs.model_fields.keys(), (kind, other)


@pytest.mark.parametrize("name", FILES, ids=lambda name: Path(name).stem)
@pytest.mark.parametrize("wanted", LOADERS, ids=lambda kind: kind.name)
def test_a_file_of_another_kind_is_one_mistake_that_says_what_it_is(name: str, wanted: Kind) -> None:
    kind, file = FILES[name], shipped(name)
    if kind is wanted or (kind, wanted) == (LEAVE_ONE_OUT, BACKTEST):
        return
    with pytest.raises(InputError) as caught:
        LOADERS[wanted](file)
    (problem,) = caught.value.problems
    assert problem.found.startswith(kind.name)
    assert problem.allowed == f"allowed: {wanted.name}; {kind.use.format(file)}"


def test_what_a_scenario_names_may_be_of_another_kind_too(tmp_path: Path) -> None:
    child = tmp_path / "child.toml"
    child.write_text('extends = "first-sweep"\ntitle = "x"\n')
    assert one(child).found.startswith("a study")
    assert "a registry of sources" in str(one(changed(tmp_path, ("[time]", f'sources = "{SIX}"\n[time]'))))


def test_every_command_has_the_kind_that_it_takes() -> None:
    from tests.cli.test_command import verbs

    commands = {re.search(r"cohesion (\w+)", kind.use)[1] for kind in KINDS if "cohesion" in kind.use}  # type: ignore[index]
    assert commands <= verbs()
    assert SCENARIO.name == "a scenario"


# ------------------------------------------------------------------------------------------ what is coded


def keys_of_inputs(file: Path) -> list[tuple[str, int]]:
    """Every input that a shipped file must code and codes in a line of its own, with the number of that line."""
    text = file.read_text("utf-8")
    tables = tomllib.loads(text)
    found, table = [], ""
    names = {place.path for place in places(tables.get("members", {})) if not place.input.optional}
    for number, line in enumerate(text.splitlines()):
        if head := re.match(r"\[([\w.]+)\]$", line.split("#")[0].strip()):
            table = head[1]
        elif (key := re.match(r"(\w+) = \{", line)) and f"{table}.{key[1]}" in names:
            found.append((f"{table}.{key[1]}", number))
    return found


@cache
def shipped_keys() -> list[tuple[Path, str, int]]:
    return [(file, *key) for file in scenario_files() if "history" in file.stem for key in keys_of_inputs(file)]


def test_every_input_of_a_history_has_a_line() -> None:
    assert len(shipped_keys()) > 1000


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_an_input_that_is_deleted_from_a_shipped_file_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file, path, line = data.draw(st.sampled_from(shipped_keys()))
    lines = file.read_text("utf-8").splitlines()
    copy = tmp_path_factory.mktemp("deleted") / file.name
    names = {p.parent.name + "/sources.toml" for p in scenario_files()}
    text = "\n".join(lines[:line] + lines[line + 1 :])
    for name in names:
        text = text.replace(f'"../{name}"', f'"{name}"')
    text = text.replace('"sources.toml"', f'"{file.parent.name}/sources.toml"').replace(
        'posterior = "posterior.nc"', ""
    )
    copy.write_text(text, "utf-8")
    new = [p for p in found(copy) if "not coded" in p.found]
    assert [p.path for p in new] == [path]
    done, needed = coded(copy)
    assert done == needed - 1


def test_how_much_of_a_new_alliance_is_coded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sim.cli.check import main

    file, _ = sim.new("test-pact", "SUN", {"POL": "Poland", "HUN": "Hungary"}, "1955", "1957", tmp_path)
    text = file.read_text()
    file.write_text(text.replace('value = "?"', 'value = "low"', 17))
    needed = 2 + len([p for p in places(["POL", "HUN"]) if not p.input.optional])  # two memberships
    assert coded(file) == (17, needed)
    lines = [int(p.where.rpartition(":")[2]) for p in check(file)]
    assert lines == sorted(lines)
    with pytest.raises(InputError):
        main([str(file)], False)
    assert f"{file}: 17 of {needed} inputs and memberships coded" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([str(file)], True)
    assert json.loads(capsys.readouterr().out)["coded"] == {str(file): [17, needed]}
    file.write_text(file.read_text().replace('status = "?"', 'status = "active"', 1))
    assert coded(file) == (18, needed)


def test_memberships_of_a_sheet_count_as_coded_where_they_are(tmp_path: Path) -> None:
    file, _, rows = sim.new("test-pact", "SUN", {"POL": "Poland", "HUN": "Hungary"}, "1955", "1957", tmp_path, True)
    none, needed = coded(file)
    rows.write_text(rows.read_text("utf-8").replace("POL,record,,,,,", "POL,record,1955,active,,assumption: a test,"))
    assert (none, coded(file)) == (0, (1, needed))


def test_a_sheet_given_with_its_scenario_has_each_mistake_once(tmp_path: Path) -> None:
    file, _, rows = sim.new("test-pact", "SUN", {"POL": "Poland", "HUN": "Hungary"}, "1955", "1957", tmp_path, True)
    rows.write_text(rows.read_text("utf-8").replace("POL,record", "PLO,record").replace("SUN,war", "SUN,wra"))
    alone, both = check(rows), check(file, rows)
    assert {p.suggestion for p in alone} >= {"POL", "war"}
    assert set(both) == {*check(file)} >= {*alone}


def test_of_a_registry_that_is_not_there_no_source_is_called_unknown(tmp_path: Path) -> None:
    file, registry = sim.new("test-pact", "SUN", {"POL": "Poland", "HUN": "Hungary"}, "1955", "1957", tmp_path)
    file.write_text(file.read_text().replace("assumption: not coded yet", "key POL 1955").replace('"?"', '"low"'))
    registry.unlink()
    assert not [p for p in check(file) if "unknown source" in p.found]
    assert [p.path for p in check(file) if "no such file" in p.found] == ["sources[0]"]


@pytest.mark.parametrize("file", scenario_files(), ids=lambda f: f.stem)
def test_shipped_scenarios_have_no_mistakes(file: Path) -> None:
    assert not [p for p in check(file) if not p.warning]


def test_run_and_compare_say_how_many_warnings_there_are(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from sim.cli.app import app

    file = changed(tmp_path, *WARNINGS["an input that is missing"][0])
    for command in (["run", str(file)], ["compare", str(file), "--set", "leader.coercion=0.1"]):
        done = CliRunner().invoke(app, [*command, "--runs", "16", "--out", str(tmp_path / command[0])])
        assert f"1 warning: cohesion check {file}" in done.stderr, done.output


def test_shipped_scenarios_run_without_a_warning() -> None:
    names = [entry["name"] for entry in sim.list()]
    assert {name: sim.check(name) for name in names} == {name: [] for name in names}
