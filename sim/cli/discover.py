"""`cohesion discover`: under which conditions an outcome is as asked."""

from pathlib import Path

from sim.analysis.discover import Discovery, discover, percents
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for
from sim.cli.show import Column


def main(folder: Path, when: str, seed: int, out: Path | None, force: bool, json: bool) -> None:
    """Find rules, print, write."""
    target = out or Path("results") / folder_for(f"discover-{folder.name}-{when}")
    analyse(lambda tell: discover(folder, when, seed=seed, progress=tell), "rules", target, force, json, print_limits)


def print_limits(found: Discovery) -> None:
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
        show.table([*columns, Column("limits", left=True, words=True), Column("again, %")], rows)
        show.paragraph("Again: of rules made of other halves of the points, how many name the same input.")
