"""Runs one by one, if they are kept: what each drew, when things happened in it, where it ended.

A block of runs becomes a dataset with a dimension ``run``; blocks are appended to the files as they come, so that
memory does not grow with runs.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engines.ensemble import Piece
from sim.engines.environment import draw_alliance_effect, draw_coefficients, draw_effects, places
from sim.estimates.incidence import Incidence
from sim.model.arrays import Array, Coefficients, Flags
from sim.model.membership import FROZEN, OUTSIDE
from sim.model.noise import BLOCK, Noise
from sim.model.outcomes import MOVES, OUTCOMES, names
from sim.model.tick import Record
from sim.results.dataset import by_name
from sim.scenario.compile import Program
from sim.scenario.paths import Band
from sim.scenario.posterior import Column
from sim.scenario.tables import ALLIANCE_EFFECT, effect_path
from sim.scenario.values import Distribution

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

TABLE, DATASET, SCRATCH = "runs.csv", "runs.zarr", ".runs"
FILES = (TABLE, DATASET)
FIRSTS = tuple(dict.fromkeys(move.name for move in MOVES.values()))
"""Of what a state does the first time is kept."""
LEVELS = names("measure", by_member=False, headline=True)
"""Of the alliance, at horizons."""
CHANCES = {f"{name}_chances": name for name in names("event")}
"""Chances added up to a horizon, run by run, by variable: their mean over runs is the probability of the event."""


class Keeper:
    """Watches a block of runs, tick by tick."""

    def __init__(self, program: Program, seed: int, piece: Piece) -> None:
        self.program, self.piece, self.noise = program, piece, Noise(seed, piece.block)
        self.ticks = {years: program.horizon_tick(years) for years in program.horizons}
        self._first = {name: np.full((len(program.members), piece.runs), np.nan) for name in FIRSTS}
        self._dissolution = np.full(piece.runs, np.nan)
        self.at: dict[int, dict[str, Array]] = {}
        self._outside: list[str] = []
        self.end = np.zeros(0)
        self._tick = 0

    def see(self, record: Record, incidence: Incidence, values: Mapping[str, Array]) -> None:
        """The start, then each tick."""
        years = self._tick * self.program.alliance.dt
        if not self._tick:
            outside = (record.status == OUTSIDE).all(axis=-1)
            self._outside = [m for m, is_out in zip(self.program.members, outside, strict=True) if is_out]
        for name, happens in moved(record).items() if self._tick else [("freeze", record.status == FROZEN)]:
            _note(self._first[name], happens, years)
        _note(self._dissolution, ~record.alive, years)
        if self._tick in self.ticks.values():
            levels = {name: np.array(values[name]) for name in LEVELS}
            self.at[self._tick] = levels | {v: np.array(incidence.sums[name]) for v, name in CHANCES.items()}
        self.end, self._tick = record.stance, self._tick + 1

    def block(self) -> "xr.Dataset":
        """All that is kept of the runs."""
        import xarray as xr

        p, lanes = self.program, self.piece.lanes
        first = self.piece.block * BLOCK + range(BLOCK)[lanes].start
        c = draw_coefficients(p, self.noise, lanes)
        coefficients = {n: x for n, x in vars(c).items() if isinstance(p.coefficients[n], Distribution | Column)}
        values = self._values(c)
        found: dict[str, Any] = {
            "row": ("run", self.noise.rows(p.rows).row[lanes] if p.rows else first + np.arange(self.piece.runs)),
            "coefficients": (("run", "coefficient"), _table(coefficients, self.piece.runs)),
            "coded_values": (("run", "value"), _table(values, self.piece.runs)),
            **{name: (("run", "member"), x.T) for name, x in self._first.items()},
            "dissolution": ("run", self._dissolution),
            "end_stance": (("run", "member"), self.end.T),
        }
        for name in (*LEVELS, *CHANCES):
            x = np.stack([self.at[t][name] for t in self.ticks.values()], axis=-1)
            found[name] = (
                (("run", "member", "horizon"), np.moveaxis(x, 0, 1)) if x.ndim == 3 else (("run", "horizon"), x)
            )
        ds = xr.Dataset(
            found,
            coords={
                "run": first + np.arange(self.piece.runs),
                "member": np.array(p.members, dtype=object),
                "name": ("member", np.array(p.names, dtype=object)),
                "coefficient": np.array(list(coefficients), dtype=object),
                "value": np.array(list(values), dtype=object),
                "horizon": np.array([*self.ticks], dtype=np.float64),
            },
            attrs={
                "dates": [d.isoformat() for d in p.dates],
                "step_years": p.alliance.dt,
                "outside": self._outside,
                "rows": p.rows,
                "distinct": p.distinct,
            },
        )
        for name, meaning in _meanings().items():
            ds[name].attrs["description"] = meaning
        return ds

    def _values(self, c: Coefficients) -> dict[str, Array]:
        p, lanes, t = self.program, self.piece.lanes, self.program.record_ticks
        found = {
            path: band.at(places(p, self.noise, path)[lanes], t) for path, band in p.bands.items() if varies(band, t)
        }
        if p.has_effects:
            found |= dict(zip(map(effect_path, p.members), draw_effects(p, self.noise, lanes, c), strict=True))
        if p.has_alliance_effect:
            found[ALLIANCE_EFFECT] = draw_alliance_effect(p, self.noise, lanes, c)
        return found


def moved(r: Record) -> dict[str, Flags]:
    """Who does what in a tick, (member, run) each; nobody leaves an alliance that ends."""
    found: dict[str, Flags] = {}
    for (before, after), move in MOVES.items():
        does = (r.before == before) & (r.left if move.name == "exit" else r.status == after)
        found[move.name] = found[move.name] | does if move.name in found else does
    return found


def varies(band: Band, tick: int) -> bool:
    """Whether runs differ in a coded value."""
    return bool(band.low[tick] != band.high[tick]) or (band.word is not None and bool(band.word[tick] != 0.0))


def _note(first: Array, happens: Flags, years: float) -> None:
    first[happens & np.isnan(first)] = years


def _table(columns: Mapping[str, Array], runs: int) -> Array:
    """(run, column)"""
    return np.stack([*columns.values()], axis=-1) if columns else np.zeros((runs, 0))


def _meanings() -> dict[str, str]:
    first = {
        name: f"years from the start to the first {name} (end of its tick); undefined where none" for name in FIRSTS
    }
    first["freeze"] += "; 0 where it is frozen at the start"
    chances = {
        v: f"chances of {OUTCOMES[name].noun} added up to the horizon; above 1 where many"
        for v, name in CHANCES.items()
    }
    return {
        "row": "of the posterior; the run itself where there is none",
        "coefficients": "draws of those that vary",
        "coded_values": "coded values at the start, those that vary, by dotted path; states' own effects too",
        **first,
        "dissolution": "years from the start to the end of the alliance; undefined where none",
        "end_stance": OUTCOMES["stance"].meaning,
        **{name: OUTCOMES[name].meaning for name in LEVELS},
        **chances,
    }


def unrun(program: Program) -> "xr.Dataset":
    """The states, names, dates and horizons of kept runs, without a run: enough to read a condition by."""
    keeper = Keeper(program, 0, Piece(0, slice(0, 0)))
    members = len(program.members)
    by_member = dict.fromkeys(LEVELS, False) | {v: OUTCOMES[name].by_member for v, name in CHANCES.items()}
    for t in keeper.ticks.values():
        keeper.at[t] = {v: np.zeros((members, 0) if m else 0) for v, m in by_member.items()}
    keeper.end = np.zeros((members, 0))
    return by_name(keeper.block())


# ---------------------------------------------------------------------------------------------------- in files


class Store:
    """A folder to which blocks are appended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, block: "xr.Dataset") -> None:
        """One more block, the next one."""
        first = not (self.folder / DATASET).exists()
        plain = block.drop_indexes("name", errors="ignore")
        how: dict[str, Any] = {"mode": "w"} if first else {"append_dim": "run"}
        plain.to_zarr(self.folder / DATASET, zarr_format=3, consolidated=False, **how)
        with (self.folder / TABLE).open("a", encoding="utf-8", newline="\n") as out:
            out.writelines(lines(block, header=first))


