"""`cohesion report`: one file of a finished folder, to hand on."""

from pathlib import Path

from sim.cli import show
from sim.reports.report import report


def main(folder: Path, out: Path | None, format: str, force: bool, json: bool) -> None:
    """Write it and say where it is."""
    with show.progress(1.0, "report") as advance:
        file = report(folder, out, format, force, lambda k, n: advance(k / n))
    if json:
        show.print_json({"file": str(file)})
    show.notice(f"In {file}: the whole report.")
