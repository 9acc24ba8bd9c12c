"""`cohesion agreement`: how far two coders agree, by input, and where they part."""

import math

from sim.cli import show
from sim.cli.show import Column
from sim.errors import plural
from sim.scenario.agreement import FEWEST, Agreement, agreement

MOST = 20
"""Differences that are printed; JSON has all."""


def main(first: str, second: str, json: bool) -> None:
    """Print the answer, the table, and what to settle first."""
    found = agreement(first, second)
    if json:
        apart = found.differences.assign(date=[d and f"{d}" for d in found.differences.date])
        tables = {"agreement": found.table.to_dict("records"), "differences": apart.to_dict("records")}
        show.print_json({"sentence": found.sentence(), **tables})
    else:
        print_agreement(found)


def print_agreement(found: Agreement) -> None:
    """The sentence, agreement by input, and the values that are the widest apart."""
    show.paragraph((found.sentence(), "bold"))
    if found.table.empty:
        return
    heads = [Column(head, left=True) for head in ("input", "level")]
    heads += [Column(head) for head in ("values", "equal", "apart", "alpha (90 %)")]
    rows = []
    for name, level, values, equal, difference, alpha, low, high in found.table.itertuples(index=False, name=None):
        between = "" if math.isnan(low) else f" ({low:.2f} to {high:.2f})"
        rows.append([name, level, f"{values:,}", f"{100 * equal:.0f} %", _number(difference), _number(alpha) + between])
    show.table(heads, rows)
    show.paragraph()
    show.paragraph(
        "Apart: the mean absolute difference, words in the middle of their bands. Alpha corrects for chance; there is "
        f"none where all values are the same, and an interval from {FEWEST} paths on, over which paths are coded."
    )
    if len(found.differences):
        show.paragraph()
        show.paragraph(f"The widest apart of {plural(len(found.differences), 'difference')}, to be settled first:")
        columns = [Column(head, left=True) for head in ("state", "input", "date", found.first, found.second)]
        first = found.differences.head(MOST).itertuples(index=False)
        cells = [[d.state, d.input, f"{d.date or ''}", _entry(d.first), _entry(d.second)] for d in first]
        show.table(columns, cells, keys=3)


def _number(x: float) -> str:
    return "" if math.isnan(x) else f"{x:.2f}"


def _entry(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"
