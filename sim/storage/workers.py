"""Tasks to worker processes, which Ctrl-C does not reach and whose death is told: many short ones, or few long ones."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any

from sim.errors import InputError, Problem


class WorkerDied(Exception):
    """A worker process ended without a word: killed, or out of memory."""


def processes(jobs: int | None) -> int:
    """How many processes: as many as asked, or all cores. Raises InputError for less than one."""
    if jobs is not None and jobs < 1:
        raise InputError([Problem("--jobs", "", f"{jobs}", "allowed: a whole number, at least 1")])
    return jobs or os.cpu_count() or 1


def ignore_interruption() -> None:
    """Ctrl-C goes to the whole terminal; workers finish what they are at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


DEATHS = ("TerminatedWorkerError", "BrokenProcessPool", "KilledWorker")
"""Exceptions of joblib and Dask that say so."""
ONE_THREAD = {f"{x}_NUM_THREADS": "1" for x in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM")}
PROCESSES: Mapping[str, Any] = {
    "backend": "loky",
    "initializer": ignore_interruption,
    "idle_worker_timeout": 20,
    "max_nbytes": None,
}
"""Processes of this machine, as joblib's ``parallel_config`` has them."""


def results(
    tasks: Iterable[Any], jobs: int, backend: Mapping[str, Any] = PROCESSES, ordered: bool = True
) -> Iterator[Any]:
    """The results of joblib's delayed calls, in their order or as they come.

    Raises
    ------
    WorkerDied
        Where a worker dies.
    """
    from joblib import Parallel, parallel_config

    how = "generator" if ordered else "generator_unordered"
    with parallel_config(**backend):
        parallel = Parallel(n_jobs=jobs, return_as=how, pre_dispatch="n_jobs", batch_size=1)
        try:
            with uninterrupted():
                found = parallel(tasks)
            yield from found
        except Exception as error:
            if type(error).__name__ in DEATHS:
                raise WorkerDied(str(error).splitlines()[0]) from None
            raise


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C; here it arrives afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def spread(
    function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], jobs: int, stop: Callable[[], bool]
) -> Iterator[Any]:
    """Results of ``function(*task)`` as they come; after ``stop()`` none is begun, those under way finish.

    Even one job has a process of its own: with other threads linear algebra adds up in another order, and its last
    digits change. joblib's Parallel would take tasks from the queue before a process is free for them, so the pool is
    the one beneath it. Whoever leaves early (a second Ctrl-C) drops what is under way.

    Raises
    ------
    WorkerDied
        Where a process is killed.
    """
    from joblib.externals.loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(max_workers=jobs, initializer=ignore_interruption, env=ONE_THREAD)
    rest, running = iter(tasks), set[Future[Any]]()
    try:
        while True:
            with uninterrupted():
                while len(running) < jobs and not stop() and (task := next(rest, None)) is not None:
                    running.add(pool.submit(function, *task))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                yield _result(each)
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _result(done: Future[Any]) -> Any:
    try:
        return done.result()
    except Exception as error:
        if type(error).__name__ in DEATHS:
            raise WorkerDied(str(error).splitlines()[0]) from None
        raise