def put(kept: "Path | xr.Dataset", folder: Path) -> None:
    """Write kept runs, of memory or of another folder; a scratch folder's are moved."""
    if not isinstance(kept, Path):
        store = Store(folder)
        for start in range(0, kept.sizes["run"], BLOCK):
            store.add(kept.isel(run=slice(start, start + BLOCK)))
        return
    for name in FILES:
        if kept.name == SCRATCH:
            shutil.move(kept / name, folder / name)
        elif (kept / name).is_dir():
            shutil.copytree(kept / name, folder / name)
        else:
            shutil.copyfile(kept / name, folder / name)


@contextmanager
def scratch(folder: Path) -> Iterator[None]:
    """Nothing is left of a scratch folder, neither of one before."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(folder: Path) -> None:
    """Runs that were kept of results that are no longer there."""
    (folder / TABLE).unlink(missing_ok=True)
    shutil.rmtree(folder / DATASET, ignore_errors=True)


def read(folder: Path) -> "xr.Dataset":
    """The kept runs of a folder; values are read where they are asked for."""
    import xarray as xr

    return by_name(xr.open_zarr(folder / DATASET, chunks=None, consolidated=False))


def together(blocks: "list[xr.Dataset]") -> "xr.Dataset":
    """Blocks in memory as one."""
    import xarray as xr

    return by_name(xr.concat(blocks, "run", data_vars="minimal", coords="minimal", compat="override", join="override"))


# ---------------------------------------------------------------------------------------------------- as a table


def columns(ds: "xr.Dataset") -> "Iterator[tuple[str, Callable[[], Array]]]":
    """Names and values of the table's columns, in order; events in years from the start."""
    members = [str(m) for m in ds.member.values]
    horizons = [f"{h:g}" for h in ds.horizon.values]

    def column(name: str, *at: int) -> Callable[[], Array]:
        return lambda: np.asarray(ds[name].values.T[at[::-1]]) if at else np.asarray(ds[name].values)

    yield "run", column("run")
    yield "row", column("row")
    for name in (*FIRSTS, "end_stance"):
        yield from ((f"{m}.{name}", column(name, i)) for i, m in enumerate(members))
    yield "dissolution", column("dissolution")
    for name in (*LEVELS, *CHANCES):
        if "member" in ds[name].dims:
            yield from (
                (f"{m}.{name}.{h}", column(name, i, j)) for i, m in enumerate(members) for j, h in enumerate(horizons)
            )
        else:
            yield from ((f"{name}.{h}", column(name, j)) for j, h in enumerate(horizons))
    for name, along, prefix in (("coefficients", "coefficient", "behaviour."), ("coded_values", "value", "")):
        yield from ((f"{prefix}{x}", column(name, i)) for i, x in enumerate(ds[along].values))


