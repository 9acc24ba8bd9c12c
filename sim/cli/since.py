"""What has happened since the calibration, and how surprising it was, as `run` and `compare` print it."""

from collections.abc import Mapping
from typing import Any

from sim.cli import show
from sim.cli.show import Column
from sim.results.change import percent

MEANING = (
    "Chance, %: of a move that it would have come by then, of an answer that one would be as far or farther from what "
    "was expected, of a quiet time that it would be; each given all that came before"
)


def print_since(scenarios: Mapping[str, Mapping[str, Any]]) -> None:
    """Events of each scenario by its title, with their chances; of those that begin where the calibration ends none."""
    going = {title: said["continued"] for title, said in scenarios.items() if said}
    for title, said in going.items():
        head = f"Since {said['since']}{f', {title}' if len(scenarios) > 1 else ''}"
        rows = [[s["date"], s["words"], percent(s["chance"])] for s in said["surprises"]]
        show.table([Column("By", left=True), Column(head, words=True), Column("Chance, %")], rows)
    if going:
        show.paragraph()
        show.paragraph(". ".join([MEANING, *dict.fromkeys(said["inputs"] for said in going.values()), ""]).rstrip())
    for said in going.values():
        show.remark(said["advice"])
