"""Skill of forecasts against the baseline rules, a line a comparison."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.errors import plural
from sim.figures import sheet, style
from sim.figures.rows import INPUTS, Skill
from sim.figures.style import signed
from sim.model.grammar import sentence

LOWEST = -2.0
"""Where the axis of skill is cut off; what lies beyond is given in numbers."""
MARKS = dict(zip(INPUTS, (("o", "#1f4e79"), ("s", "#c2410c"), ("D", "#1b6e53")), strict=True))
LINE, MORE = 0.23, 0.11
"""Inches for a line of one mark, and for each more."""
HEADING, FOOT, LABEL = 0.42, 0.24, 0.3
MEASURE, BASELINE = 2.15, 1.8
"""Inches for what is measured, and at most for the baseline."""
PERFECT = "baseline perfect"


class Line(NamedTuple):
    """The comparisons with one baseline, by inputs."""

    baseline: str
    rows: list[Skill]

    @property
    def height(self) -> float:
        return LINE + MORE * (len(self.rows) - 1)

    def marks(self, middle: float, apart: float) -> list[tuple[float, Skill]]:
        """Where the marks go: above each other, so far apart, around the middle."""
        order = sorted(self.rows, key=lambda r: list(MARKS).index(r.inputs))
        return [(middle + apart * (k - (len(order) - 1) / 2), r) for k, r in enumerate(order)]


class Group(NamedTuple):
    """The comparisons of one measure, a line a baseline."""

    texts: list[tuple[str, str]]
    """Lines of text and their colours."""
    lines: list[Line]

    @property
    def height(self) -> float:
        return max(sum(line.height for line in self.lines), sheet.TEXT * len(self.texts) + 0.06)


class Columns(NamedTuple):
    """Where the axis and what stands before it are, in inches."""

    lowest: float
    """End of the axis."""
    gutter: float
    left: float

    @property
    def width(self) -> float:
        return style.width() - self.left - style.MARGIN - 0.12

    @property
    def zero(self) -> float:
        return self.left + self.width * -self.lowest / (1.0 - self.lowest)


def skills(table: pd.DataFrame, title: str, footer: str) -> Figure:
    """A line a comparison: skill with its 90 % interval, by what the model knew of the inputs.

    Parameters
    ----------
    table : of a backtest, with columns scheme, question, score, inputs (a key of ``MARKS``), baseline, skill,
        low and high; skill is not a number where the baseline was perfect.
    title, footer : begin and end of what the figure says: what is forecast, and where the numbers come from.
    """
    rows = [Skill(*row) for row in table[list(Skill._fields)].itertuples(index=False)]
    schemes = {s: _groups([r for r in rows if r.scheme == s]) for s in dict.fromkeys(r.scheme for r in rows)}
    kinds = [k for k in MARKS if any(r.inputs == k for r in rows)]
    columns = _columns(rows)
    heads = {s: style.wrap(s, columns.zero - style.MARGIN - 1.35, style.LARGE, bold=True) for s in schemes}
    above = {s: HEADING + 0.18 * (len(head) - 1) for s, head in heads.items()}
    tall = {s: sum(g.height for g in groups) for s, groups in schemes.items()}
    axis = style.wrap("skill score (0: no better than the baseline, 1: perfect)", columns.width, style.NORMAL)
    height = LABEL + 0.26 + sheet.TEXT * (len(axis) - 1) + sum(above[s] + tall[s] + FOOT for s in schemes)
    with style.look():
        figure = sheet.page(_headline(title, rows), _second(rows, kinds), _below(rows, columns.lowest), footer, height)
        marks = [sheet.line(INPUTS[k], MARKS[k][1], 1.4, marker=MARKS[k][0], ms=5) for k in kinds]
        sheet.legend(figure, marks)
        y = sheet.by_hand(figure)
        for scheme, groups in schemes.items():
            y -= above[scheme]
            large = {**style.BOLD, "fontsize": style.LARGE, "va": "bottom"}
            sheet.write(figure, style.MARGIN, y + 0.06, heads[scheme], **large)
            sheet.sides(figure, columns.zero, y + 0.04, "baseline better", "model better", style.room() - columns.zero)
            axes = sheet.rows(figure, columns.left, y, columns.width, tall[scheme])
            axes.set_xlim(columns.lowest, 1.0)
            _panel(figure, axes, columns, y, groups)
            y -= tall[scheme] + FOOT
        axes.set_xlabel("\n".join(axis))
        return sheet.settle(figure)


def _columns(rows: Sequence[Skill]) -> Columns:
    """As wide as their texts ask."""
    lows = [r.low for r in rows if math.isfinite(r.low)]
    lowest = max(LOWEST, 0.5 * math.floor(2 * min([-0.4, *lows]) - 0.1))
    beyond = max(style.text_width(_beyond(r, lowest), style.SMALL) for r in rows)
    names = max(style.text_width(_against(r.baseline), style.SMALL) for r in rows)
    gutter = _names() + min(names, style.scaled(BASELINE)) + 0.12
    return Columns(lowest, gutter, gutter + beyond * 1.03 + 0.12)


def _names() -> float:
    """Where the names of baselines begin."""
    return style.MARGIN + style.scaled(MEASURE)


def _against(baseline: str) -> str:
    return style.shorten(f"against {baseline}", style.scaled(BASELINE), style.SMALL)


def _groups(rows: Sequence[Skill]) -> list[Group]:
    groups = []
    for question, score in dict.fromkeys((r.question, r.score) for r in rows):
        own = [r for r in rows if (r.question, r.score) == (question, score)]
        texts = [
            (line, colour)
            for text, colour in ((sentence(question), style.INK), (score, style.GREY))
            for line in style.wrap(text, style.scaled(MEASURE) - 0.15, style.SMALL)
        ]
        baselines = dict.fromkeys(r.baseline for r in own)
        groups.append(Group(texts, [Line(b, [r for r in own if r.baseline == b]) for b in baselines]))
    return groups


def _headline(title: str, rows: Sequence[Skill]) -> str:
    outcomes = [r.outcome for r in rows]
    better, worse, open_, perfect = (outcomes.count(k) for k in ("better", "worse", "open", "perfect"))
    rest = f", not told apart in {open_}" if open_ else ""
    rest += f"; in {perfect} the baseline was perfect" if perfect else ""
    return (
        f"{title}: the model is better than the baseline in {better or 'none'} of {plural(len(rows), 'comparison')}, "
        f"worse in {worse or 'none'}{rest}"
    )


def _second(rows: Sequence[Skill], kinds: Sequence[str]) -> str:
    outcomes = {k: [r.outcome for r in rows if r.inputs == k] for k in kinds}
    parts = [f"with inputs {k} in {o.count('better') or 'none'} of {len(o)}" for k, o in outcomes.items()]
    return f"Skill score with 90\u00a0% bootstrap interval. Better {', '.join(parts)}"


def _below(rows: Sequence[Skill], lowest: float) -> str:
    """What the marks mean, those that are drawn."""
    beyond = any(r.low < lowest for r in rows)
    perfect = any(r.outcome == "perfect" for r in rows)
    return " ".join(
        [
            "Skill score: 1 − score of the model / score of the baseline.",
            "Better or worse: the whole interval lies right or left of 0.",
            *["Arrow: goes on to the left, as far as the number says (dot, then its interval)."] * beyond,
            *["Baseline perfect: its score is 0, which cannot be beaten."] * perfect,
            "Comparisons share states, years and motions, so their count is no test.",
        ]
    )


def _panel(figure: Figure, axes: Axes, columns: Columns, top: float, groups: Sequence[Group]) -> None:
    """The measures of one scheme, one below the other."""
    axes.axvline(0.0, color=style.INK, lw=1.0)
    axes.grid(axis="x")
    axes.locator_params(axis="x", nbins=min(7, max(2, int(columns.width / 0.35))))
    start = 0.0
    for k, group in enumerate(groups):
        if k % 2 == 0:
            sheet.ground(axes, columns.width, start, start + group.height, columns.left - style.MARGIN, 0.1)
        for j, (text, colour) in enumerate(group.texts):
            at = top - start - 0.03 - sheet.TEXT * j
            sheet.write(figure, style.MARGIN + 0.04, at, text, va="top", color=colour)
        y = start
        for line in group.lines:
            middle = y + line.height / 2
            sheet.write(figure, _names(), top - middle, _against(line.baseline), va="center")
            for at, text, colour in _gutter(line, middle, columns.lowest):
                sheet.write(figure, columns.gutter, top - at, text, va="center", color=colour)
            for at, row in line.marks(middle, 0.12):
                _mark(axes, at, row, columns.lowest)
            y += line.height
        start += group.height


def _gutter(line: Line, middle: float, lowest: float) -> list[tuple[float, str, str]]:
    """What stands in words and numbers before the axis: place, text, colour."""
    if all(r.outcome == "perfect" for r in line.rows):
        return [(middle, PERFECT, style.GREY)]
    texts = [(at, _beyond(r, lowest), MARKS[r.inputs][1]) for at, r in line.marks(middle, 0.13)]
    return [text for text in texts if text[1]]


def _beyond(row: Skill, lowest: float) -> str:
    """What the axis does not show of a comparison."""
    if row.outcome == "perfect":
        return PERFECT
    skill, low, high = (signed(x) for x in (row.skill, row.low, row.high))
    if row.skill < lowest:
        return f"{skill} ({low} to {high})"
    return f"down to {low}" if row.low < lowest else ""


def _mark(axes: Axes, y: float, row: Skill, lowest: float) -> None:
    """A mark with its interval; an arrow where it goes on beyond the axis."""
    if row.outcome == "perfect":
        return
    mark, colour = MARKS[row.inputs]
    if row.high > lowest:
        axes.plot([max(row.low, lowest), row.high], [y, y], color=colour, lw=1.4, solid_capstyle="butt")
    if row.low < lowest or row.skill < lowest:
        axes.plot(lowest, y, marker="<", color=colour, ms=5.5, clip_on=False)
    if row.skill >= lowest:
        axes.plot(row.skill, y, marker=mark, color=colour, ms=4.5, clip_on=False)
