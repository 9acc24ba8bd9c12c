"""A posterior that a scenario names: rows of what was uncertain, of which every run takes one.

What a calibration found to go together stays together: coefficients, places of coded values in their bands, and the
states of the model in which the record leaves a run at its end come from one row. What the scenario or the command line
gives itself is not replaced.
"""

import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from os.path import abspath
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from pydantic import PlainSerializer, PlainValidator

from sim.errors import InputError, Problem, listed, nearest, plural
from sim.model.arrays import Array, Codes, Flags
from sim.model.noise import Indices
from sim.model.tick import State
from sim.model.variables import COEFFICIENTS
from sim.model.version import VERSION
from sim.scenario.messages import shown
from sim.scenario.reading import MOST_BYTES, Row, number_in, read_csv
from sim.scenario.values import LARGEST

NONE = "none"
PARTED = "; "
"""Between the alliances that a posterior was fitted to."""
FEW = 0.25
"""Share of the draws below which too few are effective: their error is then twice as large as it was."""
ANEW = "calibrate anew with what has happened (docs/living-forecast.md)"
FEWEST = 20
"""Effective draws below which none are drawn anew: an interval over so few would say more than they know."""
POSTERIORS = "posteriors.npz"
"""In a results folder: those that its scenarios name."""
MODEL, ALLIANCE = "model", "alliance"
"""Columns that say which version of the model the draws were made with, and to which alliance they were fitted: the
same in every row. The second may be left out, and then they count as fitted to none. ALLIANCE is an attribute too."""
OTHERWISE = f"up to {LARGEST:g}, with a decimal point"
ALLOWED = "allowed: a posterior.nc that `cohesion calibrate` wrote, or a table of coefficients (.csv)"
WAY_OUT = 'calibrate anew with `cohesion calibrate`, or set posterior = "none"'
TABLE = ".csv"
"""The ending of a table of coefficients alone; else the file is one that a calibration wrote."""
GROUP, PLACE, PATH, STATE, ANCESTOR = "posterior", "place", "path", "state_", "ancestor"
"""In a calibration's file: the group of draws, the variable of places, its axis, what begins states, their descent."""
VERSION_SAYS, RECORD = "model_version", "record"
"""Its attributes: the version of the model, and the record that was lived through, as JSON."""
BOUNDS = {c.name: (c.low, c.high) for c in COEFFICIENTS}


@dataclass(frozen=True)
class Column:
    """The draws of one coefficient, equal where they are those of an equal posterior."""

    digest: str
    coefficient: str
    values: Array = field(repr=False, compare=False)

    def at(self, rows: Indices) -> Array:
        """The values of rows, (run,)."""
        return np.asarray(self.values[rows])


class Lived(NamedTuple):
    """The record that a calibration was conditioned on, and where it leaves each row."""

    until: str
    """The date of its end."""
    members: tuple[str, ...]
    digests: dict[str, str]
    """Of all that it depends on, by name; see :func:`sim.scenario.start.digests`."""
    key: tuple[int, ...]
    """Of the filter's chance,"""
    chunk: int
    """rows that it took at once,"""
    particles: int
    """and particles of each."""
    states: State
    """Of the model, (member, row, state) and (row, state): draws of what is not observed, given the row."""

    ancestors: Codes
    """(row, state, edge): the particle from which each state descends, at the beginning and after every tick."""

    @property
    def about(self) -> dict[str, Any]:
        """All but the arrays, ready for JSON."""
        return {name: x for name, x in self._asdict().items() if not isinstance(x, State | np.ndarray)}

    @property
    def each_row(self) -> int:
        """States that a row has."""
        return int(self.states.stance.shape[-1])


class Surprise(NamedTuple):
    """What happened after the calibration, and how likely draws held it just before."""

    date: str
    kind: str
    """exit, freeze, resume, entry, vote, quiet, or given: an event that weighs no draw."""
    member: str
    """Its code; empty of a quiet time."""
    words: str
    chance: float | None
    """Of a move: that it would have happened by then; of a vote: of an answer at least as far from what was expected;
    of a quiet time: that nobody, or nobody else, would move. None of what is given."""


