"""A backtest in its folder: fit every origin, forecast, look at the held-out years, score, write it down."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, arguments, as_path, plural
from sim.evaluation import looks
from sim.evaluation.diagrams import figures, panels
from sim.evaluation.forecasts import forecast_scheme
from sim.evaluation.leave_one_out import LeftOut, leave_one_out
from sim.evaluation.left_out_study import LeaveOneOutStudy
from sim.evaluation.origin import outcome
from sim.evaluation.scoring import SCORING, TABLES, WORDS, tables
from sim.evaluation.study import BacktestStudy, load_backtest
from sim.model.arrays import Array
from sim.results.calibration import Progress, calibrate, stages
from sim.results.result import Stored
from sim.results.tables import csv_of, read_csv
from sim.scenario.load import load
from sim.storage.effort import effort
from sim.storage.files import as_json, read_json, write
from sim.storage.provenance import circumstances
from sim.storage.workers import connection
from sim.storage.workspace import Workspace, contents_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

KIND = "backtest"
FITS, FIGURES, PANELS = "fits", "figures", "panels.json"
OWN = (looks.MARK, FITS, FIGURES, PANELS, *(f"{name}.csv" for name in TABLES))


@dataclass(frozen=True, repr=False)
class Backtest(Stored):
    """A backtest in its folder."""

    kind = KIND
    look: int | None = None
    """Which look at the held-out years this was; None where they were not looked at now."""

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """Mean scores with their Monte Carlo standard errors, scores by origin, skill, probabilities, cohesion."""
        return {name: read_csv(self.folder / f"{name}.csv", WORDS) for name in TABLES}

    @property
    def state_names(self) -> dict[str, str]:
        """Full names of the states by code, if the scenario is still there."""
        settings = (contents_of(self.folder) or {})["identity"]["settings"]
        try:
            names = load(settings["scenario"]).tables.state_names if settings["scenario"] else {}
        except InputError:
            return {}
        return {code: " ".join(name.split()) for code, name in names.items()}

    @property
    def skill(self) -> "pd.DataFrame":
        """Skill of the model against every baseline rule, with 90 % bootstrap intervals."""
        return self.tables["skill"]

    def figures(self) -> "dict[str, Figure]":
        """Skill, reliability of each scheme, ranks and cohesion, as they are saved in the folder."""
        kept = read_json(self.folder / PANELS) or {}
        return figures(kept["title"], kept["footer"], kept["panels"], self.skill)


@arguments
def backtest(
    study: BacktestStudy | LeaveOneOutStudy | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[str, Progress], None] = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
    written: Callable[["Backtest | LeftOut"], object] = lambda _: None,
) -> Backtest | LeftOut:
    """Fit every origin, or without every alliance, then score; the same call again goes on where it was interrupted.

    A finished folder is returned as it is, and the held-out years are not looked at again, unless the version of the
    scores is another (:data:`sim.evaluation.scoring.SCORING`).

    Parameters
    ----------
    study : from :func:`sim.load_backtest`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : processes for the fits; all cores by default. Does not change the result.
    scheduler : address of a Dask scheduler, whose workers take the place of the processes.
    progress : called with the name of a fit (its last date, or what it leaves out) and how far it is.
    stop : asked after every stage of a fit; once true, no other is begun.
    force : begin anew in a folder that holds another backtest.
    written : called with the finished backtest when its tables are written, before figures are drawn.

    Returns
    -------
    Backtest or LeftOut
        ``table`` has the mean score of every forecaster. Of a backtest ``skill`` has what the model's is against each
        baseline rule; of left-out alliances ``tables["counts"]`` has exits, freezes and dissolution forecast and seen.

    Raises
    ------
    InputError
        For a study or a folder that cannot be, or where the look cannot be recorded.
    WorkerDied
        Where a process is killed. Finished stages of the fits are kept.

    Examples
    --------
    >>> import sim
    >>> sim.backtest("experiments/nowhere.toml")
    Traceback (most recent call last):
    sim.errors.InputError: experiments/nowhere.toml: no such file; allowed: a file, or the name of a shipped one
    (`cohesion list` shows the scenarios)
    """
    study = study if isinstance(study, BacktestStudy | LeaveOneOutStudy) else load_backtest(study)
    by = effort(jobs=jobs, scheduler=scheduler)
    folder = as_path(out, "out") if out else Path("results") / study.name
    if isinstance(study, LeaveOneOutStudy):
        return leave_one_out(study, folder, by, progress, stop, force, written)
    work = workspace(study, folder)
    there = None if force else work.there()
    if there and replace(work, title=there["title"]).is_finished():
        found = Backtest(folder, True)
        written(found)
        return found
    with work.held(force), connection(by):
        work.begin(force)
        for k, (until, fit) in enumerate(study.fits.items()):

            def within(at: Progress, k: int = k, name: str = f"{until}") -> None:
                work.tell(k + at.power, len(study.fits), "fits")
                progress(name, at)

            if not calibrate(fit, folder / FITS / f"{until}", jobs, scheduler, None, within, stop).finished:
                return Backtest(folder, False)
        return _score(study, work, written)


def workspace(study: BacktestStudy, folder: Path) -> Workspace:
    """The folder of a backtest; words may change."""
    c = study.calibration
    identity = {
        "name": study.name,
        **study.tables.model_dump(mode="json", exclude={"title", "question"}),
        "settings": c.tables.model_dump(mode="json", exclude={"title", "question", "until"}),
        "fingerprint": c.fingerprint,
        "observations": c.digest,
        "numpy": version("numpy"),
    }
    return Workspace(folder, KIND, study.tables.title, identity, OWN, {"scoring": SCORING})


def _score(study: BacktestStudy, work: Workspace, written: Callable[[Backtest], object]) -> Backtest:
    """Forecast everything, then record the look, then score."""
    t, c, folder = study.tables, study.calibration, work.folder
    forecasts = []
    for scheme in t.schemes:
        origins = [study.origin(scheme, until) for until in scheme.fit_until]
        forecasts.append(forecast_scheme(scheme.name, origins, [_draws(folder, o.until) for o in origins], t))
    what = f"{', '.join(f.scheme for f in forecasts)}; seed {t.seed}"
    made_by = circumstances()  # before the log of looks changes the checkout
    look = looks.record(study.looks, folder, "backtest", made_by["commit"], f"{c.fingerprint} {c.digest}", what)
    made = [(f, [outcome(o) for o in f.origins]) for f in forecasts]
    found = tables(made, t.seed)
    footer = (
        f"Backtest: {study.name}  |  {c.scenario.name}  |  {plural(c.tables.draws * t.replicates, 'future')} of "
        f"{c.tables.draws:,} posterior draws an origin  |  seed {t.seed}  |  look {look} at the held-out years"
    )
    then = (lambda new: written(Backtest(new, True, look)), lambda new: Backtest(new, True).draw(new / FIGURES))
    with work.results(*then, **work.identity, scoring=SCORING, look=look, **made_by) as new:
        for name, frame in found.items():
            write(new / f"{name}.csv", csv_of(frame))
        write(new / PANELS, as_json({"title": t.title, "footer": footer, "panels": panels(made, t.seed)}))
    (folder / looks.MARK).unlink(missing_ok=True)
    return Backtest(folder, True, look)


def _draws(folder: Path, until: dt.date) -> Array:
    """The posterior draws of a finished fit, (draw, coordinate)."""
    return stages(folder / FITS / f"{until}")[-1].z
