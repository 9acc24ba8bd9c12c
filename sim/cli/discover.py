"""`cohesion discover`: under which conditions an outcome is as asked."""

from pathlib import Path

from sim.analysis.discover import discover
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for
from sim.storage.files import called


def main(folder: Path, when: str, seed: int, out: Path | None, force: bool, json: bool) -> None:
    """Find rules, print, write."""
    target = out or Path("results") / folder_for(f"discover-{called(folder)}-{when}")
    analyse(lambda tell: discover(folder, when, seed=seed, progress=tell), "rules", target, force, json)
