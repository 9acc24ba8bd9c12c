"""`cohesion status`: how far a sweep is."""

from pathlib import Path

from sim.cli import show
from sim.studies.status import status


def main(folder: Path, json: bool) -> None:
    """Print it."""
    s = status(folder)
    if json:
        show.print_json(s.as_dict())
        return
    console = show.out()
    console.print(f"[bold]{s.title}[/bold]: {s.state}")
    console.print(f"{s.done:,} of {s.total:,} points done ({s.done / s.total:.0%}), {s.failed:,} failed")
    if s.largest_mcse == s.largest_mcse:
        console.print(f"largest Monte Carlo standard error so far {s.largest_mcse:.4f}")
    if s.state == "running" and s.rate == s.rate:
        console.print(f"{s.rate:,.1f} points a second, about {s.left / 60:,.1f} minutes left")
