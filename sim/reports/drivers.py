"""What is said of drivers: what is resolved, coded values first."""

from collections.abc import Iterator

from sim.analysis.drivers import Drivers
from sim.figures.drivers import CODED, COEFFICIENT
from sim.model.outcomes import OUTCOMES, in_text
from sim.reports.blocks import Block, Column, Table

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
                rows.append([name, r["label"], f"{100 * r['share']:.2g}", ends, f"{100 * r['of_known']:.0f}"])
    if rows:
        columns = [Column("outcome", left=True, words=True), Column("input", left=True, words=True)]
        yield Table([*columns, *map(Column, ("share, %", "95 %", "of known, %"))], rows)
    first = whole.iloc[0]
    groups = found.frames["groups"]
    own = groups[(groups["outcome"] == first["outcome"]) & (groups["member"] == first["member"])]
    shown = [
        [
            r["group"],
            str(r["inputs"]),
            f"{100 * r['share']:.2g}",
            f"{100 * r['share_low']:.2g} to {100 * r['share_high']:.2g}",
        ]
        if r["resolved"] == 1.0
        else [r["group"], str(r["inputs"]), "not resolved", ""]
        for r in own.sort_values("share", ascending=False).to_dict("records")
    ]
    head = f"{OUTCOMES[first['outcome']].noun}: what a group explains of draws left out"
    yield Table([Column(head, left=True, words=True), *map(Column, ("inputs", "share, %", "95 %"))], shown)
