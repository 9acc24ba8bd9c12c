"""A run: cohesion over time, the position of each state, exit and freeze at the horizons, exit as it builds up."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import axes as scales, dataset, sheet, style
from sim.figures.dataset import error_note, horizons, interval, names, starts_frozen, starts_outside
from sim.figures.named import Figures
from sim.figures.rows import Mark
from sim.figures.style import UNCERTAINTY, error_bound
from sim.model.arrays import Array
from sim.model.grammar import in_text
from sim.model.outcomes import ENDS, LEAST, OUTCOMES, QUANTILES, interval as ends_of, positions, series

OUTSIDE = "outside at the start"


def draw(ds: xr.Dataset, marks: Sequence[Mark] = ()) -> Figures:
    """Every figure of a run, by name.

    Parameters
    ----------
    ds : the dataset of a run, :attr:`sim.Result.dataset`.
    marks : what the scenario says will happen, with its dates.

    Returns
    -------
    ``cohesion``, ``ladder``, ``exits`` and ``incidence``.
    """
    return Figures(
        {
            "cohesion": partial(cohesion, ds, marks),
            "ladder": partial(ladder, ds, marks),
            "exits": partial(exits, ds),
            "incidence": partial(incidence, ds, marks),
        }
    )


def _days(ds: xr.Dataset) -> Array:
    return scales.days(ds["date"].values)


def _when(ds: xr.Dataset) -> str:
    """The last horizon: ``October 2033``."""
    return dataset.month_name(ds, horizons(ds)[-1].at, whole=True)


def _footer(*parts: str) -> str:
    return sheet.BETWEEN.join(part for part in parts if part)


def _likely(ds: xr.Dataset, *outcomes: str) -> list[int]:
    """Members of whom some outcome is not improbable at the last horizon, by the first: where none, the likeliest."""
    order = dataset.by_exit(ds)
    able = {name: ~starts_frozen(ds) | (name != "freeze") for name in outcomes}
    final = [np.nan_to_num(series(ds, name, "mean")[horizons(ds)[-1].at]) * able[name] for name in outcomes]
    return [i for i in order if max(x[i] for x in final) >= LEAST] or order[:1]


def _below(ds: xr.Dataset, drawn: Sequence[int], *outcomes: str) -> str:
    """The states that are not drawn, with their probabilities, those that start outside after the others."""
    at, outside = horizons(ds)[-1].at, starts_outside(ds)
    rest = [i for i in dataset.by_exit(ds) if i not in drawn]

    def said(where: bool) -> str:
        each = [
            f"{names(ds)[i]} " + " / ".join(dataset.probability(ds, name, at, i) for name in outcomes)
            for i in rest
            if outside[i] == where
        ]
        return f"{OUTSIDE}: " * (where and bool(each)) + ", ".join(each)

    both = "; ".join(filter(None, map(said, (False, True))))
    return f"not drawn ({' / '.join(outcomes)} by {_when(ds)}): {both}" if both else ""


# --- cohesion over time

COHESION_BELOW = (
    "How often do two states of the alliance both stand with the leader? 1\u00a0=\u00a0always. Standard term: mean "
    "joint support over all pairs, the leader included (support 1, abstention 1/2, opposition or a freeze 0)."
)
BANDS = {
    "parameters": ("parameters", "90\u00a0%: coefficients, coded values"),
    "inputs": ("parameters and inputs", "and inputs to come"),
}
"""Of an expected path, from the innermost: its source in the dataset, and what it is."""
RUNS = "and chance: 90\u00a0% of the runs"


def cohesion(ds: xr.Dataset, marks: Sequence[Mark] = ()) -> Figure:
    """Cohesion over time with the middle 90 % of the runs, what their spread is due to, and the number of members.

    Parameters
    ----------
    ds : the dataset of a run.
    marks : what happens on the way.
    """
    error = dataset.reach(ds, ["cohesion"])
    bound = f", at most {error_bound(error)}" if error > 0 else ""
    note = _footer(f"{error_note(ds, 'cohesion', 'not drawn')}{bound}", scales.marked(marks))
    beside = sheet.pair() == 2
    with style.look():
        figure = dataset.page(ds, _cohesion_says(ds), COHESION_BELOW, note, 5.2 if beside else 6.9)
        engine: Any = figure.get_layout_engine()
        engine.set(w_pad=0.12)
        rows: list[Any] = (
            [["cohesion", "cohesion"], ["members", "shares"]] if beside else [["cohesion"], ["members"], ["shares"]]
        )
        panels = figure.subplot_mosaic(rows, height_ratios=[2.3, 1] if beside else [2.3, 1, 1])
        drawn = {}
        for name in ("cohesion", "members"):
            drawn = _bands(panels[name], ds, name)
            scales.calendar(panels[name], _days(ds), style.width() * (0.4 if name == "members" and beside else 0.9))
        panels["cohesion"].set_ylim(0, 1)
        panels["cohesion"].set_ylabel("cohesion")
        panels["members"].set_title("Number of members beside the leader", fontsize=style.NORMAL)
        panels["members"].set_ylim(0, max(float(series(ds, "members", "q95").max()), 1) * 1.1)
        scales.whole_numbers(panels["members"].yaxis)
        _shares(panels["shares"], ds)
        key = [(Patch(color=style.SOURCES[source][1]), words) for source, words in drawn.items()]
        sheet.legend(figure, [sheet.line("mean over the runs", style.FAN["median"], 2), *key])
        scales.mark(panels["cohesion"], marks, style.width() * 0.9)
        return sheet.settle(figure)


def _cohesion_says(ds: xr.Dataset) -> str:
    """From where to where cohesion goes."""
    last = horizons(ds)[-1].at
    mean = series(ds, "cohesion", "mean")
    first, then = float(mean[0]), float(mean[last])
    low, high = (float(series(ds, "cohesion", end)[last]) for end in ENDS)
    moves = "falls" if then < first - 0.005 else "rises" if then > first + 0.005 else "hardly moves,"
    spread = f" (90\u00a0% of the runs: {low:.2f} to {high:.2f})" if ds.attrs["runs"] > 1 else ""
    return f"Cohesion {moves} from {first:.2f} to {then:.2f} by {_when(ds)}{spread}"


def _bands(panel: Axes, ds: xr.Dataset, name: str) -> dict[str, str]:
    """The mean in nested bands, what is uncertain without chance first; those that are drawn, in words."""
    x, mean = _days(ds), series(ds, name, "mean")
    steps: dict[str, Any] = {"step": "post"} if name == "members" else {}
    ends = {source: (_expected(ds, name, key), words) for source, (key, words) in BANDS.items()}
    ends["chance"] = ([series(ds, name, end) for end in ENDS], RUNS)
    there = {source: band for source, band in ends.items() if np.isfinite(band[0]).any()}
    for source, (band, words) in reversed(there.items()):
        low, high = band
        panel.fill_between(x, low, high, color=style.SOURCES[source][1], linewidth=0, label=words, **steps)
    panel.plot(x, mean, color=style.FAN["median"], linewidth=2, label="mean")
    panel.grid(axis="y")
    return {source: words for source, (_, words) in there.items()}


def _expected(ds: xr.Dataset, name: str, source: str) -> list[Array]:
    """Ends of an expected path; none of one run, of runs made before they were kept, and where nothing is added."""
    key = f"{name}_expected"
    if key not in ds or ds.attrs["runs"] == 1:
        return []
    before = ds[key].isel(source=0)
    own = ds[key].sel(source=source)
    if source != str(before.source.item()) and np.array_equal(own, before):
        return []
    return [np.asarray(own.sel(quantile=QUANTILES[end]), dtype=np.float64) for end in ENDS]


def _shares(panel: Axes, ds: xr.Dataset) -> None:
    """A bar a horizon: which part of the variance of cohesion is due to what."""
    marks = horizons(ds)
    known = {s: f"{key}_share" for s, key in (("parameters", "parameter"), ("inputs", "input"))}
    parts = {
        source: np.clip(np.nan_to_num(series(ds, "cohesion", key)[[m.at for m in marks]]), 0, 1)
        for source, key in known.items()
        if f"cohesion_{key}" in ds
    }
    parts = {source: part for source, part in parts.items() if part.any()}
    panel.set_title("Why the runs differ: part of the variance of cohesion", fontsize=style.NORMAL, pad=20)
    panel.set_xlim(0, 1)
    scales.in_percent(panel.xaxis)
    rows = range(len(marks))
    panel.set_yticks(rows, [m.month for m in marks])
    panel.set_ylim(len(marks) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    if not parts:
        panel.text(0.5, 0.5, "not known of so few runs", transform=panel.transAxes, ha="center", **style.NOTE)
        return
    parts["chance"] = np.clip(1 - sum(parts.values()), 0, 1)
    left, place = np.zeros(len(marks)), 0.0
    for source, part in parts.items():
        words, colour = style.SOURCES[source]
        panel.barh(rows, part, left=left, height=0.7, color=colour, label=words)
        left = left + part
        looks: dict[str, Any] = {"transform": panel.transAxes, "fontsize": style.SMALL}
        panel.text(place, 1.05, "■", color=colour, **looks)
        panel.text(place + 0.03, 1.05, words, **looks)
        place += 0.08 + style.text_width(words, style.SMALL) / (style.width() * (0.4 * (3 - sheet.pair())))


# --- the position of each state

LADDER_BELOW = (
    "The height of a colour is the probability that the state is in that position at that date "
    "(state occupation probability); together they are 100 %."
)
INSIDE = 0.1
"""Probability of being a member, at some date, from which on a state has a panel."""
GONE = "dissolved"


def ladder(ds: xr.Dataset, marks: Sequence[Mark] = ()) -> Figure:
    """Stacked areas of the positions, one panel for each state that is or may well become a member.

    Parameters
    ----------
    ds : the dataset of a run.
    marks : what happens on the way.
    """
    shares = occupied(ds)
    inside = np.round(1 - shares["outside"] - shares[GONE], 9)
    drawn = [i for i in range(ds.sizes["member"]) if inside[:, i].max() >= INSIDE] or [*range(ds.sizes["member"])]
    count = len(drawn)
    columns, height = grid_of(count)
    rows = -(-count // columns)
    width = (style.room() - 0.4) / columns - 0.15
    titles = [style.shorten(names(ds)[i], width, style.NORMAL) for i in drawn]
    note = error_note(ds, "loyal", "not drawn")
    error = dataset.reach(ds, positions())
    if error > 0:
        note += f", at most {error_bound(100 * error)} percentage points"
    wide = dataset.interval_note(ds, positions())
    note = _footer(f"{note}; {wide}" if wide else note, _throughout(ds, drawn, inside), scales.marked(marks))
    with style.look():
        figure = dataset.page(ds, _ladder_says(ds, drawn, inside), LADDER_BELOW, note, rows * (height + 0.17) + 0.5)
        panels = sheet.grid(figure, count, columns, share=True)
        panels[0].set_ylim(0, 1)
        panels[0].set_yticks([0, 0.5, 1])
        scales.in_percent(panels[0].yaxis)
        scales.calendar(panels[0], _days(ds), width)
        for k, (i, panel) in enumerate(zip(drawn, panels, strict=True)):
            parts = [share[:, i] for share in shares.values()]
            colours = [*positions().values(), style.DISSOLVED["facecolor"]]
            stack = panel.stackplot(_days(ds), parts, labels=list(shares), colors=colours, edgecolor="white", lw=0.4)
            stack[-1].set(**style.DISSOLVED)
            panel.set_title(titles[k], fontsize=style.NORMAL, pad=scales.above(marks))
            scales.mark(panel, marks, width)
            if k + columns >= count:
                panel.tick_params(labelbottom=True)
        words = {name: f" ({OUTCOMES[name].title.removeprefix('{} ')})" * (name != "outside") for name in positions()}
        key: list[sheet.Entry] = [(Patch(color=c), f"{name}{words[name]}") for name, c in positions().items()]
        sheet.legend(figure, [*key, (Patch(**style.DISSOLVED), "alliance dissolved")])
        return sheet.settle(figure)


def occupied(ds: xr.Dataset) -> dict[str, Array]:
    """The probability of each position while the alliance lives, then that of its end. (date, member)"""
    shares = {name: series(ds, name, "mean") for name in positions()}
    gone = np.minimum(np.nan_to_num(series(ds, "dissolution", "mean"))[:, None], shares["outside"])
    return {**shares, "outside": shares["outside"] - gone, GONE: gone}


def _ladder_says(ds: xr.Dataset, drawn: Sequence[int], inside: Array) -> str:
    """Who is least and who is most sure to be a member at the end."""
    at = horizons(ds)[-1].at
    order = sorted(drawn, key=lambda i: (inside[at, i], names(ds)[i]))
    low, high = (1 - series(ds, "outside", end)[at] for end in ENDS[::-1])
    named = {i: in_text(names(ds)[i]) for i in order}
    said = {i: f"{style.percent(float(inside[at, i]))}{_brackets(low[i], high[i])}" for i in order}
    first, last = order[0], order[-1]
    if first == last:
        return f"In {_when(ds)} {named[first]} is a member with a probability of {said[first]}"
    least = f"In {_when(ds)} {named[first]} is least likely to be a member, {said[first]}"
    return f"{least}; most likely {named[last]}, {said[last]}"


def _throughout(ds: xr.Dataset, drawn: Sequence[int], inside: Array) -> str:
    """The states without a panel, with how probable it is that they are members in the end."""
    at = horizons(ds)[-1].at
    rest = [(name, inside[:, i]) for i, name in enumerate(names(ds)) if i not in drawn]
    never = [name for name, p in rest if not p.any()]
    said = [f"{name} {style.percent(max(float(p[at]), 1e-9))}" for name, p in rest if p.any()]
    return _footer(
        f"outside in every run and not drawn: {', '.join(never)}" * bool(never),
        f"outside and not drawn, with the probability of being a member in {_when(ds)}: {', '.join(said)}" * bool(said),
    )


GRIDS = {4: (2, 2.2), 9: (3, 1.7), 16: (4, 1.3), math.inf: (5, 1.05)}
"""Up to so many panels: how many stand side by side, and how many inches high."""
NARROWEST = 1.9
"""Inches that a panel is wide at least."""


def grid_of(count: int) -> tuple[int, float]:
    """Columns of panels, and the height of a panel in inches."""
    columns, height = next(per for most, per in GRIDS.items() if count <= most)
    return min(count, columns, style.across(NARROWEST)), height


# --- exit and freeze at the horizons

EXITS_BELOW = (
    "Probability of having done so by then (cumulative incidence, with dissolution as competing event). Points: the "
    "probability, chance included; lines: how far the data leave it open. Drawn: states of which exit or freeze is "
    "1\u00a0% or more by the last date."
)
MOST_ROWS = 12
"""States that have a row at most."""
MOST_MARKS = 40
"""Rows times horizons: more would not fit a page, and the earlier ones of a large alliance say little."""
PANELS = {"exit": "Has left (exit)", "freeze": "Has frozen its membership (freeze)"}


def _exits_say(ds: xr.Dataset) -> str:
    """Who is likeliest to have left."""
    at = horizons(ds)[-1].at
    final = series(ds, "exit", "mean")[at]
    likely = [i for i in dataset.by_exit(ds) if final[i] >= LEAST]
    if not likely:
        return f"No state has left with a probability of 1 % or more by {_when(ds)}"
    low, high = (series(ds, "exit", end)[at] for end in ENDS)
    said = [
        f"{in_text(names(ds)[i])}, {dataset.probability(ds, 'exit', at, i)}{_brackets(low[i], high[i])}"
        for i in likely[:2]
    ]
    return f"Likeliest to have left by {_when(ds)}: {' and '.join(said)}"


def _brackets(low: float, high: float) -> str:
    """The 90 % interval as titles have it; empty where there is none."""
    spread = ends_of(low, high)
    return f" (90\u00a0%: {spread})" if spread else ""


def exits(ds: xr.Dataset) -> Figure:
    """Exit and freeze probability at each horizon, of the states of which either is 1 % or more.

    Parameters
    ----------
    ds : the dataset of a run.
    """
    order, marks = _likely(ds, "exit", "freeze")[:MOST_ROWS], horizons(ds)
    last_alone = len(order) * len(marks) > MOST_MARKS
    marks = marks[-1:] if last_alone else marks
    gap = 0.16
    row = max(gap * (len(marks) + 1), 0.36)
    earlier = "of so many states the last date alone is drawn" * last_alone
    note = _footer(error_note(ds, "exit", "bars"), _below(ds, order, "exit", "freeze"), earlier)
    with style.look():
        columns = sheet.pair()
        rows = len(PANELS) // columns
        figure = dataset.page(ds, _exits_say(ds), EXITS_BELOW, note, rows * (row * len(order) + 0.6) + 0.7)
        panels = dict(zip(PANELS, sheet.grid(figure, len(PANELS), columns, share=True), strict=True))
        tops = [_exit_rows(panel, ds, name, order, marks, gap / row) for name, panel in panels.items()]
        outside = starts_outside(ds)
        short = [style.shorten(names(ds)[i], 1.9, style.NORMAL) for i in order]
        labels = [f"{name}\n({OUTSIDE})" if outside[i] else name for name, i in zip(short, order, strict=True)]
        panels["exit"].set_yticks(range(len(order)), labels, fontsize=style.NORMAL)
        panels["freeze"].tick_params(left=False)
        for panel in panels.values():
            panel.tick_params(axis="y", labelsize=style.NORMAL)
            scales.probability(panel, max(tops))
        sheet.legend(
            figure,
            [
                sheet.line(UNCERTAINTY, style.GREY, 0.8),
                sheet.line("95 % Monte Carlo error, where wider than the point", style.GREY, 3),
            ],
        )
        return sheet.settle(figure)


def _exit_rows(panel: Axes, ds: xr.Dataset, name: str, order: list[int], marks: Sequence[Any], step: float) -> float:
    """One panel: a row a state, in it a mark a horizon with its date and number; how far to the right it reaches."""
    looks = dataset.looks(ds)
    done = np.array([name == "freeze" and frozen for frozen in starts_frozen(ds)])
    mean, low, high = (np.clip(a, 0, 1) for a in interval(ds, name))
    q05, q95 = (series(ds, name, end) for end in ENDS)
    beside: dict[str, Any] = {"xycoords": panel.get_yaxis_transform(), "textcoords": "offset points", "va": "center"}
    beside |= {"fontsize": style.SMALL, "annotation_clip": False}
    after = 14 + 72 * style.text_width("May 2000", style.SMALL)
    top = 0.0
    for r, i in enumerate(order):
        if r % 2:
            panel.axhspan(r - 0.5, r + 0.5, color=style.BAND, linewidth=0, zorder=0)
        if done[i]:
            panel.annotate("frozen at the start", (1, r), (8, 0), **beside)
            continue
        for k, (t, _, month) in enumerate(marks):
            y, colour = r + (k - (len(marks) - 1) / 2) * step, looks[i].colour
            what = f"{names(ds)[i]}, by {month}"
            panel.hlines(y, q05[t, i], q95[t, i], color=colour, linewidth=0.8, label=f"{what}: {UNCERTAINTY}")
            panel.hlines(y, low[t, i], high[t, i], color=colour, linewidth=3, label=f"{what}: 95 % Monte Carlo error")
            panel.plot(mean[t, i], y, "o", color=colour, markersize=4, clip_on=False, zorder=3, label=what)
            panel.annotate(month, (1, y), (8, 0), color=style.GREY, **beside)
            panel.annotate(dataset.probability(ds, name, t, i), (1, y), (after, 0), **beside)
            top = max(top, *(float(x) for x in np.nan_to_num([mean[t, i], q95[t, i], high[t, i]])))
    panel.set_title(PANELS[name])
    panel.set_ylim(len(order) - 0.5, -0.5)
    panel.tick_params(left=False)
    return top


# --- exit as it builds up

INCIDENCE_BELOW = (
    "Probability of having left by then (cumulative incidence of exit). Counted is a state that leaves of its own "
    "accord; a dissolution of the alliance ends the chance of that (competing event)."
)
OTHERS = "#a6a6a6"
MOST_LINES = len(style.LINES)
"""States with a colour and a label of their own in the curves."""
MOST_BANDS = 3
"""States whose interval is drawn over time, of more they would hide each other; at the end all have it in numbers."""


def incidence(ds: xr.Dataset, marks: Sequence[Mark] = ()) -> Figure:
    """Exit probability as it builds up, one line a state of which it is 1 % or more, named at its end.

    Parameters
    ----------
    ds : the dataset of a run.
    marks : what happens on the way.
    """
    likely = _likely(ds, "exit")
    shown = likely[:MOST_LINES]
    rest = likely[len(shown) :]
    looks = dataset.looks(ds)
    mean = np.clip(series(ds, "exit", "mean"), 0, 1)
    low, high = (series(ds, "exit", end) for end in ENDS)
    outside = [names(ds)[i] for i in shown if starts_outside(ds)[i]]
    left = f"{OUTSIDE}: {', '.join(outside)}" if outside else ""
    note = _footer(_incidence_note(ds, len(shown)), left, _below(ds, likely, "exit"), scales.marked(marks))
    with style.look():
        figure = dataset.page(ds, _exits_say(ds), INCIDENCE_BELOW, note, 4.4)
        panel = figure.subplots()
        x = _days(ds)
        for i in reversed(rest):
            panel.plot(x, mean[:, i], color=OTHERS, linewidth=0.8, label=names(ds)[i])
        for i in reversed(shown):
            if i in shown[:MOST_BANDS]:
                band, colour = f"{names(ds)[i]}: {UNCERTAINTY}", looks[i].colour
                looks_of_band: dict[str, Any] = {"facecolor": (colour, 0.13), "edgecolor": (colour, 0.5), "lw": 0.6}
                panel.fill_between(x, low[:, i], high[:, i], label=band, **looks_of_band)
            dashes = looks[i].dashes
            panel.plot(x, mean[:, i], color=looks[i].colour, ls=dashes, linewidth=1.8, label=names(ds)[i])
        drawn = [*shown, *rest]
        most = max(float(np.nan_to_num(a).max()) for a in (mean[:, drawn], high[:, shown[:MOST_BANDS]]))
        panel.set_ylim(0, min(1.05 * most, 1.0) or 0.01)
        panel.grid(axis="y")
        panel.set_ylabel("probability of having left")
        scales.in_percent(panel.yaxis)
        scales.calendar(panel, x, style.width() * 0.7)
        scales.mark(panel, marks, style.width() * 0.7)
        _name_ends(panel, ds, shown, rest)
        return sheet.settle(figure)


def _incidence_note(ds: xr.Dataset, count: int) -> str:
    """Which error is which: that over what is uncertain is drawn, the smaller one of chance is not."""
    bands = "bands" if count <= MOST_BANDS else f"brackets, and bands of the {MOST_BANDS} likeliest"
    error = dataset.reach(ds, ["exit"])
    bound = f", at most {error_bound(100 * error)} percentage points" if error > 0 else ""
    return f"{bands}: {UNCERTAINTY}{sheet.BETWEEN}{error_note(ds, 'exit', 'not drawn')}{bound}"


def _name_ends(panel: Axes, ds: xr.Dataset, shown: list[int], rest: list[int]) -> None:
    """Names and final probabilities to the right of the lines, joined to their ends."""
    full, looks = names(ds), dataset.looks(ds)
    spread = [series(ds, "exit", end)[-1] for end in ENDS]
    final = np.clip(np.nan_to_num(series(ds, "exit", "mean")[-1]), 0, 1)
    ends = [(final[i], final[i]) for i in shown]
    labels = [
        f"{style.shorten(full[i], 1.8, style.NORMAL)}  {dataset.probability(ds, 'exit', -1, i)}"
        + (f" ({between})" if (between := ends_of(*(end[i] for end in spread))) else "")
        for i in shown
    ]
    if rest:
        ends.append((final[rest].min(), final[rest].max()))
        least, most = (
            dataset.probability(ds, "exit", -1, rest[int(k)]) for k in (final[rest].argmin(), final[rest].argmax())
        )
        labels.append(f"{len(rest)} others  {' to '.join(dict.fromkeys((least, most)))}")
    top = panel.get_ylim()[1]
    middles = [(low + high) / 2 / top for low, high in ends]
    places = scales.keep_apart([-middle for middle in middles], 0.06, -1.0, 0.0)
    aside: dict[str, Any] = {"transform": panel.transAxes, "clip_on": False}
    for k, (low, high) in enumerate(ends):
        colour, y = (looks[shown[k]].colour if k < len(shown) else OTHERS), -places[k]
        if low < high:
            panel.plot([1.01, 1.01], [low / top, high / top], color=colour, linewidth=1.2, **aside)
        panel.plot([1.01, 1.04, 1.05], [middles[k], y, y], color=colour, linewidth=1.2, **aside)
        panel.text(1.06, y, labels[k], va="center", **aside)
