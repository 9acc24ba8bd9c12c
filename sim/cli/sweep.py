"""`cohesion sweep`: run a study, resume it, print where its outcomes are lowest and highest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.cells import mean, with_error
from sim.cli.resumable import resumable, unfinished
from sim.cli.show import Column
from sim.errors import plural
from sim.model.outcomes import OUTCOMES, error_of
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
            print_sweep(found)

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


def print_sweep(s: Sweep) -> None:
    """The range of every outcome over the points, and where its ends are."""
    found: dict[str, Any] = s.as_dict()
    failed = f", {found['failed']:,} failed (failures.csv)" if found["failed"] else ""
    show.paragraph(
        (found["title"], "bold"),
        f": {plural(found['points'], 'point')}, {plural(found['runs_per_point'], 'run')} each, "
        f"seed {found['seed']}{failed}",
    )
    if not found["outcomes"]:
        return
    columns = [Column(f"after {plural(found['outcomes'][0]['years'], 'year')}", left=True)]
    columns += [column for end in ("lowest", "highest") for column in (Column(end), Column("at", words=True))]
    rows = []
    several = len(s.plan.content["variants"]) > 1
    for row in found["outcomes"]:
        outcome, member = OUTCOMES[row["outcome"]], row["member"]
        what = outcome.noun + (f" of {member}" if member else "")
        name = ", ".join(filter(None, (what, "%" if outcome.probability else outcome.scale)))
        low, high = (_value(row["outcome"], row[end]) for end in ("lowest", "highest"))
        lowest, highest = (_at(row[end], several) for end in ("lowest", "highest"))
        if alike(row):
            lowest, highest = "no difference beyond chance", ""
        rows.append([name, low, lowest, high, highest])
    show.table(columns, rows)
    show.paragraph(f"{found['begins']}.")
    show.remark(found["coefficients"])


def alike(row: dict[str, Any]) -> bool:
    """Whether the ends of a range are within two standard errors of each other."""
    low, high = row["lowest"], row["highest"]
    error = sum(error_of(end["low"], end["high"]) ** 2 for end in (low, high)) ** 0.5
    return bool(high["value"] - low["value"] <= 2 * error)


def _value(outcome: str, end: dict[str, Any]) -> str:
    return (with_error if OUTCOMES[outcome].probability else mean)({**end, "mean": end["value"]})


def _at(end: dict[str, Any], several: bool) -> str:
    where = [f"{k} {v:.3g}" for k, v in end["at"].items()]
    return ", ".join([*([end["scenario"]] if several else []), *where])
