"""`cohesion sheet`: what a scenario codes, as a table for coders."""

from pathlib import Path

from sim.cli import show
from sim.scenario.scaffold import sheet


def main(scenario: str, out: Path | None, blank: bool) -> None:
    """Write it and say where."""
    show.line(str(sheet(scenario, out, blank)))
