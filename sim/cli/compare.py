"""`cohesion compare`: differences between scenarios under common random numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli import show
from sim.cli.cells import percent
from sim.cli.show import Column
from sim.model.outcomes import OUTCOMES, Outcome, shown
from sim.results.comparison import Comparison, compare
from sim.results.run import scenarios
from sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd


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
    show.notice(f"In {folder}/: differences.csv, differences.png.")


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
    saved = there[there.outcome.isin(shown())].saved_runs
    finite = saved[saved.between(0, 1e12)]
    if len(finite):
        show.paragraph(
            f"For the same standard errors independent runs of each scenario would have to number "
            f"{c.runs * finite.min():,.0f} to {c.runs * finite.max():,.0f} (median {c.runs * finite.median():,.0f}); "
            f"here {c.runs:,} served."
        )


def print_differences(scenarios: list[Scenario], there: "pd.DataFrame") -> None:
    """Rows: scenarios. Columns: headlines of the alliance, and of members the two that change most."""
    alliance, members = ([OUTCOMES[name] for name in shown(by_member)] for by_member in (False, True))
    columns = [Column("Scenario", words=True)]
    columns += [Column(f"{o.noun}\n{'points' if o.probability else o.scale}") for o in alliance]
    columns += [Column(f"Most change of {o.noun}{', %' if o.probability else ''}", words=True) for o in members]
    rows = []
    for s in scenarios:
        its = dict(iter(there[there.scenario == s.name].groupby("outcome")))
        cells = [cell(next(its[o.name].itertuples()), o) for o in alliance]
        rows.append([s.tables.title, *cells, *(most(its[o.name], o) for o in members)])
    show.table(columns, rows)


def most(its: "pd.DataFrame", outcome: Outcome) -> str:
    """The two members of whom an outcome changes most, from what to what."""
    first = its.loc[its.difference.abs().sort_values(ascending=False).index[:2]]
    say = percent if outcome.probability else "{:.2f}".format
    changes = [f"{r.member} {say(r.base)} to {say(r.value)}" for r in first.itertuples() if r.difference]
    return ", ".join(changes) or "none"


def points(row: Any) -> str:
    """A difference of probabilities in percentage points."""
    return f"{100 * row.difference:+.1f}±{100 * row.mcse:.1f}"


def cell(row: Any, outcome: Outcome) -> str:
    """A difference with its paired standard error."""
    if row.difference == 0 and row.mcse == 0:
        return "0 exactly"
    return points(row) if outcome.probability else f"{row.difference:+.3f}±{row.mcse:.3f}"
