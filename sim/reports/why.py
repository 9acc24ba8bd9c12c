"""What is said of why: terms, and what came before."""

from collections.abc import Iterator

from sim.analysis.reasons import apart, plus_minus
from sim.analysis.why import Why
from sim.errors import listed
from sim.model.dates import short
from sim.model.outcomes import in_column
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, remark

READING = (
    "± is one Monte Carlo standard error, in percentage points. Stance: above 0 in favour of the leader, below 0 "
    "against it."
)
LIMIT = (
    "A forecast: this is one run of many, which others do not repeat. Nor what moves governments: terms and "
    "causes are the model's, and one that it lacks is not weighed."
)
TERMS = (
    "Terms add up to the whole. Stance has no unit: 1 more makes the odds of support rather than not about 2.7 times "
    "as high. Of a log-hazard, the natural logarithm of a rate a year, 1 more is a rate 2.7 times as high. The mean is "
    "over all runs in which the state could do the same then."
)
NUMBERS = ["year_before", "at_date", "mean"]
NOTHING = 0.005
"""Of a term, that is printed as 0."""
MOST = 10
"""Causes that are shown; ablations.csv has all."""


def said(found: Why) -> Iterator[Block]:
    """The terms of stance and hazard, then what came before."""
    terms, ablations = found.frames["terms"], found.frames["ablations"]
    for whole, own in terms.groupby("whole", sort=False):
        columns = [
            Column(f"Terms of the {whole}", words=True),
            Column("a year\nbefore"),
            Column("at the\ndate"),
            Column("change"),
            Column("mean of\nruns"),
            Column("from\nmean"),
        ]
        rows: list[list[Part]] = [
            [r.term, *(in_column(x) for x in (r.year_before, r.at_date, r.change, r.mean, r.from_mean))]
            for r in own[(own[NUMBERS].abs() >= NOTHING).any(axis=1)].itertuples()
        ]
        yield Table(columns, rows)
        idle = own.term[(own[NUMBERS].abs() < NOTHING).all(axis=1)]
        yield from remark(f"Nothing here: {listed(list(idle), len(idle))}" if len(idle) else "")
    yield Paragraph(TERMS)
    noun = found.about["noun"]
    columns = [
        Column("What came before", words=True),
        Column(f"without it,\n{noun} by"),
        Column("probability\nby then, %"),
        Column("without\nit, %"),
        Column("±"),
    ]
    rows = [
        [r.what, short(r.date) or "never", *apart(r.probability, r.without), plus_minus(r.mcse)]
        for r in ablations.head(MOST).itertuples()
    ]
    yield Table(columns, rows)
    yield Paragraph(" ".join(found.about["more"]))
    yield Paragraph(
        "Dates are those of the same run with all its other draws; probabilities are of new draws from the thing on, "
        "the same with and without it, and ± is the Monte Carlo standard error of their difference, 0 where every draw "
        "gives the same. Coefficients and the course of inputs are this run's throughout."
    )
