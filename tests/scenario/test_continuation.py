"""A record that is continued: where its entries go, and what cannot be."""

from pathlib import Path

import pytest

from sim.errors import InputError
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
    (vote("2024-03-01", 'ARN = "oppose"'), "votes[0].conduct.ARN: unknown member", "did you mean ARM?"),
    (vote("2024-03-01", 'ARM = "opose"'), 'unknown conduct "opose"; allowed: support, abstain, oppose', "mean oppose?"),
    (vote("2024-03-01", ""), "votes[0].conduct: empty", ""),
    (vote("2024-03-01", 'ARM = "oppose"') * 2, "votes[1].motion: m twice; allowed: each motion once", ""),
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
