"""Which mechanism earns its place: evidence and held-out score of the model with each removed in turn.

The evidence (marginal likelihood) of a model is what its priors made of the whole record, by the tempered sampler;
that of the record up to a date is what they made of the years before. Their ratio is the density that the model,
fitted to the years before, gave to the years after: its held-out score, exactly. A mechanism earns its place where
the evidence with it is greater than without (Kass & Raftery 1995, 10.1080/01621459.1995.10476572).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.errors import arguments, as_path, plural
from sim.evaluation import looks
from sim.evaluation.scoring import SCORING
from sim.evaluation.study import FULL, Mechanism, MechanismStudy, load_mechanisms
from sim.figures.rows import Worth
from sim.inference.smc import Evidence, evidence
from sim.inference.study import CalibrationStudy
from sim.model.arrays import Array
from sim.model.outcomes import MECHANISM_VERDICTS
from sim.results.result import Stored, save_figures
from sim.results.tables import csv_of, read_csv
from sim.storage.effort import Effort, effort
from sim.storage.files import as_json, provenance_of, put, read_json, write
from sim.storage.provenance import commit
from sim.storage.workers import imap
from sim.storage.workspace import Workspace, digest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

KIND = "study of mechanisms"
RUNS, STUDY = "runs", "study.toml"
TABLE, EVIDENCE, FIGURE = "mechanisms.csv", "evidence.csv", "mechanisms.png"
OWN = (looks.MARK, RUNS, STUDY, TABLE, EVIDENCE, FIGURE)

WORTH = 1.0
"""Difference in log-evidence from which it is worth a mention: Kass & Raftery's 2 ln B of 2."""
ERRORS = 2.0
"""Standard errors that a verdict leaves room for."""
EARNS, COSTS, OPEN = MECHANISM_VERDICTS
PARTS = WHOLE, BEFORE = "whole", "before"
WORDS = ("mechanism", "says", "coefficients", "verdict", "held_out_verdict", "model", "part")
"""Columns of text."""


class Run(NamedTuple):
    """One sampling: of a model, of the whole record or of the years before, with a seed."""

    model: str
    part: str
    seed: int

    @property
    def file(self) -> str:
        """Where its evidence is kept; no mechanism's name has an underscore."""
        return f"{RUNS}/{self.model.replace(' ', '_')}.{self.part}.{self.seed}.json"


class Mechanisms(Stored):
    """A study of mechanisms in its folder, finished or not."""

    kind = KIND

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """A row a mechanism, with it minus without it: evidence, held-out score, errors, verdicts; every sampling's."""
        return {Path(file).stem: read_csv(self.folder / file, WORDS) for file in (TABLE, EVIDENCE)}

    def figures(self) -> "dict[str, Figure]":
        """What each mechanism is worth, as it is saved in the folder."""
        words = provenance_of(self.folder) or {}
        return {"mechanisms": _figure(words["title"], words["footer"], self.table)}


@arguments
def mechanisms(
    study: MechanismStudy | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
    written: Callable[["Mechanisms"], object] = lambda _: None,
) -> Mechanisms:
    """Sample every model; the same call again goes on with what is missing.

    Parameters
    ----------
    study : from :func:`sim.load_mechanisms`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : processes; all cores by default. Does not change the result.
    scheduler : address of a Dask scheduler, whose workers take the place of the processes.
    progress : called with how many samplings are done, and of how many.
    stop : asked before each; once true, those under way finish and no other is begun.
    force : begin anew in a folder that holds another such study.
    written : called with the finished study when its tables are written, before figures are drawn.

    Returns
    -------
    Mechanisms
        ``table`` has a row a mechanism: what it is worth, by the whole record and by the held-out years.

    Raises
    ------
    InputError
        For a study or a folder that cannot be, or where the look at the held-out years cannot be recorded.
    WorkerDied
        Where a process is killed. What was finished is kept.

    Examples
    --------
    >>> import sim
    >>> sim.mechanisms("experiments/nowhere.toml")
    Traceback (most recent call last):
    sim.errors.InputError: experiments/nowhere.toml: no such file
    """
    study = study if isinstance(study, MechanismStudy) else load_mechanisms(study)
    by = effort(jobs=jobs, scheduler=scheduler)
    work = workspace(study, as_path(out, "out") if out else Path("results") / study.name)
    if not force and work.is_finished():
        found = Mechanisms(work.folder, True)
        written(found)
        return found
    with work.held(force):
        if force or not work.there():
            _look(study, work.folder)
        work.begin(force)
        (work.folder / looks.MARK).unlink(missing_ok=True)
        done = _sample(study, work, by, progress, stop)
        if done:
            _finish(study, work, written)
    return Mechanisms(work.folder, done)


def workspace(study: MechanismStudy, folder: Path) -> Workspace:
    """The folder of a study; words may change."""
    t, c = study.tables, study.calibration
    identity = {
        "name": study.name,
        **t.model_dump(mode="json", include={"held_out_after", "seeds"}),
        "mechanisms": {name: m.without for name, m in t.mechanisms.items()},
        "settings": study.settings.model_dump(mode="json", exclude={"title", "question", "seed", "rounds"}),
        "fingerprint": c.scenario.fingerprint,
        "observations": c.digest,
        "numpy": np.__version__,
    }
    return Workspace(folder, KIND, t.title, identity, OWN, {"scoring": SCORING, "study": digest(study.text)})


