"""`cohesion plot`: figures of a finished result as files, each with its numbers."""

from collections.abc import Sequence
from pathlib import Path

from sim.cli import show
from sim.reports.plot import plot


def main(
    folder: Path, figures: Sequence[str], format: str, out: Path | None, force: bool, width: float, json: bool
) -> None:
    """Draw them and say where they are."""
    files = plot(folder, figures, format, out, force, width)
    if json:
        show.print_json({"files": [str(file) for file in files]})
    else:
        for file in files:
            show.line(str(file))
