"""What is said of sensitivity: factors by outcome."""

from collections.abc import Iterator

from sim.analysis.sensitivity import COLUMNS, Sensitivity, in_focus
from sim.model.outcomes import OUTCOMES
from sim.reports.blocks import Block, Column, Paragraph, Table

LEAST = 0.01
"""Of the largest index: less is not worth a row."""


def said(found: Sensitivity) -> Iterator[Block]:
    """A table for each outcome in focus: factors, largest first, those that are not resolved left out."""
    by, other = COLUMNS[found.about["design"]][0], COLUMNS[found.about["design"]][-1]
    shown = in_focus(found.frames["indices"], found.about)
    for (outcome, member), own in shown.groupby(["outcome", "member"], sort=False):
        o = OUTCOMES[outcome]
        scale = 100.0 if by == "first" or o.probability else 1.0
        name = " ".join(filter(None, (o.noun, member)))
        columns = [Column(name, left=True, words=True), *(Column(c) for c in (by, "95 %", other, "95 %"))]
        counts = (own[f"{by}_resolved"] == 1.0) | (own[f"{other}_resolved"] == 1.0)
        large = own[[by, other]].max(axis=1) >= LEAST * own[[by, other]].max(axis=None)
        ranked = own[counts & large].sort_values(by, ascending=False)
        rows = [
            [
                r["label"],
                *(
                    text
                    for c in (by, other)
                    for text in (f"{scale * r[c]:.3g}", f"{scale * r[f'{c}_low']:.2g} to {scale * r[f'{c}_high']:.2g}")
                ),
            ]
            for r in ranked.to_dict("records")
        ]
        if rows:
            yield Table(columns, rows)
        if rest := list(own[~own["factor"].isin(ranked["factor"])]["label"]):
            yield Paragraph(f"Below a hundredth of the largest, or not resolved: {', '.join(rest)}.")
