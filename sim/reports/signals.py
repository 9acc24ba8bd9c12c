"""What is said of early warning: areas a year before, by sign."""

from collections.abc import Iterator

from sim.analysis.signals import MEANING, YEAR, Signals, in_words
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, remark

READING = "In brackets: 95 % intervals. Quarters are quarters of a year."
LIMIT = (
    "That a sign would warn in the world as it does in the model's own runs, where those who leave do so for "
    "reasons that the signs are made of; nor how many leave, since a sign only ranks states."
)
AREA = (
    "Area under the ROC curve: of two states, one to which it happens a year later and one to which it does not, how "
    "often the sign is the stronger in the first; 0.5 is chance. In brackets: 95 % intervals that count draws, on the "
    "record states, and not single quarters as cases of their own"
)


def said(found: Signals) -> Iterator[Block]:
    """Areas a year before, by sign."""
    table = found.frames["areas"]
    year = table[table.quarters == YEAR]
    groups = list(year.groupby(["where", "event"], sort=False))
    rows: list[list[Part]] = []
    for sign in (s for s in MEANING if s in set(year.sign)):
        at = [rows_of[rows_of.sign == sign] for _, rows_of in groups]
        rows.append([sign, *(in_words(r.iloc[0]) if len(r) else "" for r in at)])
    heads = [Column("A year before", left=True), *(Column(f"{event},\n{where}") for (where, event), _ in groups)]
    yield Table(heads, rows)
    yield Paragraph()
    yield from remark(AREA)
