"""What the code imports is declared, so that a fresh machine has it."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BEHIND = {"h5netcdf": "h5py"}
"""Engines that need another package, which they do not bring."""


OTHERWISE = {"python_docx": "docx"}
"""Packages that are imported by another name."""


def imported() -> set[str]:
    """Top-level packages that sim imports, wherever, and the engines that it names."""
    found: set[str] = set()
    for file in (ROOT / "sim").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.keyword) and node.arg == "engine" and isinstance(node.value, ast.Constant):
                engine = str(node.value.value)
                found |= {engine, BEHIND[engine]} if engine in BEHIND else set()
    return found - set(sys.stdlib_module_names) - {"sim"}


def declared() -> set[str]:
    """Names of the packages that pyproject.toml asks for, extras included, as they are imported."""
    extras = [x for name, some in PROJECT["optional-dependencies"].items() if name != "dev" for x in some]
    names = {re.split(r"[\[<>=~! ]", x)[0].replace("-", "_") for x in (*PROJECT["dependencies"], *extras)}
    names |= {OTHERWISE[name] for name in names & OTHERWISE.keys()}
    return names | ({"distributed"} if "dask" in names else set()) | {"pydantic_core"}


def test_what_is_imported_is_declared() -> None:
    assert imported() <= declared(), "add to dependencies in pyproject.toml"
