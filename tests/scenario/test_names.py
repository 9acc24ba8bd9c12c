"""Names: one pattern for each kind, held in files, by `set`, by `new` and by `out`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import sim
from sim.errors import InputError
from sim.evidence.claim import load_claims
from sim.scenario import names
from sim.scenario.load import Scenario, load
from sim.studies.study import load_study
from tests.claim_files import claim_file
from tests.helpers import SIX
from tests.hostile import NAMES, Hostile
from tests.scenarios import changed
from tests.study_files import study_file

DATES = ("1990", "2000")
every_name = pytest.mark.parametrize("name", NAMES)


def toml(text: str) -> str:
    return json.dumps(text)  # TOML's strings are JSON's here


def refused(work: Callable[[], object], *words: str) -> None:
    """It is bad input, said in one message a mistake, each of which has these words."""
    with pytest.raises(InputError) as caught:
        work()
    for problem in caught.value.problems:
        assert all(word in str(problem) for word in words), str(problem)
        assert len(str(problem)) < 1200


def fine_or_refused(fine: bool, work: Callable[[], object], *words: str) -> None:
    if fine:
        work()
    else:
        refused(work, *words)


def holds(scenario: Scenario, text: str) -> None:
    """The name is there as it was written, of whatever it reminds."""
    assert text in (*scenario.members, scenario.name, scenario.tables.title, scenario.tables.members["BBB"].name)


@every_name
def test_codes_of_states_in_a_file(tmp_path: Path, name: str) -> None:
    text, code = NAMES[name].text, NAMES[name].code
    six = SIX.read_text()
    file = tmp_path / "own.toml"
    file.write_text(six.replace('"AAA"', toml(text)).replace("members.AAA", f"members.{toml(text)}"))
    if code:
        holds(load(file), text)
    else:
        refused(lambda: load(file), str(file))


@every_name
def test_codes_of_leaders(tmp_path: Path, name: str) -> None:
    text, code = NAMES[name].text, NAMES[name].code
    file = changed(tmp_path, ('leader = "LEA"', f"leader = {toml(text)}"))
    fine_or_refused(code, lambda: load(file), str(file), "alliance.leader")
    fine_or_refused(code, lambda: load(SIX, {"alliance.leader": text}), "set", "alliance.leader")


@every_name
def test_titles_and_full_names(tmp_path: Path, name: str) -> None:
    text, fine = NAMES[name].text, NAMES[name].title
    for old, key in (
        ('title = "Six invented states"', "title"),
        ('name = "Test pact"', "name"),
        ('name = "State B"', "name"),
    ):
        file = changed(tmp_path, (old, f"{key} = {toml(text)}"))
        fine_or_refused(fine, lambda file=file: load(file), str(file), key)
    for path in ("title", "alliance.name", "members.BBB.name"):
        fine_or_refused(
            fine,
            lambda path=path: holds(load(SIX, {path: text}), text) if "title" in path else load(SIX, {path: text}),
            "set",
            path,
        )


@every_name
def test_titles_of_studies_and_claims(tmp_path: Path, name: str) -> None:
    text, fine = NAMES[name].text, NAMES[name].title
    study = study_file(tmp_path, ('title = "Coercion against autonomy"', f"title = {toml(text)}"))
    fine_or_refused(fine, lambda: load_study(study), str(study), "title")
    claim = claim_file(tmp_path, ('title = "A claim that tests make"', f"title = {toml(text)}"), name="claim")
    fine_or_refused(fine, lambda: load_claims([claim]), str(claim), "title")


@every_name
def test_names_of_files(tmp_path: Path, name: str) -> None:
    text, fine = NAMES[name].text, NAMES[name].file
    file = tmp_path / f"{text}.toml"
    try:
        file.write_text(SIX.read_text())
    except (OSError, ValueError):
        refused(lambda: load(file))
        return
    if fine:
        assert load(file).name == text
    else:
        refused(lambda: load(file), "allowed: ")


@every_name
def test_names_of_folders_of_results(tmp_path: Path, name: str) -> None:
    text, fine = NAMES[name].text, NAMES[name].file
    if text in ("", "a/b", "a\nb"):  # the folder above, or two
        return
    fine_or_refused(fine, lambda: names.check_out(tmp_path / text), "out", "allowed: ")
    fine_or_refused(fine, lambda: names.check_out(tmp_path / text / "inner"), "out", "allowed: ")
    if not fine:
        refused(lambda: sim.run(SIX, runs=2, jobs=1, out=tmp_path / text))
        assert list(tmp_path.iterdir()) == []


@every_name
def test_names_that_new_takes(tmp_path: Path, name: str) -> None:
    of: Hostile = NAMES[name]
    members = {"AAA": "State A", "BBB": "State B"}
    attempts = {
        "leader": (of.code, lambda: sim.new("pact", of.text, members, *DATES, tmp_path / "l")),
        "code": (of.code, lambda: sim.new("pact", "LEA", {**members, of.text: "State C"}, *DATES, tmp_path / "c")),
        "full name": (of.title, lambda: sim.new("pact", "LEA", {**members, "CCC": of.text}, *DATES, tmp_path / "n")),
    }
    for fine, work in attempts.values():
        fine_or_refused(fine, work)
    refused(lambda: sim.new(f"Pact {of.text}", "LEA", members, *DATES, tmp_path), "small letters")


def test_a_message_shows_where_the_character_stands(tmp_path: Path) -> None:
    file = changed(tmp_path, ('description = "', 'description = "\\u001b[31m'))
    refused(lambda: load(file), f"{file}:", "description: the character \\x1b")


def test_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('\nextends = "a\\u0000b"\n')
    refused(lambda: load(tmp_path / "own.toml"), f"{tmp_path / 'own.toml'}:2: extends: the character \\x00")


def test_a_folder_s_name_that_is_no_text_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has bytes that are no text in the encoding of the system"):
        names.check_out(tmp_path / "a\udcff")
