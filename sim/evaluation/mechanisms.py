"""Which mechanism earns its place: evidence and held-out score of the model with each removed in turn.

The evidence (marginal likelihood) of a model is what its priors made of the whole record; that of the record up to a
date is what they made of the years before. Their ratio is the density that the model, fitted to the years before, gave
to the years after: its held-out score, exactly. A mechanism earns its place where the evidence with it is greater than
without (Kass & Raftery 1995, 10.1080/01621459.1995.10476572). The full model alone is sampled, once for each of the two
dates and seeds; the evidence without a mechanism comes from these draws (:mod:`sim.inference.ratio`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.errors import arguments, as_path, plural
from sim.evaluation import looks
from sim.evaluation.scoring import SCORING
from sim.evaluation.study import FULL, Mechanism, MechanismStudy, load_mechanisms
from sim.figures.rows import Worth
from sim.inference import smc
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.pool import Pool
from sim.inference.ratio import Evidence, own, ratio
from sim.inference.smc import Settings, Stage
from sim.model.arrays import Array
from sim.model.outcomes import MECHANISM_VERDICTS
from sim.results.calibration import STAGES, keep_stage, stages as kept_stages
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

Stages = Sequence[Stage]

KIND = "study of mechanisms"
RUNS, POSTERIORS, STUDY = "runs", "posteriors", "study.toml"
TABLE, EVIDENCE, FIGURE = "mechanisms.csv", "evidence.csv", "mechanisms.png"
OWN = (looks.MARK, RUNS, POSTERIORS, STUDY, TABLE, EVIDENCE, FIGURE)

WORTH = 1.0
"""Difference in log-evidence from which it is worth a mention: Kass & Raftery's 2 ln B of 2."""
ERRORS = 2.0
"""Standard errors that a verdict leaves room for."""
EARNS, COSTS, OPEN = MECHANISM_VERDICTS
PARTS = WHOLE, BEFORE = "whole", "before"
WORDS = ("mechanism", "says", "coefficients", "verdict", "held_out_verdict", "model", "part")
"""Columns of text."""


class Run(NamedTuple):
    """The evidence of a model, of the whole record or of the years before, with a seed."""

    model: str
    part: str
    seed: int

    @property
    def file(self) -> str:
        """Where its evidence is kept; no mechanism's name has an underscore."""
        return f"{RUNS}/{self.model.replace(' ', '_')}.{self.part}.{self.seed}.json"

    @property
    def posterior(self) -> str:
        """Where the full model's draws of that part and seed are kept."""
        return f"{POSTERIORS}/{self.part}.{self.seed}"


class Mechanisms(Stored):
    """A study of mechanisms in its folder, finished or not."""

    kind = KIND

    @cached_property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """A row a mechanism, with it minus without it: evidence, held-out score, errors, verdicts; every evidence."""
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
    """Sample the full model and weigh each without; the same call again goes on with what is missing.

    Parameters
    ----------
    study : from :func:`sim.load_mechanisms`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : processes; all cores by default. Does not change the result.
    scheduler : address of a Dask scheduler, whose workers take the place of the processes.
    progress : called with how many evidences are known, and of how many.
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
    sim.errors.InputError: experiments/nowhere.toml: no such file; allowed: a file, or the name of a shipped one
    (`cohesion list` shows the scenarios)
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
        "settings": study.settings.model_dump(mode="json", exclude={"title", "question", "seed"}),
        "fingerprint": c.fingerprint,
        "observations": c.digest,
        "numpy": np.__version__,
    }
    return Workspace(folder, KIND, t.title, identity, OWN, {"scoring": SCORING, "study": digest(study.text)})


def runs_of(study: MechanismStudy) -> list[Run]:
    """Every evidence, the full model's first."""
    t = study.tables
    return [Run(model, part, seed) for model in study.models for part in PARTS for seed in t.seeds]


def _sample(
    study: MechanismStudy, work: Workspace, by: Effort, progress: Callable[[int, int], None], stop: Callable[[], bool]
) -> bool:
    """Do what is missing, the full model's first; whether all is done."""
    folder, runs = work.folder, runs_of(study)
    for name in (RUNS, POSTERIORS):
        (folder / name).mkdir(exist_ok=True)
    missing = {r for r in runs if not read_json(folder / r.file)}

    def tell() -> None:
        work.tell(len(runs) - len(missing), len(runs), "evidences")
        progress(len(runs) - len(missing), len(runs))

    def done(run: Run, found: Evidence) -> None:
        put(folder / run.file, as_json(found._asdict()))
        missing.remove(run)
        tell()

    tell()
    tasks = ((r, *_fit(study, r)) for r in runs if r.model == FULL and r in missing)
    for run, stages in imap(_sampled, tasks, by, ordered=False, stop=stop):
        (folder / run.posterior / STAGES).mkdir(parents=True, exist_ok=True)
        for stage in stages:
            keep_stage(folder / run.posterior, stage)
        done(run, own(stages))
    if not any(r.model == FULL for r in missing):
        for run, found in imap(_without, _removals(study, folder, missing), by, ordered=False, stop=stop):
            done(run, found)
    return not missing


def _fit(study: MechanismStudy, run: Run) -> tuple[Pool, Settings]:
    """The full model, and how it is sampled."""
    fit = study.fit(run.part == BEFORE, run.seed)
    return fit.pool, fit.settings(fit.pool)


def _sampled(run: Run, pool: Pool, s: Settings) -> tuple[Run, list[Stage]]:
    """The stages of the full model, from the prior on."""
    return run, list(smc.stages(pool.parts(_estimate), pool.size, s))


