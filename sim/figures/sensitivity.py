"""What an outcome hangs on: a row a factor, a panel an outcome."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.errors import plural
from sim.figures import axes as scales, sheet, style
from sim.model.grammar import in_text, sentence
from sim.model.outcomes import OUTCOMES

NAMES, LEAST, GAP = 3.1, 2.2, 0.25
"""Inches for the names of factors, for them at least, and between panels."""
ROW, HEAD, AXIS = 0.27, 0.5, 0.5
KEYS = ("scenario", "outcome", "member", "horizon_years")
"""Columns that say of what a row is."""
MOST = 3
"""Panels."""
TALL, TICK = 0.1, 0.55
"""Inches that a bar is tall, and that the label of a tick needs."""
DARK, LIGHT = style.FAN["deep"], style.FAN["wide"]
CUT = " Intervals end at the edge of a panel where they are longer."
WAYS = {
    "saltelli": ("first", "total", "alone", "with its interactions"),
    "morris": ("size", "spread", "mean size of an effect", "how much effects differ (standard deviation)"),
}
"""By design the two indices that are drawn, and what they are called."""
READ = {
    "saltelli": "Shares of the variance of the outcome over the design, without what chance adds.",
    "morris": "Elementary effects: what the outcome moves by, per whole range of the factor, without what chance adds.",
}


def indices(table: pd.DataFrame, outcomes: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """Bars of both indices with their 95 % intervals, the factor that matters most first.

    Parameters
    ----------
    table, outcomes : of :class:`sim.analysis.sensitivity.Sensitivity`.
    about : its title, design, names of states, states in focus, footer.
    """
    panels = shown(table, about)
    dark, light, *words = WAYS[about["design"]]
    order = _order(panels, dark)
    labels = dict(zip(table["factor"], table["label"], strict=True))
    height = ROW * len(order)
    names = max(style.scaled(NAMES), LEAST)
    wide = (style.room() - names - GAP * (len(panels) - 1)) / len(panels)
    heads = [sheet.head(*_title(own, outcomes, about), wide) for own in panels]
    above = HEAD + sheet.TEXT * (max(len(title) + len(small) for title, small in heads) - 2)
    with style.look():
        cut = CUT * any(_ends(own, dark, light) != _reach(own, dark, light) for own in panels)
        below = f"{READ[about['design']]} Lines: 95 % intervals; grey where they hold zero.{cut}"
        headline = _headline(panels, labels, order, about)
        figure = sheet.page(headline, about["title"], below, about["footer"], above + height + AXIS + 0.3)
        colours = ((DARK, words[0]), (LIGHT, words[1]))
        sheet.legend(figure, [(Patch(color=c), text) for c, text in colours])
        top = sheet.by_hand(figure) - above
        for k, own in enumerate(panels):
            axes = sheet.rows(figure, style.MARGIN + names + k * (wide + GAP), top, wide, height)
            _panel(axes, own.set_index("factor").loc[order], dark, light)
            axes.locator_params(axis="x", nbins=max(2, min(5, int(wide / TICK))))
            for i in range(0, len(order), 2):
                left = names if k == 0 else 0.0
                sheet.ground(axes, wide, i * ROW, (i + 1) * ROW, left, GAP if k < len(panels) - 1 else 0.0)
            sheet.write_head(figure, style.MARGIN + names + k * (wide + GAP), top + 0.08, heads[k])
        for i, factor in enumerate(order):
            lines = style.lines(labels[factor], names - 0.15, style.SMALL, 2)
            sheet.write(figure, style.MARGIN, top - (i + 0.5) * ROW, lines, va="center", linespacing=1.0)
        return sheet.settle(figure)


def shown(table: pd.DataFrame, about: Mapping[str, Any]) -> list[pd.DataFrame]:
    """The outcomes that are drawn, at the last horizon of the first scenario: of states in focus and the alliance."""
    last = table["horizon_years"] == table["horizon_years"].max()
    own = table[last & (table["scenario"] == table["scenario"].iloc[0])]
    members = [*about["focus"], ""] if about["focus"] else [*dict.fromkeys(own["member"])]
    by_outcome = [
        own[(own["outcome"] == o) & (own["member"] == m)] for o in dict.fromkeys(own["outcome"]) for m in members
    ]
    return [part for part in by_outcome if len(part)][:MOST]


def _order(panels: Sequence[pd.DataFrame], by: str) -> list[str]:
    """Factors by the largest share of the largest in any panel."""
    shares = [p.set_index("factor")[by] / max(p[by].max(), 1e-300) for p in panels]
    most = pd.concat(shares, axis=1).max(axis=1).fillna(0.0)
    return [str(f) for f in most.sort_values(ascending=False, kind="stable").index]


def _panel(axes: Axes, own: pd.DataFrame, dark: str, light: str) -> None:
    """Two bars a factor, one below the other, each with its interval."""
    middle = (np.arange(len(own)) + 0.5) * ROW
    probability = OUTCOMES[str(own["outcome"].iloc[0])].probability
    for name, colour, at in ((dark, DARK, -TALL / 2), (light, LIGHT, TALL / 2)):
        x = own[name].fillna(0.0).to_numpy()
        axes.barh(middle + at, x, TALL, color=colour, lw=0, zorder=2)
        sure = own[f"{name}_resolved"].to_numpy() == 1.0
        line = {True: style.INK, False: style.GREY}
        for y, low, high, s in zip(middle + at, own[f"{name}_low"], own[f"{name}_high"], sure, strict=True):
            axes.plot([low, high], [y, y], color=line[bool(s)], lw=0.8, zorder=3)
    low, high = _ends(own, dark, light)
    axes.set_xlim(low * 1.04, high * 1.04 or 1.0)
    axes.axvline(0.0, color=style.GREY, lw=0.7, zorder=1)
    if dark == "first":
        scales.in_percent(axes.xaxis)
        axes.set_xlabel("share of variance", color=style.GREY)
    elif probability:
        scales.in_points(axes.xaxis)
        axes.set_xlabel("percentage points", color=style.GREY)
    axes.grid(axis="x")


def _reach(own: pd.DataFrame, dark: str, light: str) -> tuple[float, float]:
    """From where to where bars and intervals reach."""
    ends = own[[f"{n}_{e}" for n in (dark, light) for e in ("low", "high")]].to_numpy()
    known = np.isfinite(ends).any()
    return (float(min(np.nanmin(ends), 0.0)), float(np.nanmax(ends))) if known else (0.0, 1.0)


def _ends(own: pd.DataFrame, dark: str, light: str) -> tuple[float, float]:
    """Ends of the axis: no share is above 1, and what lies far below 0 is chance."""
    low, high = _reach(own, dark, light)
    high = min(high, 1.0) if dark == "first" else high
    return max(low, -0.1 * high), high


def _title(own: pd.DataFrame, outcomes: pd.DataFrame, about: Mapping[str, Any]) -> tuple[str, str]:
    """The outcome, and how much of what is seen is chance."""
    row = own.iloc[0]
    whole = outcomes[np.logical_and.reduce([outcomes[k] == row[k] for k in KEYS])].iloc[0]
    text = OUTCOMES[row["outcome"]].title.format(about["names"].get(row["member"], row["member"]))
    after = f"after {plural(float(row['horizon_years']), 'year')}"
    return text, f"{after}; chance: {style.percent(float(whole['chance']))} of the variance"


def _headline(
    panels: Sequence[pd.DataFrame], labels: Mapping[str, str], order: Sequence[str], about: Mapping[str, Any]
) -> str:
    """What the first outcome hangs on most."""
    own = panels[0]
    dark = WAYS[about["design"]][0]
    o = OUTCOMES[str(own["outcome"].iloc[0])]
    member = str(own["member"].iloc[0])
    what = f"{o.noun} of {in_text(about['names'].get(member, member))}" if member else o.noun
    sure = own[own[f"{dark}_resolved"] == 1.0]
    if not len(sure):
        return f"{sentence(what)} hangs on none of {plural(len(order), 'factor')} beyond chance"
    best = sure.sort_values(dark, ascending=False).iloc[0]
    return f"{sentence(what)} hangs most on: {labels[best['factor']]}"
