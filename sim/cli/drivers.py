"""`cohesion drivers`: which coded value to check first, and which coefficients outcomes hang on."""

from pathlib import Path

from sim.analysis.drivers import Drivers, drivers
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.show import Column
from sim.figures.drivers import CODED, COEFFICIENT
from sim.model.outcomes import OUTCOMES
from sim.results.result import Result

MOST = 5
"""Inputs of a kind that are printed for an outcome."""


def main(folder: Path, out: Path | None, force: bool, json: bool) -> None:
    """Read the runs, print, write."""
    result = Result.open(folder)
    _ = result.kept
    target = out or Path("results") / f"drivers-{result.scenario.name}"
    analyse(lambda tell: drivers(result, progress=tell), "drivers", target, force, json, print_drivers)


def print_drivers(found: Drivers) -> None:
    """For each outcome the inputs that are resolved, coded values first; then groups."""
    table, whole = found.frames["drivers"], found.frames["outcomes"]
    rows = []
    for o in whole.to_dict("records"):
        own = table[(table["outcome"] == o["outcome"]) & (table["member"] == o["member"]) & (table["resolved"] == 1.0)]
        name = " ".join(filter(None, (OUTCOMES[o["outcome"]].noun, o["member"])))
        for kind in (CODED, COEFFICIENT):
            best = own[own["kind"] == kind].sort_values("share", ascending=False).head(MOST)
            for r in best.to_dict("records"):
                ends = f"{100 * max(r['share_low'], 0.0):.2g} to {100 * r['share_high']:.2g}"
                rows.append([name, r["label"], f"{100 * r['share']:.2g}", ends, f"{100 * r['of_known']:.0f}"])
    if rows:
        columns = [Column("outcome", left=True, words=True), Column("input", left=True, words=True)]
        show.table([*columns, *map(Column, ("share, %", "95 %", "of what is known, %"))], rows)
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
    show.table([Column(head, left=True, words=True), *map(Column, ("inputs", "share, %", "95 %"))], shown)
