"""What has happened since the calibration, and how surprising it was, as `run` and `compare` print it."""

from collections.abc import Iterator, Mapping
from typing import Any

from sim.errors import plural
from sim.model.outcomes import percent
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, remark

CHANCE, GIVEN = "This or farther, %", "given"
MEANING = (
    "This or farther, %: the chance, given all that came before, of a move that it would have come by then, of a quiet "
    "time that it would be, of an answer that it would be as far or farther from what was expected (so >99 is what was "
    "expected, and no certainty of it). Given: weighs no draw"
)


def events_since(scenarios: Mapping[str, Mapping[str, Any]]) -> Iterator[Block]:
    """Events of each scenario by its title, with their chances; of those that begin where the calibration ends none."""
    going = {title: said["continued"] for title, said in scenarios.items() if said}
    rows: list[list[Part]] = []
    for title, said in going.items():
        if len(scenarios) > 1:
            left = f"{said['effective']:,.0f} of {plural(said['draws'], 'draw')} left effective"
            rows.append([(title, "bold"), "", left, ""])
        rows += [["", s["date"], s["words"], chance(s["chance"])] for s in said["surprises"]]
    if going:
        (since,) = {said["since"] for said in going.values()}
        heads = [Column("Scenario", left=True), Column("By", left=True)]
        columns = [*heads, Column(f"Since {since}", words=True), Column(CHANCE)]
        own = slice(0 if len(scenarios) > 1 else 1, None)
        yield Table(columns[own], [row[own] for row in rows])
        yield Paragraph()
        yield Paragraph(". ".join([MEANING, *dict.fromkeys(said["inputs"] for said in going.values()), ""]).rstrip())
    for advice in dict.fromkeys(said["advice"] for said in going.values()):
        yield from remark(advice)


def chance(p: float | None) -> str:
    """A chance in percent, or that what happened is given."""
    return GIVEN if p is None else percent(p)
