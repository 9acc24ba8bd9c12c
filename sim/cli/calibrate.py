"""`cohesion calibrate`: sample the posterior of the coefficients, resume it, print what was learned."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.inference.study import load_calibration
from sim.reports.calibration import said
from sim.results.calibration import Calibration, Progress, calibrate


def main(
    study: str, out: Path | None, jobs: int | None, scheduler: str | None, until: str | None, force: bool, json: bool
) -> None:
    """Check everything first, sample what is missing, print."""
    loaded = load_calibration(study, until)
    folder = out or Path("results") / loaded.name

    def report(found: Calibration) -> None:
        if json:
            coefficients = found.table.to_dict("records")
            show.print_json({"diagnostics": found.diagnostics._asdict(), "coefficients": coefficients})
        else:
            show.blocks(said(loaded.tables.title, found))

    with resumable(folder) as stopped, bar(loaded.name) as progress:
        found = calibrate(loaded, folder, jobs, scheduler, None, progress, stopped, force, report)
    if not found.finished:
        unfinished()
    show.notice(f"In {folder}/: posterior.nc, summary.csv, diagnostics.json, figures.")


@contextmanager
def bar(name: str) -> Iterator[Callable[[Progress], None]]:
    """How far the power of the likelihood is, and how the last stage did, on standard error."""
    with show.progress(1.0, f"{name}: power") as advance:

        def progress(at: Progress) -> None:
            words = f"stage {at.stage}, {100 * at.share:.0f} %"
            if at.last is not None and at.last.number:
                r = at.last.rows[-1]
                words += f"; effective {r.effective:.0f}, accepted {r.accepted:.2f}"
            advance(at.power, words)

        yield progress
