"""`cohesion score`: an archived forecast against what has happened."""

from pathlib import Path

from sim.cli import show
from sim.cli.show import Column
from sim.evaluation.archive import score
from sim.model.outcomes import OUTCOMES
from sim.results.change import percent


def main(archive: Path, outcomes: Path, until: str | None, json: bool) -> None:
    """Print what was forecast, what happened, and how good it was."""
    s = score(archive, outcomes, until)
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
