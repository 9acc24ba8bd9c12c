"""A calibration in its folder: sample the posterior stage by stage, resume, write tables, figures and the posterior."""

import datetime as dt
import html
import io
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from sim.inference import posterior, smc
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.smc import Row, Stage
from sim.inference.study import CalibrationStudy, load_calibration
from sim.model.arrays import Array
from sim.model.version import VERSION
from sim.results.tables import csv_of, read_csv
from sim.scenario.resolved import fingerprint
from sim.storage.files import PROVENANCE, provenance_of, put, read_table
from sim.storage.provenance import versions
from sim.storage.workers import processes, results
from sim.storage.workspace import alone, check_same, clear

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

FROZEN, STAGES = "calibration.json", "stages"
STUDY, POSTERIOR, SUMMARY = "study.toml", "posterior.csv", "summary.csv"
INFERENCE = "inference.nc"
DIAGNOSTICS, BY_STAGE = "diagnostics.json", "diagnostics.csv"
FIGURES = ("posterior", "log-likelihood")
OWN = (
    FROZEN,
    STAGES,
    STUDY,
    POSTERIOR,
    SUMMARY,
    INFERENCE,
    DIAGNOSTICS,
    BY_STAGE,
    *(f"{name}.png" for name in FIGURES),
    PROVENANCE,
)
FORMAT = 1
FLOORS = ("model", "scenario", "engines", "inference")
"""Whose code a posterior depends on."""


class Progress(NamedTuple):
    """How far a calibration is."""

    stage: int
    power: float  # of the likelihood, before the stage
    share: float  # of the stage that is done
    last: Stage | None  # the last finished stage


