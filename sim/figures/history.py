"""A history that was forecast, member by member: what was forecast, and what happened."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.errors import plural
from sim.figures import axes as scales, sheet, style
from sim.figures.rows import MOVES, Case, Counted, Moved
from sim.figures.style import percent

NAMES, LEAST, GAP, NUMBER = 1.75, 1.4, 0.34, 0.5
"""Inches for names, for names at least, between the parts, and for a number at a row's end."""
TIME, WIDE = 3.5, 1.385
"""Inches for the years, and for each of the probabilities by the end, which share what is left."""
ROW, HEAD, AXIS = 0.235, 0.34, 0.3
STEPS = {0.01: "#dde1e4", 0.05: "#fde3cf", 0.2: "#fbb98a", 0.5: "#ee7d3b", 1.0: "#a63b0a"}
"""Colours of probabilities up to."""
MARKS: dict[str, tuple[str, dict[str, Any]]] = dict(
    zip(
        MOVES,
        (
            ("left", {"marker": "X", "ms": 7.0}),
            ("froze its membership", {"marker": "s", "ms": 5.0}),
            ("took part again", {"marker": "^", "ms": 5.5}),
            ("entered", {"marker": ">", "ms": 5.5}),
        ),
        strict=True,
    )
)
"""What happened in words, and how it is drawn."""
HAPPENED = {"color": style.INK, "mec": "white", "mew": 0.7, "lw": 0}
EVENTS = {"exit": "Has left by the end", "freeze": "Has frozen by the end"}
BELOW = (
    "Colours: the forecast probability of having left by then, of the state's own accord. Dots: probability by the "
    "end; lines: its 90\u00a0% interval over coefficients and coded values; orange: it happened. Bold: left or froze. "
    "Forecast once, from the beginning, with inputs as they were."
)


class State(NamedTuple):
    """A row of the figure: what was forecast of a state by event, in order of date, and how it moved."""

    name: str
    cases: dict[str, list[Case]]
    moves: list[Moved]

    def last(self, event: str) -> Case:
        """What was forecast to have happened by the end."""
        return self.cases[event][-1]


def history(cases: pd.DataFrame, moves: pd.DataFrame, counts: pd.DataFrame, title: str, footer: str) -> Figure:
    """A row a state: its probability of having left over the years, of leaving and freezing by the end, its moves.

    Parameters
    ----------
    cases, moves, counts : of one alliance, with the columns of :class:`sim.figures.rows.Case`, ``Moved`` and
        ``Counted``; of several origins the first is drawn.
    title, footer : what was forecast, and where the numbers come from.
    """
    first = counts.since.min()
    counted = {r.event: r for r in (Counted(*x) for x in _rows(counts[counts.since == first], Counted))}
    states = _states(cases[(cases.since == first) & cases.event.isin(EVENTS)], moves)
    span = scales.days(np.array([first, cases.by.max()], dtype="datetime64[D]"))
    tall = ROW * len(states)
    columns = _columns()
    with style.look():
        figure = sheet.page(
            headline(title, counted), _second(counted), BELOW, footer, 2 * sheet.LEGEND + HEAD + tall + AXIS
        )
        sheet.legend(figure, _colours(), _marks([m for s in states for m in s.moves]))
        top = sheet.by_hand(figure) - HEAD
        names, years, wide = columns
        time = sheet.rows(figure, style.MARGIN + names, top, years, tall)
        scales.calendar(time, span, years)
        places = [style.MARGIN + names + years + GAP + k * (wide + NUMBER + GAP) for k in range(len(EVENTS))]
        panels = [sheet.rows(figure, left, top, wide, tall) for left in places]
        sheet.write(figure, style.MARGIN + names, top + 0.1, "Has left by then", va="bottom", **style.BOLD)
        for k, state in enumerate(states):
            y = (k + 0.5) * ROW
            if k % 2 == 0:
                sheet.ground(time, years, y - ROW / 2, y + ROW / 2, names, style.room() - names - years)
            _name(figure, state, top - y, names)
            _over_time(time, state, y, span)
            for event, left, panel in zip(EVENTS, places, panels, strict=True):
                _by_the_end(figure, panel, state.last(event), y, left + wide + 0.06, top)
        for event, left, panel in zip(EVENTS, places, panels, strict=True):
            panel.set_xlim(0, 1)
            panel.set_xticks([0, 0.5, 1] if wide > 1 else [0, 1])
            scales.in_percent(panel.xaxis)
            panel.grid(axis="x")
            head = style.wrap(EVENTS[event], wide + NUMBER + 0.1, style.NORMAL, bold=True)
            sheet.write(figure, left, top + 0.1, head, va="bottom", **style.BOLD)
        return sheet.settle(figure)


