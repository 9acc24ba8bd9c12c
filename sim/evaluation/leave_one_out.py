"""Leave one alliance out: fit to the others, forecast its whole history, score. A fit stands in its own folder."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import plural
from sim.evaluation import looks
from sim.evaluation.history import History, history_of
from sim.evaluation.history_scores import MOST, REPLICATES, TABLES, WORDS, Rows, frames, rows_of, summed
from sim.evaluation.left_out_study import LeaveOneOutStudy, fitted
from sim.evaluation.rules import Learned, learned
from sim.results.calibration import POSTERIOR, Progress, calibrate
from sim.results.result import Stored
from sim.results.tables import csv_of, read_csv
from sim.scenario.load import Scenario, load
from sim.scenario.posterior import NONE
from sim.storage.effort import Effort
from sim.storage.files import as_json, read_json, write
from sim.storage.provenance import circumstances
from sim.storage.workers import connection, imap
from sim.storage.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

KIND = "leave-one-out"
SCORING = 2
"""The version of the scores, raised when what is made of the same fits changes; that is another look."""
FITS, FIGURES, ABOUT = "fits", "figures", "about.json"
DRAWN = ("cases", "moves", "counts")
OWN = (looks.MARK, FITS, FIGURES, ABOUT, *(f"{name}.csv" for name in TABLES))


@dataclass(frozen=True, repr=False)
class LeftOut(Stored):
    """Left-out alliances in their folder: ``tables`` has scores, counts, cases and moves, and their sums."""

    kind = KIND
    look: int | None = None
    """Which look at what was left out this was; None where it was not looked at now."""

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """Mean scores by alliance and their sum, counts forecast and seen, every probability, moves."""
        return {name: read_csv(self.folder / f"{name}.csv", WORDS) for name in TABLES}

    @property
    def about(self) -> dict[str, str]:
        """By alliance, where the coefficients are from."""
        return dict((read_json(self.folder / ABOUT) or {})["coefficients"])

    def figures(self) -> "dict[str, Figure]":
        """What was forecast of each alliance, member by member, and what happened."""
        from sim.figures.history import history

        kept: dict[str, Any] = read_json(self.folder / ABOUT) or {}
        drawn = {}
        for name, said in kept["coefficients"].items():
            cases, moves, counts = (t[t.alliance == name] for t in (self.tables[k] for k in DRAWN))
            drawn[slug(name)] = history(cases, moves, counts, name, f"{kept['footer']}  |  {said}")
        return drawn


def slug(name: str) -> str:
    """An alliance's name as that of a file."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def workspace(study: LeaveOneOutStudy, folder: Path) -> Workspace:
    """The folder of a study; words may change."""
    c = study.calibration
    identity = {
        "name": study.name,
        "seed": study.tables.seed,
        "settings": c.tables.model_dump(mode="json", exclude={"title", "question"}),
        "fingerprint": c.fingerprint,
        "left_out": {f.scenario.tables.alliance.name: f.scenario.fingerprint for f in study.folds},
        "observations": c.digest,
        "numpy": version("numpy"),
    }
    return Workspace(folder, KIND, study.tables.title, identity, OWN, {"scoring": SCORING})


def leave_one_out(
    study: LeaveOneOutStudy,
    folder: Path,
    by: Effort,
    progress: Callable[[str, Progress], None],
    stop: Callable[[], bool],
    force: bool,
    written: Callable[[LeftOut], object],
) -> LeftOut:
    """Fit what is not fitted, then forecast and score; see :func:`sim.backtest`."""
    work = workspace(study, folder)
    if not force and work.is_finished():
        found = LeftOut(work.folder, True)
        written(found)
        return found
    with work.held(force), connection(by):
        work.begin(force)
        for k, (name, fit) in enumerate(study.fits.items()):

            def within(at: Progress, k: int = k, name: str = name) -> None:
                work.tell(k + at.power, len(study.fits), "fits")
                progress(name, at)

            if not calibrate(fit, work.folder / FITS / name, by.jobs, by.scheduler, None, within, stop).finished:
                return LeftOut(work.folder, False)
        return _score(study, work, by, written)


def _score(study: LeaveOneOutStudy, work: Workspace, by: Effort, written: Callable[[LeftOut], object]) -> LeftOut:
    """Record the look, forecast every alliance, write it down."""
    seed, until = study.tables.seed, study.calibration.tables.until
    histories = [
        history_of(with_draws(f.scenario, (work.folder / FITS / f.fit / POSTERIOR).resolve()), until)
        for f in study.folds
    ]
    names = [h.name for h in histories]
    made_by = circumstances()  # before the log of looks changes the checkout
    c = study.calibration
    what = f"left out: {', '.join(names)}; seed {seed}"
    look = looks.record(study.looks, work.folder, KIND, made_by["commit"], f"{c.fingerprint} {c.digest}", what)
    before = [history_of(with_draws(f.scenario, NONE), until) for f in study.folds]
    pairs = zip(histories, before, strict=True)
    found: list[Rows] = list(imap(scored_beside, ((h, teachers(study, h), seed, b) for h, b in pairs), by))
    footer = (
        f"Leave-one-out: {study.name}  |  up to {plural(MOST * REPLICATES, 'future')} of {MOST:,} posterior draws an "
        f"origin  |  seed {seed}  |  look {look}"
    )
    then = (lambda new: written(LeftOut(new, True, look)), lambda new: LeftOut(new, True).draw(new / FIGURES))
    with work.results(*then, **work.identity, scoring=SCORING, look=look, **made_by) as new:
        for name, frame in summed(frames(found)).items():
            write(new / f"{name}.csv", csv_of(frame))
        about = {"footer": footer, "coefficients": {h.name: h.fitted_to for h in histories}}
        write(new / ABOUT, as_json(about))
    (work.folder / looks.MARK).unlink(missing_ok=True)
    return LeftOut(work.folder, True, look)


def with_draws(scenario: Scenario, posterior: Path | str) -> Scenario:
    """The same history, drawing from a fit, or from none."""
    return load(scenario.file, {**scenario.overrides, "posterior": str(posterior)})


def scored_beside(h: History, rules: Learned, seed: int, priors: History) -> Rows:
    """The tables of a left-out alliance, with scores of the priors alone."""
    return rows_of(h, rules, seed, priors=priors)


def teachers(study: LeaveOneOutStudy, left_out: History) -> Learned:
    """What the rules learn from all alliances but one: those left out in turn, and those fitted."""
    every = (*fitted(study.calibration), *(f.scenario for f in study.folds))
    scenarios = {s.tables.alliance.name: s for s in every}
    until = study.calibration.tables.until
    return learned([history_of(s, until) for name, s in scenarios.items() if name != left_out.name])
