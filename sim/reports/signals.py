"""What is said of early warning: areas a year before, by sign."""

from collections.abc import Iterator

from sim.analysis.signals import MEANING, YEAR, Signals, in_words
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, remark


def said(found: Signals) -> Iterator[Block]:
    """Areas a year before, by sign."""
    table = found.frames["areas"]
    year = table[table.quarters == YEAR]
    groups = list(year.groupby(["where", "event"], sort=False))
    rows: list[list[Part]] = []
    for sign in (s for s in MEANING if s in set(year.sign)):
        at = [rows_of[rows_of.sign == sign] for _, rows_of in groups]
        rows.append([sign, *(in_words(r.iloc[0]) if len(r) else "" for r in at)])
    heads = [Column("A year before", left=True), *(Column(f"{event}\n{where}") for (where, event), _ in groups)]
    yield Table(heads, rows)
    yield Paragraph()
    yield from remark("Area under the ROC curve, 0.5 is chance; in brackets 95 % intervals, rows or states as clusters")
