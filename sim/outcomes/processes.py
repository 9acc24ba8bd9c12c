"""Worker processes that do not hear Ctrl-C; long tasks spread over processes of one thread each."""

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any


class WorkerDied(Exception):
    """A worker process ended without a word: killed, or out of memory."""


DEATHS = ("TerminatedWorkerError", "BrokenProcessPool", "KilledWorker")
"""Exceptions of joblib and Dask that say so."""
ONE_THREAD = {f"{x}_NUM_THREADS": "1" for x in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM")}


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


def ignore_interruption() -> None:
    """Ctrl-C goes to the whole terminal; workers finish what they are at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def spread(
    function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], jobs: int, stop: Callable[[], bool]
) -> Iterator[Any]:  # fmt: skip
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
