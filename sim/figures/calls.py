"""Calls for help and their answers: when, whose, how severe, how likely help was; and what each call taught."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.errors import plural
from sim.figures import axes as scales, dataset, sheet, style
from sim.figures.plotted import SAYS
from sim.model.arrays import Array
from sim.model.grammar import possessive, sentence
from sim.model.outcomes import ANSWERS, CALLS, signed

NAMES, LEAST_NAME, SAID = 1.45, 1.15, 2.0
"""Inches for names at the left, for them at least, and for words at the right."""
ENDS = "low", "high"
LEAST, MOST = 3.5, 9.5
"""Size of the mark of a call of no threat and of the greatest, in points."""
MARKERS = dict(zip(CALLS, ("o", "^", "s", "D", "X"), strict=True))
BEYOND = 1.45
"""How much farther from the middle marks are than the chances of 0 and 1 that they stand for."""
ANSWERED = {1.0: "helped", 0.5: "helped in part", 0.0: "refused"}
LOOKS = {1.0: style.GOOD, 0.5: "#8f8f2e", 0.0: style.BAD}
"""Colours of the answers."""
EXPECTED = "#9a9a9a"
EDGE = 0.12
"""Inches before the first date and after the last, so that a mark there is whole."""
APART = 0.1
"""Inches between the calls of a state at least."""
THICK, SHORTEST = 4.5, 0.055
"""Points that a bar of the chance of help is wide; inches that it is long at least, lest its median hide it."""
SCRIPTED = "Only calls that the scenario scripts are drawn."
BELOW = (
    f"{SCRIPTED} Marks: at the top where the leader helped, at the foot where it refused; their size is the coded "
    "threat; a state's calls that are close in time are drawn apart. Grey: the chance of help by the model, from 0 to "
    "1 between the lines (middle 90\u00a0% over what is uncertain, and median): judgement, fitted to no answer."
)


def calls(ds: xr.Dataset) -> Figure:
    """A row a state that called, over time.

    Parameters
    ----------
    ds : the dataset of a run that has ``call_answer``.
    """
    codes = [str(code) for code in ds["member"].values]
    who, kinds = (np.array([*map(str, ds[f"call_{name}"].values)]) for name in ("member", "kind"))
    answer, severity, chance = (ds[f"call_{name}"].values for name in ("answer", "severity", "chance"))
    x, full = scales.days(ds["call_date"].values), dict(zip(codes, dataset.names(ds), strict=True))
    drawn = [code for code in codes if code in who]
    names, said = max(style.scaled(NAMES), LEAST_NAME), style.scaled(SAID)
    wide = style.room() - names - said
    counts = {code: _counts(answer[who == code], kinds[who == code], said - 0.1) for code in drawn}
    named = {code: style.lines(full[code], names - 0.15, style.NORMAL, 2) for code in drawn}
    row = max(0.62 if len(drawn) <= 9 else 0.46, sheet.TEXT * (max(map(len, counts.values())) + 0.2))
    lane, tall = row * 0.46, row * len(drawn)
    with style.look():
        figure = dataset.page(ds, _says(ds), BELOW, "", 2 * sheet.LEGEND + tall + 0.45)
        sheet.legend(figure, _answers(), _kinds(dict.fromkeys(kinds)))
        top = sheet.by_hand(figure) - 0.12
        panel = sheet.rows(figure, style.MARGIN + names, top, wide, tall)
        first, last = scales.days(ds["date"].values)[[0, -1]]
        edge = EDGE * (last - first) / (wide - 2 * EDGE)
        scales.calendar(panel, np.array([first - edge, last + edge]), wide)
        panel.grid(axis="x")
        for k, code in enumerate(drawn):
            middle = (k + 0.5) * row
            if k % 2 == 0:
                sheet.ground(panel, wide, middle - row / 2, middle + row / 2, names, said)
            own = np.flatnonzero(who == code)
            at = dict(zip(own, scales.keep_apart(x[own].tolist(), APART * edge / EDGE, *panel.get_xlim()), strict=True))
            edges = panel.hlines([middle - lane / 2, middle + lane / 2], *panel.get_xlim(), color=style.FAINT, lw=0.5)
            setattr(edges, SAYS, [])
            _chances(panel, np.array([*at.values()]), x[own], chance[own], middle, lane, full[code])
            for c in own:
                y = middle + BEYOND * lane * (0.5 - answer[c])
                looks: dict[str, Any] = {**_looks(answer[c]), "zorder": 4}
                size = LEAST + (MOST - LEAST) * float(severity[c])
                says = f"{full[code]}: {kinds[c]}, {ANSWERS[answer[c]]}"
                (mark,) = panel.plot(at[c], y, MARKERS[kinds[c]], ms=size, label=says, clip_on=False, **looks)
                setattr(mark, SAYS, [{"mark": "dot", "x": x[c], "value": float(answer[c])}])
            sheet.write(figure, style.MARGIN + 0.04, top - middle, named[code], va="center", fontsize=style.NORMAL)
            sheet.write(figure, style.MARGIN + names + wide + 0.1, top - middle, counts[code], va="center")
        return sheet.settle(figure)


def _chances(panel: Axes, at: Array, x: Array, chance: Array, middle: float, lane: float, name: str) -> None:
    """The interval of the chance of help at each call, 0 at the foot of the lane and 1 at its top; drawn at ``at``."""
    y, says = middle + lane * (0.5 - chance), f"{name}: chance of help"
    half = np.maximum(y[:, 0] - y[:, -1], SHORTEST) / 2
    bar = np.clip((y[:, 0] + y[:, -1]) / 2, middle - lane / 2 + half, middle + lane / 2 - half)
    bars = panel.vlines(at, bar + half, bar - half, color=EXPECTED, lw=THICK, zorder=2, label=f"{says}, middle 90 %")
    looks: dict[str, Any] = {"s": THICK**2, "marker": "_", "color": style.INK, "lw": 1.0, "zorder": 3}
    dots = panel.scatter(at, y[:, 2], label=f"{says}, median", **looks)
    numbers = zip(x, chance[:, 0], chance[:, -1], strict=True)
    setattr(bars, SAYS, [dict(zip(("mark", "x", *ENDS), ("bar", *row), strict=True)) for row in numbers])
    setattr(dots, SAYS, [{"mark": "dot", "x": day, "value": p} for day, p in zip(x, chance[:, 2], strict=True)])


def _looks(answer: float) -> dict[str, Any]:
    """Help in part is hollow: it stands in the middle, where the chance of help would be hidden behind it."""
    colour = LOOKS[answer]
    return (
        {"mfc": "none", "mec": colour, "mew": 1.3} if answer == 0.5 else {"color": colour, "mec": "white", "mew": 0.6}
    )


def _counts(answers: Array, kinds: NDArray[np.str_], room: float) -> list[str]:
    """How a state's calls were answered, in lines: ``Crises: 1 helped, 3 refused``, clashes below."""
    parts = ("Crises", answers[kinds != "clash"]), ("Clashes", answers[kinds == "clash"])
    said = [f"{word}: {_count(own)}" for word, own in parts if len(own)]
    return [line for text in said for line in style.wrap(text, room, style.SMALL)]


