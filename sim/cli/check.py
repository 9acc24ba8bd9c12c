"""`cohesion check`: everything that is wrong with scenario files, and what may not be meant."""

from pathlib import Path

from sim.cli import show
from sim.errors import InputError
from sim.scenario.load import check, load
from sim.scenario.reading import REGISTRY
from sim.scenario.warnings import warnings


def main(files: list[str], json: bool) -> None:
    """Check all files before giving up."""
    by_file = {file: check(file) for file in files}
    problems = [problem for its in by_file.values() for problem in its]
    fine = [file for file, its in by_file.items() if not its]
    warned = {file: [] if Path(file).name == REGISTRY else warnings(load(file)) for file in fine}
    if json:
        found = [vars(w) for its in warned.values() for w in its]
        show.print_json({"fine": fine, "warnings": found, "problems": [vars(p) for p in problems]})
        raise SystemExit(2 if problems else 0)
    for file, its in warned.items():
        show.line(f"{file}: fine" + (f", {len(its)} warning{'s' * (len(its) > 1)}" if its else ""))
        for warning in its:
            show.line(f"warning: {warning}")
    if problems:
        raise InputError(problems)
