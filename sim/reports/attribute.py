"""What is said of an attribution: what each part adds."""

from collections.abc import Iterator

from sim.analysis.attribute import Attribution
from sim.model.outcomes import OUTCOMES, in_column, sentence
from sim.reports.blocks import Block, Column, Paragraph, Part, Table


def said(found: Attribution) -> Iterator[Block]:
    """A table for each outcome: a row a part, the largest at the last horizon first; the gap last."""
    shares, gaps, names = found.frames["shares"], found.frames["gaps"], found.about["names"]
    for (outcome, member), own in shares.groupby(["outcome", "member"], sort=False):
        o = OUTCOMES[str(outcome)]
        scale, digits = (100, 1) if o.probability else (1, 3)

        def number(x: float, scale: int = scale, digits: int = digits) -> str:
            return in_column(scale * x, digits)

        whole = gaps[(gaps.outcome == outcome) & (gaps.member == member)]
        size = own[own.date == own.date.max()].set_index("part").added.abs().sort_values(ascending=False, kind="stable")
        columns = [Column(sentence(o.title.format(names.get(member, member))), left=True)]
        rows: list[list[Part]] = [[part] for part in size.index] + [[("the gap", "bold")]]
        for date in dict.fromkeys(own.date):
            columns += [Column(date[:7]), Column("\n±"), Column("\n90 % interval")]
            here = own[own.date == date].set_index("part").loc[size.index].rename(columns={"added": "gap"})
            for row, r in zip(rows, [*here.itertuples(), *whole[whole.date == date].itertuples()], strict=True):
                row += [number(r.gap), f"{scale * r.mcse:.{digits}f}", f"{number(r.q05)} to {number(r.q95)}"]
        yield Paragraph()
        yield Table(columns, rows)
    unit = " Of probabilities in percentage points." if any(OUTCOMES[x].probability for x in gaps.outcome) else ""
    yield Paragraph(
        "What each part adds, averaged over the orders in which parts may be changed (Shapley values); ± is one Monte "
        "Carlo standard error; the interval is over coefficients, coded values and inputs to come, the same in both, "
        f"chance taken out.{unit}"
    )
    yield Paragraph(f"{found.about['footer'].replace('  |  ', '; ')}.")
