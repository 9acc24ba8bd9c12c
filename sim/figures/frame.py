"""The frame of a figure of a study: rows of panels, texts across the sheet, ticks, and the footer's note."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.figures import style
from sim.figures.sweep import (
    MOST_SCENARIOS,
    Shown,
    ends,
    error,
    factors,
    last,
    levels,
    recorded,
    widened,
)
from sim.figures.values import listed, series

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

ROOM = style.WIDTH - 2 * style.MARGIN
FEW_LEVELS = 7
"""Levels of a factor up to which the ticks are at levels."""


class Across(NamedTuple):
    """A text from one side of the sheet to the other: a heading, or the label of a shared axis."""

    text: str
    bold: bool = False


def panels(figure: Figure, rows: Sequence[Across | int], columns: int, height: float) -> list[list[Axes]]:
    """Rows of so many panels, ``height`` inches each, with texts in between."""
    from matplotlib.gridspec import GridSpec

    ratios = [0.02 if isinstance(row, Across) else height for row in rows]
    grid = GridSpec(len(rows), columns, figure=figure, height_ratios=ratios)
    made = []
    for k, row in enumerate(rows):
        if isinstance(row, Across):
            _write(figure.add_subplot(grid[k, :]), row)
        else:
            made.append([figure.add_subplot(grid[k, c]) for c in range(row)])
    return made


def _write(strip: Axes, row: Across) -> None:
    """A heading at the left, the label of an axis in the middle."""
    strip.axis("off")
    text = "\n".join(style.wrap(row.text, ROOM - 1.2, style.NORMAL, row.bold))
    if row.bold:
        strip.text(0, 0, text, va="bottom", fontweight="bold", fontsize=style.NORMAL)
    else:
        strip.text(0.5, 1, text, va="top", ha="center", fontsize=style.NORMAL)


def upright(label: str, height: float) -> tuple[str, bool]:
    """The label of a vertical axis in three lines at most, and whether its end is cut off."""
    lines = style.wrap(label, height, style.NORMAL)
    rest = " ".join(lines[2:])
    short = [style.shorten(rest, height, style.NORMAL)] if rest else []
    return "\n".join([*lines[:2], *short]), len(lines) > 3


def inner(columns: int) -> float:
    """About how many inches wide a panel is."""
    return (ROOM - 0.6) / columns - 0.22


def title(panel: Axes, text: str, second: str, width: float) -> None:
    """What a panel shows, in two lines at most, and a smaller line of grey below."""
    lines = style.wrap(text, width, style.NORMAL)
    lines = [*lines[:1], style.shorten(" ".join(lines[1:]), width, style.NORMAL)][: len(lines)]
    small = style.wrap(second, width, style.SMALL) if second else []
    panel.set_title("\n".join(lines), fontsize=style.NORMAL, pad=4 + 10.5 * len(small))
    if small:
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        look: dict[str, Any] = {"fontsize": style.SMALL, "color": style.GREY}
        panel.annotate("\n".join(small), (0, 1), (0, 3), **place, **look)


def number(value: float) -> str:
    """A number as an axis shows it."""
    return f"{value:.6g}"


def ticks(axis: Axis, values: NDArray[np.float64], room: float, beyond: float = 0.04) -> None:
    """Ticks at the levels of a factor, or round numbers where it has many, as ``room`` inches allow.

    Round numbers may lie outside the levels by ``beyond`` times their range, inside the margin.
    """
    import numpy as np
    from matplotlib.axis import YAxis
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    at = levels(values)
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if at.size > FEW_LEVELS or not np.allclose(at, [float(f"{v:.3g}") for v in at], rtol=1e-9):
        locator = MaxNLocator(max(min(int(room / 0.5), 6), 2), steps=[1, 2, 2.5, 5, 10])
        more = max(beyond, 1e-9) * (at[-1] - at[0])
        even = np.asarray(locator.tick_values(at[0], at[-1]), dtype=np.float64)
        at = even[(even >= at[0] - more) & (even <= at[-1] + more)]
    axis.set_ticks(_apart(list(at), room * 0.75, isinstance(axis, YAxis)))


def _apart(at: list[float], room: float, tall: bool) -> list[float]:
    """As many of the numbers as have room for their labels: every one, every second ...

    Of numbers at uneven distances the first and the last come before those between.
    """
    import numpy as np

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


def limits(shown: Shown, values: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of an axis: from 0 for a probability, else no narrower than 0.05, lest noise look like much."""
    low, high = ends(values)
    if shown.share:
        return 0.0, min(1.05 * high, 1.02) if high > 0 else 0.01
    margin = 0.03 * (high - low)
    return widened(shown, low - margin, high + margin)


def note(ds: xr.Dataset, shown: Sequence[Shown], *more: str) -> str:
    """What the footer says beside where the figure comes from."""
    count = len(listed(ds, "scenarios"))
    parts = [
        *more,
        f"only the first {MOST_SCENARIOS} scenarios are drawn" if count > MOST_SCENARIOS else "",
        _left_out(ds, shown),
        failures(ds),
        held(ds),
    ]
    return style.BETWEEN.join(part for part in parts if part)


def error_note(ds: xr.Dataset, shown: Sequence[Shown], mark: str) -> str:
    """What the marks of error are, and the largest standard error of each kind of outcome."""
    import numpy as np

    told = []
    for share in (True, False):
        alike = [s for s in shown if s.share is share]
        errors = [last(ds, s, "mcse") for s in alike]
        if alike and (most := error(alike[0], np.concatenate(errors))):
            unit = " percentage" if share else ""
            told.append(
                f"{most.replace(' ', unit + ' ')} ({'probability' if share else alike[0].name.replace('_', ' ')})"
            )
    if not told and all(np.isnan(last(ds, s)).all() for s in shown):
        return ""
    if not told:
        return "too few runs for a Monte Carlo error"
    marked = f"{mark}: 95 % Monte Carlo error; " if mark else ""
    return f"{marked}Monte Carlo standard error up to {', '.join(told)}"


def failures(ds: xr.Dataset) -> str:
    """How many points have no result at all."""
    import numpy as np

    if not recorded(ds):
        return ""
    known = [np.isfinite(series(ds, name, "mean")) for name in recorded(ds)]
    failed = int(sum(~np.any([k.reshape(len(k), -1).any(1) for k in known], axis=0)))
    return f"{failed:,} point{'' if failed == 1 else 's'} failed, left blank" if failed else ""


def held(ds: xr.Dataset) -> str:
    """The factors that do not vary, with their values."""
    still = [(f.label, levels(f.values)) for f in factors(ds)]
    told = [f"{label} = {number(at[0])}" for label, at in still if at.size == 1]
    return f"not varied: {', '.join(told)}" if told else ""


def _left_out(ds: xr.Dataset, shown: Sequence[Shown]) -> str:
    """Recorded outcomes that no panel shows, and members of the focus that find no room."""
    drawn = {s.name for s in shown}
    others = [name.replace("_", " ") for name in recorded(ds) if name not in drawn]
    told = [f"recorded, not drawn: {', '.join(others)}"] if others else []
    members = {s.member for s in shown} - {None}
    asked = listed(ds, "focus")
    if members and len(asked) > len(members):
        told.append(f"drawn are {len(members)} of the {len(asked)} states in focus")
    return "; ".join(told)
