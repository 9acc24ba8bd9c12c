"""A comparison: what scenarios would change, and the curves of one beside those of the base."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import ScaledTranslation

from sim.figures import axes as scales, sheet, style
from sim.figures.rows import Mark
from sim.model.grammar import sentence
from sim.model.outcomes import LEAST, OUTCOMES, alone, side

COHESIONS = ("cohesion", "starters_cohesion")
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
LABELS, TITLES = 1.9, 6.0
"""Inches for what is drawn in a row, and for the title of a scenario above its rows."""
ROW, HEAD = 0.19, 1.5
"""Inches from row to row, and rows that the title of a scenario takes."""
MOST = 8
"""States that are drawn at most."""


def differences(
    table: pd.DataFrame, names: Mapping[str, str], titles: Mapping[str, str], headline: str, footer: str
) -> Figure:
    """Rows for each scenario, at the last horizon: exit of every state that is moved, some exit, dissolution, cohesion.

    Parameters
    ----------
    table : the table of a comparison, :attr:`sim.Comparison.table`.
    names : of the states, by code.
    titles : of the scenarios, by name: the base's, then the others' in the order of the rows.
    headline : what changes most, and by how much.
    footer : where the numbers come from.
    """
    base, *scenarios = titles
    final = table[table.horizon_years == table.horizon_years.max()]
    exits, dissolved = final[final.outcome == "exit"], final[final.outcome == "dissolution"]
    moved = _moved(exits)
    looks = style.states(list(names), moved)
    own = {f"{names[m]} has left": (exits[exits.member == m], looks[m].colour) for m in moved[:MOST]}
    own[OUTCOMES["any_exit"].title] = final[final.outcome == "any_exit"], style.INK
    if (dissolved.difference.abs() >= LEAST).any():
        own[OUTCOMES["dissolution"].title] = dissolved, style.GREY
    both = {OUTCOMES[o].title: (final[final.outcome == o], style.INK) for o in COHESIONS}
    left_out = f"moved by a point or more and not drawn: exit of {', '.join(names[m] for m in moved[MOST:])}"
    footer = sheet.BETWEEN.join([footer, *[left_out] * (len(moved) > MOST)])
    said = _called(titles)
    head = HEAD * (len(said) > 1)
    needs = len(own) + head, len(both) + head
    second = f"differences from “{titles[base]}” in {_month(final)}"
    second = sentence(second) if head else f"{said[0]}: {second}"
    with style.look():
        columns = sheet.pair()
        rows = 2 // columns
        each = needs if rows == 2 else 2 * (max(needs),)
        inches = ROW * len(scenarios) * sum(each[:rows]) + 0.6 * rows + 0.4
        figure = sheet.page(headline, second, BELOW + APART * _apart(final), footer, inches)
        left, right = figure.subplots(rows, columns, width_ratios=(3, 2)[:columns], height_ratios=each[:rows])
        left.set_title("Percentage points more (right) or less probable by then", fontsize=style.NORMAL)
        right.set_title("Cohesion, 0 to 1", fontsize=style.NORMAL)
        beside = [_rows(left, own, scenarios, each[0], head), _rows(right, both, scenarios, each[1], head)]
        for panel, taken, share in zip((left, right), beside, (3 / 5, 2 / 5), strict=True):
            wide = style.room() - taken if rows == 2 else share * (style.room() - sum(beside))
            panel.xaxis.set_major_locator(scales.round_numbers(wide))
        scales.in_points(left.xaxis)
        for panel, room in zip((left, right)[: rows if head else 0], each, strict=False):
            _name(panel, said, room)
        return sheet.settle(figure)


def _called(titles: Mapping[str, str]) -> list[str]:
    """What the scenarios beside the base are called: by their change, where their titles begin with the base's."""
    base, *others = titles.values()
    return [sentence(title.removeprefix(f"{base} ")) for title in others]


def _apart(final: pd.DataFrame) -> bool:
    """Whether some difference of probabilities has an error and no interval."""
    events = final[[OUTCOMES[o].probability for o in final.outcome]]
    return bool((events.difference_q05.isna() & events.low.notna()).any())


def _name(panel: Axes, titles: Sequence[str], each: float) -> None:
    """The scenarios' titles before the rows of each, over the names of rows."""
    wide = max(style.text_width(label.get_text(), style.SMALL) for label in panel.get_yticklabels())
    place: dict[str, Any] = {"xycoords": panel.get_yaxis_transform(), "textcoords": "offset points"}
    for k, name in enumerate(titles):
        (title,) = style.lines(name, style.scaled(TITLES), style.NORMAL, 1)
        panel.annotate(
            title, (0, k * each + 0.5), (-72 * wide, 0), va="center", path_effects=HALO, **place, **style.BOLD
        ).set_in_layout(False)


