"""A calibration in its folder: sample the posterior stage by stage, resume, write tables, figures and the posterior."""

import datetime as dt
import io
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

import numpy as np

from sim.errors import arguments, as_path, plural
from sim.inference import posterior, smc
from sim.inference.ends import lived
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.pool import Pool
from sim.inference.smc import Row, Stage
from sim.inference.study import CalibrationStudy, load_calibration
from sim.model.arrays import Array
from sim.model.variables import COEFFICIENTS
from sim.results.result import Stored, save_figures
from sim.results.tables import csv_of, read_csv
from sim.scenario.posterior import ALLIANCE, PARTED, Lived
from sim.scenario.rival import named
from sim.storage.effort import Effort, effort
from sim.storage.files import as_json, put, write
from sim.storage.workers import connection, imap
from sim.storage.workspace import Workspace, digest

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

KIND = "calibration"
STAGES, STUDY, POSTERIOR, SUMMARY = "stages", "study.toml", "posterior.nc", "summary.csv"
DIAGNOSTICS, BY_STAGE = "diagnostics.json", "diagnostics.csv"
FIGURES = ("posterior", "log-likelihood")
OWN = (STAGES, STUDY, POSTERIOR, SUMMARY, DIAGNOSTICS, BY_STAGE, *(f"{name}.png" for name in FIGURES))


class Progress(NamedTuple):
    """How far a calibration is."""

    stage: int
    power: float  # of the likelihood, before the stage
    share: float  # of the stage that is done
    last: Stage | None  # the last finished stage


class Calibration(Stored):
    """A calibration in its folder, finished or not."""

    kind = KIND

    @cached_property
    def diagnostics(self) -> posterior.Diagnostics:
        """How the sampler did."""
        return posterior.Diagnostics(**json.loads((self.folder / DIAGNOSTICS).read_text("utf-8")))

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """Prior against posterior, a row a coefficient: median, middle 90 %, shift, ratio of variances; the sampler."""
        files = {"summary": SUMMARY, "diagnostics": BY_STAGE}
        return {name: read_csv(self.folder / file, ["coefficient"]) for name, file in files.items()}

    @cached_property
    def inference_data(self) -> "xr.DataTree":
        """Groups ``posterior``, ``prior``, ``log_likelihood`` and ``observed_data``, as ArviZ has them."""
        import xarray as xr

        return xr.load_datatree(self.folder / POSTERIOR, engine="h5netcdf")

    @property
    def posterior(self) -> "xr.Dataset":
        """Coefficients in their own units (chain, draw), places of coded values in their bands (chain, draw, path).

        What begins with ``state_`` are states of the model at the end of the record (chain, draw, state, [member]).
        """
        return self.inference_data["posterior"].to_dataset()

    def figures(self) -> "dict[str, Figure]":
        """Prior and posterior densities, and the log-likelihood by power, by name."""
        return _figures(self.inference_data, stages(self.folder))


@arguments
def calibrate(
    study: CalibrationStudy | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    until: dt.date | str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
    written: Callable[["Calibration"], object] = lambda _: None,
) -> Calibration:
    """Sample the posterior; the same call again goes on after the last finished stage.

    Parameters
    ----------
    study : from :func:`sim.load_calibration`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : processes; all cores by default. Does not change the result.
    scheduler : address of a Dask scheduler, whose workers take the place of the processes.
    until : use no observation after this date, in place of the file's own; with a file only.
    progress : called as stages are sampled.
    stop : asked after every stage; once true, no other is begun.
    force : begin anew in a folder that holds another calibration.
    written : called with the finished calibration when its tables are written, before figures are drawn.

    Returns
    -------
    Calibration
        ``table`` has a row a coefficient, ``posterior`` is an xarray dataset (chain, draw), ``inference_data`` has
        ArviZ's groups; ``posterior.nc`` in its folder, which has them all, is what a scenario may name.

    Raises
    ------
    InputError
        For a study or a folder that cannot be.
    WorkerDied
        Where a process is killed. Finished stages are kept.

    Examples
    --------
    >>> import sim
    >>> sim.calibrate("experiments/calibrate-csto.toml", until="1993-01-01")
    Traceback (most recent call last):
    sim.errors.InputError: until: 1993-01-01; allowed: a year after 1992-07-01 or later
    """
    from threadpoolctl import threadpool_limits

    study = study if isinstance(study, CalibrationStudy) else load_calibration(study, until)
    by = effort(jobs=jobs, scheduler=scheduler)
    work = workspace(study, as_path(out, "out") if out else Path("results") / study.name)
    if not force and work.is_finished():
        found = Calibration(work.folder, True)
        written(found)
        return found
    with work.held(force), connection(by):
        work.begin(force)
        (work.folder / STAGES).mkdir(exist_ok=True)
        with threadpool_limits(1):  # with more threads linear algebra adds up in another order
            return Calibration(work.folder, _sample(study, work, by, progress, stop, written))


def workspace(c: CalibrationStudy, folder: Path) -> Workspace:
    """The folder of a calibration: of the same identity are the same bytes."""
    identity = {
        "name": c.name,
        **c.tables.model_dump(mode="json", exclude={"title", "question"}),
        "fingerprint": c.fingerprint,
        "table": c.digest,
        "sampler": smc.VERSION,
        "numpy": np.__version__,
    }
    own = (*OWN, *(f"{e.name}.nc" for e in c.alliances if c.tables.alliances))
    return Workspace(folder, KIND, c.tables.title, identity, own, {"study": digest(c.text)})


