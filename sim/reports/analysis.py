"""Of any analysis, for a report: its answer, its tables as they are, its figures."""

from typing import TYPE_CHECKING

from sim.analysis.analysis import Analysis
from sim.reports.blocks import Block, Column, Paragraph, Table
from sim.reports.brief import Brief, chosen

if TYPE_CHECKING:
    import pandas as pd

MOST = 40
"""Rows of a table that a report shows."""


def brief(a: Analysis) -> Brief:
    """Of an analysis, for a report."""
    results: list[Block] = []
    for name, frame in a.frames.items():
        shown = f"{name}, the first {MOST} of {len(frame):,} rows" if len(frame) > MOST else name
        results += [Paragraph((shown, "bold")), _table(frame.head(MOST))]
    return Brief(
        title=a.title, question=a.heading, answer=[" ".join(a.answer)], results=results, figures=chosen(a.figures(), ())
    )


def _table(frame: "pd.DataFrame") -> Table:
    columns = [Column(str(c), left=frame[c].dtype.kind not in "fiu") for c in frame.columns]
    return Table(columns, [[_cell(x) for x in row] for row in frame.itertuples(index=False, name=None)])


def _cell(x: object) -> str:
    if isinstance(x, float):
        return "" if x != x else f"{x:.4g}"
    return str(x)
