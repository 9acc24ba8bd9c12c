"""Pieces of work done in turn, by threads, by processes or by a cluster (Dask): one loop, the same results.

Ctrl-C does not reach the processes, whose death is reported; not more is begun than there are hands for.
"""

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np

from sim.errors import InputError, Problem, WorkerDied, extra
from sim.storage.effort import Effort

Result = TypeVar("Result")
Hands = tuple[Executor, Callable[[], int]]
"""Who does the work, and how many pieces at once."""
DEATHS = ("TerminatedWorkerError", "BrokenProcessPool", "KilledWorker")
"""Exceptions of loky and Dask that say that a worker died."""
ONE_THREAD = {f"{x}_NUM_THREADS": "1" for x in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM")}


def imap(
    function: Callable[..., Result],
    tasks: Iterable[tuple[Any, ...]],
    by: Effort,
    threads: bool = False,
    ordered: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Result]:
    """``function(*task)`` of every task.

    Parameters
    ----------
    function, tasks : pickled where they go to other processes, by cloudpickle.
    by : jobs of this machine, in turn where there is one; all hands of a cluster where it has a scheduler.
    threads : for what leaves the interpreter's lock and uses no linear algebra; processes otherwise. Elsewhere
        linear algebra keeps to one thread: with more it adds up in another order, and its last digits change.
    ordered : whether results come in the order of the tasks, or as they are done.
    stop : asked before each; once true none is begun, and those under way finish.

    Whoever leaves early (a second Ctrl-C) drops what is under way.

    Raises
    ------
    WorkerDied
        Where a process is killed; a cluster gives its piece to another.
    InputError
        Where the cluster cannot be reached.

    Examples
    --------
    >>> list(imap(pow, [(2, 3), (3, 2)], Effort(jobs=1)))
    [8, 9]
    """
    if by.jobs == 1 and by.scheduler is None:
        for task in tasks:
            if stop():
                return
            yield _piece(function, task, not threads)
        return
    rest: Iterator[tuple[int, tuple[Any, ...]]] = enumerate(tasks)
    running, ready, following = dict[Future[Result], int](), dict[int, Result](), 0
    with _hands(by, threads) as (pool, most):
        while True:
            with _uninterrupted():
                while len(running) < most() and len(ready) < 2 * most() and not stop() and (piece := next(rest, None)):
                    running[pool.submit(_piece, function, piece[1], by.scheduler is not None)] = piece[0]
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                ready[running.pop(done)] = _result(done)
            while ready and (following in ready or not ordered):
                yield ready.pop(following if ordered else next(iter(ready)))
                following += 1


def _piece(function: Callable[..., Result], task: tuple[Any, ...], one_thread: bool) -> Result:
    """A piece of work, where it is done."""
    keep_memory()
    if not one_thread:
        return function(*task)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return function(*task)


def keep_memory() -> None:
    """Let the C library keep freed arrays for the next tick instead of returning them page by page.

    Freeing one large array raises glibc's dynamic thresholds for mapping and trimming
    (mallopt(3), M_MMAP_THRESHOLD); without it a tick spends its time on page faults.
    """
    large = np.empty(30_000_000 // 8)
    large[0] = 0.0
    del large


def _result(done: Future[Result]) -> Result:
    try:
        return done.result()
    except Exception as error:
        if type(error).__name__ in DEATHS:
            raise WorkerDied(str(error).splitlines()[0]) from None
        raise


@contextmanager
def _hands(by: Effort, threads: bool) -> Iterator[Hands]:
    """Threads, processes that are used again soon after, or the workers of a cluster."""
    if by.scheduler is not None:
        with _client(by.scheduler) as client:
            pool = client.get_executor()
            try:
                yield pool, lambda: max(1, sum(client.nthreads().values()))
            except BaseException:
                pool.shutdown(wait=False)
                raise
        return
    if threads:
        with ThreadPoolExecutor(by.jobs) as pool:
            yield pool, lambda: by.jobs
        return
    from joblib.externals.loky import get_reusable_executor

    pool = get_reusable_executor(by.jobs, timeout=20, initializer=ignore_interruption, env=ONE_THREAD)
    try:
        yield pool, lambda: by.jobs
    except BaseException:
        pool.shutdown(wait=True, kill_workers=True)
        raise


_CLIENTS: ContextVar[dict[str, Any]] = ContextVar("clients", default={})  # noqa: B039, never written to
"""Of Dask, by the address of a scheduler: those that are held."""


@contextmanager
def connection(by: Effort) -> Iterator[None]:
    """Hold what connects to a cluster, if it is one that does the work, over many calls of :func:`imap`."""
    with nullcontext() if by.scheduler is None else _client(by.scheduler) as client:
        before = _CLIENTS.set({**_CLIENTS.get(), **({by.scheduler: client} if by.scheduler else {})})
        try:
            yield
        finally:
            _CLIENTS.reset(before)


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    """The client that is held, or one for now."""
    if scheduler in _CLIENTS.get():
        yield _CLIENTS.get()[scheduler]
        return
    try:
        from distributed import Client
    except ImportError:
        needed = f"required: {extra('cluster')}"
        raise InputError([Problem("scheduler", "", "Dask is not installed", needed)]) from None
    try:
        client: Any = Client(scheduler, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        found = " ".join(str(error).split())[:200] or "does not answer"
        allowed = "allowed: where a scheduler runs, such as tcp://10.0.0.1:8786"
        raise InputError([Problem("scheduler", scheduler, found, allowed)]) from None
    with client:
        yield client


def ignore_interruption() -> None:
    """Ctrl-C goes to the whole terminal; workers finish what they are at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C; here it arrives afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
