"""A new alliance: its files, what check says of them, and the guide's examples."""

import importlib.util
import re
from pathlib import Path

import pytest

from sim.cli.new import main
from sim.errors import InputError
from sim.model.declaration import Input
from sim.scenario.load import check, load
from sim.scenario.scaffold import _inputs
from sim.scenario.tables import places

GUIDE = Path(__file__).parents[2] / "docs" / "coding-guide.md"
MEMBERS = ["POL=Poland", "HUN=Hungary"]


def test_check_names_every_value_that_is_missing(tmp_path: Path) -> None:
    main("test-pact", "SUN", MEMBERS, "1955-07-01", "1991-10-01", tmp_path)
    file = tmp_path / "test-pact/history-1955-1991.toml"
    problems = check(file, file.parent / "sources.toml")
    needed = {place.path for place in places(["POL", "HUN"]) if not place.input.optional}
    assert {p.path.removesuffix(".value") for p in problems} == needed
    assert {p.found for p in problems} == {"not coded yet"}


def test_when_all_is_coded_it_runs(tmp_path: Path) -> None:
    import sim

    main("test-pact", "SUN", MEMBERS, "1955", "1957", tmp_path)
    file = tmp_path / "test-pact/history-1955-1957.toml"
    file.write_text(file.read_text().replace('value = "?"', 'value = "low"'))
    assert check(file) == []
    assert load(file).members == ["POL", "HUN"]
    assert len(sim.run(load(file), runs=20).members) > 0


def test_an_optional_input_is_not_asked_for() -> None:
    inputs = [Input("trust", "Q", "", optional=True), Input("ties", "D", "", ("trade",), optional=True)]
    assert len(_inputs([*inputs, Input("war", "W", "")], "leader")) == 1


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
        (("p", "SUN", MEMBERS, "1957", "1955"), "whole quarters after"),
        (("p", "SUN", MEMBERS, "1955-01-01", "1957-02-01"), "whole quarters after"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: tuple[object, ...], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        main(*arguments, tmp_path)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


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
