"""Axes that several figures share: calendar dates, and probabilities in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.figures import style

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from numpy.typing import NDArray


def dates(ds: xr.Dataset) -> NDArray[np.float64]:
    """Dates as matplotlib counts them. (date,) float64"""
    import numpy as np

    return np.asarray(_kit().date2num(ds["date"].values), dtype=np.float64)


def _kit() -> Any:
    """``matplotlib.dates``, which has no types."""
    from matplotlib import dates as kit

    return kit


def calendar(axes: Axes, ds: xr.Dataset, width: float) -> None:
    """Ticks at whole years, or months in a short span; ``width`` of the axes in inches."""
    kit, x = _kit(), dates(ds)
    axes.set_xlim(x[0], x[-1])
    years = (x[-1] - x[0]) / 365.25
    if years > 3:
        fit = max(width / 0.5, 1.0)
        base = next(b for b in (1, 2, 5, 10, 20, 50, 100, 200, 500) if years / b <= fit)
        axes.xaxis.set_major_locator(kit.YearLocator(base))
        axes.xaxis.set_major_formatter(kit.DateFormatter("%Y"))
        return
    fit = max(width / 0.85, 1.0)
    step = next((m for m in (1, 3, 6) if years * 12 / m <= fit), 12)
    axes.xaxis.set_major_locator(kit.MonthLocator(bymonth=range(1, 13, step)))
    axes.xaxis.set_major_formatter(kit.DateFormatter("%b %Y"))


def in_percent(axis: Axis) -> None:
    """Tick labels of a share as percent, with no more decimals than the ticks need."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))


def stretched(values: NDArray[np.float64]) -> float | None:
    """Where an axis stretched for small values turns linear; None where a plain axis will do.

    Plain while the smallest probability is at least a fiftieth of the largest.
    """
    import numpy as np

    positive = values[np.isfinite(values) & (values > 0)]
    if not positive.size or positive.min() >= positive.max() / 50:
        return None
    return float(10 ** np.clip(np.floor(np.log10(positive.min())), -4, -2))


def probability(axes: Axes, top: float, linear_below: float | None) -> None:
    """A horizontal axis of probability in percent from 0 to just above ``top``."""
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    top = min(top, 1.0) or 0.01
    if linear_below is None:
        axes.set_xlim(0, min(1.04 * top, 1.0))
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.set_xlabel("probability")
    else:
        axes.set_xscale("symlog", linthresh=linear_below, linscale=0.6)
        power = 10.0 ** np.floor(np.log10(top))
        end = next(m * power for m in (1, 5, 10) if m * power >= top * 0.999)
        powers = linear_below * 10.0 ** np.arange(6)
        ticks = [0.0, *powers[powers <= end * 1.001]]
        axes.set_xticks([*ticks, end] if end > ticks[-1] * 1.001 else ticks)
        axes.set_xlim(0, end)
        axes.set_xlabel("probability (scale stretched to show small values)")
    in_percent(axes.xaxis)
    axes.grid(axis="x")
    axes.xaxis.label.set_color(style.GREY)
