"""Run a scenario: blocks of runs, summarised as they come, on as many threads as there are cores."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from typing import Any, TypeVar

from sim.engines import ensemble
from sim.engines.ensemble import Piece, pieces
from sim.errors import Problem, nearest
from sim.estimates.intervals import INTERVAL_BLOCK, REPLICATES, uncertainty
from sim.estimates.summary import Summary, combine, statistics, summarise
from sim.model.noise import BLOCK
from sim.results.dataset import dataset
from sim.results.result import Result
from sim.scenario.compile import Program, compile
from sim.scenario.load import Scenario
from sim.storage.effort import Effort, effort
from sim.storage.provenance import circumstances
from sim.storage.workers import imap

Part = TypeVar("Part")
ENGINES = ("ensemble", "agents")


def checked(
    runs: int, seed: int, engine: str = "ensemble", jobs: int | None = None, scheduler: str | None = None
) -> Effort:
    """Raises InputError where an argument of a run cannot be."""
    allowed = f"allowed: {', '.join(ENGINES)}"
    wrong = [] if engine in ENGINES else [Problem("engine", "", engine, allowed, nearest(engine, ENGINES))]
    return effort(runs, seed, jobs, scheduler, also=wrong)


def identity(scenario: Scenario, runs: int, seed: int, engine: str) -> dict[str, Any]:
    """What makes a run the run it is: the same entries give the same results."""
    return {
        "scenario": scenario.name,
        "fingerprint": scenario.fingerprint,
        "runs": runs,
        "seed": seed,
        "engine": engine,
    }


def block_runner(engine: str) -> Callable[..., Any]:
    """The ``run_block`` of an engine; Mesa is imported only where agents run."""
    if engine == "ensemble":
        return ensemble.run_block
    from sim.engines import agents

    return agents.run_block


def simulate(
    program: Program, by: Effort, engine: str = "ensemble", progress: Callable[[int], None] | None = None
) -> Summary:
    """Run and summarise. The result does not depend on who does it.

    ``progress`` is told the number of runs finished after each block.
    """
    run_block = block_runner(engine)

    def one(piece: Piece) -> Summary:
        return summarise(run_block(program, by.seed, piece.block, piece.lanes), piece.block)

    return reduce(combine, each_piece(one, by, progress, threads=engine != "agents"))


def each_piece(
    work: Callable[[Piece], Part], by: Effort, progress: Callable[[int], None] | None = None, threads: bool = True
) -> Iterator[Part]:
    """What ``work`` makes of every block that the runs need, in the blocks' order."""
    blocks = pieces(0, by.runs)
    parts = imap(work, ((b,) for b in blocks), replace(by, jobs=min(by.jobs, len(blocks))), threads)
    for done, part in enumerate(parts, start=1):
        if progress:
            progress(min(by.runs, done * BLOCK))
        yield part


def run(
    scenario: Scenario,
    runs: int = 10_000,
    seed: int = 1,
    engine: str = "ensemble",
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
    scheduler: str | None = None,
) -> Result:
    """Run a scenario and measure what happens.

    Parameters
    ----------
    scenario : from :func:`sim.load`.
    runs : number of runs; run k is the same whatever their number.
    seed : of all chance.
    engine : ``ensemble`` (numpy, all runs at once) or ``agents`` (Mesa, one by one; same results).
    jobs : threads (of agents processes); all cores by default. Does not change the result.
    progress : told the number of runs made.
    scheduler : address of a Dask scheduler whose workers make the runs instead.

    Raises
    ------
    InputError
        For arguments that cannot be.
    """
    by = checked(runs, seed, engine, jobs, scheduler)
    runs, seed = by.runs, by.seed
    began, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    program = compile(scenario)
    summary = simulate(program, by, engine, progress)
    over_draws = uncertainty(ensemble.run_block(program, seed, INTERVAL_BLOCK, replicates=REPLICATES))
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
