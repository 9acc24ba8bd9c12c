"""The scenarios that come with the tool, and where they lie."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
REGISTRY = "sources.toml"
"""The name of a registry of sources, which lies among the scenarios that cite it."""


def folder() -> Path:
    """The folder of shipped scenarios: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "shipped"
    return inside if inside.is_dir() else _PACKAGE.parent / "scenarios"


def find(path: str | Path) -> Path:
    """The file that a path means: as given, else among the shipped scenarios."""
    given = Path(path)
    if given.exists():
        return given
    name = Path(*given.parts[1:]) if given.parts[:1] == ("scenarios",) else given
    for candidate in (folder() / name, folder() / f"{name}.toml"):
        if candidate.is_file() and not given.is_absolute():
            return candidate
    return given


def files() -> list[Path]:
    """Every shipped scenario, sources left out."""
    return sorted(p for p in folder().rglob("*.toml") if p.name != REGISTRY)
