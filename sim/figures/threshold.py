"""An outcome over a lever: where it reaches a level, for the mean and for the draws of what is uncertain."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import axes as scales, sheet, style
from sim.model.outcomes import OUTCOMES, sentence

BELOW = (
    "Line: mean over the runs, which are the same at every value; dark band: its 95\u00a0% Monte Carlo interval; pale "
    "band: 90\u00a0% interval over coefficients, coded values and inputs to come, chance taken out. Dot: where the "
    "mean reaches the level; bar: where 90\u00a0% of draws do, with an arrow where some do so outside the range, if "
    "at all."
)


def draw(thresholds: pd.DataFrame, curve: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """The curve with its bands, the level, and the threshold with its interval.

    Parameters
    ----------
    thresholds, curve : the tables of :func:`sim.threshold`.
    about : its words: lever, axis, outcome, subject, when, level, said, scenario, footer, beyond, never.
    """
    o, first = OUTCOMES[about["outcome"]], thresholds.iloc[0]
    reached = bool(first.threshold == first.threshold)
    where = f" reaches {about['said']} at {first.threshold:.2g}" if reached else f" does not reach {about['said']}"
    headline = f"{sentence(about['subject'])} by {about['when']}{where}"
    with style.look():
        figure = sheet.page(
            headline, f"{about['scenario']}: {about['lever']}{about['never']}", BELOW, about["footer"], 3.9
        )
        panel = figure.subplots()
        panel.fill_between(curve.value, curve.q05, curve.q95, color=style.FAN["wide"], lw=0)
        panel.fill_between(curve.value, curve.low, curve.high, color=style.FAN["half"], lw=0)
        panel.plot(curve.value, curve["mean"], color=style.FAN["median"], lw=1.8)
        panel.axhline(about["level"], **style.DASHED)
        _interval(panel, first, curve, about)
        for x in thresholds.threshold[thresholds.threshold.notna()]:
            panel.plot([x], [about["level"]], "o", color=style.AWAY, ms=7, zorder=5)
            panel.plot([x, x], [panel.get_ylim()[0], about["level"]], **{**style.DASHED, "color": style.AWAY})
        panel.set_xlim(curve.value.min(), curve.value.max())
        if o.probability:
            scales.in_percent(panel.yaxis)
            panel.set_ylim(0.0, None)
        panel.set_ylabel(o.axis)
        panel.set_xlabel(about["axis"])
        panel.grid(axis="y")
        marks = [sheet.dot("threshold", style.AWAY, 7)] * reached
        marks += [sheet.line(f"where 90\u00a0% of draws reach {about['said']}", style.AWAY, 3)] * _spans(about)
        sheet.legend(
            figure,
            [
                sheet.line("probability" if o.probability else f"mean {o.noun}", style.FAN["median"], 1.8),
                (Patch(color=style.FAN["half"]), "Monte Carlo"),
                (Patch(color=style.FAN["wide"]), "what is uncertain"),
                *marks,
            ],
        )
        return sheet.settle(figure)


def _spans(about: Mapping[str, Any]) -> bool:
    """Whether the interval of the threshold lies in the range, at least in part."""
    lowest, _, highest = about["beyond"]
    return not lowest or lowest != highest


def _interval(panel: Any, first: Any, curve: pd.DataFrame, about: Mapping[str, Any]) -> None:
    """A bar at the level, with arrows where it goes on beyond the range."""
    if not _spans(about):
        return
    sides = about["beyond"][0], about["beyond"][2]
    ends = {"below": curve.value.min(), "above": curve.value.max()}
    bar = [ends.get(side, inside) for side, inside in zip(sides, (first.q05, first.q95), strict=True)]
    panel.hlines(about["level"], *bar, color=style.AWAY, lw=3, zorder=4)
    for end, side in zip(bar, sides, strict=True):
        if side:
            panel.plot([end], [about["level"]], "<" if side == "below" else ">", color=style.AWAY, ms=8, clip_on=False)
