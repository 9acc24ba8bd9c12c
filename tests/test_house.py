"""The house: floors, circles, layout, and lists of names that stand once."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from sim.model.outcomes import EVERY, OUTCOMES, STATISTICS

ROOT = Path(__file__).resolve().parents[1]
SIM = ROOT / "sim"
FLOORS = ("model", "scenario", "engines", "estimates", "storage", "figures", "inference", "results", "studies")
FLOORS += ("evaluation", "evidence", "analysis", "reports", "server", "cli")
"""From the lowest up: each imports only those before it."""

APART = {("evaluation", "studies"), ("evidence", "inference"), ("evidence", "evaluation")}
"""Floors beside each other, which do not import each other although one is named first."""

FILES = sorted(SIM.rglob("*.py"))
INSIDE = [file for file in FILES if file.parent != SIM]


def module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor(name: str) -> str:
    return name.split(".")[1]


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def modules_imported(node: ast.AST) -> Iterator[str]:
    """The modules of the project that one statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.startswith("sim."))
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sim":
        names = {module(file) for file in FILES}
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in names else str(node.module)


def imports(file: Path) -> set[str]:
    """All modules of the project that a file imports: at the top, inside functions, for types."""
    return {name for node in ast.walk(tree(file)) for name in modules_imported(node)} - {"sim", module(file)}


@pytest.mark.parametrize("file", INSIDE, ids=module)
def test_no_import_goes_upwards_not_even_a_late_one(file: Path) -> None:
    here = file.relative_to(SIM).parts[0]
    allowed = {*FLOORS[: FLOORS.index(here) + 1]} - {above for below, above in APART if below == here}
    if here == "figures":
        allowed = {"figures", "model"}
    upwards = {name for name in imports(file) if name != "sim.errors" and floor(name) not in allowed}
    assert not upwards, f"{module(file)} is on the floor {here}, which may import {sorted(allowed)}"


def test_every_room_is_a_floor() -> None:
    assert {file.relative_to(SIM).parts[0] for file in INSIDE} == set(FLOORS)


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module(file): imports(file) for file in FILES if file != SIM / "__init__.py"}
    finished: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join((*path[path.index(name) :], name))}"
        if name not in finished:
            for other in sorted(graph.get(name, ())):
                visit(other, (*path, name))
            finished.add(name)

    for name in graph:
        visit(name, ())


def test_layout_is_the_formatters() -> None:
    by_hand = re.compile(r"#\s*fmt:\s*(skip|off)")
    files = [*FILES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "docs").rglob("*.py")]
    assert not [str(file) for file in files if by_hand.search(file.read_text(encoding="utf-8"))]


KEYWORDS = {"color", "linestyle", "lw", "fontsize", "fontweight", "va", "ha"}
"""Arguments of a drawing library are no list of ours."""


def collections(file: Path) -> Iterator[tuple[list[str], int]]:
    """The texts in every list, tuple, set and keys of a table that a file writes down, and of how many items.

    Not those of a ``Literal``: a type cannot be computed, and an assertion beside it holds it against the list.
    """
    types = {
        id(node.slice)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal"
    }
    for node in ast.walk(tree(file)):
        if id(node) in types:
            continue
        items: list[ast.expr | None] = []
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            items = [*node.elts]
        elif isinstance(node, ast.Dict):
            items = [*node.keys]
        texts = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        yield texts, len(items)


def lists_of_names(file: Path) -> Iterator[frozenset[str]]:
    """The collections of three or more names, and of nothing else."""
    for texts, count in collections(file):
        if len(texts) >= 3 and len(texts) == count and not KEYWORDS.issuperset(texts):
            yield frozenset(texts)


DECLARED = {*OUTCOMES, *STATISTICS, *EVERY}
"""Names of outcomes and of their statistics, whose home is sim/model/outcomes.py."""
ELSEWHERE = {
    "sim.cli.replay": "what happens in one run, which has other names beside these",
    "sim.evidence.ledger": "columns of a table of claims, from the fields of a row of a test",
}
"""Where some of them may stand together, and why."""


@pytest.mark.parametrize("file", FILES, ids=module)
def test_outcomes_and_statistics_are_listed_where_they_are_declared(file: Path) -> None:
    listed = [sorted(DECLARED & set(texts)) for texts, _ in collections(file)]
    several = [names for names in listed if len(names) >= 3]
    assert bool(several) == (module(file) in {"sim.model.outcomes", *ELSEWHERE}), several


def test_no_list_of_names_stands_twice() -> None:
    homes: dict[frozenset[str], set[str]] = {}
    for file in FILES:
        for names in lists_of_names(file):
            homes.setdefault(names, set()).add(module(file))
    twice = {tuple(sorted(names)): sorted(where) for names, where in homes.items() if len(where) > 1}
    assert not twice, "\n".join(f"{names}: {where}" for names, where in twice.items())


def test_floors_are_in_the_order_that_contributing_says() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = [text.index(f"`sim/{name}`") for name in FLOORS]
    assert all(a < b for a, b in pairwise(places))


COUNTED = (
    "run claim point draw state scenario member test tick round power particle motion factor override value path entry "
    "warning mechanism origin part outcome coefficient"
)
"""What is counted in sentences."""


@pytest.mark.parametrize("file", FILES, ids=module)
def test_what_is_counted_is_one_or_several(file: Path) -> None:
    """No sentence says ``1 claims``: numbers and nouns are put together by ``errors.plural``."""
    nouns = "|".join(noun.removesuffix("y") + ("ies" if noun.endswith("y") else "s") for noun in COUNTED.split())
    counts = re.findall(rf"\{{[^{{}}:!]+(?::,)?\}} (?:{nouns})\b", file.read_text("utf-8"))
    above_one = re.compile(r"\{(?:[A-Z_]+(?:\[n\])?|every)(?::,)?\}")
    assert [c for c in counts if not above_one.match(c)] == [], "constants, and numbers in words, are above one"
