"""`cohesion check`: everything that is wrong with scenario files."""

from sim.cli import show
from sim.errors import InputError
from sim.scenario.load import check


def main(files: list[str], json: bool) -> None:
    """Check all files before giving up."""
    by_file = {file: check(file) for file in files}
    problems = [problem for its in by_file.values() for problem in its]
    fine = [file for file, its in by_file.items() if not its]
    if json:
        show.print_json({"fine": fine, "problems": [vars(p) for p in problems]})
        raise SystemExit(2 if problems else 0)
    for file in fine:
        show.line(f"{file}: fine")
    if problems:
        raise InputError(problems)
