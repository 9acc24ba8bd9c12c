"""Two factors of a study: outcomes over their plane, cells of a grid or coloured dots."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from sim.figures import axes as scales, dataset, points, sheet, style
from sim.figures.points import Factor, Group, Shown, ends, is_grid
from sim.model.arrays import Array
from sim.model.outcomes import shown as shown_names

NARROWEST = 1.6
"""Inches that a panel is wide at least where scenarios stand one below the other."""
CELLS = "The colour of a cell is the mean over the runs at that point of the grid."
LINES = " Lines join equal values."
DOTS = "Each dot is a point of the study; its colour is the mean over the runs there."
ERROR = "error: the largest Monte Carlo standard error in a panel, of probabilities in percentage points"


class Panel(NamedTuple):
    """An outcome in a scenario, over the plane of two factors."""

    group: Group
    shown: Shown
    x: Factor
    y: Factor
    mean: Array
    """(point,) of the scenario"""
    error: Array

    @property
    def worst(self) -> float:
        """The largest standard error; 0 where it is unknown."""
        return ends(self.error)[1]

    @property
    def cells(self) -> tuple[Array, Array, Array]:
        """Levels of the two factors, and the means as (y, x); a point that is missing is not a number."""
        x, y = scales.levels(self.x.values), scales.levels(self.y.values)
        table = np.full((y.size, x.size), np.nan)
        table[np.searchsorted(y, self.y.values), np.searchsorted(x, self.x.values)] = self.mean
        return x, y, table


def phase(ds: xr.Dataset, x: Factor, y: Factor) -> Figure:
    """Phase diagram: what is shown over the plane of two factors, a row for each of several scenarios.

    Parameters
    ----------
    ds : the dataset of a study.
    x, y : the factors along the axes, from :func:`sim.figures.points.factors`.
    """
    groups = points.groups(ds)
    shown = points.choose(ds, shown_names(), 7 if len(groups) == 1 else 3)
    drawn = [_panel(ds, group, s, x, y) for group in groups for s in shown]
    columns, rows = _rows(len(shown), groups)
    height = 2.3 if len(groups) == 1 else 1.7
    tall = sum(isinstance(row, int) for row in rows) * (height + 0.7) + 0.3 * len(groups) + 1.0
    with style.look():
        figure = _sheet(ds, shown, drawn, height, tall)
        colours = colour_scales(ds, shown, groups)
        _bars(figure, colours, points.month(ds))
        if all(points.coded(ds, groups[0], f) is not None for f in (x, y)):
            sheet.legend(figure, [sheet.line(points.AS_CODED, style.INK, 0, **CODED)])
        lines = sheet.panels(figure, [*rows, sheet.Across(x.label)], columns, height)
        axes, firsts = [panel for line in lines for panel in line], [line[0] for line in lines]
        for panel, one in zip(axes, drawn, strict=True):
            _fill(panel, one, colours[_key(one.shown)], is_grid(ds))
            _point(panel, [points.coded(ds, one.group, f) for f in (x, y)])
            _axes(panel, one, is_grid(ds), panel in firsts, sheet.inner(columns), height)
        sheet.settle(figure)
        for panel, one in zip(axes, drawn, strict=True):
            if is_grid(ds):
                contours(panel, *one.cells, one.worst, one.shown.share)
        return figure


def _sheet(ds: xr.Dataset, shown: list[Shown], drawn: list[Panel], height: float, tall: float) -> Figure:
    """The sheet with its texts."""
    headline = f"{points.over_points(ds, shown)} as two factors vary"
    known = any(points.error(one.shown, one.error) for one in drawn)
    y = drawn[0].y.label
    cut = f"vertical axis: {y}" if sheet.upright(y, height)[1] else ""
    error = ERROR if known else points.error_note(ds, shown, "")
    note = points.note(ds, shown, error, points.not_drawn(ds, shown), cut)
    lines = is_grid(ds) and any(contour_levels(one.cells[2], one.worst) for one in drawn)
    how = (CELLS if is_grid(ds) else DOTS) + LINES * lines
    return dataset.page(ds, headline, points.below(ds, shown, how), note, tall)


def _panel(ds: xr.Dataset, group: Group, shown: Shown, x: Factor, y: Factor) -> Panel:
    """What one panel draws."""
    x, y = (factor._replace(values=factor.values[group.points]) for factor in (x, y))
    mean, error = (of(ds, shown)[group.points] for of in (points.last, points.last_error))
    return Panel(group, shown, x, y, mean, error)


def _rows(count: int, groups: list[Group]) -> tuple[int, list[sheet.Across | int]]:
    """Columns, and rows of panels; a heading and a row for each of several scenarios."""
    if len(groups) == 1:
        return sheet.columns(count), list(sheet.rows_of(count))
    columns = min(count, style.across(NARROWEST))
    parts = [min(columns, count - k) for k in range(0, count, columns)]
    made: list[sheet.Across | int] = []
    for group in groups:
        made += [sheet.Across(group.title, bold=True), *parts]
    return columns, made


def edges(at: Array) -> Array:
    """Borders of cells around the levels: midway, and as far beyond the first and last."""
    if at.size < 2:
        return np.asarray([at[0] - 0.5, at[0] + 0.5])
    middle = (at[1:] + at[:-1]) / 2
    return np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])


def _fill(panel: Axes, one: Panel, scale: "Scale", grid: bool) -> None:
    """The cells of a grid, or a dot for each point."""
    look: dict[str, Any] = {"cmap": scale.map, "vmin": scale.low, "vmax": scale.high, "rasterized": True}
    if grid:
        x, y, table = one.cells
        panel.pcolormesh(edges(x), edges(y), np.ma.masked_invalid(table), **look)
        return
    known = np.isfinite(one.mean)
    size = float(np.clip(4000 / max(one.mean.size, 1), 2, 30))
    edge: dict[str, Any] = {"edgecolors": style.GREY, "linewidths": 0.3 if size > 4 else 0.0}
    panel.set_facecolor(style.BAND)
    panel.scatter(one.x.values[known], one.y.values[known], s=size, c=one.mean[known], **edge, **look)


CODED: dict[str, Any] = {"marker": "o", "ms": 8.0, "mfc": "white", "mec": style.INK, "mew": 1.8}
"""The mark of what the scenario itself codes."""


def _point(panel: Axes, place: Sequence[float | None]) -> None:
    """The mark at what the scenario codes, where it lies within the panel."""
    x, y = place
    if x is None or y is None:
        return
    low, high = (np.array(ends) for ends in zip(panel.get_xlim(), panel.get_ylim(), strict=True))
    if np.all(low <= [x, y]) and np.all([x, y] <= high):
        panel.plot(x, y, ls="none", zorder=4, label=points.AS_CODED, **CODED)
        panel.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))


def _axes(panel: Axes, one: Panel, grid: bool, first: bool, width: float, height: float) -> None:
    """Title with the error, ticks, and at the left the label of the vertical axis."""
    error = points.error(one.shown, one.error)
    sheet.title(panel, one.shown.title, f"error up to {error}" if error else "", width)
    beyond = 0.0 if grid else 0.04
    scales.ticks(panel.xaxis, one.x.values, width, beyond)
    scales.ticks(panel.yaxis, one.y.values, height, beyond)
    if first:
        panel.set_ylabel(sheet.upright(one.y.label, height)[0])
    else:
        panel.tick_params(labelleft=False)


# --- colours: one scale for all probabilities, one for each other outcome

MAPS = ("viridis_r", "cividis_r")
"""For cohesion and any other outcome that is no probability; perceptually uniform."""
TOPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


class Scale(NamedTuple):
    """Which value has which colour."""

    map: Colormap
    low: float
    high: float
    shown: Shown
    """One of the outcomes drawn on it."""


def _key(shown: Shown) -> str:
    """The scale that an outcome is drawn on."""
    if shown.share:
        return "probability"
    return "cohesion" if shown.name in points.COHESIONS else shown.name


def colour_scales(ds: xr.Dataset, shown: Sequence[Shown], groups: Sequence[Group]) -> dict[str, Scale]:
    """The scales of all that is shown, over all scenarios drawn."""
    made: dict[str, Scale] = {}
    for k, name in enumerate(sorted({_key(s): None for s in shown}, key="probability".__ne__)):
        alike = [s for s in shown if _key(s) == name]
        low, high = ends(np.concatenate([points.last(ds, s)[g.points] for s in alike for g in groups]))
        made[name] = _scale(alike[0], low, high, k)
    return made


def _scale(shown: Shown, low: float, high: float, k: int) -> Scale:
    """From 0 to a round number for a probability, to 1 for cohesion; else over the range that occurs."""
    if shown.share:
        return Scale(_part("magma_r"), 0.0, next((t for t in TOPS if high <= t * 1.0001), 1.0), shown)
    if _key(shown) == "cohesion":
        return Scale(_part(MAPS[0]), 0.0, 1.0, shown)
    return Scale(_part(MAPS[k > 1]), *points.widened(shown, low, high), shown)


def _part(name: str) -> Colormap:
    """A colour map without its palest and darkest ends, which paper and lettering need."""
    return ListedColormap(colormaps[name](np.linspace(0.04, 0.78, 256)))


def _bars(figure: Figure, made: dict[str, Scale], when: str) -> None:
    """Colour bars side by side between the heading of the figure and its axes, which make room."""
    left, bottom, wide, high = sheet.take(figure, 0.62)
    inch, part = 1 / figure.get_figheight(), wide / max(len(made), 2)
    for k, scale in enumerate(made.values()):
        axes = figure.add_axes((left + 0.02 + k * part, bottom + high - 0.36 * inch, part - 0.06, 0.13 * inch))
        axes.set_in_layout(False)
        mapped = ScalarMappable(Normalize(scale.low, scale.high), scale.map)
        bar: Any = figure.colorbar(mapped, cax=axes, orientation="horizontal")
        bar.outline.set_visible(False)
        at = f"by {when}" if scale.shown.share else when
        axes.set_title(f"{scale.shown.label}, {at}", fontsize=style.NORMAL, pad=3)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        if scale.shown.share:
            scales.in_percent(axes.xaxis)


# --- lines of equal value over a grid, at round levels, with labels that keep clear of each other

LEAST = 4
"""Levels that each factor must have for lines to be drawn."""
NOISE = 4.0
"""Least distance between lines in Monte Carlo standard errors."""
SHARES = (0.5, 0.35, 0.65, 0.2, 0.8, 0.1, 0.9)
"""Where along a line its label may stand, the best first."""


def contour_levels(values: Array, error: float) -> list[float]:
    """A few round levels within the cells, no closer than noise allows; none for too few cells."""
    low, high = ends(values) if min(values.shape) >= LEAST else (0.0, 0.0)
    for count in (5, 4, 3, 2):
        if high - low <= max(NOISE * error, 1e-9):
            return []
        at = np.asarray(MaxNLocator(count, steps=[1, 2, 5, 10]).tick_values(low, high), dtype=np.float64)
        inside = at[(at > low) & (at < high)]
        if np.diff(at).min() >= NOISE * error and inside.size:
            return [float(level) for level in inside]
    return []


def contours(panel: Axes, x: Array, y: Array, values: Array, error: float, share: bool) -> None:
    """Contour lines with their labels, where there are cells enough. ``values`` is (y, x)."""
    at = contour_levels(values, error)
    if not at:
        return
    lines = panel.contour(x, y, np.ma.masked_invalid(values), levels=at, colors=style.INK, linewidths=0.9)
    _drop_specks(lines, x, y)
    lines.set_path_effects([withStroke(linewidth=1.8, foreground="white", alpha=0.5)])
    unit: Any = (lambda v: f"{100 * v:.4g} %") if share else (lambda v: f"{v:.4g}")
    taken = [mark.get_window_extent().padded(8) for mark in panel.lines]
    for level, path in zip(at, lines.get_paths(), strict=True):
        for piece in path.to_polygons(closed_only=False):
            _label(panel, np.asarray(piece), unit(level), taken)


def _drop_specks(lines: ContourSet, x: Array, y: Array) -> None:
    """Take away rings around a single cell and crumbs of half a cell: noise, or edges of blanks."""
    kept = []
    for pieces in lines.allsegs:
        long = []
        for piece in map(np.asarray, pieces):
            across = (np.interp(piece[:, k], at, np.arange(at.size)) for k, at in enumerate((x, y)))
            size = max(float(np.ptp(a)) for a in across)
            if size >= (2 if np.array_equal(piece[0], piece[-1]) else 0.5):
                long.append(Path(piece))
        kept.append(Path.make_compound_path(*long) if long else Path(np.empty((0, 2))))
    lines.set_paths(kept)


def _label(panel: Axes, piece: Array, text: str, taken: list[Bbox]) -> None:
    """The level on a piece of its line: where it lies in the panel and clear of what is there, nearest the middle."""
    canvas: Any = panel.figure.canvas
    frame, along = panel.get_window_extent(), np.linspace(0, 1, len(piece))
    for share in SHARES:
        x, y = (float(np.interp(share, along, piece[:, k])) for k in (0, 1))
        label = panel.text(x, y, text, ha="center", va="center", fontsize=style.SMALL, zorder=3)
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0})
        box = label.get_window_extent(canvas.get_renderer()).padded(3)
        if frame.contains(*box.min) and frame.contains(*box.max) and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return
        label.remove()
