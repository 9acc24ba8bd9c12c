"""What is said of runs that were found."""

from collections.abc import Iterator, Mapping

from sim.analysis.find import Found, Given
from sim.estimates.conditional import Share
from sim.model.dates import short
from sim.model.outcomes import interval, percent
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, remark

READING = (
    "In brackets: 95 % interval of the computation (Monte Carlo): how far other runs, from other draws, would move it."
)
LIMIT = (
    "That what these runs have in common brought it about: they have other coefficients and coded values than the "
    "rest, and were found by how they ended."
)
MOST = 12
"""Runs that are shown of those that are found."""


def said(found: Found | Given) -> Iterator[Block]:
    """The first runs, or the probabilities."""
    if isinstance(found, Given):
        yield from _probabilities(found)
    elif len(table := found.frames["runs"]):
        shown = [
            [str(run), *(short(d) if isinstance(d, str) else "" for d in dates)]
            for run, *dates in table.head(MOST).itertuples(index=False)
        ]
        heads = [_head(str(c), found.state_names) for c in table.columns[1:]]
        yield Table([Column("Run", left=True), *map(Column, heads)], shown)
        yield from remark(f"The first {MOST} of {len(table):,}; all are in runs.csv" if len(table) > MOST else "")


def _head(column: str, names: Mapping[str, str]) -> str:
    """A column of runs.csv in words."""
    state, _, rest = column.removesuffix(", until").partition(" ")
    return f"{names.get(state, state)} {rest}, by"


def _probabilities(found: Given) -> Iterator[Block]:
    table = found.frames["given"]
    last = table[table.horizon_years == table.horizon_years.max()]
    columns = [Column(f"By {found.about['when']}, %", left=True), Column("if it is so"), Column("in all runs")]
    rows: list[list[Part]] = []
    for row in last.itertuples(index=False):
        one, other = (Share(*(getattr(row, f"{side}{k}") for k in Share._fields)) for side in ("", "all_"))
        rows.append([str(row.label), _cell(one), _cell(other)])
    yield Table(columns, rows)
    yield Paragraph()
    yield from remark(
        "In brackets: 95 % intervals of the computation (Monte Carlo): how far other runs, from other draws, would "
        "move the numbers. They do not say how well coefficients are known. All horizons are in given.csv"
    )


def _cell(p: Share) -> str:
    value, spread = percent(float(p.mean)), interval(float(p.low), float(p.high))
    return value if spread == value else f"{value} ({spread})"
