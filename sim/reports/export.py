"""The tables of a finished result as files of other programs: spreadsheets, Stata, NetCDF, plain CSV."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError, Problem, arguments, as_path, extra, several
from sim.model.outcomes import OUTCOMES, variable
from sim.reports.columns import CODES, OF_EVENTS, Label, labels, labels_of_runs
from sim.reports.report import again
from sim.results import kept
from sim.results.replay import replay
from sim.results.result import Result, Results
from sim.scenario.sheet import guarded
from sim.storage.files import beside, check_folder, provenance_of
from sim.storage.workspace import contents_of

if TYPE_CHECKING:
    import pandas as pd

    Frames = Mapping[str, pd.DataFrame]

Labels = Mapping[str, Mapping[str, Label]]
"""What the columns of each table are."""
COLUMNS, ABOUT, RUNS, EVENTS = "columns", "about", "runs", "events"
"""Tables: what the columns of the others are; what was run; single runs, where they are kept; what happened in some."""
LONGEST_NAME, LONGEST_LABEL = 32, 80
"""In Stata."""
EARLIEST = np.datetime64("1900-03-01")
"""From when a spreadsheet's dates are those of the calendar."""


@arguments
def export(
    folder: str | Path,
    out: str | Path | None = None,
    format: str = "csv",
    wide: bool = False,
    force: bool = False,
    run: Sequence[int] = (),
) -> list[Path]:
    """Write the tables of a finished result for other programs, with states' names and what each column is.

    Single runs are written too where the folder keeps them. The table ``columns`` has the unit of every column, the
    table ``about`` the alliance, its leader, and what was run.

    Parameters
    ----------
    folder : that a verb wrote.
    out : the folder for the files; by default the first one's name and ``-tables``, beside it.
    format : ``"csv"``; ``"xlsx"``, one workbook (extra ``tables``); ``"stata"``, a file a table with labelled
        variables; ``"netcdf"``, one file with a group ``tables/NAME`` for each, and the labelled dataset at its root
        where the result has one. Several with commas between them.
    wide : whether outcomes and their statistics are columns (``exit``, ``exit_q05``), a row for each state and date,
        instead of rows; tables without outcomes stay as they are.
    force : replace files that are there.
    run : single runs, counted from 0, whose story (:func:`sim.replay`) is the table ``events``: a row for each event,
        with its date, kind and the states that it concerns.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        Where the folder holds no finished result, for another format, and where files are there or cannot be written.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=16, out="results/example")
    >>> files = sim.export("results/example", format="stata", wide=True)
    >>> [file.name for file in files]
    ['members.dta', 'alliance.dta', 'ticks.dta', 'ticks_alliance.dta', 'columns.dta', 'about.dta']
    """
    from sim import open as opened

    home, formats = as_path(folder, "folder"), several(format, "format", FORMATS)
    into = as_path(out, "out") if out is not None else beside(home, "-tables")
    check_folder(into)
    result: Results = opened(home)
    frames = {name: named(plain(frame), result) for name, frame in result.tables.items()}
    if wide:
        frames = {name: frame for key, table in frames.items() for name, frame in widened(key, table)}
    said = {name: labels(frame) for name, frame in frames.items()}
    if isinstance(result, Result) and result.runs is not None:
        frames[RUNS] = kept.table(result.kept)
        said[RUNS] = labels_of_runs(frames[RUNS], result.scenario, result.state_names)
    if run:
        frames[EVENTS], said[EVENTS] = events(home, run), OF_EVENTS
    frames |= {COLUMNS: columns_of(said), ABOUT: about(result, home)}
    said |= {name: labels(frames[name]) for name in (COLUMNS, ABOUT)}
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=into.parent) as unfinished:
        made = Path(unfinished)
        for one in formats:
            FORMATS[one](frames, said, made, home.resolve().name, getattr(result, "dataset", None))
        return moved(made, into, force)


def moved(made: Path, into: Path, force: bool) -> list[Path]:
    """Put the files into their folder, none where one of them is there already."""
    files = [into / file.name for file in sorted(made.iterdir(), key=lambda f: f.stat().st_mtime_ns)]
    if there := [f for f in files if f.exists() and not force]:
        raise InputError(Problem(str(f), "", "is there already", "allowed: another `out`, or `force`") for f in there)
    try:
        into.mkdir(parents=True, exist_ok=True)
        for file in files:
            os.replace(made / file.name, file)
    except OSError as error:
        raise InputError([Problem(str(into), "out", f"cannot be written ({error.strerror})")]) from None
    return files


# ---------------------------------------------------------------------------------------------------- the tables


