"""Skill of forecasts against dull rules, a line a comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.figures import inches, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = dict[str, Any]

LOWEST = -2.0
"""Where the axis of skill is cut off; what lies beyond is told in numbers."""
MARKS = {"as they were": ("o", "#1f4e79"), "held": ("s", "#c2410c")}
"""By what the model knows of the inputs after the origin."""
KNOWN = {
    "as they were": "inputs as they were (known only afterwards)",
    "held": "inputs held at their last value before the forecast",
}
LINE, PAIR = 0.23, 0.33
"""Inches for a line of one mark, and of two."""
HEADING, FOOT, LABEL = 0.42, 0.24, 0.3
MEASURE, BASELINE = 2.15, 1.8
"""Inches for what is measured, and at most for the baseline."""
PERFECT = "baseline perfect"


class Group(NamedTuple):
    """The comparisons of one measure, a line a baseline."""

    texts: list[tuple[str, str]]
    """Lines of text and their colours."""
    lines: list[tuple[str, list[Row]]]

    @property
    def height(self) -> float:
        return max(sum(map(_tall, self.lines)), inches.TEXT * len(self.texts) + 0.06)


def _tall(line: tuple[str, list[Row]]) -> float:
    return PAIR if len(line[1]) > 1 else LINE


def knows(row: Row) -> str:
    """What the model knows of the inputs, given as such or as the name of a forecaster."""
    return str(row["inputs"] if "inputs" in row else row["forecaster"].rpartition("inputs ")[2])


def _outcome(row: Row) -> str:
    if not math.isfinite(row["skill"]):
        return "perfect"
    if row["low"] > 0:
        return "better"
    return "worse" if row["high"] < 0 else "open"


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    found = [_outcome(r) for r in rows]
    return {k: found.count(k) for k in ("better", "worse", "open", "perfect")}


def skills(told: dict[str, Any]) -> Figure:
    """A line a comparison: skill with its 90 % interval, by what the model knew of the inputs.

    ``told`` has title, footer and rows of split, measure, score, inputs (or forecaster), baseline, skill, low, high.
    """
    rows: list[Row] = told["rows"]
    splits = {s: _groups([r for r in rows if r["split"] == s]) for s in dict.fromkeys(r["split"] for r in rows)}
    kinds = [k for k in MARKS if any(knows(r) == k for r in rows)]
    frame = _Frame(rows)
    heads = {s: style.wrap(s, frame.heading, style.LARGE, bold=True) for s in splits}
    tall = {s: sum(g.height for g in groups) for s, groups in splits.items()}
    height = LABEL + 0.26 + sum(HEADING + 0.18 * (len(heads[s]) - 1) + tall[s] + FOOT for s in splits)
    with style.look():
        figure = style.page(
            _skill_headline(told["title"], rows),
            _skill_second(rows, kinds),
            _skill_below(rows, frame.lowest),
            told["footer"],
            height,
        )
        _skill_legend(figure, kinds)
        y = inches.by_hand(figure)
        for split, groups in splits.items():
            y -= HEADING + 0.18 * (len(heads[split]) - 1)
            looks: dict[str, Any] = {"fontsize": style.LARGE, "fontweight": "bold", "va": "bottom"}
            inches.write(figure, style.MARGIN, y + 0.06, "\n".join(heads[split]), **looks)
            inches.sides(figure, frame.zero, y + 0.04, ("baseline better", "model better"))
            axes = inches.lines(figure, frame.left, y, frame.width, tall[split])
            axes.set_xlim(frame.lowest, 1.0)
            _skill_panel(axes, frame, y, groups)
            y -= tall[split] + FOOT
        axes.set_xlabel("skill score (0: no better than the baseline, 1: perfect)")
        return style.settle(figure)


def _skill_below(rows: Sequence[Row], lowest: float) -> str:
    """What the marks mean, those that are drawn."""
    beyond = any(r["low"] < lowest for r in rows)
    perfect = any(_outcome(r) == "perfect" for r in rows)
    return " ".join(
        [
            "Skill score: 1 − score of the model / score of the baseline.",
            "Better or worse: the whole interval lies right or left of 0.",
            *["Arrow: goes on to the left, as far as the number says (dot, then its interval)."] * beyond,
            *["Baseline perfect: its score is 0, which cannot be beaten."] * perfect,
            "Comparisons share states, years and motions, so their count is no test.",
        ]
    )


class _Frame:
    """Where the columns of the skill figure are, in inches."""

    def __init__(self, rows: Sequence[Row]) -> None:
        lows = [r["low"] for r in rows if math.isfinite(r["low"])]
        self.lowest = max(LOWEST, 0.5 * math.floor(2 * min([-0.4, *lows]) - 0.1))
        said = [style.text_width(_beyond(r, self.lowest), style.SMALL) for r in rows]
        names = [style.text_width(_against(r["baseline"]), style.SMALL) for r in rows]
        self.names = style.MARGIN + MEASURE
        self.gutter = self.names + min(max(names), BASELINE) + 0.12
        self.left = self.gutter + max(said) * 1.03 + 0.12
        self.width = style.WIDTH - self.left - style.MARGIN - 0.12
        self.zero = self.left + self.width * -self.lowest / (1.0 - self.lowest)
        self.heading = self.zero - style.MARGIN - 1.35


def _against(baseline: str) -> str:
    return style.shorten(f"against {baseline}", BASELINE, style.SMALL)


def _groups(rows: Sequence[Row]) -> list[Group]:
    found = []
    for measure, score in dict.fromkeys((r["measure"], r["score"]) for r in rows):
        of = [r for r in rows if (r["measure"], r["score"]) == (measure, score)]
        name = measure[:1].upper() + measure[1:]
        texts = [(t, style.INK) for t in style.wrap(name, MEASURE - 0.15, style.SMALL)]
        texts += [(t, style.GREY) for t in style.wrap(score, MEASURE - 0.15, style.SMALL)]
        lines = [(b, [r for r in of if r["baseline"] == b]) for b in dict.fromkeys(r["baseline"] for r in of)]
        found.append(Group(texts, lines))
    return found


def _skill_headline(title: str, rows: Sequence[Row]) -> str:
    n, many = _counts(rows), len(rows)
    rest = f", not told apart in {n['open']}" if n["open"] else ""
    rest += f"; in {n['perfect']} the baseline was perfect" if n["perfect"] else ""
    return (
        f"{title}: the model is better than the baseline in {n['better'] or 'none'} of {many} "
        f"comparison{_s(many)}, worse in {n['worse'] or 'none'}{rest}"
    )


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _skill_second(rows: Sequence[Row], kinds: Sequence[str]) -> str:
    of = {k: [r for r in rows if knows(r) == k] for k in kinds}
    parts = [f"with inputs {k} in {_counts(r)['better'] or 'none'} of {len(r)}" for k, r in of.items()]
    return f"Skill score with 90\u00a0% bootstrap interval. Better {', '.join(parts)}"


def _skill_legend(figure: Figure, kinds: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    drawn = [Line2D([], [], marker=MARKS[k][0], color=MARKS[k][1], ms=5, lw=1.4) for k in kinds]
    style.legend(figure, [[(h, KNOWN[k]) for h, k in zip(drawn, kinds, strict=True)]])


def _skill_panel(axes: Axes, frame: _Frame, top: float, groups: Sequence[Group]) -> None:
    figure: Any = axes.figure
    axes.axvline(0.0, color=style.INK, lw=1.0)
    axes.grid(axis="x")
    axes.locator_params(axis="x", nbins=7)
    start = 0.0
    for k, group in enumerate(groups):
        if k % 2 == 0:
            inches.ground(axes, frame.left - style.MARGIN, frame.width, start, start + group.height)
        for j, (text, colour) in enumerate(group.texts):
            at = top - start - 0.03 - inches.TEXT * j
            inches.write(figure, style.MARGIN + 0.04, at, text, va="top", color=colour)
        y = start
        for baseline, rows in group.lines:
            tall = _tall((baseline, rows))
            middle = y + tall / 2
            inches.write(figure, frame.names, top - middle, _against(baseline), va="center")
            for at, said, colour in _gutter(rows, middle, frame.lowest):
                inches.write(figure, frame.gutter, top - at, said, va="center", color=colour)
            for at, row in _spread(rows, middle, 0.06):
                _skill_mark(axes, at, row, frame.lowest)
            y += tall
        start += group.height


def _spread(rows: Sequence[Row], middle: float, apart: float) -> list[tuple[float, Row]]:
    """Where the marks of a line go: one in the middle, two above each other."""
    if len(rows) == 1:
        return [(middle, rows[0])]
    order = sorted(rows, key=lambda r: list(MARKS).index(knows(r)))
    return [(middle - apart if k == 0 else middle + apart, r) for k, r in enumerate(order)]


def _gutter(rows: Sequence[Row], middle: float, lowest: float) -> list[tuple[float, str, str]]:
    """What is told in words and numbers before the axis: place, text, colour."""
    if all(_outcome(r) == "perfect" for r in rows):
        return [(middle, PERFECT, style.GREY)]
    found = [(at, _beyond(r, lowest), MARKS[knows(r)][1]) for at, r in _spread(rows, middle, 0.075)]
    return [x for x in found if x[1]]


def _beyond(row: Row, lowest: float) -> str:
    """What the axis does not show of a row."""
    if _outcome(row) == "perfect":
        return PERFECT
    skill, low, high = (inches.number(row[k]) for k in ("skill", "low", "high"))
    if row["skill"] < lowest:
        return f"{skill} ({low} to {high})"
    return f"down to {low}" if row["low"] < lowest else ""


def _skill_mark(axes: Axes, y: float, row: Row, lowest: float) -> None:
    if _outcome(row) == "perfect":
        return
    mark, colour = MARKS[knows(row)]
    if row["high"] > lowest:
        axes.plot([max(row["low"], lowest), row["high"]], [y, y], color=colour, lw=1.4, solid_capstyle="butt")
    if row["low"] < lowest or row["skill"] < lowest:
        axes.plot(lowest, y, marker="<", color=colour, ms=5.5, clip_on=False)
    if row["skill"] >= lowest:
        axes.plot(row["skill"], y, marker=mark, color=colour, ms=4.5, clip_on=False)
