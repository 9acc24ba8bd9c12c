"""`cohesion archive`: keep a forecast as a dated, sealed file; say what moved since another, and why."""

from pathlib import Path

from sim.cli import show
from sim.cli.show import Column
from sim.errors import listed, plural
from sim.evaluation.archive import Archive, archive
from sim.model.outcomes import OUTCOMES, percent
from sim.results.change import points


def main(folder: Path, out: Path | None, since: Path | None, json: bool) -> None:
    """Write the file, and print what it is."""
    new = archive(folder, out, since)
    if json:
        more = {"differs": new.differs, "moved": new.moved.to_dict("records")} if new.since else {}
        show.print_json({"file": str(new.file), **new.content, **more})
        return
    show.paragraph(f"{new.heading}.")
    if new.left_out:
        show.remark(
            f"Nothing is forecast of who is outside at the start and let in by no event: {listed(new.left_out)}"
        )
    if new.since:
        print_moved(new, new.since)
    show.notice(f"In {new.file}: {plural(len(new.content['probabilities']), 'probability')}.")


def print_moved(new: Archive, old: Archive) -> None:
    """A row for each probability that moved by a point."""
    why, rows, shared = new.differs, new.moved, new.shared
    show.paragraph()
    show.paragraph(f"Since the forecast of {old.content['made']}: {'; '.join(why) if why else 'made of the same'}.")
    if not shared:
        show.paragraph("They share no date: run both with the same dates (--by) to see what moved.")
        return
    if rows.empty:
        show.paragraph("No probability by a date that both have moved by a point.")
        return
    head = [Column("State", left=True), Column("Has", left=True), Column("By"), Column("Before, %"), Column("After, %")]
    cells = [
        [r.name, OUTCOMES[r.event].column, r.date, percent(r.before), percent(r.after), points(r.after - r.before)]
        for r in rows.itertuples()
    ]
    show.table([*head, Column("Points")], cells)
