"""`cohesion sensitivity`: run the points of a study of sensitivity, resume it, print what outcomes hang on."""

from pathlib import Path

from sim.analysis.sensitivity import HALVES, default_folder, sensitivity
from sim.cli import show
from sim.cli.analyses import print_analysis
from sim.cli.resumable import resumable, unfinished
from sim.cli.sweep import bar
from sim.studies.study import load_study


def main(
    study: str, out: Path | None, jobs: int | None, scheduler: str | None, yes: bool, force: bool, json: bool
) -> None:
    """Check everything first, run what is missing, print."""
    loaded = load_study(study, many=yes)
    folder = out or default_folder(loaded)
    with resumable(folder) as stopped, bar(HALVES * loaded.size, loaded.name) as tell:
        found = sensitivity(loaded, folder, jobs, scheduler, tell, stopped, force)
    if found is None:
        unfinished()
    print_analysis(found, folder, json)
    show.notice(f"In {folder}/: indices.csv, outcomes.csv, figures.")
