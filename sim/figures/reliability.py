"""Reliability diagrams: what was forecast at p and how often it happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.figures import inches, style

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

OUTSIDE = style.FAN["mean"]
STRIP = 0.42
"""Height in inches of the histogram of forecasts."""
BELOW = (
    "Line: how often what was given that probability happened (isotonic regression). Above the diagonal it happened more often "
    "than forecast, below it less often. Of reliable forecasts about 10\u00a0% lie outside the band by chance, often together. "
    "Grey bars: how many forecasts were made."
)


def reliability(told: dict[str, Any]) -> Figure:
    """What was forecast at p and how often it happened, without bins, with the band of reliable forecasts.

    ``told`` has title, footer and panels of title, forecast, frequency, low, high (case,), cases, events.
    """
    panels = [_pooled(p) for p in told["panels"]]
    columns = len(panels) if len(panels) <= 3 else 2
    rows = -(-len(panels) // columns)
    pitch = (style.WIDTH - 2 * style.MARGIN) / columns
    side = min(pitch - 0.9, 4.2)
    room = min(pitch - 0.2, side + 3.0)
    heads = [
        (style.wrap(p.title, room, style.NORMAL, bold=True), style.wrap(_where(p), room, style.SMALL)) for p in panels
    ]
    above = max(0.17 * len(a) + inches.TEXT * len(b) for a, b in heads) + 0.32
    tall = above + side + 0.16 + STRIP + 0.55
    with style.look():
        headline, below = _reliability_headline(told["title"], panels), BELOW
        second = "Reliability diagram (CORP), inputs as they were"
        figure = style.page(headline, second, below, told["footer"], rows * tall + 0.26)
        _reliability_legend(figure)
        top = inches.by_hand(figure)
        for k, (p, (title, note)) in enumerate(zip(panels, heads, strict=True)):
            left, y = style.MARGIN + (k % columns) * pitch, top - (k // columns) * tall
            looks: dict[str, Any] = {"fontsize": style.NORMAL, "fontweight": "bold", "va": "top"}
            inches.write(figure, left, y - 0.06, "\n".join(title), **looks)
            down = y - 0.07 - 0.17 * len(title)
            inches.write(figure, left, down, "\n".join(note), va="top", color=style.GREY)
            _reliability_panel(figure, p, left + 0.55, y - above, side)
        return style.settle(figure)


class Curve(NamedTuple):
    """A panel of the reliability diagram, equal forecasts taken together."""

    title: str
    cases: int
    events: int
    forecast: Array
    frequency: Array
    low: Array
    high: Array
    times: Array

    def outside(self) -> tuple[float, float]:
        """Shares of forecasts above and below the band."""
        more, less = self.frequency > self.high + 1e-9, self.frequency < self.low - 1e-9
        total = self.times.sum()
        return float(self.times[more].sum() / total), float(self.times[less].sum() / total)


def _pooled(panel: dict[str, Any]) -> Curve:
    import numpy as np

    x, which, count = np.unique(panel["forecast"], return_inverse=True, return_counts=True)
    fit, low, high = (np.bincount(which, panel[k]) / count for k in ("frequency", "low", "high"))
    told = panel["title"], panel["cases"], panel["events"]
    return Curve(*told, x, fit, low, high, count.astype(float))


def _percent(share: float) -> str:
    """A share in whole percent that is 0 or 100 only where it is."""
    if 0 < share < 0.005:
        return "less than 1\u00a0%"
    return f"{100 * min(share, 0.99) if share < 1 else 100:.0f}\u00a0%"


def _reliability_headline(title: str, panels: Sequence[Curve]) -> str:
    shares = [sum(p.outside()) for p in panels]
    parts = [f"{_percent(s)} ({p.title[:1].lower()}{p.title[1:]})" for s, p in zip(shares, panels, strict=True)]
    return f"{title}: outside the 90\u00a0% band of reliable forecasts lie {_listed(parts)} of the forecasts"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([*([", ".join(parts[:-1])] if len(parts) > 1 else []), parts[-1]])


def _where(p: Curve) -> str:
    """How often it happened, and where the line leaves the band."""
    more, less = p.outside()
    away = [f"{_percent(s)} {word}" for s, word in ((more, "above"), (less, "below")) if s]
    band = f"; {_listed(away)} the band" if away else "; all within the band"
    return f"{p.events:,} of {p.cases:,} happened{band}"


def _reliability_legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    dashed: dict[str, Any] = {"color": style.GREY, "lw": 0.9, "linestyle": (0, (4, 3))}
    entries: list[tuple[Any, str]] = [
        (Line2D([], [], color=style.FAN["median"], lw=1.8), "how often it happened"),
        (Line2D([], [], color=OUTSIDE, marker="o", ms=4, lw=0), "outside the band"),
        (Patch(color=style.FAN["wide"]), "90\u00a0% band if forecasts were reliable"),
        (Line2D([], [], **dashed), "as often as forecast"),
    ]
    style.legend(figure, [entries])


def _reliability_panel(figure: Figure, p: Curve, left: float, top: float, side: float) -> None:
    import numpy as np

    axes = inches.place(figure, left, top, side, side)
    half = 0.008
    edges = np.concatenate([[p.forecast[0] - half], (p.forecast[1:] + p.forecast[:-1]) / 2, [p.forecast[-1] + half]])
    edges = np.clip(edges, 0, 1)
    axes.stairs(p.high, edges, baseline=p.low, fill=True, color=style.FAN["wide"], lw=0)
    axes.plot([0, 1], [0, 1], color=style.GREY, lw=0.9, linestyle=(0, (4, 3)))
    axes.stairs(p.frequency, edges, baseline=None, color=style.FAN["median"], lw=1.8, clip_on=False, zorder=3)
    away = (p.frequency > p.high + 1e-9) | (p.frequency < p.low - 1e-9)
    axes.plot(p.forecast[away], p.frequency[away], "o", color=OUTSIDE, ms=3.5, clip_on=False, zorder=4)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    ticks = np.linspace(0, 1, 5)
    names = ["0", "0.25", "0.5", "0.75", "1"]
    axes.set_yticks(ticks, names)
    axes.set_xticks(ticks)
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("share that happened", fontsize=style.SMALL)
    small: dict[str, Any] = {"fontsize": style.SMALL, "color": style.GREY, "transform": axes.transAxes}
    axes.text(0, 1 + 0.06 / side, "happened more often than forecast", va="bottom", **small)
    axes.text(1 + 0.06 / side, 0, "happened less often than forecast", rotation=270, va="bottom", **small)
    strip = inches.place(figure, left, top - side - 0.16, side, STRIP)
    counts, bins = np.histogram(p.forecast, np.linspace(0, 1, 21), weights=p.times)
    strip.stairs(counts, bins, fill=True, color=style.GREY, lw=0)
    strip.set_xlim(0, 1)
    strip.set_ylim(0, counts.max())
    strip.set_yticks([0, counts.max()], ["0", f"{counts.max():,.0f}"])
    strip.set_xticks(ticks, names)
    strip.set_xlabel("forecast probability", fontsize=style.SMALL)
