"""How every analysis is printed and written: the answer first, then its tables, then where it is."""

from collections.abc import Callable
from pathlib import Path

from sim.analysis.analysis import Analysis
from sim.cli import show
from sim.cli.resumable import all_or_nothing
from sim.reports.analysis import said


def analyse(
    work: Callable[[Callable[[int, int], None]], Analysis], what: str, folder: Path, force: bool, json: bool
) -> None:
    """Do the work, which tells how much is done of how much; print the answer and its tables, write the folder."""
    with all_or_nothing(folder):
        with show.progress(1.0, what) as advance:
            found = work(lambda k, n: advance(k / max(n, 1)))
        print_analysis(found, folder, json)
        found.save(folder, force)
    tables = ", ".join(f"{name}.csv" for name in found.frames)
    show.notice(f"In {folder}/: {tables}, figures.")


def print_analysis(found: Analysis, folder: Path, json: bool) -> None:
    """The answer, then its tables; or all of it as JSON."""
    if json:
        show.print_json({**found.as_dict(), "out": str(folder)})
        return
    show.paragraph((found.title, "bold"))
    show.paragraph()
    show.paragraph(" ".join(found.answer))
    show.blocks(said(found))
