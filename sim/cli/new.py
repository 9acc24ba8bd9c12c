"""`cohesion new`: the files of a new alliance, to be coded."""

import shlex
from pathlib import Path

from sim.cli import show
from sim.scenario.scaffold import new


def main(name: str, leader: str, members: list[str], start: str, end: str, out: Path) -> None:
    """Write them and say what comes next."""
    files = new(name, leader, members, start, end, out)
    for file in files:
        show.line(str(file))
    show.line('Next: fill in what is marked "?" (docs/coding-guide.md); what is left says:')
    show.line(f"cohesion check {shlex.quote(str(files[0]))}")
