"""The web of ties at some dates: where each state stands, what ties it to the leader, who disputes with whom."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Wedge
from numpy.typing import NDArray

from sim.figures import dataset, sheet, style
from sim.figures.plotted import SAYS
from sim.figures.run import GONE, occupied
from sim.model.arrays import Array
from sim.model.grammar import in_text
from sim.model.outcomes import ENDS, positions, series

BELOW = (
    "Lines are as wide as dependence on the leader, likeness with it, and disputes between members, each from 0 to 1: "
    "dark to the lower end of the middle 90\u00a0% of the runs, light to the upper one. Circles: the probability of "
    "each position. A state that is outside in half of the runs or more has no lines."
)
FEW = 12
"""So many states keep their places, also outside; of more, webs are larger and those outside are only named."""
BROAD = 0.6
"""Inches from the leader to the farthest state at least; at most about two thirds of a web's height."""
LONGEST = 1.0
"""Inches that a name has beside a web, before it takes a second line."""
LEADER = 0.75
"""Inches that the leader's name has in its box, before it takes a second line."""
AROUND = 0.25
"""Inches that circles, and gaps beside them, take on one side of a web."""
STEP = 0.155, 0.42
"""Inches from one state to the next below it: at least, at most."""
WIDEST = 6.5
"""Points that a tie of 1 is wide."""
TIES = {"dependence": ("#2b6ca3", "#b8d3ea"), "likeness": ("#5b7a2e", "#cfdcb4"), "dispute": ("#a33b2a", "#e6b8b0")}
"""Colours of the lower and the upper end."""
ASIDE = 0.3
"""Inches that the middle of a dispute across the web keeps off the leader at least."""


