"""What is said of sensitivity: factors by outcome."""

from collections.abc import Iterator

from sim.analysis.sensitivity import COLUMNS, Sensitivity, in_focus
from sim.errors import plural
from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES
from sim.reports.blocks import Block, Column, Paragraph, Table, origin, remark

READING = (
    "In brackets: 95 % interval of the computation (Monte Carlo). Shares and effects hold over the ranges that "
    "were varied."
)
LIMIT = "Anything beyond those ranges, or of inputs that were not varied: with wider ranges a factor moves more."
LEAST = 0.01
"""Of the largest index: less is not worth a row."""
HEADS = {
    "first": "Alone, % of the variance",
    "total": "With interactions, %",
    "size": "Moves it by",
    "spread": "By how much that differs",
}
"""Of an index, what a column of it is called."""
MEANINGS = {
    "saltelli": "Alone: by how much less the outcome would vary if the factor were known; with interactions: what "
    "would be left if all others were.",
    "morris": "Moves it by: the mean size of the change from one end of the factor's range to the other, in percentage "
    "points of a probability; by how much that differs: its standard deviation over where the other factors are.",
}


def said(found: Sensitivity) -> Iterator[Block]:
    """A table for each outcome in focus: factors, largest first, those that are not resolved left out."""
    design, names = found.about["design"], found.about["names"]
    by, other = COLUMNS[design][0], COLUMNS[design][-1]
    shown = in_focus(found.frames["indices"], found.about)
    for (outcome, member), own in shown.groupby(["outcome", "member"], sort=False):
        o = OUTCOMES[outcome]
        scale = 100.0 if by == "first" or o.probability else 1.0
        title = o.title.format(names.get(member, member))
        columns = [Column(sentence(title), left=True, words=True), *(Column(HEADS[c]) for c in (by, other))]
        counts = (own[f"{by}_resolved"] == 1.0) | (own[f"{other}_resolved"] == 1.0)
        large = own[[by, other]].max(axis=1) >= LEAST * own[[by, other]].max(axis=None)
        ranked = own[counts & large].sort_values(by, ascending=False)
        rows = [
            [
                r["label"],
                *(
                    "{} ({} to {})".format(*(_number(scale * r[k]) for k in (c, f"{c}_low", f"{c}_high")))
                    for c in (by, other)
                ),
            ]
            for r in ranked.to_dict("records")
        ]
        if rows:
            yield Table(columns, rows)
        rest = len(own) - len(rows)
        less = "below a hundredth of the largest, or not beyond chance (indices.csv has all)"
        yield from remark(
            f"{sentence(title)}: {plural(rest, 'other factor' if rows else 'factor')} {less}" if rest else ""
        )
    yield Paragraph(f"{MEANINGS[design]} In brackets: 95 % interval of the computation (Monte Carlo).")
    yield Paragraph(origin(found.about["footer"]))


def _number(x: float) -> str:
    """Two digits, but all of those before the point."""
    return f"{x:.0f}" if abs(x) >= 10 else f"{x:.2g}" if abs(x) >= 0.01 else f"{x:z.2f}"
