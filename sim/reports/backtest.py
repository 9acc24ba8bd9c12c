"""What a backtest says: which forecasts were better."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.errors import listed, plural
from sim.evaluation.backtest import Backtest
from sim.evaluation.baselines import MEANING
from sim.evaluation.forecasts import AS_PUBLISHED, AS_THEY_WERE, MODEL
from sim.evaluation.history import EXIT
from sim.evaluation.history_scores import PRIORS
from sim.evaluation.leave_one_out import LeftOut
from sim.evaluation.rules import RATE
from sim.evaluation.scoring import Measure, ScoreRow, with_error
from sim.evaluation.study import Scheme
from sim.figures.rows import Skill
from sim.model.dates import spoken
from sim.model.grammar import sentence
from sim.model.outcomes import signed
from sim.reports.blocks import Block, Column, Paragraph, Part, Table
from sim.reports.brief import Brief, chosen
from sim.reports.histories import SAID, SCORES, history
from sim.reports.trust import of_scores
from sim.scenario.left_out import ALL, LeftOut as Exits
from sim.scenario.load import Scenario


def said(title: str, schemes: Sequence[Scheme], found: Backtest) -> Iterator[Block]:
    """A table a scheme: scores by forecaster, and how the model fares against each."""
    scores = [ScoreRow(*r) for r in found.table.itertuples(index=False, name=None)]
    skills = [Skill(*r) for r in found.skill.itertuples(index=False, name=None)]
    for scheme in schemes:
        dates = listed([spoken(d) for d in scheme.fit_until])
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
        yield from history(sentence(name), counts, scores)
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


ONE = "Anything beyond these alliances and years: the cases are few, and those of one alliance hang together."


def answer(found: Backtest) -> list[str]:
    """Against which others the forecasts are better or worse, with inputs that go on as in published ones."""
    skills = _published(found)
    said = []
    for scheme in dict.fromkeys(s.scheme for s in skills):
        parts = []
        for question, score in dict.fromkeys((s.question, s.score) for s in skills if s.scheme == scheme):
            own = [s for s in skills if (s.scheme, s.question, s.score) == (scheme, question, score)]
            how = {"better than": [s for s in own if _better(s)], "worse than": [s for s in own if _worse(s)]}
            how["not told apart from"] = [s for s in own if not (_better(s) or _worse(s))]
            each = [f"{words} {listed(list(map(_with_skill, some)), MOST)}" for words, some in how.items() if some]
            parts.append(f"{question} ({score}): {', '.join(each)}")
        counts = [[s for s in skills if s.scheme == scheme and side(s)] for side in (_better, _worse)]
        of = sum(s.scheme == scheme for s in skills)
        said.append(
            f"{sentence(scheme)}: made as published forecasts are, the model's are better than those of simpler rules "
            f"in {len(counts[0])} of {of} comparisons, worse in {len(counts[1])}, and in the rest not told apart."
        )
        said += [f"{sentence(part)}." for part in parts]
    return said


MOST = 9
"""Rules that are named, of each score."""
READING = (
    "In brackets: the skill, by which share of it the model's score is better than the rule's (below 0: worse); none "
    "where the rule was perfect. Better or worse: at least 95 % of bootstrap samples say so."
)


def _better(s: Skill) -> bool:
    return s.low > 0


def _worse(s: Skill) -> bool:
    return s.high < 0


def _with_skill(s: Skill) -> str:
    """A rule with the model's skill against it."""
    return f"{s.baseline} ({signed(s.skill)})" if math.isfinite(s.skill) else s.baseline


def brief(found: Backtest, title: str, schemes: Sequence[Scheme], scenarios: Sequence[Scenario], look: int) -> Brief:
    """Of a backtest, for a report."""
    return Brief(
        title=title,
        question="Had the model been fitted to the past alone, how good would its forecasts have been?",
        answer=answer(found),
        reading=READING,
        results=list(said(title, schemes, found)),
        figures=chosen(found.figures(), ()),
        scenarios=scenarios,
        certainty=[f"This was look {look} at the held-out years: what is chosen after many looks fits them by luck."],
        limits=[*beaten(found), ONE],
    )


def _published(found: Backtest) -> list[Skill]:
    """The model against the others, with inputs that go on as in published forecasts."""
    every = [Skill(*r) for r in found.skill.itertuples(index=False, name=None)]
    return [s for s in every if s.skill == s.skill and s.inputs == AS_PUBLISHED]


def beaten(found: Backtest) -> list[str]:
    """By which simpler forecasters the model is beaten, by scheme, in a sentence each."""
    worse = [s for s in _published(found) if s.high < 0]
    said = []
    for scheme in dict.fromkeys(s.scheme for s in worse):
        each = [f"{s.question} ({s.score}) by {s.baseline}" for s in worse if s.scheme == scheme]
        said.append(f"That the model forecasts best: of {scheme} it is beaten in {listed(each, len(each))}.")
    return said


def brief_left_out(found: LeftOut, title: str, look: int) -> Brief:
    """Of left-out alliances, for a report."""
    tables = found.tables
    first = tables["counts"][tables["counts"].event == EXIT].drop_duplicates("alliance")
    scores = tables["scores"][(tables["scores"].origins == "beginning") & (tables["scores"].event == EXIT)]
    by = {(r.alliance, r.forecaster): r for r in scores.itertuples()}
    logs = {key: r.log_score for key, r in by.items()}
    each = {
        r.alliance: Exits(
            int(r.seen), r.mean, logs[r.alliance, MODEL], by[r.alliance, MODEL].log_mcse, logs[r.alliance, RATE]
        )
        for r in first.itertuples()
    }
    said = [_exits(r, each[r.alliance]) for r in first.itertuples()]
    said = [*said[-1:], *said[:-1]] if ALL in each else said
    return Brief(
        title=title,
        question="How well is an alliance forecast by what the records of others teach?",
        answer=said,
        reading=READING_EXITS,
        results=list(left_out(found)),
        figures=chosen(found.figures(), ()),
        certainty=[of_scores(each), f"This was look {look} at what was left out."],
        limits=[*_no_better(logs), ONE],
    )


READING_EXITS = (
    "Forecast from an alliance's beginning to its end, by a fit to the others. Log score: less is better, ± one Monte "
    "Carlo standard error; base rate: that of the simplest rule, which knows only how often states leave on average."
)


def _no_better(logs: Mapping[tuple[str, str], float]) -> list[str]:
    """By which forecasters exits of all alliances are forecast as well, without having been fitted to others."""
    model = logs.get((ALL, MODEL), float("nan"))
    return [
        f"That fitting the other alliances improves probabilities of exit: over all alliances the model's log score is "
        f"{model:.2f}, {who}'s {x:.2f} (less is better)."
        for (alliance, who), x in logs.items()
        if alliance == ALL and who in (PRIORS, RATE) and x <= model
    ]


def _exits(r: Any, x: Exits) -> str:
    """Exits of an alliance seen and forecast from its beginning, and the scores."""
    return (
        f"{sentence(r.alliance)}: {plural(x.seen, 'exit')} where {x.expected:.1f} were forecast "
        f"(90 % of futures: {r.q05:.0f} to {r.q95:.0f}); log score {x.log_score:.2f}±{x.log_mcse:.2f}, "
        f"base rate {x.base_rate:.2f}."
    ).replace(" (90 % of futures: nan to nan)", "")
