"""The end of a study: tables, figures, checksums; provenance last, which says that all is there."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.model.outcomes import ESTIMATE, KEPT, OUTCOMES, variable
from sim.results.result import save_figures
from sim.scenario.posterior import POSTERIORS
from sim.storage.files import as_csv, sha256, write
from sim.storage.workspace import CONTENTS, Workspace
from sim.studies.plan import POINTS, Plan
from sim.studies.store import CHECKSUMS, DATASET, FAILURES, FIGURES, STUDY, SUMMARY, Receipt, intact, receipt_file

if TYPE_CHECKING:
    import pandas as pd

KEYS = ["point", "outcome", "member", "horizon_years"]


def finish(plan: Plan, work: Workspace, receipts: Mapping[int, Receipt], written: Callable[[], object]) -> bool:
    """Write what a finished study has; False where a batch was damaged and has to be run again."""
    folder = work.folder
    damaged = [k for k, r in receipts.items() if not intact(folder, r)]
    for k in damaged:
        receipt_file(folder, k).unlink()
    if damaged:
        return False
    runs = sum(r.runs for r in receipts.values())
    then = (
        lambda _: written(),
        lambda new: draw(folder, new / FIGURES),
        lambda new: write(new / CHECKSUMS, checksums(folder, new)),
    )
    with work.results(*then, study=plan.content["name"], points=plan.size, runs=runs, seed=plan.tables.seed) as new:
        write_summary(plan, folder, new / SUMMARY)
        write(new / FAILURES, failures_text(plan, receipts))
    return True


def write_summary(plan: Plan, folder: Path, summary: Path) -> None:
    """summary.csv, a batch at a time, so that memory does not grow with the number of points."""
    with summary.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join([*KEYS, *ESTIMATE]) + "\n")
        for table in summaries(plan, folder):
            table.round(9).to_csv(out, index=False, header=False, lineterminator="\n")
        out.flush()
        os.fsync(out.fileno())


def summaries(plan: Plan, folder: Path) -> Iterator["pd.DataFrame"]:
    """The tidy table of each batch."""
    import pandas as pd
    import zarr

    def part(name: str, points: range) -> Any:
        arrays = [zarr.open_array(folder / DATASET / variable(name, s), mode="r", zarr_format=3) for s in KEPT]
        *errors, ends = (np.asarray(a[points.start : points.stop])[:, plan.horizon_places] for a in arrays)
        return np.concatenate([np.stack(errors, axis=-1), ends], axis=-1)

    for points in plan.batches:
        tables = [tidy(name, plan, points, part(name, points)) for name in plan.tables.outcomes]
        yield pd.concat(tables, ignore_index=True).sort_values("point", kind="stable")


def tidy(name: str, plan: Plan, points: range, x: Any) -> "pd.DataFrame":
    """Rows of one outcome from (point, horizon, [member,] column): by point, member, horizon."""
    import pandas as pd

    members = plan.first.members if OUTCOMES[name].by_member else ("",)
    by_member = np.swapaxes(x, 1, 2) if OUTCOMES[name].by_member else x[:, None]
    index = pd.MultiIndex.from_product([points, [name], members, plan.horizons], names=KEYS)
    return pd.DataFrame(by_member.reshape(len(index), -1), index=index, columns=ESTIMATE).reset_index()


def failures_text(plan: Plan, receipts: Mapping[int, Receipt]) -> str:
    """failures.csv: point, reason, and the command that runs the point by itself."""
    failures = [f for r in receipts.values() for f in r.failures]
    rows = ([f["point"], f["reason"], plan.command(f["point"])] for f in failures)
    return as_csv([["point", "reason", "command"], *rows])


def draw(folder: Path, figures: Path) -> None:
    """Draw the figures of a dataset."""
    import xarray as xr

    from sim.figures import study

    dataset = xr.open_zarr(folder / DATASET, chunks=None, consolidated=False)
    save_figures(lambda: study.draw(dataset), figures)


def checksums(folder: Path, new: Path) -> str:
    """The hash of every result file, as ``sha256sum -c`` reads them; tables and figures are still in ``new``."""
    files = [(folder, folder / n) for n in (CONTENTS, POINTS, POSTERIORS, STUDY)]
    files += [(folder, p) for p in sorted((folder / DATASET).rglob("*")) if p.is_file()]
    files += [(new, p) for p in sorted(new.rglob("*")) if p.is_file()]
    return "".join(f"{sha256(file)}  {file.relative_to(home).as_posix()}\n" for home, file in files)
