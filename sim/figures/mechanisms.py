"""What each mechanism is worth: evidence and held-out score with it minus without it."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.errors import plural
from sim.figures import sheet, style
from sim.figures.rows import Worth
from sim.figures.style import signed
from sim.model.grammar import sentence
from sim.model.outcomes import MECHANISM_VERDICTS

NAMES, VERDICT, GAP = 3.35, 1.05, 0.25
"""Inches for the names of mechanisms, for verdicts, and between the two columns."""
HEAD, AXIS = 0.6, 0.5
EARNS, COSTS, OPEN = MECHANISM_VERDICTS
HELD_OUT = style.FAN["median"]
COLUMNS = (("Whole record", "log evidence"), ("Held-out years", "log predictive density"))
LARGEST = 30.0
"""Where the axes are cut off at the latest; what lies beyond is given in numbers."""
ZONE = 1.0
"""Less than this is not worth a mention: 2 ln B below 2 (Kass & Raftery 1995)."""
BELOW = (
    "Each mechanism is removed in turn and the draws of the full fit are weighed again by the likelihood without it "
    "(and sampled on where too few then count). Bars: ± 2 Monte Carlo standard errors. "
    "Grey zone, −1 to +1: not worth a mention (Kass & Raftery 1995). Verdict: by the whole record; "
    "a mechanism earns its place or costs where the whole bar lies beyond the grey zone."
)


def marks(row: Worth) -> tuple[tuple[float, float, str], tuple[float, float, str]]:
    """Value, standard error and colour in each column."""
    return ((row.evidence, row.evidence_se, MECHANISM_VERDICTS[row.verdict]), (row.held_out, row.held_out_se, HELD_OUT))


def mechanisms(table: pd.DataFrame, title: str, footer: str) -> Figure:
    """A line a mechanism, the most useful first.

    Parameters
    ----------
    table : with the columns of :class:`sim.figures.rows.Worth`.
    title, footer : what was fitted, and where the numbers come from.
    """
    rows = [Worth(*row) for row in table[list(Worth._fields)].itertuples(index=False)]
    rows.sort(key=lambda r: -r.evidence if math.isfinite(r.evidence) else math.inf)
    names, wide, at_verdict = _columns()
    says = [style.wrap(sentence(r.says), names - 0.2, style.SMALL) for r in rows]
    tall = [0.08 + sheet.TEXT * (1 + len(text)) for text in says]
    low, high = limits(rows)
    beyond = any(x - 2 * e < low or x + 2 * e > high for r in rows for x, e, _ in marks(r))
    foot = AXIS + sheet.TEXT * (max(len(_label(term, wide)) for _, term in COLUMNS) - 1)
    with style.look():
        below = BELOW + " Arrow: goes on beyond the edge." * beyond
        figure = sheet.page(_headline(rows), title, below, footer, HEAD + sum(tall) + foot)
        top = sheet.by_hand(figure) - HEAD
        panels = [_column(figure, k, top, sum(tall), (low, high)) for k in range(2)]
        sheet.write(figure, at_verdict, top + 0.3, "Verdict", va="bottom", **style.BOLD)
        y = 0.0
        for k, (row, text, height) in enumerate(zip(rows, says, tall, strict=True)):
            if k % 2 == 0:
                sheet.ground(panels[0], wide, y, y + height, names, wide + GAP + VERDICT)
            _name(figure, row, text, top - y, names)
            middle = y + height / 2
            colour = MECHANISM_VERDICTS[row.verdict]
            sheet.write(figure, at_verdict, top - middle, row.verdict, va="center", color=colour)
            for panel, mark in zip(panels, marks(row), strict=True):
                _mark(panel, middle, *mark)
            y += height
        return sheet.settle(figure)


def _columns() -> tuple[float, float, float]:
    """Inches for the names and for each column, and where verdicts begin."""
    names = style.scaled(NAMES)
    return names, (style.room() - names - VERDICT - GAP) / 2, style.width() - style.MARGIN - VERDICT + 0.1


def _label(term: str, wide: float) -> list[str]:
    """Lines below the axis of a column."""
    return style.wrap(f"{term}, with minus without", wide, style.SMALL)


def _column(figure: Figure, k: int, top: float, height: float, ends: tuple[float, float]) -> Axes:
    """The axes of a column, with its title and the meaning of its sides."""
    title, term = COLUMNS[k]
    names, wide, _ = _columns()
    low, high = ends
    left = style.MARGIN + names + k * (wide + GAP)
    axes = sheet.rows(figure, left, top, wide, height)
    axes.set_xlim(low, high)
    axes.axvspan(-ZONE, ZONE, color=style.FAINT, lw=0)
    axes.axvline(0.0, color=style.INK, lw=0.9)
    axes.locator_params(axis="x", nbins=min(6, int(wide / 0.4)))
    axes.set_xlabel("\n".join(_label(term, wide)), fontsize=style.SMALL)
    sheet.write(figure, left, top + 0.3, title, va="bottom", **style.BOLD)
    zero = left + wide * -low / (high - low)
    sheet.sides(figure, zero, top + 0.06, "better without", "better with", (wide + GAP) / 2 - 0.12)
    return axes


def _headline(rows: Sequence[Worth]) -> str:
    verdicts = [r.verdict for r in rows]
    earn, costs, rest = (verdicts.count(v) for v in (EARNS, COSTS, OPEN))
    return (
        f"Of {plural(len(rows), 'mechanism')} {earn or 'none'} earn{' their' if earn > 1 else 's its'} place, "
        f"{costs or 'none'} cost{' more than they explain' if costs > 1 else 's more than it explains'}"
        + (f"; of {rest} the record cannot tell" if rest else "")
    )


def limits(rows: Sequence[Worth]) -> tuple[float, float]:
    """The same for both columns: all bars and the grey zone, but for a few that lie far beyond the others."""
    values = [(x, 2 * e if math.isfinite(e) else 0.0) for r in rows for x, e, _ in marks(r) if math.isfinite(x)]
    sizes = sorted(abs(x) for x, _ in values) or [0.0]
    most = max(LARGEST, 2 * sizes[3 * (len(sizes) - 1) // 4])
    low = max(min([-2 * ZONE, *(x - e for x, e in values)]), -most)
    high = min(max([2 * ZONE, *(x + e for x, e in values)]), most)
    pad = 0.04 * (high - low)
    return low - pad, high + pad


def _name(figure: Figure, row: Worth, text: Sequence[str], top: float, room: float) -> None:
    """The name of a mechanism, and below it what it says."""
    name = style.shorten(sentence(row.mechanism.replace("-", " ")), (room - 0.2) / 1.15, style.SMALL)
    sheet.write(figure, style.MARGIN + 0.04, top - 0.04, name, va="top", fontweight="bold")
    down = top - 0.04 - sheet.TEXT
    sheet.write(figure, style.MARGIN + 0.04, down, text, va="top", color=style.GREY, linespacing=1.15)


def _mark(axes: Axes, y: float, value: float, se: float, colour: str) -> None:
    """A dot with its bar; arrows where it goes on beyond the axis, and the number of a dot that lies there."""
    low, high = axes.get_xlim()
    looks: dict[str, Any] = {"fontsize": style.SMALL, "va": "center"}
    if not math.isfinite(value):
        axes.text(2 * ZONE, y, "not known", color=style.GREY, **looks)
        return
    error = 2 * se if math.isfinite(se) else 0.0
    for beyond, edge, head in ((value - error < low, low, "<"), (value + error > high, high, ">")):
        if beyond and not (value < low and head == ">") and not (value > high and head == "<"):
            axes.plot(edge, y, head, color=colour, ms=5.5, clip_on=False)
    if low <= value <= high:
        ends = [max(value - error, low), min(value + error, high)]
        axes.plot(ends, [y, y], color=colour, lw=1.5, solid_capstyle="butt")
        axes.plot(value, y, "o", color=colour, ms=4.5)
        return
    edge, inward, side = (high, -0.04, "right") if value > high else (low, 0.04, "left")
    text = signed(value) + (f" ± {signed(error)}" if error else "")
    axes.text(edge + inward * (high - low), y, text, ha=side, color=colour, **looks)
