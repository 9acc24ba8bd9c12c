"""The verb: freeze a study, run what is missing, write its tables and figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.storage.effort import Effort, effort
from sim.storage.files import locked
from sim.storage.workers import imap
from sim.storage.workspace import Workspace
from sim.studies.finish import finish
from sim.studies.freeze import FAILURES, SUMMARY, freeze, workspace
from sim.studies.plan import POINTS, Plan, opened
from sim.studies.store import DATASET, WORKING, Receipt, receipt, run_batch
from sim.studies.study import Study, load_study

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Progress:
    """How far a sweep is."""

    done: int
    total: int
    failed: int
    largest_mcse: float


@dataclass(frozen=True)
class Sweep:
    """A study in its folder, finished or not. Tables and dataset are read when they are asked for."""

    folder: Path
    finished: bool

    @property
    def plan(self) -> Plan:
        """The frozen study."""
        return opened(self.folder)

    @cached_property
    def dataset(self) -> "xr.Dataset":
        """Everything, by point, tick and member; read from disk as it is used."""
        import xarray as xr

        return xr.open_zarr(self.folder / DATASET, chunks=None, consolidated=False)

    @cached_property
    def points(self) -> "pd.DataFrame":
        """point, scenario and a column for each factor."""
        import pandas as pd

        return pd.read_csv(self.folder / POINTS)

    @cached_property
    def summary(self) -> "pd.DataFrame":
        """point, outcome, member, horizon_years, mean, mcse, q05, q95."""
        import pandas as pd

        return pd.read_csv(self.folder / SUMMARY, keep_default_na=True)

    @cached_property
    def failures(self) -> "pd.DataFrame":
        """point, reason, command."""
        import pandas as pd

        return pd.read_csv(self.folder / FAILURES)

    def figures(self) -> "dict[str, Figure]":
        """The figures by name, drawn anew."""
        from sim.figures.phase import draw_study

        return draw_study(self.dataset)

    def __repr__(self) -> str:
        plan = self.plan
        state = "finished" if self.finished else "not finished"
        return f"<Sweep {plan.content['name']}: {plan.size:,} points, {state}, in {self.folder}>"


def sweep(
    study: Study | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
) -> Sweep:
    """Run a study; the same call again goes on where one was interrupted.

    Parameters
    ----------
    study : from :func:`sim.load_study`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes; all cores by default. Does not change the result.
    scheduler : address of a Dask scheduler whose workers see the same folder.
    progress : told after every batch.
    stop : asked before every batch; once true, what is under way is finished and no more begun.
    force : begin anew in a folder that holds another study.

    Raises
    ------
    InputError
        For a study or a folder that cannot be.
    WorkerDied
        Where a local worker is killed. What was finished is kept.
    """
    study = study if isinstance(study, Study) else load_study(study)
    folder = Path(out) if out else Path("results") / study.name
    by = effort(jobs=jobs, scheduler=scheduler)
    work, scenarios, values = workspace(study, folder, force)
    if not force and work.is_finished():
        return Sweep(folder, True)
    with work.held(force):
        with locked(folder / WORKING, exclusive=True, wait=True):
            pass  # the workers of one that was killed
        if force:
            work.clear()
        plan = freeze(study, work, scenarios, values)
        while True:
            receipts = _run_missing(plan, work, by, progress, stop)
            if len(receipts) < len(plan.batches):
                return Sweep(folder, False)
            if finish(plan, work, receipts):
                return Sweep(folder, True)


def _run_missing(
    plan: Plan,
    work: Workspace,
    by: Effort,
    progress: Callable[[Progress], None] | None,
    stop: Callable[[], bool],
) -> dict[int, Receipt]:
    """Run every batch that has no receipt; all receipts there are."""
    folder = work.folder
    there = {k: receipt(folder, k, points) for k, points in enumerate(plan.batches)}
    receipts = {k: r for k, r in there.items() if r}

    def tell(p: Progress) -> None:
        work.tell(p.done, p.total, "points", failed=p.failed, largest_mcse=p.largest_mcse)
        if progress:
            progress(p)

    tell(so_far(plan, receipts))
    missing = [k for k in there if k not in receipts]
    tasks = ((str(folder.resolve()), k) for k in missing)
    by = replace(by, jobs=max(1, min(by.jobs, len(missing))))
    for done in imap(run_batch, tasks, by, ordered=False, stop=stop) if missing else ():
        receipts[done.batch] = done
        tell(so_far(plan, receipts))
    return dict(sorted(receipts.items()))


def so_far(plan: Plan, receipts: dict[int, Receipt]) -> Progress:
    """What receipts say of a sweep."""
    return Progress(
        sum(r.points[1] - r.points[0] for r in receipts.values()),
        plan.size,
        sum(len(r.failures) for r in receipts.values()),
        max((r.largest_mcse for r in receipts.values()), default=float("nan")),
    )


def as_dict(s: Sweep) -> dict[str, Any]:
    """The figures that the command prints, ready for JSON."""
    from sim.studies.extremes import extremes

    plan = s.plan
    found: dict[str, Any] = {
        "study": plan.content["name"],
        "title": plan.tables.title,
        "out": str(s.folder),
        "finished": s.finished,
        "points": plan.size,
        "runs_per_point": plan.tables.runs,
        "seed": plan.tables.seed,
    }
    return found | ({"failed": len(s.failures), "outcomes": extremes(s)} if s.finished else {})
