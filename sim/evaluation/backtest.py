"""A backtest in its folder: fit every origin, forecast, look at the held-out years, score, write it down."""

import datetime as dt
import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.evaluation import looks
from sim.evaluation.diagrams import figures
from sim.evaluation.forecasts import AS_THEY_WERE, forecast_scheme
from sim.evaluation.origin import outcome
from sim.evaluation.scoring import WORDS, tables
from sim.evaluation.study import BacktestStudy, load_backtest
from sim.inference.calibration import FLOORS, Progress, calibrate, stages
from sim.inference.forecast import carried
from sim.model.arrays import Array
from sim.results.tables import csv_of, read_csv
from sim.scenario.resolved import fingerprint
from sim.storage.files import PROVENANCE, provenance_of, put, read_table, write_text, writing
from sim.storage.provenance import circumstances, code, versions
from sim.storage.workspace import alone, check_same, clear

if TYPE_CHECKING:
    import pandas as pd

FROZEN, FITS, FIGURES = "backtest.json", "fits", "figures"
TABLES = ("scores", "origins", "skill", "cases", "cohesion")
OWN = (FROZEN, FITS, FIGURES, *(f"{name}.csv" for name in TABLES), PROVENANCE)
FORMAT = 1
SCORING = ("evaluation", "figures")
"""Whose code the scores depend on besides; a change there is another look at the held-out years."""


@dataclass(frozen=True)
class Backtest:
    """A backtest in its folder."""

    folder: Path
    finished: bool
    look: int | None = None
    """Which look at the held-out years this was; None where they were not looked at now."""

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """Scores, scores by origin, skill, every probability and cohesion, by name."""
        return {name: read_csv(self.folder / f"{name}.csv", WORDS) for name in TABLES}

    @property
    def table(self) -> "pd.DataFrame":
        """The mean score of every forecaster by scheme and measure, with its Monte Carlo standard error."""
        return self.tables["scores"]

    @property
    def skill(self) -> "pd.DataFrame":
        """Skill of the model against every baseline rule, with 90 % bootstrap intervals."""
        return self.tables["skill"]

    def __repr__(self) -> str:
        return f"<Backtest in {self.folder}, {'finished' if self.finished else 'not finished'}>"

    def _repr_html_(self) -> str:
        return str(self.table._repr_html_()) if self.finished else f"<p>{html.escape(repr(self))}</p>"


def backtest(
    study: BacktestStudy | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    progress: Callable[[str, Progress], None] = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
) -> Backtest:
    """Fit every origin, then score; the same call again goes on where it was interrupted.

    A finished folder is returned as it is, and the held-out years are not looked at again, unless the code of the
    scores has changed.

    Parameters
    ----------
    study : from :func:`load_backtest`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes for the fits; all cores by default. Does not change the result.
    progress : called with the name of a fit (its last date) and how far it is.
    stop : asked after every stage of a fit; once true, no other is begun.
    force : begin anew in a folder that holds another backtest.

    Raises
    ------
    InputError
        For a study or a folder that cannot be, or where the look cannot be recorded.
    """
    study = study if isinstance(study, BacktestStudy) else load_backtest(study)
    folder = Path(out) if out else Path("results") / study.name
    there = read_table(folder / FROZEN)
    if there and not force:
        check_same(there, identity(study), folder)
        if (provenance_of(folder) or {}).get("scoring") == code(*SCORING):
            return Backtest(folder, True)
    with alone(folder, OWN, "backtest"):
        if force or not there:
            clear(folder, OWN)
            put(folder / FROZEN, json.dumps(identity(study), indent=1) + "\n")
        for until, fit in study.fits.items():

            def within(at: Progress, name: str = f"{until}") -> None:
                progress(name, at)

            if not calibrate(fit, folder / FITS / f"{until}", jobs, within, stop).finished:
                return Backtest(folder, False)
        return _score(study, folder)


def identity(study: BacktestStudy) -> dict[str, Any]:
    """What makes a backtest the one it is."""
    c = study.calibration
    return {
        "format": FORMAT,
        "name": study.name,
        **study.tables.model_dump(mode="json", exclude={"title", "question", "carried"}),
        "settings": c.tables.model_dump(mode="json", exclude={"title", "question", "until"}),
        "fingerprint": fingerprint(c.scenario),
        "alliances": {name: fingerprint(s) for name, s in study.carried.items()},
        "observations": c.digest,
        **versions(*FLOORS),
    }


def _score(study: BacktestStudy, folder: Path) -> Backtest:
    """Forecast everything, then record the look, then score."""
    from sim.figures.style import save as save_figure

    t, c = study.tables, study.calibration
    forecasts = []
    for scheme in t.schemes:
        origins = [study.origin(scheme, until) for until in scheme.fit_until]
        forecasts.append(forecast_scheme(scheme.name, origins, [_draws(folder, o.until) for o in origins], t))
    for name in study.carried:
        o = study.beginning(name)
        z = carried(_draws(folder, c.tables.until), o.training.space, o.fit.space, t.seed)
        forecasts.append(forecast_scheme(name, [o], [z], t, [AS_THEY_WERE]))
    who = identity(study)
    inputs = f"{who['fingerprint']} {who['observations']}"
    what = f"{', '.join(f.scheme for f in forecasts)}; seed {t.seed}"
    made_by = circumstances()  # before the log of looks changes the checkout
    look = looks.record(study.looks, "backtest", made_by["commit"] or "unknown", inputs, what)
    made = [(f, [outcome(o) for o in f.origins]) for f in forecasts]
    found = tables(made, t.seed)
    footer = (
        f"Backtest: {study.name}  |  {c.scenario.name}  |  {c.tables.draws * t.replicates:,} futures of "
        f"{c.tables.draws:,} posterior draws an origin  |  seed {t.seed}  |  look {look} at the held-out years"
    )
    with writing(folder, {**who, "scoring": code(*SCORING), "look": look, **made_by}) as scratch:
        for name, frame in found.items():
            write_text(scratch / f"{name}.csv", csv_of(frame))
        (scratch / FIGURES).mkdir()
        for name, figure in figures(t.title, footer, made, found["skill"], t.seed).items():
            save_figure(figure, scratch / FIGURES / f"{name}.png")
    return Backtest(folder, True, look)


def _draws(folder: Path, until: dt.date) -> Array:
    """The posterior draws of a finished fit, (draw, coordinate)."""
    return stages(folder / FITS / f"{until}")[-1].z
