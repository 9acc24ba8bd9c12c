"""`cohesion why`: why a member did what it did in one run."""

from pathlib import Path

from sim.analysis.reasons import apart, plus_minus
from sim.analysis.why import Why, why
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for
from sim.cli.show import Column

MOST = 10
"""Causes that are shown; ablations.csv has all."""


def main(folder: Path, run: int, member: str, date: str | None, out: Path | None, force: bool, json: bool) -> None:
    """Explain, print and write."""
    day = f"-{date}" if date else ""
    target = out or Path("results") / folder_for(f"why-{folder.resolve().name}-run-{run}-{member}{day}")
    analyse(lambda tell: why(folder, run, member, date, tell), "Why", target, force, json, detail)


def detail(found: Why) -> None:
    """The terms of stance and hazard, then what came before."""
    terms, ablations = found.frames["terms"], found.frames["ablations"]
    for whole, own in terms.groupby("whole", sort=False):
        columns = [
            Column(f"Terms of the {whole}", words=True),
            Column("a year\nbefore"),
            Column("at the\ndate"),
            Column("change"),
            Column("mean of\nruns"),
            Column("against\nthe mean"),
        ]
        rows: list[list[show.Part]] = [
            [r.term, *(_signed(x) for x in (r.year_before, r.at_date, r.change, r.mean, r.from_mean))]
            for r in own.itertuples()
        ]
        show.table(columns, rows)
    noun = found.about["noun"]
    columns = [
        Column("What came before", words=True),
        Column(f"without it,\n{noun} by"),
        Column("probability\nby then, %"),
        Column("without\nit, %"),
        Column("±"),
    ]
    rows = [
        [r.what, r.date or "never", *apart(r.probability, r.without), plus_minus(r.mcse)]
        for r in ablations.head(MOST).itertuples()
    ]
    show.table(columns, rows)
    show.paragraph(" ".join(found.about["more"]))
    show.paragraph(
        "Dates are those of the same run with all its other draws; probabilities are of new draws from the thing on, "
        "the same with and without it, and ± is the Monte Carlo standard error of their difference, 0 where every draw "
        "gives the same. Coefficients and the course of inputs are this run's throughout."
    )


def _signed(x: float) -> str:
    return f"{x:+.2f}".replace("-", "−")
