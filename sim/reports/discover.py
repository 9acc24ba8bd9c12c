"""What is said of a discovery: the rules, limit by limit."""

from collections.abc import Iterator

from sim.analysis.discover import Discovery, percents
from sim.reports.blocks import Block, Column, Paragraph, Table

READING = "In brackets: 95 % intervals, on cases that the rules were not made of."
LIMIT = (
    "Conditions beyond what was varied, or that what a rule names makes it so: of inputs that hang together one "
    "stands for the others."
)


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
        columns = [Column("Rule", left=True), Column("Finds"), Column("Is right in")]
        yield Table([*columns, Column("Where", left=True, words=True), Column("Again, %")], rows)
        yield Paragraph(
            "Finds: of all cases in which it is so, how many the rule names (coverage); is right in: of the cases that "
            "it names, in how many it is so (density), both in the half that rules were not made of, in brackets 95 % "
            "intervals. Again: of rules made of other halves, how many name the same input. PRIM and CART are two ways "
            "of making rules."
        )