def _rows(
    panel: Axes, parts: Mapping[str, tuple[pd.DataFrame, str]], scenarios: Sequence[str], each: float, head: float
) -> float:
    """For each scenario, ``each`` rows below the one before, a named row for each part: dot, bars, levels beside them.

    ``parts`` : by what is drawn its rows of the table, and their colour. ``head`` : rows that a scenario's name takes.
    Returns how many inches names and levels take beside the axes.
    """
    beside: dict[str, Any] = {"transform": panel.get_yaxis_transform(), "va": "center", "fontsize": style.SMALL}
    top, said = np.arange(len(scenarios)) * each, []
    for k, (what, (part, colour)) in enumerate(parts.items()):
        own, rows = part.set_index("scenario").reindex(list(scenarios)), top + head + k
        spread, error = f"{what}: 90 % interval", f"{what}: 95 % Monte Carlo error"
        panel.hlines(rows, own.difference_q05, own.difference_q95, color=colour, linewidth=0.9, label=spread)
        panel.hlines(rows, own.low, own.high, color=colour, linewidth=3, label=error)
        panel.plot(own.difference, rows, "o", color=colour, markersize=4, label=what)
        for y, r in zip(rows, own.itertuples(), strict=True):
            said.append("" if r.difference != r.difference else f"{_level(r, 'base')} → {_level(r, 'value')}")
            panel.text(1.02, y, said[-1], **beside)
    labels = [style.shorten(what, LABELS, style.SMALL) for what in parts]
    places = [y + head + k for y in top for k in range(len(parts))]
    panel.set_yticks(places, labels * len(scenarios), fontsize=style.SMALL)
    panel.axvline(0, color=style.GREY, lw=0.8, zorder=1)
    for y in top[::2] if head else ():
        panel.axhspan(y - 0.2, y + each - 0.2, color=style.BAND, lw=0, zorder=0)
    panel.set_ylim(len(scenarios) * each - 0.2, -0.2 if head else -0.8)
    low, high = panel.get_xlim()
    panel.set_xlim(min(low, -LEAST), max(high, LEAST))
    panel.grid(axis="x")
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    return sum(max(style.text_width(text, style.SMALL) for text in texts) for texts in (labels, said)) + 0.4


def _level(row: Any, name: str) -> str:
    return style.level(alone(side(row, name))) if OUTCOMES[row.outcome].probability else f"{getattr(row, name):.2f}"


def _month(rows: pd.DataFrame) -> str:
    return f"{rows.date.iloc[-1]:%B %Y}"


def _moved(exits: pd.DataFrame) -> list[str]:
    """The states whose exit probability some scenario moves by a point or more, the most moved first."""
    size = exits.groupby("member").difference.apply(lambda d: d.abs().max())
    return [str(member) for member in size[size >= LEAST].sort_values(ascending=False).index]


# --- over time

CURVES_BELOW = (
    f"Lines: probability by then, or mean cohesion; numbers: both at that date; bands: {style.UNCERTAINTY}, without "
    "what chance adds. A state has left if it did so of its own accord (dissolution competes). Cohesion, 0 to 1 (mean "
    "joint support), of the initial members: one that has left or frozen supports nothing."
)
COLOURS = (style.GREY, style.FAN["median"])
"""Of the base and of the other scenario."""
DASHES = ((0, (3, 1.2)), style.DASHES[0])
"""The first is seen twice in the key of a legend."""
ALIKE = 4.0
"""How many times as high as the lowest panel the highest is at most where all have one axis."""
STATES = 3
"""States whose exit is drawn at most."""
HALO = [withStroke(linewidth=2.5, foreground="white")]
"""Around a title, so that no line runs through it."""
LINE = 11.0
"""Points from line to line of the levels above a panel."""


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
    tall = 2.9 * rows + 0.5
    footer = sheet.BETWEEN.join(filter(None, (footer, scales.marked(marks))))
    with style.look():
        figure = sheet.page(f"{sentences[0]}.", " ".join(f"{s}." for s in sentences[1:]), CURVES_BELOW, footer, tall)
        panels = sheet.grid(figure, len(shown), columns)
        rows_of = {key: points[(points.outcome == key[0]) & (points.member == key[1])] for key in shown}
        tops = _tops({key: float(here[["mean", "q95"]].max().max()) for key, here in rows_of.items()})
        for panel, ((outcome, member), here) in zip(panels, rows_of.items(), strict=True):
            title = OUTCOMES[outcome].title.format(names.get(member, ""))
            foot = scales.above(marks)
            panel.set_title(title, fontsize=style.NORMAL, pad=foot + 3 * LINE + 3)
            both = {t: here[here.scenario == s] for s, t in titles.items()}
            _curve(panel, outcome, both, tops[outcome, member])
            scales.calendar(panel, scales.days(here.date.to_numpy()), sheet.inner(columns))
            scales.mark(panel, marks, sheet.inner(columns))
            _levels(panel, outcome, list(both.values()), horizons, sheet.inner(columns), foot)
        called = [next(iter(titles.values())), *_called(titles)]
        sheet.legend(figure, [sheet.line(t, c, 2, ls=d) for t, c, d in zip(called, COLOURS, DASHES, strict=True)])
        return sheet.settle(figure)


