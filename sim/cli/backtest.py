"""`cohesion backtest`: fit to the past, forecast, score, print which forecasts were better."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.errors import plural
from sim.evaluation import looks
from sim.evaluation.backtest import Backtest, backtest
from sim.evaluation.leave_one_out import LeftOut
from sim.evaluation.left_out_study import LeaveOneOutStudy
from sim.evaluation.study import load_backtest
from sim.reports.backtest import left_out, said
from sim.results.calibration import Progress


def main(study: str, out: Path | None, jobs: int | None, scheduler: str | None, force: bool, json: bool) -> None:
    """Check everything first, fit what is not fitted, score, print."""
    loaded = load_backtest(study)
    folder = out or Path("results") / loaded.name

    def report(found: Backtest | LeftOut) -> None:
        log = looks.read(loaded.looks)
        if json:
            names = ("counts", "scores") if isinstance(found, LeftOut) else ("scores", "skill")
            show.print_json({**{name: found.tables[name].to_dict("records") for name in names}, "looks": log})
        elif isinstance(loaded, LeaveOneOutStudy) or isinstance(found, LeftOut):
            assert isinstance(found, LeftOut)
            show.blocks(left_out(found))
            show.paragraph(f"What was left out has been looked at {plural(len(log), 'time')} ({loaded.looks}).")
        else:
            show.blocks(said(loaded.tables.title, loaded.tables.schemes, found))
            show.paragraph(f"The held-out years have been looked at {plural(len(log), 'time')} ({loaded.looks}).")

    with resumable(folder) as stopped, bar(len(loaded.fits)) as progress:
        found = backtest(loaded, folder, jobs, scheduler, progress, stopped, force, report)
    if not found.finished:
        unfinished()
    show.notice(f"In {folder}/: {', '.join(f'{name}.csv' for name in found.tables)}, figures.")


@contextmanager
def bar(fits: int) -> Iterator[Callable[[str, Progress], None]]:
    """How far the fits are, on standard error."""
    with show.progress(fits, "fits") as advance:
        begun: list[str] = []

        def progress(name: str, at: Progress) -> None:
            if name not in begun:
                begun.append(name)
            words = f"until {name}: power {at.power:.2f}, stage {at.stage}, {100 * at.share:.0f} %"
            advance(len(begun) - 1 + at.power, words)

        yield progress
