"""`cohesion compare`: differences between scenarios on the same luck."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from sim.cli import show
from sim.errors import InputError
from sim.results.comparison import Comparison, comparable, compare, identity, save
from sim.scenario.load import Scenario, load
from sim.storage.files import check_target

if TYPE_CHECKING:
    import pandas as pd

SHOWN = {"any_exit": "any exit", "dissolution": "dissolution", "cohesion": "cohesion"}


def main(
    scenario: str,
    others: list[str],
    runs: int,
    seed: int,
    sets: list[str],
    out: Path | None,
    force: bool,
    json: bool,
) -> None:
    """Load everything, compare, print and write."""
    loaded, problems = [], []
    for name in (scenario, *others):
        try:
            loaded.append(load(name, show.overrides(sets)))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    base, *rest = loaded
    comparable(base, rest)
    folder = out or Path("results") / f"compare-{base.name}"
    check_target(folder, identity(base, rest, runs, seed), force)
    with show.progress(runs, f"{base.name} against {len(rest)}: runs") as advance:
        comparison = compare(base, *rest, runs=runs, seed=seed, progress=advance)
    save(comparison, folder)
    if json:
        show.print_json(
            {
                "base": base.name,
                "runs": runs,
                "seed": seed,
                "out": str(folder),
                "differences": comparison.table.to_dict("records"),
            }
        )
    else:
        print_comparison(comparison)
    show.err().print(f"Written to {folder}/ (differences.csv, figure).")


def print_comparison(c: Comparison) -> None:
    """A table a scenario would make too many: one row a scenario, at the last horizon."""
    console = show.out()
    last = c.table.horizon_years.max()
    there = c.table[c.table.horizon_years == last]
    console.print(
        f"[bold]Differences from {c.base.tables.title}[/bold] after {last:g} years: {c.runs:,} runs, seed {c.seed}, "
        "the same luck in all; ± is one paired standard error"
    )
    console.print(differences(c.others, there))
    saved = there[there.outcome.isin(["exit", *SHOWN])].saved_runs
    finite = saved[saved.between(0, 1e12)]
    if len(finite):
        console.print(
            f"For the same standard errors independent runs of each scenario would have to number "
            f"{c.runs * finite.min():,.0f} to {c.runs * finite.max():,.0f} (median {c.runs * finite.median():,.0f}); "
            f"here {c.runs:,} served."
        )


def differences(scenarios: list[Scenario], there: "pd.DataFrame") -> Table:
    """Rows: scenarios. Columns: any exit, dissolution, cohesion, and the two exits that move most."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("Scenario")
    for label in SHOWN.values():
        table.add_column(
            label + ("\npoints" if label != "cohesion" else "\n0 to 1"),
            justify="right",
            no_wrap=True,
        )
    table.add_column("exits that change most, in points")
    for s in scenarios:
        of = there[there.scenario == s.name]
        cells = [cell(of[of.outcome == name].iloc[0], name) for name in SHOWN]
        exits = of[of.outcome == "exit"]
        exits = exits.loc[exits.difference.abs().sort_values(ascending=False).index[:2]]
        most = ", ".join(f"{r.member} {points(r)}" for r in exits.itertuples() if r.difference != 0)
        table.add_row(s.tables.title, *cells, most or "none")
    return table


def points(row: Any) -> str:
    """A difference of probabilities in percentage points."""
    return f"{100 * row.difference:+.1f}±{100 * row.mcse:.1f}"


def cell(row: Any, name: str) -> str:
    """A difference with its paired standard error."""
    if row.difference == 0 and row.mcse == 0:
        return "0 exactly"
    return f"{row.difference:+.3f}±{row.mcse:.3f}" if name == "cohesion" else points(row)
