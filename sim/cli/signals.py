"""`cohesion signals`: how long before an exit or a freeze its signs show."""

from pathlib import Path

from sim.analysis.signals import MEANING, YEAR, Signals, in_words, signals
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.show import Column


def main(folder: Path, out: Path | None, force: bool, json: bool) -> None:
    """Make the runs again, print, write."""
    home = out or Path("results") / f"signals-{folder.name}"
    analyse(lambda tell: signals(folder, progress=tell), "Looking for signs", home, force, json, detail)


def detail(found: Signals) -> None:
    """Areas a year before, by sign."""
    table = found.frames["areas"]
    year = table[table.quarters == YEAR]
    groups = list(year.groupby(["where", "event"], sort=False))
    rows: list[list[show.Part]] = []
    for sign in (s for s in MEANING if s in set(year.sign)):
        at = [rows_of[rows_of.sign == sign] for _, rows_of in groups]
        rows.append([sign, *(in_words(r.iloc[0]) if len(r) else "" for r in at)])
    heads = [Column("A year before", left=True), *(Column(f"{event}\n{where}") for (where, event), _ in groups)]
    show.table(heads, rows)
    show.paragraph()
    show.remark("Area under the ROC curve, 0.5 is chance; in brackets 95 % intervals, rows or states as clusters")
