"""The points of a study: a grid, a Latin hypercube, a Sobol sequence or a table.

Latin hypercubes (McKay, Beckman & Conover 1979, 10.1080/00401706.1979.10489755) and scrambled Sobol
sequences (Owen 1998, 10.1145/277203.277204) are scipy's.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sim.errors import InputError, Problem, listed, nearest
from sim.model.arrays import Array
from sim.scenario.reading import number_in, read_csv
from sim.scenario.values import MIDDLES, WORDS
from sim.studies.tables import Design, Factor


def size(design: Design, factors: Mapping[str, Factor]) -> int:
    """The number of points, known before they are made."""
    if design.points is not None and design.kind != "grid":
        return design.points
    return math.prod(len(f.values) if f.values else f.levels or 1 for f in factors.values())


def levels(factor: Factor) -> list[float]:
    """The values of a factor in a grid."""
    if factor.places is not None:
        return factor.places
    assert factor.low is not None
    assert factor.high is not None
    return [round(float(x), 12) for x in np.linspace(factor.low, factor.high, factor.levels or 1)]


def points(design: Design, factors: Mapping[str, Factor]) -> Array:
    """The design, (point, factor); the last factor of a grid moves fastest."""
    if design.kind == "grid":
        axes = np.meshgrid(*(levels(f) for f in factors.values()), indexing="ij")
        return np.stack([a.ravel() for a in axes], axis=-1)
    from scipy.stats import qmc

    rng = np.random.default_rng(design.seed)
    low, high = ([getattr(f, end) for f in factors.values()] for end in ("low", "high"))
    number = design.points or 1
    if design.kind == "lhs":
        unit = qmc.LatinHypercube(len(factors), rng=rng).random(number)
    else:
        unit = qmc.Sobol(len(factors), rng=rng).random(number)
    return np.asarray(qmc.scale(unit, low, high))


def read_points(file: Path, factors: Sequence[str]) -> tuple[list[str], Array, set[str]]:
    """Factors and points of a CSV file, and which factors are in words; a column is a factor, or a dotted path.

    Raises
    ------
    InputError
        With every row and column that cannot be read.
    """
    table = read_csv(file)
    header = list(table.columns)
    in_words = {name for name in header if any(row.cells[name] in WORDS for row in table.rows)}
    problems = list(table.problems)
    for name in header:
        if name not in factors and "." not in name:
            allowed = f"allowed: the study's factors ({', '.join(factors) or 'none'}), or dotted paths"
            problems.append(Problem(f"{file}:1", name, "unknown column", allowed, nearest(name, factors)))
    problems += [Problem(f"{file}:1", name, "missing column") for name in factors if name not in header]
    problems += [
        Problem(f"{file}:{row.line}", name, f'"{cell}"' if cell else "an empty cell", ALLOWED[name in in_words])
        for row in table.rows
        for name, cell in row.cells.items()
        if _place(cell, name in in_words) is None
    ]
    if not table.rows and not problems:
        problems.append(Problem(f"{file}:1", "", "no points", "allowed: a header and at least a row"))
    if problems:
        raise InputError(problems)
    places = [[_place(cell, name in in_words) for name, cell in row.cells.items()] for row in table.rows]
    return header, np.array(places, dtype=np.float64), in_words


ALLOWED = {False: "allowed: a number, with a decimal point", True: f"allowed: one of {listed(list(WORDS))}, as above"}


def _place(cell: str, in_words: bool) -> float | None:
    return MIDDLES.get(cell) if in_words else number_in(cell)
