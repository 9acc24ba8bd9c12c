"""Many factors: outcomes at the last horizon against each of them, with the mean over bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.figures import axes as scales
from sim.figures import frame, style, sweep
from sim.figures.sweep import is_grid
from sim.figures.values import Z, listed

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.figures.sweep import Factor, Group, Shown

ORDER = ("any_exit", "cohesion")
MOST_FACTORS, COLUMNS = 8, 4
MOST_BINS, PER_BIN, FEW_LEVELS = 10, 8, 12
HOW = (
    "A dot is a point of the study, the mean over its runs; its height also depends on the "
    "other factors, which vary too."
)
COMPARE = " Compare how far the line rises or falls."


class Bins(NamedTuple):
    """Means over groups of points that are neighbours in a factor."""

    x: NDArray[np.float64]
    mean: NDArray[np.float64]
    error: NDArray[np.float64]
    """Standard error of each mean."""


def scatter(ds: xr.Dataset, vary: Sequence[Factor]) -> Figure:
    """Dots and binned means, one column a factor, one row an outcome."""
    shown, groups = choose(ds), sweep.groups(ds)
    drawn = moving(ds, vary, shown, groups)
    columns = -(-len(drawn) // -(-len(drawn) // COLUMNS))
    chunks = [drawn[k : k + columns] for k in range(0, len(drawn), columns)]
    headline = f"{sweep.subject(shown, sweep.month(ds))} against each factor"
    with style.look():
        rows = [len(chunk) for chunk in chunks for _ in shown]
        tall = len(rows) * 1.65 + len(chunks) * 0.65 + 0.7
        mean = averaged(ds, drawn, shown[0], groups)
        below = sweep.below(ds, shown, HOW + COMPARE * mean)
        figure = style.sheet(ds, headline, below, _note(ds, shown, vary, drawn), tall)
        style.legend(figure, _key(groups, mean, is_grid(ds)))
        made = frame.panels(figure, rows, columns, 1.4)
        cells = [(chunk, s) for chunk in chunks for s in shown]
        for row, (chunk, s) in zip(made, cells, strict=True):
            _row(row, ds, s, chunk, groups, frame.inner(columns))
            if s is shown[-1]:
                _name(row, chunk, frame.inner(columns))
        return style.settle(figure)


def choose(ds: xr.Dataset) -> list[Shown]:
    """Any exit and cohesion, and the exits of the first two states that the study is about, if any."""
    asked = listed(ds, "focus")
    wanted = (*ORDER, "exit") if asked or "any_exit" not in ds.data_vars else ORDER
    return sweep.choose(ds, wanted, 2)[:4]


def moving(ds: xr.Dataset, vary: Sequence[Factor], shown: Sequence[Shown], groups: Sequence[Group]) -> list[Factor]:
    """The factors along which the outcomes vary most, in their own order."""
    import numpy as np

    if len(vary) <= MOST_FACTORS:
        return list(vary)
    pull = [max(_pull(ds, f, s, g) for s in shown for g in groups) for f in vary]
    first = np.argsort(-np.asarray(pull), kind="stable")[:MOST_FACTORS]
    return [vary[k] for k in sorted(int(k) for k in first)]


def _pull(ds: xr.Dataset, factor: Factor, shown: Shown, group: Group) -> float:
    """How much of an outcome's variance is between the bins of a factor."""
    import numpy as np

    y = sweep.last(ds, shown)[group.points]
    mean = bins(factor.values[group.points], y).mean
    total = float(np.nanvar(y)) if np.isfinite(y).any() else 0.0
    return float(np.var(mean)) / total if total > 0 and mean.size else 0.0


