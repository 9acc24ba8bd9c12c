"""A comparison: what scenarios would change, and the curves of one beside those of the base."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from sim.figures import axes as scales, sheet, style
from sim.figures.rows import Mark
from sim.model.outcomes import LEAST, OUTCOMES, alone, side

COHESIONS = {"cohesion": style.INK, "starters_cohesion": style.AWAY}
BELOW = (
    "Dots: difference to the base; lines: its 90\u00a0% interval over what is uncertain, the same in both; thick: its "
    "95\u00a0% Monte Carlo error, where wider than the dot. To the right: level in the base → level in the scenario. "
    "Not drawn: exits that no scenario moves by a point. Cohesion (mean joint support) of the initial members: one "
    "that has left or frozen supports nothing."
)
APART = (
    " Where a scenario has draws of its own, weighed by what happened in it, differences have no interval; exits made "
    "before its start have no dot."
)
LABELS = 2.2
"""Inches for the titles of the scenarios."""
MOST = 6
"""States that are drawn at most."""


def differences(table: pd.DataFrame, names: Mapping[str, str], titles: Mapping[str, str], footer: str) -> Figure:
    """One row a scenario, at the last horizon: exit of every state that is moved, dissolution, and cohesion.

    Parameters
    ----------
    table : the table of a comparison, :attr:`sim.Comparison.table`.
    names : of the states, by code.
    titles : of the scenarios, by name: the base's, then the others' in the order of the rows.
    footer : where the numbers come from.
    """
    base, *scenarios = titles
    final = table[table.horizon_years == table.horizon_years.max()]
    exits, dissolved = final[final.outcome == "exit"], final[final.outcome == "dissolution"]
    looks = style.states(names)
    own = {f"{names[m]} has left": exits[exits.member == m] for m in _moved(exits)}
    colours = dict(zip(own, (looks[m].colour for m in _moved(exits)), strict=True))
    if (dissolved.difference.abs() >= LEAST).any():
        own[OUTCOMES["dissolution"].title] = dissolved
        colours[OUTCOMES["dissolution"].title] = style.GREY
    row = 0.15 * max(len(own), 2) + 0.12
    headline = f"What would change by {_month(final)}: differences from “{titles[base]}”"
    with style.look():
        columns = sheet.pair()
        rows = 2 // columns
        figure = sheet.page(
            headline, "", BELOW + APART * _apart(final), footer, rows * (row * len(scenarios) + 0.6) + 0.7
        )
        left, right = figure.subplots(rows, columns, sharey=True, width_ratios=(3, 2)[:columns])
        left.set_title("Percentage points more (right) or less probable by then", fontsize=style.NORMAL)
        right.set_title("Cohesion, 0 to 1", fontsize=style.NORMAL)
        _rows(left, own, list(colours.values()), scenarios)
        _rows(right, {o: final[final.outcome == o] for o in COHESIONS}, list(COHESIONS.values()), scenarios)
        scales.in_points(left.xaxis)
        labels = ["\n".join(style.wrap(titles[s], LABELS, style.NORMAL)) for s in scenarios]
        left.set_yticks(range(len(scenarios)), labels, fontsize=style.NORMAL)
        sheet.legend(
            figure,
            [sheet.dot(what, c, 5) for what, c in colours.items()],
            [sheet.dot(OUTCOMES[o].noun, c, 5) for o, c in COHESIONS.items()],
        )
        return sheet.settle(figure)


def _apart(final: pd.DataFrame) -> bool:
    """Whether some difference of probabilities has an error and no interval."""
    events = final[[OUTCOMES[o].probability for o in final.outcome]]
    return bool((events.difference_q05.isna() & events.low.notna()).any())


def _rows(panel: Axes, parts: Mapping[str, pd.DataFrame], colours: Sequence[str], scenarios: Sequence[str]) -> None:
    """For each scenario a dot of each part, its bars, and the levels beside them."""
    beside: dict[str, Any] = {"transform": panel.get_yaxis_transform(), "va": "center", "fontsize": style.SMALL}
    for k, ((what, part), colour) in enumerate(zip(parts.items(), colours, strict=True)):
        own = part.set_index("scenario").reindex(list(scenarios))
        rows = np.arange(len(scenarios)) + (k - (len(parts) - 1) / 2) * 0.8 / len(parts)
        spread, error = f"{what}: 90 % interval", f"{what}: 95 % Monte Carlo error"
        panel.hlines(rows, own.difference_q05, own.difference_q95, color=colour, linewidth=0.9, label=spread)
        panel.hlines(rows, own.low, own.high, color=colour, linewidth=3, label=error)
        panel.plot(own.difference, rows, "o", color=colour, markersize=4, label=what)
        for y, r in zip(rows, own.itertuples(), strict=True):
            said = "" if r.difference != r.difference else f"{_level(r, 'base')} → {_level(r, 'value')}"
            panel.text(1.02, y, said, color=colour, **beside)
    panel.axvline(0, color=style.GREY, lw=0.8, zorder=1)
    for k in range(0, len(scenarios), 2):
        panel.axhspan(k - 0.5, k + 0.5, color=style.BAND, lw=0, zorder=0)
    panel.set_ylim(len(scenarios) - 0.5, -0.5)
    panel.locator_params(axis="x", nbins=5)
    panel.grid(axis="x")
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)


def _level(row: Any, name: str) -> str:
    return style.level(alone(side(row, name))) if OUTCOMES[row.outcome].probability else f"{getattr(row, name):.2f}"


def _month(rows: pd.DataFrame) -> str:
    return f"{rows.date.iloc[-1]:%B %Y}"


def _moved(exits: pd.DataFrame) -> list[str]:
    """The states whose exit probability some scenario moves by a point or more, the most moved first."""
    size = exits.groupby("member").difference.apply(lambda d: d.abs().max())
    return [str(member) for member in size[size >= LEAST].sort_values(ascending=False).index[:MOST]]


# --- over time

CURVES_BELOW = (
    "Lines: probability by then, or mean cohesion; bands: 90\u00a0% interval over coefficients and coded values, "
    "without what chance adds. A state has left if it did so of its own accord (dissolution competes). Cohesion, 0 to "
    "1 (mean joint support), of the initial members: one that has left or frozen supports nothing."
)
COLOURS = (style.GREY, style.FAN["median"])
"""Of the base and of the other scenario."""
DASHES = (style.DASHES[1], style.DASHES[0])
STATES = 3
"""States whose exit is drawn at most."""
HALO = [withStroke(linewidth=2.5, foreground="white")]
"""Around numbers, so that no line or band runs through them."""


def curves(
    points: pd.DataFrame,
    own: pd.DataFrame,
    names: Mapping[str, str],
    titles: Mapping[str, str],
    sentences: Sequence[str],
    footer: str,
    marks: Sequence[Mark] = (),
) -> Figure:
    """Some exit, exit of the states that are moved most, and cohesion, over time in the base and one other scenario.

    Parameters
    ----------
    points : the levels over time, :attr:`sim.Comparison.curves`.
    own : the rows of the scenario in the table of differences.
    names : of the states, by code.
    titles : of the base and of the other scenario, by name.
    sentences : what the figure says, its headline first.
    footer : where the numbers come from.
    marks : what happens in one of them alone.
    """
    exits = own[own.outcome == "exit"]
    final = exits[exits.horizon_years == exits.horizon_years.max()]
    most = final.loc[final.base.sort_values(ascending=False).index]
    members = (_moved(final) or list(most.member[:1]))[:STATES]
    shown = [("any_exit", ""), *(("exit", m) for m in members), *((name, "") for name in COHESIONS)]
    horizons = list(exits.date.drop_duplicates())
    columns = sheet.columns(len(shown))
    rows = -(-len(shown) // columns)
    tall = 2.5 * rows + 0.5
    footer = sheet.BETWEEN.join(filter(None, (footer, scales.marked(marks))))
    with style.look():
        figure = sheet.page(f"{sentences[0]}.", " ".join(f"{s}." for s in sentences[1:]), CURVES_BELOW, footer, tall)
        panels = sheet.grid(figure, len(shown), columns)
        for panel, (outcome, member) in zip(panels, shown, strict=True):
            here = points[(points.outcome == outcome) & (points.member == member)]
            title = OUTCOMES[outcome].title.format(names.get(member, ""))
            panel.set_title(title, fontsize=style.NORMAL, pad=13 if marks else 6)
            _curve(panel, outcome, {t: here[here.scenario == s] for s, t in titles.items()}, horizons, columns)
            scales.calendar(panel, scales.days(here.date.to_numpy()), sheet.inner(columns))
            scales.mark(panel, marks, sheet.inner(columns))
        room = style.room() - 0.8
        sheet.legend(
            figure,
            [
                sheet.line(style.shorten(t, room, style.NORMAL), c, 2, ls=d)
                for t, c, d in zip(titles.values(), COLOURS, DASHES, strict=True)
            ],
        )
        return sheet.settle(figure)


def _curve(panel: Axes, outcome: str, both: Mapping[str, pd.DataFrame], horizons: Sequence[Any], columns: int) -> None:
    """Both curves by title with their bands, and their levels at the horizons."""
    sides, width = list(both.values()), sheet.inner(columns)
    top = min(1.15 * max(float(curve[["mean", "q95"]].max().max()) for curve in sides), 1.15) or 0.01
    panel.set_ylim(0, top)
    for (title, curve), colour, dashes in zip(both.items(), COLOURS, DASHES, strict=True):
        x = scales.days(curve.date.to_numpy())
        spread = f"{title}: 90 % interval"
        panel.fill_between(x, curve.q05, curve.q95, color=colour, alpha=0.15, linewidth=0, label=spread)
        panel.plot(x, curve["mean"], color=colour, linewidth=1.8, ls=dashes, label=title)
    at = scales.days(np.asarray(horizons, dtype="datetime64[s]"))
    inch = (x[-1] - x[0]) / width
    taken: list[tuple[float, float]] = []
    last = len(at) - 1
    for k in (last, *range(last)):
        month, wide = f"{horizons[k]:%b %Y}", style.text_width("May 2000", style.SMALL) * inch
        left = min(max(at[k] - wide / 2, x[0] + 0.04 * inch), x[-1] - wide)
        panel.axvline(at[k], color=style.FAINT, linewidth=0.8, zorder=0)
        room = all(left + wide + 0.15 * inch < start or end + 0.15 * inch < left for start, end in taken)
        if room:
            panel.text(left, top, month, ha="left", va="top", path_effects=HALO, **style.NOTE)
            taken.append((left, left + wide))
        _levels(panel, outcome, at[k], sides, inch, k == last, room)
    panel.set_yticks([y for y in panel.get_yticks() if 0 <= y <= min(0.9 * top, 1.0)])
    panel.grid(axis="y")
    if OUTCOMES[outcome].probability:
        scales.in_percent(panel.yaxis)


def _levels(
    panel: Axes, outcome: str, day: float, sides: Sequence[pd.DataFrame], inch: float, last: bool, room: bool
) -> None:
    """The levels of both at a horizon: at the last beside the curves, else above both, or one above and one below.

    ``inch``: of the panel in days; ``room``: for numbers.
    """
    top = panel.get_ylim()[1]
    days = scales.days(sides[0].date.to_numpy())
    means = [curve["mean"].to_numpy() for curve in sides]
    ends = [float(np.interp(day, days, mean)) for mean in means]
    rows = [curve.iloc[int(np.abs(days - day).argmin())] for curve in sides]
    words = [style.level(row) if OUTCOMES[outcome].probability else f"{row['mean']:.2f}" for row in rows]
    for end, colour in zip(ends, COLOURS, strict=True):
        panel.plot(day, end, "o", color=colour, markersize=4, clip_on=False)
    if not room:
        return
    upper = int(ends[1] >= ends[0])
    order = [upper] if words[0] == words[1] else [1 - upper, upper]
    looks: dict[str, Any] = {"fontsize": style.SMALL, "annotation_clip": False, "path_effects": HALO}
    if last:
        for k, y in zip(
            order, scales.keep_apart([ends[k] for k in order], 0.08 * top, 0.03 * top, 0.92 * top), strict=True
        ):
            place: dict[str, Any] = {"textcoords": "offset points", "va": "center", "ha": "left"}
            panel.annotate(words[k], (day, y), (6, 0), color=COLOURS[k], **place, **looks)
        return
    wide = max(style.text_width(word, style.SMALL) for word in words) * inch

    def reach(start: float) -> tuple[float, float]:
        """The lowest and the highest of both curves where a number stands."""
        here = [np.interp(np.linspace(start, start + wide, 20), days, mean) for mean in means]
        return float(np.min(here)), float(np.max(here))

    starts = [max(start, days[0] + 0.04 * inch) for start in (day - wide / 2, day - wide - 0.08 * inch)]
    start = next(
        (x for x in starts if reach(x)[1] < max(ends) + 0.1 * top), starts[0]
    )  # left of where curves are steep
    low, high = reach(start)
    below = len(order) == 2 and low > 0.16 * top
    between = len(order) == 2 and not below and ends[upper] - ends[1 - upper] > 0.3 * top
    own = float(np.interp(np.linspace(start, start + wide, 20), days, means[1 - upper]).max())
    y = high + 0.06 * top
    for k in order:
        apart = (below or between) and k != upper
        at = (low - 0.06 * top if below else own + 0.06 * top) if apart else y
        panel.annotate(words[k], (start, at), va="center", color=COLOURS[k], **looks)
        y += 0 if apart else 0.08 * top
