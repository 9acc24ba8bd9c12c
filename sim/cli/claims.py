"""`cohesion claims`: test the paper's claims on the model and print the ledger."""

from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.resumable import all_or_nothing
from sim.cli.show import Column
from sim.errors import plural
from sim.estimates.intervals import REPLICATES
from sim.evidence.claim import load_claims
from sim.evidence.ledger import Ledger, claims, names_of, passes
from sim.evidence.statement import Finding, Row, Share
from sim.evidence.words import called
from sim.model.outcomes import VERDICTS
from sim.scenario.load import not_fitted
from sim.storage.effort import effort

COLUMNS = (
    Column(""),
    Column("Claim, its tests, and what they measure", words=True),
    Column("Estimate"),
    Column("Must be"),
    Column("Holds in %\nof draws"),
    Column("Verdict", left=True),
    Column("At the\nmean", left=True),
)


def main(names: list[str], out: Path | None, json: bool, **how: Any) -> None:
    """Check everything first, run, print, write; ``how`` are options of :func:`sim.claims`."""
    loaded = load_claims(names)
    folder = out or Path("results") / "claims"

    def report(ledger: Ledger) -> None:
        if json:
            tables = {"claims": ledger.table.to_dict("records"), "tests": ledger.tests.to_dict("records")}
            show.print_json({"runs": ledger.runs, "seed": ledger.seed, "out": str(folder), **tables})
        else:
            print_ledger(ledger)

    asked, how["runs"] = how["runs"], effort(how["runs"], how["seed"], multiple=REPLICATES).runs
    if how["runs"] != asked:
        show.notice(
            f"{plural(asked, 'run')} rounded up to {how['runs']:,}: {REPLICATES} for each draw of what is uncertain."
        )
    total = how["runs"] * passes(loaded)
    with all_or_nothing(folder), show.progress(total, f"{plural(len(loaded), 'claim')}: runs") as advance:
        claims(loaded, progress=advance, out=folder, written=report, **how)
    show.notice(f"In {folder}/: ledger.csv, tests.csv, figures.")


def print_ledger(ledger: Ledger) -> None:
    """A block of rows a claim: the claim with its verdict, its tests, what each measures."""
    show.paragraph(
        ("The paper's claims, tested on the model", "bold"),
        f": {plural(ledger.runs, 'run')} of each scenario, seed {ledger.seed}; ± is one Monte Carlo standard error",
    )
    rows: list[list[show.Part]] = []
    for j in ledger.judged:
        names = names_of(j.claim)
        claim = (j.claim.name, j.claim.tables.title, "", "", percent(j.holds), j.verdict)
        rows.append([*((cell, "bold") for cell in claim), yes(j.at_mean)])
        for finding in j.findings:
            rows += tests(finding, names)
        rows.append([""] * len(COLUMNS))
    show.table(COLUMNS, rows, keys=2)
    counts = ledger.table.verdict.value_counts()
    verdicts = ", ".join(f"{counts.get(v, 0)} {v}" for v in VERDICTS)
    show.paragraph(
        f"{verdicts}. A claim holds in a draw of what is uncertain "
        f"({plural(ledger.runs // REPLICATES, 'draw')}) where all its tests do; brackets: 95 % interval. "
        "Supported: in 90 % or more, contradicted: in 10 % or less, the "
        "interval included. At the mean: whether it holds for the estimates."
    )
    for words in dict.fromkeys(words for j in ledger.judged for words in j.begins):
        show.paragraph(f"{words}: {', '.join(j.claim.name for j in ledger.judged if words in j.begins)}.")
    show.remark(not_fitted(s for j in ledger.judged for s in j.claim.scenarios.values()))


def tests(finding: Finding, names: dict[str, str]) -> list[list[show.Part]]:
    """A test and what it measures, in one row where that is one thing."""
    says, alone = finding.test.says, ""
    measures = [(called(row.label, names), number(row), row.holds.value) for row in finding.rows]
    if len(measures) == 1:
        ((label, alone, _),) = measures
        says, measures = f"{says} ({label})", []
    held = threshold(finding), percent(finding.share), "", yes(finding.at_mean)
    rows: list[list[show.Part]] = [["", says, alone, *held]]
    rows += [["", f"  {label}", estimate, "", f"{100 * holds:.0f}", "", ""] for label, estimate, holds in measures]
    if finding.note:
        rows.append(["", f"  {finding.note}", "", "", "", "", ""])
    return rows


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
