"""The scenarios that come with the tool, where they lie, and which file a name means."""

import os
from pathlib import Path

from sim.errors import InputError, Problem, nearest

_PACKAGE = Path(__file__).resolve().parent.parent
REGISTRY = "sources.toml"
"""The name of a registry of sources, which lies among the scenarios that cite it."""


def folder() -> Path:
    """The folder of shipped scenarios: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "shipped"
    return inside if inside.is_dir() else _PACKAGE.parent / "scenarios"


def find(name: str | Path, beside: Path = Path()) -> Path | None:
    """The file that a name means: in the folder of what names it, else among those shipped; None if in neither."""
    given = Path(name)
    among = Path(*given.parts[1:]) if given.parts[:1] == ("scenarios",) else given
    candidates = (beside / given, folder() / among, folder() / f"{among}.toml")
    return next((file for file in candidates if os.path.isfile(file)), None)


def named(name: str | Path, where: str, path: str, beside: Path = Path()) -> Path:
    """As :func:`find`. Raises InputError with the place that names it where there is no such file."""
    found = find(name, beside)
    if found is None:
        allowed = "allowed: a file beside the one that names it, or a shipped one"
        raise InputError([Problem(where, path, f"no such file: {name}", allowed, near(name, beside))])
    return found


def near(name: str | Path, beside: Path = Path()) -> str:
    """The nearest name of a file: in the folder where it should be, else among those shipped."""
    given = Path(name)
    suffix = given.suffix or ".toml"
    there = beside / given.parent
    siblings = [p.name for p in there.glob("*")] if os.path.isdir(there) else []
    if sibling := nearest(given.name, [s for s in siblings if s.endswith(suffix)]):
        return str(given.parent / sibling)
    shipped = [p.relative_to(folder()).as_posix() for p in folder().rglob(f"*{suffix}")]
    return nearest(given.as_posix(), shipped)


def files() -> list[Path]:
    """Every shipped scenario, sources left out."""
    return sorted(p for p in folder().rglob("*.toml") if p.name != REGISTRY)
