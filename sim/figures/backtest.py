"""Figures of a backtest: skill against dull rules, reliability, ranks, and cohesion as it came."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.figures import style
from sim.figures.reliability import reliability
from sim.figures.skill import skills

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["cohesion", "rank_histogram", "reliability", "skills"]

OUTSIDE = style.FAN["mean"]
OBSERVED = "#7a1f1d"


def rank_histogram(told: dict[str, Any]) -> Figure:
    """Where observed cohesion lies in the ranks of its forecast.

    ``told`` has title, footer and panels of title, counts, low, high (bin,), cases.
    """
    panels = told["panels"]
    out = [int(_away(p).sum()) for p in panels]
    bars = sum(len(p["counts"]) for p in panels)
    each = "; ".join(f"{p['title']}: {n} of {len(p['counts'])}" for n, p in zip(out, panels, strict=True))
    headline = (
        f"{told['title']}: {sum(out) or 'none'} of {bars} bars lie{'s' if sum(out) == 1 else ''} outside the 90\u00a0% band"
        + (f" ({each})" if len(panels) > 1 else "")
    )
    below = (
        "Every observed cohesion by its rank among the simulated ones. High ends (U shape): forecasts too sure of themselves "
        "(underdispersed). High middle (hump): not sure enough (overdispersed). Rising to the right: forecasts too low, "
        "falling: too high (bias). Of right forecasts at most about 1 bar in 10 lies outside the band by chance."
    )
    columns = len(panels) if len(panels) <= 3 else 2
    rows = -(-len(panels) // columns)
    with style.look():
        second = "Rank histogram of cohesion, inputs as they were"
        figure = style.page(headline, second, below, told["footer"], 2.9 * rows + 0.26)
        _rank_legend(figure)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        for k, (axes, p) in enumerate(zip(grid.flat, panels, strict=False)):
            _rank_panel(axes, p, (style.WIDTH - 0.3) / columns - 0.6)
            if k % columns == 0:
                axes.set_ylabel("motions")
        return style.settle(figure)


def _away(p: dict[str, Any]) -> NDArray[np.bool_]:
    import numpy as np

    counts = np.asarray(p["counts"])
    found: NDArray[np.bool_] = (counts < p["low"]) | (counts > p["high"])
    return found


def _rank_legend(figure: Figure) -> None:
    from matplotlib.patches import Patch

    entries: list[tuple[Any, str]] = [
        (Patch(color=style.FAN["median"]), "observed"),
        (Patch(color=OUTSIDE), "observed, outside the band"),
        (Patch(color=style.FAN["wide"]), "90\u00a0% band if the forecasts were right"),
    ]
    style.legend(figure, [entries])


def _rank_panel(axes: Axes, p: dict[str, Any], width: float) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    bins = np.arange(len(p["counts"]))
    low, high = np.asarray(p["low"]), np.asarray(p["high"])
    axes.bar(bins, high - low, bottom=low, color=style.FAN["wide"], width=0.96)
    colours = [OUTSIDE if away else style.FAN["median"] for away in _away(p)]
    axes.bar(bins, p["counts"], color=colours, edgecolor=colours, lw=1.5, width=0.45, clip_on=False)
    axes.set_xlim(-0.6, len(bins) - 0.4)
    axes.set_xticks([bins[0], bins[-1]], ["below nearly\nall forecasts", "above nearly\nall forecasts"])
    title = f"{p['title']}: {p['cases']:,} motion{'' if p['cases'] == 1 else 's'}"
    axes.set_title("\n".join(style.wrap(title, width, style.NORMAL)), fontsize=style.NORMAL)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))


def cohesion(told: dict[str, Any]) -> Figure:
    """Observed cohesion on every motion against its forecast.

    ``told`` has title, footer and panels of title, dates, names, observed, q05, q25, median, q75, q95 and persistence.
    """
    panels = [_in_time(p) for p in told["panels"]]
    parts = [f"on {w} of {n} motions ({p['title']})" for p, (w, _, n) in zip(panels, map(_inside, panels), strict=True)]
    below = (
        "Of right forecasts the 90\u00a0% interval holds nine motions in ten, the 50\u00a0% interval half of them. "
        "Motions in order of date, evenly spaced whatever the time between them."
    )
    with style.look():
        figure = style.page(
            f"{told['title']}: cohesion lay in the 90\u00a0% interval of the forecast {' and '.join(parts)}",
            "Cohesion (joint support with the leader, 0 to 1), inputs as they were",
            below,
            told["footer"],
            3.3 * len(panels) + 0.26,
        )
        _cohesion_legend(figure, any(p["persistence"] is not None for p in panels))
        for axes, p in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
            _cohesion_panel(axes, p)
        return style.settle(figure)


SERIES = ("observed", "q05", "q25", "median", "q75", "q95")


def _in_time(panel: dict[str, Any]) -> dict[str, Any]:
    """The panel with its motions in order of date."""
    import numpy as np

    order = sorted(range(len(panel["dates"])), key=lambda k: panel["dates"][k])
    arrays = {k: np.asarray(panel[k], dtype=float)[order] for k in SERIES}
    lists = {k: [panel[k][j] for j in order] for k in ("dates", "names")}
    return {**panel, **arrays, **lists}


def _inside(p: dict[str, Any]) -> tuple[int, int, int]:
    """On how many motions cohesion lay in either interval, and on how many it was observed."""
    import numpy as np

    def within(low: str, high: str) -> int:
        return int(((p["observed"] >= p[low] - 1e-9) & (p["observed"] <= p[high] + 1e-9)).sum())

    return within("q05", "q95"), within("q25", "q75"), int(np.isfinite(p["observed"]).sum())


def _cohesion_legend(figure: Figure, last: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    dashed: dict[str, Any] = {"color": style.GREY, "lw": 1.0, "linestyle": (0, (4, 3))}
    entries: list[tuple[Any, str]] = [
        (Line2D([], [], color=OBSERVED, marker="o", ms=5, lw=0), "observed"),
        (Line2D([], [], color=style.FAN["median"], lw=1.6), "forecast: median"),
        (Patch(color=style.FAN["half"]), "50\u00a0% interval"),
        (Patch(color=style.FAN["wide"]), "90\u00a0% interval"),
    ]
    if last:
        entries.append((Line2D([], [], **dashed), "last motion before the forecast (persistence)"))
    style.legend(figure, [entries])


def _cohesion_panel(axes: Axes, p: dict[str, Any]) -> None:
    import numpy as np

    places = np.arange(len(p["observed"]))
    for low, high, colour in (("q05", "q95", "wide"), ("q25", "q75", "half")):
        axes.bar(places, p[high] - p[low], bottom=p[low], width=0.3, color=style.FAN[colour])
    axes.hlines(p["median"], places - 0.2, places + 0.2, color=style.FAN["median"], lw=1.8)
    size = min(5.0, 250 / len(places))
    axes.plot(places, p["observed"], "o", color=OBSERVED, ms=size, zorder=4, clip_on=False)
    if p["persistence"] is not None:
        axes.axhline(p["persistence"], color=style.GREY, lw=1.0, linestyle=(0, (4, 3)))
    least = max(len(places), 4)  # few bars are not to be as wide as the sheet
    axes.set_xlim(-0.6, least - 0.4)
    axes.set_ylim(0, 1)
    _motions(axes, p, (style.WIDTH - 1.0) / least)
    axes.grid(axis="y")
    axes.set_ylabel("cohesion")
    wide, _, cases = _inside(p)
    title = f"{p['title']}: {wide} of {cases} in the 90\u00a0% interval"
    axes.set_title("\n".join(style.wrap(title, style.WIDTH - 1.2, style.LARGE)), pad=8)


def _motions(axes: Axes, p: dict[str, Any], each: float) -> None:
    """Names and dates upright below their motions, ``each`` inches wide; thinned where there are many."""
    named = each >= 0.33
    every = 1 if named else math.ceil(0.17 / each)
    shown = range(0, len(p["dates"]), every)
    dates = [f"{p['dates'][k]:%b %Y}" for k in shown]
    names = [style.shorten(p["names"][k].removeprefix("A/RES/"), 1.1, style.SMALL) for k in shown]
    labels = [f"{n}\n{d}" for n, d in zip(names, dates, strict=True)] if named else dates
    axes.set_xticks(list(shown), labels, rotation=90, multialignment="right")
