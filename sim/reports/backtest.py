"""What a backtest says: which forecasts were better."""

from collections.abc import Iterator, Sequence

from sim.errors import plural
from sim.evaluation.backtest import Backtest
from sim.evaluation.baselines import MEANING
from sim.evaluation.forecasts import AS_THEY_WERE, MODEL
from sim.evaluation.leave_one_out import LeftOut
from sim.evaluation.scoring import Measure, ScoreRow, with_error
from sim.evaluation.study import Scheme
from sim.figures.rows import Skill
from sim.reports.blocks import Block, Column, Paragraph, Part, Table
from sim.reports.histories import SAID, SCORES, history


def said(title: str, schemes: Sequence[Scheme], found: Backtest) -> Iterator[Block]:
    """A table a scheme: scores by forecaster, and how the model fares against each."""
    scores = [ScoreRow(*r) for r in found.table.itertuples(index=False, name=None)]
    skills = [Skill(*r) for r in found.skill.itertuples(index=False, name=None)]
    for scheme in schemes:
        dates = ", ".join(f"{d}" for d in scheme.fit_until)
        when = f"fitted until {dates}, {plural(scheme.years, 'year')} ahead"
        yield Paragraph((title, "bold"), f": {scheme.name}, {when}")
        yield from _scores([r for r in scores if r.scheme == scheme.name], skills)
    words = "; ".join(f"{name}: {says}" for name, says in MEANING.items())
    yield Paragraph(
        "Scores: smaller is better; ± is one Monte Carlo standard error. * the model is better than this forecaster, "
        "- it is worse, in at least 95 % of bootstrap samples "
        "(the model with inputs as they were, but for the logit with inputs held)."
    )
    yield Paragraph(f"{words}.")


def left_out(found: LeftOut) -> Iterator[Block]:
    """Two tables an alliance, and the sums."""
    tables = found.tables
    for name in tables["scores"].alliance.unique():
        counts, scores = (tables[t][tables[t].alliance == name] for t in ("counts", "scores"))
        yield from history(f"{name}", counts, scores)
    yield Paragraph("Each alliance is forecast by a fit that has not seen it; the rules have learned from the others.")
    yield Paragraph(SAID)
    yield Paragraph(SCORES)


def _scores(rows: list[ScoreRow], skills: list[Skill]) -> Iterator[Block]:
    measures = list(dict.fromkeys(Measure(r.question, r.score) for r in rows))
    by_cell = {(r.forecaster, r.inputs, r.question, r.score): r for r in rows}
    columns = [Column("Forecaster", left=True)]
    columns += [Column(f"{m.question.capitalize()}\n{m.score}") for m in measures]
    table: list[list[Part]] = []
    for who, inputs in dict.fromkeys((r.forecaster, r.inputs) for r in rows):
        found = [by_cell.get((who, inputs, *m)) for m in measures]
        cells = [f"{with_error(r.value, r.mcse)}{_mark(r, skills)}" if r else "" for r in found]
        name = f"{who}, inputs {inputs}" if inputs else who
        table.append([(name, "bold" if who == MODEL else ""), *cells])
    yield Table(columns, table)


def _mark(r: ScoreRow, skills: list[Skill]) -> str:
    """Whether the model is better (*) or worse (-) than a baseline rule, on the same inputs."""
    against = (r.scheme, r.question, r.score, r.inputs or AS_THEY_WERE, r.forecaster)
    same = [s for s in skills if s[:5] == against]
    if any(s.low > 0 for s in same):
        return "*"
    return "-" if any(s.high < 0 for s in same) else " "
