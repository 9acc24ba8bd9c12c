"""How often the held-out part has been looked at: a table beside the calibration file, a row an opening.

All studies that open the years which that calibration may leave out share the table. Every look teaches something
about the years that the model is meant to foretell; whoever reads a score must be able to see how many came before it.
The row is written before anything is scored.
"""

import csv
import datetime as dt
import io
from pathlib import Path

from sim.errors import InputError, Problem

COLUMNS = ("date", "by", "code", "inputs", "what")


def table_of(calibration: Path) -> Path:
    """The table of openings of a calibration file."""
    return calibration.with_suffix(".openings.csv")


def read(file: Path) -> list[dict[str, str]]:
    """Every opening so far. Raises InputError for a table that is none."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        raise InputError([Problem(str(file), "", "cannot be read", "allowed: a CSV table")]) from None
    rows = csv.DictReader(io.StringIO(text))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise InputError([Problem(f"{file}:1", "", text.partition("\n")[0][:60], f"required: {','.join(COLUMNS)}")])
    return list(rows)


def record(file: Path, by: str, code: str, inputs: str, what: str) -> int:
    """Write down an opening by a command; which one it is. Raises InputError where it cannot be written."""
    number = len(read(file)) + 1
    row = (dt.datetime.now(dt.UTC).date().isoformat(), by, code, inputs, what)
    try:
        fresh = not file.exists()
        with file.open("a", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            if fresh:
                writer.writerow(COLUMNS)
            writer.writerow(row)
    except OSError as error:
        found = f"cannot be written ({error.strerror}), so the held-out part is not opened"
        raise InputError([Problem(str(file), "", found, "allowed: a file in a folder of yours")]) from None
    return number
