"""Calibrate: sample the posterior of a study stage by stage, resume, write tables and figures."""

import datetime as dt
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sim.inference import smc, store, summary
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.smc import Stage
from sim.inference.study import Calibration, load_calibration
from sim.model.arrays import Array
from sim.results.tables import csv_of
from sim.storage.files import PROVENANCE, put
from sim.storage.workers import processes, results
from sim.storage.workspace import alone, clear

Tell = Callable[[int, float, float, Stage | None], Any]


@dataclass(frozen=True)
class Calibrated:
    """A calibration in its folder."""

    folder: Path
    finished: bool

    @cached_property
    def diagnostics(self) -> dict[str, Any]:
        """How the sampler did."""
        found: dict[str, Any] = json.loads((self.folder / store.DIAGNOSTICS).read_text("utf-8"))
        return found

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """Prior against posterior, by coefficient."""
        import csv

        with (self.folder / store.SUMMARY).open(encoding="utf-8") as file:
            return [{k: v if k == "coefficient" else float(v) for k, v in row.items()} for row in csv.DictReader(file)]

    def __repr__(self) -> str:
        return f"<Calibrated in {self.folder}, {'finished' if self.finished else 'not finished'}>"


def calibrate(
    study: Calibration | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    tell: Tell = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
) -> Calibrated:
    """Sample the posterior; the same call again goes on after the last finished stage.

    Parameters
    ----------
    study : from :func:`load_calibration`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes; all cores by default. Does not change the result.
    tell : hears (stage, power before it, share done, the last finished stage).
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

    study = study if isinstance(study, Calibration) else load_calibration(study)
    workers = processes(jobs)
    folder = Path(out) if out else Path("results") / study.name
    if not force and store.is_finished(study, folder):
        return Calibrated(folder, True)
    with alone(folder, store.OWN, "calibration"):
        if force:
            clear(folder, store.OWN)
        store.open_folder(study, folder)
        with threadpool_limits(1):  # with more threads linear algebra adds up in another order
            return _sample(study, folder, workers, tell, stop)


def _sample(study: Calibration, folder: Path, jobs: int, tell: Tell, stop: Callable[[], bool]) -> Calibrated:
    began = dt.datetime.now(dt.UTC)
    target = study.target
    settings = study.settings(target)
    done = next(reversed(store.stages(folder)), None)
    last = done

    def within(stage: int, power: float, share: float) -> None:
        tell(stage, power, share, last)

    estimate = estimator(target, jobs)
    for stage in smc.stages(estimate, target.space.size, settings, done, within):
        store.keep(folder, stage)
        last = stage
        tell(stage.number, stage.power, 1.0, stage)
        if stop() and stage.at_one <= settings.rounds:
            return Calibrated(folder, False)
    assert last is not None
    deviation = summary.noise(estimate, last, settings)
    _finish(study, target, folder, last, deviation, began)
    return Calibrated(folder, True)


def estimator(target: Target, jobs: int) -> smc.Estimate:
    """Estimates by chunks of draws, in so many processes."""
    from joblib import delayed

    def estimate(z: Array, key: tuple[int, ...]) -> Array:
        tasks = [delayed(log_likelihood)(target, *c) for c in smc.chunks(z, key)]
        return np.concatenate(list(results(tasks, jobs)))

    return estimate


def _finish(
    study: Calibration,
    target: Target,
    folder: Path,
    last: Stage,
    deviation: float,
    began: dt.datetime,
) -> None:
    """Tables and figures, provenance last: it says that the rest is whole."""
    found = summary.diagnostics(target, last, deviation)
    put(folder / store.POSTERIOR, summary.posterior_csv(target, last.z))
    put(folder / store.SUMMARY, csv_of(summary.coefficients(target, last.z)))
    put(folder / store.BY_STAGE, summary.stages_csv(last.rows))
    put(folder / store.DIAGNOSTICS, json.dumps(found, indent=1) + "\n")
    _figures(study, target, folder, last)
    ended = dt.datetime.now(dt.UTC)
    provenance = {
        **store.frozen(study),
        "began": began.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "seconds": round((ended - began).total_seconds(), 1),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    put(folder / PROVENANCE, json.dumps(provenance, indent=1) + "\n")


def _figures(study: Calibration, target: Target, folder: Path, last: Stage) -> None:
    from sim.figures.posterior import densities, spread
    from sim.figures.style import save

    levels = smc.generator(study.tables.seed, 2_000_000).standard_normal((4000, target.space.size))
    note = f"{study.name}: {len(last.z):,} draws, {target.particles} particles each, seed {study.tables.seed}"
    prior = target.space.values(levels, target.program)
    found = target.space.values(last.z, target.program)
    kept = store.stages(folder)
    save(densities(study.tables.title, note, prior, found), folder / store.FIGURES[0])
    save(
        spread(study.tables.title, note, [s.power for s in kept], [s.log_likelihood for s in kept]),
        folder / store.FIGURES[1],
    )
