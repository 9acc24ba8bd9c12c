"""What is said of why: terms, and what came before."""

from collections.abc import Iterator

from sim.analysis.reasons import apart, plus_minus
from sim.analysis.why import Why
from sim.model.outcomes import in_column
from sim.reports.blocks import Block, Column, Paragraph, Part, Table

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
            Column("against\nthe mean"),
        ]
        rows: list[list[Part]] = [
            [r.term, *(in_column(x) for x in (r.year_before, r.at_date, r.change, r.mean, r.from_mean))]
            for r in own.itertuples()
        ]
        yield Table(columns, rows)
    noun = found.about["noun"]
    columns = [
        Column("What came before", words=True),
        Column(f"without it,\n{noun} by"),
        Column("probability\nby then, %"),
        Column("without\nit, %"),
        Column("±"),
    ]
    rows = [
        [r.what, r.date or "never", *apart(r.probability, r.without), plus_minus(r.mcse)]
        for r in ablations.head(MOST).itertuples()
    ]
    yield Table(columns, rows)
    yield Paragraph(" ".join(found.about["more"]))
    yield Paragraph(
        "Dates are those of the same run with all its other draws; probabilities are of new draws from the thing on, "
        "the same with and without it, and ± is the Monte Carlo standard error of their difference, 0 where every draw "
        "gives the same. Coefficients and the course of inputs are this run's throughout."
    )