def runs_of(study: MechanismStudy) -> list[Run]:
    """Every sampling."""
    t = study.tables
    return [Run(model, part, seed) for seed in t.seeds for model in study.models for part in PARTS]


def _sample(
    study: MechanismStudy, work: Workspace, by: Effort, progress: Callable[[int, int], None], stop: Callable[[], bool]
) -> bool:
    """Do what is missing; whether all is done."""
    folder, runs = work.folder, runs_of(study)
    (folder / RUNS).mkdir(exist_ok=True)
    missing = [r for r in runs if not read_json(folder / r.file)]
    tasks = ((study.fit(r.model, r.part == BEFORE, r.seed), r.file) for r in missing)
    done = len(runs) - len(missing)
    work.tell(done, len(runs), "samplings")
    progress(done, len(runs))
    for file, found in imap(_one, tasks, by, ordered=False, stop=stop):
        put(folder / file, as_json(found._asdict()))
        done += 1
        work.tell(done, len(runs), "samplings")
        progress(done, len(runs))
    return done == len(runs)


def _one(c: CalibrationStudy, file: str) -> tuple[str, Evidence]:
    """Sample one model: where its evidence is kept, and the evidence."""
    target = c.target
    return file, evidence(target, c.settings(target))


def _look(study: MechanismStudy, folder: Path) -> None:
    """Record that the held-out years are about to be looked at."""
    c, t = study.calibration, study.tables
    what = f"evidence after {t.held_out_after} without each of {plural(len(t.mechanisms), 'mechanism')}"
    looks.record(looks.log_file(c.file), folder, "mechanisms", commit(), f"{c.scenario.fingerprint} {c.digest}", what)


def _finish(study: MechanismStudy, work: Workspace, written: Callable[[Mechanisms], object]) -> None:
    """Tables and figure."""
    import pandas as pd

    runs = pd.DataFrame({**r._asdict(), **(read_json(work.folder / r.file) or {})} for r in runs_of(study))
    log_evidence = {key: group.to_numpy() for key, group in runs.groupby(["model", "part"], sort=False)["log_evidence"]}
    table = pd.DataFrame(worth(study.tables.mechanisms, log_evidence))
    footer = (
        f"Study: {study.name}  |  {study.calibration.scenario.name}  |  {plural(study.settings.draws, 'draw')}, "
        f"seeds {', '.join(map(str, study.tables.seeds))}  |  held out: after {study.tables.held_out_after}"
    )
    words = {"title": study.tables.title, "footer": footer}
    then = (
        lambda new: written(Mechanisms(new, True)),
        lambda new: save_figures({Path(FIGURE).stem: _figure(**words, table=table)}, new),
    )
    with work.results(*then, **work.identity, scoring=SCORING, **words) as new:
        write(new / STUDY, study.text)
        write(new / TABLE, csv_of(table))
        write(new / EVIDENCE, csv_of(runs))


def _figure(title: str, footer: str, table: "pd.DataFrame") -> "Figure":
    from sim.figures.mechanisms import mechanisms as draw

    return draw(table, title, footer)


def worth(mechanisms: Mapping[str, Mechanism], found: Mapping[tuple[str, str], Array]) -> list[Worth]:
    """What each mechanism is worth, from the log-evidences (seed,) by model and part.

    The held-out score is the log-evidence of the whole record minus that of the years before, seed by seed. The mean
    of logarithms is too low by half their variance, which is taken to be the same for all models and so cancels.
    """
    models = [FULL, *mechanisms]
    evidence = {m: found[m, WHOLE] for m in models}
    held_out = {m: found[m, WHOLE] - found[m, BEFORE] for m in models}
    se, se_held_out = (error(list(x.values())) for x in (evidence, held_out))
    rows = []
    for name, mechanism in mechanisms.items():
        whole, after = difference(evidence, name), difference(held_out, name)
        verdicts = verdict(whole, se), verdict(after, se_held_out)
        rows.append(Worth(name, mechanism.says, " ".join(mechanism.without), whole, se, after, se_held_out, *verdicts))
    return rows


def difference(values: Mapping[str, Array], name: str) -> float:
    """The full model's mean over seeds minus that of the model without a mechanism."""
    return float(values[FULL].mean() - values[name].mean())


def pooled(values: Sequence[Array]) -> float:
    """The standard deviation over seeds (seed,), the same for all models: two seeds alone say little."""
    return float(np.sqrt(np.mean([np.var(x, ddof=1) for x in values])))


def error(values: Sequence[Array]) -> float:
    """The Monte Carlo standard error of the difference between two models' means over seeds.

    All differences share the error of the full model, so they are wrong together more than apart.
    """
    return pooled(values) * float(np.sqrt(2.0 / len(values[0])))


def verdict(difference: float, se: float) -> str:
    """By a difference of log-evidence or of held-out scores, its error on the side of caution."""
    if difference - ERRORS * se > WORTH:
        return EARNS
    return COSTS if difference + ERRORS * se < -WORTH else OPEN
