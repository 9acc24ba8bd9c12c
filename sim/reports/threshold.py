"""What is said of a threshold: the curve."""

from collections.abc import Iterator

from sim.analysis.threshold import Threshold
from sim.model.outcomes import OUTCOMES
from sim.reports.blocks import Block, Column, Paragraph, Table, origin

READING = "± is one Monte Carlo standard error."
LIMIT = (
    "That a government which moves this one input leaves all others as they are: here they stay, or go on as in "
    "the scenario."
)


def said(t: Threshold) -> Iterator[Block]:
    """The outcome by value of the lever."""
    o = OUTCOMES[t.about["outcome"]]
    scale, digits = (100, 1) if o.probability else (1, 3)
    unit = ", %" if o.probability else ""

    def number(x: float) -> str:
        return f"{scale * x:.{digits}f}"

    columns = [Column(t.about["lever"], left=True), Column(f"{t.about['subject']} by\n{t.about['when']}{unit}")]
    columns += [Column("±"), Column("90 % interval")]
    rows = [
        [f"{r.value:.4g}", number(r.mean), number(r.mcse), f"{number(r.q05)} to {number(r.q95)}"]
        for r in t.frames["curve"].itertuples()
    ]
    yield Table(columns, rows)
    yield Paragraph(
        "± is one Monte Carlo standard error; the interval is over coefficients, coded values and inputs to come, "
        "without what chance adds."
    )
    yield Paragraph(origin(t.about["footer"]))