def _count(answers: Array) -> str:
    """``1 helped, 2 helped in part, 3 refused``"""
    counts = {word: int((answers == a).sum()) for a, word in ANSWERED.items()}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _says(ds: xr.Dataset) -> str:
    """In how many crises, and in how many clashes between members, the leader helped at all."""
    helped, clash = ds["call_answer"].values > 0, np.array([str(kind) == "clash" for kind in ds["call_kind"].values])
    parts = (
        (helped[~clash], "call in a crisis", "calls in crises"),
        (helped[clash], "call in a clash", "calls in clashes"),
    )
    said = [f"{own.sum()} of {len(own)} {one if len(own) == 1 else many}" for own, one, many in parts if len(own)]
    return f"{sentence(dataset.leader(ds))} helped, at least in part, in {' and '.join(said)}"


def _answers() -> list[sheet.Entry]:
    dots = [sheet.line(word, LOOKS[a], 0, marker="o", ms=7, **_looks(a)) for a, word in ANSWERED.items()]
    return [*dots, sheet.line("chance of help by the model", EXPECTED, 3)]


def _kinds(there: dict[str, None]) -> list[sheet.Entry]:
    words = {"clash": "clash between members"}
    return [sheet.dot(words.get(k, f"{k} crisis"), style.GREY, 6, m) for k, m in MARKERS.items() if k in there]


# --- what each call taught

ROW, HEAD, AXIS = 0.215, 0.3, 0.32
WHEN, WHO, LEAST_WHO = 0.75, 1.95, 1.6
"""Inches for the date, and for who called and how it was answered, at least."""
GAP, NUMBER = 0.2, 1.45
TAUGHT = (
    f"{SCRIPTED} The chance of the leader's help that states believe in, before the tick of a call (ring) and after it "
    "(dot), each with the middle 90\u00a0% over what is uncertain. Left: the state that called; right: on average the "
    "members that did not, with a thin line for each from before to after. Calls of one tick teach together."
)


