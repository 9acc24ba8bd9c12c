"""A record that is continued: where its entries go, and what cannot be."""

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.inference.observations import of_scenario
from sim.scenario.continuation import since
from sim.scenario.load import Scenario, load
from sim.scenario.warnings import check

HEAD = 'extends = "csto/outlook-2023"\ntitle = "Invented"\ntime = { start = 2024-10-01, end = 2034-10-01 }\n'
INVENTED = 'sources = ["assumption: invented"]\n'


def move(member: str, day: str, status: str) -> str:
    return f'[[record]]\nmember = "{member}"\nfrom = {day}\nstatus = "{status}"\n{INVENTED}'


def vote(day: str, conduct: str, motion: str = "m") -> str:
    return f'[[votes]]\ndate = {day}\nmotion = "{motion}"\nconduct = {{ {conduct} }}\n{INVENTED}'


def crisis(day: str, member: str = "KAZ") -> str:
    about = f'kind = "crisis"\nmember = "{member}"\nthreat = "regime"\nanswer = "refused"\n'
    return f"[[events]]\ndate = {day}\n{about}{INVENTED}"


def written(folder: Path, *parts: str) -> Path:
    file = folder / "living.toml"
    file.write_text(HEAD + "".join(parts))
    return file


def read(folder: Path, *parts: str) -> Scenario:
    return load(written(folder, *parts))


def test_a_move_continues_the_record_of_its_state(tmp_path: Path) -> None:
    tables = read(tmp_path, move("ARM", "2024-02-23", "frozen"), move("ARM", "2024-08-01", "active")).tables
    assert [m.status for m in tables.members["ARM"].record] == ["active", "frozen", "active"]
    assert tables.members["BLR"].record == load("csto/outlook-2023").tables.members["BLR"].record
    assert str(since(tables)) == "2023-07-01"


def test_moves_and_votes_come_after_those_of_a_parent(tmp_path: Path) -> None:
    parent = written(tmp_path, move("ARM", "2024-02-23", "frozen"), vote("2024-03-01", 'ARM = "oppose"'))
    child = tmp_path / "child.toml"
    more = move("ARM", "2024-08-01", "outside") + vote("2024-04-01", 'ARM = "oppose"', "n")
    child.write_text(f'extends = "{parent.name}"\ntitle = "More"\n{more}')
    tables = load(child).tables
    assert [m.status for m in tables.members["ARM"].record] == ["active", "frozen", "outside"]
    assert [o.motion for o in tables.votes or []] == ["m", "n"]


def test_a_start_a_tick_after_the_calibration_is_no_continuation() -> None:
    assert since(load("csto/outlook-2023").tables) is None
    assert since(load("csto/history-1992-2023").tables) is None
    assert since(load("csto/outlook-2023", {"posterior": "none"}).tables) is None


WRONG = [
    (move("ARN", "2024-02-23", "frozen"), 'record[0].member: unknown member "ARN"; allowed: ARM, ', "mean ARM?"),
    (move("ARM", "2024-02-23", "frosen"), 'record[0].status: "frosen"; allowed: outside, frozen, active', "frozen?"),
    (
        move("ARM", "2023-06-30", "frozen"),
        "record[0].from: 2023-06-30 is not after 2023-07-01, to which posterior.nc",
        "",
    ),
    (move("ARM", "2024-10-02", "frozen"), "record[0].from: 2024-10-02 is after the start, 2024-10-01", "time.start"),
    (move("ARM", "2024-02-23", "active"), "record[0].status: active from 2024-02-23, as it is since", "another status"),
    (
        move("ARM", "2024-02-23", "frozen") + move("ARM", "2024-01-01", "active"),
        "record[1].from: 2024-01-01 after 2024-02-23; allowed: a later date",
        "",
    ),
    (vote("2023-06-30", 'ARM = "oppose"'), "votes[0].date: 2023-06-30 is not after 2023-07-01", "calibration"),
    (vote("2024-10-01", 'ARM = "oppose"'), "votes[0].date: 2024-10-01 is after the start", "allowed: before it"),
    (vote("2024-13-01", 'ARM = "oppose"').replace("2024-13-01", '"2024-13-01"'), '"2024-13-01" is not a date', ""),
    (vote('"2024-3-1"', 'ARM = "oppose"'), 'votes[0].date: "2024-3-1" is not a day; allowed: YYYY-MM-DD', ""),
    (vote("2024", 'ARM = "oppose"'), "votes[0].date: 2024 is not a day; allowed: YYYY-MM-DD", ""),
    (move("ARM", "2024-02-23T10:00:00", "frozen"), "record[0].from: 2024-02-23 10:00:00 is not a day", ""),
    (vote("2024-03-01", 'ARN = "oppose"'), "votes[0].conduct.ARN: unknown member", "did you mean ARM?"),
    (vote("2024-03-01", 'ARM = "opose"'), 'unknown conduct "opose"; allowed: support, abstain, oppose', "mean oppose?"),
    (vote("2024-03-01", ""), "votes[0].conduct: empty", ""),
    (vote("2024-03-01", 'ARM = "oppose"') * 2, "votes[1].motion: m twice on 2024-03-01; allowed: each motion once", ""),
    (
        vote("2024-03-01", 'ARM = "oppose"', "M") + vote("2024-03-01", 'BLR = "oppose"', "m "),
        "votes[1].motion: m twice on 2024-03-01",
        "",
    ),
    (move("GEO", "2024-02-23", "frozen"), "outside since 1999-04-20: a state that is out cannot freeze", "active"),
    (
        '[[events]]\ndate = 2024-03-01\nkind = "entry"\nmember = "GEO"\n' + INVENTED,
        "an entry on 2024-03-01, since the end of the calibration, 2023-07-01",
        '[[record]] with status = "active"',
    ),
    ('[[vots]]\nmotion = "m"\n', "living.toml:4: vots: unknown key", "did you mean votes?"),
    (vote("2024-03-01", 'ARM = "oppose"') + crisis("2023-01-01"), "2023-01-01 is not after 2023-07-01", "calibration"),
    (crisis("2024-03-01", "GEO"), "GEO calls for help on 2024-03-01, and is outside since", "note"),
    (vote("2024-03-01", 'ARM = "oppose"').replace(INVENTED, ""), "votes[0].sources: missing", ""),
    ('[record]\nARM = "frozen"\n', "record: ", ""),
    ("votes = 3\n", "votes: ", ""),
]


