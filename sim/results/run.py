"""Run a scenario: blocks of runs, summarised as they come, on as many threads as there are cores."""

import datetime as dt
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import reduce
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim.engines import ensemble
from sim.engines.ensemble import Piece, pieces
from sim.errors import InputError, Problem, nearest
from sim.estimates.intervals import INTERVAL_BLOCK, REPLICATES, spread
from sim.estimates.summary import Summary, combine, statistics, summarise
from sim.model.noise import BLOCK
from sim.results.dataset import dataset
from sim.results.result import Result
from sim.scenario.compile import Program, compile
from sim.scenario.load import Scenario
from sim.scenario.resolved import identity

Part = TypeVar("Part")
ENGINES = ("ensemble", "agents")
LIBRARIES = ("numpy", "scipy", "mesa", "pydantic", "xarray", "zarr")


def checked(runs: int, seed: int, engine: str) -> None:
    """Raises InputError where an argument of a run cannot be."""
    problems = []
    if not isinstance(runs, int) or runs < 1:
        problems.append(Problem("--runs", "", f"{runs}", "allowed: a whole number, at least 1"))
    if not isinstance(seed, int) or seed < 0:
        problems.append(Problem("--seed", "", f"{seed}", "allowed: a whole number, at least 0"))
    if engine not in ENGINES:
        problems.append(Problem("--engine", "", engine, f"allowed: {', '.join(ENGINES)}", nearest(engine, ENGINES)))
    if problems:
        raise InputError(problems)


def block_runner(engine: str) -> Callable[..., Any]:
    """The ``run_block`` of an engine; Mesa is imported only where agents run."""
    if engine == "ensemble":
        return ensemble.run_block
    from sim.engines import agents

    return agents.run_block


def simulate(
    program: Program,
    runs: int,
    seed: int,
    engine: str = "ensemble",
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Run and summarise. The result does not depend on ``jobs``.

    ``progress`` is told the number of runs finished after each block.
    """
    run_block = block_runner(engine)

    def one(piece: Piece) -> Summary:
        return summarise(run_block(program, seed, piece.block, piece.lanes), piece.block)

    return reduce(combine, each_piece(one, runs, 1 if engine == "agents" else jobs, progress))


def each_piece(
    work: Callable[[Piece], Part],
    runs: int,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Part]:
    """What ``work`` makes of every block that ``runs`` runs need, in the blocks' order."""
    from joblib import Parallel, delayed

    keep_memory()
    blocks = pieces(0, runs)
    threads = min(jobs or os.cpu_count() or 1, len(blocks))
    parallel = Parallel(n_jobs=threads, backend="threading", return_as="generator", pre_dispatch="2 * n_jobs")
    for done, part in enumerate(parallel(delayed(work)(b) for b in blocks), start=1):
        if progress:
            progress(min(runs, done * BLOCK))
        yield part


def keep_memory() -> None:
    """Let the C library keep freed arrays for the next tick instead of returning them page by page.

    Freeing one large array raises glibc's dynamic thresholds for mapping and trimming
    (mallopt(3), M_MMAP_THRESHOLD); without it a tick spends its time on page faults.
    """
    large = np.empty(30_000_000 // 8)
    large[0] = 0.0
    del large


def run(
    scenario: Scenario,
    runs: int = 10_000,
    seed: int = 1,
    engine: str = "ensemble",
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Run a scenario and measure what happens.

    Parameters
    ----------
    scenario : from :func:`sim.load`.
    runs : number of runs; run k is the same whatever their number.
    seed : of all chance.
    engine : ``ensemble`` (numpy, all runs at once) or ``agents`` (Mesa, one by one; same results).
    jobs : threads; all cores by default. Does not change the result.

    Raises
    ------
    InputError
        For arguments that cannot be.
    """
    checked(runs, seed, engine)
    began, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    program = compile(scenario)
    summary = simulate(program, runs, seed, engine, jobs, progress)
    over_draws = spread(ensemble.run_block(program, seed, INTERVAL_BLOCK, replicates=REPLICATES))
    tables = scenario.tables
    provenance = {
        **identity(scenario, runs, seed, engine),
        "overrides": {k: str(v) for k, v in scenario.overrides.items()},
        **circumstances(),
        "started": began.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
    }
    attributes = {
        "title": tables.title,
        "scenario": scenario.name,
        "alliance": tables.alliance.name,
        "leader_name": tables.alliance.leader_name or tables.alliance.leader,
        "runs": runs,
        "seed": seed,
        "start": str(tables.time.start),
    }
    return Result(scenario, dataset(statistics(summary, over_draws), program, attributes), provenance)


def circumstances() -> dict[str, Any]:
    """With what, from which commit and by which command results were made."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return {"versions": versions(), "commit": commit(), "command": command}


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of the libraries that results may depend on."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in ("alliance-cohesion", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def commit() -> str | None:
    """The commit of the checkout that the code runs from, None outside one."""
    here = Path(__file__).resolve().parent
    if not tracked(here):
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def tracked(folder: Path) -> bool:
    """Whether this very code is what the surrounding checkout keeps, not a copy inside another's."""
    listed = ["git", "-C", str(folder), "ls-files", "--error-unmatch", Path(__file__).name]
    try:
        return subprocess.run(listed, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False
