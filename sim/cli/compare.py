"""`cohesion compare`: differences between scenarios under common random numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli import show
from sim.cli.cells import percent
from sim.cli.show import Column
from sim.model.outcomes import OUTCOMES
from sim.results.comparison import Comparison, compare
from sim.results.run import scenarios
from sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ("any_exit", "dissolution", "cohesion")
"""Not all headline outcomes: so many fit a terminal of 80 columns beside the exits that change most."""


def main(name: str, others: list[str], overrides: dict[str, Any], out: Path | None, json: bool, **how: Any) -> None:
    """Load everything, compare, print and write; ``how`` are options of :func:`sim.compare`."""
    base, *rest = scenarios([name, *others], overrides)
    folder = out or Path("results") / f"compare-{base.name}"
    with show.progress(how["runs"], f"{base.name} against {len(rest)}: runs") as advance:
        c = compare(base, *rest, progress=advance, out=folder, **how)
    if json:
        said = {"base": base.name, "runs": c.runs, "seed": c.seed, "out": str(folder)}
        show.print_json({**said, "differences": c.table.to_dict("records")})
    else:
        print_comparison(c)
    show.notice(f"In {folder}/: differences.csv, figure.")


def print_comparison(c: Comparison) -> None:
    """A table a scenario would make too many: one row a scenario, at the last horizon."""
    last = c.table.horizon_years.max()
    there = c.table[c.table.horizon_years == last]
    show.paragraph(
        (f"Differences from {c.base.tables.title}", "bold"),
        f" after {last:g} years: {c.runs:,} runs, seed {c.seed}, common random numbers; "
        "± is one paired Monte Carlo standard error",
    )
    print_differences(c.others, there)
    saved = there[there.outcome.isin(["exit", *SHOWN])].saved_runs
    finite = saved[saved.between(0, 1e12)]
    if len(finite):
        show.paragraph(
            f"For the same standard errors independent runs of each scenario would have to number "
            f"{c.runs * finite.min():,.0f} to {c.runs * finite.max():,.0f} (median {c.runs * finite.median():,.0f}); "
            f"here {c.runs:,} served."
        )


def print_differences(scenarios: list[Scenario], there: "pd.DataFrame") -> None:
    """Rows: scenarios. Columns: some exit, dissolution, cohesion, and the two exits that move most."""
    columns = [Column("Scenario", words=True)]
    columns += [Column(f"{OUTCOMES[o].noun}\n{'points' if OUTCOMES[o].probability else '0 to 1'}") for o in SHOWN]
    columns.append(Column("Exits that change most, %", words=True))
    rows = []
    for s in scenarios:
        its = there[there.scenario == s.name]
        cells = [cell(its[its.outcome == name].iloc[0], name) for name in SHOWN]
        exits = its[its.outcome == "exit"]
        exits = exits.loc[exits.difference.abs().sort_values(ascending=False).index[:2]]
        most = [f"{r.member} {percent(r.base)} to {percent(r.value)}" for r in exits.itertuples() if r.difference]
        rows.append([s.tables.title, *cells, ", ".join(most) or "none"])
    show.table(columns, rows)


def points(row: Any) -> str:
    """A difference of probabilities in percentage points."""
    return f"{100 * row.difference:+.1f}±{100 * row.mcse:.1f}"


def cell(row: Any, name: str) -> str:
    """A difference with its paired standard error."""
    if row.difference == 0 and row.mcse == 0:
        return "0 exactly"
    return f"{row.difference:+.3f}±{row.mcse:.3f}" if name == "cohesion" else points(row)
