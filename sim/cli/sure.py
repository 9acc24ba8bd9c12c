"""How sure an outlook is: intervals over the parameters, and what of the uncertainty is theirs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from sim.cli.show import number, percent, print_fitting

if TYPE_CHECKING:
    from rich.console import Console

MOVES = {"freeze": "% frozen", "exit": "% left"}
EVENTS = {
    "any_exit": "% of any exit",
    "two_exits": "% of two or more exits",
    "dissolution": "% of dissolution",
}
COLUMNS = ("90 % over\nparameters", "parameters :\nchance, %")
MEANING = (
    "90 % over parameters: the middle 90 % of the probabilities that the possible coefficients and coded values "
    "give (of cohesion: of all runs). Parameters : chance: how much of the uncertainty about whether it happens "
    "would go if these were known (epistemic), and how much would stay (aleatory); shares of variance. A rare "
    "event is nearly all chance however little its probability is known: look at its interval."
)
HARDLY = 0.0005
"""No split is shown of what has a smaller probability, or lacks less of certainty."""


def print_sure(console: "Console", s: dict[str, Any], year: str) -> None:
    """The tables of one horizon, and what they mean."""
    console.print(f"[bold]How sure?[/bold] By year {year}:")
    print_fitting(console, lambda outcomes: members_table(s, year, outcomes), MOVES)
    console.print(alliance_table(s, year))
    console.print(MEANING)


def members_table(s: dict[str, Any], year: str, outcomes: Sequence[str]) -> Table:
    """Freeze and exit of every state."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("State", no_wrap=True)
    for outcome in outcomes:
        for head in (f"{MOVES[outcome]}\nby year {year}", *COLUMNS):
            table.add_column(head, justify="right", no_wrap=True)
    for m in s["members"]:
        table.add_row(m["name"], *(cell for outcome in outcomes for cell in cells(m[outcome][year])))
    return table


def alliance_table(s: dict[str, Any], year: str) -> Table:
    """Cohesion, any exit, two or more, dissolution."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("The alliance", no_wrap=True)
    for head in (f"by year {year}", *COLUMNS):
        table.add_column(head, justify="right", no_wrap=True, vertical="bottom")
    a = s["alliance"]
    cohesion = a["cohesion"][year]
    runs = f"{cohesion['q05']:.2f} to {cohesion['q95']:.2f} of runs"
    table.add_row("Cohesion, 0 to 1", number(cohesion), runs, split(cohesion))
    for name, label in EVENTS.items():
        table.add_row(label, *cells(a[name][year]))
    return table


def cells(p: dict[str, float]) -> list[str]:
    """A probability, its interval and its split."""
    told = HARDLY <= p["probability"] <= 1 - HARDLY
    return [percent(p), interval(p["q05"], p["q95"]), split(p) if told else ""]


def interval(low: float, high: float) -> str:
    """Two probabilities in percent, never a false 0 or 100."""
    ends = [_percent(low), _percent(high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _percent(p: float) -> str:
    value = 100 * p
    if value < 0.05:
        return "<0.1"
    if value > 99:
        return ">99"
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def split(x: dict[str, float]) -> str:
    """The parts of parameters and chance in percent; empty where nothing varies."""
    share, error = 100 * x["parameter_share"], 100 * x["share_mcse"]
    if share != share:
        return ""
    return f"{share:.0f}±{f'{error:.0f}' if error >= 0.5 else '<1'} : {100 - share:.0f}"
