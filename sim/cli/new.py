"""`cohesion new`: the files of a new alliance, to be coded."""

import shlex
from pathlib import Path

from sim.cli import show
from sim.scenario.scaffold import new


def main(
    name: str, leader: str, members: list[str], start: str, end: str, out: Path, sheet: bool = False, rival: str = ""
) -> None:
    """Write them and say what comes next."""
    files = new(name, leader, members, start, end, out, sheet, rival)
    for file in files:
        show.line(str(file))
    what = f"the rows of {files[-1].name}" if sheet else 'what is marked "?"'
    show.line(f"Next: fill in {what} (docs/coding-guide.md); what is left says:")
    show.line(f"cohesion check {shlex.quote(str(files[0]))}")
