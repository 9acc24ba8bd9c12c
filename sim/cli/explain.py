"""`cohesion explain`: where a value comes from."""

from dataclasses import asdict

from rich.table import Table
from rich.text import Text

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
    console.print(Text.assemble((e.path, "bold"), ": ", e.meaning))
    console.print(Text.assemble("Rule ", (e.rule, "bold"), ": ", e.rule_says))
    console.print(values_table(e))
    for cited, quotation, where in grouped(e.sources):
        console.print(sentence(cited, quotation, where))
    if e.note:
        console.print(Text(f"Note: {e.note}"))


def grouped(sources: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Sources with the same quotation once, all their citations before it."""
    by_words: dict[tuple[str, str], list[str]] = {}
    for source, quotation, where in sources:
        by_words.setdefault((quotation, where), []).append(source)
    return [("; ".join(cited), *words) for words, cited in by_words.items()]


def sentence(cited: str, quotation: str, where: str) -> Text:
    """A source as a line: what is cited, its words, where they are from."""
    text = Text.assemble((cited, "bold"), ": ", quotation)
    return text.append(f" ({where})", "dim") if where else text


def values_table(e: Explanation) -> Table:
    """The value over time, with a bar to see it by."""
    joined = {"linear": "joined linearly", "step": "joined by steps"}.get(e.join, "")
    over_time = any(k.date for k in e.knots)
    table = Table(title=f"Value over time, {joined}" if over_time else "Value", title_justify="left")
    for column in ("From", "Coded", "Value"):
        table.add_column(column)
    table.add_column("0         1" if not e.path.startswith("behaviour") else "")
    for k in e.knots:
        table.add_row(
            k.date or ("" if e.path.startswith("behaviour") else "throughout"),
            k.coded,
            k.band,
            "" if e.path.startswith("behaviour") else bar(k.low, k.high),
        )
    return table


def bar(low: float, high: float, width: int = 11) -> str:
    """Where the band lies between 0 and 1."""
    first, last = round(low * (width - 1)), round(high * (width - 1))
    return "".join("█" if first <= i <= last else "·" for i in range(width))
