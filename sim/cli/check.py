"""`cohesion check`: everything that is wrong with scenario files, and what may not be meant."""

from pathlib import Path

from sim.cli import show
from sim.errors import InputError, plural
from sim.scenario.load import Scenario, load
from sim.scenario.reading import REGISTRY
from sim.scenario.warnings import check, coded, warnings


def main(files: list[str], json: bool) -> None:
    """Check all files before giving up."""
    by_file = {file: check(file) for file in files}
    found = [problem for its in by_file.values() for problem in its]
    problems = [p for p in found if not p.warning]
    fine = [file for file, its in by_file.items() if all(p.warning for p in its)]
    counts = {file: _coded(file) for file, its in by_file.items() if its and Path(file).name != REGISTRY}
    short = {file: list(count) for file, count in counts.items() if count[0] < count[1]}
    if json:
        warned = [vars(p) for p in found if p.warning]
        out = {"fine": fine, "coded": short, "warnings": warned, "problems": [vars(p) for p in problems]}
        show.print_json(out)
        raise SystemExit(2 if problems else 0)
    for file, its in by_file.items():
        if file in fine:
            show.line(f"{file}: fine" + (f", {_number(len(its))}" if its else ""))
        if file in short:
            show.line("{}: {} of {} inputs and memberships coded".format(file, *short[file]))
        for warning in its if file in fine else ():
            show.line(f"warning: {warning}")
    if problems:
        raise InputError(problems)


def brief(*scenarios: Scenario) -> None:
    """On standard error how many warnings the files of scenarios get, and the command that lists them."""
    files = {s.file: s for s in scenarios}
    for file, scenario in files.items():
        posterior = scenario.tables.posterior
        changed = scenario.overrides or (posterior and posterior.continued)  # weighed, it is conditioned on more
        own = {k: v for k, v in scenario.overrides.items() if k == "posterior"}  # the file's may not be of this model
        if number := len(warnings(load(file, own) if changed else scenario)):
            show.notice(f"{_number(number)}: cohesion check {file}")


def _coded(file: str) -> tuple[int, int]:
    """How much of a file is coded; nothing of none where it cannot be read."""
    try:
        return coded(file)
    except InputError:
        return 0, 0


def _number(warnings: int) -> str:
    return plural(warnings, "warning")
