"""Figures of a study. Two factors: outcomes over their plane, cells of a grid or coloured dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sim.figures import colour, contours, frame, response, scatter, style, sweep

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.figures.sweep import Factor, Group, Shown

ORDER = ("any_exit", "exit", "cohesion")
CELLS = "The colour of a cell is the mean over the runs at that point of the grid."
LINES = "Lines join equal values."
DOTS = "Each dot is a point of the study; its colour is the mean over the runs there."
ERROR = "error: the largest Monte Carlo standard error in a panel, of probabilities in percentage points"


class Drawn(NamedTuple):
    """One panel: an outcome in a scenario, over the plane of two factors."""

    group: Group
    shown: Shown
    x: Factor
    y: Factor
    mean: NDArray[np.float64]
    """(point,) of the scenario"""
    error: NDArray[np.float64]


def draw_study(ds: xr.Dataset) -> dict[str, Figure]:
    """The figures of a study, by name: those that its number of factors and its design call for.

    One varying factor gives ``response``; a grid of two ``phase``; two otherwise ``phase`` and
    ``scatter``; more than two ``scatter``. A study without factors or outcomes gives none.
    """
    vary = sweep.varying(ds)
    if not sweep.factors(ds) or not sweep.recorded(ds):
        return {}
    if len(vary) < 2:
        return {"response": response.response(ds, (vary or sweep.factors(ds))[0])}
    made = {"phase": phase(ds, vary[0], vary[1])} if len(vary) == 2 else {}
    if made and sweep.is_grid(ds):
        return made
    return {**made, "scatter": scatter.scatter(ds, vary)}


def phase(ds: xr.Dataset, x: Factor, y: Factor) -> Figure:
    """Phase diagram: what is shown over the plane of two factors, a row for each of several scenarios."""
    groups = sweep.groups(ds)
    shown = sweep.choose(ds, ORDER, 7 if len(groups) == 1 else 3)
    drawn = [_drawn(ds, group, s, x, y) for group in groups for s in shown]
    columns, rows = _rows(len(shown), groups)
    height = 2.3 if len(groups) == 1 else 1.7
    lines = sum(isinstance(row, int) for row in rows)
    tall = lines * (height + 0.7) + 0.3 * len(groups) + 1.0
    with style.look():
        figure = _sheet(ds, shown, drawn, height, tall)
        scales = colour.scales(ds, shown, groups)
        colour.bars(figure, scales, sweep.month(ds))
        made = frame.panels(figure, [*rows, frame.Across(x.label)], columns, height)
        panels = [panel for row in made for panel in row]
        for k, (panel, one) in enumerate(zip(panels, drawn, strict=True)):
            _fill(panel, one, scales[colour.key(one.shown)], sweep.is_grid(ds))
            _axes(panel, one, sweep.is_grid(ds), k % columns == 0, frame.inner(columns), height)
        style.settle(figure)
        for panel, one in zip(panels, drawn, strict=True):
            if sweep.is_grid(ds):
                contours.draw(panel, *cells(one), worst(one), one.shown.share)
        return figure


def _sheet(ds: xr.Dataset, shown: list[Shown], drawn: list[Drawn], height: float, tall: float) -> Figure:
    """The sheet with its texts."""
    headline = f"{sweep.subject(shown, sweep.month(ds))} as two factors vary"
    known = any(sweep.error(one.shown, one.error) for one in drawn)
    y = drawn[0].y.label
    cut = f"vertical axis: {y}" if frame.upright(y, height)[1] else ""
    note = frame.note(ds, shown, ERROR if known else frame.error_note(ds, shown, ""), cut)
    lined = sweep.is_grid(ds) and any(contours.levels(cells(one)[2], worst(one)) for one in drawn)
    how = " ".join([CELLS if sweep.is_grid(ds) else DOTS, *([LINES] if lined else [])])
    return style.sheet(ds, headline, sweep.below(ds, shown, how), note, tall)


def _drawn(ds: xr.Dataset, group: Group, shown: Shown, x: Factor, y: Factor) -> Drawn:
    """What one panel draws."""
    at = group.points
    x, y = (factor._replace(values=factor.values[at]) for factor in (x, y))
    mean, error = (sweep.last(ds, shown, statistic)[at] for statistic in ("mean", "mcse"))
    return Drawn(group, shown, x, y, mean, error)


def _rows(count: int, groups: list[Group]) -> tuple[int, list[frame.Across | int]]:
    """Columns, and rows of panels; a heading and a row for each of several scenarios."""
    if len(groups) == 1:
        columns = 2 if count == 4 else min(count, 3)
        return columns, [min(columns, count - k) for k in range(0, count, columns)]
    rows: list[frame.Across | int] = []
    for group in groups:
        rows += [frame.Across(group.title, bold=True), count]
    return count, rows


def cells(
    one: Drawn,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Levels of the two factors, and the means as (y, x); a point that is missing is not a number."""
    import numpy as np

    x, y = sweep.levels(one.x.values), sweep.levels(one.y.values)
    table = np.full((y.size, x.size), np.nan)
    table[np.searchsorted(y, one.y.values), np.searchsorted(x, one.x.values)] = one.mean
    return x, y, table


def worst(one: Drawn) -> float:
    """The largest standard error of a panel; 0 where it is unknown."""
    return sweep.ends(one.error)[1]


def edges(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Borders of cells around the levels: midway, and as far beyond the first and last."""
    import numpy as np

    if at.size < 2:
        return np.asarray([at[0] - 0.5, at[0] + 0.5])
    middle = (at[1:] + at[:-1]) / 2
    return np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])


def _fill(panel: Axes, one: Drawn, scale: colour.Scale, grid: bool) -> None:
    """The cells of a grid, or a dot for each point."""
    import numpy as np

    look: dict[str, Any] = {
        "cmap": scale.map,
        "vmin": scale.low,
        "vmax": scale.high,
        "rasterized": True,
    }
    if grid:
        x, y, table = cells(one)
        panel.pcolormesh(edges(x), edges(y), np.ma.masked_invalid(table), **look)
        return
    known = np.isfinite(one.mean)
    size = float(np.clip(4000 / max(one.mean.size, 1), 2, 30))
    edge: dict[str, Any] = {"edgecolors": style.GREY, "linewidths": 0.3 if size > 4 else 0.0}
    panel.set_facecolor(style.BAND)
    panel.scatter(one.x.values[known], one.y.values[known], s=size, c=one.mean[known], **edge, **look)


def _axes(panel: Axes, one: Drawn, grid: bool, first: bool, width: float, height: float) -> None:
    """Title with the error, ticks, and at the left the label of the vertical axis."""
    told = sweep.error(one.shown, one.error)
    frame.title(panel, one.shown.title, f"error up to {told}" if told else "", width)
    beyond = 0.0 if grid else 0.04
    frame.ticks(panel.xaxis, one.x.values, width, beyond)
    frame.ticks(panel.yaxis, one.y.values, height, beyond)
    if first:
        panel.set_ylabel(frame.upright(one.y.label, height)[0])
    else:
        panel.tick_params(labelleft=False)