def _sample(
    study: CalibrationStudy,
    work: Workspace,
    by: Effort,
    progress: Callable[[Progress], None],
    stop: Callable[[], bool],
    written: Callable[[Calibration], object],
) -> bool:
    """Sample what is missing; whether all is done."""
    pool = study.pool
    settings = study.settings(pool)
    last = next(reversed(stages(work.folder)), None)
    parts = pool.parts(lambda target: estimator(target, by))

    def within(stage: int, power: float, share: float) -> None:
        work.tell(power, 1.0, "tempering", stage=stage)
        progress(Progress(stage, power, share, last))

    for stage in smc.stages(parts, pool.size, settings, last, within):
        keep_stage(work.folder, stage)
        last = stage
        within(stage.number, stage.power, 1.0)
        if stop() and stage.at_one <= settings.rounds:
            return False
    assert last is not None
    deviation = posterior.noise(parts, last, settings)
    ends = [
        lived(e.scenario, own.target, last.z[:, own.columns], settings.seed, by)
        for e, own in zip(study.alliances, pool.alliances, strict=True)
    ]
    _finish(study, pool, work, last, deviation, ends, written)
    return True


def estimator(target: Target, by: Effort) -> smc.Estimate:
    """Estimates by chunks of draws, whoever makes them."""

    def estimate(z: Array, key: tuple[int, ...]) -> Array:
        tasks = ((target, *chunk) for chunk in smc.chunks(z, key))
        return np.concatenate(list(imap(log_likelihood, tasks, by)))

    return estimate


def _finish(
    study: CalibrationStudy,
    pool: Pool,
    work: Workspace,
    last: Stage,
    deviation: float,
    ends: Sequence[Lived],
    written: Callable[[Calibration], object],
) -> None:
    """Tables, posterior and figures."""
    import pandas as pd

    t = study.tables
    note = f"{study.name}: {plural(len(last.z), 'draw')}, {plural(t.particles, 'particle')} each, seed {t.seed}"
    names = [e.alliance for e in study.alliances]

    def about(first: str) -> dict[str, str]:
        alliances = PARTED.join(sorted(names, key=lambda name: name != first))
        return {"title": t.title, "note": note, "inference_library": "alliance-cohesion", ALLIANCE: alliances}

    reached = stages(work.folder)
    own = [
        posterior.inference_data(a.target, pool.stage_of(last, a), end, t.seed, about(name))
        for a, end, name in zip(pool.alliances, ends, names, strict=True)
    ]
    shared = last._replace(z=last.z[:, : pool.space.behavioural])
    tree = posterior.inference_data(pool.shared, shared, None, t.seed, about("")) if t.alliances else own[0]
    then = (lambda new: written(Calibration(new, True)), lambda new: save_figures(lambda: _figures(tree, reached), new))
    with work.results(*then, **work.identity) as new:
        write(new / STUDY, study.text)
        write(new / SUMMARY, csv_of(pd.DataFrame(posterior.coefficients(pool.shared, reached, t.seed))))
        write(new / BY_STAGE, csv_of(pd.DataFrame(last.rows)))
        write(new / DIAGNOSTICS, as_json(posterior.diagnostics(pool, reached, deviation, t.seed)._asdict()))
        write(new / POSTERIOR, posterior.netcdf(tree))
        for a, of_alliance in zip(pool.alliances, own, strict=True):
            if t.alliances:
                write(new / f"{a.name}.nc", posterior.netcdf(of_alliance))


def _figures(data: "xr.DataTree", reached: Sequence[Stage]) -> "dict[str, Figure]":
    from sim.figures.posterior import densities, likelihoods

    names = [str(n) for n in data["prior"].data_vars]
    prior, found = ({n: data[f"{g}/{n}"].to_numpy()[0] for n in names} for g in ("prior", "posterior"))
    title, note = data.attrs["title"], data.attrs["note"]
    words = {c.name: (named(c.meaning, None), c.unit) for c in COEFFICIENTS if c.name in prior}
    by_power = likelihoods(title, note, [s.power for s in reached], [s.log_likelihood for s in reached])
    return dict(zip(FIGURES, (densities(title, note, prior, found, words), by_power), strict=True))


def keep_stage(folder: Path, stage: Stage) -> None:
    """Write a finished stage."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        rows=np.array(stage.rows, dtype=np.float64),
        z=stage.z,
        log_likelihoods=stage.log_likelihoods,
        steps=stage.steps,
    )
    put(folder / STAGES / f"{stage.number:02d}.npz", buffer.getvalue())


def stages(folder: Path) -> list[Stage]:
    """The finished stages, up to the first that is missing or damaged."""
    found: list[Stage] = []
    while stage := _read(folder / STAGES / f"{len(found):02d}.npz"):
        found.append(stage)
    return found


def _read(file: Path) -> Stage | None:
    try:
        with file.open("rb") as content, np.load(content) as x:
            rows = tuple(_row(values) for values in x["rows"])
            return Stage(rows, x["z"], x["log_likelihoods"], tuple(x["steps"].tolist()))
    except (OSError, EOFError, KeyError, ValueError, BadZipFile):
        return None


def _row(values: Array) -> Row:
    stage, power, effective, distinct, *rest = values.tolist()
    return Row(int(stage), power, effective, int(distinct), *rest)
