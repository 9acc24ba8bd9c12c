"""What outcomes of a finished run hang on: a row an input, a panel an outcome."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.errors import plural
from sim.figures import axes as scales, sheet, style
from sim.model.outcomes import OUTCOMES

CODED, EFFECT, COEFFICIENT = "coded value", "own effect", "coefficient"
KEYS = ("outcome", "member", "horizon_years")
COLOURS = {CODED: style.FAN["mean"], EFFECT: style.STEPS[1], COEFFICIENT: style.FAN["median"]}
NAMES, GAP, TICK = 3.1, 0.3, 0.6
"""Inches for the names of inputs, between panels, and for the label of a tick."""
ROW, HEAD, AXIS = 0.29, 0.5, 0.5
PANELS, MOST = 3, 18
"""Outcomes that are drawn, and inputs."""
BELOW = (
    "Share of the outcome's variance, chance included, that knowing one input would take away. Inputs hang together, "
    "so shares overlap and do not add up to one. Lines: 95 % intervals. Pale: may be chance, among so many inputs."
)


def drivers(table: pd.DataFrame, outcomes: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """Bars of shares with their intervals, the largest first.

    Parameters
    ----------
    table, outcomes : of :class:`sim.analysis.drivers.Drivers`.
    about : its title, names of states, footer.
    """
    panels = [own for row in _drawn(outcomes).itertuples() if len(own := _of(table, row))]
    order = _order(panels)
    inputs = table.drop_duplicates("path").set_index("path")
    height = ROW * len(order)
    names = style.scaled(NAMES)
    wide = (style.room() - names - GAP * (len(panels) - 1)) / len(panels)
    heads = [sheet.head(*_title(own.iloc[0], outcomes, about), wide) for own in panels]
    above = HEAD + sheet.TEXT * (max(len(title) + len(small) for title, small in heads) - 2)
    with style.look():
        headline, foot = _headline(table, outcomes), about["footer"]
        figure = sheet.page(headline, about["title"], BELOW, foot, above + height + AXIS + 0.3)
        sheet.legend(figure, [(Patch(color=c), kind) for kind, c in COLOURS.items()])
        top = sheet.by_hand(figure) - above
        for k, own in enumerate(panels):
            left = style.MARGIN + names + k * (wide + GAP)
            axes = sheet.rows(figure, left, top, wide, height)
            for i in range(0, len(order), 2):
                sheet.ground(axes, wide, i * ROW, (i + 1) * ROW, names if k == 0 else 0.0, GAP * (k < len(panels) - 1))
            by_path = own.set_index("path").loc[order]
            for i, r in enumerate(by_path.to_dict("records")):
                sure = r["resolved"] == 1.0
                middle = (i + 0.5) * ROW
                axes.barh(
                    middle, r["share"], 0.15, color=COLOURS[r["kind"]], alpha=1.0 if sure else 0.3, lw=0, zorder=2
                )
                axes.plot([r["share_low"], r["share_high"]], [middle] * 2, color=style.INK, lw=0.8, zorder=3)
            low, high = min(float(by_path["share_low"].min()), 0.0), float(by_path["share_high"].max())
            axes.set_xlim(1.04 * low, 1.04 * high)
            axes.axvline(0.0, color=style.GREY, lw=0.7, zorder=1)
            axes.locator_params(axis="x", nbins=max(2, min(4, int(wide / TICK))))
            scales.in_percent(axes.xaxis)
            axes.grid(axis="x")
            axes.set_xlabel("share of variance", color=style.GREY)
            sheet.write_head(figure, left, top + 0.08, heads[k])
        for i, path in enumerate(order):
            label, kind = inputs.loc[path, ["label", "kind"]]
            looks = {"va": "center", "color": COLOURS[kind], "linespacing": 1.0}
            lines = style.lines(label, names - 0.15, style.SMALL, 2)
            sheet.write(figure, style.MARGIN, top - (i + 0.5) * ROW, lines, **looks)
        return sheet.settle(figure)


def _drawn(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The first of the alliance, and of states those of which least is chance or which are most probable."""
    exits = outcomes[outcomes["outcome"] == "exit"].sort_values("mean", ascending=False, kind="stable")
    rest = outcomes[~outcomes.index.isin(exits.index)].iloc[1:]
    measures = rest[[not OUTCOMES[o].probability for o in rest["outcome"]]]
    return pd.concat([outcomes.iloc[:1], exits.iloc[:1], measures.iloc[:1]]).iloc[:PANELS]


def _of(table: pd.DataFrame, row: Any) -> pd.DataFrame:
    return table[np.logical_and.reduce([table[k] == getattr(row, k) for k in KEYS])]


def _order(panels: list[pd.DataFrame]) -> list[str]:
    """Inputs by the largest share of the largest in any panel; those that are resolved come first."""
    by_path = [p.set_index("path") for p in panels]
    most = pd.concat([p["share"] / max(p["share"].max(), 1e-300) + p["resolved"] for p in by_path], axis=1).max(axis=1)
    return [str(path) for path in most.sort_values(ascending=False, kind="stable").index[:MOST]]


def _title(row: Any, outcomes: pd.DataFrame, about: Mapping[str, Any]) -> tuple[str, str]:
    """The outcome, and how much of it is chance."""
    whole = _of(outcomes, row).iloc[0]
    text = OUTCOMES[row["outcome"]].title.format(about["names"].get(row["member"], row["member"]))
    after = f"after {plural(float(row['horizon_years']), 'year')}"
    return text, after + (
        f"; chance: {style.percent(float(whole['chance']))} of it" if np.isfinite(whole["chance"]) else ""
    )


def _headline(table: pd.DataFrame, outcomes: pd.DataFrame) -> str:
    """The coded value to check first."""
    first = outcomes.iloc[0]
    coded = table[(table["kind"] == CODED) & (table["resolved"] == 1.0)]
    own = coded[(coded["outcome"] == first["outcome"]) & (coded["member"] == first["member"])]
    best = own.sort_values("share", ascending=False)
    return (
        f"Check first: {best.iloc[0]['label']}" if len(best) else "No single coded value stands out to be checked first"
    )
