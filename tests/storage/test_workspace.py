"""A folder of results: whose it is, what it holds, replaced as a whole, and how far it is, at any instant."""

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.storage import workspace
from sim.storage.files import PROVENANCE, locked, put, write
from sim.storage.status import status
from sim.storage.workspace import FORMER, LOCK, NEW, Workspace, kind_of
from tests.helpers import SIX

OWN = ("a.txt", "b")


def place(folder: Path, to: int = 3, kind: str = "count", **changeable: object) -> Workspace:
    return Workspace(folder, kind, "To three", {"to": to, "by": [{"scenario": "six", "one": 1}]}, OWN, changeable)


def fill(work: Workspace, text: str, force: bool = False) -> None:
    with work.held(force), work.results(made="here") as new:
        write(new / "a.txt", text)
        (new / "b").mkdir()
        write(new / "b" / "c.txt", text)


def contents(folder: Path) -> dict[str, str]:
    """All but what has times."""
    return {
        p.relative_to(folder).as_posix(): p.read_text()
        for p in folder.rglob("*")
        if p.is_file() and p.name != PROVENANCE
    }


def test_what_is_finished_is_known_again_and_another_is_refused(tmp_path: Path) -> None:
    work = place(tmp_path / "out")
    assert not work.is_finished()
    fill(work, "x")
    assert work.is_finished()
    assert kind_of(tmp_path / "out") == "count"
    assert json.loads((tmp_path / "out" / PROVENANCE).read_text())["made"] == "here"
    with pytest.raises(InputError, match="to: 3 when it began, now 4; allowed: as it was, another `out`, or `force`"):
        place(tmp_path / "out", 4).is_finished()
    (tmp_path / "out/a.txt").unlink()
    assert not work.is_finished()


def test_what_may_change_is_made_anew_without_being_refused(tmp_path: Path) -> None:
    fill(place(tmp_path / "out", label="old"), "x")
    work = place(tmp_path / "out", label="new")
    assert not work.is_finished()
    with work.held():
        work.begin()
        assert (tmp_path / "out/a.txt").exists(), "what was done is kept"
        assert not (tmp_path / "out" / PROVENANCE).exists()
        work.finish()
    assert work.is_finished()


def test_another_version_of_the_model_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(place(tmp_path / "out"), "x")
    monkeypatch.setattr(workspace, "VERSION", "next")
    with pytest.raises(
        InputError, match=r"version of the model: .* when it began, now next; .* or `force` to begin anew"
    ):
        fill(place(tmp_path / "out"), "y")
    fill(place(tmp_path / "out"), "y", force=True)
    assert (tmp_path / "out/a.txt").read_text() == "y"


def test_results_of_another_kind_are_refused_even_by_force(tmp_path: Path) -> None:
    fill(place(tmp_path / "out"), "x")
    before = contents(tmp_path / "out")
    for force in (False, True):
        with pytest.raises(InputError, match="holds a count, not a sum; allowed: another `out`"):
            fill(place(tmp_path / "out", kind="sum"), "y", force)
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("name", [*FORMER, "provenance.json"])
def test_the_former_layout_is_refused_in_a_sentence_and_begun_anew_by_force(tmp_path: Path, name: str) -> None:
    kind = FORMER.get(name, "run")
    (tmp_path / name).write_text(json.dumps({"engine": "ensemble", "versions": {}}))
    (tmp_path / "a.txt").write_text("old")
    if name in FORMER:
        (tmp_path / LOCK).touch()
    with pytest.raises(InputError, match=f"holds a {kind} in the layout of a former version, which .* `force`"):
        fill(place(tmp_path, kind=kind), "x")
    work = place(tmp_path, kind=kind)
    with work.held(force=True):
        work.begin(force=True)
    assert not (tmp_path / name).exists()
    assert kind_of(tmp_path) == kind


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    fill(place(tmp_path / "out"), "x")
    with (
        locked(tmp_path / "out" / LOCK, exclusive=True, wait=False),
        pytest.raises(InputError, match="another count is running there; allowed: one at a time"),
    ):
        fill(place(tmp_path / "out"), "y")
    assert (tmp_path / "out/a.txt").read_text() == "x"


def test_where_nothing_was_begun_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), place(tmp_path / "out").held():
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def failing_after(operations: int, original: Callable[..., None]) -> Callable[..., None]:
    """Renames so often, then no more, as if killed."""
    left = operations

    def replace(*names: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        original(*names)

    return replace


@pytest.mark.parametrize("renames", range(6))
def test_killed_between_renames_the_next_command_moves_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    fill(place(tmp_path / "old"), "old")
    fill(place(tmp_path / "new"), "new")
    old, new = contents(tmp_path / "old"), contents(tmp_path / "new")
    fill(place(tmp_path / "out"), "old")
    with monkeypatch.context() as killed:
        killed.setattr(workspace.os, "replace", failing_after(renames, os.replace))
        if renames < 5:
            with pytest.raises(KeyboardInterrupt):
                fill(place(tmp_path / "out"), "new")
        else:
            fill(place(tmp_path / "out"), "new")
    (tmp_path / "out" / NEW).mkdir(exist_ok=True)  # as one killed while it wrote leaves it
    work = place(tmp_path / "out")
    with work.held():
        assert contents(tmp_path / "out") == (new if renames else old)
        assert work.is_finished()
    assert not (tmp_path / "out" / NEW).exists()


def test_how_far_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    work = place(folder)
    with work.held():
        work.begin()
        work.tell(0, 4, "things")
        work.tell(1, 4, "things", failed=2)
        said = status(folder)
        assert (said.kind, said.title, said.state, said.total) == ("count", "To three", "running", 4)
    said = status(folder)
    assert (said.state, said.done, said.unit, said.share, said.more) == (
        "interrupted",
        1,
        "things",
        0.25,
        {"failed": 2},
    )
    assert said.left != said.left
    with work.held():
        work.begin()
        work.tell(4, 4, "things")
        put(folder / "a.txt", "x")
        (folder / "b").mkdir()
        work.finish()
    assert (status(folder).state, status(folder).share) == ("finished", 1.0)
    assert sorted(p.name for p in folder.iterdir()) == [LOCK, "a.txt", "b", "provenance.json", "workspace.json"]


def test_a_folder_that_is_not_there_is_said_with_the_nearest_beside(tmp_path: Path) -> None:
    for name in ("history", "notes"):
        (tmp_path / name).mkdir()
    (tmp_path / "history" / "workspace.json").write_text("{}")
    for name, meant in {"histroy": str(tmp_path / "history"), "note": ""}.items():
        with pytest.raises(InputError, match="no such folder") as caught:
            status(tmp_path / name)
        assert caught.value.problems[0].suggestion == meant


def test_a_folder_of_no_results_has_no_status(tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_text("[1]")
    with pytest.raises(InputError, match="holds no results; allowed: a folder that `cohesion` wrote or is writing"):
        status(tmp_path)


def test_seconds_are_those_between_beginning_and_end(tmp_path: Path) -> None:
    sim.run(SIX, runs=4, set={"time.step": "year"}, out=tmp_path / "r")
    there = json.loads((tmp_path / "r" / "provenance.json").read_text())
    began, ended = (dt.datetime.fromisoformat(there[key]) for key in ("began", "ended"))
    assert abs((ended - began).total_seconds() - there["seconds"]) <= 1.1
    assert there["computing_seconds"] <= there["seconds"] + 0.1
