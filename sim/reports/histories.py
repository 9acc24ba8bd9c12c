"""How histories were forecast, as tables: events forecast and seen, scores beside those of the rules."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import plural
from sim.evaluation.forecasts import MODEL
from sim.evaluation.history import EXIT, FREEZE
from sim.evaluation.history_scores import Scored
from sim.evaluation.rules import DISSOLUTION
from sim.evaluation.scoring import with_error
from sim.figures.rows import Counted
from sim.model.dates import short, spoken
from sim.model.grammar import conjunction
from sim.model.outcomes import percent
from sim.reports.blocks import Block, Column, Paragraph, Part, Table
from sim.scenario.left_out import ALL

if TYPE_CHECKING:
    import pandas as pd

SAID = (
    "Forecast: median over futures and where 90 % of them lie, simulated from the date on, so that a state leaves "
    "once unless it returns; mean beside it. Hazard: integrated, exits to which the hazards of members add up over the "
    "whole record in the median draw, whoever should have left by then; so the first row alone has it. Exits are of a "
    "state's own accord: nobody leaves by the alliance's being dissolved, which is scored by itself. From later dates "
    "stances start where the record of membership puts them; draws are not weighed by it."
)
SCORES = (
    "Beginning: the forecast from the first date. Rolling: those from all later dates together. "
    "Scores are means over members and years after the origin (of dissolution over years): has it happened by then? "
    "Smaller is better; ± is one Monte Carlo standard error; they hang together, so no interval is given. Ranking: how "
    "often a state that left had been given more than one that stayed, 0.5 by chance; empty where nobody left. "
    "Persistence holds a change for impossible and has no log score."
)


def history(name: str, counts: "pd.DataFrame", scores: "pd.DataFrame") -> Iterator[Block]:
    """What is seen of an alliance's exits from the beginning, and the two tables."""
    counted = [Counted(*r) for r in counts.itertuples(index=False, name=None)]
    scored = [Scored(*r) for r in scores.itertuples(index=False, name=None)]
    yield Paragraph((name, "bold"))
    yield Paragraph(answer(counted, scored))
    yield from count_table(counted)
    yield from score_table(scored)
    yield Paragraph()


def answer(counts: Sequence[Counted], scores: Sequence[Scored]) -> str:
    """How many exits were forecast from the beginning and seen, and which rules forecast them better or worse."""
    first = next(r for r in counts if r.event == EXIT)
    spread = f"{first.median:.0f} ({first.q05:.0f} to {first.q95:.0f})"
    seen = f"{plural(first.seen, 'exit')} {'was' if first.seen == 1 else 'were'} seen"
    said = f"From {spoken(first.since)} on {seen} where {spread} were forecast."
    own = {r.forecaster: r for r in scores if r.event == EXIT and r.origins == scores[0].origins}
    model = own.pop(MODEL)
    rules = [r for r in own.values() if r.log_score == r.log_score]
    if not rules or model.log_score != model.log_score:
        return said
    error = 2.0 * np.nan_to_num(model.log_mcse)
    better = [_rule(r) for r in rules if r.log_score - model.log_score > error]
    worse = [_rule(r) for r in rules if model.log_score - r.log_score > error]
    alike = [_rule(r) for r in rules if abs(model.log_score - r.log_score) <= error]
    parts = [
        f"{how} {conjunction(some)}"
        for how, some in (("better than", better), ("about as good as", alike), ("worse than", worse))
        if some
    ]
    own_score = number(model.log_score, model.log_mcse)
    return f"{said} The model's log score, {own_score}, is {', '.join(parts)} (less is better)."


def _rule(r: Scored) -> str:
    return f"the {r.forecaster}'s {r.log_score:.2g}"


def count_table(rows: Sequence[Counted]) -> Iterator[Block]:
    """A row an origin."""
    head = [Column("From", left=True)]
    for event in ("Exits", "Freezes"):
        head += [Column(f"{event}\nseen"), Column("\nforecast"), Column("\nmean"), Column("\nbase rate")]
        head += [Column("\nhazard")] * (event == "Exits")
    head += [Column("Dissolution\nseen"), Column("\nforecast, %"), Column("\nbase rate, %")]
    cells: list[list[Part]] = []
    for since, some in groupby(rows, lambda r: r.since):
        by_event = {r.event: r for r in some}
        line = [short(since)]
        for event in (EXIT, FREEZE):
            r = by_event[event]
            spread = f"{r.median:.0f} ({r.q05:.0f} to {r.q95:.0f})" if r.median == r.median else ""
            line += [f"{r.seen}", spread, f"{r.mean:.1f}", f"{r.base_rate:.1f}"]
            if event == EXIT:
                line.append(f"{r.integrated_hazard:.1f}" if r.integrated_hazard == r.integrated_hazard else "")
        cells.append([*line, *_end(by_event[DISSOLUTION])])
    yield Table(head, cells)


def _end(r: Counted) -> list[str]:
    """Whether it was dissolved, and how probable that was; of several alliances how many were."""
    if r.alliance == ALL:
        return [f"{r.seen}", f"{r.mean:.1f} of all", f"{r.base_rate:.1f} of all"]
    return ["yes" if r.seen else "no", percent(r.mean), percent(r.base_rate)]


def score_table(rows: Sequence[Scored]) -> Iterator[Block]:
    """A row a forecaster, from the beginning and from rolling origins."""
    head = [Column("Origins", left=True), Column("Forecaster", left=True)]
    head += [Column("Exit\nlog"), Column("\nBrier"), Column("\nranking")]
    for event in ("Freeze", "Dissolution"):
        head += [Column(f"{event}\nlog"), Column("\nBrier")]
    cells: list[list[Part]] = []
    for (origins, who), some in _by_forecaster(rows).items():
        by_event = {r.event: r for r in some}
        line = [origins, who]
        for event in (EXIT, FREEZE, DISSOLUTION):
            r = by_event.get(event)
            line += [number(r.log_score, r.log_mcse), number(r.brier, r.brier_mcse)] if r else ["", ""]
            if event == EXIT:
                line.append(f"{r.concordance:.2f}" if r and r.concordance == r.concordance else "")
        cells.append([line[0], (line[1], "bold" if who == MODEL else ""), *line[2:]])
    yield Table(head, cells, keys=2)


def _by_forecaster(rows: Sequence[Scored]) -> dict[tuple[str, str], list[Scored]]:
    found: dict[tuple[str, str], list[Scored]] = {}
    for r in rows:
        found.setdefault((r.origins, r.forecaster), []).append(r)
    return found


def number(value: float, error: float) -> str:
    """A mean score with its error; empty where there is none."""
    return with_error(value, error) if value == value else ""
