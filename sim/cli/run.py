"""`cohesion run`: run a scenario, print its table, write its results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from sim.cli import show, sure
from sim.cli.show import number, percent
from sim.cli.sure import EVENTS, MOVES
from sim.results.run import checked, run
from sim.results.save import save
from sim.scenario.load import load
from sim.scenario.resolved import identity
from sim.storage.files import check_target


def main(
    scenario: str,
    runs: int,
    seed: int,
    engine: str,
    sets: list[str],
    out: Path | None,
    force: bool,
    json: bool,
) -> None:
    """Check everything first, so that nothing is computed in vain."""
    loaded = load(scenario, show.overrides(sets))
    checked(runs, seed, engine)
    folder = out or Path("results") / loaded.name
    check_target(folder, identity(loaded, runs, seed, engine), force)
    with show.progress(runs, f"{loaded.name}: runs") as advance:
        result = run(loaded, runs, seed, engine, progress=advance)
    save(result, folder)
    if json:
        show.print_json({**result.summary(), "out": str(folder)})
    else:
        print_summary(result.summary())
    show.err().print(f"Written to {folder}/ (tables, dataset, figures); took {result.provenance['seconds']:.1f} s.")


def print_summary(s: dict[str, Any]) -> None:
    """The table that a run prints."""
    console = show.out()
    years = list(s["members"][0]["exit"])
    head = f"{s['runs']:,} runs, seed {s['seed']}, from {s['start']}; ± is one Monte Carlo standard error"
    console.print(f"[bold]{s['title']}[/bold]: {head}")
    show.print_fitting(console, lambda outcomes: members_table(s, years, outcomes), MOVES)
    console.print(alliance_table(s, years))
    sure.print_sure(console, s, years[len(years) // 2])


def members_table(s: dict[str, Any], years: list[str], outcomes: Sequence[str]) -> Table:
    """Stance, conduct, freeze and exit of every state."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), title_justify="left")
    table.add_column("State", no_wrap=True)
    table.add_column("Stance\nnow", justify="right", no_wrap=True)
    table.add_column("Conduct\nnow", no_wrap=True)
    for outcome in outcomes:
        for y in years:
            table.add_column(f"{MOVES[outcome]}\nby year {y}", justify="right", no_wrap=True)
    for m in s["members"]:
        cells = [percent(m[outcome][y]) for outcome in outcomes for y in years]
        table.add_row(m["name"], f"{m['stance']['mean']:+.2f}", conduct(m["conduct"]), *cells)
    return table


def conduct(rungs: dict[str, dict[str, float]]) -> str:
    """The likeliest rung and how likely it is."""
    rung, p = max(rungs.items(), key=lambda item: item[1]["mean"])
    return rung if p["mean"] > 0.995 else f"{rung} {100 * p['mean']:.0f}%"


def alliance_table(s: dict[str, Any], years: list[str]) -> Table:
    """Cohesion, any exit, two or more, dissolution."""
    a = s["alliance"]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("The alliance", no_wrap=True)
    table.add_column("now", justify="right", no_wrap=True)
    for y in years:
        table.add_column(f"by year {y}", justify="right", no_wrap=True)
    cohesion = a["cohesion"]
    table.add_row(
        "Cohesion, 0 to 1",
        *(number(cohesion[k]) for k in ("now", *years)),
    )
    for name, label in EVENTS.items():
        table.add_row(label, "", *(percent(a[name][y]) for y in years))
    return table
