"""Rules of discovery: the limits of their inputs against the ranges, and coverage against density."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import axes as scales, sheet, style
from sim.model.grammar import sentence

COLOURS = {"PRIM": style.FAN["median"], "CART": style.FAN["mean"]}
NAMES, BARS, GAP = 3.5, 2.6, 0.8
"""Inches for the names of inputs and for their ranges, and between them and the other panel."""
ROW, HEAD, LEAST = 0.46, 0.34, 2.3
METHODS = {"PRIM": "PRIM (patient rule induction)", "CART": "CART (classification tree)"}
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
    labels = {label: style.lines(label, names - 0.2, style.SMALL, 2) for label in limits["label"]}
    row = ROW + sheet.TEXT * any(len(lines) > 1 for lines in labels.values())
    height = max(HEAD * len(found) + row * len(limits), LEAST)
    with style.look():
        figure = sheet.page(*_says(frames, about), BELOW, about["footer"], height + 0.85)
        rules = [(Patch(color=COLOURS[m]), f"rule by {METHODS[m]}") for m in found["method"]]
        base = sheet.like("base density, of all points held out", style.DASHED)
        sheet.legend(figure, [*rules, base])
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
                _limit(figure, axes, r, y, top, labels[r["label"]], COLOURS[rule["method"]])
                y += row
        left = style.MARGIN + names + bars + GAP
        _worth(sheet.place(figure, left, top, style.width() - 0.4 - left, LEAST), frames)
        return sheet.settle(figure)


def _limit(
    figure: Figure, axes: Axes, r: Mapping[str, Any], y: float, top: float, label: list[str], colour: str
) -> None:
    """An input: its name, its limits in words, its range with the limits in it."""
    foot = 0.21 + sheet.TEXT * (len(label) - 1)
    sheet.write(figure, style.MARGIN, top - y + 0.01, label, va="top")
    sheet.write(figure, style.MARGIN, top - y - foot, r["said"], va="center", color=colour)
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


def _says(frames: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> tuple[str, str]:
    """What the first rule that is better is worth, and the rule; or that none is."""
    base = style.percent(float(frames["points"]["base"].iloc[0]))
    said = f"“{sentence(about['when'])}” is so in {base} of {about['what']}s"
    better = frames["rules"][frames["rules"]["better"] == 1.0]
    if not len(better):
        return f"{said}; no rule finds where it is likelier, beyond chance", ""
    r = better.iloc[0]
    ends = " to ".join(f"{100 * r[end]:.0f}" for end in ("density_low", "density_high"))
    worth = f"{style.percent(float(r['density']))} (95\u00a0%: {ends})"
    return f"{said}, in {worth} of those that a rule of {r['method']} picks", f"The rule: {r['sentence']}."
