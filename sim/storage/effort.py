"""How much is computed, from which seed, and by whom: checked here for the command, files and Python alike."""

import operator
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, SupportsIndex

from pydantic import Field

from sim.errors import InputError, Problem

LEAST = {"runs": 1, "seed": 0, "jobs": 1}
MOST = {"runs": 100_000_000, "seed": 2**63 - 1, "jobs": 4096}
"""So many runs take a core some hours, whatever they are of; more were not meant."""
Runs = Annotated[int, Field(ge=LEAST["runs"], le=MOST["runs"], strict=True)]
Seed = Annotated[int, Field(ge=LEAST["seed"], le=MOST["seed"], strict=True)]
"""As files have them."""


@dataclass(frozen=True)
class Effort:
    """Runs, their seed, and who makes them: so many jobs of this machine, or a Dask cluster."""

    runs: int = 10_000
    seed: int = 1
    jobs: int = 1
    scheduler: str | None = None


def effort(
    runs: SupportsIndex = 10_000,
    seed: SupportsIndex = 1,
    jobs: SupportsIndex | None = None,
    scheduler: str | None = None,
    multiple: int = 1,
    also: Iterable[Problem] = (),
) -> Effort:
    """Check what was given; whole numbers of numpy are whole numbers.

    Parameters
    ----------
    runs, seed : as every verb has them.
    jobs : all cores by default.
    scheduler : address of a Dask scheduler.
    multiple : of what ``runs`` are a multiple, at least twice; they are rounded up to it.
    also : what else is wrong, said with the rest.

    Raises
    ------
    InputError
        With everything that cannot be.

    Examples
    --------
    >>> effort(runs=100, jobs=2)
    Effort(runs=100, seed=1, jobs=2, scheduler=None)
    >>> effort(runs=1000, jobs=2, multiple=16).runs
    1008
    >>> effort(runs=0, seed=1.5)
    Traceback (most recent call last):
    sim.errors.InputError: runs: 0; allowed: a whole number, at least 1
    seed: 1.5; allowed: a whole number, at least 0
    """
    given = {"runs": runs, "seed": seed, "jobs": (os.cpu_count() or 1) if jobs is None else jobs}
    problems, found = list(also), dict.fromkeys(given, 0)
    for name, value in given.items():
        try:
            found[name] = operator.index(value)
        except TypeError:
            found[name] = LEAST[name] - 1
        if isinstance(value, bool) or found[name] < LEAST[name]:
            problems.append(Problem(name, "", f"{value}", f"allowed: a whole number, at least {LEAST[name]}"))
        elif found[name] > MOST[name]:
            much = f"{found[name]:,}" if found[name] < 1e30 else "a number too long"
            problems.append(Problem(name, "", much, f"allowed: a whole number, at most {MOST[name]:,}"))
    if problems:
        raise InputError(problems)
    whole = found["runs"] if multiple == 1 else max(2, -(-found["runs"] // multiple)) * multiple
    return Effort(whole, found["seed"], found["jobs"], scheduler)
