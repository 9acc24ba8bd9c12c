"""A comparison: differences of scenarios from a base, with paired 95 % intervals."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.figures import axes as scales, sheet, style

PANELS = {
    "exit": "Exit: percentage points more (right) or less likely to have left",
    "cohesion": "Cohesion: difference in mean joint support",
}
BELOW = "Dots: difference to the base; bars: its paired 95\u00a0% Monte Carlo error."
STATES = " Exit is drawn of the states whose probability some scenario moves by a percentage point or more."
LABELS = 2.4
"""Inches for the titles of the scenarios."""
LEAST, MOST = 0.01, 6
"""How far exit must move for a state to be drawn, and how many states are drawn at most."""


def differences(table: pd.DataFrame, titles: dict[str, str], base: str, footer: str) -> Figure:
    """One row a scenario, at the last horizon: exit of every state that is moved, and cohesion.

    Parameters
    ----------
    table : the table of a comparison, with columns scenario, outcome, member, horizon_years, difference, low and high.
    titles : of the scenarios, by name, in the order of the rows.
    base : title of the scenario that they differ from.
    footer : where the numbers come from.
    """
    last = table.horizon_years.max()
    final = table[table.horizon_years == last]
    states = _moved(final[final.outcome == "exit"])
    row = 0.13 * max(len(states), 2) + 0.12
    headline = f"What would change: differences from “{base}” after {last:g} years"
    with style.look():
        figure = sheet.page(headline, "", BELOW + STATES, footer, row * len(titles) + 1.0)
        panels = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        for panel, (outcome, title) in zip(panels, PANELS.items(), strict=True):
            panel.set_title(title, fontsize=style.NORMAL)
            _rows(panel, final[final.outcome == outcome], list(titles), states if outcome == "exit" else [""])
        scales.in_points(panels[0].xaxis)
        labels = ["\n".join(style.wrap(title, LABELS, style.NORMAL)) for title in titles.values()]
        panels[0].set_yticks(range(len(titles)), labels, fontsize=style.NORMAL)
        sheet.legend(figure, [sheet.dot(s, c, 5) for s, c in zip(states, style.LINES, strict=False)])
        return sheet.settle(figure)


def _rows(panel: Axes, final: pd.DataFrame, scenarios: list[str], members: list[str]) -> None:
    """A dot and its bar for each scenario and member."""
    for m, member in enumerate(members):
        own = final[final.member == member].set_index("scenario").loc[scenarios]
        y = np.arange(len(scenarios)) + (m - (len(members) - 1) / 2) * 0.8 / len(members)
        colour = style.LINES[m] if member else style.INK
        panel.hlines(y, own.low, own.high, color=colour, linewidth=1.5)
        panel.plot(own.difference, y, "o", color=colour, markersize=5)
    panel.axvline(0, color=style.GREY, lw=0.8, zorder=1)
    for k in range(0, len(scenarios), 2):
        panel.axhspan(k - 0.5, k + 0.5, color=style.BAND, lw=0, zorder=0)
    panel.set_ylim(len(scenarios) - 0.5, -0.5)
    panel.locator_params(axis="x", nbins=5)
    panel.grid(axis="x")
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def _moved(exits: pd.DataFrame) -> list[str]:
    """The states whose exit probability some scenario moves by a point or more, the most moved first."""
    size = exits.groupby("member").difference.apply(lambda d: d.abs().max())
    return [str(member) for member in size[size >= LEAST].sort_values(ascending=False).index[:MOST]]
