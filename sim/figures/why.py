"""Waterfalls: from a sum a year before, or in the mean of all runs, to the same sum in a run, term by term."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.errors import plural
from sim.figures import sheet, style
from sim.model.grammar import possessive
from sim.model.outcomes import signed

if TYPE_CHECKING:
    import pandas as pd

STANCE = "stance"
SEEN = 0.005
"""A step that can be seen."""
MOST = 7
"""Terms with a bar of their own; the rest is one."""
ROW = 0.235
"""Inches from bar to bar."""
LESS, MORE = style.FAN["half"], style.FAN["mean"]


def waterfall(terms: "pd.DataFrame", about: Mapping[str, Any]) -> Figure:
    """How stance and log-hazard come to be what they are: from a year before, and from the mean of all runs.

    ``terms`` as of :class:`sim.Why`, the whole of each sum last; ``about`` says of whom, of what and when.
    """
    with style.look():
        wholes = list(dict.fromkeys(terms.whole))
        noun, member, when = about["noun"], about["member"], about["when"]
        led = f"What led to {possessive(member)} {noun}" if about["happened"] else f"Why no {noun} of {member}"
        head = f"{led}, {when}"
        second = "Each bar is what one term adds on the way from the first dot to the last."
        foot = sheet.BETWEEN.join([about["title"], f"run {about['run']} of {about['runs']:,}"])
        inches = ROW * (MOST + 4) + 0.75
        columns = sheet.pair()
        figure = sheet.page(head, second, "", foot, inches * 2 / columns * len(wholes) + sheet.LEGEND)
        more, less = (f", or {x} the hazard of {noun}" if len(wholes) > 1 else "" for x in ("raises", "lowers"))
        key: list[sheet.Entry] = [(Patch(color=MORE), f"lowers the stance{more}")]
        key.append((Patch(color=LESS), f"raises the stance{less}"))
        key.append(sheet.dot("the whole", style.INK, 6))
        sheet.legend(figure, key)
        panels = sheet.grid(figure, 2 * len(wholes), columns)
        for k, whole in enumerate(wholes):
            own = terms[terms.whole == whole]
            since, mean = panels[2 * k : 2 * k + 2]
            what = "Stance" if whole == STANCE else f"Log-hazard of {noun}"
            typical = f"mean {'' if whole == STANCE else 'log '}of {plural(about['compared'], 'run')}"
            _draw(since, own, ("year_before", "change"), f"{what}, from a year before", (about["before"], when))
            _draw(mean, own, ("mean", "from_mean"), f"{what}, against the mean", (typical, f"run {about['run']}"))
        return sheet.settle(figure)


def _draw(axes: Axes, own: "pd.DataFrame", columns: tuple[str, str], title: str, ends: tuple[str, str]) -> None:
    """One waterfall, from the top down; terms that add nothing have no bar."""
    parts, total = own.iloc[:-1], own.iloc[-1]
    whole, at, steps = str(total.whole), float(total[columns[0]]), parts[columns[1]]
    order = steps.abs().sort_values(ascending=False, kind="stable").index
    bars = [(str(parts.term[i]), float(steps[i])) for i in order[:MOST] if abs(steps[i]) >= SEEN]
    others = float(total[columns[1]]) - sum(step for _, step in bars)
    bars += [("all other terms", others)] * (abs(others) >= SEEN / 10)
    labels = [ends[0], *(name for name, _ in bars), ends[1]]
    sheet.title(axes, title, "", sheet.inner(sheet.pair()))
    axes.set_yticks(range(len(labels)), [style.shorten(x, 1.95, style.SMALL) for x in labels])
    axes.set_ylim(MOST + 2.4, -0.6)
    axes.tick_params(axis="y", length=0)
    if not math.isfinite(at):
        axes.set_xticks([])
        axes.text(0.5, 0.5, "no other run", transform=axes.transAxes, ha="center", **style.NOTE)
        return
    places = [at]
    for k, (_, step) in enumerate(bars, start=1):
        more = step < 0 if whole == STANCE else step > 0
        axes.barh(k, step, left=at, height=0.62, color=MORE if more else LESS, lw=0)
        axes.plot([at + step] * 2, [k, k + 1], color=style.GREY, lw=0.6)
        _write(axes, max(at, at + step), k, signed(step))
        places.append(at := at + step)
    at = float(total[columns[0]] + total[columns[1]])
    axes.plot([places[0], at], [0, len(labels) - 1], "o", color=style.INK, ms=5)
    _write(axes, places[0], 0, _whole(places[0], whole))
    _write(axes, at, len(labels) - 1, _whole(at, whole))
    room = max(max(places) - min(places), 0.1)
    axes.set_xlim(min(places) - 0.1 * room, max(places) + 0.55 * room)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="x")


def _write(axes: Axes, x: float, k: int, text: str) -> None:
    """A number to the right of a mark."""
    axes.annotate(text, (x, k), (5, 0), textcoords="offset points", va="center", fontsize=style.SMALL)


def _whole(x: float, whole: str) -> str:
    """The value of a sum; of a log-hazard the rate too."""
    return signed(x) if whole == STANCE else f"{signed(x)}: {100 * math.exp(x):.2g} % a year"
