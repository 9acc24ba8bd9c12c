"""`cohesion export`: the tables of a finished result for other programs."""

from collections.abc import Sequence
from pathlib import Path

from sim.cli import show
from sim.reports.export import export


def main(folder: Path, out: Path | None, format: str, wide: bool, force: bool, run: Sequence[int], json: bool) -> None:
    """Write them and say where they are."""
    files = export(folder, out, format, wide, force, run)
    if json:
        show.print_json({"files": [str(file) for file in files]})
    else:
        for file in files:
            show.line(str(file))
