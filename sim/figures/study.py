"""A study: which figures it has; outcomes against one factor, and against each of many."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from sim.errors import plural
from sim.figures import axes as scales, dataset, points, sheet, style
from sim.figures.axes import levels
from sim.figures.dataset import duration, month_name, texts
from sim.figures.phase import phase
from sim.figures.points import Factor, Group, Shown, is_grid
from sim.figures.style import UNCERTAINTY
from sim.model.arrays import Array
from sim.model.grammar import sentence
from sim.model.outcomes import ESTIMATE, Z95, shown as shown_names


def draw(ds: xr.Dataset) -> dict[str, Figure]:
    """The figures of a study, by name: those that its number of factors and its design call for.

    Parameters
    ----------
    ds : the dataset of a study, ``sim.sweep(...).dataset``.

    Returns
    -------
    One varying factor gives ``response``; a grid of two ``phase``; two otherwise ``phase`` and
    ``scatter``; more than two ``scatter``. A study without factors or outcomes gives none.
    """
    vary = points.varying(ds)
    if not points.factors(ds) or not points.recorded(ds):
        return {}
    if len(vary) < 2:
        return {"response": response(ds, (vary or points.factors(ds))[0])}
    figures = {"phase": phase(ds, vary[0], vary[1])} if len(vary) == 2 else {}
    if figures and is_grid(ds):
        return figures
    return {**figures, "scatter": scatter(ds, vary)}


# --- one factor: a line for each horizon, or for each of several scenarios

LINES_BELOW = "Lines are means over the runs. Vertical scales differ from panel to panel."
RUNS = "{}: middle 90\u00a0% of the runs, chance included"
BRACKETS = re.compile(r" \([^()]*\)$")
"""Units at the end of a factor's label."""
MOST_BARS = 30
"""Points up to which each has a mark and a bar; beyond there is a band."""


class Line(NamedTuple):
    """A horizon of the only scenario, or a scenario at the last horizon."""

    label: str
    points: NDArray[np.int64]
    """In the order of the factor."""
    tick: int
    colour: str
    dashes: Any
    uncertainty: bool
    """Whether the uncertainty of inputs is drawn around it."""


def response(ds: xr.Dataset, factor: Factor) -> Figure:
    """Response curves: the mean and its error against the only factor that varies.

    Parameters
    ----------
    ds : the dataset of a study.
    factor : the factor along the axis, from :func:`sim.figures.points.factors`.
    """
    lines = _lines(ds, factor)
    shown = points.choose(ds, shown_names(), 6)
    columns, rows = sheet.columns(len(shown)), sheet.rows_of(len(shown))
    with style.look():
        mark = "bars" if lines[0].points.size <= MOST_BARS else "bands"
        wide = "" if lines[-1].uncertainty else points.not_drawn(ds, shown)
        note = points.note(ds, shown, points.error_note(ds, shown, mark), wide)
        below = points.below(ds, shown, LINES_BELOW)
        figure = dataset.page(ds, _headline(ds, shown, factor, lines), below, note, len(rows) * 2.6 + 1.1)
        room = style.room() - 0.8
        key = [sheet.line(style.shorten(x.label, room, style.NORMAL), x.colour, ls=x.dashes) for x in lines]
        key += _coded_key(ds, [factor])
        sheet.legend(figure, key, *([entry] for entry in _uncertainty_key(ds, shown, lines[-1])))
        made = sheet.panels(figure, [*rows, sheet.Across(factor.label)], columns, 2.0)
        for panel, s in zip((p for row in made for p in row), shown, strict=True):
            reach = np.concatenate([_draw_line(panel, ds, s, factor, line) for line in lines])
            panel.set_ylim(*points.limits(s, reach))
            _coded(panel, ds, factor)
            sheet.title(panel, s.title, "", sheet.inner(columns))
            scales.ticks(panel.xaxis, factor.values, sheet.inner(columns))
            panel.set_ylabel(s.unit)
            panel.grid(axis="y")
            if s.share:
                scales.in_percent(panel.yaxis)
        return sheet.settle(figure)


