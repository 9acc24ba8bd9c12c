"""`cohesion claims`: test the paper's claims on the model and print the ledger."""

from pathlib import Path

from rich import box
from rich.table import Table

from sim.cli import show
from sim.estimates.intervals import REPLICATES
from sim.evidence.claim import load_claims
from sim.evidence.ledger import Ledger, checked_runs, identity, judge_all, names_of, save, work
from sim.evidence.statement import Finding, Row, Share
from sim.evidence.words import called
from sim.model.outcomes import VERDICTS
from sim.storage.files import check_target


def main(names: list[str], runs: int, seed: int, out: Path | None, force: bool, json: bool) -> None:
    """Check everything first, run, print, write."""
    checked_runs(runs, seed)
    loaded = load_claims(names)
    folder = out or Path("results") / "claims"
    check_target(folder, identity(loaded, runs, seed), force)
    with show.progress(runs * work(loaded), f"{len(loaded)} claims: runs") as advance:
        ledger = judge_all(loaded, runs, seed, progress=advance)
    save(ledger, folder)
    if json:
        show.print_json(
            {
                "runs": runs,
                "seed": seed,
                "out": str(folder),
                "claims": ledger.table.to_dict("records"),
                "tests": ledger.tests.to_dict("records"),
            }
        )
    else:
        print_ledger(ledger)
    show.err().print(f"Written to {folder}/ (ledger.csv, tests.csv, figures).")


def print_ledger(ledger: Ledger) -> None:
    """A block of rows a claim: the claim with its verdict, its tests, what each measures."""
    console = show.out()
    console.print(
        f"[bold]The paper's claims, tested on the model[/bold]: {ledger.runs:,} runs of each scenario, seed {ledger.seed}; "
        "± is one Monte Carlo standard error"
    )
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_lines=False)
    table.add_column("")
    table.add_column("Claim, its tests, and what they measure")
    table.add_column("Estimate", justify="right", no_wrap=True)
    table.add_column("Must be", justify="right", no_wrap=True)
    table.add_column("Holds in %\nof draws", justify="right", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    table.add_column("At the\nmean", no_wrap=True)
    for j in ledger.judged:
        names = names_of(j.claim)
        table.add_row(
            f"[bold]{j.claim.name}[/bold]",
            f"[bold]{j.claim.tables.title}[/bold]",
            "",
            "",
            f"[bold]{percent(j.holds)}[/bold]",
            f"[bold]{j.verdict}[/bold]",
            yes(j.at_mean),
        )
        for finding in j.findings:
            add_test(table, finding, names)
        table.add_section()
    console.print(table)
    counts = ledger.table.verdict.value_counts()
    told = ", ".join(f"{counts.get(v, 0)} {v}" for v in VERDICTS)
    console.print(
        f"{told}. A claim holds in a draw of what is uncertain ({ledger.runs // REPLICATES:,} draws) where all its "
        "tests do; brackets: 95 % interval. Supported: in 90 % or more, contradicted: in 10 % or less, the "
        "interval included. At the mean: whether it holds for the estimates."
    )


def add_test(table: Table, finding: Finding, names: dict[str, str]) -> None:
    """A test and what it measures, in one row where that is one thing."""
    rows = [(called(row.label, names), number(row), row.holds.value) for row in finding.rows]
    alone = len(rows) == 1
    table.add_row(
        "",
        f"{finding.test.says} ({rows[0][0]})" if alone else finding.test.says,
        rows[0][1] if alone else "",
        threshold(finding),
        percent(finding.share),
        "",
        yes(finding.at_mean),
    )
    for label, estimate, holds in () if alone else rows:
        table.add_row("", f"  {label}", estimate, "", f"{100 * holds:.0f}", "", "")
    if finding.note:
        table.add_row("", f"  {finding.note}", "", "", "", "", "")


def yes(holds: bool) -> str:
    """Yes or no."""
    return "yes" if holds else "no"


def percent(share: Share) -> str:
    """A share of draws with its interval."""
    return f"{100 * share.value:.0f} [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def number(row: Row) -> str:
    """An estimate with its Monte Carlo standard error."""
    return f"{row.estimate:+.3f}±{row.mcse:.3f}"


def threshold(finding: Finding) -> str:
    """What the estimate is held against."""
    return f"{'>' if finding.test.sign > 0 else '<'} {finding.test.threshold:g}"
