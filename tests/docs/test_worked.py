"""Worked examples: each command has what it prints beneath it, and each figure is there."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

DOCS = Path(__file__).parents[2] / "docs"
worked = SimpleNamespace(**runpy.run_path(str(DOCS / "worked.py")))
EXAMPLES = ["why.md"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_command_of_a_worked_example_has_been_run(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    commands = re.findall(r"```sh\n(cohesion [^\n]+)\n", text)
    again = worked.filled(text, lambda command: f"printed by {command}")
    assert re.findall(r"```text\nprinted by ([^\n]+)\n```", again) == commands
    assert commands
    assert "```text\n```" not in text, "a command that has printed nothing"
    assert all((DOCS / place).exists() for place, _ in worked.FIGURE.findall(text))


def test_what_was_printed_before_is_replaced_and_all_else_stays() -> None:
    before = "# A\n\n```sh\ncohesion list\n```\n\n```text\nold\n\nlines\n```\n\n```sh\nls\n```\n"
    assert worked.filled(before, str.upper) == before.replace("old\n\nlines", "COHESION LIST")