def _lines(ds: xr.Dataset, factor: Factor) -> list[Line]:
    """A line for each horizon; with several scenarios one for each of them, at the last horizon."""
    groups = points.groups(ds)
    ordered = [g.points[np.argsort(factor.values[g.points], kind="stable")] for g in groups]
    at = points.horizons(ds)
    if len(groups) > 1:
        each = zip(groups, ordered, style.LINES, style.DASHES, strict=False)
        return [Line(group.title, here, at[-1], colour, dashes, False) for group, here, colour, dashes in each]
    years = ds["years"].values
    return [
        Line(
            f"{month_name(ds, t)} ({duration(float(years[t]))})",
            ordered[0],
            t,
            style.step(k, len(at)),
            "-",
            t == at[-1],
        )
        for k, t in enumerate(at)
    ]


def _draw_line(panel: Axes, ds: xr.Dataset, shown: Shown, factor: Factor, line: Line) -> Array:
    """The uncertainty, the error and the mean of one line; every value that the panel must have room for."""
    x = factor.values[line.points]
    mean, _, low, high, _, q05, q95 = (points.at(ds, shown, s)[line.points, line.tick] for s in ESTIMATE)
    if line.uncertainty and x.size == 1:
        panel.vlines(x, q05, q95, color=line.colour, alpha=0.13, linewidth=12)
    elif line.uncertainty and np.isfinite(q05).any():
        panel.fill_between(x, q05, q95, **_spread(shown, line))
    few = x.size <= MOST_BARS
    marker = "o" if few else ""
    panel.plot(x, mean, marker=marker, ls=line.dashes, color=line.colour, lw=1.4, ms=3.5, clip_on=False)
    low, high = (np.where(np.isnan(end), mean, end) for end in (low, high))
    if few:
        panel.vlines(x, low, high, color=line.colour, linewidth=1.4)
    else:
        panel.fill_between(x, low, high, color=line.colour, alpha=0.35, linewidth=0)
    return np.concatenate([low, high, *([q05, q95] if line.uncertainty else [])])


def _uncertainty_key(ds: xr.Dataset, shown: list[Shown], line: Line) -> list[sheet.Entry]:
    """The legend entries of the uncertainty, where there is one: of probabilities without chance, else with it."""
    known = [s for s in shown if line.uncertainty and np.isfinite(points.last(ds, s, "q05")).any()]
    kinds = {s.share: s for s in known}
    measures = ", ".join(s.words for s in known if not s.share)
    words = {True: UNCERTAINTY, False: RUNS.format(measures)}
    when = month_name(ds, line.tick)
    return [(Patch(**_spread(s, line)), f"{sentence(words[share])} ({when})") for share, s in kinds.items()]


def _spread(shown: Shown, line: Line) -> dict[str, Any]:
    """A filled band of what is uncertain; an open one where it is of the runs, chance included."""
    if shown.share:
        return {"facecolor": line.colour, "alpha": 0.13, "linewidth": 0.0}
    return {"facecolor": "none", "edgecolor": line.colour, "linewidth": 0.9, "linestyle": ":"}


def _headline(ds: xr.Dataset, shown: Sequence[Shown], factor: Factor, lines: Sequence[Line]) -> str:
    """From where to where the outcome goes with the factor; of several scenarios over all points."""
    most, (low, high) = points.moved(ds, shown), (scales.number(x) for x in points.ends(factor.values))
    values = points.last(ds, most)[lines[-1].points]
    several = len(points.groups(ds)) > 1
    name = f"“{BRACKETS.sub('', factor.label)}”"
    if low == high:
        return f"{points.over_points(ds, shown)} where {name} is {low}"
    if several or values[0] == values[-1] or {*values[[0, -1]]} != {*points.ends(values)}:
        return f"{points.over_points(ds, shown)} over all values of {name}{' and all scenarios' * several}"
    return f"{points.finding(ds, most, values)} as {name} goes from {low} to {high}"


def _coded(panel: Axes, ds: xr.Dataset, factor: Factor) -> None:
    """A line at what each scenario itself codes, in the scenario's colour where they code different values."""
    places = [points.coded_within(ds, group, factor) for group in points.groups(ds)]
    colours = style.LINES if len({*places}) > 1 else [style.GREY]
    for place, colour in zip(places, colours, strict=False):
        if place is not None:
            panel.axvline(place, **{**style.DASHED, "color": colour}, zorder=1, label=points.AS_CODED)


def _coded_key(ds: xr.Dataset, drawn: Sequence[Factor]) -> list[sheet.Entry]:
    """The legend entry of these lines, where there are any."""
    there = [points.coded_within(ds, g, f) is not None for g in points.groups(ds) for f in drawn]
    return [sheet.like(points.AS_CODED, style.DASHED)] * any(there)


