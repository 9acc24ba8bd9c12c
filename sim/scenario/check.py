"""Check scenario files without running them."""

from pathlib import Path

from sim.errors import InputError, Problem
from sim.scenario.load import load


def check(*files: str | Path) -> list[Problem]:
    """Every mistake in the files, an empty list where there is none."""
    problems: list[Problem] = []
    for file in files:
        try:
            load(file)
        except InputError as error:
            problems += error.problems
    return problems
