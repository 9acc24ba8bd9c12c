"""Exit and freeze: their probabilities at the horizons, and exit as it builds up over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.figures import axes as scales
from sim.figures import style
from sim.figures.labels import spread
from sim.figures.values import (
    error_note,
    horizons,
    interval,
    names,
    percent,
    series,
    starts_outside,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS_HEADLINE = "How probable is it that a state leaves, or freezes its membership?"
ROWS_BELOW = (
    "Probability of having done so by then (cumulative incidence, with dissolution as competing "
    "event). States in the order of their exit probability."
)
CURVES_HEADLINE = "Probability of having left by then (cumulative incidence of exit)"
CURVES_BELOW = (
    "Counted is a state that leaves of its own accord; a dissolution of the alliance ends the "
    "chance of that (competing event)."
)
SPREAD = "middle 90 % over what is uncertain: inputs and coefficients"
OUTSIDE = "outside at the start"
PANELS = {"exit": "Has left (exit)", "freeze": "Has frozen its membership (freeze)"}
OTHERS = "#a6a6a6"
MOST_LINES = len(style.LINES)
"""States with a colour and a label of their own in the curves."""


def ranked(ds: xr.Dataset, index: int) -> list[int]:
    """Members by exit probability at a date, highest first, then by name."""
    import numpy as np

    final = np.nan_to_num(series(ds, "exit", "mean")[index], nan=-1)
    called = names(ds)
    return sorted(range(len(called)), key=lambda i: (-final[i], called[i]))


def exits(ds: xr.Dataset) -> Figure:
    """Exit and freeze probability of each state at each horizon, with error and spread."""
    marks = horizons(ds)
    order = ranked(ds, marks[-1].index)
    gap = 0.15 if len(order) <= 12 else 0.085
    row = max(gap * (len(marks) + 1), 0.36)
    height = row * len(order) + 1.5
    note = error_note(ds, "exit", "bars")
    with style.look():
        figure = style.sheet(ds, ROWS_HEADLINE, ROWS_BELOW, note, height)
        panels = dict(zip(PANELS, figure.subplots(1, 2, sharey=True, sharex=True), strict=True))
        for name, panel in panels.items():
            _rows(panel, ds, name, order, gap / row)
        _name_rows(panels["exit"], ds, order)
        panels["freeze"].tick_params(left=False)
        _scale(ds, list(panels.values()))
        style.legend(figure, _row_key(ds))
        return style.settle(figure)


def _rows(panel: Axes, ds: xr.Dataset, name: str, order: list[int], step: float) -> None:
    """One panel: a row a state, in it a mark a horizon, and the last horizon in figures."""
    import numpy as np

    marks = horizons(ds)
    mean, low, high = (np.clip(a[:, order], 0, 1) for a in interval(ds, name))
    q05, q95 = (series(ds, name, s)[:, order] for s in ("q05", "q95"))
    rows = range(len(order))
    for r in rows[1::2]:
        panel.axhspan(r - 0.5, r + 0.5, color=style.BAND, linewidth=0, zorder=0)
    for k, mark in enumerate(marks):
        t, colour = mark.index, style.step(k, len(marks))
        y = np.arange(len(order)) + (k - (len(marks) - 1) / 2) * step
        panel.hlines(y, q05[t], q95[t], color=colour, linewidth=0.8)
        panel.hlines(y, low[t], high[t], color=colour, linewidth=3)
        panel.plot(mean[t], y, "o", color=colour, markersize=4, clip_on=False, zorder=3)
    beside: dict[str, Any] = {"transform": panel.get_yaxis_transform(), "fontsize": style.SMALL}
    for r in rows:
        panel.text(1.03, r, percent(mean[marks[-1].index, r]), va="center", **beside)
    panel.text(1.03, -0.55, f"by {marks[-1].month}", va="bottom", color=style.GREY, **beside)
    panel.set_title(PANELS[name])
    panel.set_ylim(len(order) - 0.5, -0.5)
    panel.tick_params(left=False)


def _name_rows(panel: Axes, ds: xr.Dataset, order: list[int]) -> None:
    """Full names as row labels, with a second line for states outside at the start."""
    called, outside = names(ds), starts_outside(ds)
    short = [style.shorten(called[i], 2.2, style.NORMAL) for i in order]
    told = [f"{name}\n({OUTSIDE})" if outside[i] else name for name, i in zip(short, order, strict=True)]
    panel.set_yticks(range(len(order)), told, fontsize=style.NORMAL)


def _scale(ds: xr.Dataset, panels: list[Axes]) -> None:
    """The probability axis that both panels share."""
    import numpy as np

    at = [mark.index for mark in horizons(ds)]
    means = np.array([series(ds, name, "mean")[at] for name in PANELS])
    ends = np.array([series(ds, name, "q95")[at] for name in PANELS])
    highs = np.array([interval(ds, name)[2][at] for name in PANELS])
    top = float(np.nanmax([np.nan_to_num(a).max() for a in (means, ends, highs)]))
    threshold = scales.stretched(np.append(means, top))
    for panel in panels:
        scales.probability(panel, top, threshold)


def _row_key(ds: xr.Dataset) -> list[list[tuple[object, str]]]:
    """Legend entries: a row for the horizons, and one for what bar and line are."""
    from matplotlib.lines import Line2D

    marks = horizons(ds)
    dots = [Line2D([], [], marker="o", ls="", color=style.step(k, len(marks)), markersize=5) for k in range(len(marks))]
    bar, line = (Line2D([], [], color=style.GREY, linewidth=width) for width in (3, 0.8))
    return [
        [(dot, f"within {mark.years} ({mark.month})") for dot, mark in zip(dots, marks, strict=True)],
        [(bar, "95 % Monte Carlo error, where wider than the point"), (line, SPREAD)],
    ]


def incidence(ds: xr.Dataset) -> Figure:
    """Exit probability as it builds up, one line a state, named at its end."""
    import numpy as np

    order = ranked(ds, -1)
    shown = order if len(order) <= MOST_LINES else order[: MOST_LINES - 1]
    rest = order[len(shown) :]
    mean, low, high = (np.clip(a, 0, 1) for a in interval(ds, "exit"))
    with style.look():
        note = error_note(ds, "exit", "bands")
        figure = style.sheet(ds, CURVES_HEADLINE, CURVES_BELOW, note, 4.8)
        panel = figure.subplots()
        x = scales.dates(ds)
        for i in reversed(rest):
            panel.plot(x, mean[:, i], color=OTHERS, linewidth=0.8)
        for colour, i in reversed(list(zip(style.LINES, shown, strict=False))):
            panel.fill_between(x, low[:, i], high[:, i], color=colour, alpha=0.25, linewidth=0)
            panel.plot(x, mean[:, i], color=colour, linewidth=1.8)
        panel.set_ylim(0, min(1.05 * float(np.nan_to_num(high).max()), 1.0) or 0.01)
        panel.grid(axis="y")
        panel.set_ylabel("probability of having left")
        scales.in_percent(panel.yaxis)
        scales.calendar(panel, ds, style.WIDTH * 0.7)
        _name_ends(panel, ds, shown, rest)
        return style.settle(figure)


def _name_ends(panel: Axes, ds: xr.Dataset, shown: list[int], rest: list[int]) -> None:
    """Names and final probabilities to the right of the lines, joined to their ends."""
    import numpy as np

    called, outside = names(ds), starts_outside(ds)
    final = np.clip(np.nan_to_num(series(ds, "exit", "mean")[-1]), 0, 1)
    ends = [(final[i], final[i]) for i in shown]
    labels = [
        f"{style.shorten(called[i], 1.8, style.NORMAL)}  {percent(final[i])}" + (f"  ({OUTSIDE})" if outside[i] else "")
        for i in shown
    ]
    if rest:
        ends.append((final[rest].min(), final[rest].max()))
        told = dict.fromkeys(percent(end) for end in ends[-1])
        labels.append(f"{len(rest)} others  {' to '.join(told)}")
    top = panel.get_ylim()[1]
    middles = [(low + high) / 2 / top for low, high in ends]
    places = spread([-middle for middle in middles], 0.055, -1.0, 0.0)
    aside: dict[str, Any] = {"transform": panel.transAxes, "clip_on": False}
    for k, (low, high) in enumerate(ends):
        colour, y = (style.LINES[k] if k < len(shown) else OTHERS), -places[k]
        panel.plot([1.01, 1.01], [low / top, high / top], color=colour, linewidth=1.2, **aside)
        panel.plot([1.01, 1.04, 1.05], [middles[k], y, y], color=colour, linewidth=1.2, **aside)
        panel.text(1.06, y, labels[k], va="center", **aside)
