"""The gap between two scenarios, part by part: from the level of the first to that of the second."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import axes as scales, sheet, style
from sim.model.grammar import in_text, sentence
from sim.model.outcomes import OUTCOMES, signed

BELOW = (
    "Each bar begins where the one above ends and shows what a part adds, averaged over all orders in which the parts "
    "may be changed (Shapley value); together they lead from the first scenario to the second. Lines: 90\u00a0% "
    "interval of what the part adds over coefficients, coded values and inputs to come, the same in both, chance taken "
    "out. Numbers: what it adds, ± one Monte Carlo standard error."
)
UP, DOWN, LEVEL = "#2081bf", style.AWAY, style.GREY
ROWS = 0.24, 0.3
"""Inches from row to row, by the lines of the longest name."""
LABELS, TICK = 2.3, 0.6
"""Inches for the names of the parts, and for the label of a tick."""


def draw(shares: pd.DataFrame, gaps: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """A panel for each outcome and horizon, a row for each part, the largest of the first outcome on top.

    Parameters
    ----------
    shares, gaps : the tables of :func:`sim.attribute`.
    about : its words: a, b, names, footer.
    """
    quantities = list(dict.fromkeys(zip(gaps.outcome, gaps.member, strict=True)))
    years = sorted(set(gaps.horizon_years))[-2:]
    last = gaps[gaps.horizon_years == years[-1]].iloc[0]
    first = shares[(shares.outcome == last.outcome) & (shares.member == last.member) & (shares.date == last.date)]
    order = list(first.reindex(first.added.abs().sort_values(ascending=False, kind="stable").index).part)
    names = [style.lines(n, style.scaled(LABELS), style.SMALL, 2) for n in (about["a"], *order, about["b"])]
    high = ROWS[max(map(len, names)) - 1] * len(names) + 0.75
    wide = (style.room() - style.scaled(LABELS)) / len(years) - 0.2
    second = f"From “{about['a']}” to “{about['b']}”"
    with style.look():
        headline = _says(first.set_index("part").loc[order[0]], last, about["names"])
        figure = sheet.page(headline, second, BELOW, about["footer"], high * len(quantities) + 0.3)
        panels = figure.subplots(len(quantities), len(years), squeeze=False, sharey=True)
        for row, (outcome, member) in zip(panels, quantities, strict=True):
            for panel, y in zip(row, years, strict=True):
                here = (shares.outcome == outcome) & (shares.member == member) & (shares.horizon_years == y)
                gap = gaps[(gaps.outcome == outcome) & (gaps.member == member) & (gaps.horizon_years == y)].iloc[0]
                _panel(panel, shares[here].set_index("part").loc[order], gap, about["names"], wide)
            row[0].set_yticks(range(len(names)), ["\n".join(lines) for lines in names])
        sheet.legend(
            figure,
            [
                *[(Patch(color=UP), "raises it")] * bool((shares.added >= 0).any()),
                *[(Patch(color=DOWN), "lowers it")] * bool((shares.added < 0).any()),
                (Patch(color=LEVEL), "level of a scenario"),
            ],
        )
        return sheet.settle(figure)


def _says(part: pd.Series, gap: Any, names: Mapping[str, str]) -> str:
    """Which part adds most to the first outcome at the last horizon, and how much."""
    o = OUTCOMES[gap.outcome]
    scale, digits, unit = (100.0, 1, " points") if o.probability else (1.0, 3, "")
    added, low, high = (signed(scale * x, digits) for x in (part.added, part.q05, part.q95))
    what = o.label + (f" of {in_text(names.get(gap.member, gap.member))}" if gap.member else "")
    at = o.at(f"{date.fromisoformat(gap.date):%B %Y}")
    return f"{sentence(str(part.name))} moves {what} {at} most: {added}{unit} (90\u00a0%: {low} to {high})"


def _panel(panel: Axes, own: pd.DataFrame, gap: Any, names: Mapping[str, str], wide: float) -> None:
    """Bars from the level of the first scenario to that of the second, in axes about ``wide`` inches wide."""
    o = OUTCOMES[gap.outcome]
    ends = gap.a + own.added.cumsum().to_numpy()
    starts = np.r_[gap.a, ends[:-1]]
    at = [float(k) for k in range(1, len(own) + 1)]
    panel.barh([0, len(own) + 1], [gap.a, gap.b], color=LEVEL, height=0.62)
    panel.barh(at, own.added, left=starts, color=[UP if x >= 0 else DOWN for x in own.added], height=0.62)
    panel.hlines(at, starts + own.q05, starts + own.q95, color=style.INK, lw=1.0)
    for y, end in zip(at, ends, strict=True):
        panel.plot([end, end], [y, y + 1], color=style.GREY, lw=0.6)
    scale, digits = (100.0, 1) if o.probability else (1.0, 3)
    right = max(gap.a, gap.b, *(starts + own.q95), *ends)
    left = min(0.0, *(starts + own.q05))
    panel.set_xlim(left, right + 0.3 * (right - left))
    place: dict[str, Any] = {"va": "center", "fontsize": style.SMALL, "color": style.INK}
    for y, x, part in zip(at, starts, own.itertuples(), strict=True):
        error = f"±{max(scale * part.mcse, 10.0**-digits):.{digits}f}"
        said = f"{signed(scale * part.added, digits)} {error}"
        panel.text(max(x + part.q95, x, x + part.added) + 0.012 * (right - left), y, said, **place)
    for y, level in ((0.0, gap.a), (len(own) + 1.0, gap.b)):
        said = style.percent(level) if o.probability else f"{level:.2f}"
        panel.text(level + 0.012 * (right - left), y, said, **{**place, "fontweight": "bold"})
    title = o.title.format(names.get(gap.member, gap.member))
    panel.set_title(f"{sentence(title)}, {date.fromisoformat(gap.date):%B %Y}", fontsize=style.NORMAL)
    if o.probability:
        scales.in_percent(panel.xaxis)
    panel.set_xlabel(o.axis)
    panel.set_ylim(len(own) + 1.6, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x")
    panel.locator_params(axis="x", nbins=max(2, min(5, int(wide / TICK))))
    if o.probability:  # the axis goes on for the numbers beside the bars
        panel.set_xticks([x for x in panel.get_xticks() if left <= x <= 1.0])
