"""`cohesion run`: run a scenario, print its table, write its results."""

from pathlib import Path
from typing import Any

from rich.table import Table

from sim.cli import show
from sim.outcomes.run import checked, run
from sim.outcomes.save import check_target, save
from sim.scenario.load import load


def main(
    scenario: str, runs: int, seed: int, engine: str, sets: list[str], out: Path | None,
    force: bool, json: bool,
) -> None:  # fmt: skip
    """Check everything first, so that nothing is computed in vain."""
    loaded = load(scenario, show.overrides(sets))
    checked(runs, seed, engine)
    folder = out or Path("results") / loaded.name
    same = {
        "scenario": loaded.name, "runs": runs, "seed": seed, "engine": engine,
        "overrides": {k: str(v) for k, v in loaded.overrides.items()},
    }  # fmt: skip
    check_target(folder, same, force)
    with show.progress(runs, f"{loaded.name}: runs") as advance:
        result = run(loaded, runs, seed, engine, progress=advance)
    save(result, folder)
    if json:
        show.print_json({**result.summary(), "out": str(folder)})
    else:
        print_summary(result.summary())
    show.err().print(f"Written to {folder}/ (tables, dataset, figures); took {result.provenance['seconds']:.1f} s.")


def percent(p: dict[str, float]) -> str:
    """A probability with its Monte Carlo standard error, as precise as that error allows."""
    value, error = 100 * p["probability"], 100 * p["mcse"]
    if value < 0.05 and error < 0.05:
        return "< 0.05"
    return f"{value:.1f} ± {error:.1f}"


def number(x: dict[str, float]) -> str:
    """A mean with its Monte Carlo standard error."""
    return f"{x['mean']:.2f} ± {x['mcse']:.2f}"


def print_summary(s: dict[str, Any]) -> None:
    """The table that a run prints."""
    console = show.out()
    years = list(s["members"][0]["exit"])
    console.print(f"[bold]{s['title']}[/bold]  {s['runs']:,} runs, seed {s['seed']}; ± is one Monte Carlo standard error")
    console.print(members_table(s, years))
    console.print(alliance_table(s, years))


def members_table(s: dict[str, Any], years: list[str]) -> Table:
    """Stance, conduct, freeze and exit of every state."""
    table = Table(title=f"States at the start ({s['start']}) and their probabilities of freezing and leaving, in %", title_justify="left")
    table.add_column("State")
    table.add_column("Stance", justify="right")
    table.add_column("Conduct at the start")
    for outcome in ("Frozen", "Left"):
        for y in years:
            table.add_column(f"{outcome} in\n{y} years", justify="right")
    for m in s["members"]:
        cells = [percent(m[outcome][y]) for outcome in ("freeze", "exit") for y in years]
        table.add_row(m["name"], f"{m['stance']['mean']:+.2f}", conduct(m["conduct"]), *cells)
    return table


def conduct(rungs: dict[str, dict[str, float]]) -> str:
    """The likeliest rung and how likely it is."""
    rung, p = max(rungs.items(), key=lambda item: item[1]["mean"])
    return rung if p["mean"] > 0.995 else f"{rung} {100 * p['mean']:.0f} %"


def alliance_table(s: dict[str, Any], years: list[str]) -> Table:
    """Cohesion, any exit, two or more, dissolution."""
    a = s["alliance"]
    table = Table(title="The alliance: probabilities in %, cohesion from 0 to 1", title_justify="left")
    table.add_column("")
    for y in years:
        table.add_column(f"in {y} years", justify="right")
    for name, label in (("any_exit", "At least one state has left"), ("two_exits", "Two or more have left"), ("dissolution", "The alliance is dissolved")):
        table.add_row(label, *(percent(a[name][y]) for y in years))
    table.caption = f"Cohesion {number(a['cohesion']['start'])} at the start, {number(a['cohesion']['end'])} at the end"
    table.caption_justify = "left"
    return table
