"""How often the held-out years have been looked at: a log beside the calibration file, a row a look.

All studies that score the years which that calibration may leave out share the log. Every look teaches something
about the years that the model is meant to forecast; whoever reads a score must be able to see how many came before it.
The row is written before anything is scored.
"""

import csv
import datetime as dt
import io
from pathlib import Path

from sim.errors import InputError, Problem

COLUMNS = ("date", "by", "code", "inputs", "what")
NAME, OLD_NAME = ".looks.csv", ".openings.csv"


def log_file(calibration: Path) -> Path:
    """The log of looks that belongs to a calibration file."""
    return calibration.with_suffix(NAME)


def read(file: Path) -> list[dict[str, str]]:
    """Every look so far. Raises InputError for a log that is none, and for one that still has its old name."""
    old = file.with_name(file.name.removesuffix(NAME) + OLD_NAME)
    if old.exists() and not file.exists():
        raise InputError([Problem(str(old), "", "an old name", f"allowed: {file.name}, the same file renamed")])
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
    """Write down a look by a command; the number of looks with it. Raises InputError where it cannot be written."""
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
        found = f"cannot be written ({error.strerror}), so the held-out years are not looked at"
        raise InputError([Problem(str(file), "", found, "allowed: a file in a folder of yours")]) from None
    return number
