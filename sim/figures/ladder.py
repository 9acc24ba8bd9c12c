"""Where each state stands on the ladder from loyal to outside, one small panel a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.figures import axes as scales
from sim.figures import style
from sim.figures.values import Z, at_most, error_note, names, series

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADLINE = "Where each state stands on the ladder from loyal to outside"
BELOW = (
    "The height of a colour is the probability that the state stands on that rung at that date "
    "(state occupation probability); the five add up to 100 %."
)
MEANINGS = {
    "loyal": "loyal: supports",
    "absent": "absent: abstains",
    "critical": "critical: opposes",
    "frozen": "frozen: takes no part",
    "outside": "outside: not a member",
}


def ladder(ds: xr.Dataset) -> Figure:
    """Stacked areas of the five rungs, one panel a member."""
    from matplotlib.patches import Patch

    count = ds.sizes["member"]
    columns, height = _grid(count)
    rows = -(-count // columns)
    width = (style.WIDTH - 2 * style.MARGIN - 0.4) / columns - 0.15
    titles = _titles(ds, width)
    lines = max(title.count("\n") + 1 for title in titles)
    tall = rows * (height + 0.17 * lines) + 0.5
    note = error_note(ds, "loyal", "not drawn")
    if (error := _error(ds)) > 0:
        note += f", at most {at_most(100 * error)} percentage points"
    with style.look():
        figure = style.sheet(ds, HEADLINE, BELOW, note, tall)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        _frame(grid[0, 0], ds, width)
        for k, panel in enumerate(grid.flat):
            if k >= count:
                panel.set_visible(False)
                continue
            _areas(panel, ds, k)
            panel.set_title(titles[k], fontsize=style.NORMAL, pad=3)
            if k + columns >= count:
                panel.tick_params(labelbottom=True)
        key = [(Patch(color=colour), MEANINGS[rung]) for rung, colour in style.RUNGS.items()]
        style.legend(figure, [key])
        return style.settle(figure)


def _grid(count: int) -> tuple[int, float]:
    """Columns of panels, and the height of a panel in inches."""
    if count <= 4:
        return min(count, 2), 2.2
    if count <= 9:
        return 3, 1.7
    return (4, 1.3) if count <= 16 else (5, 1.05)


def _titles(ds: xr.Dataset, width: float) -> list[str]:
    """Name and code of each state, in two lines at most."""
    titles = []
    for name, code in zip(names(ds), map(str, ds["member"].values), strict=True):
        title = f"{name} ({code})" if name != code else code
        lines = style.wrap(title, width, style.NORMAL)
        first, rest = lines[0], " ".join(lines[1:])
        if style.text_width(rest, style.NORMAL) > width or len(lines) == 1:
            first, rest = name, f"({code})" if len(lines) > 1 else ""
        parts = [style.shorten(part, width, style.NORMAL) for part in (first, rest) if part]
        titles.append("\n".join(parts) if len(lines) > 1 else title)
    return titles


def _frame(panel: Axes, ds: xr.Dataset, width: float) -> None:
    """The two axes that all panels share."""
    panel.set_ylim(0, 1)
    panel.set_yticks([0, 0.5, 1])
    scales.in_percent(panel.yaxis)
    scales.calendar(panel, ds, width)


def _areas(panel: Axes, ds: xr.Dataset, member: int) -> None:
    """The rungs of one state, loyal at the bottom."""
    shares = [series(ds, rung, "mean")[:, member] for rung in style.RUNGS]
    panel.stackplot(scales.dates(ds), shares, colors=list(style.RUNGS.values()), edgecolor="white", lw=0.4)


def _error(ds: xr.Dataset) -> float:
    """The largest 95 % Monte Carlo error of a rung; 0 where it is unknown."""
    import numpy as np

    errors = np.array([series(ds, rung, "mcse") for rung in style.RUNGS])
    return float(Z * np.nan_to_num(errors).max())
