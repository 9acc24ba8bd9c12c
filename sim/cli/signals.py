"""`cohesion signals`: how long before an exit or a freeze its signs show."""

from pathlib import Path

from sim.analysis.signals import signals
from sim.cli.analyses import analyse
from sim.storage.files import called


def main(folder: Path, out: Path | None, force: bool, json: bool) -> None:
    """Make the runs again, print, write."""
    home = out or Path("results") / f"signals-{called(folder)}"
    analyse(lambda tell: signals(folder, progress=tell), "Looking for signs", home, force, json)