class Continuation(NamedTuple):
    """By what the draws of a calibration were weighed and drawn anew."""

    since: str
    """The date to which the calibration was conditioned,"""
    calibration: str
    """and the digest of its draws."""
    effective: float
    """Distinct draws, by their weights: (sum w)^2 / sum w^2."""
    draws: int
    """That were weighed."""
    inputs: str
    """Which inputs were coded for the time since, in words."""
    surprises: tuple[Surprise, ...]

    @property
    def advice(self) -> str:
        """What to do where few draws are left; empty where enough are."""
        if self.effective >= FEW * self.draws:
            return ""
        left = f"{self.effective:,.0f} of {plural(self.draws, 'draw')} are left effective"
        return f"{left}, fewer than {FEW:.0%}: {ANEW}"


@dataclass(frozen=True)
class Posterior:
    """Draws, as many of everything; equal where their digests are."""

    file: str
    model: str
    digest: str
    alliance: str | None
    """To which they were fitted, where that is known: several are parted by semicolons, the one whose states and places
    these are is the first."""
    columns: Mapping[str, Column] = field(repr=False, compare=False)
    """By coefficient."""
    places: Mapping[str, Array] = field(repr=False, compare=False)
    """By dotted path, from 0 to 1."""
    lived: Lived | None = field(repr=False, compare=False)
    continued: Continuation | None = field(default=None, repr=False, compare=False)
    """How these draws came of a calibration's, where something has happened since."""

    @property
    def alliances(self) -> tuple[str, ...]:
        """To which they were fitted, each by its name."""
        return tuple(self.alliance.split(PARTED)) if self.alliance else ()

    @property
    def rows(self) -> int:
        """How many."""
        return len(next(iter(self.columns.values())).values)

    @property
    def distinct(self) -> float:
        """How many would tell as much where none was drawn twice."""
        return min(self.continued.effective, self.rows) if self.continued else float(self.rows)

    def __str__(self) -> str:
        return f"{self.file}, {plural(self.rows, 'draw')}"


def posterior_of(
    file: str,
    coefficients: Mapping[str, Array],
    places: Mapping[str, Array],
    lived: Lived | None,
    alliance: str | None,
    model: str = VERSION,
    continued: Continuation | None = None,
) -> Posterior:
    """A posterior with the digest of all that it says."""
    whole = hashlib.sha256(json.dumps([alliance, lived.about if lived else None]).encode())
    for name, x in _flat(coefficients, places, lived):
        whole.update(name.encode() + np.ascontiguousarray(x).tobytes())
    digest = whole.hexdigest()[:16]
    columns = {name: Column(digest, name, x) for name, x in coefficients.items()}
    return Posterior(file, model, digest, alliance, columns, places, lived, continued)


# -------------------------------------------------------------------------------------- the fields of a state


def fields(state: Any, kind: Any = State) -> Iterator[tuple[str, Any]]:
    """The arrays of a state by the names of their fields, in order."""
    for name, inner in kind.__annotations__.items():
        value = getattr(state, name)
        yield from fields(value, inner) if hasattr(inner, "_fields") else ((name, value),)


def state_of(values: Mapping[str, Any], kind: Any = State) -> Any:
    """The state that :func:`fields` takes apart, its arrays of the types declared. Raises KeyError."""
    inner = kind.__annotations__.items()
    return kind(*(state_of(values, k) if hasattr(k, "_fields") else _typed(values[name], k) for name, k in inner))


def _typed(x: Any, kind: Any) -> Any:
    return np.ascontiguousarray(x, dtype={Array: np.float64, Codes: np.int8, Flags: np.bool_}[kind])


# ------------------------------------------------------------------------------------ beside resolved scenarios


def _flat(
    coefficients: Mapping[str, Array], places: Mapping[str, Array], lived: Lived | None
) -> Iterator[tuple[str, Any]]:
    yield from ((f"c {name}", x) for name, x in coefficients.items())
    yield from ((f"p {path}", x) for path, x in places.items())
    yield from ((f"s {name}", x) for name, x in (fields(lived.states) if lived else ()))
    yield from ((f"a {ANCESTOR}", lived.ancestors),) if lived else ()


