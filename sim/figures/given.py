"""What follows if: probabilities in the runs of a condition beside those in all runs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.errors import plural
from sim.figures import sheet, style
from sim.figures.axes import in_percent

NAMES, MOST, ROW, AXIS, EDGE = 2.6, 3.2, 0.3, 0.3, 0.25
"""Inches for what may happen, for it at most, for a row, for the axis, and right of it."""
THEN, ALL = style.FAN["median"], style.GREY
BELOW = "Bars: 95 % Monte Carlo intervals, with other draws of the posterior as well."


def given(table: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """A row for whatever may happen by the last horizon, those that are likeliest in all runs first.

    Parameters
    ----------
    table : ``label``, ``horizon_years``, and ``mean``, ``low``, ``high``, alone and with ``all_`` before.
    about : ``headline``, ``condition`` in words, ``when`` (the last horizon), ``runs`` behind it, ``of`` how many,
        ``footer``.
    """
    rows = table[table.horizon_years == table.horizon_years.max()].sort_values("all_mean", ascending=False)
    longest = max(style.text_width(str(label), style.SMALL) for label in rows.label) + 0.2
    height, names = ROW * len(rows), min(max(style.scaled(NAMES), longest), MOST)
    wide = style.room() - names - EDGE
    with style.look():
        second = f"Probability by {about['when']} if {about['condition']}, and in all runs"
        figure = sheet.page(about["headline"], second, BELOW, about["footer"], sheet.LEGEND + height + AXIS)
        marks = (
            (f"the {plural(about['runs'], 'run')} in which it is so", THEN),
            (f"all {plural(about['of'], 'run')}", ALL),
        )
        sheet.legend(figure, [sheet.dot(label, colour) for label, colour in marks])
        top = sheet.by_hand(figure)
        axes = sheet.rows(figure, style.MARGIN + names, top, wide, height)
        axes.set_xlim(0.0, min(1.0, 1.08 * float(rows[["high", "all_high"]].max(axis=None))) or 1.0)
        in_percent(axes.xaxis)
        axes.grid(axis="x")
        for k, row in enumerate(rows.itertuples(index=False)):
            y = (k + 0.5) * ROW
            if k % 2 == 0:
                sheet.ground(axes, wide, k * ROW, (k + 1) * ROW, names, wide + EDGE)
            label = style.shorten(str(row.label), names - 0.15, style.SMALL)
            sheet.write(figure, style.MARGIN + 0.04, top - y, label, va="center")
            _mark(axes, y + 0.06, row.all_mean, row.all_low, row.all_high, ALL)
            _mark(axes, y - 0.06, row.mean, row.low, row.high, THEN)
        return sheet.settle(figure)


def _mark(axes: Axes, y: float, mean: Any, low: Any, high: Any, colour: str) -> None:
    axes.plot([low, high], [y, y], color=colour, lw=1.5, solid_capstyle="butt", clip_on=False)
    axes.plot(mean, y, "o", color=colour, ms=4.5, clip_on=False)