# --- many factors: outcomes at the last horizon against each of them, with the mean over bins

MOST_FACTORS, MOST_ROWS, COLUMNS, LEAST = 8, 6, 4, 2.0
MOST_BINS, PER_BIN, FEW_LEVELS = 10, 8, 12
DOTS_BELOW = (
    "A dot is a point of the study, the mean over its runs; its height also depends on the "
    "other factors, which vary too."
)
COMPARE = " Compare how far the line rises or falls."


class Bins(NamedTuple):
    """Means over groups of points that are neighbours in a factor."""

    x: Array
    mean: Array
    error: Array
    """Standard error of each mean."""


def scatter(ds: xr.Dataset, vary: Sequence[Factor]) -> Figure:
    """Dots and binned means, one column a factor, one row an outcome.

    Parameters
    ----------
    ds : the dataset of a study.
    vary : the factors that vary, from :func:`sim.figures.points.varying`.
    """
    shown, groups = outcomes(ds), points.groups(ds)
    drawn = moving(ds, vary, shown, groups)
    columns = -(-len(drawn) // -(-len(drawn) // min(COLUMNS, style.across(LEAST))))
    chunks = [drawn[k : k + columns] for k in range(0, len(drawn), columns)]
    headline = f"{points.over_points(ds, shown)} as {plural(len(vary), 'factor')} vary"
    y = points.last(ds, shown[0])
    means = any(bins(f.values[g.points], y[g.points]).x.size for f in drawn for g in groups)
    with style.look():
        rows = [len(chunk) for chunk in chunks for _ in shown]
        tall = len(rows) * 1.65 + len(chunks) * 0.65 + 0.7
        below = points.below(ds, shown, DOTS_BELOW + COMPARE * means)
        figure = dataset.page(ds, headline, below, _note(ds, shown, vary, drawn), tall)
        first, *others = _scatter_key(groups, means, is_grid(ds))
        sheet.legend(figure, [*first, *_coded_key(ds, drawn)], *others)
        made = sheet.panels(figure, rows, columns, 1.4)
        for row, (chunk, s) in zip(made, [(chunk, s) for chunk in chunks for s in shown], strict=True):
            _row(row, ds, s, chunk, groups, sheet.inner(columns))
            if s is shown[-1]:
                for panel, factor in zip(row, chunk, strict=True):
                    panel.set_xlabel("\n".join(style.wrap(factor.label, sheet.inner(columns), style.NORMAL)))
        return sheet.settle(figure)


def outcomes(ds: xr.Dataset) -> list[Shown]:
    """Headlines of the alliance, and those of the first two states that the study is about, if any."""
    alliance = shown_names(by_member=False)
    several = texts(ds, "focus") or not set(alliance) & set(points.recorded(ds))
    return points.choose(ds, (*alliance, *(shown_names(by_member=True) if several else ())), 2)[:MOST_ROWS]


def moving(ds: xr.Dataset, vary: Sequence[Factor], shown: Sequence[Shown], groups: Sequence[Group]) -> list[Factor]:
    """The factors along which the outcomes vary most, in their own order."""
    if len(vary) <= MOST_FACTORS:
        return list(vary)
    pull = [max(_pull(ds, f, s, g) for s in shown for g in groups) for f in vary]
    first = np.argsort(-np.asarray(pull), kind="stable")[:MOST_FACTORS]
    return [vary[k] for k in sorted(int(k) for k in first)]


def _pull(ds: xr.Dataset, factor: Factor, shown: Shown, group: Group) -> float:
    """How much of an outcome's variance is between the bins of a factor."""
    y = points.last(ds, shown)[group.points]
    mean = bins(factor.values[group.points], y).mean
    total = float(np.nanvar(y)) if np.isfinite(y).any() else 0.0
    return float(np.var(mean)) / total if total > 0 and mean.size else 0.0


def bins(x: Array, y: Array, errors: Array | None = None) -> Bins:
    """Means at each level of a factor with few, else over up to ten groups of equally many points.

    None where there are too few points for two groups. The errors of the points of a grid, whose means are
    no sample, are averaged: the most that is possible with common random numbers at each.
    """
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    order = known[np.argsort(x[known], kind="stable")]
    at = levels(x[order])
    count = min(order.size // PER_BIN, MOST_BINS)
    if 2 <= at.size <= FEW_LEVELS and order.size >= 2 * at.size:
        parts = [order[x[order] == level] for level in at]
    else:
        parts = list(np.array_split(order, count)) if count >= 2 else []
    parts = [part for part in parts if part.size >= 2]
    sampled = [y[part].std(ddof=1) / np.sqrt(part.size) for part in parts]
    error = sampled if errors is None else [np.nan_to_num(errors[part]).mean() for part in parts]
    means = ([float(a[part].mean()) for part in parts] for a in (x, y))
    return Bins(*(np.asarray(a, dtype=np.float64) for a in (*means, error)))


def _row(
    row: Sequence[Axes], ds: xr.Dataset, shown: Shown, chunk: Sequence[Factor], groups: Sequence[Group], width: float
) -> None:
    """One outcome against some factors, on one vertical scale."""
    y, errors = points.last(ds, shown), points.last_error(ds, shown)
    reach = np.concatenate([y[group.points] for group in groups])
    for panel, factor in zip(row, chunk, strict=True):
        for k, group in enumerate(groups):
            here, (dot, line), dashes = group.points, _colours(k, len(groups)), style.DASHES[k]
            x = factor.values[here]
            _dots(panel, x, y[here], dot)
            _means(panel, bins(x, y[here], errors[here] if is_grid(ds) else None), line, dashes)
        _coded(panel, ds, factor)
        panel.set_ylim(*points.limits(shown, reach))
        scales.ticks(panel.xaxis, factor.values, width)
        panel.grid(axis="y")
        panel.tick_params(labelleft=panel is row[0])
        if shown.share:
            scales.in_percent(panel.yaxis)
    row[0].set_title("\n".join(style.wrap(shown.title, style.room() - 0.8, style.NORMAL)))
    row[0].set_ylabel(shown.unit)


def _dots(panel: Axes, x: Array, y: Array, colour: str) -> None:
    """The points, fainter the more there are."""
    root = np.sqrt(max(x.size, 1))
    size, alpha = float(np.clip(60 / root, 1.2, 4)), float(np.clip(15 / root, 0.25, 0.7))
    panel.plot(x, y, "o", color=colour, ms=size, mew=0, alpha=alpha, clip_on=False, rasterized=True)


def _means(panel: Axes, means: Bins, colour: str, dashes: Any) -> None:
    """The line of means with its 95 % errors."""
    panel.plot(means.x, means.mean, color=colour, linewidth=1.6, ls=dashes)
    low, high = means.mean - Z95 * means.error, means.mean + Z95 * means.error
    panel.vlines(means.x, low, high, color=colour, linewidth=1.2)


def _colours(k: int, count: int) -> tuple[str, str]:
    """Of the dots and of the line of the k-th of so many scenarios."""
    return (style.FAN["half"], style.FAN["median"]) if count == 1 else (style.LINES[k],) * 2


def _scatter_key(groups: Sequence[Group], means: bool, grid: bool) -> list[list[sheet.Entry]]:
    """Legend: dots and line, and the colours of several scenarios."""
    error = "95 % Monte Carlo error at most" if grid else "95 % error of that mean"
    dot, line = _colours(0, 1) if len(groups) == 1 else (style.GREY, style.GREY)
    label = f"mean over points with about the same value of the factor (bars: {error})"
    first = [sheet.dot("a point of the study", dot), *([sheet.line(label, line, 1.6)] * means)]
    titles = [style.shorten(group.title, style.room() - 0.8, style.NORMAL) for group in groups]
    both = [sheet.line(title, style.LINES[k], marker="o", ms=4, ls=style.DASHES[k]) for k, title in enumerate(titles)]
    return [first, both] if len(groups) > 1 else [first]


def _note(ds: xr.Dataset, shown: Sequence[Shown], vary: Sequence[Factor], drawn: Sequence[Factor]) -> str:
    """The footer's note: error of a dot, and factors that are left out."""
    left = [f.label for f in vary if f.name not in {d.name for d in drawn}]
    few = f"the {len(drawn)} of {plural(len(vary), 'factor')} that move the outcomes most; not drawn: "
    error, wide = points.error_note(ds, shown, ""), points.not_drawn(ds, shown)
    return points.note(ds, shown, error, wide, few + ", ".join(left) if left else "")
