"""`cohesion contagion`: what one member's exit or freeze does to the others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.analysis.contagion import Contagion, contagion
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for
from sim.cli.show import Column


def main(scenario: str, overrides: Mapping[str, Any], out: Path | None, force: bool, json: bool, **how: Any) -> None:
    """Find who pulls whom, print the matrix at the last horizon and the cascades, write the tables."""
    said = [f"{k}-{v}" for k, v in overrides.items()] + [*how["by"]] + ([how["at"]] if how["at"] else [])
    asked = "".join(f"-{x}" for x in said)
    analyse(
        lambda tell: contagion(scenario, set=overrides, progress=tell, **how),
        "runs of each member's move",
        out or Path("results") / folder_for(f"contagion-{Path(scenario).stem}-{how['event']}{asked}"),
        force,
        json,
        print_matrix,
    )


def print_matrix(found: Contagion) -> None:
    """A row for each that is made to move, a column for each other; then cascades."""
    effects, names = found.frames["effects"], found.about["names"]
    last = effects[effects.date == effects.date.max()]
    on = [code for code in names if code in set(last.on)]
    does = "leaves" if found.about["event"] == "exit" else "freezes"
    rows = []
    for of, own in last.groupby("of", sort=False):
        cells = {r.on: f"{100 * r.effect:+.1f}±{100 * r.mcse:.1f}" for r in own.itertuples()}
        rows.append([f"{names[of]} {does}", *(cells.get(j, "") for j in on)])
    show.paragraph()
    show.table([Column(f"By {last.date.iloc[0]}, points", left=True), *(Column(names[j]) for j in on)], rows)
    show.paragraph("± is one Monte Carlo standard error; effects.csv has the intervals over what is uncertain.")
    show.paragraph()
    heads = ["exits in a run", "runs with a cascade, %", "its exits", "its years"]
    cases = [
        [
            r.case,
            f"{r.exits:.2f}±{r.exits_mcse:.2f}",
            f"{100 * r.cascade:.1f}±{100 * r.cascade_mcse:.1f}",
            f"{r.size:.2f}±{r.size_mcse:.2f}",
            f"{r.years:.2f}±{r.years_mcse:.2f}",
        ]
        for r in found.frames["cascades"].itertuples()
    ]
    show.table([Column("Cascades", left=True), *map(Column, heads)], cases)
    show.paragraph("A cascade: exits of which each follows another within two years.")
    show.paragraph(f"{found.about['footer'].replace('  |  ', '; ')}.")
