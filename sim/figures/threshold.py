"""An outcome over a lever: where it reaches a level, for the mean and for the draws of what is uncertain."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import axes as scales, sheet, style
from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES

BELOW = (
    "Line: mean over the runs, which are the same at every value. Pale band: without what chance adds. Dot: where the "
    "mean reaches the level; bar: the 90\u00a0% interval of where draws do that reach it in the range. Diamond and "
    "line: the scenario as it is, the line from where to where the lever lies in it."
)


def draw(thresholds: pd.DataFrame, curve: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """The curve with its bands, the level, and the threshold with its interval.

    Parameters
    ----------
    thresholds, curve : the tables of :func:`sim.threshold`.
    about : its words: lever, axis, outcome, subject, when, level, said, scenario, footer, never.
    """
    o, first = OUTCOMES[about["outcome"]], thresholds.iloc[0]
    reached = bool(first.threshold == first.threshold)
    lever, said = about["lever"], about["said"]
    spread = f" (90\u00a0%: {first.q05:.2g} to {first.q95:.2g})" if first.none < 1.0 else ""
    side = "above" if (curve["mean"] > about["level"]).all() else "below"
    where = f"is {said} where {lever} is {first.threshold:.2g}{spread}"
    where = where if reached else f"stays {side} {said} at every value of {lever}"
    headline = f"{sentence(about['subject'])} {o.at(about['when'])} {where}"
    with style.look():
        figure = sheet.page(headline, f"{about['scenario']}{about['never']}", BELOW, about["footer"], 3.9)
        panel = figure.subplots()
        panel.fill_between(curve.value, curve.q05, curve.q95, color=style.FAN["wide"], lw=0)
        panel.fill_between(curve.value, curve.low, curve.high, color=style.FAN["half"], lw=0)
        panel.plot(curve.value, curve["mean"], color=style.FAN["median"], lw=1.8)
        panel.axhline(about["level"], **style.DASHED)
        panel.hlines(about["level"], first.q05, first.q95, color=style.AWAY, lw=3, zorder=4)
        now = _now(panel, first, curve)
        panel.set_xlim(curve.value.min(), curve.value.max())
        if o.probability:
            scales.in_percent(panel.yaxis)
            panel.set_ylim(0.0, None)
        panel.set_ylim(panel.get_ylim())
        for x in thresholds.threshold[thresholds.threshold.notna()]:
            panel.plot([x], [about["level"]], "o", color=style.AWAY, ms=7, zorder=5)
            panel.plot([x, x], [panel.get_ylim()[0], about["level"]], **{**style.DASHED, "color": style.AWAY})
        panel.set_ylabel(o.axis)
        panel.set_xlabel(about["axis"])
        panel.grid(axis="y")
        marks = [sheet.like(f"{said}, to be reached", style.DASHED)]
        marks += [sheet.dot("threshold", style.AWAY, 7)] * reached
        marks += [sheet.line(f"where draws reach {about['said']}", style.AWAY, 3)] * bool(first.q05 == first.q05)
        marks += [(now, "the scenario as it is")] if now else []
        sheet.legend(
            figure,
            [
                sheet.line("probability" if o.probability else f"mean {o.noun}", style.FAN["median"], 1.8),
                (Patch(color=style.FAN["half"]), "95\u00a0% Monte Carlo interval"),
                (Patch(color=style.FAN["wide"]), style.UNCERTAINTY),
            ],
            marks,
        )
        return sheet.settle(figure)


def _now(panel: Axes, first: Any, curve: pd.DataFrame) -> Line2D | None:
    """The outcome as it is, where the lever lies in the scenario, as far as that is in the range."""
    if "now" not in first or first.now_high < curve.value.min() or first.now_low > curve.value.max():
        return None
    ends = np.clip([first.now_low, first.now_high], curve.value.min(), curve.value.max())
    panel.hlines(first.now, *ends, color=style.INK, lw=1.2, zorder=4)
    (mark,) = panel.plot([ends.mean()], [first.now], "D", color="white", mec=style.INK, ms=6, zorder=6, clip_on=False)
    return mark
