"""`cohesion run --detail`: conduct, freezes, outsiders, errors, and how much of the uncertainty is the parameters'."""

from collections.abc import Mapping
from typing import Any

from sim.cli import show
from sim.cli.cells import Estimate, interval, mean, split, with_error
from sim.cli.show import Column
from sim.model.outcomes import OUTCOMES, names

MEANING = (
    "± is one Monte Carlo standard error. 90 %: the middle 90 % of the probabilities that the possible coefficients "
    "and coded values give (of cohesion: of all runs). Parameters : chance: how much of the uncertainty about whether "
    "it happens would go if these were known (epistemic), and how much would stay (aleatory), in % of the variance. A "
    "rare event is nearly all chance however little its probability is known: look at its interval."
)


def print_detail(s: dict[str, Any], dates: Mapping[str, str]) -> None:
    """A table of each outcome of all states, one of the alliance, and what they mean."""
    print_conduct(s)
    for outcome in names("event", by_member=True):
        title = f"{OUTCOMES[outcome].column.capitalize()}, %"
        print_estimates(title, {m["name"]: m[outcome] for m in s["members"]}, dates)
    print_estimates("The alliance, %", alliance_events(s), dates)
    print_cohesion(s["alliance"]["cohesion"], dates)
    show.paragraph()
    show.paragraph(MEANING)


def alliance_events(s: dict[str, Any]) -> dict[str, Mapping[str, Estimate]]:
    """What may happen to the alliance: its probabilities by horizon, by what they are of."""
    return {OUTCOMES[name].noun.capitalize(): s["alliance"][name] for name in names("event", by_member=False)}


def print_conduct(s: dict[str, Any]) -> None:
    """Where every state stands when the forecast begins."""
    rows = [[m["name"], f"{m['stance']['mean']:+.2f}", likeliest(m["conduct"])] for m in s["members"]]
    show.table([Column("At the start", left=True), Column("Stance"), Column("Conduct", left=True)], rows)


def likeliest(conduct: Mapping[str, Estimate]) -> str:
    """The likeliest conduct and how likely it is."""
    name, p = max(conduct.items(), key=lambda item: item[1]["mean"])
    return name if p["mean"] > 0.995 else f"{name} {100 * p['mean']:.0f} %"


def print_estimates(title: str, by_name: Mapping[str, Mapping[str, Estimate]], dates: Mapping[str, str]) -> None:
    """Probabilities by each horizon, and at the middle one their interval and its parts."""
    year, columns = middle(title, dates)
    rows = [
        [name, *(with_error(p[y]) for y in dates), interval(p[year]["q05"], p[year]["q95"]), split(p[year])]
        for name, p in by_name.items()
    ]
    show.table(columns, rows)


def print_cohesion(x: Mapping[str, Estimate], dates: Mapping[str, str]) -> None:
    """Cohesion by each horizon, and at the middle one its interval and its parts."""
    year, columns = middle("Cohesion", dates)
    spread = f"{x[year]['q05']:.2f} to {x[year]['q95']:.2f}"
    show.table(columns, [["The alliance", *(mean(x[y]) for y in dates), spread, split(x[year])]])


def middle(title: str, dates: Mapping[str, str]) -> tuple[str, list[Column]]:
    """The middle horizon, and the columns of a table of estimates."""
    year = list(dates)[len(dates) // 2]
    heads = [*dates.values(), f"90 %\n{dates[year]}", "parameters\n: chance"]
    return year, [Column(title, left=True), *map(Column, heads)]
