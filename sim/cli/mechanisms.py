"""`cohesion mechanisms`: remove each mechanism in turn, print which earns its place."""

from pathlib import Path

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.cli.show import Column
from sim.errors import plural
from sim.evaluation.mechanisms import Mechanisms, mechanisms, runs_of
from sim.evaluation.study import MechanismStudy, load_mechanisms
from sim.figures.rows import Worth
from sim.model.outcomes import MECHANISM_VERDICTS


def main(study: str, out: Path | None, jobs: int | None, scheduler: str | None, force: bool, json: bool) -> None:
    """Check everything first, sample what is missing, print."""
    loaded = load_mechanisms(study)
    folder = out or Path("results") / loaded.name

    def report(found: Mechanisms) -> None:
        if json:
            rows = found.table.to_dict("records")
            show.print_json({"title": loaded.tables.title, "out": str(folder), "mechanisms": rows})
        else:
            print_mechanisms(loaded, found)

    total = len(runs_of(loaded))
    with resumable(folder) as stopped, show.progress(total, f"{loaded.name}: evidences") as bar:
        found = mechanisms(loaded, folder, jobs, scheduler, lambda done, _: bar(done), stopped, force, report)
    if not found.finished:
        unfinished()
    show.notice(f"In {folder}/: mechanisms.csv, evidence.csv, mechanisms.png.")


def print_mechanisms(study: MechanismStudy, found: Mechanisms) -> None:
    """A line a mechanism, the most useful first."""
    t = study.tables
    show.paragraph((t.title, "bold"), ": each mechanism removed in turn; ± is one Monte Carlo standard error")
    columns = [
        Column("Mechanism", words=True),
        Column("Evidence, with\nminus without"),
        Column(f"Held out after\n{t.held_out_after}"),
        Column("Effective\n(steps)"),
        Column("Verdict", left=True),
    ]
    rows = [Worth(*r) for r in found.table.itertuples(index=False, name=None)]
    lines = []
    for r in sorted(rows, key=lambda r: -r.evidence):
        held_out = f"{r.held_out:+.1f}±{r.held_out_se:.1f}{'*' if r.differs else ' '}"
        effective = f"{r.effective:.0f}" + (f" ({r.steps:.0f})" if r.steps > 1 else "")
        lines.append([r.says, f"{r.evidence:+.1f}±{r.evidence_se:.1f}", held_out, effective, r.verdict])
    show.table(columns, lines)
    counts = ", ".join(f"{sum(r.verdict == v for r in rows)} {v}" for v in MECHANISM_VERDICTS)
    others = "; ".join(f"{r.mechanism} {r.held_out_verdict}" for r in rows if r.differs)
    show.paragraph(
        f"{counts}. Evidence: natural logarithm of how much better the whole record is explained with the mechanism "
        "than without (log marginal likelihood, Bayes factor); held out: the same for the years after the date, "
        "forecast by what was fitted to those before. A mechanism earns its place where evidence minus two errors is "
        "above 1, costs where evidence plus two errors is below -1. Effective: how many of the "
        f"{plural(study.settings.draws, 'draw')} carry it, at the least; steps: of tempering, where the full model's "
        f"posterior has too few. * by the same rule the held-out years alone say otherwise: {others or 'of none'}."
    )
