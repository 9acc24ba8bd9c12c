"""Lines of equal value over a grid, at round levels, with labels that keep clear of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.figures import style
from sim.figures.sweep import ends

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet
    from matplotlib.text import Text
    from numpy.typing import NDArray

LEAST = 4
"""Levels that each factor must have for lines to be drawn."""
NOISE = 4.0
"""Least distance between lines in Monte Carlo standard errors."""


def levels(values: NDArray[np.float64], error: float) -> list[float]:
    """A few round levels within the cells, no closer than noise allows; none for too few cells."""
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    low, high = ends(values) if min(values.shape) >= LEAST else (0.0, 0.0)
    for count in (5, 4, 3, 2):
        if high - low <= max(NOISE * error, 1e-9):
            return []
        locator = MaxNLocator(count, steps=[1, 2, 5, 10])
        at = np.asarray(locator.tick_values(low, high), dtype=np.float64)
        inside = at[(at > low) & (at < high)]
        if np.diff(at).min() >= NOISE * error and inside.size:
            return [float(level) for level in inside]
    return []


def draw(
    panel: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    values: NDArray[np.float64],
    error: float,
    share: bool,
) -> list[Text]:
    """Contour lines with their labels, where there are cells enough. ``values`` is (y, x)."""
    import numpy as np
    from matplotlib.patheffects import withStroke

    at = levels(values, error)
    if not at:
        return []
    lines = panel.contour(x, y, np.ma.masked_invalid(values), levels=at, colors=style.INK, linewidths=0.9)
    _drop_specks(lines, x, y)
    lines.set_path_effects([withStroke(linewidth=1.8, foreground="white", alpha=0.5)])
    unit: Any = (lambda v: f"{100 * v:.4g} %") if share else (lambda v: f"{v:.4g}")
    labels = panel.clabel(lines, fmt=unit, fontsize=style.SMALL, inline=False, colors=style.INK)
    for label in labels:
        label.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    return thin(panel, list(labels))


def _drop_specks(lines: ContourSet, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Take away rings around a single cell and crumbs of half a cell: noise, or edges of blanks."""
    import numpy as np
    from matplotlib.path import Path

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


def thin(panel: Axes, labels: list[Text]) -> list[Text]:
    """The labels that lie within the panel and clear of those before; the others are removed."""
    canvas: Any = panel.figure.canvas
    frame = panel.get_window_extent()
    kept: list[Text] = []
    taken: list[Any] = []
    for label in labels:
        box = label.get_window_extent(canvas.get_renderer()).padded(2)
        inside = frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)
        if inside and not any(box.overlaps(other) for other in taken):
            kept.append(label)
            taken.append(box)
        else:
            label.remove()
    return kept