@pytest.mark.parametrize(("text", "found", "more"), WRONG)
def test_what_cannot_be_is_said_with_its_line(tmp_path: Path, text: str, found: str, more: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    (said,) = {str(p) for p in error.value.problems}
    assert said.startswith(f"{tmp_path / 'living.toml'}:")
    assert found in said
    assert more in said


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    wrong = (move("ARM", "2022-01-01", "frozen"), vote("2025-01-01", 'ARM = "oppose"'), crisis("2021-01-01"))
    with pytest.raises(InputError) as error:
        read(tmp_path, *wrong)
    assert [p.path for p in error.value.problems] == ["record[0].from", "votes[0].date", "events[25].date"]
    assert [p.where.rpartition(":")[2] for p in error.value.problems] == ["6", "10", "15"]


def test_inputs_of_the_time_since_are_no_change_of_the_past(tmp_path: Path) -> None:
    quiet = written(tmp_path)
    child = tmp_path / "child.toml"
    trade = f'[[adjustments]]\npath = "members.ARM.dependence.trade"\nvalue = "high"\nfrom = 2024-01-01\n{INVENTED}'
    child.write_text(f'extends = "{quiet.name}"\ntitle = "Trade"\n{trade}')
    assert check(child) == []
    child.write_text(f'extends = "{quiet.name}"\ntitle = "Trade"\n{trade.replace("2024-01-01", "2023-01-01")}')
    assert ["not as in the parent before 2023-07-01" in p.found for p in check(child)] == [True]


@pytest.mark.parametrize(
    "malformed",
    [
        crisis("2044-01-01"),
        vote("2024-03-01", 'ARN = "oppose"', "n"),
        "[leader]\ncoercion = 3\n",
        "colour = 3\n",
        move("ARN", "2024-02-23", "frozen"),
    ],
)
def test_what_is_wrong_by_itself_hides_no_mistake_of_the_rest(tmp_path: Path, malformed: str) -> None:
    """Dates outside the horizon, unknown names and keys come in one pass with votes twice, too early, too late."""
    rest = vote("2024-03-01", 'ARM = "oppose"') * 2 + vote("2025-01-01", 'ARM = "oppose"', "late")
    rest += move("BLR", "2022-01-01", "frozen")
    file = tmp_path / "living.toml"

    def said(text: str) -> set[tuple[str, str]]:
        file.write_text(HEAD + text)
        with pytest.raises(InputError) as error:
            load(file)
        return {(p.path, p.found) for p in error.value.problems}

    head = malformed if malformed.startswith("colour") else ""
    alone = said(malformed)
    together = {found for _, found in said(head + rest + ("" if head else malformed))}
    assert together >= {found for _, found in said(rest)}
    assert together >= {found for _, found in alone}


def test_the_places_of_the_rest_are_those_of_the_file(tmp_path: Path) -> None:
    wrong = vote("2024-03-01", 'ARN = "oppose"', "n")
    with pytest.raises(InputError) as error:
        read(tmp_path, wrong, vote("2025-01-01", 'ARM = "oppose"'))
    assert [(p.where.rpartition(":")[2], p.path) for p in error.value.problems] == [
        ("7", "votes[0].conduct.ARN"),
        ("10", "votes[1].date"),
    ]


def test_one_title_on_two_days_are_two_motions(tmp_path: Path) -> None:
    file = written(tmp_path, vote("2024-03-01", 'ARM = "oppose"'), vote("2024-04-01", 'ARM = "oppose"'))
    assert [m.date.month for m in of_scenario(load(file).tables)] == [3, 4]


@pytest.mark.parametrize(
    ("time", "path", "found"),
    [
        ("{ start = 2024-10-01 }", "time.start", "2024-10-01, with the end left at 2033-10-01: 10 years is beyond it"),
        (
            "{ start = 2024-09-15, end = 2034-10-01 }",
            "time.start",
            "2024-09-15 is no whole number of quarters after the first tick, ",
        ),
    ],
)
def test_of_dates_in_several_files_that_of_the_file_itself_is_blamed(
    tmp_path: Path, time: str, path: str, found: str
) -> None:
    file = tmp_path / "living.toml"
    file.write_text(f'extends = "csto/outlook-2023"\ntitle = "Invented"\ntime = {time}\n')
    with pytest.raises(InputError) as error:
        load(file)
    (problem,) = error.value.problems
    assert (problem.where, problem.path) == (f"{file}:3", path)
    assert problem.found.startswith(found)
