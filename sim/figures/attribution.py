"""The gap between two scenarios, part by part: from the level of the first to that of the second."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import axes as scales, sheet, style
from sim.model.arrays import Array
from sim.model.grammar import sentence
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
LABELS, GAP = 2.3, 0.35
"""Inches for the names of the parts, and between panels."""
AFTER = 4.0
"""Points between a bar and its number."""


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
    high = ROWS[max(map(len, names)) - 1] * len(names) + 0.9
    widest = max(style.text_width(line, style.SMALL) for lines in names for line in lines)
    wide = (style.room() - widest) / len(years) - GAP
    second = f"From “{about['a']}” to “{about['b']}”"
    with style.look():
        headline = _says(*_largest(shares, gaps, years[-1]), about["names"])
        figure = sheet.page(headline, second, BELOW, about["footer"], high * len(quantities) + 0.3)
        panels = figure.subplots(len(quantities), len(years), squeeze=False, sharex="row", sharey=True)
        for row, (outcome, member) in zip(panels, quantities, strict=True):
            reach = []
            for panel, y in zip(row, years, strict=True):
                here = (shares.outcome == outcome) & (shares.member == member) & (shares.horizon_years == y)
                gap = gaps[(gaps.outcome == outcome) & (gaps.member == member) & (gaps.horizon_years == y)].iloc[0]
                reach.append(_panel(panel, shares[here].set_index("part").loc[order], gap, about["names"], wide))
            _axis(row, OUTCOMES[outcome].probability, np.array(reach), wide)
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


def _largest(shares: pd.DataFrame, gaps: pd.DataFrame, years: float) -> tuple[Any, Any]:
    """The part that adds most at a horizon to any outcome, of those known to add something; and the outcome's gap."""
    last = shares[shares.horizon_years == years]
    sure = last[(last.q05 > 0.0) | (last.q95 < 0.0)]
    part = last.loc[(sure if len(sure) else last).added.abs().idxmax()]
    own = gaps[(gaps.outcome == part.outcome) & (gaps.member == part.member) & (gaps.horizon_years == years)]
    return part, own.iloc[0]


def _says(part: Any, gap: Any, names: Mapping[str, str]) -> str:
    """Which part adds most, to what, and how much."""
    o = OUTCOMES[gap.outcome]
    scale, digits, unit = (100.0, 1, " points") if o.probability else (1.0, 3, "")
    added, low, high = (signed(scale * x, digits) for x in (part.added, part.q05, part.q95))
    what = o.subject(names.get(gap.member, gap.member))
    at = o.at(f"{date.fromisoformat(gap.date):%B %Y}")
    return f"{sentence(str(part.part))} moves {what} {at} most: {added}{unit} (90\u00a0%: {low} to {high})"


def _panel(
    panel: Axes, own: pd.DataFrame, gap: Any, names: Mapping[str, str], wide: float
) -> tuple[float, float, float]:
    """Bars from the level of the first scenario to that of the second, in axes about ``wide`` inches wide.

    Returns where they begin and end, and how many inches the widest number beside them takes.
    """
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
    places = [(max(x + p.q95, x, x + p.added), y) for x, y, p in zip(starts, at, own.itertuples(), strict=True)]
    errors = [f"±{max(scale * error, 10.0**-digits):.{digits}f}" for error in own.mcse]
    said = [f"{signed(scale * x, digits)} {error}" for x, error in zip(own.added, errors, strict=True)]
    levels = [style.percent(x) if o.probability else f"{x:.2f}" for x in (gap.a, gap.b)]
    beside: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": style.SMALL}
    for text, place in zip(said, places, strict=True):
        panel.annotate(text, place, (AFTER, 0), **beside)
    for text, x, y in zip(levels, (gap.a, gap.b), (0.0, len(own) + 1.0), strict=True):
        panel.annotate(text, (x, y), (AFTER, 0), fontweight="bold", **beside)
    title = f"{sentence(o.title.format(names.get(gap.member, gap.member)))}, {date.fromisoformat(gap.date):%B\u00a0%Y}"
    panel.set_title("\n".join(style.wrap(title, wide, style.NORMAL)), fontsize=style.NORMAL)
    panel.set_xlabel(o.axis)
    panel.set_ylim(len(own) + 1.6, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x")
    inches = max(style.text_width(text, style.SMALL, bold=True) for text in (*said, *levels))
    return min(0.0, *(starts + own.q05)), max(gap.a, gap.b, *(x for x, _ in places)), inches


def _axis(row: Sequence[Axes], probability: bool, reach: Array, wide: float) -> None:
    """One axis for all panels of a row, with room for the numbers beside the bars; none goes beyond 100 %.

    ``reach`` : of every panel, what :func:`_panel` returns. (panel, 3)
    """
    left, right, inches = reach[:, 0].min(), reach[:, 1].max(), reach[:, 2].max() + 2 * AFTER / 72
    end = left + (right - left) / (1 - min(inches / wide, 0.8))
    ticks = scales.round_numbers(wide).tick_values(left, end)
    for panel in row:
        panel.set_xlim(left, end)
        if probability:
            scales.in_percent(panel.xaxis)
            panel.spines["bottom"].set_bounds(left, min(end, 1.0))
        panel.set_xticks([x for x in ticks if left <= x <= (min(end, 1.0) if probability else end)])
