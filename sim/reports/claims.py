"""What a ledger of claims says: a block of rows a claim."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sim.errors import plural
from sim.estimates.intervals import REPLICATES
from sim.evidence.ledger import Ledger
from sim.figures.rows import Measured
from sim.model.outcomes import VERDICTS
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, remark
from sim.scenario.load import not_fitted

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    Column(""),
    Column("Claim, its tests, and what they measure", words=True),
    Column("Estimate"),
    Column("Must be"),
    Column("Holds in %\nof draws"),
    Column("Verdict", left=True),
    Column("At the\nmean", left=True),
)


def said(ledger: Ledger) -> Iterator[Block]:
    """A block of rows a claim: the claim with its verdict, its tests, what each measures."""
    yield Paragraph(
        ("The paper's claims, tested on the model", "bold"),
        f": {plural(ledger.runs, 'run')} of each scenario, seed {ledger.seed}; ± is one Monte Carlo standard error",
    )
    rows: list[list[Part]] = []
    for claim in ledger.table.itertuples():
        own = ledger.tests[ledger.tests.claim == claim.claim]
        at_mean = next((tuple(f.at_mean for f in j.findings) for j in ledger.judged if j.claim.name == claim.claim), ())
        holds = percent(claim.holds, claim.low, claim.high)
        head = (claim.claim, claim.title, "", "", holds, claim.verdict, claim.at_mean)
        rows.append([(cell, "bold") for cell in head[:-1]] + [head[-1]])
        for (k, test), panel in zip(own.groupby("test", sort=False), ledger.drawn[claim.claim].tests, strict=True):
            rows += rows_of(test, panel.rows, yes(at_mean[int(k) - 1]) if at_mean else "")
        rows.append([""] * len(COLUMNS))
    yield Table(COLUMNS, rows, keys=2)
    yield Paragraph(
        f"{verdicts(ledger)}. A claim holds in a draw of what is uncertain "
        f"({plural(ledger.runs // REPLICATES, 'draw')}) where all its tests do; brackets: 95 % interval. "
        "Supported: in 90 % or more, contradicted: in 10 % or less, the "
        "interval included. At the mean: whether it holds for the estimates."
    )
    for words in dict.fromkeys(words for j in ledger.judged for words in j.begins):
        yield Paragraph(f"{words}: {', '.join(j.claim.name for j in ledger.judged if words in j.begins)}.")
    yield from remark(not_fitted(s for j in ledger.judged for s in j.claim.scenarios.values()))


def verdicts(ledger: Ledger) -> str:
    """How many claims have each verdict."""
    counts = ledger.table.verdict.value_counts()
    return ", ".join(f"{counts.get(v, 0)} {v}" for v in VERDICTS)


def rows_of(test: "pd.DataFrame", measured: Sequence[Measured], at_mean: str) -> list[list[Part]]:
    """A test and what it measures, in one row where that is one thing."""
    first = test.iloc[0]
    says, alone = first.says, ""
    measures = [
        (m.label, f"{r.estimate:+.3f}±{r.mcse:.3f}", r.holds) for m, r in zip(measured, test.itertuples(), strict=True)
    ]
    if len(measures) == 1:
        ((label, alone, _),) = measures
        says, measures = f"{says} ({label})", []
    must = f"{'>' if first.side == 'above' else '<'} {first.threshold:g}"
    held = must, percent(first.test_holds, first.test_low, first.test_high), "", at_mean
    rows: list[list[Part]] = [["", says, alone, *held]]
    rows += [["", f"  {label}", estimate, "", f"{100 * holds:.0f}", "", ""] for label, estimate, holds in measures]
    if first.note:
        rows.append(["", f"  {first.note}", "", "", "", "", ""])
    return rows


def yes(holds: bool) -> str:
    """Yes or no."""
    return "yes" if holds else "no"


def percent(value: float, low: float, high: float) -> str:
    """A share of draws with its interval."""
    return f"{100 * value:.0f} [{100 * low:.0f}, {100 * high:.0f}]"
