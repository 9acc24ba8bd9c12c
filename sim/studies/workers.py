"""Batches to workers: processes of this machine or of a cluster (Dask), by the same call."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem
from sim.storage.workers import PROCESSES, results
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
    from joblib import delayed

    home = str(folder.resolve())
    tasks = (delayed(run_batch)(home, k) for k in batches if not stop())
    with cluster(scheduler) as backend:
        yield from results(tasks, jobs, backend, ordered=False)


@contextmanager
def cluster(scheduler: str | None) -> Iterator[Mapping[str, Any]]:
    """Where joblib sends its tasks."""
    if scheduler is None:
        yield PROCESSES
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            [Problem("--scheduler", "", "Dask is not installed", "required: pip install 'alliance-cohesion[cluster]'")]
        ) from None
    try:
        client: Any = Client(scheduler, timeout="10s", set_as_default=True)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        found = " ".join(str(error).split())[:200]
        raise InputError(
            [
                Problem(
                    "--scheduler",
                    scheduler,
                    found or "does not answer",
                    "allowed: where a scheduler runs, such as tcp://10.0.0.1:8786",
                )
            ]
        ) from None
    with client:
        yield {"backend": "dask"}
