"""The folder of a calibration: what it is of, its stages, its tables; nothing is half-written."""

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError, Problem
from sim.inference.smc import Row, Stage
from sim.inference.study import Calibration
from sim.outcomes.disk import locked, put
from sim.outcomes.resolved import fingerprint
from sim.outcomes.save import check_folder

FROZEN, STAGES, LOCK = "calibration.json", "stages", ".lock"
STUDY, POSTERIOR, SUMMARY = "study.toml", "posterior.csv", "summary.csv"
DIAGNOSTICS, BY_STAGE, PROVENANCE = "diagnostics.json", "diagnostics.csv", "provenance.json"
FIGURES = ("posterior.png", "log-likelihood.png")
OWN = (FROZEN, STAGES, STUDY, POSTERIOR, SUMMARY, DIAGNOSTICS, BY_STAGE, PROVENANCE, *FIGURES)
FORMAT = 1


def frozen(c: Calibration) -> dict[str, Any]:
    """What makes a calibration the one it is: the same entries give the same bytes."""
    return {
        "format": FORMAT,
        "name": c.name,
        **{k: v for k, v in c.tables.model_dump(mode="json").items() if k not in ("title", "question")},
        "fingerprint": fingerprint(c.scenario),
        "table": c.digest,
    }  # fmt: skip


def open_folder(c: Calibration, folder: Path, force: bool) -> None:
    """Make a folder this calibration's, or go on in one that is. Raises InputError where it is another's."""
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if force:
        for name in OWN:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    others = sorted(p.name for p in folder.iterdir() if p.name not in OWN and not p.name.startswith("."))  # fmt: skip
    if others:
        raise InputError([Problem(str(folder), "--out", f"holds files that are not a calibration's: {', '.join(others[:3])}",
                                  "allowed: another --out, or an empty folder")])  # fmt: skip
    new = frozen(c)
    if (folder / FROZEN).exists():
        _same(json.loads((folder / FROZEN).read_text("utf-8")), new, folder)
    (folder / STAGES).mkdir(exist_ok=True)
    put(folder / STUDY, c.text)
    put(folder / FROZEN, json.dumps(new, indent=1) + "\n")


def _same(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> None:
    allowed = "allowed: the calibration as it was, another --out, or --force to begin anew"
    changed = [k for k in {**old, **new} if old.get(k) != new.get(k)]
    if changed:
        raise InputError(
            [Problem(str(folder), k, f"{old.get(k)} when it began, now {new.get(k)}", allowed) for k in changed]
        )  # fmt: skip


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One calibration at a time in a folder. Raises InputError where another is running."""
    with locked(folder / LOCK, exclusive=True, wait=False) as got:
        if not got:
            found = "another calibration is running there"
            raise InputError([Problem(str(folder), "", found, "allowed: one at a time")])
        yield


def keep(folder: Path, stage: Stage) -> None:
    """Write a finished stage."""
    buffer = io.BytesIO()
    rows = np.array(stage.rows, dtype=np.float64)
    np.savez(buffer, rows=rows, z=stage.z, log_likelihood=stage.log_likelihood, steps=stage.steps)
    put(folder / STAGES / f"{stage.number:02d}.npz", buffer.getvalue())


def last_stage(folder: Path) -> Stage | None:
    """The last finished stage, None where there is none."""
    files = sorted((folder / STAGES).glob("[0-9]*.npz"))
    return read_stage(files[-1]) if files else None


def read_stage(file: Path) -> Stage:
    """A stage as it was kept."""
    with np.load(file) as x:
        rows = tuple(_row(values) for values in x["rows"])
        first, second = map(float, x["steps"])
        return Stage(rows, x["z"], x["log_likelihood"], (first, second))


def _row(values: Any) -> Row:
    named: dict[str, Any] = dict(zip(Row._fields, map(float, values), strict=True))
    return Row(**named | {name: int(named[name]) for name in ("stage", "distinct")})
