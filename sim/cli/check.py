"""`cohesion check`: everything that is wrong with scenario files."""

from sim.cli import show
from sim.errors import InputError
from sim.scenario.load import load


def main(files: list[str], json: bool) -> None:
    """Check all files before giving up."""
    fine, problems = [], []
    for file in files:
        try:
            fine.append(load(file))
        except InputError as error:
            problems += error.problems
    if json:
        show.print_json({"ok": [s.name for s in fine], "problems": [vars(p) for p in problems]})
        if problems:
            raise SystemExit(2)
        return
    for scenario in fine:
        time = scenario.tables.time
        print(f"{scenario.file}: fine ({len(scenario.members)} states, {time.start} to {time.end} by {time.step})")
    if problems:
        raise InputError(problems)