def plain(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Columns of numbers, dates and texts, with the unit of each row's outcome beside it."""
    frame = frame.reset_index(drop=True)
    for name, column in frame.items():
        if column.dtype == bool:
            frame[name] = column.astype("int8")
        elif not np.issubdtype(_kind(column), np.number) and not np.issubdtype(_kind(column), np.datetime64):
            frame[name] = [_text(x) for x in column]
    if _has_outcomes(frame):
        units = ["1" if OUTCOMES[name].probability else OUTCOMES[name].unit for name in frame.outcome]
        frame.insert(list(frame).index("outcome") + 1, "unit", units)
    return frame


def named(frame: "pd.DataFrame", result: Results) -> "pd.DataFrame":
    """With states' names beside their codes, and the alliance's where the code is empty."""
    alliance, _ = result.alliance_and_leader
    full = {"": alliance, **result.state_names}
    for code in [c for c in CODES if c in frame and not (c == "state" and "name" in frame)]:
        frame.insert(list(frame).index(code) + 1, f"{code}_name", [full.get(x, x) for x in frame[code]])
    return frame


def events(home: Path, runs: Sequence[int]) -> "pd.DataFrame":
    """What happened in some runs of a folder, by date."""
    import pandas as pd

    found = pd.concat([replay(home, k).table.assign(run=k) for k in dict.fromkeys(runs)], ignore_index=True)
    return found.assign(date=pd.to_datetime(found.date))[list(OF_EVENTS)]


def about(result: Results, home: Path) -> "pd.DataFrame":
    """What was run: title, alliance and leader, and how to do it again."""
    import pandas as pd

    contents = contents_of(home) or {}
    alliance, leader = result.alliance_and_leader
    what = {"Title": str(contents["title"]), "Kind": str(contents["kind"]), "Alliance": alliance, "Leader": leader}
    rows = {**{k: v for k, v in what.items() if v}, **again(provenance_of(home) or {}, contents)}
    return pd.DataFrame({"what": list(rows), "said": list(rows.values())})


def _kind(column: "pd.Series[Any]") -> "np.dtype[Any]":
    return column.dtype if isinstance(column.dtype, np.dtype) else np.dtype(object)


def _text(x: object) -> str:
    return "" if x is None or x != x else str(x)


def _has_outcomes(frame: "pd.DataFrame") -> bool:
    return "outcome" in frame and len(frame) > 0 and set(frame.outcome) <= OUTCOMES.keys()


def widened(name: str, frame: "pd.DataFrame") -> "Iterator[tuple[str, pd.DataFrame]]":
    """The table with a column for each outcome and statistic; what is the alliance's apart from what is of members."""
    numbers = [c for c in frame.select_dtypes("number") if c not in ("horizon_years", "point")]
    keys = [c for c in frame if c not in (*numbers, "outcome", "unit")]
    of_state = ("member", "member_name")
    if not _has_outcomes(frame) or frame.duplicated([*keys, "outcome"]).any():
        yield name, frame
        return
    of_alliance = frame.member == "" if "member" in keys else None
    if of_alliance is None or of_alliance.all() or not of_alliance.any():
        yield name, _pivoted(frame, keys, numbers)
        return
    yield name, _pivoted(frame[~of_alliance], keys, numbers)
    yield f"{name}_alliance", _pivoted(frame[of_alliance], [k for k in keys if k not in of_state], numbers)


def _pivoted(frame: "pd.DataFrame", keys: list[str], numbers: list[str]) -> "pd.DataFrame":
    outcomes = list(dict.fromkeys(frame.outcome))
    wide = frame.pivot(index=keys, columns="outcome", values=numbers)
    wide = wide.reindex(frame.set_index(keys).index.unique())[[(n, o) for o in outcomes for n in numbers]]
    wide.columns = [variable(outcome, number) for number, outcome in wide.columns]
    return wide.reset_index()


def columns_of(said: Labels) -> "pd.DataFrame":
    """What each column of each table is."""
    import pandas as pd

    rows = [(table, c, *label) for table, columns in said.items() for c, label in columns.items()]
    return pd.DataFrame(rows, columns=["table", "column", "label", "unit"])


# ----------------------------------------------------------------------------------------------------- the files


def _texts(frame: "pd.DataFrame") -> list[str]:
    return [c for c in frame if _kind(frame[c]).kind == "O"]


def _csv(frames: "Frames", said: Labels, into: Path, *_: object) -> None:
    """Every digit, so that the same numbers are read back; no text begins a formula."""
    for name, frame in frames.items():
        frame.assign(**{c: frame[c].map(guarded) for c in _texts(frame)}).to_csv(
            into / f"{name}.csv", index=False, lineterminator="\n"
        )


def _xlsx(frames: "Frames", said: Labels, into: Path, name: str, *_: object) -> None:
    """A sheet a table. Raises InputError where openpyxl is not there, or a table is longer than a sheet."""
    import pandas as pd

    try:
        import openpyxl
    except ModuleNotFoundError:
        required = f"required: {extra('tables')}"
        raise InputError([Problem("format", "", "xlsx without openpyxl", required)]) from None
    assert openpyxl.__version__
    if long := [table for table, frame in frames.items() if len(frame) >= ROWS]:
        says = f"{len(frames[long[0]]):,} rows in {long[0]}, a sheet has {ROWS - 1:,} below its head"
        raise InputError([Problem("format", "", says, "allowed: csv, stata, netcdf")])
    with pd.ExcelWriter(into / f"{name}.xlsx", engine="openpyxl") as book:
        for table, frame in frames.items():
            _spelt(frame).to_excel(book, sheet_name=table[:31], index=False, freeze_panes=(1, 0))
            for cell in (cell for row in book.sheets[table[:31]].iter_rows(min_row=2) for cell in row):
                if cell.data_type == "f":
                    cell.data_type = "s"  # a text that begins like a formula


ROWS = 2**20
"""Of a sheet."""


def _spelt(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Dates before a spreadsheet's calendar begins as text."""
    early = [c for c in frame.select_dtypes("datetime") if (frame[c] < EARLIEST).any()]
    return frame.assign(**{c: frame[c].dt.strftime("%Y-%m-%d") for c in early})


_OWN = (
    "aggregate array boolean break byte case catch class colvector complex const continue default delegate delete do "
    "double else eltypedef end enum explicit export external float for friend function global goto if in inline int "
    "local long mata matrix namespace new null numeric NULL operator orgtypedef pointer polymorphic pragma private "
    "protected public quad real return rowvector scalar short signed static strL string struct super switch template "
    "this throw transmorphic try typedef typename union unsigned using vector version virtual void volatile while with "
    "_all _b _coef _cons _n _N _pi _pred _rc _se _skip"
)
RESERVED = frozenset(_OWN.split())
"""Words of Stata that are no names of variables, as its manual lists them."""


def stata_names(columns: list[str]) -> dict[str, str]:
    """Names that Stata allows: letters, digits and _, no digit first, no word of its own, 32 at most, each once."""
    found: dict[str, str] = {}
    for column in columns:
        name = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in column)
        name = f"_{name}" if name[:1].isdigit() or not name or name in RESERVED else name
        short, k = name[:LONGEST_NAME], 1
        while short in found.values():
            k += 1
            short = f"{name[: LONGEST_NAME - len(str(k)) - 1]}_{k}"
        found[column] = short
    return found


def _stata(frames: "Frames", said: Labels, into: Path, *_: object) -> None:
    """A file a table; what is infinite is missing, as Stata knows no infinity."""
    for name, frame in frames.items():
        names = stata_names(list(frame))
        renamed = frame.rename(columns=names).replace([np.inf, -np.inf], np.nan)
        days = renamed.select_dtypes("datetime").columns
        long = [c for c in _texts(renamed) if renamed[c].str.len().max() > LONGEST_LABEL]
        renamed.to_stata(
            into / f"{name}.dta",
            write_index=False,
            version=118,
            convert_dates=dict.fromkeys(days, "td"),
            convert_strl=long,
            variable_labels={names[c]: _cut(str(label)) for c, label in said[name].items()},
        )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"


def _netcdf(frames: "Frames", said: Labels, into: Path, name: str, dataset: Any) -> None:
    """A group for each table; at the root the labelled dataset, where the result has one."""
    import xarray as xr

    file = into / f"{name}.nc"
    root = xr.Dataset() if dataset is None else dataset.assign_attrs(_in_words(dataset.attrs))
    root.to_netcdf(file, engine="h5netcdf")
    for table, frame in frames.items():
        along = "row" if "row" not in frame else "line"
        found = {c: (along, frame[c].to_numpy(), _attributes(label)) for c, label in said[table].items()}
        xr.Dataset(found).to_netcdf(file, mode="a", group=f"tables/{table}", engine="h5netcdf")


def _in_words(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Attributes that NetCDF has no type for, as JSON."""
    return {k: json.dumps(v) for k, v in attributes.items() if v is None or isinstance(v, Mapping)}


def _attributes(said: Label) -> dict[str, str]:
    words, unit = said
    return {"long_name": words} | ({"units": unit} if unit else {})


FORMATS: "dict[str, Callable[[Frames, Labels, Path, str, Any], None]]" = {
    "csv": _csv,
    "xlsx": _xlsx,
    "stata": _stata,
    "netcdf": _netcdf,
}
"""What tables are written as."""
