"""Axes that several figures share: dates, probabilities, whole numbers, levels of a factor; labels kept apart."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.axis import Axis, YAxis
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from sim.figures import style
from sim.figures.rows import Mark
from sim.model.arrays import Array

FEW_LEVELS = 7
"""Levels of a factor up to which the ticks are at levels."""
TICK_LABEL = 0.6
"""Inches for the label of a tick."""
_dates: Any = mdates  # has no types


def days(dates: NDArray[np.datetime64]) -> Array:
    """Dates as matplotlib counts them. (date,)"""
    return np.asarray(_dates.date2num(dates), dtype=np.float64)


def calendar(axes: Axes, x: Array, width: float) -> None:
    """Ticks at whole years, or months in a short span: ``x`` in days, ``width`` of the axes in inches."""
    axes.set_xlim(x[0], x[-1])
    years = (x[-1] - x[0]) / 365.25
    if years > 3:
        fit = max(width / 0.5, 1.0)
        base = next(b for b in (1, 2, 5, 10, 20, 50, 100, 200, 500) if years / b <= fit)
        locator, form = _dates.YearLocator(base), "%Y"
    else:
        fit = max(width / 0.85, 1.0)
        months = next((m for m in (1, 3, 6) if years * 12 / m <= fit), 12)
        locator, form = _dates.MonthLocator(bymonth=range(1, 13, months)), "%b %Y"
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(_dates.DateFormatter(form))


def round_numbers(width: float) -> MaxNLocator:
    """Ticks at round numbers, few enough for their labels to keep apart on an axis of ``width`` inches."""
    return MaxNLocator(max(2, min(5, int(width / TICK_LABEL))), steps=[1, 2, 2.5, 5, 10])


def whole_numbers(axis: Axis) -> None:
    """Ticks at whole numbers."""
    axis.set_major_locator(MaxNLocator(6, integer=True))


def in_percent(axis: Axis) -> None:
    """Tick labels of a share as percent, with no more decimals than the ticks need."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))


def in_points(axis: Axis) -> None:
    """Tick labels of a difference between shares as percentage points."""
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:.4g}".replace("-", "−")))


def probability(axes: Axes, top: float) -> None:
    """A horizontal axis of probability in percent from 0 to just above ``top``."""
    axes.set_xlim(0, min(1.04 * top, 1.0) or 0.01)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel("probability")
    in_percent(axes.xaxis)
    axes.grid(axis="x")
    axes.xaxis.label.set_color(style.GREY)


# --- events on the axis of time

MOST_MARKS = 9
"""Events that have a number of their own; of more there are ticks alone."""
TICK = 6.0
"""Points that the tick of an event is long, and that its middle is above the axes."""


def above(marks: Sequence[Mark]) -> float:
    """How many points above axes a title stands, which the events have below them."""
    return 3.0 if not marks else 13.0 if len(marks) <= MOST_MARKS else 2.0 * TICK


def mark(axes: Axes, marks: Sequence[Mark], width: float) -> None:
    """Lines at what happens, numbered above the axes; without numbers ticks there. ``width`` in inches."""
    if not marks:
        return
    at = days(np.array([m.date for m in marks], dtype="datetime64[D]"))
    if len(marks) > MOST_MARKS:
        above = axes.get_xaxis_transform() + ScaledTranslation(0, TICK / 72, axes.figure.dpi_scale_trans)
        axes.plot(at, np.ones(len(at)), "|", color=style.INK, ms=TICK, mew=1.0, clip_on=False, transform=above)
        return
    low, high = axes.get_xlim()
    inch = (high - low) / width
    by_day = {float(x): [k for k, other in enumerate(at, 1) if other == x] for x in at}
    numbers = [", ".join(map(str, numbers)) for numbers in by_day.values()]
    gap = max(style.text_width(n, style.SMALL) for n in numbers) + 0.06
    places = keep_apart(list(by_day), gap * inch, low, high)
    for x, place, number in zip(by_day, places, numbers, strict=True):
        axes.axvline(x, **style.DASHED, zorder=1)
        axes.text(place, 1.01, number, transform=axes.get_xaxis_transform(), ha="center", va="bottom", **style.NOTE)


def marked(marks: Sequence[Mark]) -> str:
    """What the marks stand for, as a footer says it; empty where there are none."""
    if len(marks) > MOST_MARKS:
        return f"ticks above: {len(marks)} events of the scenario"
    said = (f"{k}: {np.datetime64(m.date, 'M').item():%B %Y}, {m.words}" for k, m in enumerate(marks, 1))
    return "; ".join(said)


def levels(values: Array) -> Array:
    """The different values, ascending."""
    return np.unique(values[np.isfinite(values)])


def number(value: float) -> str:
    """A level as an axis shows it."""
    return f"{value:.6g}"


def ticks(axis: Axis, values: Array, room: float, beyond: float = 0.04) -> None:
    """Ticks at the levels of a factor, or round numbers where it has many, as ``room`` inches allow.

    Round numbers may lie outside the levels by ``beyond`` times their range, inside the margin.
    """
    at = levels(values)
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if at.size > FEW_LEVELS or not np.allclose(at, [float(f"{v:.3g}") for v in at], rtol=1e-9):
        locator = MaxNLocator(max(min(int(room / 0.5), 6), 2), steps=[1, 2, 2.5, 5, 10])
        more = max(beyond, 1e-9) * (at[-1] - at[0])
        even = np.asarray(locator.tick_values(at[0], at[-1]), dtype=np.float64)
        at = even[(even >= at[0] - more) & (even <= at[-1] + more)]
    axis.set_ticks(_with_room(list(at), room * 0.75, isinstance(axis, YAxis)))


def _with_room(at: list[float], room: float, tall: bool) -> list[float]:
    """As many of the numbers as have room for their labels: every one, every second ...

    Of numbers at uneven distances the first and the last come before those between.
    """
    for stride in range(1, len(at)):
        if np.allclose(np.diff(at), at[1] - at[0]) and _fit(at[::stride], room, at, tall):
            return at[::stride]
    kept = at[:1]
    for value in at[1:-1]:
        if _fit([kept[-1], value, at[-1]], room, at, tall):
            kept.append(value)
    return [*kept, *at[-1:]] if _fit([kept[-1], at[-1]], room, at, tall) else kept


def _fit(at: list[float], room: float, whole: list[float], tall: bool) -> bool:
    """Whether labels at these numbers keep clear of each other on an axis of ``room`` inches."""
    wide = [0.15 if tall else style.text_width(number(v), style.SMALL) for v in at]
    gaps = [(b - a) / (whole[-1] - whole[0] or 1) * room for a, b in pairwise(at)]
    return all(gap >= 0.1 + (a + b) / 2 for gap, (a, b) in zip(gaps, pairwise(wide), strict=True))


def keep_apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least ``gap`` apart within bounds, as near to the wanted ones as can be, in their order.

    Least squares: with k gaps taken from the k-th position only the order is asked, which is isotonic regression.
    """
    order = np.argsort(wanted, kind="stable")
    gaps = gap * np.arange(order.size)
    level = isotonic_regression(np.asarray(wanted, dtype=np.float64)[order] - gaps).x
    places = np.empty(order.size)
    places[order] = np.clip(level, low, max(high - gaps[-1], low)) + gaps
    return [float(place) for place in places]
