"""Which mechanism earns its place: evidence and held-out score of the model with each removed in turn.

The evidence (marginal likelihood) of a model is what its priors made of the whole record, by the tempered sampler;
that of the record up to a date is what they made of the years before. Their ratio is the density that the model,
fitted to the years before, gave to the years after: its held-out score, exactly. A mechanism earns its place where
the evidence with it is greater than without (Kass & Raftery 1995, 10.1080/01621459.1995.10476572).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.evaluation import openings
from sim.evaluation.mechanism_study import MechanismStudy, load_mechanisms
from sim.evaluation.worth import BEFORE, PARTS, held_out_verdict, table
from sim.evaluation.written import Rows, read
from sim.inference.evidence import evidence
from sim.inference.store import FLOORS
from sim.inference.study import Calibration
from sim.results.run import circumstances, commit
from sim.results.tables import csv_of
from sim.scenario.resolved import fingerprint
from sim.storage.files import PROVENANCE, provenance_of, put, read_table, write_text, writing
from sim.storage.provenance import code, versions
from sim.storage.workers import processes, spread
from sim.storage.workspace import alone, check_same, clear

FROZEN, RUNS, STUDY = "mechanisms.json", "runs", "study.toml"
TABLE, EVIDENCE, FIGURE = "mechanisms.csv", "evidence.csv", "mechanisms.png"
OWN = (FROZEN, RUNS, STUDY, TABLE, EVIDENCE, FIGURE, PROVENANCE)
FORMAT = 1
SCORING = ("backtest", "figures")
"""Whose code tables and figure depend on besides."""


class Run(NamedTuple):
    """One sampling: of a model, of the whole record or of the years before, with a seed."""

    model: str
    part: str
    seed: int

    @property
    def file(self) -> str:
        """Where its evidence is kept; no mechanism's name has an underscore."""
        return f"{RUNS}/{self.model.replace(' ', '_')}.{self.part}.{self.seed}.json"


@dataclass(frozen=True)
class Mechanisms:
    """A study in its folder, finished or not."""

    folder: Path
    finished: bool

    @cached_property
    def table(self) -> Rows:
        """A row a mechanism: evidence and held-out score with less without, errors, verdicts."""
        rows = read(self.folder / TABLE)
        return [{**r, "held_out_verdict": held_out_verdict(r)} for r in rows]

    def __repr__(self) -> str:
        return f"<Mechanisms in {self.folder}, {'finished' if self.finished else 'not finished'}>"


def mechanisms(
    study: MechanismStudy | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    tell: Callable[[int, int], None] = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
) -> Mechanisms:
    """Sample every model; the same call again goes on with what is missing.

    Parameters
    ----------
    study : from :func:`load_mechanisms`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes; all cores by default. Does not change the result.
    tell : hears how many samplings are done, and of how many.
    stop : asked before each; once true, those under way finish and no other is begun.
    force : begin anew in a folder that holds another such study.

    Raises
    ------
    InputError
        For a study or a folder that cannot be.
    WorkerDied
        Where a worker process is killed. What was finished is kept.
    """
    study = study if isinstance(study, MechanismStudy) else load_mechanisms(study)
    folder = Path(out) if out else Path("results") / study.name
    workers = processes(jobs)
    if not force and _finished(study, folder):
        return Mechanisms(folder, True)
    with alone(folder, OWN, "study of mechanisms"):
        if force or not read_table(folder / FROZEN):
            clear(folder, OWN)
            _record(study)
            put(folder / FROZEN, json.dumps(identity(study), indent=1) + "\n")
        if not _sample(study, folder, workers, tell, stop):
            return Mechanisms(folder, False)
        _finish(study, folder)
    return Mechanisms(folder, True)


def _finished(study: MechanismStudy, folder: Path) -> bool:
    """Whether a folder holds all of a study, in its present words. Raises InputError where it holds another."""
    there = read_table(folder / FROZEN)
    if not there:
        return False
    check_same(there, identity(study), folder)
    words = folder / STUDY
    fresh = (provenance_of(folder) or {}).get("scoring") == code(*SCORING)
    return fresh and words.exists() and words.read_text("utf-8") == study.text


def identity(study: MechanismStudy) -> dict[str, Any]:
    """What makes a study the one it is; words may change."""
    t, c = study.tables, study.calibration
    return {
        "format": FORMAT,
        "name": study.name,
        **t.model_dump(mode="json", include={"held_out_after", "seeds"}),
        "mechanisms": {name: m.without for name, m in t.mechanisms.items()},
        "settings": study.settings.model_dump(mode="json", exclude={"title", "question", "seed", "rounds"}),
        "fingerprint": fingerprint(c.scenario),
        "observations": c.digest,
        **versions(*FLOORS),
    }


def runs_of(study: MechanismStudy) -> list[Run]:
    """Every sampling."""
    t = study.tables
    return [Run(model, part, seed) for seed in t.seeds for model in study.models for part in PARTS]


def _sample(
    study: MechanismStudy,
    folder: Path,
    jobs: int,
    tell: Callable[[int, int], None],
    stop: Callable[[], bool],
) -> bool:
    """Do what is missing; whether all is done."""
    (folder / RUNS).mkdir(exist_ok=True)
    runs = runs_of(study)
    missing = [r for r in runs if not read_table(folder / r.file)]
    done = len(runs) - len(missing)
    tell(done, len(runs))
    tasks = ((study.fit(r.model, r.part == BEFORE, r.seed), folder / r.file) for r in missing)
    for _ in spread(_one, tasks, min(jobs, len(missing)), stop) if missing else ():
        done += 1
        tell(done, len(runs))
    return done == len(runs)


def _one(c: Calibration, file: Path) -> None:
    """Sample one model and keep its evidence."""
    target = c.target
    put(file, json.dumps(evidence(target, c.settings(target))._asdict()) + "\n")


def _record(study: MechanismStudy) -> None:
    """Write down that the held-out years are about to be looked at."""
    c, t = study.calibration, study.tables
    what = f"evidence after {t.held_out_after} without each of {len(t.mechanisms)} mechanisms"
    inputs = f"{fingerprint(c.scenario)} {c.digest}"
    openings.record(openings.table_of(c.file), "mechanisms", commit() or "unknown", inputs, what)


def _finish(study: MechanismStudy, folder: Path) -> None:
    """Tables and figure, provenance last: it says that the rest is whole."""
    from sim.figures.mechanisms import mechanisms as draw
    from sim.figures.style import save as save_figure

    t = study.tables
    runs = [{**r._asdict(), **(read_table(folder / r.file) or {})} for r in runs_of(study)]
    found = {
        (model, part): np.array([r["log_evidence"] for r in runs if (r["model"], r["part"]) == (model, part)])
        for model in study.models
        for part in PARTS
    }
    rows = table(t.mechanisms, found)
    footer = (
        f"Study: {study.name}  |  {study.calibration.scenario.name}  |  {study.settings.draws:,} draws, "
        f"seeds {', '.join(map(str, t.seeds))}  |  held out: after {t.held_out_after}"
    )
    figure = draw({"title": t.title, "footer": footer, "rows": rows})
    with writing(folder, {**identity(study), "scoring": code(*SCORING), **circumstances()}) as scratch:
        write_text(scratch / STUDY, study.text)
        write_text(scratch / TABLE, csv_of(rows))
        write_text(scratch / EVIDENCE, csv_of(runs))
        save_figure(figure, scratch / FIGURE)
