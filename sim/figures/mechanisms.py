"""What each mechanism is worth: evidence and held-out score with it less without it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.figures import inches, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = dict[str, Any]

NAMES, VERDICT, GAP = 3.35, 1.05, 0.25
"""Inches for the names of mechanisms, for verdicts, and between the two columns."""
AT_VERDICT = style.WIDTH - style.MARGIN - VERDICT + 0.1
HEAD, AXIS = 0.6, 0.5
EARNS, OPEN, COSTS = "earns its place", "not told apart", "costs"
COLOURS = {EARNS: "#1b6e53", OPEN: "#595959", COSTS: "#a33b2a"}
HELD_OUT = style.FAN["median"]
COLUMNS = (
    ("evidence", "Whole record", "log evidence"),
    ("held_out", "Held-out years", "log predictive density"),
)
LARGEST = 30.0
"""Where the axes are cut off at the latest; what lies beyond is told in numbers."""
ZONE = 1.0
"""Less than this is not worth a mention: 2 ln B below 2 (Kass & Raftery 1995)."""


def mechanisms(told: dict[str, Any]) -> Figure:
    """A line a mechanism, the most useful first.

    ``told`` has title, footer and rows of mechanism, says, evidence, evidence_se, held_out, held_out_se, verdict.
    """
    rows = sorted(told["rows"], key=lambda r: -r["evidence"] if math.isfinite(r["evidence"]) else math.inf)
    says = [style.wrap(_sentence(r["says"]), NAMES - 0.2, style.SMALL) for r in rows]
    tall = [0.08 + inches.TEXT * (1 + len(text)) for text in says]
    low, high = limits(rows)
    with style.look():
        headline = _headline(rows)
        below = BELOW + (" Arrow: goes on beyond the edge." if _cut(rows) else "")
        figure = style.page(headline, told["title"], below, told["footer"], HEAD + sum(tall) + AXIS)
        top = inches.by_hand(figure) - HEAD
        width = (style.WIDTH - 2 * style.MARGIN - NAMES - VERDICT - GAP) / 2
        bold: dict[str, Any] = {"va": "bottom", "fontsize": style.NORMAL, "fontweight": "bold"}
        inches.write(figure, AT_VERDICT, top + 0.3, "Verdict", **bold)
        for k, (key, title, term) in enumerate(COLUMNS):
            left = style.MARGIN + NAMES + k * (width + GAP)
            axes = inches.lines(figure, left, top, width, sum(tall))
            axes.set_xlim(low, high)
            axes.axvspan(-ZONE, ZONE, color=style.FAINT, lw=0)
            axes.axvline(0.0, color=style.INK, lw=0.9)
            axes.locator_params(axis="x", nbins=6)
            axes.set_xlabel(f"{term}, with less without", fontsize=style.SMALL)
            zero = left + width * -low / (high - low)
            inches.write(figure, left, top + 0.3, title, **bold)
            inches.sides(figure, zero, top + 0.06, ("better without", "better with"))
            y = 0.0
            for j, (row, text, high_of) in enumerate(zip(rows, says, tall, strict=True)):
                middle = y + high_of / 2
                if k == 0:
                    if j % 2 == 0:
                        _ground(axes, width, y, y + high_of)
                    _name(figure, row, text, top - y)
                    colour = COLOURS[row["verdict"]]
                    at = AT_VERDICT, top - middle
                    inches.write(figure, *at, row["verdict"], va="center", color=colour)
                colour = COLOURS[row["verdict"]] if key == "evidence" else HELD_OUT
                _mark(axes, middle, row[key], row[f"{key}_se"], colour)
                y += high_of
        return style.settle(figure)


BELOW = (
    "Each mechanism is removed in turn and the model fitted anew. Bars: ± 2 Monte Carlo standard errors. "
    "Grey zone, −1 to +1: not worth a mention (Kass & Raftery 1995). Verdict: by the whole record; "
    "a mechanism earns its place or costs where the whole bar lies beyond the grey zone."
)


def _headline(rows: Sequence[Row]) -> str:
    n = {v: sum(r["verdict"] == v for r in rows) for v in COLOURS}
    earn, costs, rest, many = n[EARNS], n[COSTS], n[OPEN], len(rows)
    return (
        f"Of {many} mechanism{'' if many == 1 else 's'} {earn or 'none'} earn{' their' if earn > 1 else 's its'} place, "
        f"{costs or 'none'} cost{' more than they explain' if costs > 1 else 's more than it explains'}"
        + (f"; of {rest} the record cannot tell" if rest else "")
    )


def limits(rows: Sequence[Row]) -> tuple[float, float]:
    """The same for both columns: all bars and the grey zone, but for a few that lie far beyond the others."""
    values = [(x, 2 * e if math.isfinite(e) else 0.0) for r in rows for x, e in _values(r) if math.isfinite(x)]
    sizes = sorted(abs(x) for x, _ in values) or [0.0]
    most = max(LARGEST, 2 * sizes[3 * (len(sizes) - 1) // 4])
    low = max(min([-2 * ZONE, *(x - e for x, e in values)]), -most)
    high = min(max([2 * ZONE, *(x + e for x, e in values)]), most)
    pad = 0.04 * (high - low)
    return low - pad, high + pad


def _values(row: Row) -> list[tuple[float, float]]:
    return [(row[key], row[f"{key}_se"]) for key, _, _ in COLUMNS]


def _cut(rows: Sequence[Row]) -> bool:
    """Whether something lies beyond the axes."""
    low, high = limits(rows)
    return any(x - 2 * e < low or x + 2 * e > high for r in rows for x, e in _values(r))


def _ground(axes: Axes, width: float, top: float, bottom: float) -> None:
    reach = 1.0 + (width + GAP + VERDICT) / width
    axes.axhspan(top, bottom, -NAMES / width, reach, color=style.BAND, lw=0, clip_on=False, zorder=0)


def _name(figure: Figure, row: Row, text: Sequence[str], top: float) -> None:
    name = _sentence(row["mechanism"].replace("-", " "))
    name = style.shorten(name, (NAMES - 0.2) / 1.15, style.SMALL)
    inches.write(figure, style.MARGIN + 0.04, top - 0.04, name, va="top", fontweight="bold")
    down = top - 0.04 - inches.TEXT
    inches.write(figure, style.MARGIN + 0.04, down, "\n".join(text), va="top", color=style.GREY, linespacing=1.15)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


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
    said = inches.number(value) + (f" ± {inches.number(error)}" if error else "")
    axes.text(edge + inward * (high - low), y, said, ha=side, color=colour, **looks)
