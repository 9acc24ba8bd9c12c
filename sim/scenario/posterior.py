"""A posterior that a scenario names: rows of coefficients, of which every run draws one.

All coefficients of a run come from the same row, so that what the calibration found to go together
stays together. A coefficient that the scenario or the command line gives itself is not replaced.
"""

import csv
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from sim.errors import InputError, Problem, nearest
from sim.model.arrays import Array
from sim.model.variables import COEFFICIENT_NAMES
from sim.scenario.tables import Posterior

STREAM = "posterior"
"""The name of the draw that picks a row."""
NONE = "none"


@dataclass(frozen=True)
class Column:
    """The draws of one coefficient; equal and shown by its digest."""

    digest: str
    values: Array = field(repr=False, compare=False)

    def at(self, u: Array) -> Array:
        """The values of the rows picked by uniforms (run,)."""
        rows = len(self.values)
        return np.asarray(self.values[np.minimum((u * rows).astype(np.intp), rows - 1)])


def read(file: Path) -> Posterior:
    """A table with a column for each coefficient and a row for each draw.

    Raises
    ------
    InputError
        Where it cannot be read or used.
    """
    shown = str(file)
    try:
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise InputError([Problem(shown, "", "cannot be read", "allowed: a CSV table")]) from None
    names, body = (rows[0], rows[1:]) if rows else ([], [])
    problems = [
        Problem(f"{shown}:1", "", f"unknown coefficient {n}", "", nearest(n, COEFFICIENT_NAMES))
        for n in names
        if n not in COEFFICIENT_NAMES
    ]
    problems += [
        Problem(f"{shown}:{k}", "", f"{len(row)} entries", f"required: {len(names)}")
        for k, row in enumerate(body, start=2)
        if len(row) != len(names)
    ][:5]
    if not body:
        problems.append(Problem(shown, "", "no draws", "required: a header and a row a draw"))
    if problems:
        raise InputError(problems)
    columns = {n: " ".join(row[k] for row in body) for k, n in enumerate(names)}
    try:
        return Posterior(file=file.name, columns=columns)
    except ValidationError as error:
        first = error.errors()[0]["ctx"]
        raise InputError([Problem(shown, "", first["found"], first["allowed"])]) from None


def columns_of(posterior: Posterior | None) -> dict[str, Column]:
    """The columns of a posterior, none where there is none."""
    if posterior is None:
        return {}
    return {
        name: Column(hashlib.sha256(posterior.columns[name].encode()).hexdigest()[:16], x)
        for name, x in posterior.draws.items()
    }
