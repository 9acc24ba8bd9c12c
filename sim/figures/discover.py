"""Rules of discovery: the limits of their inputs against the ranges, and coverage against density."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import axes as scales, sheet, style

COLOURS = {"PRIM": style.FAN["median"], "CART": style.FAN["mean"]}
NAMES, BARS, GAP = 3.5, 2.6, 0.8
"""Inches for the names of inputs and for their ranges, and between them and the other panel."""
ROW, HEAD, LEAST = 0.46, 0.34, 2.3
BELOW = (
    "Left: of each input the range over all points, and in it the limits of the rule. Right: on points that were held "
    "out, coverage is the share of points where it is so that the rule holds, density the share of points in the rule "
    "where it is so; bars are 95 % intervals, the dashed line is the density of all."
)


def rules(frames: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> Figure:
    """A row for each limit, a cross for each rule.

    Parameters
    ----------
    frames : of :class:`sim.analysis.discover.Discovery`.
    about : what was asked, what a point is, footer.
    """
    found, limits = frames["rules"], frames["limits"]
    names, bars = style.scaled(NAMES), style.scaled(BARS)
    height = max(HEAD * len(found) + ROW * len(limits), LEAST)
    with style.look():
        figure = sheet.page(_headline(found, about), "", BELOW, about["footer"], height + 0.85)
        sheet.legend(figure, [(Patch(color=COLOURS[m]), f"rule by {m}") for m in found["method"]] or [(Patch(), "")])
        top = sheet.by_hand(figure) - 0.25
        axes = sheet.rows(figure, style.MARGIN + names, top, bars, height)
        axes.set_xlim(0, 1)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        y = 0.0
        for rule in found.to_dict("records"):
            worth = f"{'' if rule['better'] else 'no '}better than the base density beyond chance"
            sheet.write(figure, style.MARGIN, top - y - 0.1, f"{rule['method']}: {worth}", va="center", **style.BOLD)
            y += HEAD
            for r in limits[limits["rule"] == rule["rule"]].to_dict("records"):
                _limit(figure, axes, r, y, top, names - 0.2, COLOURS[rule["method"]])
                y += ROW
        left = style.MARGIN + names + bars + GAP
        _worth(sheet.place(figure, left, top, style.width() - 0.4 - left, LEAST), frames)
        return sheet.settle(figure)


def _limit(figure: Figure, axes: Axes, r: Mapping[str, Any], y: float, top: float, room: float, colour: str) -> None:
    """An input: its name, its limits in words, its range with the limits in it."""
    sheet.write(figure, style.MARGIN, top - y - 0.05, style.shorten(r["label"], room, style.SMALL), va="center")
    said = style.shorten(r["said"], room, style.SMALL)
    sheet.write(figure, style.MARGIN, top - y - 0.21, said, va="center", color=colour)
    least, most = r["least"], r["most"]
    low, high = (np.nan_to_num(r[end], nan=other) for end, other in (("low", least), ("high", most)))
    ends = np.clip((np.array([low, high]) - least) / (most - least), 0.0, 1.0)
    axes.barh(y + 0.05, 1.0, 0.12, color=style.FAINT, lw=0, zorder=1)
    axes.barh(y + 0.05, max(float(np.ptp(ends)), 0.01), 0.12, left=float(ends[0]), color=colour, lw=0, zorder=2)
    for x, value, side in ((0.0, least, "left"), (1.0, most, "right")):
        axes.text(x, y + 0.21, f"{value:.3g}", ha=side, va="center", fontsize=style.SMALL, color=style.GREY)


def _worth(axes: Axes, frames: Mapping[str, pd.DataFrame]) -> None:
    """Coverage and density of each rule on held-out points."""
    base = float(frames["points"]["base"].iloc[0])
    axes.axhline(base, **style.DASHED)
    axes.text(1.0, base, "base density ", ha="right", va="bottom", fontsize=style.SMALL, color=style.GREY)
    for r in frames["rules"].to_dict("records"):
        if not np.isfinite([r["coverage"], r["density"]]).all():
            continue
        looks: dict[str, Any] = {"color": COLOURS[r["method"]], "alpha": 1.0 if r["better"] else 0.45}
        axes.plot([r["coverage_low"], r["coverage_high"]], [r["density"]] * 2, lw=1.2, **looks)
        axes.plot([r["coverage"]] * 2, [r["density_low"], r["density_high"]], lw=1.2, **looks)
        axes.plot(r["coverage"], r["density"], "o", ms=5, **looks)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    scales.in_percent(axes.xaxis)
    scales.in_percent(axes.yaxis)
    axes.grid()
    axes.set_xlabel("coverage", color=style.GREY)
    axes.set_ylabel("density", color=style.GREY)


def _headline(found: pd.DataFrame, about: Mapping[str, Any]) -> str:
    """The first rule that is better, or that none is."""
    when = about["when"]
    better = found[found["better"] == 1.0]
    if not len(better):
        return f"{when[:1].upper()}{when[1:]}: no rule says when, beyond chance"
    return f"{when[:1].upper()}{when[1:]}: likelier where {better.iloc[0]['sentence']}"
