"""Run a scenario: blocks of runs, summarised as they come, on as many threads as there are cores."""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from operator import or_
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sim.engines import ensemble
from sim.engines.ensemble import Piece, pieces
from sim.errors import InputError, Problem, arguments, listed, nearest, plural
from sim.estimates.intervals import REPEATS, interval_runs, runs_together, uncertainty
from sim.estimates.summary import Summary, combine, statistics, summarise
from sim.inference.continuation import continued
from sim.model.noise import BLOCK
from sim.results.calls import Calls
from sim.results.dataset import dataset, expected
from sim.results.horizons import by_dates
from sim.results.kept import SCRATCH, Keeper, Store, scratch, together
from sim.results.result import Result, check_kept, identity, since_then, workspace, write_results
from sim.results.ties import Ties
from sim.results.votes import Votes
from sim.scenario.compile import Program, compile
from sim.scenario.load import Scenario, load, not_fitted
from sim.scenario.names import LINE
from sim.storage.effort import Effort, effort
from sim.storage.provenance import circumstances
from sim.storage.workers import imap

if TYPE_CHECKING:
    import xarray as xr

Part = TypeVar("Part")
Given = Scenario | str | PathLike[str]
"""A scenario, or its file or name."""
ENGINES = ("ensemble", "agents")


def checked(
    runs: int, seed: int, engine: str = "ensemble", jobs: int | None = None, scheduler: str | None = None
) -> Effort:
    """Raises InputError where an argument of a run cannot be."""
    allowed = f"allowed: {', '.join(ENGINES)}"
    wrong = [] if engine in ENGINES else [Problem("engine", "", engine, allowed, nearest(engine, ENGINES))]
    return effort(runs, seed, jobs, scheduler, also=wrong)


def block_runner(engine: str) -> Callable[..., Any]:
    """The ``run_block`` of an engine; Mesa is imported only where agents run."""
    if engine == "ensemble":
        return ensemble.run_block
    from sim.engines import agents

    return agents.run_block


def simulate(
    program: Program,
    by: Effort,
    engine: str = "ensemble",
    progress: Callable[[int], None] | None = None,
    keep: "Callable[[xr.Dataset], object] | None" = None,
) -> Summary:
    """Run and summarise. The result does not depend on who does it.

    ``progress`` is called with the number of runs finished after each block, ``keep`` with the runs of each in turn.
    """
    run_block, keeps = block_runner(engine), keep is not None

    def one(piece: Piece) -> "tuple[Summary, xr.Dataset | None]":
        records = run_block(program, by.seed, piece.block, piece.lanes)
        keeper = Keeper(program, by.seed, piece) if keeps else None
        see = keeper.see if keeper else None
        summary = summarise(records, piece.block, program.rows, program.distinct, see)
        return summary, keeper.block() if keeper else None

    def summaries() -> Iterator[Summary]:
        for summary, block in each_piece(one, by, progress, threads=engine != "agents"):
            if keep and block is not None:
                keep(block)
            yield summary

    return reduce(combine, summaries())


def each_piece(
    work: Callable[[Piece], Part],
    by: Effort,
    progress: Callable[[int], None] | None = None,
    threads: bool = True,
    also: Sequence[Piece] = (),
) -> Iterator[Part]:
    """What ``work`` makes of every block that the runs need, in the blocks' order, then of ``also``."""
    blocks = [*pieces(0, by.runs), *also]
    parts = imap(work, ((b,) for b in blocks), replace(by, jobs=min(by.jobs, len(blocks))), threads)
    for done, part in enumerate(parts, start=1):
        if progress:
            progress(min(by.runs, done * BLOCK))
        yield part


def scenarios(given: Sequence[Given], changes: Mapping[str, Any] | None = None) -> list[Scenario]:
    """Scenarios by file, by name or as they are, with some values changed. Raises InputError with all mistakes."""
    found, problems = [], []
    for one in given:
        try:
            if isinstance(one, Scenario):
                found.append(load(one.file, {**one.overrides, **changes}) if changes else one)
            else:
                found.append(load(one, changes))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return [titled(s) for s in found]


def titled(scenario: Scenario) -> Scenario:
    """The scenario with what was set of it in its title, as much as a title holds, unless the title itself was set."""
    tables = scenario.tables
    if not scenario.overrides or "title" in scenario.overrides:
        return scenario
    words = [scenario.in_words(k, v) for k, v in scenario.overrides.items() if not _as_it_is(scenario, k)]
    counts = range(len(words), 0, -1)
    ends = [f" with {said}" for said in (*(listed(words, k) for k in counts), plural(len(words), "change"))]
    if not words or any(end in tables.title for end in ends):
        return scenario
    title = next((whole for end in ends if LINE.fits(whole := tables.title + end)), tables.title)
    return replace(scenario, tables=tables.model_copy(update={"title": title}))


