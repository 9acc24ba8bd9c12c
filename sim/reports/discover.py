"""What is said of a discovery: the rules, limit by limit."""

from collections.abc import Iterator

from sim.analysis.discover import Discovery, percents
from sim.reports.blocks import Block, Column, Paragraph, Table


def said(found: Discovery) -> Iterator[Block]:
    """The rules, a row for each limit."""
    rules = found.frames["rules"].set_index("rule")
    rows = []
    for number, own in found.frames["limits"].groupby("rule"):
        rule = rules.loc[number]
        shares = [rule["method"], percents(rule, "coverage"), percents(rule, "density")]
        for k, r in enumerate(own.to_dict("records")):
            rows.append([*(shares if k == 0 else [""] * 3), f"{r['label']}: {r['said']}", f"{100 * r['again']:.0f}"])
    if rows:
        columns = [Column("rule", left=True), Column("coverage, 95 %"), Column("density, 95 %")]
        yield Table([*columns, Column("limits", left=True, words=True), Column("again, %")], rows)
        yield Paragraph("Again: of rules made of other halves of the points, how many name the same input.")
