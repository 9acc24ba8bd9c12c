"""`cohesion sweep`: run a study, resume it, print where its outcomes are lowest and highest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.reports.sweep import said
from sim.studies.study import load_study
from sim.studies.sweep import Progress, Sweep, sweep


def main(
    study: str, out: Path | None, jobs: int | None, scheduler: str | None, yes: bool, force: bool, json: bool
) -> None:
    """Check everything first, run what is missing, print."""
    loaded = load_study(study, many=yes)
    folder = out or Path("results") / loaded.name

    def report(found: Sweep) -> None:
        if json:
            show.print_json(found.as_dict())
        else:
            show.blocks(said(found))

    with resumable(folder) as stopped, bar(loaded.size, loaded.name) as tell:
        found = sweep(loaded, folder, jobs, scheduler, tell, stopped, force, written=report)
    if not found.finished:
        unfinished()
    show.notice(f"In {folder}/: summary.csv, points.csv, dataset.zarr, figures.")


@contextmanager
def bar(total: int, name: str) -> Iterator[Callable[[Progress], None]]:
    """Points done, time left and the largest standard error so far, on standard error."""
    with show.progress(total, f"{name}: points") as advance:

        def tell(p: Progress) -> None:
            error = f", largest s.e. {p.largest_mcse:.4f}" if p.largest_mcse == p.largest_mcse else ""
            failed = f", {p.failed} failed" if p.failed else ""
            advance(p.done, f"{p.done:,} of {p.total:,}{error}{failed}")

        yield tell
