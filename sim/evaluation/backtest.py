"""A backtest in its folder: fit every origin, foretell, open the held-out part, score, write it down."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sim.evaluation import openings
from sim.evaluation.forecasts import make
from sim.evaluation.origin import happened
from sim.evaluation.scoring import AS_THEY_WERE
from sim.evaluation.study import Backtest, load_backtest
from sim.evaluation.written import Rows, figures, read, results
from sim.inference.calibrate import calibrate
from sim.inference.forecast import carried
from sim.inference.smc import Stage
from sim.inference.store import FLOORS, stages
from sim.model.arrays import Array
from sim.results.run import circumstances
from sim.results.tables import csv_of
from sim.scenario.resolved import fingerprint
from sim.storage.files import PROVENANCE, provenance_of, put, read_table, write_text, writing
from sim.storage.provenance import code, versions
from sim.storage.workspace import alone, check_same, clear

FROZEN, FITS, FIGURES = "backtest.json", "fits", "figures"
SCORES, SKILL, CASES, COHESION = "scores.csv", "skill.csv", "cases.csv", "cohesion.csv"
ORIGINS = "origins.csv"
OWN = (FROZEN, FITS, FIGURES, SCORES, ORIGINS, SKILL, CASES, COHESION, PROVENANCE)
FORMAT = 1
SCORING = ("backtest", "figures")
"""Whose code the scores depend on besides; a change there opens the held-out part again."""
Tell = Callable[[str, int, float, float, Stage | None], None]
"""Hears the fit (by date), its stage, the power before it, the share done, the last finished stage."""


@dataclass(frozen=True)
class Backtested:
    """A backtest in its folder."""

    folder: Path
    finished: bool
    opening: int | None = None
    """Which opening of the held-out part this was; None where it was not opened now."""

    @cached_property
    def scores(self) -> Rows:
        """The mean score of every forecaster by scheme and measure, with its Monte Carlo standard error."""
        return read(self.folder / SCORES)

    @cached_property
    def skill(self) -> Rows:
        """Skill of the model against every baseline, with 90 % bootstrap intervals."""
        return read(self.folder / SKILL)

    def __repr__(self) -> str:
        return f"<Backtested in {self.folder}, {'finished' if self.finished else 'not finished'}>"


def backtest(
    study: Backtest | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    tell: Tell = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
) -> Backtested:
    """Fit every origin, then score; the same call again goes on where it was interrupted.

    A finished folder is returned as it is, and nothing is opened anew, unless the code of the scores has changed.

    Parameters
    ----------
    study : from :func:`load_backtest`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes for the fits; all cores by default. Does not change the result.
    tell : hears how far the fits are.
    stop : asked after every stage of a fit; once true, no other is begun.
    force : begin anew in a folder that holds another backtest.

    Raises
    ------
    InputError
        For a study or a folder that cannot be, or where the opening cannot be recorded.
    """
    study = study if isinstance(study, Backtest) else load_backtest(study)
    folder = Path(out) if out else Path("results") / study.name
    there = read_table(folder / FROZEN)
    if there and not force:
        check_same(there, identity(study), folder)
        if (provenance_of(folder) or {}).get("scoring") == code(*SCORING):
            return Backtested(folder, True)
    with alone(folder, OWN, "backtest"):
        if force or not there:
            clear(folder, OWN)
            put(folder / FROZEN, json.dumps(identity(study), indent=1) + "\n")
        for until, fit in study.fits.items():

            def within(stage: int, power: float, share: float, last: Stage | None, name: str = f"{until}") -> None:
                tell(name, stage, power, share, last)

            if not calibrate(fit, folder / FITS / f"{until}", jobs, within, stop).finished:
                return Backtested(folder, False)
        return _open(study, folder)


def identity(study: Backtest) -> dict[str, Any]:
    """What makes a backtest the one it is."""
    c = study.calibration
    said = c.tables.model_dump(mode="json", exclude={"title", "question", "until"})
    return {
        "format": FORMAT,
        "name": study.name,
        **study.tables.model_dump(mode="json", exclude={"title", "question", "carried"}),
        "settings": said,
        "fingerprint": fingerprint(c.scenario),
        "alliances": {name: fingerprint(s) for name, s in study.carried.items()},
        "observations": c.digest,
        **versions(*FLOORS),
    }


def _open(study: Backtest, folder: Path) -> Backtested:
    """Forecast everything, then record the opening, then score."""
    from sim.figures.style import save as save_figure

    t = study.tables
    made = []
    for scheme in t.schemes:
        origins = [study.origin(scheme, until) for until in scheme.fit_until]
        made.append(make(scheme.name, origins, [_draws(folder, o.until) for o in origins], t))
    for name in study.carried:
        o = study.beginning(name)
        z = carried(_draws(folder, study.calibration.tables.until), o.taught.space, o.fit.space, t.seed)
        made.append(make(name, [o], [z], t, [AS_THEY_WERE]))
    who = identity(study)
    inputs = f"{who['fingerprint']} {who['observations']}"
    what = f"{', '.join(m.scheme for m in made)}; seed {t.seed}"
    made_by = circumstances()  # before the table of openings changes the checkout
    number = openings.record(study.openings, "backtest", made_by["commit"] or "unknown", inputs, what)
    found = [results(m, [happened(o) for o in m.origins], t.seed) for m in made]
    provenance = {**who, "scoring": code(*SCORING), "opening": number, **made_by}
    with writing(folder, provenance) as scratch:
        for file in (SCORES, ORIGINS, SKILL, CASES, COHESION):
            rows = [row for r in found for row in r[file.removesuffix(".csv")]]
            write_text(scratch / file, csv_of(rows))
        (scratch / FIGURES).mkdir()
        for name, figure in figures(study, found, number).items():
            save_figure(figure, scratch / FIGURES / f"{name}.png")
    return Backtested(folder, True, number)


def _draws(folder: Path, until: dt.date) -> Array:
    """The posterior draws of a finished fit, (draw, coordinate)."""
    return stages(folder / FITS / f"{until}")[-1].z