def _tops(highest: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Where the axes end: all probabilities at one height, all measures at another, unless some would be flat there.

    ``highest`` : by outcome and member, the largest that is drawn.
    """
    tops = dict(highest)
    for probability in (True, False):
        own = {key: most for key, most in highest.items() if OUTCOMES[key[0]].probability is probability}
        if own and max(own.values()) <= ALIKE * min(own.values()):
            tops |= dict.fromkeys(own, max(own.values()))
    return {key: min(1.05 * most, 1.0) or 0.01 for key, most in tops.items()}


def _curve(panel: Axes, outcome: str, both: Mapping[str, pd.DataFrame], top: float) -> None:
    """Both curves by title with their bands, on an axis up to ``top``."""
    panel.set_ylim(0, top)
    for (title, curve), colour, dashes in zip(both.items(), COLOURS, DASHES, strict=True):
        x = scales.days(curve.date.to_numpy())
        spread = f"{title}: 90 % interval"
        panel.fill_between(x, curve.q05, curve.q95, color=colour, alpha=0.15, linewidth=0, label=spread)
        panel.plot(x, curve["mean"], color=colour, linewidth=1.8, ls=dashes, label=title)
    panel.grid(axis="y")
    if OUTCOMES[outcome].probability:
        scales.in_percent(panel.yaxis)


def _levels(
    panel: Axes, outcome: str, sides: Sequence[pd.DataFrame], horizons: Sequence[Any], width: float, foot: float
) -> None:
    """Dots at the horizons, and above the panel of ``width`` inches their dates and below each the levels of both.

    ``foot``: points from the axes to the lowest line.
    """
    days = scales.days(sides[0].date.to_numpy())
    gap = style.text_width("May 2000", style.SMALL) + 0.1
    apart = -(-len(horizons) // max(int(width / gap), 1))
    at = scales.days(np.asarray(horizons[::-1][::apart][::-1], dtype="datetime64[s]"))
    inch = (days[-1] - days[0]) / width
    places = scales.keep_apart(list(at), gap * inch, days[0] + gap / 2 * inch, days[-1])
    beside: dict[str, Any] = {"xycoords": panel.get_xaxis_transform(), "textcoords": "offset points"}
    beside |= {"ha": "center", "va": "bottom", "fontsize": style.SMALL, "annotation_clip": False}
    for day, place, month in zip(at, places, horizons[::-1][::apart][::-1], strict=True):
        panel.axvline(day, color=style.FAINT, linewidth=0.8, zorder=0)
        panel.annotate(f"{month:%b %Y}", (place, 1), (0, foot + 2 * LINE), color=style.GREY, **beside)
        for k, (curve, colour) in enumerate(zip(sides, COLOURS, strict=True)):
            row = curve.iloc[int(np.abs(days - day).argmin())]
            said = style.level(row) if OUTCOMES[outcome].probability else f"{row['mean']:.2f}"
            panel.annotate(said, (place, 1), (0, foot + (1 - k) * LINE), color=colour, **beside)
            panel.plot(day, row["mean"], "o", color=colour, markersize=4, clip_on=False)
    for k, (colour, dashes) in enumerate(zip(COLOURS, DASHES, strict=True)):
        rise = ScaledTranslation(0, (foot + (1.4 - k) * LINE) / 72, panel.figure.dpi_scale_trans)
        sample: dict[str, Any] = {"transform": panel.transAxes + rise, "clip_on": False}
        panel.plot([-0.3 / width, -0.02 / width], [1, 1], color=colour, lw=1.8, ls=dashes, **sample)
