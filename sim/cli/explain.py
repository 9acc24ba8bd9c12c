"""`cohesion explain`: where a value comes from."""

from dataclasses import asdict
from typing import Any

from sim.cli import show
from sim.cli.show import Column
from sim.results.explain import Explanation, Knot, explain, grouped
from sim.scenario.load import load


def main(scenario: str, path: str, overrides: dict[str, Any], json: bool) -> None:
    """Explain one value."""
    explanation = explain(load(scenario, overrides), path)
    if json:
        show.print_json(asdict(explanation))
    else:
        print_explanation(explanation)


def print_explanation(e: Explanation) -> None:
    """Path, rule, values over time, sources."""
    show.paragraph((e.path, "bold"), ": ", e.meaning)
    show.paragraph("Rule ", (e.rule, "bold"), ": ", e.rule_says)
    print_values(e, e.knots)
    if e.changed:
        show.paragraph("The run uses:")
        print_values(e, e.used)
    elif e.held:
        show.paragraph(e.held)
    if e.joined:
        show.paragraph(e.joined)
    for cited, quotation, where in grouped(e.sources):
        show.paragraph((cited, "bold"), ": ", quotation, (f" ({where})" if where else "", "dim"))
    if e.note:
        show.paragraph(f"Note: {e.note}")
    if e.later:
        show.paragraph(e.later)
    show.paragraph(f"{e.start}.")


def print_values(e: Explanation, knots: list[Knot]) -> None:
    """The value over time, with a bar to see it by where it lies between 0 and 1."""
    coefficient = not e.used
    columns = [Column("From", left=True), Column("Coded", words=True), Column("Value", left=True)]
    rows = [[k.date or ("" if coefficient else "throughout"), k.coded, k.band] for k in knots]
    if not coefficient:
        columns.append(Column("0         1", left=True))
        rows = [[*row, bar(k.low, k.high)] for row, k in zip(rows, knots, strict=True)]
    show.table(columns, rows)


def bar(low: float, high: float, width: int = 11) -> str:
    """Where the band lies between 0 and 1."""
    first, last = round(low * (width - 1)), round(high * (width - 1))
    return "".join("█" if first <= i <= last else "·" for i in range(width))
