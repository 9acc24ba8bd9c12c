"""The verb: freeze a study, run what is missing, write its tables and figures."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np

from sim.errors import arguments, as_path, plural
from sim.model.outcomes import MONTE_CARLO, names, variable
from sim.results.dataset import led_in, names_in
from sim.results.result import Stored
from sim.results.tables import read_csv
from sim.scenario.load import not_fitted
from sim.storage.effort import Effort, effort
from sim.storage.files import locked
from sim.storage.workers import imap
from sim.storage.workspace import NEW, Workspace
from sim.studies.finish import finish
from sim.studies.plan import POINTS, Plan, opened
from sim.studies.store import DATASET, FAILURES, KIND, SUMMARY, WORKING, Receipt, freeze, receipt, run_batch, workspace
from sim.studies.study import Study, load_study

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure


class Progress(NamedTuple):
    """How far a sweep is."""

    done: int
    total: int
    failed: int
    largest_mcse: float


class End(TypedDict):
    """A point at which an outcome is lowest or highest."""

    point: int
    value: float
    mcse: float
    low: float
    high: float
    few: float
    at: dict[str, float]
    """Values of the factors."""
    scenario: str


class Extreme(TypedDict):
    """Where an outcome is lowest and highest at the last horizon, in years."""

    outcome: str
    member: str
    years: float
    lowest: End
    highest: End


class Sweep(Stored):
    """A study in its folder, finished or not. Tables and dataset are read when they are asked for.

    Attributes
    ----------
    folder : where it is.
    finished : whether all points are done; tables and figures are there only then.
    dataset : xarray, of every point that is done, by point, tick and member.
    points, summary, failures : pandas tables.
    """

    kind = KIND

    @property
    def plan(self) -> Plan:
        """The frozen study."""
        return opened(self.folder)

    @cached_property
    def dataset(self) -> "xr.Dataset":
        """Everything, by point, tick and member; read from disk as it is used."""
        import xarray as xr

        return xr.open_zarr(self.folder / DATASET, chunks=None, consolidated=False)

    @property
    def state_names(self) -> dict[str, str]:
        """Full names of the states by code, each in one line."""
        return names_in(self.dataset)

    @property
    def alliance_and_leader(self) -> tuple[str, str]:
        """Their full names."""
        return led_in(self.dataset)

    @cached_property
    def points(self) -> "pd.DataFrame":
        """point, scenario and a column for each factor."""
        return read_csv(self.folder / POINTS, ["scenario"])

    @cached_property
    def summary(self) -> "pd.DataFrame":
        """point, outcome, member, horizon_years, mean, mcse, low, high, few, q05, q95."""
        return read_csv(self._file(SUMMARY), ["outcome", "member"])

    @cached_property
    def failures(self) -> "pd.DataFrame":
        """point, reason, command."""
        return read_csv(self._file(FAILURES), ["reason", "command"])

    def _file(self, name: str) -> Path:
        """A table, which is elsewhere while figures are drawn."""
        new = self.folder / NEW / name
        return new if new.exists() else self.folder / name

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """summary, points and failures."""
        return {"summary": self.summary, "points": self.points, "failures": self.failures}

    def figures(self) -> "dict[str, Figure]":
        """The figures by name, drawn anew."""
        from sim.figures.study import draw

        return draw(self.dataset)

    def extremes(self) -> list[Extreme]:
        """Of each outcome of the alliance, and of the exit of each member in focus: where it is lowest and highest."""
        ds = self.dataset
        last = ds.sizes["tick"] - 1
        wanted = [(name, "") for name in names(by_member=False, headline=True) if name in ds]
        if "exit" in ds:
            wanted += [("exit", m) for m in ds.attrs["focus"] or [str(m) for m in ds.member.values]]
        found: list[Extreme] = []
        for name, member in wanted:
            where = {"member": member} if member else {}
            known = (ds[variable(name, s)].isel(tick=last).sel(where).values for s in ("mean", *MONTE_CARLO))
            mean, error, low, high, few = known
            if np.isnan(mean).all():
                continue
            lowest, highest = (
                End(
                    point=k,
                    value=float(mean[k]),
                    mcse=float(error[k]),
                    low=float(low[k]),
                    high=float(high[k]),
                    few=float(few[k]),
                    at={f: float(ds[f][k]) for f in ds.attrs["factors"]},
                    scenario=str(ds.scenario.values[k]),
                )
                for k in (int(np.nanargmin(mean)), int(np.nanargmax(mean)))
            )
            years = float(ds.years[last])
            found.append(Extreme(outcome=name, member=member, years=years, lowest=lowest, highest=highest))
        return found

    def as_dict(self) -> dict[str, object]:
        """What the command prints, ready for JSON."""
        plan = self.plan
        found: dict[str, object] = {
            "study": plan.content["name"],
            "title": plan.tables.title,
            "out": str(self.folder),
            "finished": self.finished,
            "points": plan.size,
            "runs_per_point": plan.tables.runs,
            "seed": plan.tables.seed,
            "begins": plan.begins,
            "coefficients": not_fitted(v.scenario for v in plan.variants.values()),
        }
        failed = so_far(plan, receipts(self.folder, plan)).failed
        return found | ({"failed": failed, "outcomes": self.extremes()} if self.finished else {})

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        state = "finished" if self.finished else "not finished"
        return f"Sweep {self.plan.content['name']}: {plural(self.plan.size, 'point')}, {state}, in {self.folder}"


@arguments
def sweep(
    study: Study | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
    yes: bool = False,
    written: Callable[["Sweep"], object] = lambda _: None,
) -> Sweep:
    """Run a study; the same call again goes on where one was interrupted.

    Parameters
    ----------
    study : from :func:`sim.load_study`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes; all cores by default. Does not change the result.
    scheduler : address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``, whose workers see the same folder.
    progress : called after every batch.
    stop : asked before every batch; once true, what is under way is finished and no more begun.
    force : begin anew in a folder that holds another study.
    yes : very many points are meant.
    written : called with the finished study when its tables are written, before figures are drawn.

    Returns
    -------
    Sweep
        ``dataset`` has variables (point, tick[, member]), ``summary`` a row for each point, outcome, member and
        horizon; probabilities are 0 to 1, horizons in years.

    Raises
    ------
    InputError
        For a study or a folder that cannot be.
    WorkerDied
        Where a local worker is killed. What was finished is kept.

    Examples
    --------
    >>> begun = sweep("experiments/first-sweep.toml", "out", jobs=1, stop=lambda: True)
    >>> begun.finished, sim.status("out").state
    (False, 'interrupted')
    """
    study = study if isinstance(study, Study) else load_study(study, many=yes)
    folder = as_path(out, "out") if out else Path("results") / study.name
    by = effort(jobs=jobs, scheduler=scheduler)
    work, plan = workspace(study, folder, force)
    found = Sweep(folder, True)
    if not force and work.is_finished():
        written(found)
        return found
    with work.held(force):
        with locked(folder / WORKING, exclusive=True, wait=True):
            pass  # the workers of one that was killed
        if force:
            work.clear()
        freeze(study, work, plan)
        while True:
            done = _run_missing(plan, work, by, progress, stop)
            if len(done) < len(plan.batches):
                return Sweep(folder, False)
            if finish(plan, work, done, lambda: written(found)):
                return found


def _run_missing(
    plan: Plan, work: Workspace, by: Effort, progress: Callable[[Progress], None] | None, stop: Callable[[], bool]
) -> dict[int, Receipt]:
    """Run every batch that has no receipt; all receipts there are."""
    folder = work.folder
    done = receipts(folder, plan)

    def tell(p: Progress) -> None:
        work.tell(p.done, p.total, "points", failed=p.failed, largest_mcse=p.largest_mcse)
        if progress:
            progress(p)

    tell(so_far(plan, done))
    missing = [k for k, _ in enumerate(plan.batches) if k not in done]
    tasks = ((str(folder.resolve()), k) for k in missing)
    by = replace(by, jobs=max(1, min(by.jobs, len(missing))))
    for one in imap(run_batch, tasks, by, ordered=False, stop=stop) if missing else ():
        done[one.batch] = one
        tell(so_far(plan, done))
    return dict(sorted(done.items()))


def receipts(folder: Path, plan: Plan) -> dict[int, Receipt]:
    """The receipts that there are, by batch."""
    there = {k: receipt(folder, k, points) for k, points in enumerate(plan.batches)}
    return {k: r for k, r in there.items() if r}


def so_far(plan: Plan, done: dict[int, Receipt]) -> Progress:
    """What receipts say of a sweep."""
    return Progress(
        sum(r.points[1] - r.points[0] for r in done.values()),
        plan.size,
        sum(len(r.failures) for r in done.values()),
        max((r.largest_mcse for r in done.values()), default=float("nan")),
    )