def packed(posteriors: Iterable[Posterior]) -> bytes:
    """Each of some posteriors once, as the file beside scenarios that name them by their digests."""
    arrays: dict[str, Any] = {}
    for p in {p.digest: p for p in posteriors}.values():
        about = json.dumps([p.file, p.model, p.alliance, p.lived.about if p.lived else None, p.continued])
        coefficients = {name: column.values for name, column in p.columns.items()}
        flat = {"about": np.array(about), **dict(_flat(coefficients, p.places, p.lived))}
        arrays |= {f"{p.digest} {name}": x for name, x in flat.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpacked(file: Path) -> dict[str, Posterior]:
    """The posteriors of a file by their digests. Raises ValueError where it is none or was changed, and OSError."""
    parts: dict[str, dict[str, dict[str, Any]]] = {}
    try:
        with np.load(file) as found:
            for name in found.files:
                digest, kind, *rest = name.split(" ", 2)
                parts.setdefault(digest, {}).setdefault(kind, {})["".join(rest)] = found[name]
        return {digest: _unpacked(digest, of) for digest, of in parts.items()}
    except (KeyError, TypeError, BadZipFile, EOFError, zlib.error) as error:
        raise ValueError("no posteriors") from error


def _unpacked(digest: str, parts: Mapping[str, Mapping[str, Any]]) -> Posterior:
    name, model, alliance, lived, *more = json.loads(str(parts["about"][""]))
    where = _lived(lived, parts["s"], parts["a"][ANCESTOR]) if lived else None
    p = posterior_of(name, parts["c"], parts.get("p", {}), where, alliance, model, _continued(*more))
    if p.digest != digest:
        raise ValueError("changed")
    return p


def _lived(about: Mapping[str, Any], states: Mapping[str, Any], ancestors: Any) -> Lived:
    """Raises KeyError and TypeError where something is missing."""
    lists = {name: tuple(about[name]) for name in ("members", "key")}
    return Lived(**{**about, **lists}, states=state_of(states), ancestors=ancestors)


def _continued(about: Sequence[Any] | None = None) -> Continuation | None:
    """What :func:`packed` keeps of a continuation."""
    if about is None:
        return None
    whole = Continuation(*about)
    return whole._replace(surprises=tuple(Surprise(*s) for s in whole.surprises))


def _is_one(given: Any) -> Posterior:
    if not isinstance(given, Posterior):
        raise ValueError("no posterior")
    return given


def _named(p: Posterior) -> dict[str, str]:
    return {"file": p.file, "digest": p.digest}


Named = Annotated[Posterior, PlainValidator(_is_one), PlainSerializer(_named, return_type=dict[str, str])]
"""As a scenario's tables hold it; what they are resolved to names it by its digest."""


# ----------------------------------------------------------------------------------------------- reading files


def read(file: Path) -> Posterior:
    """A calibration's posterior.nc, or a table of coefficients.

    Raises
    ------
    InputError
        Where it cannot be read or used, or another version of the model made it.
    """
    return _table(file) if file.suffix.lower() == TABLE else _kept(Path(abspath(file)), *_mark(file))


def _mark(file: Path) -> tuple[int, int]:
    """What changes when a file does. Raises InputError where it is no file that can be read."""
    if not file.is_file():
        found = "a directory" if file.is_dir() else "not a file"
        raise InputError([Problem(str(file), "", found, ALLOWED)])
    about = file.stat()
    if about.st_size > MOST_BYTES:
        raise InputError(
            [Problem(str(file), "", f"{about.st_size / 1e6:,.0f} MB", f"allowed: {MOST_BYTES / 1e6:g} MB")]
        )
    return about.st_mtime_ns, about.st_size


@lru_cache(maxsize=8)
def _kept(file: Path, *_: int) -> Posterior:
    """What a calibration wrote; the same object for the same file, so that programs share what is drawn."""
    import h5py

    where = str(file)
    try:
        with h5py.File(file) as root:
            made_by = str(root.attrs.get(VERSION_SAYS, ""))
            if problems := _of_another_version(file, {made_by} - {VERSION}):
                raise InputError(problems)
            record = json.loads(root.attrs[RECORD]) if RECORD in root.attrs else None
            alliance = str(root.attrs[ALLIANCE])
            group = root[GROUP]
            draws: dict[str, Any] = {
                n: _rows(x) for n, x in group.items() if n in BOUNDS or n.startswith(STATE) or n in (PLACE, ANCESTOR)
            }
            paths = [p.decode() if isinstance(p, bytes) else str(p) for p in group[PATH]] if PLACE in draws else []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        said = "cannot be read" if isinstance(error, OSError) else "no posterior of a calibration"
        raise InputError([Problem(where, "", said, ALLOWED)]) from None
    coefficients = {n: x.astype(np.float64) for n, x in draws.items() if n in BOUNDS}
    places = dict(zip(paths, draws[PLACE].astype(np.float64).T, strict=True)) if paths else {}
    states = {n.removeprefix(STATE): x for n, x in draws.items() if n.startswith(STATE)}
    by_member = {n: np.moveaxis(x, -1, 0) if x.ndim == 3 else x for n, x in states.items()}
    places = {path: np.clip(x, 2.0**-54, 1.0 - 2.0**-25) for path, x in places.items()}  # as before it was rounded
    wrong = [n for n, x in coefficients.items() if not _within(x, *BOUNDS[n])]
    wrong += [p for p, x in places.items() if not np.isfinite(x).all()]
    wrong += [f"{STATE}{n}" for n, x in states.items() if not np.isfinite(x).all()]
    if wrong or not coefficients or not len(next(iter(coefficients.values()))):
        found = [Problem(where, n, "values out of bounds", "allowed: as the calibration wrote it") for n in wrong[:5]]
        raise InputError(found or [Problem(where, "", "no draws", "required: a coefficient and a draw")])
    try:
        lived = None if record is None else _lived(record, by_member, draws[ANCESTOR])
    except (KeyError, TypeError):
        raise InputError([Problem(where, "", "no posterior of a calibration", ALLOWED)]) from None
    return posterior_of(file.name, coefficients, places, lived, alliance)


def _rows(x: Any) -> Any:
    """Draws (chain, draw, ...) as rows."""
    values = x[()]
    return values.reshape(-1, *values.shape[2:])


def _within(x: Array, low: float, high: float) -> bool:
    return bool(((x >= low) & (x <= high)).all())


def _table(file: Path) -> Posterior:
    """A table with a column for each coefficient, one for the model's version, and a row for each draw."""
    table = read_csv(file)
    names = [n for n in table.columns if n not in (MODEL, ALLIANCE)]
    problems = [
        Problem(f"{file}:1", "", f"unknown coefficient {n}", "", nearest(n, BOUNDS)) for n in names if n not in BOUNDS
    ]
    problems += table.problems[:5]
    if not names or not (table.rows or problems):
        problems.append(Problem(str(file), "", "no draws", "required: a header and a row a draw"))
    problems += _of_another_version(file, _versions(table.rows))
    alliances = {row.cells.get(ALLIANCE, "").strip() for row in table.rows}
    if len(alliances) > 1:
        problems.append(Problem(str(file), ALLIANCE, listed(sorted(alliances), 3), "allowed: the same in every row"))
    wrong_cells = [
        Problem(f"{file}:{row.line}", n, shown(row.cells[n]), f"allowed: numbers from {low:g} to {high:g}, {OTHERWISE}")
        for row in table.rows
        for n, (low, high) in ((n, BOUNDS[n]) for n in names if n in BOUNDS)
        if (x := number_in(row.cells[n])) is None or not low <= x <= high or abs(x) > LARGEST
    ]
    if problems or wrong_cells:
        raise InputError([*problems, *wrong_cells[:5]])
    columns = {n: np.array([float(row.cells[n]) for row in table.rows]) for n in names}
    return posterior_of(file.name, columns, {}, None, alliances.pop() or None)


def _versions(rows: list[Row]) -> set[str]:
    return {row.cells.get(MODEL, "").strip() for row in rows} - {VERSION}


def _of_another_version(file: Path, made_by: set[str]) -> list[Problem]:
    """Draws that are no posterior of this model."""
    if not made_by:
        return []
    other = ", ".join(sorted(filter(None, made_by)))
    made = f"made by version {other} of the model" if other else f"no column {MODEL}, so made by an unknown version"
    return [Problem(str(file), "", f"{made}, this is {VERSION}", WAY_OUT)]
