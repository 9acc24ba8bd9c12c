"""Who pulls whom: a matrix of what one member's move does to the others' probability of exit."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from sim.figures import sheet, style
from sim.model.grammar import in_text
from sim.model.outcomes import signed

BELOW = (
    "Rows: who is made to {does}, in every run in which it is still in; columns: by how many percentage points the "
    "probability that another has left by then changes, on the same draws; in brackets the 90\u00a0% interval over "
    "coefficients, coded values and inputs to come, without what chance adds. Grey numbers: within "
    "the Monte Carlo error of nothing."
)
FEW = " Shown are the states that move others most, and those that are moved most."
COLOURS = LinearSegmentedColormap.from_list("pull", ["#2081bf", "#ffffff", style.AWAY])
POINTS = " points"
SHOWN = 5e-4
"""How far an exit must be moved to be spoken of: a tenth of a percentage point, rounded."""
NAMES, CELL = 1.5, 0.92
"""Inches for the names of states, and of a cell, at least."""


def draw(effects: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """The matrix at the last horizon.

    Parameters
    ----------
    effects : the table of :func:`sim.contagion`.
    about : its words: event, at, names, scenario, footer.
    """
    last = effects[effects.date == effects.date.max()]
    most = int((style.room() - NAMES) / CELL)
    of, on = (_largest(last, side, most) for side in ("of", "on"))
    on.sort(key=list(about["names"]).index)
    cells = {(r.of, r.on): r for r in last.itertuples()}
    grid = np.array([[100 * cells[i, j].effect if (i, j) in cells else np.nan for j in on] for i in of])
    deepest = max(float(np.nanmax(np.abs(grid))), 1.0)
    does = "leave" if about["event"] == "exit" else "freeze"
    when = date.fromisoformat(str(last.date.iloc[0]))
    start = date.fromisoformat(about["at"])
    headline = _says(last, about["names"], f"{does}s in {start:%B %Y}", f"{when:%B %Y}")
    with style.look():
        few = FEW * (len(of) < last.of.nunique() or len(on) < last.on.nunique())
        below = BELOW.format(does=does) + few
        figure = sheet.page(headline, about["scenario"], below, about["footer"], 0.5 * len(of) + 1.2)
        panel = figure.subplots()
        panel.imshow(grid, cmap=COLOURS, vmin=-deepest, vmax=deepest, aspect="auto")
        names = about["names"]
        panel.set_xticks(range(len(on)), ["\n".join(style.wrap(names[j], CELL - 0.1, style.SMALL)) for j in on])
        panel.set_yticks(range(len(of)), [f"{names[i]} {'leaves' if does == 'leave' else 'freezes'}" for i in of])
        panel.xaxis.tick_top()
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        for y, i in enumerate(of):
            for x, j in enumerate(on):
                _number(panel, x, y, cells.get((i, j)), deepest)
        return sheet.settle(figure)


def _says(last: pd.DataFrame, names: Mapping[str, str], move: str, when: str) -> str:
    """Which effect beyond chance is the largest."""
    sure = clear(last)
    if not len(sure):
        return f"Nobody's exit by {when} becomes likelier or rarer by 0.1 points beyond chance if another {move}"
    r = sure.loc[sure.effect.abs().idxmax()]
    of, on = (in_text(names[code]) for code in (r.of, r.on))
    ends = f"90\u00a0%: {signed(100 * r.q05, 1)} to {signed(100 * r.q95, 1)}"
    return f"If {of} {move}, exit of {on} by {when} moves most: {signed(100 * r.effect, 1)}{POINTS} ({ends})"


def clear(effects: pd.DataFrame) -> pd.DataFrame:
    """Those that are large enough to be spoken of, and beyond Monte Carlo error."""
    beyond = (effects.low > 0.0) | (effects.high < 0.0)
    return effects[beyond & (effects.effect.abs() >= SHOWN)]


def _largest(last: pd.DataFrame, side: str, most: int) -> list[str]:
    """The states that have the largest effects on a side of the matrix, as they are listed."""
    states = list(dict.fromkeys(last[side]))
    size = last.effect.abs().groupby(last[side]).max()
    return [s for s in states if s in set(size.nlargest(most).index)]


def _number(panel: Any, x: int, y: int, r: Any, deepest: float) -> None:
    """The effect with its interval."""
    if r is None:
        return
    resolved = r.low > 0.0 or r.high < 0.0
    said = "{}\n({} to {})".format(*(signed(100 * x, 1) for x in (r.effect, r.q05, r.q95)))
    dark = abs(100 * r.effect) > 0.6 * deepest
    colour = "white" if dark else style.INK if resolved else style.GREY
    panel.text(x, y, said, ha="center", va="center", fontsize=style.SMALL, color=colour)