@dataclass(frozen=True)
class Calibration:
    """A calibration in its folder."""

    folder: Path
    finished: bool

    @cached_property
    def diagnostics(self) -> posterior.Diagnostics:
        """How the sampler did."""
        return posterior.Diagnostics(**json.loads((self.folder / DIAGNOSTICS).read_text("utf-8")))

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Prior against posterior, a row a coefficient: medians, middle 90 %, shift and spread."""
        return read_csv(self.folder / SUMMARY, ["coefficient"])

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """The table, and the diagnostics of every stage of the sampler."""
        return {"summary": self.table, "diagnostics": read_csv(self.folder / BY_STAGE, [])}

    @cached_property
    def inference_data(self) -> "xr.DataTree":
        """Groups ``posterior``, ``prior``, ``log_likelihood`` and ``observed_data``, as ArviZ has them."""
        import xarray as xr

        return xr.load_datatree(self.folder / INFERENCE, engine="h5netcdf")

    @property
    def posterior(self) -> "xr.Dataset":
        """Coefficients in their own units (chain, draw), places of coded values in their bands (chain, draw, path)."""
        return self.inference_data["posterior"].to_dataset()

    def figures(self) -> "dict[str, Figure]":
        """Prior and posterior densities, and the log-likelihood by power, by name."""
        from sim.figures.posterior import densities, spread

        data = self.inference_data
        names = [str(n) for n in data["prior"].data_vars]
        prior, found = ({n: data[f"{g}/{n}"].to_numpy()[0] for n in names} for g in ("prior", "posterior"))
        reached = stages(self.folder)
        title, note = data.attrs["title"], data.attrs["note"]
        drawn = (
            densities(title, note, prior, found),
            spread(title, note, [s.power for s in reached], [s.log_likelihood for s in reached]),
        )
        return dict(zip(FIGURES, drawn, strict=True))

    def __repr__(self) -> str:
        return f"<Calibration in {self.folder}, {'finished' if self.finished else 'not finished'}>"

    def _repr_html_(self) -> str:
        return str(self.table._repr_html_()) if self.finished else f"<p>{html.escape(repr(self))}</p>"


def calibrate(
    study: CalibrationStudy | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
) -> Calibration:
    """Sample the posterior; the same call again goes on after the last finished stage.

    Parameters
    ----------
    study : from :func:`load_calibration`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes; all cores by default. Does not change the result.
    progress : called as stages are sampled.
    stop : asked after every stage; once true, no other is begun.
    force : begin anew in a folder that holds another calibration.

    Raises
    ------
    InputError
        For a study or a folder that cannot be.
    WorkerDied
        Where a worker is killed. Finished stages are kept.
    """
    from threadpoolctl import threadpool_limits

    study = study if isinstance(study, CalibrationStudy) else load_calibration(study)
    workers = processes(jobs)
    folder = Path(out) if out else Path("results") / study.name
    if not force and is_finished(study, folder):
        return Calibration(folder, True)
    with alone(folder, OWN, "calibration"):
        if force:
            clear(folder, OWN)
        open_folder(study, folder)
        with threadpool_limits(1):  # with more threads linear algebra adds up in another order
            return _sample(study, folder, workers, progress, stop)


def _sample(
    study: CalibrationStudy,
    folder: Path,
    jobs: int,
    progress: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> Calibration:
    began = dt.datetime.now(dt.UTC)
    target = study.target
    settings = study.settings(target)
    last = next(reversed(stages(folder)), None)
    estimate = estimator(target, jobs)

    def within(stage: int, power: float, share: float) -> None:
        progress(Progress(stage, power, share, last))

    for stage in smc.stages(estimate, target.space.size, settings, last, within):
        keep_stage(folder, stage)
        last = stage
        progress(Progress(stage.number, stage.power, 1.0, stage))
        if stop() and stage.at_one <= settings.rounds:
            return Calibration(folder, False)
    assert last is not None
    deviation = posterior.noise(estimate, last, settings)
    _finish(study, target, folder, last, deviation, began)
    return Calibration(folder, True)


def estimator(target: Target, jobs: int) -> smc.Estimate:
    """Estimates by chunks of draws, in so many processes."""
    from joblib import delayed

    def estimate(z: Array, key: tuple[int, ...]) -> Array:
        tasks = [delayed(log_likelihood)(target, *c) for c in smc.chunks(z, key)]
        return np.concatenate(list(results(tasks, jobs)))

    return estimate


def _finish(
    study: CalibrationStudy,
    target: Target,
    folder: Path,
    last: Stage,
    deviation: float,
    began: dt.datetime,
) -> None:
    """Tables, posterior and figures, provenance last: it says that the rest is whole."""
    import pandas as pd

    from sim.figures.style import save

    t = study.tables
    found = posterior.diagnostics(target, last, deviation)
    note = f"{study.name}: {len(last.z):,} draws, {target.particles} particles each, seed {t.seed}"
    attributes = {"title": t.title, "note": note, "model_version": VERSION, "inference_library": "alliance-cohesion"}
    tree = posterior.inference_data(target, last, t.seed, attributes)
    put(folder / POSTERIOR, posterior.posterior_csv(target, last.z))
    put(folder / SUMMARY, csv_of(pd.DataFrame(posterior.coefficients(target, last.z))))
    put(folder / BY_STAGE, csv_of(pd.DataFrame(last.rows)))
    put(folder / DIAGNOSTICS, json.dumps(found._asdict(), indent=1) + "\n")
    put(folder / INFERENCE, posterior.netcdf(tree))
    for name, figure in Calibration(folder, True).figures().items():
        save(figure, folder / f"{name}.png")
    ended = dt.datetime.now(dt.UTC)
    provenance = {
        **frozen(study),
        "began": began.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": round((ended - began).total_seconds(), 1),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    put(folder / PROVENANCE, json.dumps(provenance, indent=1) + "\n")


def frozen(c: CalibrationStudy) -> dict[str, Any]:
    """What makes a calibration the one it is: the same entries give the same bytes."""
    return {
        "format": FORMAT,
        "name": c.name,
        **{k: v for k, v in c.tables.model_dump(mode="json").items() if k not in ("title", "question")},
        "fingerprint": fingerprint(c.scenario),
        "table": c.digest,
        **versions(*FLOORS),
    }


def open_folder(c: CalibrationStudy, folder: Path) -> None:
    """Write down what is sampled, or find that the folder holds it already. Raises InputError where it has changed."""
    new, there = frozen(c), read_table(folder / FROZEN)
    if there:
        check_same(there, new, folder)
    else:
        clear(folder, OWN)
    (folder / PROVENANCE).unlink(missing_ok=True)
    (folder / STAGES).mkdir(exist_ok=True)
    put(folder / STUDY, c.text)
    put(folder / FROZEN, json.dumps(new, indent=1) + "\n")


def is_finished(c: CalibrationStudy, folder: Path) -> bool:
    """Whether the folder holds all results of this very calibration. Raises InputError as :func:`open_folder`."""
    there = read_table(folder / FROZEN)
    if not there or not provenance_of(folder):
        return False
    check_same(there, frozen(c), folder)
    whole = all((folder / name).exists() for name in OWN)
    return whole and (folder / STUDY).read_text("utf-8") == c.text


def keep_stage(folder: Path, stage: Stage) -> None:
    """Write a finished stage."""
    buffer = io.BytesIO()
    rows = np.array(stage.rows, dtype=np.float64)
    np.savez(buffer, rows=rows, z=stage.z, log_likelihood=stage.log_likelihood, steps=stage.steps)
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
            first, second = map(float, x["steps"])
            return Stage(rows, x["z"], x["log_likelihood"], (first, second))
    except (OSError, EOFError, KeyError, ValueError, BadZipFile):
        return None


def _row(values: Any) -> Row:
    named: dict[str, Any] = dict(zip(Row._fields, map(float, values), strict=True))
    return Row(**named | {name: int(named[name]) for name in ("stage", "distinct")})
