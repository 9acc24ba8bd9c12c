"""`cohesion run --detail`: conduct, freezes, outsiders, errors, and how much of the uncertainty is the parameters'."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sim.model.membership import FROZEN
from sim.model.outcomes import OUTCOMES, in_column, interval, names
from sim.reports.blocks import Block, Column, Paragraph, Table
from sim.reports.cells import Estimate, mean, split, with_error
from sim.results.change import span

MEANING = (
    "± is one Monte Carlo standard error; < stands before the upper end of the 95 % interval where so few runs say no "
    "more. 90 %: the middle 90 % of the probabilities that the possible coefficients, coded values and inputs to come "
    "give (of cohesion: of all runs). Parameters : inputs : chance: how much of the uncertainty about whether it "
    "happens would go if coefficients and coded values were known (epistemic), if inputs to come were, and how much "
    "would stay (aleatory), in % of the variance. A rare event is nearly all chance however little its probability is "
    "known: look at its interval."
)


def detail(s: dict[str, Any], dates: Mapping[str, str]) -> Iterator[Block]:
    """A table of each outcome of all states, one of the alliance, and what they mean."""
    yield from conduct(s)
    for outcome in names("event", by_member=True):
        title = f"{OUTCOMES[outcome].column.capitalize()}, %"
        able = [m for m in s["members"] if m["conduct"]["frozen"]["mean"] < 0.5 or OUTCOMES[outcome].open_to(FROZEN)]
        yield from estimates(title, {m["name"]: m[outcome] for m in able}, dates)
    yield from estimates("The alliance, %", alliance_events(s), dates)
    yield from estimates("Cohesion", {"The alliance": s["alliance"]["cohesion"]}, dates, mean, span)
    yield Paragraph()
    yield Paragraph(MEANING)


def alliance_events(s: dict[str, Any]) -> dict[str, Mapping[str, Estimate]]:
    """What may happen to the alliance: its probabilities by horizon, by what they are of."""
    return {OUTCOMES[name].noun.capitalize(): s["alliance"][name] for name in names("event", by_member=False)}


def conduct(s: dict[str, Any]) -> Iterator[Block]:
    """Where every state stands when the forecast begins."""
    rows = [[m["name"], in_column(m["stance"]["mean"]), likeliest(m["conduct"])] for m in s["members"]]
    yield Table([Column("At the start", left=True), Column("Stance"), Column("Conduct", left=True)], rows)


def likeliest(conduct: Mapping[str, Estimate]) -> str:
    """The likeliest conduct and how likely it is."""
    name, p = max(conduct.items(), key=lambda item: item[1]["mean"])
    return name if p["mean"] > 0.995 else f"{name} {100 * p['mean']:.0f} %"


def estimates(
    title: str,
    by_name: Mapping[str, Mapping[str, Estimate]],
    dates: Mapping[str, str],
    value: Callable[[Estimate], str] = with_error,
    spread: Callable[[float, float], str] = interval,
) -> Iterator[Block]:
    """Estimates by each horizon, and at the middle one their interval and its parts."""
    year = list(dates)[len(dates) // 2]
    three = any(x[year]["input_share"] == x[year]["input_share"] for x in by_name.values())
    heads = [*dates.values(), f"90 %\n{dates[year]}", f"parameters\n{': inputs ' * three}: chance"]
    rows = [
        [name, *(value(x[y]) for y in dates), spread(x[year]["q05"], x[year]["q95"]), split(x[year])]
        for name, x in by_name.items()
    ]
    yield Table([Column(title, left=True), *map(Column, heads)], rows)
