"""What a ledger of claims says: a block of rows a claim."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sim.errors import plural
from sim.estimates.intervals import REPLICATES
from sim.evidence.claim import Claim
from sim.evidence.ledger import Ledger
from sim.evidence.statement import UNDECIDED
from sim.figures.claim import draw
from sim.figures.rows import Measured
from sim.model.grammar import sentence
from sim.model.outcomes import VERDICTS, in_column
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, remark
from sim.reports.brief import Brief
from sim.scenario.load import drawn, not_fitted

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
    yield Paragraph(f"{verdicts(ledger)}. {meaning(ledger)} At the mean: whether it holds for the estimates.")
    for words in dict.fromkeys(words for j in ledger.judged for words in j.begins):
        yield Paragraph(f"{words}: {', '.join(j.claim.name for j in ledger.judged if words in j.begins)}.")
    yield from remark(not_fitted(s for j in ledger.judged for s in j.claim.scenarios.values()))


def meaning(ledger: Ledger) -> str:
    """What the verdicts mean."""
    draws = plural(ledger.runs // REPLICATES, "draw")
    return (
        f"A claim holds in a draw of what is uncertain ({draws}) where all its tests do; brackets: 95 % interval. "
        "Supported: in 90 % or more, contradicted: in 10 % or less, the interval included."
    )


def verdicts(ledger: Ledger) -> str:
    """How many claims have each verdict."""
    counts = ledger.table.verdict.value_counts()
    return ", ".join(f"{counts.get(v, 0)} {v}" for v in VERDICTS)


def rows_of(test: "pd.DataFrame", measured: Sequence[Measured], at_mean: str) -> list[list[Part]]:
    """A test and what it measures, in one row where that is one thing."""
    first = test.iloc[0]
    says, alone = first.says, ""
    measures = [
        (m.label, f"{in_column(r.estimate, 3)}±{r.mcse:.3f}", r.holds)
        for m, r in zip(measured, test.itertuples(), strict=True)
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


OWN = (
    "The claims themselves. A verdict says what follows from the model, whose mechanisms are the paper's own: it is no "
    "independent evidence."
)


def _share(r: Any) -> str:
    """In how many draws a claim holds."""
    return f"{100 * r.holds:.0f} % of draws, {100 * r.low:.0f} to {100 * r.high:.0f}"


def answer(ledger: Ledger) -> list[str]:
    """How many claims have each verdict, and which."""
    said = []
    for verdict in VERDICTS:
        own = ledger.table[ledger.table.verdict == verdict]
        if len(own):
            each = "; ".join(f"{r.claim} {r.title} ({_share(r)})" for r in own.itertuples())
            said.append(f"{sentence(verdict)}: {each}.")
    return [f"{plural(len(ledger.table), 'claim')}: {verdicts(ledger)}. {meaning(ledger)}", *said]


def brief(ledger: Ledger, claims: Sequence[Claim]) -> Brief:
    """Of a ledger, for a report; the figures are of the claim that shows each verdict most clearly."""
    sure = (ledger.table.holds - 0.5).abs().where(ledger.table.verdict != UNDECIDED, -(ledger.table.holds - 0.5).abs())
    table = ledger.table.assign(sure=sure).sort_values("sure", ascending=False, kind="stable")
    clearest = table.drop_duplicates("verdict").claim
    scenarios = {s.fingerprint: s for c in claims for s in c.scenarios.values()}
    return Brief(
        title="The paper's claims, tested on the model",
        question="Which of the paper's claims follow from its mechanisms, if their strengths are what records allow?",
        answer=answer(ledger),
        results=list(said(ledger)),
        figures={name: draw(ledger.drawn[name]) for name in ledger.drawn if name in set(clearest)},
        scenarios=list(scenarios.values()),
        drawn=[*map(drawn, scenarios.values())],
        limits=[OWN],
    )