def ties(ds: xr.Dataset, dates: Sequence[str] = ()) -> Figure:
    """Webs side by side.

    Parameters
    ----------
    ds : the dataset of a run.
    dates : ``YYYY-MM-DD``, each the end of a tick or near it; the first, the middle and the last where none is given.
    """
    at = _ticks(ds, dates)
    few = ds.sizes["member"] <= FEW
    shares = occupied(ds)
    drawn = {t: np.arange(ds.sizes["member"]) if few else np.flatnonzero(_inside(shares, t)) for t in at}
    most, tall = (3, 2.3) if few else (2, 4.2)
    half = {t: -(-len(drawn[t]) // 2) for t in at}
    step = float(np.clip(tall / max(*half.values(), 1), *STEP))
    beside = max(map(_beside, dataset.names(ds)))
    across = min(most, style.across(2 * (BROAD + AROUND + beside)), len(at))
    rows = [at[k : k + across] for k in range(0, len(at), across)]
    wide = {t: style.room() / len(row) for row in rows for t in row}
    free = {t: (min(wide.values()) if few else wide[t]) / 2 - beside - AROUND for t in at}
    below = {t: _below(ds, shares, t, set(drawn[t]), wide[t] - 0.2) for t in at}
    highs = [max(half[t] * step + 0.2 + sheet.TEXT * len(below[t]) for t in row) for row in rows]
    note = dataset.error_note(ds, "loyal", "not drawn")
    with style.look():
        height = sum(highs) + 0.35 * len(rows) + 2 * sheet.LEGEND
        figure = dataset.page(ds, _says(ds, at, shares), BELOW, note, height)
        sheet.legend(figure, _positions(), _kinds(ds))
        top = sheet.by_hand(figure) - 0.35
        for row, high in zip(rows, highs, strict=True):
            middle = max(half[t] for t in row) * step / 2 + 0.1
            for column, t in enumerate(row):
                axes = sheet.place(figure, style.MARGIN + column * wide[t], top, wide[t], high)
                axes.set(xlim=(-wide[t] / 2, wide[t] / 2), ylim=(middle - high, middle))
                axes.axis("off")
                axes.set(xticks=[], yticks=[])
                month = dataset.month_name(ds, t, whole=True)
                axes.set_title(month, fontsize=style.NORMAL, fontweight="bold", loc="left")
                _web(axes, ds, t, shares, drawn[t], step, free[t])
                foot = -half[t] * step / 2 - 0.1
                axes.text(-wide[t] / 2, foot, "\n".join(below[t]), va="top", linespacing=1.2, **style.NOTE)
            top -= high + 0.35
        return sheet.settle(figure)


def _lines(name: str) -> list[str]:
    """A state's name beside its circle: in two lines where it is long, a longer word never broken."""
    word = max(style.text_width(word, style.SMALL) for word in name.split() or [""])
    return style.wrap(name, max(LONGEST, word), style.SMALL)


def _beside(name: str) -> float:
    """Inches that it takes."""
    return max(style.text_width(line, style.SMALL) for line in _lines(name))


def _ticks(ds: xr.Dataset, dates: Sequence[str]) -> list[int]:
    """Which dates of the dataset are drawn, in their order."""
    last = ds.sizes["date"] - 1
    known = ds["date"].values
    wanted = [int(np.abs(known - np.datetime64(day)).argmin()) for day in dates] or [0, round(last / 2), last]
    return sorted(set(wanted))


def places(count: int, step: float, broad: float) -> Array:
    """Where states are, (state, 2) in inches from the leader: down the right side, then up the left one."""
    half = -(-count // 2)
    down = ((half - 1) / 2 - np.arange(half)) * step
    out = broad * np.sqrt(1 - (down / (half * step / 2 or 1)) ** 2 * 0.8)
    right, left = np.stack([out, down], axis=1), np.stack([-out, down], axis=1)[::-1]
    return np.concatenate([right, left[: count - half]])


def _below(ds: xr.Dataset, shares: dict[str, Array], t: int, drawn: set[int], room: float) -> list[str]:
    """Lines that say that the alliance is no more, and name the states that are not drawn."""
    gone, names = float(shares[GONE][t].max()), dataset.names(ds)
    left = [name for i, name in enumerate(names) if i not in drawn]
    said = [f"Dissolved in {style.percent(gone)} of the runs"] if gone >= 0.5 else []
    said += [f"Outside in half of the runs or more: {', '.join(left)}"] if left else []
    return [line for text in said for line in style.wrap(text, room, style.SMALL)]


def _web(
    axes: Axes, ds: xr.Dataset, t: int, shares: dict[str, Array], drawn: NDArray[np.intp], step: float, room: float
) -> None:
    """States around the leader, no farther from it than ``room`` inches."""
    names, radius, few = dataset.names(ds), min(0.42 * step, 0.11), ds.sizes["member"] <= FEW
    broad = float(np.clip(room, BROAD, max(1.2 if few else len(drawn) * step / 3, BROAD)))
    where = np.full((len(names), 2), np.nan)
    where[drawn] = places(len(drawn), step, broad)
    inside = _inside(shares, t)
    codes = [str(code) for code in ds["member"].values]
    looks = dataset.looks(ds)
    scale = WIDEST if few else WIDEST / 2
    scale = min(scale, 72 * step * 0.28)
    for name, kept in (("dependence", series(ds, "dependence", "mean")), ("likeness", None)):
        if name == "likeness" and name not in ds:
            continue
        ends = np.stack([series_of(ds, name, end)[t] for end in ENDS], axis=-1)
        middle = kept[t] if kept is not None else series_of(ds, name, "q50")[t]
        side = (1 if name == "dependence" else -1) * scale / 72 / 2 * ("likeness" in ds)
        for i in map(int, np.flatnonzero(inside)):
            across = side * np.array([-where[i, 1], where[i, 0]]) / np.hypot(*where[i])
            says = f"{dataset.leader(ds)} and {names[i]}: {name}"
            _tie(axes, np.stack([across, where[i] + across]), name, middle[i], ends[i], says, scale)
    if "dispute" in ds:
        for k, pair in enumerate(map(str, ds["pair"].values)):
            i, j = (codes.index(code) for code in pair.split("-"))
            if inside[i] and inside[j]:
                ends, middle = (ds["dispute"].sel(quantile=q).values[t, k] for q in ([0.05, 0.95], 0.5))
                says = f"{names[i]} and {names[j]}: dispute"
                _tie(axes, _bow(where[i], where[j]), "dispute", float(middle), ends, says, scale)
    _leader(axes, ds)
    for i in map(int, drawn):
        x, y = where[i]
        colour = looks[i].colour
        _node(axes, x, y, radius, {name: float(share[t, i]) for name, share in shares.items()}, names[i], colour)
        out = 1 if x > 0 else -1
        lines = _lines(names[i])
        label = "\n".join(lines) if len(lines) * sheet.TEXT <= step else style.shorten(names[i], LONGEST, style.SMALL)
        axes.text(
            x + out * (radius + 0.06), y, label, ha="left" if x > 0 else "right", va="center", fontsize=style.SMALL
        )


def _leader(axes: Axes, ds: xr.Dataset) -> None:
    """Its name in a box, where all lines meet."""
    name = "\n".join(style.wrap(str(ds.attrs["leader_name"]), LEADER, style.SMALL))
    box = {"boxstyle": "round,pad=0.3", "facecolor": style.INK, "edgecolor": "white", "lw": 1.0}
    axes.text(0, 0, name, color="white", fontsize=style.SMALL, ha="center", va="center", zorder=6, bbox=box)


def _inside(shares: dict[str, Array], t: int) -> Array:
    """Which states are members in half of the runs or more."""
    return np.asarray(1 - shares["outside"][t] - shares[GONE][t] >= 0.5)


def series_of(ds: xr.Dataset, name: str, statistic: str) -> Array:
    """A statistic of an outcome, or of likeness."""
    if name == "likeness":
        return np.asarray(ds[name].sel(quantile=int(statistic[1:]) / 100).values)
    return series(ds, name, statistic)


def _tie(axes: Axes, path: Array, kind: str, middle: float, ends: Array, says: str, scale: float) -> None:
    """A line as wide as the tie, the upper end of its interval behind the lower one."""
    for end, colour in zip(ends[::-1], TIES[kind][::-1], strict=True):
        line = Line2D(*path.T, color=colour, lw=max(scale * float(end), 0.15), zorder=2, label=says)
        line.set_solid_capstyle("butt")
        axes.add_line(line)
        setattr(line, SAYS, [])  # said once
    setattr(line, SAYS, [{"mark": "tie", "value": float(middle), "low": float(ends[0]), "high": float(ends[1])}])


def _bow(a: Array, b: Array) -> Array:
    """From one state to another: straight on one side of the web, above or below the leader across it. (point, 2)"""
    middle = (a[1] + b[1]) / 2
    past = np.copysign(max(abs(middle), ASIDE), middle)
    bend = np.array([0.0, 2 * (past - middle)]) * (a[0] * b[0] < 0)
    u = np.linspace(0, 1, 25)[:, None]
    return np.asarray((1 - u) ** 2 * a + 2 * u * (1 - u) * ((a + b) / 2 + bend) + u**2 * b)


def _node(axes: Axes, x: float, y: float, radius: float, shares: dict[str, float], name: str, colour: str) -> None:
    """A circle whose slices are the probabilities of the positions, clockwise from the top, ringed in its colour."""
    start = 0.0
    for position, share in shares.items():
        if share <= 0.0005:
            continue
        looks = style.DISSOLVED if position == GONE else {"facecolor": positions()[position], "lw": 0.0}
        slice_ = Wedge((x, y), radius, 90 - 360 * (start + share), 90 - 360 * start, zorder=4, **looks)
        slice_.set_label(f"{name}: {position}")
        setattr(slice_, SAYS, [{"mark": "slice", "value": share}])
        axes.add_patch(slice_)
        start += share
    axes.add_patch(Circle((x, y), radius, facecolor="none", edgecolor=colour, lw=1.4, zorder=5))


def _positions() -> list[sheet.Entry]:
    key: list[sheet.Entry] = [(Patch(color=c), name) for name, c in positions().items()]
    return [*key, (Patch(**style.DISSOLVED), GONE)]


def _kinds(ds: xr.Dataset) -> list[sheet.Entry]:
    words = {"dependence": "dependence on the leader", "likeness": "likeness with it", "dispute": "dispute"}
    there = ["dependence", *(name for name in ("likeness", "dispute") if name in ds)]
    return [sheet.line(words[n], TIES[n][0], 4) for n in there]


def _says(ds: xr.Dataset, at: Sequence[int], shares: dict[str, Array]) -> str:
    """Which member depends most on the leader at the last of the dates that has one."""
    inside = [_inside(shares, t) for t in at]
    t, members = next(((t, m) for t, m in zip(at[::-1], inside[::-1], strict=True) if m.any()), (0, None))
    if members is None:
        return "No state is a member in half of the runs"
    mean, low, high = (series(ds, "dependence", s)[t] for s in ("mean", *ENDS))
    most = int(np.where(members, mean, -1.0).argmax())
    said = f"{mean[most]:.2f}; 90\u00a0%: {low[most]:.2f} to {high[most]:.2f}"
    when, who = dataset.month_name(ds, t, whole=True), in_text(dataset.names(ds)[most])
    return f"In {when} {who} depends most on {dataset.leader(ds)} ({said})"
