"""`cohesion backtest`: fit to the past, forecast, score, print which forecasts were better."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli import show
from sim.cli.histories import SAID, SCORES, print_history
from sim.cli.resumable import resumable, unfinished
from sim.cli.show import Column
from sim.errors import plural
from sim.evaluation import looks
from sim.evaluation.backtest import Backtest, backtest
from sim.evaluation.baselines import MEANING
from sim.evaluation.forecasts import AS_THEY_WERE, MODEL
from sim.evaluation.leave_one_out import LeftOut
from sim.evaluation.left_out_study import LeaveOneOutStudy
from sim.evaluation.scoring import Measure, ScoreRow, with_error
from sim.evaluation.study import BacktestStudy, load_backtest
from sim.figures.rows import Skill
from sim.results.calibration import Progress

if TYPE_CHECKING:
    import pandas as pd


def main(study: str, out: Path | None, jobs: int | None, scheduler: str | None, force: bool, json: bool) -> None:
    """Check everything first, fit what is not fitted, score, print."""
    loaded = load_backtest(study)
    folder = out or Path("results") / loaded.name

    def report(found: Backtest | LeftOut) -> None:
        log = looks.read(loaded.looks)
        if isinstance(loaded, LeaveOneOutStudy) or isinstance(found, LeftOut):
            left_out(found.tables, f"{loaded.looks}", log, json)
        elif json:
            tables = {"scores": found.table, "skill": found.skill}
            show.print_json({**{name: t.to_dict("records") for name, t in tables.items()}, "looks": log})
        else:
            print_backtest(loaded, found, len(log))

    with resumable(folder) as stopped, bar(len(loaded.fits)) as progress:
        found = backtest(loaded, folder, jobs, scheduler, progress, stopped, force, report)
    if not found.finished:
        unfinished()
    show.notice(f"In {folder}/: {', '.join(f'{name}.csv' for name in found.tables)}, figures.")


def left_out(tables: "dict[str, pd.DataFrame]", log_file: str, log: list[dict[str, str]], json: bool) -> None:
    """Two tables an alliance, and the sums."""
    if json:
        show.print_json({**{name: tables[name].to_dict("records") for name in ("counts", "scores")}, "looks": log})
        return
    for name in tables["scores"].alliance.unique():
        counts, scores = (tables[t][tables[t].alliance == name] for t in ("counts", "scores"))
        print_history(f"{name}", counts, scores)
    show.paragraph("Each alliance is forecast by a fit that has not seen it; the rules have learned from the others.")
    show.paragraph(SAID)
    show.paragraph(SCORES)
    show.paragraph(f"What was left out has been looked at {plural(len(log), 'time')} ({log_file}).")


@contextmanager
def bar(fits: int) -> Iterator[Callable[[str, Progress], None]]:
    """How far the fits are, on standard error."""
    with show.progress(fits, "fits") as advance:
        begun: list[str] = []

        def progress(name: str, at: Progress) -> None:
            if name not in begun:
                begun.append(name)
            words = f"until {name}: power {at.power:.2f}, stage {at.stage}, {100 * at.share:.0f} %"
            advance(len(begun) - 1 + at.power, words)

        yield progress


def print_backtest(study: BacktestStudy, found: Backtest, looked: int) -> None:
    """A table a scheme: scores by forecaster, and how the model fares against each."""
    scores = [ScoreRow(*r) for r in found.table.itertuples(index=False, name=None)]
    skills = [Skill(*r) for r in found.skill.itertuples(index=False, name=None)]
    for scheme in study.tables.schemes:
        dates = ", ".join(f"{d}" for d in scheme.fit_until)
        when = f"fitted until {dates}, {plural(scheme.years, 'year')} ahead"
        show.paragraph((study.tables.title, "bold"), f": {scheme.name}, {when}")
        _print_scores([r for r in scores if r.scheme == scheme.name], skills)
    words = "; ".join(f"{name}: {says}" for name, says in MEANING.items())
    show.paragraph(
        "Scores: smaller is better; ± is one Monte Carlo standard error. * the model is better than this forecaster, "
        "- it is worse, in at least 95 % of bootstrap samples "
        "(the model with inputs as they were, but for the logit with inputs held)."
    )
    show.paragraph(f"{words}.")
    times = plural(looked, "time")
    show.paragraph(f"The held-out years have been looked at {times} ({study.looks}).")


def _print_scores(rows: list[ScoreRow], skills: list[Skill]) -> None:
    measures = list(dict.fromkeys(Measure(r.question, r.score) for r in rows))
    by_cell = {(r.forecaster, r.inputs, r.question, r.score): r for r in rows}
    columns = [Column("Forecaster", left=True)]
    columns += [Column(f"{m.question.capitalize()}\n{m.score}") for m in measures]
    table: list[list[show.Part]] = []
    for who, inputs in dict.fromkeys((r.forecaster, r.inputs) for r in rows):
        found = [by_cell.get((who, inputs, *m)) for m in measures]
        cells = [f"{with_error(r.value, r.mcse)}{_mark(r, skills)}" if r else "" for r in found]
        name = f"{who}, inputs {inputs}" if inputs else who
        table.append([(name, "bold" if who == MODEL else ""), *cells])
    show.table(columns, table)


def _mark(r: ScoreRow, skills: list[Skill]) -> str:
    """Whether the model is better (*) or worse (-) than a baseline rule, on the same inputs."""
    against = (r.scheme, r.question, r.score, r.inputs or AS_THEY_WERE, r.forecaster)
    same = [s for s in skills if s[:5] == against]
    if any(s.low > 0 for s in same):
        return "*"
    return "-" if any(s.high < 0 for s in same) else " "
