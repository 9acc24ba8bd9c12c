"""`cohesion backtest`: fit to the past, forecast, score, print who forecast better."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.cli.show import Column
from sim.evaluation import openings
from sim.evaluation.backtest import Backtested, backtest
from sim.evaluation.baselines import MEANING
from sim.evaluation.scoring import AS_THEY_WERE, MODEL
from sim.evaluation.study import Backtest, load_backtest
from sim.evaluation.written import with_error
from sim.inference.smc import Stage


def main(study: str, out: Path | None, jobs: int | None, force: bool, json: bool) -> None:
    """Check everything first, fit what is not fitted, score, print."""
    loaded = load_backtest(study)
    folder = out or Path("results") / loaded.name
    with resumable(folder) as stopped, bar(len(loaded.fits)) as tell:
        found = backtest(loaded, folder, jobs, tell, stopped, force)
    if not found.finished:
        unfinished()
    seen = openings.read(loaded.openings)
    if json:
        show.print_json({"scores": found.scores, "skill": found.skill, "openings": seen})
    else:
        print_backtest(loaded, found, len(seen))
    show.notice(f"In {folder}/: scores.csv, skill.csv, cases.csv, cohesion.csv, figures.")


@contextmanager
def bar(fits: int) -> Iterator[Callable[[str, int, float, float, Stage | None], None]]:
    """How far the fits are, on standard error."""
    with show.progress(fits, "fits") as advance:
        begun: list[str] = []

        def tell(name: str, stage: int, power: float, share: float, last: Stage | None) -> None:
            if name not in begun:
                begun.append(name)
            words = f"until {name}: power {power:.2f}, stage {stage}, {100 * share:.0f} %"
            advance(len(begun) - 1 + power, words)

        yield tell


def print_backtest(study: Backtest, found: Backtested, opened: int) -> None:
    """A table a scheme: scores by forecaster, and how the model fares against each."""
    for scheme in study.tables.schemes:
        dates = ", ".join(f"{d}" for d in scheme.fit_until)
        when = f"fitted until {dates}, {scheme.years} years ahead"
        show.paragraph((study.tables.title, "bold"), f": {scheme.name}, {when}")
        _print_scores(scheme.name, found)
    for name in study.carried:
        show.paragraph((name, "bold"), ": forecast from its beginning with what was learned elsewhere")
        _print_scores(name, found)
    words = "; ".join(f"{name}: {says}" for name, says in MEANING.items())
    show.paragraph(
        "Scores: smaller is better; ± is one Monte Carlo standard error. * the model is better than this forecaster, "
        "- it is worse, in at least 95 % of bootstrap samples "
        "(the model with inputs as they were, but for the logit with inputs held)."
    )
    show.paragraph(f"{words}.")
    show.paragraph(
        f"The held-out years have been looked at {opened} time{'' if opened == 1 else 's'} ({study.openings})."
    )


def _print_scores(scheme: str, found: Backtested) -> None:
    rows = [r for r in found.scores if r["scheme"] == scheme]
    measures = list(dict.fromkeys((r["question"], r["score"]) for r in rows))
    by_cell = {(r["forecaster"], r["inputs"], r["question"], r["score"]): r for r in rows}
    columns = [Column("Forecaster", left=True)]
    columns += [Column(f"{question.capitalize()}\n{score}") for question, score in measures]
    table: list[list[show.Part]] = []
    for who in dict.fromkeys((r["forecaster"], r["inputs"]) for r in rows):
        cells = []
        for m in measures:
            r = by_cell.get((*who, *m))
            cells.append(f"{with_error(r['value'], r['mcse'])}{_mark(found, scheme, who, m)}" if r else "")
        name = f"{who[0]}, inputs {who[1]}" if who[1] else who[0]
        table.append([(name, "bold" if who[0] == MODEL else ""), *cells])
    show.table(columns, table)


def _mark(found: Backtested, scheme: str, who: tuple[str, str], m: tuple[str, str]) -> str:
    """Whether the model is better (*) or worse (-) than a baseline, the inputs known alike."""
    skills: list[Any] = [
        r
        for r in found.skill
        if (r["scheme"], r["baseline"], r["question"], r["score"]) == (scheme, who[0], *m)
        and r["inputs"] == (who[1] or AS_THEY_WERE)
    ]
    if any(r["low"] > 0 for r in skills):
        return "*"
    return "-" if any(r["high"] < 0 for r in skills) else " "
