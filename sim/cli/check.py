"""`cohesion check`: everything that is wrong with scenario files."""

from sim.cli import show
from sim.errors import InputError
from sim.scenario.check import check


def main(files: list[str], json: bool) -> None:
    """Check all files before giving up."""
    found = {file: check(file) for file in files}
    problems = [p for of_file in found.values() for p in of_file]
    if json:
        fine = [file for file, of_file in found.items() if not of_file]
        show.print_json({"fine": fine, "problems": [vars(p) for p in problems]})
        raise SystemExit(2 if problems else 0)
    for file, of_file in found.items():
        if not of_file:
            print(f"{file}: fine")
    if problems:
        raise InputError(problems)