def bins(x: NDArray[np.float64], y: NDArray[np.float64], errors: NDArray[np.float64] | None = None) -> Bins:
    """Means at each level of a factor with few, else over up to ten groups of equally many points.

    None where there are too few points for two groups. The errors of the points of a grid, whose
    means are no sample, are averaged: the most that is possible with the same luck at each.
    """
    import numpy as np

    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    order = known[np.argsort(x[known], kind="stable")]
    at = sweep.levels(x[order])
    count = min(order.size // PER_BIN, MOST_BINS)
    if 2 <= at.size <= FEW_LEVELS and order.size >= 2 * at.size:
        parts = [order[x[order] == level] for level in at]
    else:
        parts = list(np.array_split(order, count)) if count >= 2 else []
    parts = [part for part in parts if part.size >= 2]
    sampled = [y[part].std(ddof=1) / np.sqrt(part.size) for part in parts]
    error = sampled if errors is None else [np.nan_to_num(errors[part]).mean() for part in parts]
    means = ([float(a[part].mean()) for part in parts] for a in (x, y))
    return Bins(*(np.asarray(a, dtype=np.float64) for a in (*means, error)))


def _row(
    row: Sequence[Axes],
    ds: xr.Dataset,
    shown: Shown,
    chunk: Sequence[Factor],
    groups: Sequence[Group],
    width: float,
) -> None:
    """One outcome against some factors, on one vertical scale."""
    import numpy as np

    y, errors = sweep.last(ds, shown), sweep.last(ds, shown, "mcse")
    reach = np.concatenate([y[group.points] for group in groups])
    for panel, factor in zip(row, chunk, strict=True):
        for k, group in enumerate(groups):
            here, colours = group.points, _colours(k, len(groups))
            x = factor.values[here]
            _dots(panel, x, y[here], colours)
            _means(panel, bins(x, y[here], errors[here] if is_grid(ds) else None), colours[1])
        panel.set_ylim(*frame.limits(shown, reach))
        frame.ticks(panel.xaxis, factor.values, width)
        panel.grid(axis="y")
        panel.tick_params(labelleft=panel is row[0])
        if shown.share:
            scales.in_percent(panel.yaxis)
    row[0].set_title("\n".join(style.wrap(shown.title, frame.ROOM - 0.8, style.NORMAL)))
    row[0].set_ylabel(shown.label)


def _dots(panel: Axes, x: NDArray[np.float64], y: NDArray[np.float64], colours: tuple[str, str]) -> None:
    """The points, fainter the more there are."""
    import numpy as np

    size = float(np.clip(60 / np.sqrt(max(x.size, 1)), 1.2, 4))
    alpha = float(np.clip(15 / np.sqrt(max(x.size, 1)), 0.25, 0.7))
    dots: dict[str, Any] = {
        "markersize": size,
        "markeredgewidth": 0,
        "alpha": alpha,
        "rasterized": True,
    }
    panel.plot(x, y, "o", color=colours[0], clip_on=False, **dots)


def _means(panel: Axes, means: Bins, colour: str) -> None:
    """The line of means with its 95 % errors."""
    panel.plot(means.x, means.mean, color=colour, linewidth=1.6)
    low, high = means.mean - Z * means.error, means.mean + Z * means.error
    panel.vlines(means.x, low, high, color=colour, linewidth=1.2)


def _colours(k: int, count: int) -> tuple[str, str]:
    """Of the dots and of the line of the k-th of so many scenarios."""
    return (style.FAN["half"], style.FAN["median"]) if count == 1 else (style.LINES[k],) * 2


def averaged(ds: xr.Dataset, drawn: Sequence[Factor], shown: Shown, groups: Sequence[Group]) -> bool:
    """Whether there are points enough for a mean in any panel."""
    y = sweep.last(ds, shown)
    return any(bins(f.values[g.points], y[g.points]).x.size for f in drawn for g in groups)


def _name(row: Sequence[Axes], chunk: Sequence[Factor], width: float) -> None:
    """The label of each factor below its column."""
    for panel, factor in zip(row, chunk, strict=True):
        panel.set_xlabel("\n".join(style.wrap(factor.label, width, style.NORMAL)))


def _key(groups: Sequence[Group], mean: bool, grid: bool) -> list[list[tuple[object, str]]]:
    """Legend: dots and line, and the colours of several scenarios."""
    from matplotlib.lines import Line2D

    error = "95 % Monte Carlo error at most" if grid else "95 % error of that mean"
    dot, line = _colours(0, 1) if len(groups) == 1 else (style.GREY, style.GREY)
    first: list[tuple[object, str]] = [
        (Line2D([], [], marker="o", ls="", color=dot, markersize=4), "a point of the study"),
        (
            Line2D([], [], color=line, linewidth=1.6),
            f"mean over points with about the same value of the factor (bars: {error})",
        ),
    ]
    second: list[tuple[object, str]] = [
        (
            Line2D([], [], marker="o", color=style.LINES[k], markersize=4),
            style.shorten(group.title, frame.ROOM - 0.8, style.NORMAL),
        )
        for k, group in enumerate(groups)
    ]
    first = first if mean else first[:1]
    return [first, second] if len(groups) > 1 else [first]


def _note(ds: xr.Dataset, shown: Sequence[Shown], vary: Sequence[Factor], drawn: Sequence[Factor]) -> str:
    """The footer's note: error of a dot, and factors that are left out."""
    left = [f.label for f in vary if f.name not in {d.name for d in drawn}]
    few = f"the {len(drawn)} of {len(vary)} factors that move the outcomes most; not drawn: "
    return frame.note(ds, shown, frame.error_note(ds, shown, ""), few + ", ".join(left) if left else "")
