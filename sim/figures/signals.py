"""Early warning: areas under ROC curves by quarters before an event, a panel a sign."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.figures import sheet, style
from sim.model.outcomes import sentence

COLOURS = (style.FAN["median"], "#e08e45", style.GREY)
PANEL = 1.75
"""Height of a panel in inches."""
BELOW = (
    "How well each sign tells who is about to leave or freeze from the others: 0.5 is chance, 1 is certainty. "
    "Bands: 95 % intervals. On the record only what is coded there."
)


def signals(table: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """A panel for each sign, a line for each kind of event.

    Parameters
    ----------
    table : ``where``, ``event``, ``sign``, ``quarters``, ``area``, ``low``, ``high``.
    about : ``title``, ``footer``, and the ``meaning`` of each sign.
    """
    signs = [s for s in about["meaning"] if s in set(table.sign)]
    lines = list(table.groupby(["where", "event"], sort=False).groups)
    columns = sheet.columns(len(signs))
    rows = -(-len(signs) // columns)
    with style.look():
        head, height = "Early warning of exits and freezes", PANEL * rows + 0.5
        figure = sheet.page(head, about["title"], BELOW, about["footer"], height)
        labels = [f"{event}, {where}" for where, event in lines]
        sheet.legend(figure, [sheet.line(sentence(s), c) for s, c in zip(labels, COLOURS, strict=False)])
        for axes, sign in zip(sheet.grid(figure, len(signs), columns, share=True), signs, strict=True):
            sheet.title(axes, sentence(sign), about["meaning"][sign], sheet.inner(columns))
            axes.axhline(0.5, color=style.INK, lw=0.8, ls=":")
            for line, colour in zip(lines, COLOURS, strict=False):
                own = (table["where"] == line[0]) & (table.event == line[1]) & (table.sign == sign)
                _line(axes, table[own], colour)
            axes.set_xlim(8.3, 0.7)
            axes.set_ylim(0.0, 1.0)
            axes.set_xticks([8, 6, 4, 2])
            axes.tick_params(labelbottom=True, labelleft=True)
            axes.set_xlabel("quarters before", fontsize=style.SMALL)
        return sheet.settle(figure)


def _line(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    axes.fill_between(rows.quarters, rows.low, rows.high, color=colour, alpha=0.2, lw=0)
    axes.plot(rows.quarters, rows.area, color=colour, lw=1.6)
