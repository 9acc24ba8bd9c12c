"""What is said of contagion: who pulls whom, and cascades."""

from collections.abc import Iterator

from sim.analysis.contagion import Contagion
from sim.model.outcomes import in_column
from sim.reports.blocks import Block, Column, Paragraph, Table


def said(found: Contagion) -> Iterator[Block]:
    """A row for each that is made to move, a column for each other; then cascades."""
    effects, names = found.frames["effects"], found.about["names"]
    last = effects[effects.date == effects.date.max()]
    on = [code for code in names if code in set(last.on)]
    does = "leaves" if found.about["event"] == "exit" else "freezes"
    rows = []
    for of, own in last.groupby("of", sort=False):
        cells = {r.on: f"{in_column(100 * r.effect, 1)}±{100 * r.mcse:.1f}" for r in own.itertuples()}
        rows.append([f"{names[of]} {does}", *(cells.get(j, "") for j in on)])
    yield Paragraph()
    yield Table([Column(f"By {last.date.iloc[0]}, points", left=True), *(Column(names[j]) for j in on)], rows)
    yield Paragraph("± is one Monte Carlo standard error; effects.csv has the intervals over what is uncertain.")
    yield Paragraph()
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
    yield Table([Column("Cascades", left=True), *map(Column, heads)], cases)
    yield Paragraph("A cascade: exits of which each follows another within two years.")
    yield Paragraph(f"{found.about['footer'].replace('  |  ', '; ')}.")
