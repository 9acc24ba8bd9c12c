"""What is said of drivers: what is resolved, coded values first."""

from collections.abc import Iterator, Mapping

from sim.analysis.drivers import Drivers
from sim.errors import listed
from sim.figures.drivers import CODED, COEFFICIENT
from sim.model.grammar import in_text
from sim.model.outcomes import OUTCOMES
from sim.reports.blocks import Block, Column, Paragraph, Table, remark

READING = (
    "In brackets: 95 % intervals. What an input takes away of the variance is what knowing it exactly would be "
    "worth on average."
)
LIMIT = (
    "How far an outcome would move if an input were changed: that is what cohesion sensitivity asks. What chance "
    "decides no better knowledge takes away."
)
MOST = 5
"""Inputs of a kind that are printed for an outcome."""


def said(found: Drivers) -> Iterator[Block]:
    """For each outcome the inputs that are resolved, coded values first; then groups."""
    table, whole = found.frames["drivers"], found.frames["outcomes"]
    rows = []
    for o in whole.to_dict("records"):
        own = table[(table["outcome"] == o["outcome"]) & (table["member"] == o["member"]) & (table["resolved"] == 1.0)]
        state = in_text(found.state_names.get(o["member"], o["member"]))
        name = f"{OUTCOMES[o['outcome']].noun}{f' of {state}' if state else ''}"
        for kind in (CODED, COEFFICIENT):
            best = own[own["kind"] == kind].sort_values("share", ascending=False).head(MOST)
            for r in best.to_dict("records"):
                ends = f"{100 * max(r['share_low'], 0.0):.2g} to {100 * r['share_high']:.2g}"
                of_known = f"{100 * r['of_known']:.0f}" if r["of_known"] == r["of_known"] else ""
                rows.append([name, r["label"], f"{100 * r['share']:.2g} ({ends})", of_known])
    if rows:
        heads = ["Knowing it takes\naway, % of variance", "of all that is not\nchance, %"]
        heads = heads[: 1 + any(row[-1] for row in rows)]
        names = [Column("Outcome", left=True, words=True), Column("Input", left=True, words=True)]
        yield Table([*names, *map(Column, heads)], [row[: 2 + len(heads)] for row in rows], keys=2)
    first = whole.iloc[0]
    groups = found.frames["groups"]
    own = groups[(groups["outcome"] == first["outcome"]) & (groups["member"] == first["member"])]
    clear, rest = own[own["resolved"] == 1.0], own[own["resolved"] != 1.0]
    shown = [
        [
            _group(r["group"], found.state_names),
            str(r["inputs"]),
            f"{100 * r['share']:.2g} ({100 * r['share_low']:.2g} to {100 * r['share_high']:.2g})",
        ]
        for r in clear.sort_values("share", ascending=False).to_dict("records")
    ]
    if shown:
        head = f"What groups of inputs together tell of {OUTCOMES[first['outcome']].noun}"
        yield Table([Column(head, left=True, words=True), Column("inputs"), Column("% of variance")], shown)
    unclear = [_group(group, found.state_names) for group in rest["group"]]
    yield from remark(f"Not beyond chance: {listed(unclear, len(unclear))}" if unclear else "")
    yield Paragraph(
        "Shares of groups are of draws that were left out when they were fitted; groups overlap. In brackets: 95 % "
        "intervals."
    )


def _group(group: str, names: Mapping[str, str]) -> str:
    """A group of inputs in words, a state by its name."""
    kind, _, rest = group.partition(": ")
    if kind == "state":
        return f"all of {in_text(names.get(rest, rest))}"
    return "all inputs" if group == "all" else group
