"""Early warning: areas under ROC curves by quarters before an event, a panel a sign."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.figures import sheet, style
from sim.model.grammar import sentence

COLOURS = (style.FAN["median"], "#e08e45", style.GREY)
DASHES = style.DASHES[: len(COLOURS)]
VERBS = {"exit": "leave", "freeze": "freeze"}
YEAR = 4
"""Quarters before an event, of which the headline speaks."""
PANEL = 1.75
"""Height of a panel in inches."""
BELOW = (
    "Area under the ROC curve: how well each sign tells who is about to leave or freeze from the others. 0.5 is "
    "chance, 1 is certainty. Bands: 95 % intervals. On the record only what is coded there."
)


def signals(table: pd.DataFrame, about: Mapping[str, Any]) -> Figure:
    """A panel for each sign, a line for each kind of event.

    Parameters
    ----------
    table : ``where``, ``event``, ``sign``, ``quarters``, ``area``, ``low``, ``high``.
    about : ``title``, ``footer``, the ``meaning`` of each sign, and ``single``, those that stand for themselves.
    """
    signs = [s for s in about["meaning"] if s in set(table.sign)]
    lines = list(table.groupby(["where", "event"], sort=False).groups)
    columns = sheet.columns(len(signs))
    rows = -(-len(signs) // columns)
    with style.look():
        head, height = _says(table, lines[0], about.get("single", signs)), PANEL * rows + 0.5
        figure = sheet.page(head, about["title"], BELOW, about["footer"], height)
        labels = [f"{event}, {where}" for where, event in lines]
        looks = list(zip(COLOURS, DASHES, strict=True))
        sheet.legend(figure, [sheet.line(sentence(s), c, ls=d) for s, (c, d) in zip(labels, looks, strict=False)])
        for k, (axes, sign) in enumerate(zip(sheet.grid(figure, len(signs), columns, share=True), signs, strict=True)):
            sheet.title(axes, sentence(sign), about["meaning"][sign], sheet.inner(columns))
            axes.axhline(0.5, color=style.INK, lw=0.8, ls=":")
            for line, (colour, dashes) in zip(lines, looks, strict=False):
                _line(axes, _rows(table, line, sign), colour, dashes)
            axes.set_xlim(8.3, 0.7)
            axes.set_ylim(0.0, 1.0)
            axes.set_xticks([8, 6, 4, 2])
            axes.tick_params(labelbottom=True, labelleft=True)
            axes.set_xlabel("quarters before", fontsize=style.SMALL)
            if k % columns == 0:
                axes.set_ylabel("area", fontsize=style.SMALL)
        return sheet.settle(figure)


def _rows(table: pd.DataFrame, line: tuple[str, str], sign: str) -> pd.DataFrame:
    """Of a sign before a kind of event."""
    return table[(table["where"] == line[0]) & (table.event == line[1]) & (table.sign == sign)]


def _says(table: pd.DataFrame, line: tuple[str, str], single: Sequence[str]) -> str:
    """Which sign tells best a year before, and how well."""
    before = {s: own.iloc[0] for s in single if len(own := _year(_rows(table, line, s)))}
    if not before:
        return "Early warning of exits and freezes"
    verb = VERBS.get(line[1], "leave or freeze")
    sign, best = max(before.items(), key=lambda one: one[1].area)
    if not best.low > 0.5:
        return f"A year before, no sign tells beyond chance who will {verb}"
    ends = f"95\u00a0%: {best.low:.2f} to {best.high:.2f}"
    return f"A year before, {sign} tells best who will {verb}: area {best.area:.2f} ({ends})"


def _year(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows.quarters == YEAR) & rows.area.notna()]


def _line(axes: Axes, rows: pd.DataFrame, colour: str, dashes: Any) -> None:
    axes.fill_between(rows.quarters, rows.low, rows.high, color=colour, alpha=0.2, lw=0)
    axes.plot(rows.quarters, rows.area, color=colour, lw=1.6, ls=dashes)
