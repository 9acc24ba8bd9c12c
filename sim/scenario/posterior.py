"""A posterior that a scenario names: rows of coefficients, of which every run draws one.

All coefficients of a run come from the same row, so that what the calibration found to go together
stays together. A coefficient that the scenario or the command line gives itself is not replaced.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, PlainSerializer, PlainValidator

from sim.errors import InputError, Problem, listed, nearest
from sim.model.arrays import Array
from sim.model.variables import COEFFICIENTS
from sim.model.version import VERSION
from sim.scenario.messages import shown
from sim.scenario.reading import Row, number_in, read_csv
from sim.scenario.values import LARGEST, Strict

STREAM = "posterior"
"""The name of the draw that picks a row."""
NONE = "none"
MODEL, ALLIANCE = "model", "alliance"
"""Columns that say which version of the model the draws were made with, and to which alliance they were fitted: the
same in every row. The second may be left out, and then they count as fitted to none."""
OTHERWISE = f"up to {LARGEST:g}, with a decimal point"
WAY_OUT = 'calibrate anew with `cohesion calibrate`, or set posterior = "none"'


@dataclass(frozen=True)
class Column:
    """The draws of one coefficient; equal and shown by its digest."""

    digest: str
    values: Array = field(repr=False, compare=False)

    @classmethod
    def of(cls, values: Array) -> "Column":
        """A column with its digest."""
        return cls(hashlib.sha256(values.tobytes()).hexdigest()[:16], values)

    def at(self, u: Array) -> Array:
        """The values of the rows picked by uniforms (run,)."""
        rows = len(self.values)
        return np.asarray(self.values[np.minimum((u * rows).astype(np.intp), rows - 1)])


def _from_text(column: "Column | str") -> Column:
    return column if isinstance(column, Column) else Column.of(np.array(column.split(), dtype=np.float64))


def _as_text(column: Column) -> str:
    return " ".join(map(repr, column.values.tolist()))


class Posterior(Strict):
    """Draws by coefficient, as many for each; in resolved.json numbers parted by blanks."""

    file: str
    model: str
    alliance: str | None = None
    columns: Annotated[
        dict[str, Annotated[Column, PlainValidator(_from_text), PlainSerializer(_as_text, return_type=str)]],
        Field(min_length=1),
    ]


def read(file: Path) -> Posterior:
    """A table with a column for each coefficient, one for the model's version, and a row for each draw.

    Raises
    ------
    InputError
        Where it cannot be read or used, or another version of the model made it.
    """
    table = read_csv(file)
    bounds = {c.name: (c.low, c.high) for c in COEFFICIENTS}
    names = [n for n in table.columns if n not in (MODEL, ALLIANCE)]
    problems = [
        Problem(f"{file}:1", "", f"unknown coefficient {n}", "", nearest(n, bounds)) for n in names if n not in bounds
    ]
    problems += table.problems[:5]
    if not names or not (table.rows or problems):
        problems.append(Problem(str(file), "", "no draws", "required: a header and a row a draw"))
    problems += _of_another_version(file, table.rows)
    alliances = {row.cells.get(ALLIANCE, "").strip() for row in table.rows}
    if len(alliances) > 1:
        problems.append(Problem(str(file), ALLIANCE, listed(sorted(alliances), 3), "allowed: the same in every row"))
    wrong_cells = [
        Problem(f"{file}:{row.line}", n, shown(row.cells[n]), f"allowed: numbers from {low:g} to {high:g}, {OTHERWISE}")
        for row in table.rows
        for n, (low, high) in ((n, bounds[n]) for n in names if n in bounds)
        if (x := number_in(row.cells[n])) is None or not low <= x <= high or abs(x) > LARGEST
    ]
    if problems or wrong_cells:
        raise InputError([*problems, *wrong_cells[:5]])
    columns = {n: Column.of(np.array([float(row.cells[n]) for row in table.rows])) for n in names}
    return Posterior(file=file.name, model=VERSION, alliance=alliances.pop() or None, columns=columns)


def _of_another_version(file: Path, rows: list[Row]) -> list[Problem]:
    """Draws that are no posterior of this model."""
    made_by = {row.cells.get(MODEL, "").strip() for row in rows} - {VERSION}
    if not made_by:
        return []
    other = ", ".join(sorted(filter(None, made_by)))
    made = f"made by version {other} of the model" if other else f"no column {MODEL}, so made by an unknown version"
    return [Problem(str(file), "", f"{made}, this is {VERSION}", WAY_OUT)]
