"""`cohesion score`: an archived forecast against what has happened, or the history of an alliance."""

from pathlib import Path

from sim.cli import show
from sim.cli.show import Column
from sim.errors import listed
from sim.evaluation.archive import Score
from sim.evaluation.score import HistoryScore, score
from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES, percent
from sim.reports.histories import SAID, SCORES, history as tables_of


def main(what: str, outcomes: Path | None, until: str | None, posterior: str | None, json: bool) -> None:
    """Print what was forecast, what happened, and how good it was."""
    with show.progress(1.0, "origins") as advance:
        found = score(what, outcomes, until, posterior, lambda k, n: advance(k / n))
    if isinstance(found, HistoryScore):
        history(found, json)
    else:
        archived(found, json)


def history(found: HistoryScore, json: bool) -> None:
    """Of an alliance."""
    tables = found.tables
    if json:
        about = {"coefficients": found.coefficients, "rules_from": found.rules_from}
        about |= {"since": f"{found.since}", "until": f"{found.until}"}
        show.print_json({**about, **{name: tables[name].to_dict("records") for name in ("counts", "scores", "moves")}})
        return
    show.blocks(tables_of(found.title, tables["counts"], tables["scores"]))
    show.remark(f"Scored from {found.since} to {found.until}")
    show.remark(sentence(found.coefficients))
    show.paragraph(SAID)
    show.paragraph(f"{SCORES} The rules learned from {listed(found.rules_from)}.")


def archived(s: Score, json: bool) -> None:
    """Of an archive."""
    if json:
        show.print_json(
            {"until": s.until, "not_yet": s.not_yet, "means": s.means, "scores": s.table.to_dict("records")}
        )
        return
    show.paragraph((s.archive.heading, "bold"))
    show.paragraph(f"{s.heading}.")
    if s.table.empty:
        return
    head = [Column("State", left=True), Column("Has", left=True), Column("By"), Column("Forecast, %")]
    head += [Column("Happened"), Column("Brier"), Column("Log"), Column("As is")]
    cells = [
        [
            r.name,
            OUTCOMES[r.event].column,
            r.date,
            percent(r.probability),
            "yes" if r.happened else "no",
            f"{r.brier:.3f}",
            f"{r.log_score:.3f}",
            f"{r.leave_as_is_brier:.3f}",
        ]
        for r in s.table.itertuples()
    ]
    show.table(head, cells)
    show.paragraph()
    m = s.means
    show.paragraph(
        f"Means, smaller is better: Brier {m['brier']:.4f}, leaving all as it is {m['leave_as_is_brier']:.4f}; "
        f"logarithmic {m['log_score']:.4f}. As is: the Brier score of the rule that nobody moves, which has no "
        "logarithmic score. Events of one alliance hang together: few dates say little."
    )