def _removals(study: MechanismStudy, folder: Path, missing: set[Run]) -> Iterator[tuple[Run, Pool, Stages, Settings]]:
    """What is asked of the full model's draws, each part and seed together."""
    for posterior, runs in groupby(sorted(missing, key=lambda r: r.posterior), lambda r: r.posterior):
        kept = kept_stages(folder / posterior)
        stages = [*(x for x in kept if x.power < 1.0), kept[-1]]
        for run in runs:
            pool, s = _fit(study, run)
            yield run, pool.without(study.tables.mechanisms[run.model].without), stages, s


def _without(run: Run, pool: Pool, stages: Stages, s: Settings) -> tuple[Run, Evidence]:
    """The evidence without a mechanism."""
    return run, ratio(stages, smc.together(pool.parts(_estimate)), s)


def _estimate(target: Target) -> smc.Estimate:
    return smc.serial(partial(log_likelihood, target))


def _look(study: MechanismStudy, folder: Path) -> None:
    """Record that the held-out years are about to be looked at."""
    c, t = study.calibration, study.tables
    what = f"evidence after {t.held_out_after} without each of {plural(len(t.mechanisms), 'mechanism')}"
    looks.record(looks.log_file(c.file), folder, "mechanisms", commit(), f"{c.fingerprint} {c.digest}", what)


def _finish(study: MechanismStudy, work: Workspace, written: Callable[[Mechanisms], object]) -> None:
    """Tables and figure."""
    import pandas as pd

    found = {r: Evidence(**(read_json(work.folder / r.file) or {})) for r in runs_of(study)}
    runs = pd.DataFrame({**r._asdict(), **x._asdict()} for r, x in found.items())
    table = pd.DataFrame(worth(study.tables.mechanisms, found))
    footer = (
        f"Study: {study.name}  |  {study.calibration.scenario.name}  |  {plural(study.settings.draws, 'draw')}, "
        f"seeds {', '.join(map(str, study.tables.seeds))}, {table.effective.min():.0f} effective or more  |  "
        f"held out: after {study.tables.held_out_after}"
    )
    words = {"title": study.tables.title, "footer": footer}
    then = (
        lambda new: written(Mechanisms(new, True)),
        lambda new: save_figures(lambda: {Path(FIGURE).stem: _figure(**words, table=table)}, new),
    )
    with work.results(*then, **work.identity, scoring=SCORING, **words) as new:
        write(new / STUDY, study.text)
        write(new / TABLE, csv_of(table))
        write(new / EVIDENCE, csv_of(runs))


def _figure(title: str, footer: str, table: "pd.DataFrame") -> "Figure":
    from sim.figures.mechanisms import mechanisms as draw

    return draw(table, title, footer)


class Score(NamedTuple):
    """What a mechanism is worth by one score, with it minus without it, seed by seed."""

    values: Array  # (seed,)
    errors: Array  # (seed,), by effective numbers
    tempered: bool  # whether the models parted before the posterior


def worth(mechanisms: Mapping[str, Mechanism], found: Mapping[Run, Evidence]) -> list[Worth]:
    """What each mechanism is worth.

    The held-out score is the log-evidence of the whole record minus that of the years before, seed by seed.
    """
    rows, seeds = [], sorted({r.seed for r in found})

    def score(name: str, part: str) -> Score:
        runs = [(found[Run(FULL, part, k)], found[Run(name, part, k)]) for k in seeds]
        values = np.array([full.log_evidence - x.log_evidence for full, x in runs])
        return Score(values, np.array([x.error for _, x in runs]), any(x.power < 1.0 for _, x in runs))

    whole = {name: score(name, WHOLE) for name in mechanisms}
    after = {name: minus(whole[name], score(name, BEFORE)) for name in mechanisms}
    for name, mechanism in mechanisms.items():
        own = [x for r, x in found.items() if r.model == name]
        least, steps = min(x.effective for x in own), max(x.steps for x in own)
        (evidence, se), (held_out, held_out_se) = (mean(name, scores) for scores in (whole, after))
        verdicts = verdict(evidence, se), verdict(held_out, held_out_se)
        words = name, mechanism.says, " ".join(mechanism.without)
        rows.append(Worth(*words, evidence, se, held_out, held_out_se, *verdicts, least, steps))
    return rows


def minus(whole: Score, before: Score) -> Score:
    """The score of what lies between."""
    errors = np.hypot(whole.errors, before.errors)
    return Score(whole.values - before.values, errors, whole.tempered or before.tempered)


def mean(name: str, scores: Mapping[str, Score]) -> tuple[float, float]:
    """A mechanism's mean over seeds, and its Monte Carlo standard error.

    Two seeds alone say little: the variance over seeds is pooled over mechanisms, those whose models parted at the
    posterior and those tempered each by themselves. The error is not below that by effective numbers.
    """
    s = scores[name]
    alike = [x.values for x in scores.values() if x.tempered == s.tempered]
    least = float(np.sqrt((s.errors**2).mean()))
    return float(s.values.mean()), max(pooled(alike), least) / float(np.sqrt(len(s.values)))


def pooled(values: Sequence[Array]) -> float:
    """The standard deviation over seeds (seed,), the same for all."""
    return float(np.sqrt(np.mean([np.var(x, ddof=1) for x in values])))


def verdict(difference: float, se: float) -> str:
    """By a difference of log-evidence or of held-out scores, its error on the side of caution."""
    if difference - ERRORS * se > WORTH:
        return EARNS
    return COSTS if difference + ERRORS * se < -WORTH else OPEN
