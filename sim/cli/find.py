"""`cohesion find`: list the runs in which something is so, or say what follows if it is."""

import re
from pathlib import Path

from sim.analysis.find import Found, Given, find
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.show import Column
from sim.estimates.conditional import Share
from sim.results.change import interval, percent
from sim.storage.workspace import digest

MOST = 12
"""Runs that are shown of those that are found."""


def main(folder: Path, condition: str | None, given: str | None, out: Path | None, force: bool, json: bool) -> None:
    """Find, print, write."""
    home = out or Path("results") / folder_name(folder, condition or "", given or "")
    analyse(lambda _: find(folder, condition, given), "Looking at runs", home, force, json, detail)


def folder_name(folder: Path, condition: str, given: str) -> str:
    """Of the folder of an answer: what was asked, as far as a name has room, and its hash."""
    asked = f"{condition} given {given}" if given else condition
    words = re.sub(r"[^A-Za-z0-9.]+", "-", asked).strip("-")[:60]
    return f"find-{folder.name}-{words}-{digest(asked)[:6]}"


def detail(found: Found | Given) -> None:
    """The first runs, or the probabilities."""
    if isinstance(found, Given):
        _probabilities(found)
    elif len(table := found.frames["runs"]):
        shown = [[str(x) for x in row] for row in table.head(MOST).itertuples(index=False)]
        show.table([Column(str(c)) for c in table], shown)
        show.remark(f"The first {MOST} of {len(table):,}; all are in runs.csv" if len(table) > MOST else "")


def _probabilities(found: Given) -> None:
    table = found.frames["given"]
    last = table[table.horizon_years == table.horizon_years.max()]
    columns = [Column(f"By {found.about['when']}, %", left=True), Column("if it is so"), Column("in all runs")]
    rows: list[list[show.Part]] = []
    for row in last.itertuples(index=False):
        one, other = (Share(*(getattr(row, f"{side}{k}") for k in Share._fields)) for side in ("", "all_"))
        rows.append([str(row.label), _cell(one), _cell(other)])
    show.table(columns, rows)
    show.paragraph()
    show.remark(
        "In brackets: 95 % Monte Carlo intervals, rows of the posterior drawn as well. All horizons are in given.csv"
    )


def _cell(p: Share) -> str:
    value, spread = percent(float(p.mean)), interval(float(p.low), float(p.high))
    return value if spread == value else f"{value} ({spread})"
