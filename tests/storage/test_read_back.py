"""What is read back is held against what was written: every kind of results, every file of it, edited or lost."""

import contextlib
import json
import shutil
import warnings
from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.storage.files import PICTURES, SEAL, as_json, sealed
from sim.storage.workspace import FORMAT
from tests.claim_files import claim_file
from tests.helpers import SIX
from tests.study_files import study_file

YEARLY = {"time.step": "year"}
KINDS: dict[str, Callable[[Path, Path], object]] = {
    "run": lambda out, _: sim.run(SIX, runs=8, set=YEARLY, out=out),
    "compare": lambda out, _: sim.compare(SIX, SIX, runs=8, set=YEARLY, out=out),
    "claims": lambda out, beside: sim.claims(claim_file(beside), runs=32, out=out),
    "sweep": lambda out, beside: sim.sweep(study_file(beside, ("runs = 40", "runs = 16"), name="s"), out, jobs=1),
}


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a kind."""
    home = tmp_path_factory.mktemp(request.param)
    KINDS[request.param](home / "out", home)
    return home / "out"


def written(folder: Path) -> dict[str, str]:
    return dict(json.loads((folder / "provenance.json").read_text())["files"])


def file_of(path: Path) -> Path:
    """The file itself, or the first that a folder holds."""
    return path if path.is_file() else min(p for p in path.rglob("*") if p.is_file() and p.suffix not in PICTURES)


def differing(folder: Path) -> set[str]:
    return {found.split()[0] for found in sim.status(folder).differences}


def test_nothing_differs_in_what_was_just_written(folder: Path) -> None:
    assert len(written(folder)) >= 3
    assert differing(folder) == set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sim.open(folder)


def test_a_retouched_picture_is_nobodys_business(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    pictures = [p for p in copy.rglob("*") if p.suffix in PICTURES]
    for picture in pictures:
        picture.write_bytes(b"retouched")
    assert pictures
    assert differing(copy) == set()


def test_every_edited_file_is_named_when_the_results_are_opened(folder: Path, tmp_path: Path) -> None:
    for name in written(folder):
        copy = shutil.copytree(folder, tmp_path / name.replace(".", "-"))
        with file_of(copy / name).open("ab") as file:
            file.write(b"\n")
        assert differing(copy) == {name}
        with pytest.warns(UserWarning, match=f"{name} is not as it was written"):
            opened(copy)


def test_every_lost_file_is_named_when_the_results_are_opened(folder: Path, tmp_path: Path) -> None:
    for name in written(folder):
        copy = shutil.copytree(folder, tmp_path / name.replace(".", "-"))
        shutil.rmtree(copy / name) if (copy / name).is_dir() else (copy / name).unlink()
        assert differing(copy) == {name}
        with pytest.warns(UserWarning, match=f"{name} is missing"):
            opened(copy)


def opened(folder: Path) -> None:
    """Open results, which may be refused, but not with a traceback."""
    with contextlib.suppress(InputError):
        sim.open(folder)


EDITED: dict[str, object] = {"seed": 2, "runs": 4000, "fingerprint": "0", "model": "0", "files": 3}


@pytest.mark.parametrize("key", EDITED)
def test_an_edited_provenance_is_noticed_and_no_story_is_told_by_it(run: Path, key: str) -> None:
    file = run / "provenance.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: EDITED[key]}))
    assert sim.status(run).differences
    with pytest.raises(InputError, match=r"provenance\.json"):
        sim.replay(run, 0)


def entries(there: dict[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys to every entry of nested tables, and to those tables."""
    for key, value in there.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from entries(value, (*above, key))


def lost(there: dict[str, object], key: str) -> None:
    del there[key]


def changed(there: dict[str, object], key: str) -> None:
    there[key] = "99" if there[key] != "99" else "100"


def added(there: dict[str, object], key: str) -> None:
    there[f"{key} too"] = there[key]


@pytest.mark.parametrize("edit", [lost, changed, added])
def test_no_entry_of_the_provenance_can_be_edited_unnoticed(
    folder: Path, tmp_path: Path, edit: Callable[[dict[str, object], str], None]
) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    file, as_it_was = copy / "provenance.json", sim.status(folder)
    there = json.loads(file.read_text())
    assert {("kind",), ("model",), ("seed",), ("files",), ("progress", "done"), (SEAL,)} <= set(entries(there))
    for *above, key in entries(there):
        content = json.loads(json.dumps(there))
        edit(reduce(getitem, above, content), key)
        file.write_text(as_json(content))
        said = sim.status(copy)
        assert said.differences == ["provenance.json is not as it was written"], (above, key)
        assert (said.kind, said.title, said.state) == (as_it_was.kind, as_it_was.title, "finished")
        assert (said.done, said.total, said.share) == (0, 0, 1), "no word of it is repeated"
        if above:
            continue
        with pytest.warns(UserWarning, match=r"provenance\.json is not as it was written"):
            opened(copy)
        with pytest.raises(InputError, match=r"provenance\.json" if said.kind == "run" else f"holds a {said.kind}"):
            sim.replay(copy, 0)


def test_a_folder_of_a_former_format_is_not_said_to_be_edited(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    contents, there = (json.loads((copy / f"{n}.json").read_text()) for n in ("workspace", "provenance"))
    (copy / "workspace.json").write_text(as_json(contents | {"format": 2}))
    lost(there, SEAL)
    (copy / "provenance.json").write_text(as_json(there))
    assert sim.status(copy).differences == [f"written in format 2 by another version, this one reads format {FORMAT}"]
    with pytest.raises(InputError, match="written in format 2 by another version"):
        sim.open(copy)


@pytest.mark.parametrize("content", ["{}", "[]", '{"files": {}}', "nonsense"])
def test_a_broken_provenance_ends_in_a_sentence(run: Path, content: str) -> None:
    (run / "provenance.json").write_text(content)
    assert sim.status(run).kind == "run"
    with pytest.raises(InputError):
        sim.replay(run, 0)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    KINDS["run"](tmp_path / "run", tmp_path)
    return tmp_path / "run"


def edited(folder: Path, change: Callable[[dict[str, dict[str, object]]], object]) -> None:
    """The resolved scenario, changed by hand."""
    file = folder / "resolved.json"
    content = json.loads(file.read_text())
    change(content["tables"])
    file.write_text(json.dumps(content))


EDITS: dict[str, Callable[[dict[str, dict[str, object]]], object]] = {
    "another coefficient": lambda t: t["behaviour"].update({next(iter(t["behaviour"])): 0.9}),
    "a coefficient lost": lambda t: t["behaviour"].pop(next(iter(t["behaviour"]))),
    "another end": lambda t: t["time"].update(horizons=[1]),
}


@pytest.mark.parametrize("change", EDITS)
def test_no_story_is_told_of_inputs_that_were_edited(run: Path, change: str) -> None:
    edited(run, EDITS[change])
    with pytest.raises(InputError, match=r"resolved.json is not as it was written"):
        sim.replay(run, 0)


def test_no_story_is_told_of_a_scenario_that_reads_otherwise_today(run: Path) -> None:
    """As when a later version fills in another default: the file is as it was, its meaning is not."""
    for name in ("workspace.json", "provenance.json"):
        content = json.loads((run / name).read_text())
        content.get("identity", content)["fingerprint"] = "0" * 16
        (run / name).write_text(sealed(content) if SEAL in content else json.dumps(content))
    with pytest.raises(InputError, match="six reads otherwise than when it was run"):
        sim.replay(run, 0)
    with pytest.warns(UserWarning, match="six reads otherwise"):
        sim.open(run)
