"""A claim: what its tests measure over draws of what is uncertain, against their thresholds."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.errors import plural
from sim.figures import axes as scales, sheet, style
from sim.figures.rows import Claim, Measured, Panel
from sim.figures.style import whole_percent
from sim.model.grammar import sentence
from sim.model.outcomes import VERDICTS

WHY = ("90 % or more", "10 % or less", "not surely 90 % or more, or 10 % or less")
MEANS = {verdict: f"{verdict}, since that is {why}" for verdict, why in zip(VERDICTS, WHY, strict=True)}
HOW = (
    " Humps: distribution of the draws; dot and bar: mean and 90\u00a0% of draws; "
    "line: threshold; green ground: where the claim says it lies."
)
DRAWS, CLAIMED = "#86b6da", "#e4efe9"
ROW, HEADING, LINE, AXIS = 0.36, 0.42, 0.16, 0.56
LABELS, SHARES = 3.0, 1.15
"""Inches at the left for the names of what is measured, at the right for how often it holds."""
BINS = 60
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def draw(claim: Claim) -> Figure:
    """One panel a test: a hump of draws for everything measured, the threshold, the claimed side.

    Parameters
    ----------
    claim : the claim with its verdict and its tests.
    """
    width = style.room() - 0.1
    heads = [style.wrap(_heading(t), width, style.NORMAL, True) for t in claim.tests]
    notes = [style.wrap(t.note, width, style.SMALL) if t.note else [] for t in claim.tests]
    tall = [
        HEADING + LINE * (len(head) - 1) + ROW * len(t.rows) + AXIS + LINE * len(note)
        for t, head, note in zip(claim.tests, heads, notes, strict=True)
    ]
    with style.look():
        headline = f"{claim.name}  {claim.title}: {claim.verdict}"
        figure = sheet.page(headline, claim.text, verdict_in_words(claim) + HOW, claim.footer, sum(tall))
        figure.texts[0].set_color(VERDICTS[claim.verdict])
        y = sheet.by_hand(figure)
        for test, head, note, height in zip(claim.tests, heads, notes, tall, strict=True):
            sheet.write(figure, style.MARGIN, y - 0.12, head, va="top", **style.BOLD)
            top, rows = y - HEADING - LINE * (len(head) - 1), ROW * len(test.rows)
            labels = style.scaled(LABELS)
            panel = sheet.place(figure, style.MARGIN + labels, top, style.room() - labels - SHARES, rows)
            _panel(panel, test, labels)
            sheet.write(figure, style.MARGIN, top - rows - AXIS + 0.1, note, va="top", color=style.GREY)
            y -= height
        return sheet.settle(figure)


def verdict_in_words(claim: Claim) -> str:
    """How often the claim holds, and what follows."""
    n = len(claim.tests)
    every = "Both" if n == 2 else f"All {NUMBERS[n]}"
    what = f"{every} tests hold together" if n > 1 else "The test holds"
    text = (
        f"{what} in {100 * claim.holds:.0f} % of {plural(claim.draws, 'draw')} of what is uncertain "
        f"(95 % interval {100 * claim.low:.0f} to {100 * claim.high:.0f} %): {MEANS[claim.verdict]}."
    )
    return text.replace(" %", "\u00a0%")


def _heading(test: Panel) -> str:
    return f"{sentence(test.says)}: holds in {whole_percent(test.holds)} of draws"


def _panel(axes: Axes, test: Panel, room: float) -> None:
    """The rows of one test, the first at the top, their names within ``room`` inches."""
    low, high = _limits(test)
    axes.set_xlim(low, high)
    axes.set_ylim(len(test.rows) - 0.5, -0.5)
    claimed = (test.threshold, high) if test.above else (low, test.threshold)
    axes.axvspan(*claimed, color=CLAIMED, lw=0, zorder=0)
    for k, row in enumerate(test.rows):
        _hump(axes, k, row, low, high)
        holds = whole_percent(row.holds)
        axes.text(1.01, k, holds, va="center", transform=axes.get_yaxis_transform(), fontsize=style.SMALL)
    if len(test.rows) > 1:
        axes.text(1.01, 1.02, "holds in", va="bottom", transform=axes.transAxes, **style.NOTE)
    axes.axvline(test.threshold, color=style.INK, lw=1.2)
    labels = [style.shorten(row.label, room - 0.15, style.SMALL) for row in test.rows]
    axes.set_yticks(range(len(labels)), labels, fontsize=style.SMALL)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=7)
    if test.scale == "probability":
        scales.in_percent(axes.xaxis)
    elif test.scale == "points":
        scales.in_points(axes.xaxis)
    name = style.shorten(test.axis, style.room() - room, style.SMALL)
    axes.set_xlabel(name, fontsize=style.SMALL, loc="left", labelpad=2)


def _limits(test: Panel) -> tuple[float, float]:
    """All draws and the threshold, with a little room; probabilities end at 0 and 1."""
    values = np.concatenate([row.draws for row in test.rows])
    values = np.append(values[np.isfinite(values)], test.threshold)
    low, high = float(values.min()), float(values.max())
    pad = 0.06 * (high - low) or 0.1
    if test.scale == "probability":
        return max(low - pad, -0.01), min(high + pad, 1.01)
    return low - pad, high + pad


def _hump(axes: Axes, k: int, row: Measured, low: float, high: float) -> None:
    """The distribution of the draws of one row, its mean and the middle 90 %."""
    x = row.draws[np.isfinite(row.draws)]
    if not x.size:
        axes.text(low, k, " not defined", va="center", **style.NOTE)
        return
    edges = np.linspace(low, high, BINS + 1)
    counts = np.histogram(x, edges)[0] / x.size
    heights = 0.62 * counts / max(counts.max(), 1e-12)
    axes.stairs(k + 0.3 - heights, edges, baseline=k + 0.3, fill=True, color=DRAWS, lw=0)
    axes.plot([row.q05, row.q95], [k + 0.3, k + 0.3], color=style.FAN["median"], lw=1.6, solid_capstyle="butt")
    axes.plot(row.estimate, k + 0.3, "o", ms=4.5, color=style.FAN["mean"])
