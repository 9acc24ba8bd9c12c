"""How far a sweep is, from its folder alone."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sim.storage.files import locked, provenance_of
from sim.storage.workspace import LOCK
from sim.studies.plan import opened
from sim.studies.store import receipt, receipt_file
from sim.studies.sweep import so_far


@dataclass(frozen=True)
class Status:
    """How far a sweep is. ``rate`` is points a second over the last batches, ``left`` in seconds."""

    study: str
    title: str
    folder: str
    state: str
    """finished, running or interrupted."""
    done: int
    total: int
    failed: int
    largest_mcse: float
    rate: float
    left: float

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def status(folder: str | Path) -> Status:
    """Look at the folder of a sweep, running or not.

    Raises
    ------
    InputError
        Where it is no such folder.
    """
    home = Path(folder)
    plan = opened(home)
    there = {k: receipt(home, k, points) for k, points in enumerate(plan.batches)}
    receipts = {k: r for k, r in there.items() if r}
    far = so_far(plan, receipts)
    rate = _rate(home, list(receipts), plan.content["batch"])
    left = (far.total - far.done) / rate if rate else float("nan")
    return Status(
        plan.content["name"],
        plan.tables.title,
        str(home),
        _state(home),
        far.done,
        far.total,
        far.failed,
        far.largest_mcse,
        rate,
        left,
    )


def _state(home: Path) -> str:
    if provenance_of(home):
        return "finished"
    with locked(home / LOCK, exclusive=True, wait=False) as got:
        return "interrupted" if got else "running"


def _rate(home: Path, batches: list[int], size: int, last: int = 20) -> float:
    """Points a second by the times of the last receipts; NaN for fewer than three."""
    times = sorted(receipt_file(home, k).stat().st_mtime for k in batches)[-last:]
    if len(times) < 3 or times[-1] <= times[0]:
        return float("nan")
    return (len(times) - 1) * size / (times[-1] - times[0])
