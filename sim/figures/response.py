"""One factor: outcomes against it, a line for each horizon, or for each of several scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.figures import axes as scales
from sim.figures import frame, style, sweep
from sim.figures.incidence import SPREAD
from sim.figures.values import Z, month_name

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.figures.sweep import Factor, Shown

ORDER = ("exit", "any_exit", "dissolution", "cohesion")
HOW = "Lines are means over the runs. Each panel has a vertical scale of its own."
MOST_BARS = 30
"""Points up to which each has a mark and a bar; beyond there is a band."""


class Line(NamedTuple):
    """A horizon of the only scenario, or a scenario at the last horizon."""

    label: str
    points: NDArray[np.int64]
    """In the order of the factor."""
    tick: int
    colour: str
    spread: bool
    """Whether the spread over uncertain inputs is drawn around it."""


def response(ds: xr.Dataset, factor: Factor) -> Figure:
    """Response curves: the mean and its error against the only factor that varies."""
    drawn = lines(ds, factor)
    shown = sweep.choose(ds, ORDER, 6)
    columns = 2 if len(shown) == 4 else min(len(shown), 3)
    rows = [min(columns, len(shown) - k) for k in range(0, len(shown), columns)]
    when = "then" if len(sweep.groups(ds)) == 1 else sweep.month(ds)
    headline = f"{sweep.subject(shown, when)} against {factor.label}"
    with style.look():
        mark = "bars" if drawn[0].points.size <= MOST_BARS else "bands"
        note = frame.note(ds, shown, frame.error_note(ds, shown, mark))
        tall = len(rows) * 2.6 + 1.1
        figure = style.sheet(ds, headline, sweep.below(ds, shown, HOW), note, tall)
        style.legend(figure, _key(ds, shown, drawn))
        made = frame.panels(figure, [*rows, frame.Across(factor.label)], columns, 2.0)
        for panel, s in zip((p for row in made for p in row), shown, strict=True):
            for line in drawn:
                _draw(panel, ds, s, factor, line)
            _axes(panel, ds, s, factor, drawn, frame.inner(columns))
        return style.settle(figure)


def lines(ds: xr.Dataset, factor: Factor) -> list[Line]:
    """A line for each horizon; with several scenarios one for each of them, at the last horizon."""
    import numpy as np

    groups = sweep.groups(ds)
    ordered = [g.points[np.argsort(factor.values[g.points], kind="stable")] for g in groups]
    at = sweep.horizons(ds)
    end = at[-1]
    if len(groups) > 1:
        return [
            Line(group.title, points, end, style.LINES[k], False)
            for k, (group, points) in enumerate(zip(groups, ordered, strict=True))
        ]
    return [Line(_horizon(ds, t), ordered[0], t, style.step(k, len(at)), t == end) for k, t in enumerate(at)]


def _horizon(ds: xr.Dataset, tick: int) -> str:
    """``by Oct 2028 (5 years)``"""
    years = float(ds["years"].values[tick])
    return f"{month_name(ds, tick)} ({years:.4g} year{'' if years == 1 else 's'})"


def _draw(panel: Axes, ds: xr.Dataset, shown: Shown, factor: Factor, line: Line) -> None:
    """The spread, the error and the mean of one line."""
    import numpy as np

    x = factor.values[line.points]
    mean, error, q05, q95 = (
        sweep.at(ds, shown, statistic)[line.points, line.tick] for statistic in ("mean", "mcse", "q05", "q95")
    )
    if line.spread and x.size == 1:
        panel.vlines(x, q05, q95, color=line.colour, alpha=0.13, linewidth=12)
    elif line.spread and np.isfinite(q05).any():
        panel.fill_between(x, q05, q95, color=line.colour, alpha=0.13, linewidth=0)
    few = x.size <= MOST_BARS
    panel.plot(x, mean, "o-" if few else "-", color=line.colour, lw=1.4, ms=3.5, clip_on=False)
    low, high = mean - Z * np.nan_to_num(error), mean + Z * np.nan_to_num(error)
    low, high = (np.clip(a, 0, 1) if shown.share else a for a in (low, high))
    if few:
        panel.vlines(x, low, high, color=line.colour, linewidth=1.4)
    else:
        panel.fill_between(x, low, high, color=line.colour, alpha=0.35, linewidth=0)


def _axes(panel: Axes, ds: xr.Dataset, shown: Shown, factor: Factor, drawn: list[Line], width: float) -> None:
    """Title, scales and grid of a panel."""
    panel.set_ylim(*frame.limits(shown, reach(ds, shown, drawn)))
    frame.title(panel, shown.title, "", width)
    frame.ticks(panel.xaxis, factor.values, width)
    panel.set_ylabel(shown.label)
    panel.grid(axis="y")
    if shown.share:
        scales.in_percent(panel.yaxis)


def reach(ds: xr.Dataset, shown: Shown, drawn: list[Line]) -> NDArray[np.float64]:
    """Every value that a panel must have room for: means with their errors, and the spread."""
    import numpy as np

    found = []
    for line in drawn:
        here = {
            statistic: sweep.at(ds, shown, statistic)[line.points, line.tick]
            for statistic in ("mean", "mcse", "q05", "q95")
        }
        error = Z * np.nan_to_num(here["mcse"])
        found += [here["mean"] - error, here["mean"] + error]
        found += [here["q05"], here["q95"]] if line.spread else []
    return np.concatenate(found)


def _key(ds: xr.Dataset, shown: list[Shown], drawn: list[Line]) -> list[list[tuple[object, str]]]:
    """Legend: the lines, and the spread where there is one."""
    import numpy as np
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    rows: list[list[tuple[object, str]]] = [
        [(Line2D([], [], color=line.colour, linewidth=1.8), _short(line)) for line in drawn]
    ]
    wide = [line for line in drawn if line.spread]
    known = [s for s in shown if np.isfinite(sweep.last(ds, s, "q05")).any()]
    if wide and known:
        others = list(dict.fromkeys(s.name.replace("_", " ") for s in known if not s.share))
        runs = f"; of {', '.join(others)} over the runs" if others else ""
        rows.append(
            [
                (
                    Patch(color=wide[0].colour, alpha=0.13),
                    f"{SPREAD}{runs} ({month_name(ds, wide[0].tick)})",
                )
            ]
        )
    return rows


def _short(line: Line) -> str:
    """The label, cut where it is wider than the sheet."""
    return style.shorten(line.label, frame.ROOM - 0.8, style.NORMAL)
