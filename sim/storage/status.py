"""How far a computation is, from its folder alone."""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem, arguments, as_path, nearest
from sim.storage.files import as_sealed, locked, provenance_of, read_json
from sim.storage.workspace import CONTENTS, LOCK, PROGRESS, contents_of, differences


@dataclass(frozen=True)
class Status:
    """How far a computation is."""

    kind: str
    """run, comparison, ledger, sweep, calibration, backtest or study of mechanisms."""
    title: str
    folder: str
    state: str
    """finished, running or interrupted."""
    done: float
    total: float
    unit: str
    """In what both are counted."""
    rate: float
    """A second, since it was begun or gone on with; NaN where it is not running or has only begun."""
    left: float
    """Seconds left at this rate."""
    differences: list[str] = field(default_factory=list)
    """In what it is not what was written, or what this version of the model would write."""
    more: dict[str, Any] = field(default_factory=dict)
    """What else is said, such as the number of points that failed."""

    @property
    def share(self) -> float:
        """Share done, 0 to 1."""
        return self.done / self.total if self.total else float(self.state == "finished")

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**asdict(self), "share": self.share}


@arguments
def status(folder: str | Path) -> Status:
    """Look at a folder that a command fills, running or not.

    Parameters
    ----------
    folder : of a run, comparison, ledger of claims, sweep, calibration, backtest or study of mechanisms.

    Returns
    -------
    Status
        Kind, title, state, what is done of how much, and while it runs how fast and how long still (seconds).

    Raises
    ------
    InputError
        Where it is no such folder.

    Examples
    --------
    >>> import sim
    >>> sim.status("nowhere")
    Traceback (most recent call last):
    sim.errors.InputError: nowhere: no such folder; allowed: a folder that `cohesion` wrote or is writing
    """
    home = as_path(folder, "folder")
    contents, progress = contents_of(home) or {}, read_json(home / PROGRESS)
    provenance = provenance_of(home) if contents else None
    counts = progress or (provenance["progress"] if provenance and as_sealed(home) else {})
    if not contents and not counts:
        allowed = "allowed: a folder that `cohesion` wrote or is writing"
        found = "holds no results" if os.path.exists(home) else "no such folder"
        raise InputError([Problem(str(folder), "", found, allowed, "" if os.path.exists(home) else _near(home))])
    running = progress is not None and _is_held(home / LOCK)
    state = "running" if running else "finished" if provenance else "interrupted"
    more = {"kind": "", "title": "", "unit": "", "done": 0, "total": 0, "rate": 0, **counts, **contents}
    kind, title, unit = (str(more.pop(k)) for k in ("kind", "title", "unit"))
    done, total, rate = (float(more.pop(k)) for k in ("done", "total", "rate"))
    rate = rate if running and rate > 0 else float("nan")
    more = {k: v for k, v in more.items() if k in counts.keys() - contents}
    return Status(
        kind, title, str(home), state, done, total, unit, rate, (total - done) / rate, differences(home), more
    )


def _near(home: Path) -> str:
    """The folder of results beside, whose name is nearest."""
    beside = [f.parent for f in home.parent.glob(f"*/{CONTENTS}")] if os.path.isdir(home.parent) else []
    near = nearest(home.name, sorted(f.name for f in beside))
    return str(home.parent / near) if near else ""


def _is_held(lock: Path) -> bool:
    """Whether a process holds a lock."""
    if not lock.exists():
        return False
    with locked(lock, exclusive=False, wait=False) as got:
        return not got