def dates(ds: "xr.Dataset", years: Array) -> "list[str]":
    """Dates of events given in years from the start, as ISO texts; empty where there is none."""
    known, step = ds.attrs["dates"], ds.attrs["step_years"]
    return ["" if y != y else str(known[round(y / step)]) for y in years.tolist()]


def is_date(column: str) -> bool:
    """Whether a column of the table has the dates of an event."""
    return column.rpartition(".")[2] in (*FIRSTS, "dissolution")


def table(ds: "xr.Dataset") -> "pd.DataFrame":
    """The same table with every digit, and dates as such."""
    import pandas as pd

    loaded = ds.load()
    found = {n: dates(loaded, x()) if is_date(n) else np.asarray(x()) for n, x in columns(loaded)}
    return pd.DataFrame({n: pd.to_datetime(x).astype("datetime64[s]") if is_date(n) else x for n, x in found.items()})


def lines(ds: "xr.Dataset", header: bool) -> Iterator[str]:
    """The runs as CSV text: dates of events, numbers in six digits, undefined ones empty."""
    loaded = ds.load()
    cells, kinds = [], []
    for name, values in columns(loaded):
        event = is_date(name)
        cells.append(dates(loaded, values()) if event else values().tolist())
        kinds.append("%s" if event else "%d" if name in ("run", "row") else "%.6g")
    if header:
        yield ",".join(name for name, _ in columns(loaded)) + "\n"
    form = ",".join(kinds) + "\n"
    yield from ((form % row).replace(",nan", ",") for row in zip(*cells, strict=True))
