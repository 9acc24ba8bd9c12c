"""Batches to workers: processes of this machine (joblib) or of a cluster (Dask), by the same call."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem
from sim.outcomes.processes import DEATHS, WorkerDied, ignore_interruption, uninterrupted
from sim.studies.store import Receipt, run_batch


def run_batches(
    folder: Path, batches: Iterable[int], jobs: int, scheduler: str | None, stop: Callable[[], bool]
) -> Iterator[Receipt]:
    """Run batches; yield receipts as they come. After ``stop()`` nothing new is begun.

    Raises
    ------
    WorkerDied
        Where a local worker dies; Dask gives its batch to another.
    InputError
        Where the cluster cannot be reached.
    """
    from joblib import Parallel, delayed, parallel_config

    home = str(folder.resolve())
    tasks = (delayed(run_batch)(home, k) for k in batches if not stop())
    with cluster(scheduler) as backend, parallel_config(**backend):
        parallel = Parallel(
            n_jobs=jobs, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1
        )  # fmt: skip
        try:
            with uninterrupted():
                receipts = parallel(tasks)
            yield from receipts
        except Exception as error:
            if type(error).__name__ in DEATHS:
                raise WorkerDied(str(error).splitlines()[0]) from None
            raise


@contextmanager
def cluster(scheduler: str | None) -> Iterator[dict[str, Any]]:
    """Where joblib sends its tasks."""
    if scheduler is None:
        yield {"backend": "loky", "initializer": ignore_interruption, "idle_worker_timeout": 20}
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError([Problem("--scheduler", "", "Dask is not installed",
                                  "required: pip install 'alliance-cohesion[cluster]'")]) from None  # fmt: skip
    try:
        client: Any = Client(scheduler, timeout="10s", set_as_default=True)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        found = " ".join(str(error).split())[:200]
        raise InputError([Problem("--scheduler", scheduler, found or "does not answer",
                                  "allowed: where a scheduler runs, such as tcp://10.0.0.1:8786")]) from None  # fmt: skip
    with client:
        yield {"backend": "dask"}
