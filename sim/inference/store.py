"""The folder of a calibration: what it is of, its stages, its tables; nothing is half-written."""

import io
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sim.inference.smc import Row, Stage
from sim.inference.study import Calibration
from sim.scenario.resolved import fingerprint
from sim.storage.files import PROVENANCE, provenance_of, put, read_table
from sim.storage.provenance import versions
from sim.storage.workspace import check_same, clear

FROZEN, STAGES = "calibration.json", "stages"
STUDY, POSTERIOR, SUMMARY = "study.toml", "posterior.csv", "summary.csv"
DIAGNOSTICS, BY_STAGE = "diagnostics.json", "diagnostics.csv"
FIGURES = ("posterior.png", "log-likelihood.png")
OWN = (FROZEN, STAGES, STUDY, POSTERIOR, SUMMARY, DIAGNOSTICS, BY_STAGE, *FIGURES, PROVENANCE)
FORMAT = 1
FLOORS = ("model", "scenario", "engines", "inference")
"""Whose code a posterior depends on."""


def frozen(c: Calibration) -> dict[str, Any]:
    """What makes a calibration the one it is: the same entries give the same bytes."""
    return {
        "format": FORMAT,
        "name": c.name,
        **{k: v for k, v in c.tables.model_dump(mode="json").items() if k not in ("title", "question")},
        "fingerprint": fingerprint(c.scenario),
        "table": c.digest,
        **versions(*FLOORS),
    }


def open_folder(c: Calibration, folder: Path) -> None:
    """Write down what is sampled, or find that the folder holds it already. Raises InputError where it has changed."""
    new, there = frozen(c), read_table(folder / FROZEN)
    if there:
        check_same(there, new, folder)
    else:
        clear(folder, OWN)
    (folder / PROVENANCE).unlink(missing_ok=True)
    (folder / STAGES).mkdir(exist_ok=True)
    put(folder / STUDY, c.text)
    put(folder / FROZEN, json.dumps(new, indent=1) + "\n")


def is_finished(c: Calibration, folder: Path) -> bool:
    """Whether the folder holds all results of this very calibration. Raises InputError as :func:`open_folder`."""
    there = read_table(folder / FROZEN)
    if not there or not provenance_of(folder):
        return False
    check_same(there, frozen(c), folder)
    whole = all((folder / name).exists() for name in OWN)
    return whole and (folder / STUDY).read_text("utf-8") == c.text


def keep(folder: Path, stage: Stage) -> None:
    """Write a finished stage."""
    buffer = io.BytesIO()
    rows = np.array(stage.rows, dtype=np.float64)
    np.savez(buffer, rows=rows, z=stage.z, log_likelihood=stage.log_likelihood, steps=stage.steps)
    put(folder / STAGES / f"{stage.number:02d}.npz", buffer.getvalue())


def stages(folder: Path) -> list[Stage]:
    """The finished stages, up to the first that is missing or damaged."""
    found: list[Stage] = []
    while stage := _read(folder / STAGES / f"{len(found):02d}.npz"):
        found.append(stage)
    return found


def _read(file: Path) -> Stage | None:
    try:
        with file.open("rb") as content, np.load(content) as x:
            rows = tuple(_row(values) for values in x["rows"])
            first, second = map(float, x["steps"])
            return Stage(rows, x["z"], x["log_likelihood"], (first, second))
    except (OSError, EOFError, KeyError, ValueError, BadZipFile):
        return None


def _row(values: Any) -> Row:
    named: dict[str, Any] = dict(zip(Row._fields, map(float, values), strict=True))
    return Row(**named | {name: int(named[name]) for name in ("stage", "distinct")})