def _columns() -> tuple[float, float, float]:
    """Inches for names, for the years, and for each of the probabilities by the end."""
    names = max(style.scaled(NAMES), LEAST)
    part = (style.room() - names - len(EVENTS) * (GAP + NUMBER)) / (TIME + len(EVENTS) * WIDE)
    return names, part * TIME, part * WIDE


def _rows(table: pd.DataFrame, kind: Any) -> Any:
    return table[list(kind._fields)].itertuples(index=False)


def _states(cases: pd.DataFrame, moves: pd.DataFrame) -> list[State]:
    """States that are asked, the likeliest to leave first."""
    found: dict[str, dict[str, list[Case]]] = {}
    for c in (Case(*r) for r in _rows(cases, Case)):
        found.setdefault(c.state, {e: [] for e in EVENTS})[c.event].append(c)
    moved = [Moved(*r) for r in _rows(moves, Moved)]
    states = [State(by["exit"][0].name, by, [m for m in moved if m.state == code]) for code, by in found.items()]
    return sorted(states, key=lambda s: (-s.last("exit").model, s.name))


def headline(title: str, counted: dict[str, Counted]) -> str:
    """What was forecast of exits, and what came."""
    n = counted["exit"]
    forecast = f"{n.median:.0f} forecast (90\u00a0%: {n.q05:.0f} to {n.q95:.0f})"
    return f"{title}: {plural(n.seen, 'exit') if n.seen else 'no exit'}; {forecast}"


def _second(counted: dict[str, Counted]) -> str:
    freeze, end = counted["freeze"], counted["dissolution"]
    happened = "it was dissolved" if end.seen else "it was not dissolved"
    frozen = plural(freeze.seen, "freeze") if freeze.seen else "no freeze"
    return (
        f"{frozen}, {freeze.median:.0f} forecast ({freeze.q05:.0f} to {freeze.q95:.0f}); "
        f"probability of dissolution {percent(end.mean)}, {happened}"
    )


def _colours() -> list[sheet.Entry]:
    least = 0.0
    entries: list[sheet.Entry] = []
    for most, colour in STEPS.items():
        words = f"to {100 * most:.0f}\u00a0%" if least else f"has left: up to {100 * most:.0f}\u00a0%"
        entries.append((Patch(facecolor=colour, edgecolor=style.FAINT), words))
        least = most
    return entries


def _marks(moves: Sequence[Moved]) -> list[sheet.Entry]:
    """Those of what happened."""
    looks = {**HAPPENED, "colour": style.INK, "width": 0}
    there = [mark for name, mark in MARKS.items() if name in {m.move for m in moves}]
    entries = [sheet.line(words, **{**looks, **mark}) for words, mark in there]
    return entries or [sheet.line("nobody moved", style.GREY, 0)]


def _name(figure: Figure, state: State, y: float, room: float) -> None:
    bold = any(m.move in EVENTS for m in state.moves)
    name = style.shorten(state.name, (room - 0.15) / (1.1 if bold else 1.0), style.SMALL)
    weight = "bold" if bold else "normal"
    sheet.write(figure, style.MARGIN + 0.04, y, name, va="center", fontweight=weight)


def _over_time(axes: Axes, state: State, y: float, span: Any) -> None:
    """Its probability of having left as colours, and its moves as marks."""
    some = state.cases["exit"]
    ends = scales.days(np.array([c.by for c in some], dtype="datetime64[D]"))
    begin = max(span[0], ends[0] - 365.25)
    for start, end, case in zip([begin, *ends], ends, some, strict=False):
        colour = next(c for most, c in STEPS.items() if case.model <= most)
        axes.barh(y, end - start, left=start, height=0.62 * ROW, color=colour, lw=0)
    for m in state.moves:
        (x,) = scales.days(np.array([m.date], dtype="datetime64[D]"))
        axes.plot(x, y, **{**HAPPENED, **MARKS[m.move][1]}, clip_on=False, zorder=4)


def _by_the_end(figure: Figure, panel: Axes, case: Case, y: float, at: float, top: float) -> None:
    """The probability by the end with its interval, and in numbers."""
    colour = style.AWAY if case.happened else style.FAN["median"]
    panel.plot([case.q05, case.q95], [y, y], color=colour, lw=1.3, solid_capstyle="butt", clip_on=False)
    panel.plot(case.model, y, "o", color=colour, ms=4.0, clip_on=False, zorder=3)
    weight = "bold" if case.happened else "normal"
    sheet.write(figure, at, top - y, percent(case.model), va="center", fontweight=weight)
