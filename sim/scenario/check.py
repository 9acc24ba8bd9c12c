"""Check scenario files without running them."""

from pathlib import Path

from sim.errors import InputError, Problem
from sim.scenario.files import REGISTRY
from sim.scenario.load import load, read_toml
from sim.scenario.locate import line_at


def check(*files: str | Path) -> list[Problem]:
    """Every mistake in the files, an empty list where there is none.

    A file named sources.toml is a registry of sources, so that ``folder/*.toml`` can be checked.
    """
    problems: list[Problem] = []
    for file in files:
        try:
            if Path(file).name == REGISTRY and Path(file).is_file():
                problems += _registry(Path(file))
            else:
                load(file)
        except InputError as error:
            problems += error.problems
    return problems


def _registry(file: Path) -> list[Problem]:
    """Sources that say nothing, or not where it is from."""
    source = read_toml(file)
    problems = []
    for key, entry in source.tables.items():
        for part in ("quote", "from"):
            said = entry.get(part) if isinstance(entry, dict) else None
            if not isinstance(said, str) or not said.strip():
                where = f"{file}:{line_at(source.lines, (key,))}"
                problems.append(Problem(where, f"{key}.{part}", "missing", "required: text"))
    return problems
