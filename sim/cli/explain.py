"""`cohesion explain`: where a value comes from."""

from dataclasses import asdict

from rich.table import Table

from sim.cli import show
from sim.scenario.explain import Explanation, explain
from sim.scenario.load import load


def main(scenario: str, path: str, sets: list[str], json: bool) -> None:
    """Explain one value."""
    explanation = explain(load(scenario, show.overrides(sets)), path)
    if json:
        show.print_json(asdict(explanation))
    else:
        print_explanation(explanation)


def print_explanation(e: Explanation) -> None:
    """Path, rule, values over time, sources."""
    console = show.out()
    console.print(f"[bold]{e.path}[/bold]: {e.meaning}")
    console.print(f"Rule [bold]{e.rule}[/bold]: {e.rule_says}")
    console.print(values_table(e))
    for source, quotation, where in e.sources:
        console.print(f"[bold]{source}[/bold]  {quotation}" + (f"  [dim]{where}[/dim]" if where else ""), markup=True)
    if e.note:
        console.print(f"Note: {e.note}")


def values_table(e: Explanation) -> Table:
    """The value over time, with a bar to see it by."""
    joined = {"linear": "joined linearly", "step": "joined by steps"}.get(e.join, "")
    over_time = len(e.knots) > 1
    table = Table(title=f"Value over time, {joined}" if over_time else "Value", title_justify="left")
    for column in ("From", "Coded", "Value"):
        table.add_column(column)
    table.add_column("0         1" if not e.path.startswith("behaviour") else "")
    for k in e.knots:
        value = f"{k.low:.3g}" if k.low == k.high else f"{k.low:.3g} to {k.high:.3g}"
        table.add_row(k.date or "throughout", k.coded, value, "" if e.path.startswith("behaviour") else bar(k.low, k.high))
    return table


def bar(low: float, high: float, width: int = 11) -> str:
    """Where the band lies between 0 and 1."""
    first, last = round(low * (width - 1)), round(high * (width - 1))
    return "".join("█" if first <= i <= last else "·" for i in range(width))
