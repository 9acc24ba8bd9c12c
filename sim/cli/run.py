"""`cohesion run`: run a scenario, print the answer and its table, write its results."""

from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.check import brief
from sim.cli.resumable import all_or_nothing
from sim.reports.run import said
from sim.results.result import Result
from sim.results.run import run
from sim.scenario.load import load


def main(name: str, overrides: dict[str, Any], out: Path | None, detail: bool, json: bool, **how: Any) -> None:
    """Check everything first, so that nothing is computed in vain; ``how`` are options of :func:`sim.run`."""
    scenario = load(name, overrides)
    brief(scenario)
    folder = out or Path("results") / scenario.name

    def report(result: Result) -> None:
        if json:
            show.print_json({**result.summary(), "out": str(folder)})
        else:
            show.blocks(said(result, detail))

    with all_or_nothing(folder), show.progress(how["runs"], f"{scenario.name}: runs") as advance:
        result = run(scenario, progress=advance, out=folder, written=report, **how)
    runs = ", single runs" if result.runs is not None else ""
    show.notice(
        f"In {folder}/: tables, dataset, figures{runs}; computed in {result.provenance['computing_seconds']:.1f} s."
    )
