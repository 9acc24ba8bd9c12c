"""`cohesion why`: why a member did what it did in one run."""

from pathlib import Path

from sim.analysis.why import why
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for
from sim.storage.files import called


def main(folder: Path, run: int, member: str, date: str | None, out: Path | None, force: bool, json: bool) -> None:
    """Explain, print and write."""
    day = f"-{date}" if date else ""
    target = out or Path("results") / folder_for(f"why-{called(folder)}-run-{run}-{member}{day}")
    analyse(lambda tell: why(folder, run, member, date, tell), "Why", target, force, json)
