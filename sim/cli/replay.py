"""`cohesion replay`: the story of one run."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.show import Column
from sim.results.replay import replay

STRIKING = ("exit", "freeze", "resume", "entry", "dissolution")


def main(folder: Path, run: int, json: bool, **what: Any) -> None:
    """Tell the story of a run; ``what`` it tells are options of :func:`sim.replay`."""
    story = replay(folder, run, **what)
    if json:
        said = {"scenario": story.scenario.name, "run": run, "seed": story.seed, "identical": story.identical}
        show.print_json({**said, "sentences": [asdict(s) for s in story.sentences]})
        return
    show.paragraph((f"Run {run} of {story.scenario.name} (seed {story.seed}), replayed in Mesa", "bold"))
    rows: list[list[show.Part]] = [[s.date, (s.text, "bold" if s.kind in STRIKING else "")] for s in story.sentences]
    show.table([Column("Until", left=True), Column("What happened", words=True)], rows)
    same = "Mesa and the ensemble agree on this run to the last bit; its scenario is as it was when it was written."
    show.notice(same if story.identical else "Mesa and the ensemble differ in this run: please report this.")
