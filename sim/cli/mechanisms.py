"""`cohesion mechanisms`: remove each mechanism in turn, print which earns its place."""

from pathlib import Path

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.evaluation.mechanisms import Mechanisms, mechanisms, runs_of
from sim.evaluation.study import load_mechanisms
from sim.reports.mechanisms import said


def main(study: str, out: Path | None, jobs: int | None, scheduler: str | None, force: bool, json: bool) -> None:
    """Check everything first, sample what is missing, print."""
    loaded = load_mechanisms(study)
    folder = out or Path("results") / loaded.name

    def report(found: Mechanisms) -> None:
        if json:
            rows = found.table.to_dict("records")
            show.print_json({"title": loaded.tables.title, "out": str(folder), "mechanisms": rows})
        else:
            t = loaded.tables
            show.blocks(said(t.title, f"{t.held_out_after}", loaded.settings.draws, found))

    total = len(runs_of(loaded))
    with resumable(folder) as stopped, show.progress(total, f"{loaded.name}: evidences") as bar:
        found = mechanisms(loaded, folder, jobs, scheduler, lambda done, _: bar(done), stopped, force, report)
    if not found.finished:
        unfinished()
    show.notice(f"In {folder}/: mechanisms.csv, evidence.csv, mechanisms.png.")