def lessons(ds: xr.Dataset) -> Figure:
    """A row a call: what who called believed before and after, and what the others did.

    Parameters
    ----------
    ds : the dataset of a run that has ``call_before``.
    """
    codes = [str(code) for code in ds["member"].values]
    full = dict(zip(codes, dataset.names(ds), strict=True))
    looks = dict(zip(codes, dataset.looks(ds), strict=True))
    who = [str(code) for code in ds["call_member"].values]
    days = ds["call_date"].values.astype("datetime64[M]")
    people = max(style.scaled(WHO), LEAST_WHO)
    said = [f"{full[code]}, {_answered(ds, k)}" for k, code in enumerate(who)]
    labels = [style.lines(text, people + GAP - 0.1, style.SMALL, 2) for text in said]
    row = max(ROW, sheet.TEXT * max(map(len, labels)))
    tall = row * len(who)
    before, after, change = (ds[f"call_{name}"].values for name in ("before", "after", "change"))
    watching = ds["call_watching_before"].values, ds["call_watching_after"].values
    ticks = np.searchsorted(ds["date"].values, ds["call_date"].values, side="right")
    top_value = float(np.nanmax([np.nanmax(x) for x in (before, after)]))
    with style.look():
        figure = dataset.page(ds, _taught(ds, full), TAUGHT, "", sheet.LEGEND + HEAD + tall + AXIS)
        sheet.legend(figure, [_ring(), sheet.dot("after", style.INK, 5)])
        top = sheet.by_hand(figure) - HEAD
        wide = (style.room() - WHEN - people - NUMBER - 2 * GAP) / 2
        lefts = [style.MARGIN + WHEN + people + GAP, style.MARGIN + style.room() - wide]
        panels = [sheet.rows(figure, left, top, wide, tall) for left in lefts]
        for left, words in zip(lefts, ("Who called", "The others"), strict=True):
            sheet.write(figure, left, top + 0.08, words, va="bottom", **style.BOLD)
        sheet.write(figure, lefts[0] + wide + 0.1, top + 0.08, "moved by, points", va="bottom", color=style.GREY)
        for k, code in enumerate(who):
            y, i = (k + 0.5) * row, codes.index(code)
            if k % 2 == 0:
                left = WHEN + people + GAP
                sheet.ground(panels[0], wide, y - row / 2, y + row / 2, left, style.room() - left - wide)
            when = f"{days[k].item():%b %Y}"
            place: dict[str, Any] = {"va": "center"}
            sheet.write(figure, style.MARGIN + 0.04, top - y, when, color=style.GREY, **place)
            sheet.write(figure, style.MARGIN + WHEN, top - y, labels[k], linespacing=1.0, **place)
            says = f"{when}, {full[code]}"
            _dumbbell(panels[0], before[k, i], after[k, i], y, looks[code].colour, says)
            sheet.write(figure, lefts[0] + wide + 0.1, top - y, _moved(change[k]), **place)
            if k and ticks[k] == ticks[k - 1]:
                continue  # the others have been shown what this tick taught
            others = [j for j in range(len(codes)) if j != i and np.isfinite(before[k, j, 2])]
            for n, j in enumerate(others):
                at = y + row * 0.8 * ((n + 0.5) / len(others) - 0.5)
                line = [before[k, j, 2], after[k, j, 2]]
                panels[1].plot(line, [at, at], color=looks[codes[j]].colour, lw=0.7, label=f"{when}, {full[codes[j]]}")
            if others:
                _dumbbell(panels[1], watching[0][k], watching[1][k], y, style.INK, f"{when}, the others on average")
        for panel in panels:
            panel.set_xlim(0, min(1.0, 1.05 * top_value))
            panel.grid(axis="x")
            scales.in_percent(panel.xaxis)
        return sheet.settle(figure)


def _dumbbell(panel: Axes, before: Array, after: Array, y: float, colour: str, says: str) -> None:
    """Quantiles before above those after: rings and dots at the medians, joined."""
    for q, dy, word in ((before, -0.045, "before"), (after, 0.045, "after")):
        panel.hlines(y + dy, q[0], q[-1], color=colour, lw=0.9, zorder=2, label=f"{says}, {word}: middle 90 %")
    panel.plot([before[2], after[2]], [y - 0.045, y + 0.045], color=colour, lw=1.8, zorder=3, label=f"{says}, moved")
    ring: dict[str, Any] = {"mfc": "white", "mec": colour, "mew": 1.1}
    panel.plot(before[2], y - 0.045, "o", ms=4.2, zorder=4, label=f"{says}, before", **ring)
    panel.plot(after[2], y + 0.045, "o", ms=4.2, color=colour, zorder=5, label=f"{says}, after")


def _ring() -> sheet.Entry:
    return sheet.line("before", style.INK, 0, marker="o", ms=5, mfc="white", mec=style.INK)


def _answered(ds: xr.Dataset, k: int) -> str:
    return {1.0: "helped", 0.5: "helped in part", 0.0: "refused"}[float(ds["call_answer"].values[k])]


def _moved(change: Array) -> str:
    """Points by which a belief moved, with the interval."""
    low, middle, high = (signed(100 * x, 1) for x in change[[0, 2, -1]])
    return f"{middle} ({low} to {high})"


def _taught(ds: xr.Dataset, full: dict[str, str]) -> str:
    """Which call moved the belief of who called most."""
    who = [str(code) for code in ds["call_member"].values]
    k = int(np.abs(ds["call_change"].values[:, 2]).argmax())
    i = list(full).index(who[k])
    first, then = (style.percent(float(ds[f"call_{name}"].values[k, i, 2])) for name in ("before", "after"))
    when = ds["call_date"].values[k].astype("datetime64[M]").item()
    same = ds["call_date"].values == ds["call_date"].values[k]
    alike = same & np.isclose(ds["call_change"].values[:, 2], ds["call_change"].values[k, 2], atol=5e-4)
    others = f" and that of {plural(int(alike.sum()) - 1, 'other')}" if alike.sum() > 1 else ""
    return f"{when:%B %Y} taught most: {possessive(full[who[k]])} belief in help{others} went from {first} to {then}"
