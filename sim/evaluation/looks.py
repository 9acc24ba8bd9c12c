"""How often the held-out years have been looked at: a log beside the calibration file, a row a look.

All studies that score the years which that calibration may leave out share the log. The row is written before anything
is scored, so that whoever reads a score can see how many looks came before it. Looks by way of a calibration inside an
installed package are written to ``results/``, after those that came with it.
"""

import datetime as dt
from pathlib import Path

from sim.errors import InputError, Problem
from sim.scenario.reading import installed, read_csv, shipped
from sim.storage.files import as_csv, as_json, put, read_json

COLUMNS = ("date", "by", "code", "inputs", "what")
NAME, OLD_NAME = ".looks.csv", ".openings.csv"
MARK = ".look"
"""In the folder of a study that looks, until it has what it looked for: one that is killed meanwhile looks once."""


RESULTS = Path("results")


def log_file(calibration: Path) -> Path:
    """The log of looks that belongs to a calibration file."""
    beside = calibration.with_suffix(NAME)
    return RESULTS / beside.name if installed(calibration) else beside


def _begun(file: Path) -> Path:
    """The log, or while there is none in the user's folder the one that came with the package."""
    came = shipped("experiments") / file.name
    return came if file.parent == RESULTS and installed(came) and came.exists() and not file.exists() else file


def read(file: Path) -> list[dict[str, str]]:
    """Every look so far. Raises InputError for a log that is none, and for one that still has its old name."""
    file = _begun(file)
    old = file.with_name(file.name.removesuffix(NAME) + OLD_NAME)
    if old.exists() and not file.exists():
        raise InputError([Problem(str(old), "", "an old name", f"allowed: {file.name}, the same file renamed")])
    if not file.exists():
        return []
    table = read_csv(file)
    if table.columns != COLUMNS:
        found = Problem(f"{file}:1", "", ",".join(table.columns)[:60], f"required: {','.join(COLUMNS)}")
        raise InputError([found, *table.problems])
    if table.problems:
        raise InputError(table.problems)
    return [row.cells for row in table.rows]


def record(file: Path, folder: Path, by: str, code: str | None, inputs: str, what: str) -> int:
    """Write down a look by a command, whose study is in ``folder``; the number of looks with it.

    Raises InputError where it cannot be written.
    """
    before, mark = read(file), read_json(folder / MARK) or {}
    number = int(mark.get("number", 0))
    if 0 < number <= len(before) and before[number - 1] == mark["row"]:
        return number
    number = len(before) + 1
    row = (dt.datetime.now(dt.UTC).date().isoformat(), by, code or "unknown", inputs, what)
    try:
        put(folder / MARK, as_json({"number": number, "row": dict(zip(COLUMNS, row, strict=True))}))
        if file.parent == RESULTS:
            RESULTS.mkdir(exist_ok=True)
        if (begun := _begun(file)) != file:
            file.write_bytes(begun.read_bytes())
        rows = [row] if file.exists() else [COLUMNS, row]
        with file.open("a", encoding="utf-8", newline="") as out:
            out.write(as_csv(rows))
    except OSError as error:
        found = f"cannot be written ({error.strerror}), so the held-out years are not looked at"
        raise InputError([Problem(str(file), "", found, "allowed: a file in a folder of yours")]) from None
    return number
