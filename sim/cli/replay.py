"""`cohesion replay`: the story of one run."""

from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from sim.cli import show
from sim.results.replay import replay


def main(folder: Path, run: int, json: bool) -> None:
    """Tell the story of a run."""
    story = replay(folder, run)
    if json:
        show.print_json(
            {
                "scenario": story.scenario.name,
                "run": run,
                "seed": story.seed,
                "identical": story.identical,
                "sentences": [asdict(s) for s in story.sentences],
            }
        )
        return
    table = Table(
        title=f"Run {run} of {story.scenario.name} (seed {story.seed}), replayed in Mesa",
        title_justify="left",
        show_lines=False,
    )
    table.add_column("Until")
    table.add_column("What happened")
    for s in story.sentences:
        table.add_row(
            s.date,
            s.text,
            style="bold" if s.kind in ("exit", "freeze", "resume", "entry", "dissolution") else "",
        )
    show.out().print(table)
    show.err().print(
        "The same to the last bit as the ensemble's run."
        if story.identical
        else "[bold red]Differs from the ensemble's run: please report this.[/bold red]"
    )
