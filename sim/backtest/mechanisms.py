"""Which mechanism earns its place: evidence and held-out score of the model with each removed in turn.

The evidence (marginal likelihood) of a model is what its priors made of the whole record, by the tempered sampler;
that of the record up to a date is what they made of the years before. Their ratio is the density that the model,
fitted to the years before, gave to the years after: its held-out score, exactly. A mechanism earns its place where
the evidence with it is greater than without (Kass & Raftery 1995, 10.1080/01621459.1995.10476572).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.backtest.mechanism_study import FULL, MechanismStudy, load_mechanisms
from sim.backtest.written import csv_of, read
from sim.errors import InputError, Problem
from sim.inference import smc
from sim.inference.likelihood import log_likelihood
from sim.inference.study import Calibration
from sim.outcomes.disk import locked, put
from sim.outcomes.resolved import fingerprint
from sim.outcomes.run import circumstances
from sim.outcomes.save import check_folder, provenance_of, read_table, write_text, writing

FROZEN, RUNS, LOCK = "mechanisms.json", "runs", ".lock"
TABLE, EVIDENCE, FIGURE = "mechanisms.csv", "evidence.csv", "mechanisms.png"
FORMAT = 1
WORTH = 1.0
"""Difference in log-evidence from which it is worth a mention (Kass & Raftery's 2 ln B of 2)."""
VERDICTS = EARNS, COSTS, OPEN = "earns its place", "costs", "not told apart"
PARTS = WHOLE, BEFORE = "whole", "before"
ERRORS = 2.0


class Run(NamedTuple):
    """One sampling: of a model, of the whole record or of the years before, with a seed."""

    model: str
    part: str
    seed: int

    @property
    def file(self) -> str:
        """Where its evidence is kept."""
        return f"{self.model.replace(' ', '-')}.{self.part}.{self.seed}.json"


@dataclass(frozen=True)
class Mechanisms:
    """A finished or begun study in its folder."""

    folder: Path
    finished: bool

    @cached_property
    def table(self) -> list[dict[str, Any]]:
        """A row a mechanism: evidence and held-out score with less without, errors, verdict."""
        return read(self.folder / TABLE)

    def __repr__(self) -> str:
        return f"<Mechanisms in {self.folder}, {'finished' if self.finished else 'not finished'}>"


def mechanisms(
    study: MechanismStudy | str | Path, out: str | Path | None = None, jobs: int | None = None,
    tell: Callable[[int, int], None] = lambda *_: None, stop: Callable[[], bool] = lambda: False,
) -> Mechanisms:  # fmt: skip
    """Sample every model; the same call again goes on with what is missing.

    Parameters
    ----------
    study : from :func:`load_mechanisms`, or its file.
    out : folder; ``results/NAME`` by default.
    jobs : worker processes; all cores by default. Does not change the result.
    tell : hears how many samplings are done, and of how many.
    stop : asked after each; once true, no other is begun.

    Raises
    ------
    InputError
        For a study or a folder that cannot be.
    """
    study = study if isinstance(study, MechanismStudy) else load_mechanisms(study)
    folder = Path(out) if out else Path("results") / study.name
    if jobs is not None and jobs < 1:
        raise InputError([Problem("--jobs", "", f"{jobs}", "allowed: a whole number, at least 1")])
    _freeze(study, folder)
    with locked(folder / LOCK, exclusive=True, wait=False) as got:
        if not got:
            found = "another study is running there"
            raise InputError([Problem(str(folder), "", found, "allowed: one at a time")])
        if provenance_of(folder):
            return Mechanisms(folder, True)
        if not _sample(study, folder / RUNS, jobs, tell, stop):
            return Mechanisms(folder, False)
        _finish(study, folder)
        return Mechanisms(folder, True)


def runs_of(study: MechanismStudy) -> list[Run]:
    """Every sampling."""
    t = study.tables
    return [Run(model, part, seed) for seed in t.seeds for model in study.models for part in PARTS]


def _sample(
    study: MechanismStudy, folder: Path, jobs: int | None, tell: Callable[[int, int], None],
    stop: Callable[[], bool],
) -> bool:  # fmt: skip
    """Do what is missing; whether all is done."""
    from joblib import Parallel, delayed

    folder.mkdir(exist_ok=True)
    runs = runs_of(study)
    missing = [r for r in runs if not (folder / r.file).exists()]
    done = len(runs) - len(missing)
    tell(done, len(runs))
    todo = (delayed(_one)(study.fit(r.model, r.part == BEFORE, r.seed), folder / r.file) for r in missing)  # fmt: skip
    workers = Parallel(
        n_jobs=jobs or -1, batch_size=1, pre_dispatch="n_jobs", return_as="generator_unordered"
    )
    each = workers(takewhile(lambda _: not stop(), todo))
    for _ in each:
        done += 1
        tell(done, len(runs))
    return all((folder / r.file).exists() for r in runs)


def _one(c: Calibration, file: Path) -> None:
    """Sample one model and keep its evidence."""
    target = c.target
    estimate = smc.serial(lambda z, key: log_likelihood(target, z, key))
    *_, last = smc.stages(estimate, target.space.size, c.settings(target))
    row = last.rows[-1]
    told = {"log_evidence": row.log_evidence, "stages": row.stage, "draws": c.tables.draws}
    put(file, json.dumps(told) + "\n")


def _freeze(study: MechanismStudy, folder: Path) -> None:
    """Write down what is studied, or find that the folder already holds it. Raises InputError where it holds another."""
    check_folder(folder)
    new = identity(study)
    there = read_table(folder / FROZEN)
    advice = "allowed: the study as it was, or another --out"
    if there is None:
        if folder.exists() and any(p.name != LOCK for p in folder.iterdir()):
            found = "holds files that are not such a study's"
            raise InputError([Problem(str(folder), "--out", found, advice)])
        folder.mkdir(parents=True, exist_ok=True)
        put(folder / FROZEN, json.dumps(new, indent=1) + "\n")
    elif there != new:
        changed = [k for k in {**there, **new} if there.get(k) != new.get(k)]
        raise InputError([Problem(str(folder), k, "is not as it was when the study began", advice) for k in changed])  # fmt: skip


def identity(study: MechanismStudy) -> dict[str, Any]:
    """What makes a study the one it is."""
    t, c = study.tables, study.calibration
    return {
        "format": FORMAT,
        "name": study.name,
        **t.model_dump(mode="json", exclude={"title", "question", "mechanisms"}),
        "mechanisms": {name: m.without for name, m in t.mechanisms.items()},
        "settings": c.tables.model_dump(mode="json", exclude={"title", "question"}),
        "fingerprint": fingerprint(c.scenario),
        "observations": c.digest,
    }


def _finish(study: MechanismStudy, folder: Path) -> None:
    from sim.figures.mechanisms import mechanisms as draw
    from sim.figures.style import save as save_figure

    found = {
        r: json.loads((folder / RUNS / r.file).read_text("utf-8"))["log_evidence"]
        for r in runs_of(study)
    }
    seeds = study.tables.seeds
    by_model = {
        (model, part): np.array([found[Run(model, part, s)] for s in seeds])
        for model in study.models
        for part in PARTS
    }
    rows = table(study, by_model)
    t = study.tables
    footer = (
        f"Study: {study.name}  |  {study.calibration.scenario.name}  |  {t.draws:,} draws, seeds {', '.join(map(str, seeds))}  "
        f"|  held out: after {t.held_out_after}"
    )
    figure = draw({"title": t.title, "footer": footer, "rows": rows})
    with writing(folder, {**identity(study), **circumstances()}) as scratch:
        write_text(scratch / TABLE, csv_of(rows))
        write_text(
            scratch / EVIDENCE,
            csv_of([{**r._asdict(), "log_evidence": x} for r, x in found.items()]),
        )
        save_figure(figure, scratch / FIGURE)


def table(study: MechanismStudy, by_model: dict[tuple[str, str], Any]) -> list[dict[str, Any]]:
    """A row a mechanism, from the log-evidences (seed,) of every model and part."""
    n = len(study.tables.seeds)
    error = {part: pooled([by_model[m, part] for m in study.models]) / np.sqrt(n) for part in PARTS}
    mean = {key: float(x.mean()) for key, x in by_model.items()}
    se = float(np.sqrt(2.0) * error[WHOLE])
    se_held = float(np.sqrt(2.0 * (error[WHOLE] ** 2 + error[BEFORE] ** 2)))
    rows = []
    for name, mechanism in study.tables.mechanisms.items():
        whole, before = (mean[FULL, part] - mean[name, part] for part in PARTS)
        rows.append(
            {
                "mechanism": name, "says": mechanism.says, "coefficients": " ".join(mechanism.without),
                "evidence": whole, "evidence_se": se, "held_out": whole - before, "held_out_se": se_held,
                "verdict": verdict(whole, se),
            }
        )  # fmt: skip
    return rows


def pooled(values: Sequence[Any]) -> float:
    """The standard deviation of a log-evidence over seeds, the same for all models: two seeds alone say little."""
    return float(np.sqrt(np.mean([np.var(x, ddof=1) for x in values])))


def verdict(difference: float, se: float) -> str:
    """By the log-evidence with less without a mechanism, its error on the side of caution."""
    if difference - ERRORS * se > WORTH:
        return EARNS
    return COSTS if difference + ERRORS * se < -WORTH else OPEN
