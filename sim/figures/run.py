"""A run: cohesion over time, the position of each state, exit and freeze at the horizons, exit as it builds up."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import axes as scales, dataset, sheet, style
from sim.figures.dataset import error_note, horizons, interval, names, starts_frozen, starts_outside
from sim.figures.style import error_bound
from sim.model.outcomes import OUTCOMES, QUANTILES, positions, series

UNCERTAINTY = "middle 90 % over what is uncertain: inputs and coefficients"
OUTSIDE = "outside at the start"


def draw(ds: xr.Dataset) -> dict[str, Figure]:
    """Every figure of a run, by name.

    Parameters
    ----------
    ds : the dataset of a run, :attr:`sim.Result.dataset`.

    Returns
    -------
    ``cohesion``, ``ladder``, ``exits`` and ``incidence``.
    """
    return {"cohesion": cohesion(ds), "ladder": ladder(ds), "exits": exits(ds), "incidence": incidence(ds)}


def _days(ds: xr.Dataset) -> Any:
    return scales.days(ds["date"].values)


# --- cohesion over time

COHESION = "Cohesion: how often do two states of the alliance both stand with the leader? 1\u00a0=\u00a0always"
COHESION_BELOW = (
    "Standard term: mean joint support over all pairs of states, the leader included "
    "(support counts 1, abstention 1/2, opposition or a frozen membership 0)."
)


def cohesion(ds: xr.Dataset) -> Figure:
    """Fan chart of cohesion; two small ones show whether membership and agreement go with it.

    Parameters
    ----------
    ds : the dataset of a run.
    """
    with style.look():
        figure = dataset.page(ds, COHESION, COHESION_BELOW, error_note(ds, "cohesion", "orange band"), 5.2)
        engine: Any = figure.get_layout_engine()
        engine.set(w_pad=0.12)
        rows: list[Any] = [["cohesion", "cohesion"], ["members", "agreement_index"]]
        panels = figure.subplot_mosaic(rows, height_ratios=[2.3, 1])
        for name, panel in panels.items():
            _fan(panel, ds, name)
            scales.calendar(panel, _days(ds), style.WIDTH * (0.9 if name == "cohesion" else 0.4))
        for name in ("cohesion", "agreement_index"):
            panels[name].set_ylim(0, 1)
        panels["cohesion"].set_ylabel("cohesion")
        panels["agreement_index"].set_yticks([0, 0.5, 1])
        panels["members"].set_title("Number of members beside the leader", fontsize=style.NORMAL)
        panels["agreement_index"].set_title("Agreement index: do all vote alike? 1 = all", fontsize=style.NORMAL)
        panels["members"].set_ylim(0, max(float(series(ds, "members", "q95").max()), 1) * 1.1)
        scales.whole_numbers(panels["members"].yaxis)
        sheet.legend(figure, _fan_key(ds))
        return sheet.settle(figure)


def _fan(panel: Axes, ds: xr.Dataset, name: str) -> None:
    """Bands of 90 and 50 % of the runs, median, and the mean with its Monte Carlo error."""
    x = _days(ds)
    q05, q25, q50, q75, q95 = (series(ds, name, s) for s in QUANTILES)
    mean, low, high = interval(ds, name)
    steps = name == "members"
    for a, b, colour in ((q05, q95, "wide"), (q25, q75, "half")):
        panel.fill_between(x, a, b, color=style.FAN[colour], linewidth=0, step="post" if steps else None)
    panel.plot(x, q50, color=style.FAN["median"], linewidth=2, drawstyle="steps-post" if steps else "default")
    panel.fill_between(x, low, high, color=style.FAN["mean"], alpha=0.35, linewidth=0)
    panel.plot(x, mean, color=style.FAN["mean"], linewidth=1)
    panel.grid(axis="y")


def _fan_key(ds: xr.Dataset) -> list[sheet.Entry]:
    """Legend entries; the Monte Carlo error is put in numbers, as it may be too small to see."""
    error = dataset.reach(ds, ["cohesion"])
    shade = "shaded: " if error > 0.004 else ""
    bound = f" ({shade}95 % Monte Carlo error, at most {error_bound(error)})" if error > 0 else ""
    return [
        sheet.line("median", style.FAN["median"], 2),
        (Patch(color=style.FAN["half"]), "middle half of the runs"),
        (Patch(color=style.FAN["wide"]), "middle 90 % of the runs"),
        sheet.line(f"mean{bound}", style.FAN["mean"], 1),
    ]


# --- the position of each state

LADDER = "Where each state stands on the ladder from loyal to outside"
LADDER_BELOW = (
    "The height of a colour is the probability that the state is in that position at that date "
    "(state occupation probability); the five add up to 100 %."
)


def ladder(ds: xr.Dataset) -> Figure:
    """Stacked areas of the five positions, one panel a member.

    Parameters
    ----------
    ds : the dataset of a run.
    """
    count = ds.sizes["member"]
    columns, height = _grid(count)
    rows = -(-count // columns)
    width = (style.ROOM - 0.4) / columns - 0.15
    titles = _titles(ds, width)
    tall = rows * (height + 0.17 * max(title.count("\n") + 1 for title in titles)) + 0.5
    note = error_note(ds, "loyal", "not drawn")
    error = dataset.reach(ds, positions())
    if error > 0:
        note += f", at most {error_bound(100 * error)} percentage points"
    wide = dataset.interval_note(ds, positions())
    note += f"; {wide}" if wide else ""
    with style.look():
        figure = dataset.page(ds, LADDER, LADDER_BELOW, note, tall)
        panels = sheet.grid(figure, count, columns, share=True)
        panels[0].set_ylim(0, 1)
        panels[0].set_yticks([0, 0.5, 1])
        scales.in_percent(panels[0].yaxis)
        scales.calendar(panels[0], _days(ds), width)
        for k, panel in enumerate(panels):
            shares = [series(ds, name, "mean")[:, k] for name in positions()]
            panel.stackplot(_days(ds), shares, colors=list(positions().values()), edgecolor="white", lw=0.4)
            panel.set_title(titles[k], fontsize=style.NORMAL, pad=3)
            if k + columns >= count:
                panel.tick_params(labelbottom=True)
        words = {name: OUTCOMES[name].title.removeprefix("{} ").removeprefix("is ") for name in positions()}
        sheet.legend(figure, [(Patch(color=colour), f"{name}: {words[name]}") for name, colour in positions().items()])
        return sheet.settle(figure)


def _grid(count: int) -> tuple[int, float]:
    """Columns of panels, and the height of a panel in inches."""
    if count <= 4:
        return min(count, 2), 2.2
    if count <= 9:
        return 3, 1.7
    return (4, 1.3) if count <= 16 else (5, 1.05)


def _titles(ds: xr.Dataset, width: float) -> list[str]:
    """Name and code of each state, in two lines at most."""
    titles = []
    for name, code in zip(names(ds), map(str, ds["member"].values), strict=True):
        title = f"{name} ({code})" if name != code else code
        lines = style.wrap(title, width, style.NORMAL)
        first, rest = lines[0], " ".join(lines[1:])
        if style.text_width(rest, style.NORMAL) > width or len(lines) == 1:
            first, rest = name, f"({code})" if len(lines) > 1 else ""
        parts = [style.shorten(part, width, style.NORMAL) for part in (first, rest) if part]
        titles.append("\n".join(parts) if len(lines) > 1 else title)
    return titles


# --- exit and freeze at the horizons

EXITS = "How probable is it that a state leaves, or freezes its membership?"
EXITS_BELOW = (
    "Probability of having done so by then (cumulative incidence, with dissolution as competing "
    "event). States in the order of their exit probability; one that is frozen at the start cannot freeze."
)
PANELS = {"exit": "Has left (exit)", "freeze": "Has frozen its membership (freeze)"}


def _by_exit(ds: xr.Dataset, at: int) -> list[int]:
    """Members by exit probability at a date, highest first, then by name."""
    final = np.nan_to_num(series(ds, "exit", "mean")[at], nan=-1)
    full = names(ds)
    return sorted(range(len(full)), key=lambda i: (-final[i], full[i]))


def exits(ds: xr.Dataset) -> Figure:
    """Exit and freeze probability of each state at each horizon, with their Monte Carlo error and uncertainty.

    Parameters
    ----------
    ds : the dataset of a run.
    """
    marks = horizons(ds)
    order = _by_exit(ds, marks[-1].at)
    gap = 0.15 if len(order) <= 12 else 0.085
    row = max(gap * (len(marks) + 1), 0.36)
    with style.look():
        figure = dataset.page(ds, EXITS, EXITS_BELOW, error_note(ds, "exit", "bars"), row * len(order) + 1.5)
        panels = dict(zip(PANELS, figure.subplots(1, 2, sharey=True, sharex=True), strict=True))
        for name, panel in panels.items():
            _exit_rows(panel, ds, name, order, gap / row)
        outside = starts_outside(ds)
        short = [style.shorten(names(ds)[i], 2.2, style.NORMAL) for i in order]
        labels = [f"{name}\n({OUTSIDE})" if outside[i] else name for name, i in zip(short, order, strict=True)]
        panels["exit"].set_yticks(range(len(order)), labels, fontsize=style.NORMAL)
        panels["freeze"].tick_params(left=False)
        _exit_scale(ds, list(panels.values()))
        colours = [style.step(k, len(marks)) for k in range(len(marks))]
        sheet.legend(
            figure,
            [sheet.dot(f"within {m.years} ({m.month})", c, 5) for m, c in zip(marks, colours, strict=True)],
            [
                sheet.line("95 % Monte Carlo error, where wider than the point", style.GREY, 3),
                sheet.line(UNCERTAINTY, style.GREY, 0.8),
            ],
        )
        return sheet.settle(figure)


def _exit_rows(panel: Axes, ds: xr.Dataset, name: str, order: list[int], step: float) -> None:
    """One panel: a row a state, in it a mark a horizon, and the last horizon in numbers."""
    marks = horizons(ds)
    done = np.array([name == "freeze" and frozen for frozen in starts_frozen(ds)])[order]
    mean, low, high = (np.where(done, np.nan, np.clip(a[:, order], 0, 1)) for a in interval(ds, name))
    q05, q95 = (np.where(done, np.nan, series(ds, name, s)[:, order]) for s in ("q05", "q95"))
    rows = range(len(order))
    for r in rows[1::2]:
        panel.axhspan(r - 0.5, r + 0.5, color=style.BAND, linewidth=0, zorder=0)
    for k, mark in enumerate(marks):
        t, colour = mark.at, style.step(k, len(marks))
        y = np.arange(len(order)) + (k - (len(marks) - 1) / 2) * step
        panel.hlines(y, q05[t], q95[t], color=colour, linewidth=0.8)
        panel.hlines(y, low[t], high[t], color=colour, linewidth=3)
        panel.plot(mean[t], y, "o", color=colour, markersize=4, clip_on=False, zorder=3)
    beside: dict[str, Any] = {"transform": panel.get_yaxis_transform(), "fontsize": style.SMALL}
    for r in rows:
        said = "frozen" if done[r] else dataset.probability(ds, name, marks[-1].at, order[r])
        panel.text(1.03, r, said, va="center", **beside)
    panel.text(1.03, -0.55, f"by {marks[-1].month}", va="bottom", color=style.GREY, **beside)
    panel.set_title(PANELS[name])
    panel.set_ylim(len(order) - 0.5, -0.5)
    panel.tick_params(left=False)


def _exit_scale(ds: xr.Dataset, panels: list[Axes]) -> None:
    """The probability axis that both panels share."""
    at = [mark.at for mark in horizons(ds)]
    able = {name: ~starts_frozen(ds) | (name != "freeze") for name in PANELS}
    means = np.array([series(ds, name, "mean")[at] * able[name] for name in PANELS])
    ends = [[x[at] * able[name] for x in (series(ds, name, "q95"), interval(ds, name)[2])] for name in PANELS]
    top = max(float(np.nan_to_num(a).max()) for a in (means, ends))
    linear = scales.linear_below(np.append(means, top))
    for panel in panels:
        scales.probability(panel, top, linear)


# --- exit as it builds up

INCIDENCE = "Probability of having left by then (cumulative incidence of exit)"
INCIDENCE_BELOW = (
    "Counted is a state that leaves of its own accord; a dissolution of the alliance ends the "
    "chance of that (competing event)."
)
OTHERS = "#a6a6a6"
MOST_LINES = len(style.LINES)
"""States with a colour and a label of their own in the curves."""


def incidence(ds: xr.Dataset) -> Figure:
    """Exit probability as it builds up, one line a state, named at its end.

    Parameters
    ----------
    ds : the dataset of a run.
    """
    order = _by_exit(ds, -1)
    shown = order if len(order) <= MOST_LINES else order[: MOST_LINES - 1]
    rest = order[len(shown) :]
    mean = np.clip(series(ds, "exit", "mean"), 0, 1)
    low, high = (series(ds, "exit", s) for s in ("q05", "q95"))
    with style.look():
        figure = dataset.page(ds, INCIDENCE, INCIDENCE_BELOW, _incidence_note(ds), 4.8)
        panel = figure.subplots()
        x = _days(ds)
        for i in reversed(rest):
            panel.plot(x, mean[:, i], color=OTHERS, linewidth=0.8)
        for colour, i in reversed(list(zip(style.LINES, shown, strict=False))):
            panel.fill_between(x, low[:, i], high[:, i], color=colour, alpha=0.13, linewidth=0)
            panel.plot(x, mean[:, i], color=colour, linewidth=1.8)
        panel.set_ylim(0, min(1.05 * max(float(np.nan_to_num(a).max()) for a in (mean, high)), 1.0) or 0.01)
        panel.grid(axis="y")
        panel.set_ylabel("probability of having left")
        scales.in_percent(panel.yaxis)
        scales.calendar(panel, x, style.WIDTH * 0.7)
        _name_ends(panel, ds, shown, rest)
        return sheet.settle(figure)


def _incidence_note(ds: xr.Dataset) -> str:
    """Which error is which: that over what is uncertain is drawn, the smaller one of chance is not."""
    error = dataset.reach(ds, ["exit"])
    bound = f", at most {error_bound(100 * error)} percentage points" if error > 0 else ""
    return f"bands: {UNCERTAINTY}{sheet.BETWEEN}{error_note(ds, 'exit', 'not drawn')}{bound}"


def _name_ends(panel: Axes, ds: xr.Dataset, shown: list[int], rest: list[int]) -> None:
    """Names and final probabilities to the right of the lines, joined to their ends."""
    full, outside = names(ds), starts_outside(ds)
    final = np.clip(np.nan_to_num(series(ds, "exit", "mean")[-1]), 0, 1)
    ends = [(final[i], final[i]) for i in shown]
    labels = [
        f"{style.shorten(full[i], 1.8, style.NORMAL)}  {dataset.probability(ds, 'exit', -1, i)}"
        + (f"  ({OUTSIDE})" if outside[i] else "")
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
    places = scales.keep_apart([-middle for middle in middles], 0.055, -1.0, 0.0)
    aside: dict[str, Any] = {"transform": panel.transAxes, "clip_on": False}
    for k, (low, high) in enumerate(ends):
        colour, y = (style.LINES[k] if k < len(shown) else OTHERS), -places[k]
        panel.plot([1.01, 1.01], [low / top, high / top], color=colour, linewidth=1.2, **aside)
        panel.plot([1.01, 1.04, 1.05], [middles[k], y, y], color=colour, linewidth=1.2, **aside)
        panel.text(1.06, y, labels[k], va="center", **aside)
