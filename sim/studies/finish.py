"""The end of a study: tables, figures, checksums; provenance last, which says that all is there."""

import csv
import datetime as dt
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.model.outcomes import OUTCOMES
from sim.results.run import circumstances
from sim.storage.files import PROVENANCE, put
from sim.studies.freeze import CHECKSUMS, FAILURES, FIGURES, STUDY, SUMMARY
from sim.studies.plan import FROZEN, POINTS, Plan
from sim.studies.store import DATASET, Receipt, intact, receipt_file

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    "point",
    "outcome",
    "member",
    "horizon_years",
    "probability_or_mean",
    "mcse",
    "q05",
    "q95",
]


def finish(plan: Plan, folder: Path, receipts: Mapping[int, Receipt], began: dt.datetime) -> bool:
    """Write what a finished study has; False where a batch was damaged and has to be run again."""
    damaged = [k for k, r in receipts.items() if not intact(folder, r)]
    for k in damaged:
        receipt_file(folder, k).unlink()
    if damaged:
        return False
    write_summary(plan, folder)
    put(folder / FAILURES, failures_text(plan, receipts))
    draw(folder)
    put(folder / CHECKSUMS, checksums(folder))
    provenance = {
        "study": plan.content["name"],
        "points": plan.size,
        "runs": sum(r.runs for r in receipts.values()),
        "seed": plan.tables.seed,
        "code": plan.content["code"],
        **circumstances(),
        "began": began.isoformat(timespec="seconds"),
        "finished": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    put(folder / PROVENANCE, json.dumps(provenance, indent=1) + "\n")
    return True


def write_summary(plan: Plan, folder: Path) -> None:
    """summary.csv, a batch at a time, so that memory does not grow with the number of points."""
    beside = folder / f".{SUMMARY}.part"
    with beside.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join(COLUMNS) + "\n")
        for table in summaries(plan, folder):
            table.round(9).to_csv(out, index=False, header=False, lineterminator="\n")
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, folder / SUMMARY)


def summaries(plan: Plan, folder: Path) -> Iterator["pd.DataFrame"]:
    """The tidy table of each batch."""
    import pandas as pd
    import zarr

    at = [plan.ticks.index(t) for t in plan.horizon_ticks]
    arrays: dict[str, Any] = {
        name: zarr.open_array(folder / DATASET / name, mode="r", zarr_format=3) for name in plan.tables.outcomes
    }
    for points in plan.batches:
        tables = [tidy(name, plan, points, array[points.start : points.stop][:, at]) for name, array in arrays.items()]
        yield pd.concat(tables, ignore_index=True).sort_values("point", kind="stable")


def tidy(name: str, plan: Plan, points: range, x: Any) -> "pd.DataFrame":
    """Rows of one outcome from (point, horizon, [member,] statistic): by point, member, horizon."""
    import pandas as pd

    members = plan.first.members if OUTCOMES[name].by_member else ("",)
    by_member = np.swapaxes(x, 1, 2) if OUTCOMES[name].by_member else x[:, None]
    index = pd.MultiIndex.from_product([points, [name], members, plan.horizons], names=COLUMNS[:4])
    return pd.DataFrame(by_member.reshape(len(index), -1), index=index, columns=COLUMNS[4:]).reset_index()


def failures_text(plan: Plan, receipts: Mapping[int, Receipt]) -> str:
    """failures.csv: point, reason, and the command that runs the point by itself."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["point", "reason", "command"])
    for r in receipts.values():
        table.writerows([f["point"], f["reason"], plan.command(f["point"])] for f in r.failures)
    return text.getvalue()


def draw(folder: Path) -> None:
    """Draw the figures into a folder beside, then put it into place."""
    import xarray as xr

    from sim.figures.phase import draw_study
    from sim.figures.style import save

    beside = folder / f".{FIGURES}.part"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    dataset = xr.open_zarr(folder / DATASET, chunks=None, consolidated=False)
    for name, figure in draw_study(dataset).items():
        save(figure, beside / f"{name}.png")
    shutil.rmtree(folder / FIGURES, ignore_errors=True)
    os.replace(beside, folder / FIGURES)


def checksums(folder: Path) -> str:
    """The hash of every result file, as ``sha256sum -c`` reads them."""
    names = (FROZEN, POINTS, STUDY, SUMMARY, FAILURES)
    files = [folder / n for n in names]
    files += sorted(p for part in (DATASET, FIGURES) for p in (folder / part).rglob("*") if p.is_file())
    lines = []
    for file in files:
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        lines.append(f"{found}  {file.relative_to(folder).as_posix()}\n")
    return "".join(lines)
