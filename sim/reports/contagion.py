"""What is said of contagion: who pulls whom, and cascades."""

from collections.abc import Iterator

from sim.analysis.contagion import Contagion
from sim.reports.blocks import Block, Column, Paragraph, Table, origin
from sim.results.change import points
from sim.scenario.dates import spoken


def said(found: Contagion) -> Iterator[Block]:
    """A row for each that is made to move, a column for each other; then cascades."""
    effects, names = found.frames["effects"], found.about["names"]
    last = effects[effects.date == effects.date.max()]
    on = [code for code in names if code in set(last.on)]
    does = "leaves" if found.about["event"] == "exit" else "freezes"
    rows = []
    for of, own in last.groupby("of", sort=False):
        cells = {r.on: f"{points(r.effect)} ({points(r.q05)} to {points(r.q95)})" for r in own.itertuples()}
        rows.append([f"{names[of]} {does}", *(cells.get(j, "") for j in on)])
    yield Paragraph()
    when = spoken(str(last.date.iloc[0]))
    yield Table([Column(f"By {when}, points", left=True), *(Column(names[j]) for j in on)], rows)
    yield Paragraph(
        "A row for each member that is made to move, a column for each other: by how many percentage points that one's "
        "probability of having left changes. In brackets: 90 % interval over coefficients, coded values and inputs to "
        f"come, without what chance adds; Monte Carlo standard error at most {100 * last.mcse.max():.1f} points."
    )
    yield Paragraph()
    heads = ["Exits in\na run", "Runs with a\ncascade, %", "Exits in\na cascade", "Years of\na cascade"]
    cases = [
        [
            r.case,
            f"{r.exits:.2f}±{r.exits_mcse:.2f}",
            f"{100 * r.cascade:.1f}±{100 * r.cascade_mcse:.1f}",
            _mean(r.size, r.size_mcse),
            _mean(r.years, r.years_mcse),
        ]
        for r in found.frames["cascades"].itertuples()
    ]
    yield Table([Column("Cascades", left=True), *map(Column, heads)], cases)
    yield Paragraph(
        "A cascade: exits of which each follows another within two years. ± is one Monte Carlo standard error. "
        "Contagion and peers: the coefficients by which exits and the stances of others move a member."
    )
    yield Paragraph(origin(found.about["footer"]))


def _mean(value: float, error: float) -> str:
    """A mean over cascades with its error, as far as there are any."""
    return "" if value != value else f"{value:.2f}" + (f"±{error:.2f}" if error == error else "")
