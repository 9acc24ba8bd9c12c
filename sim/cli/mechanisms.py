"""`cohesion mechanisms`: remove each mechanism in turn, fit anew, print which earns its place."""

from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.cli.show import Column
from sim.evaluation.mechanism_study import MechanismStudy, load_mechanisms
from sim.evaluation.mechanisms import Mechanisms, mechanisms, runs_of
from sim.evaluation.worth import VERDICTS


def main(study: str, out: Path | None, jobs: int | None, force: bool, json: bool) -> None:
    """Check everything first, sample what is missing, print."""
    loaded = load_mechanisms(study)
    folder = out or Path("results") / loaded.name
    total = len(runs_of(loaded))
    with resumable(folder) as stopped, show.progress(total, f"{loaded.name}: samplings") as bar:
        found = mechanisms(loaded, folder, jobs, lambda done, _: bar(done), stopped, force)
    if not found.finished:
        unfinished()
    if json:
        show.print_json({"title": loaded.tables.title, "out": str(folder), "mechanisms": found.table})
    else:
        print_mechanisms(loaded, found)
    show.notice(f"In {folder}/: mechanisms.csv, evidence.csv, mechanisms.png.")


def print_mechanisms(study: MechanismStudy, found: Mechanisms) -> None:
    """A line a mechanism, the most useful first."""
    t = study.tables
    show.paragraph((t.title, "bold"), ": each mechanism removed in turn; ± is one Monte Carlo standard error")
    columns = [
        Column("Mechanism", words=True),
        Column("Evidence,\nwith minus without"),
        Column(f"Held out after\n{t.held_out_after}"),
        Column("Verdict", left=True),
    ]
    rows = []
    for r in sorted(found.table, key=lambda r: -r["evidence"]):
        cells = [f"{r[k]:+.1f}±{r[f'{k}_se']:.1f}" for k in ("evidence", "held_out")]
        rows.append([r["says"], cells[0], cells[1] + _mark(r), r["verdict"]])
    show.table(columns, rows)
    counts = ", ".join(f"{sum(r['verdict'] == v for r in found.table)} {v}" for v in VERDICTS)
    show.paragraph(
        f"{counts}. Evidence: natural logarithm of how much better the whole record is explained with the mechanism "
        "than without (log marginal likelihood, Bayes factor); held out: the same for the years after the date, "
        "forecast by what was fitted to those before. A mechanism earns its place where evidence minus two errors is "
        "above 1, costs where evidence plus two errors is below -1. * by the same rule the held-out years alone say "
        "otherwise: "
        f"{_otherwise(found) or 'of none'}."
    )


def _mark(row: dict[str, Any]) -> str:
    return " " if row["held_out_verdict"] == row["verdict"] else "*"


def _otherwise(found: Mechanisms) -> str:
    """Where the held-out years alone would give another verdict than the whole record."""
    return "; ".join(f"{r['mechanism']} {r['held_out_verdict']}" for r in found.table if _mark(r) == "*")
