"""What is said of an attribution: what each part adds."""

from collections.abc import Iterator
from typing import Any

from sim.analysis.attribute import Attribution
from sim.model.dates import short
from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES, in_column
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, origin

READING = "In brackets: 90 % interval over coefficients, coded values and inputs to come, the same in both scenarios."
LIMIT = (
    "What one of these parts would do alone, or between two other scenarios: each is averaged over the orders in "
    "which the parts of this difference may be changed."
)


def said(found: Attribution) -> Iterator[Block]:
    """A table for each outcome: a row a part, the largest at the last horizon first; the gap last."""
    shares, gaps, names = found.frames["shares"], found.frames["gaps"], found.about["names"]
    errors = []
    for (outcome, member), own in shares.groupby(["outcome", "member"], sort=False):
        o = OUTCOMES[str(outcome)]
        scale, digits, unit = (100, 1, ", points") if o.probability else (1, 3, "")

        def number(x: float, scale: int = scale, digits: int = digits) -> str:
            return in_column(scale * x, digits) if x else "0"

        def cell(r: Any) -> str:
            ends = f" ({number(r.q05)} to {number(r.q95)})" if r.q05 or r.q95 else ""
            return number(r.gap) + ends

        whole = gaps[(gaps.outcome == outcome) & (gaps.member == member)]
        size = own[own.date == own.date.max()].set_index("part").added.abs().sort_values(ascending=False, kind="stable")
        columns = [Column(sentence(o.title.format(names.get(member, member))) + unit, left=True)]
        rows: list[list[Part]] = [[part] for part in size.index] + [[("the whole difference", "bold")]]
        for date in dict.fromkeys(own.date):
            columns.append(Column(f"by {short(date)}"))
            here = own[own.date == date].set_index("part").loc[size.index].rename(columns={"added": "gap"})
            for row, r in zip(rows, [*here.itertuples(), *whole[whole.date == date].itertuples()], strict=True):
                row.append(cell(r))
        errors.append(f"of {o.noun} {scale * max(own.mcse.max(), whole.mcse.max()):.{digits}f}{unit.replace(',', '')}")
        yield Paragraph()
        yield Table(columns, rows)
    yield Paragraph(
        "What each part adds, averaged over the orders in which parts may be changed (Shapley values). In brackets: "
        "90 % interval over coefficients, coded values and inputs to come, the same in both, without what chance adds. "
        f"Monte Carlo standard error at most: {', '.join(errors)}."
    )
    yield Paragraph(origin(found.about["footer"]))
