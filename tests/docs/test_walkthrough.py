"""docs/walkthrough.md: every place that it names exists, and their number is what it says."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")
PLACES = re.findall(r"`([\w/.-]+\.py): ([\w.]+)`", TEXT)


def names(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """Functions, classes, methods, fields and constants of a file, dotted."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found |= {prefix + node.name}
        if isinstance(node, ast.ClassDef):
            found |= names(node.body, f"{prefix}{node.name}.")
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found |= {prefix + t.id for t in targets if isinstance(t, ast.Name)}
    return found


def test_every_place_exists() -> None:
    assert PLACES
    missing = [
        f"{file}: {name}"
        for file, name in PLACES
        if not (ROOT / file).exists() or name not in names(ast.parse((ROOT / file).read_text(encoding="utf-8")).body)
    ]
    assert not missing


def test_the_number_of_places_is_what_it_says() -> None:
    (said,) = re.findall(r"(\d+) places", TEXT)
    assert int(said) == len(dict.fromkeys(PLACES))
