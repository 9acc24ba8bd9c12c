"""A backtest: reliability of its probabilities, ranks of observed cohesion, and cohesion as it came."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.errors import plural
from sim.figures import axes as scales, sheet, style
from sim.figures.style import whole_percent
from sim.model.arrays import Array, Flags
from sim.model.grammar import conjunction, lower_first

INPUTS = "inputs as they were"
EPSILON = 1e-9
OBSERVED = "#7a1f1d"


# --- reliability


class Reliability(NamedTuple):
    """A panel of the reliability diagram. Arrays are (case,)."""

    title: str
    forecast: Array
    """Probabilities, ascending."""
    frequency: Array
    """How often it happened, by isotonic regression."""
    low: Array
    high: Array
    """Band of reliable forecasts."""
    cases: int
    events: int


class Curve(NamedTuple):
    """The same with equal forecasts taken together. (forecast,)"""

    forecast: Array
    frequency: Array
    low: Array
    high: Array
    times: Array

    @property
    def away(self) -> Flags:
        """Where the line lies outside the band."""
        return (self.frequency > self.high + EPSILON) | (self.frequency < self.low - EPSILON)

    def share(self, where: Flags) -> float:
        """Which share of the forecasts these are."""
        return float(self.times[where].sum() / self.times.sum())


STRIP = 0.42
"""Height in inches of the histogram of forecasts."""
RELIABILITY_BELOW = (
    "Line: how often what was given that probability happened (isotonic regression). Above the diagonal it happened "
    "more often than forecast, below it less often. Of reliable forecasts about 10\u00a0% lie outside the band by "
    "chance, often together. Grey bars: how many forecasts were made."
)


def reliability(panels: Sequence[Reliability], title: str, footer: str) -> Figure:
    """What was forecast at p and how often it happened, without bins, with the band of reliable forecasts.

    Parameters
    ----------
    panels : one an outcome, at most four.
    title, footer : what is forecast, and where the numbers come from.
    """
    curves = [_pooled(p) for p in panels]
    columns = sheet.columns(len(panels))
    rows = -(-len(panels) // columns)
    pitch = style.room() / columns
    side = min(pitch - 0.9, 4.2)
    room = min(pitch - 0.2, side + 3.0)
    heads = [style.wrap(p.title, room, style.NORMAL, bold=True) for p in panels]
    notes = [style.wrap(_where(p, c), room, style.SMALL) for p, c in zip(panels, curves, strict=True)]
    above = max(0.17 * len(a) + sheet.TEXT * len(b) for a, b in zip(heads, notes, strict=True)) + 0.32
    tall = above + side + 0.16 + STRIP + 0.55
    parts = [f"{whole_percent(c.share(c.away))} ({lower_first(p.title)})" for p, c in zip(panels, curves, strict=True)]
    with style.look():
        figure = sheet.page(
            f"{title}: {conjunction(parts)} lie outside the 90\u00a0% band of reliable forecasts",
            f"Reliability diagram (CORP), {INPUTS}",
            RELIABILITY_BELOW,
            footer,
            rows * tall + 0.26,
        )
        key = [
            sheet.line("how often it happened", style.FAN["median"]),
            sheet.dot("outside the band", style.AWAY),
            (Patch(color=style.FAN["wide"]), "90\u00a0% band if forecasts were reliable"),
            sheet.line("as often as forecast", style.GREY, **style.DASHED),
        ]
        sheet.legend(figure, key)
        top = sheet.by_hand(figure)
        for k, (curve, head, note) in enumerate(zip(curves, heads, notes, strict=True)):
            left, y = style.MARGIN + (k % columns) * pitch, top - (k // columns) * tall
            sheet.write(figure, left, y - 0.06, head, va="top", **style.BOLD)
            sheet.write(figure, left, y - 0.07 - 0.17 * len(head), note, va="top", color=style.GREY)
            _diagram(figure, curve, left + 0.55, y - above, side)
        return sheet.settle(figure)


def _pooled(p: Reliability) -> Curve:
    x, which, count = np.unique(p.forecast, return_inverse=True, return_counts=True)
    fit, low, high = (np.bincount(which, values) / count for values in (p.frequency, p.low, p.high))
    return Curve(x, fit, low, high, count.astype(float))


def _where(p: Reliability, curve: Curve) -> str:
    """How often it happened, and where the line leaves the band."""
    above = curve.away & (curve.frequency > curve.high)
    shares = {"above": curve.share(above), "below": curve.share(curve.away & ~above)}
    away = [f"{whole_percent(share)} {word}" for word, share in shares.items() if share]
    band = f"; {conjunction(away)} the band" if away else "; all within the band"
    return f"{p.events:,} of {p.cases:,} happened{band}"


def _diagram(figure: Figure, curve: Curve, left: float, top: float, side: float) -> None:
    """The line in its band, and below it how often each probability was forecast."""
    axes = sheet.place(figure, left, top, side, side)
    x = curve.forecast
    edges = np.clip(np.concatenate([[x[0] - 0.008], (x[1:] + x[:-1]) / 2, [x[-1] + 0.008]]), 0, 1)
    axes.stairs(curve.high, edges, baseline=curve.low, fill=True, color=style.FAN["wide"], lw=0)
    axes.plot([0, 1], [0, 1], **style.DASHED)
    axes.stairs(curve.frequency, edges, baseline=None, color=style.FAN["median"], lw=1.8, clip_on=False, zorder=3)
    away = curve.away
    axes.plot(x[away], curve.frequency[away], "o", color=style.AWAY, ms=3.5, clip_on=False, zorder=4)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    ticks, labels = np.linspace(0, 1, 5), ["0", "0.25", "0.5", "0.75", "1"]
    axes.set_yticks(ticks, labels)
    axes.set_xticks(ticks)
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("share that happened", fontsize=style.SMALL)
    beside = {**style.NOTE, "va": "bottom", "transform": axes.transAxes}
    axes.text(0, 1 + 0.06 / side, "happened more often than forecast", **beside)
    axes.text(1 + 0.06 / side, 0, "happened less often than forecast", rotation=270, **beside)
    strip = sheet.place(figure, left, top - side - 0.16, side, STRIP)
    counts, bins = np.histogram(x, np.linspace(0, 1, 21), weights=curve.times)
    strip.stairs(counts, bins, fill=True, color=style.GREY, lw=0)
    strip.set_xlim(0, 1)
    strip.set_ylim(0, counts.max())
    strip.set_yticks([0, counts.max()], ["0", f"{counts.max():,.0f}"])
    strip.set_xticks(ticks, labels)
    strip.set_xlabel("forecast probability", fontsize=style.SMALL)


# --- ranks


class Ranks(NamedTuple):
    """A panel of the rank histogram. Arrays are (bin,)."""

    title: str
    counts: Array
    low: Array
    high: Array
    """Band if the forecasts were right."""
    cases: int

    @property
    def away(self) -> Flags:
        """Which bars lie outside the band."""
        return np.asarray((self.counts < self.low) | (self.counts > self.high))


RANKS_BELOW = (
    "Every observed cohesion by its rank among the simulated ones. High ends (U shape): forecasts too sure of "
    "themselves (underdispersed). High middle (hump): not sure enough (overdispersed). Rising to the right: forecasts "
    "too low, falling: too high (bias). Of right forecasts at most about 1 bar in 10 lies outside the band by chance."
)


def ranks(panels: Sequence[Ranks], title: str, footer: str) -> Figure:
    """Where observed cohesion lies in the ranks of its forecast.

    Parameters
    ----------
    panels : one a scheme, at most four.
    title, footer : what is forecast, and where the numbers come from.
    """
    out, bars = [int(p.away.sum()) for p in panels], [len(p.counts) for p in panels]
    each = "; ".join(f"{p.title}: {n} of {of}" for p, n, of in zip(panels, out, bars, strict=True))
    lie = f"{sum(out) or 'none'} of {sum(bars)} bars lie{'s' if sum(out) == 1 else ''}"
    headline = f"{title}: {lie} outside the 90\u00a0% band" + f" ({each})" * (len(panels) > 1)
    columns = sheet.columns(len(panels))
    rows = -(-len(panels) // columns)
    with style.look():
        second = f"Rank histogram of cohesion, {INPUTS}"
        figure = sheet.page(headline, second, RANKS_BELOW, footer, 2.9 * rows + 0.26)
        key = {"observed": style.FAN["median"], "observed, outside the band": style.AWAY}
        key["90\u00a0% band if the forecasts were right"] = style.FAN["wide"]
        sheet.legend(figure, [(Patch(color=colour), label) for label, colour in key.items()])
        for k, (axes, p) in enumerate(zip(sheet.grid(figure, len(panels), columns), panels, strict=True)):
            _bars(axes, p, (style.width() - 0.3) / columns - 0.6)
            if k % columns == 0:
                axes.set_ylabel("motions")
        return sheet.settle(figure)


def _bars(axes: Axes, p: Ranks, width: float) -> None:
    """The histogram before its band."""
    bins = np.arange(len(p.counts))
    axes.bar(bins, p.high - p.low, bottom=p.low, color=style.FAN["wide"], width=0.96)
    colours = [style.AWAY if away else style.FAN["median"] for away in p.away]
    axes.bar(bins, p.counts, color=colours, edgecolor=colours, lw=1.5, width=0.45, clip_on=False)
    axes.set_xlim(-0.6, len(bins) - 0.4)
    axes.set_xticks([bins[0], bins[-1]], ["below nearly\nall forecasts", "above nearly\nall forecasts"])
    title = f"{p.title}: {plural(p.cases, 'motion')}"
    axes.set_title("\n".join(style.wrap(title, width, style.NORMAL)), fontsize=style.NORMAL)
    scales.whole_numbers(axes.yaxis)


# --- cohesion as it came


class Motions(NamedTuple):
    """A panel of cohesion on motions, in any order. Arrays are (motion,)."""

    title: str
    dates: Sequence[dt.date]
    names: Sequence[str]
    observed: Array
    q05: Array
    q25: Array
    median: Array
    q75: Array
    q95: Array
    persistence: float | None
    """Cohesion on the last motion before the forecast, if it is one forecast."""

    @property
    def inside(self) -> int:
        """On how many motions cohesion lay in the 90 % interval."""
        within = (self.observed >= self.q05 - EPSILON) & (self.observed <= self.q95 + EPSILON)
        return int(within.sum())

    @property
    def cases(self) -> int:
        """On how many motions cohesion was observed."""
        return int(np.isfinite(self.observed).sum())


COHESION_BELOW = (
    "Of right forecasts the 90\u00a0% interval holds nine motions in ten, the 50\u00a0% interval half of them. "
    "Motions in order of date, evenly spaced whatever the time between them."
)


UPRIGHT = 1.7
"""Inches for the name of a motion."""


def cohesion(panels: Sequence[Motions], title: str, footer: str) -> Figure:
    """Observed cohesion on every motion against its forecast.

    Parameters
    ----------
    panels : one a scheme.
    title, footer : what is forecast, and where the numbers come from.
    """
    parts = [f"on {p.inside} of {plural(p.cases, 'motion')} ({p.title})" for p in panels]
    with style.look():
        figure = sheet.page(
            f"{title}: cohesion lay in the 90\u00a0% interval of the forecast {' and '.join(parts)}",
            f"Cohesion (joint support with the leader, 0 to 1), {INPUTS}",
            COHESION_BELOW,
            footer,
            3.8 * len(panels) + 0.26,
        )
        key = [
            sheet.dot("observed", OBSERVED, 5),
            sheet.line("forecast: median", style.FAN["median"], 1.6),
            (Patch(color=style.FAN["half"]), "50\u00a0% interval"),
            (Patch(color=style.FAN["wide"]), "90\u00a0% interval"),
        ]
        if any(p.persistence is not None for p in panels):
            last = "last motion before the forecast (persistence)"
            key.append(sheet.line(last, style.GREY, **style.DASHED))
        sheet.legend(figure, key)
        for axes, p in zip(sheet.grid(figure, len(panels), 1), panels, strict=True):
            _motions(axes, p)
        return sheet.settle(figure)


def _motions(axes: Axes, p: Motions) -> None:
    """Every motion with its forecast, in order of date."""
    order = sorted(range(len(p.dates)), key=lambda k: p.dates[k])
    observed, q05, q25, median, q75, q95 = (a[order] for a in (p.observed, p.q05, p.q25, p.median, p.q75, p.q95))
    places = np.arange(len(order))
    for low, high, colour in ((q05, q95, "wide"), (q25, q75, "half")):
        axes.bar(places, high - low, bottom=low, width=0.3, color=style.FAN[colour])
    axes.hlines(median, places - 0.2, places + 0.2, color=style.FAN["median"], lw=1.8)
    axes.plot(places, observed, "o", color=OBSERVED, ms=min(5.0, 250 / len(places)), zorder=4, clip_on=False)
    if p.persistence is not None:
        axes.axhline(p.persistence, **style.DASHED)
    least = max(len(places), 4)  # few bars are not to be as wide as the sheet
    axes.set_xlim(-0.6, least - 0.4)
    axes.set_ylim(0, 1)
    _name_motions(axes, [(p.names[k], p.dates[k]) for k in order], (style.width() - 1.0) / least)
    axes.grid(axis="y")
    axes.set_ylabel("cohesion")
    title = f"{p.title}: {p.inside} of {p.cases} in the 90\u00a0% interval"
    axes.set_title("\n".join(style.wrap(title, style.width() - 1.2, style.LARGE)), pad=8)


def _name_motions(axes: Axes, motions: Sequence[tuple[str, dt.date]], each: float) -> None:
    """Names and dates upright below their motions, ``each`` inches wide; thinned where there are many."""
    lines = min(int(each / sheet.TEXT), 3)
    every = 1 if lines > 1 else math.ceil(sheet.TEXT / each)
    labels = []
    for name, date in motions[::every]:
        title = style.lines(name.removeprefix("A/RES/"), UPRIGHT, style.SMALL, lines - 1) if lines > 1 else []
        labels.append("\n".join([*title, f"{date:%b %Y}"]))
    axes.set_xticks(range(0, len(motions), every), labels, rotation=90, multialignment="right")
