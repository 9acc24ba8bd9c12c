"""Who pulls whom: a matrix of what one member's move does to the others' probability of exit."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from sim.figures import sheet, style
from sim.model.outcomes import signed

BELOW = (
    "Rows: who is made to {does}, in every run in which it is still in; columns: by how many percentage points the "
    "probability that another has left by then changes, on the same draws; in brackets the 90\u00a0% interval over "
    "coefficients, coded values and inputs to come, without what chance adds. Grey numbers: within "
    "the Monte Carlo error of nothing."
)
COLOURS = LinearSegmentedColormap.from_list("pull", ["#2081bf", "#ffffff", style.AWAY])
CELL = 0.85
"""Inches of a cell that has numbers, at least; names and the bar of colours take two."""


def draw(effects: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """The matrix at the last horizon.

    Parameters
    ----------
    effects : the table of :func:`sim.contagion`.
    about : its words: event, at, names, scenario, footer.
    """
    last = effects[effects.date == effects.date.max()]
    of, on = list(dict.fromkeys(last.of)), list(dict.fromkeys(last.on))
    on.sort(key=list(about["names"]).index)
    cells = {(r.of, r.on): r for r in last.itertuples()}
    grid = np.array([[100 * cells[i, j].effect if (i, j) in cells else np.nan for j in on] for i in of])
    most = max(float(np.nanmax(np.abs(grid))), 1.0)
    does = "leave" if about["event"] == "exit" else "freeze"
    when = date.fromisoformat(str(last.date.iloc[0]))
    start = date.fromisoformat(about["at"])
    headline = f"Who pulls whom: exits by {when:%B %Y} if a member {does}s in {start:%B %Y}"
    with style.look():
        figure = sheet.page(headline, about["scenario"], BELOW.format(does=does), about["footer"], 0.5 * len(of) + 1.2)
        panel = figure.subplots()
        image = panel.imshow(grid, cmap=COLOURS, vmin=-most, vmax=most, aspect="auto")
        names = about["names"]
        panel.set_xticks(range(len(on)), ["\n".join(style.wrap(names[j], 1.3, style.SMALL)) for j in on])
        panel.set_yticks(range(len(of)), [f"{names[i]} {'leaves' if does == 'leave' else 'freezes'}" for i in of])
        panel.xaxis.tick_top()
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        if len(on) <= style.across(CELL) - 2:
            for y, i in enumerate(of):
                for x, j in enumerate(on):
                    _number(panel, x, y, cells.get((i, j)), most)
        bar = figure.colorbar(image, ax=panel, shrink=0.9, pad=0.02)
        bar.set_label("percentage points", color=style.GREY)
        bar.outline.set_visible(False)
        return sheet.settle(figure)


def _number(panel: Any, x: int, y: int, r: Any, most: float) -> None:
    """The effect with its interval."""
    if r is None:
        return
    resolved = r.low > 0.0 or r.high < 0.0
    said = "{}\n({} to {})".format(*(signed(100 * x, 1) for x in (r.effect, r.q05, r.q95)))
    dark = abs(100 * r.effect) > 0.6 * most
    colour = "white" if dark else style.INK if resolved else style.GREY
    panel.text(x, y, said, ha="center", va="center", fontsize=style.SMALL, color=colour)
