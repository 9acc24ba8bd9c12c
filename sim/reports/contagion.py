"""What is said of contagion: who pulls whom, and cascades."""

from collections.abc import Iterator
from typing import Any

from sim.analysis.contagion import DONE, Contagion
from sim.figures.contagion import clear
from sim.model.dates import spoken
from sim.model.outcomes import in_points, signed
from sim.reports.blocks import Block, Column, Paragraph, Table, origin, remark

READING = "Points are percentage points of a probability; ± is one Monte Carlo standard error."
LIMIT = (
    "How likely it is that the first member goes: it is made to in every run, whatever its stance, and nobody "
    "does anything about it that the model does not know of."
)
MOST = 12
"""Effects that are shown."""


def said(found: Contagion) -> Iterator[Block]:
    """What moves whom, the largest effects first; then cascades."""
    effects, names = found.frames["effects"], found.about["names"]
    last = effects[effects.date == effects.date.max()]
    does = DONE[found.about["event"]]
    largest = clear(last).sort_values("effect", key=abs, ascending=False, kind="stable").head(MOST)
    rows = [
        [f"{names[r.of]} {does}", names[r.on], *(f"{100 * p:.1f}" for p in (r.base, r.value)), _effect(r)]
        for r in largest.itertuples()
    ]
    if rows:
        heads = ["Has left by\n" + spoken(str(last.date.iloc[0])), "\nas it is, %", "\nwith it, %", "\npoints"]
        yield Table([Column("If", words=True), *(Column(h, left=k == 0) for k, h in enumerate(heads))], rows, keys=2)
    which = f"The other {len(last) - len(rows):,} of {len(last):,}" if rows else f"All {len(last):,}"
    rest = f"{which} effects are smaller or not beyond chance in these runs; all are in effects.csv"
    yield from remark(rest if len(rows) < len(last) else "")
    yield Paragraph(
        "Points: by how many percentage points the probability that the other has left changes if the first is made to "
        "go. In brackets: 90 % interval over coefficients, coded values and inputs to come, without what chance adds; "
        f"Monte Carlo standard error at most {in_points(last.mcse.max())}."
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


def _effect(r: Any) -> str:
    """In points, with its interval."""
    effect, low, high = (signed(100 * x, 1) for x in (r.effect, r.q05, r.q95))
    return f"{effect} ({low} to {high})"


def _mean(value: float, error: float) -> str:
    """A mean over cascades with its error, as far as there are any."""
    return "" if value != value else f"{value:.2f}" + (f"±{error:.2f}" if error == error else "")
