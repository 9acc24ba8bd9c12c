"""The documents for a first reading: short, true to the code, and silent on how the project came to be."""

import re
from pathlib import Path

import pytest

import sim
from sim.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CIRCUMSTANCES = re.compile(r"\b(sessions?|reviewers?|DESIGN\.md|(this|next|later|an) issue|issue \d+)\b", re.IGNORECASE)
OLD_WORDS = re.compile(
    r"foretell|foretold|dull rule|(same|their) luck|same chance|how sure|\brungs?\b|\bany exit|\b_?told\b(?! apart)"
    r"|keeps? house",
    re.IGNORECASE,
)
PLACES = ("*.md", "docs/**/*.md", "docs/**/*.py", "experiments/**/*.md", "experiments/**/*.toml", "sim/**/*.py")
OURS = sorted(f for place in (*PLACES, "benchmarks/*") for f in ROOT.glob(place) if f.is_file())


def test_readme_is_short() -> None:
    assert len(README.split()) <= 900


def test_readme_has_every_verb() -> None:
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert set(re.findall(r"(?m)^\| `cohesion (\w+)", README)) == verbs, "a row for each verb"


def test_readme_says_what_the_backtest_does_not_support() -> None:
    assert "the backtest does not support" in " ".join(README.split())


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda f: f.name)
def test_links_lead_somewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    assert not [t for t in targets if t and not (file.parent / t).exists()]


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda f: f.name)
def test_no_document_speaks_of_how_the_project_was_made(file: Path) -> None:
    assert not CIRCUMSTANCES.findall(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", OURS, ids=lambda f: str(f.relative_to(ROOT)))
def test_documents_use_the_terms_of_the_field(file: Path) -> None:
    assert not OLD_WORDS.search(" ".join(file.read_text(encoding="utf-8").split()))


def test_citation_names_the_version() -> None:
    from importlib.metadata import version

    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {version('alliance-cohesion')}" in text
    assert "Stratievski" in text
    assert sim.__doc__