def _as_it_is(scenario: Scenario, path: str) -> bool:
    """Whether a date that was set is the one that the file itself has."""
    if not path.startswith("time."):
        return False
    with suppress(InputError):  # a file that cannot be by itself
        own, now = (getattr(s.tables.time, path.removeprefix("time."), None) for s in (load(scenario.file), scenario))
        return own == now
    return False


@arguments
def run(
    scenario: Given,
    runs: int = 10_000,
    seed: int = 1,
    engine: str = "ensemble",
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
    scheduler: str | None = None,
    set: Mapping[str, Any] | None = None,
    by: Sequence[dt.date | str] = (),
    out: str | Path | None = None,
    force: bool = False,
    keep_runs: bool = False,
    written: Callable[[Result], object] = lambda _: None,
) -> Result:
    """Run a scenario many times and measure what happens.

    Parameters
    ----------
    scenario : Scenario, str or Path
        From :func:`sim.load`, or a file, or the name of a shipped one such as ``csto/outlook-2023``.
    runs : int
        Number of runs; run k is the same whatever their number.
    seed : int
        Of all chance.
    engine : str
        ``ensemble`` (numpy, all runs at once) or ``agents`` (Mesa, one by one; same results).
    jobs : int, optional
        Threads (of agents processes); all cores by default. Does not change the result.
    progress : callable, optional
        Called with the number of runs made.
    scheduler : str, optional
        Address of a Dask scheduler whose workers make the runs instead.
    set : mapping, optional
        Values by dotted path that replace those of the scenario.
    by : sequence of date or str
        Dates that take the place of the scenario's horizons, each the end of a tick: ``["2026-12-31"]``.
    out : str or Path, optional
        Folder to which the results are written, see :meth:`Result.save`.
    force : bool
        Replace the results of another run in ``out``.
    keep_runs : bool
        Keep the runs one by one as well, in :attr:`Result.kept` and in ``runs.csv``.
    written : callable, optional
        Called with the result when its tables are written to ``out``, before the dataset and figures are.

    Returns
    -------
    Result
        ``dataset`` has every outcome by date and member, ``members``, ``alliance`` and ``ticks`` are tables.

    Raises
    ------
    InputError
        For a scenario, arguments or a folder that cannot be: everything at once.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=64, set={"leader.coercion": 0.2})
    >>> result.dataset.sel(name="Armenia").exit.dims
    ('date',)
    >>> list(result.alliance)[:10]
    ['outcome', 'horizon_years', 'date', 'mean', 'mcse', 'low', 'high', 'few', 'q05', 'q95']
    """
    effort = checked(runs, seed, engine, jobs, scheduler)
    (chosen,) = by_dates(continued(scenarios([scenario], set)), by)
    if out is None:
        blocks: list[xr.Dataset] = []
        result = _run(chosen, effort, engine, progress, blocks.append if keep_runs else None)
        return replace(result, runs=together(blocks)) if keep_runs else result
    work = workspace(chosen, effort, engine, out, keep_runs)
    with work.held(force), scratch(work.folder / SCRATCH):
        if not (keep_runs or force):
            check_kept(work)
        keep = Store(work.folder / SCRATCH).add if keep_runs else None
        result = _run(chosen, effort, engine, work.counting(effort.runs, "runs", progress), keep)
        write_results(replace(result, runs=work.folder / SCRATCH) if keep_runs else result, work, written)
    return replace(result, runs=work.folder) if keep_runs else result


def _run(
    scenario: Scenario,
    by: Effort,
    engine: str,
    progress: Callable[[int], None] | None,
    keep: "Callable[[xr.Dataset], object] | None" = None,
) -> Result:
    clock = time.perf_counter()
    program = compile(scenario)
    summary = simulate(program, by, engine, progress, keep)
    votes, calls, ties = Votes(scenario, program), Calls(scenario, program), Ties(program)

    def see(t: int, stack: ensemble.Stack) -> None:
        for one in (votes, calls, ties):
            one.see(t, stack)

    over_draws = uncertainty(
        ensemble.run_block(program, by.seed, *interval_runs(), repeats=REPEATS, see=see), runs_together([program])
    )
    tables = scenario.tables
    provenance = {
        **identity(scenario, by.runs, by.seed, engine),
        "overrides": {k: str(v) for k, v in scenario.overrides.items()},
        **since_then(scenario),
        **circumstances(),
        "computing_seconds": round(time.perf_counter() - clock, 3),
    }
    attributes = {
        "title": tables.title,
        "scenario": scenario.name,
        "alliance": tables.alliance.name,
        "leader_name": tables.alliance.leader_in_words,
        "runs": by.runs,
        "seed": by.seed,
        "start": str(tables.time.start),
        "coefficients": not_fitted([scenario]),
        "begins": program.start.words,
    }
    known = statistics(summary, over_draws, whole=True)
    more = (expected(over_draws.expected, known), votes.variables(by.seed), calls.variables(), ties.variables())
    return Result(scenario, dataset(known, program, attributes).assign(reduce(or_, more)), provenance)
