"""The points of a study: a grid, a Latin hypercube, a Sobol sequence, a design of indices of sensitivity, or a table.

Latin hypercubes (McKay, Beckman & Conover 1979, 10.1080/00401706.1979.10489755) and scrambled Sobol
sequences (Owen 1998, 10.1145/277203.277204) are scipy's, the designs of Saltelli et al. (2010,
10.1016/j.cpc.2009.09.018) and Morris (1991, 10.1080/00401706.1991.10484804) SALib's.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sim.errors import InputError, Problem, extra, listed, nearest
from sim.model.arrays import Array
from sim.scenario.reading import number_in, read_csv
from sim.scenario.values import MIDDLES, WORDS
from sim.studies.tables import OWN, Design, Factor

LEVELS = 4
"""Of a factor in Morris's design; a walk moves it by two of the three steps between them."""


def size(design: Design, factors: Mapping[str, Factor]) -> int:
    """The number of points, known before they are made."""
    if design.kind == "saltelli":
        return (design.base or 1) * (len(factors) + 2)
    if design.kind == "morris":
        return (design.trajectories or 1) * (len(factors) + 1)
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
    if design.kind in OWN:
        return _of_indices(design, factors)
    from scipy.stats import qmc

    rng = np.random.default_rng(design.seed)
    low, high = ([getattr(f, end) for f in factors.values()] for end in ("low", "high"))
    number = design.points or 1
    if design.kind == "lhs":
        unit = qmc.LatinHypercube(len(factors), rng=rng).random(number)
    else:
        unit = qmc.Sobol(len(factors), rng=rng).random(number)
    return np.asarray(qmc.scale(unit, low, high))


def _of_indices(design: Design, factors: Mapping[str, Factor]) -> Array:
    """The designs of SALib: for each base point A, its copies with one coordinate of B, and B; or walks.

    Raises
    ------
    InputError
        Where SALib is not installed.
    """
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        allowed = f"allowed: after {extra('analysis')}"
        raise InputError([Problem("design", "kind", "SALib is not installed", allowed)]) from None
    problem = {"num_vars": len(factors), "names": list(factors), "bounds": [[f.low, f.high] for f in factors.values()]}
    if design.kind == "saltelli":
        rows = sobol.sample(problem, design.base, calc_second_order=False, seed=design.seed)
    else:
        rows = morris.sample(problem, design.trajectories, num_levels=LEVELS, seed=design.seed)
    return np.asarray(rows, dtype=np.float64)


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
