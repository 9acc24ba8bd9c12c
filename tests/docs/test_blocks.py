"""Every block of code in the documents is what it says: parsed, checked, or run."""

import ast
import re
import shlex
import shutil
import textwrap
import tomllib
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

import sim
from sim.cli.app import app
from sim.studies.study import load_study

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "experiments").rglob("*.md")])
LANGUAGES = {"sh", "powershell", "python", "toml", "math", "text", ""}
FENCE = re.compile(r"(?ms)^( *)```(\w*)\n(.*?)^\1```$")
INLINE = re.compile(r"`(cohesion [^`\n]+)`")
PLACEHOLDER = re.compile(r"\b[A-Z]{3,}\b|\.\.\.|\bPATH\b")
"""Words that stand for what a reader puts there."""


class Block(NamedTuple):
    where: str
    language: str
    text: str


def blocks() -> list[Block]:
    """Every block, with the file and the line on which it begins."""
    found = []
    for file in DOCUMENTS:
        text = file.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text[: match.start()].count("\n") + 1
            found.append(Block(f"{file.relative_to(ROOT)}:{line}", match[2], textwrap.dedent(match[3])))
    return found


BLOCKS = blocks()
BY_LANGUAGE = {k: list(v) for k, v in groupby(sorted(BLOCKS, key=lambda b: b.language), lambda b: b.language)}


def commands() -> list[Block]:
    """Every line that calls the command, in blocks for shells and inside sentences."""
    found = []
    for block in [*BY_LANGUAGE["sh"], *BY_LANGUAGE["powershell"]]:
        parts = re.split(r"&&|;|\n", block.text.replace("\\\n", " "))
        found += [block._replace(text=p.strip()) for p in parts if re.match(r"\s*(\S*[/\\])?cohesion\s", p)]
    for file in DOCUMENTS:
        inline = [m for m in INLINE.findall(file.read_text(encoding="utf-8")) if not PLACEHOLDER.search(m)]
        found += [Block(str(file.relative_to(ROOT)), "", m) for m in inline if re.match(r"cohesion \w+ [^-\s]", m)]
    return found


def parsed(arguments: list[str]) -> str:
    """The verb that the real parser finds. Raises what it raises."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("cohesion", list(arguments))
    _, verb, rest = command.resolve_command(context, arguments)
    verb.make_context(verb.name, rest, parent=context)
    return str(verb.name)


def test_blocks_have_a_language_that_a_test_knows() -> None:
    assert {b.language for b in BLOCKS} <= LANGUAGES
    text = "".join(f.read_text(encoding="utf-8") for f in DOCUMENTS)
    assert len(re.findall(r"(?m)^ *```", text)) == 2 * len(BLOCKS), "each is closed"


@pytest.mark.parametrize("block", commands(), ids=lambda b: f"{b.where} {b.text[:60]}")
def test_commands_are_taken_by_the_parser(block: Block) -> None:
    _, *arguments = shlex.split(block.text.replace("\\", "/"), comments=True)
    assert parsed(arguments) == arguments[0]


@pytest.mark.parametrize("block", BY_LANGUAGE["toml"], ids=lambda b: b.where)
def test_toml_is_valid_and_a_scenario_or_study_without_mistakes(block: Block, tmp_path: Path) -> None:
    tables = tomllib.loads(block.text)
    registry = all("quote" in entry for entry in tables.values() if isinstance(entry, dict)) and "title" not in tables
    shutil.copy(ROOT / "scenarios" / "csto" / "sources.toml", tmp_path)
    file = tmp_path / ("sources.toml" if registry else "example.toml")
    beside = re.compile(r"(?m)^(sheet|posterior) = .*$")  # files that the example would have beside it
    file.write_text(beside.sub("", block.text).replace("assumption: ...", "assumption: test"), encoding="utf-8")
    if "design" in tables:
        assert load_study(file, many=True).size > 0
    elif registry or "time" in tables:
        assert not [str(p) for p in sim.check(file) if not ONE_STATE.search(f"{p.found} {p.allowed}")]


ONE_STATE = re.compile(r"^missing|unknown member|at least 2|members\.ARM\.")
"""What may be wrong with an example that shows one state of an alliance, and some of what is coded for it."""


@pytest.mark.parametrize("block", BY_LANGUAGE["python"], ids=lambda b: b.where)
def test_python_compiles(block: Block) -> None:
    ast.parse(block.text)


def test_the_readmes_python_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = [b for b in BY_LANGUAGE["python"] if b.where.startswith("README")]
    assert "runs=10_000" in block.text
    exec(block.text.replace("runs=10_000", "runs=64"), {})
