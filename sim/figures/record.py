"""A history against what happened: where the model has each state at each date, and where it was."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from sim.figures import axes as scales, dataset, sheet, style
from sim.figures.run import GONE, grid_of, occupied
from sim.model.arrays import Array
from sim.model.conduct import ABSTAINS, OPPOSES, SUPPORTS
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.outcomes import CONDUCTS, ENDS, positions, series

POSITION_OF = {SUPPORTS: "loyal", ABSTAINS: "absent", OPPOSES: "critical"}
"""Of a member that takes part, by what it does."""

BELOW = (
    "Below: the probability of each position at that date, lived through from the beginning (posterior predictive); "
    "where coefficients were fitted to this record they only describe it. “Nobody moves”: every state stays where it "
    "was at the start; "
    "entries that the scenario prescribes are given to both. The strip above: membership on record; black bars: moves."
)
VOTES = (
    " Dots above it, on motions about the leader's cause: supported (top row, colour of loyal), abstained or stayed "
    "away (middle, absent), opposed (bottom, critical), also while a state is outside; {}."
)
ENDED = " Hatched: dissolved."
STRIP = (1.06, 1.2)
"""Where the strip lies, above probabilities of 0 to 1."""
END = 0.03
"""How much of the axis the end of the alliance takes at least, beyond the last date where it must."""
DOTS = {SUPPORTS: 1.48, ABSTAINS: 1.38, OPPOSES: 1.28}
"""Where votes do, by what the state did."""
TOP = 1.54
MEMBER = "#ffffff"
MEMBERSHIP = "probability of being a member: middle 90 % over what the data leave open"
LINES: dict[str, Any] = {"color": style.INK, "lw": 0.9, "ls": (0, (2.5, 1.5))}
HALO = [withStroke(linewidth=2.2, foreground="white")]
"""Around the lines, which lie on dark and light areas."""


def record(
    ds: xr.Dataset, statuses: Mapping[str, Sequence[int]], entries: Sequence[tuple[str, dt.date]] = ()
) -> Figure:
    """The ladder of every state, and above it what its membership was.

    Parameters
    ----------
    ds : the dataset of a run that begins with the record.
    statuses : codes of the recorded status of each state, by date of the dataset.
    entries : state and date of the entries that the scenario prescribes: the model is given them.
    """
    shares, codes = occupied(ds), [str(code) for code in ds["member"].values]
    real = np.array([statuses[code] for code in codes]).T
    drawn = [i for i in range(len(codes)) if (real[:, i] != OUTSIDE).any()]
    still = _unmoved(ds, real, entries)
    columns, height = grid_of(len(drawn))
    rows = -(-len(drawn) // columns)
    width = (style.room() - 0.4) / columns - 0.15
    x = scales.days(ds["date"].values)
    look = {ACTIVE: MEMBER, FROZEN: positions()["frozen"], OUTSIDE: positions()["outside"]}
    wide = dataset.interval_note(ds, [name for name in positions() if name != "outside"])
    over = _over(real)
    below = BELOW + ENDED * (over < len(x)) + (VOTES.format(_fitted(ds)) if "motion_conduct" in ds else "")
    note = sheet.BETWEEN.join(
        filter(None, (dataset.error_note(ds, "loyal", "not drawn"), wide and f"not drawn, of positions inside: {wide}"))
    )
    with style.look():
        figure = dataset.page(ds, _says(shares, real, still, drawn), below, note, rows * (height + 0.25) + 0.85)
        panels = sheet.grid(figure, len(drawn), columns, share=True)
        panels[0].set_ylim(0, TOP if "motion_conduct" in ds else STRIP[1])
        panels[0].set_yticks([0, 0.5, 1])
        for panel in panels:
            panel.spines["left"].set_bounds(0, 1)
        scales.in_percent(panels[0].yaxis)
        scales.calendar(panels[0], x, width)
        for k, (i, panel) in enumerate(zip(drawn, panels, strict=True)):
            colours = [*positions().values(), style.DISSOLVED["facecolor"]]
            parts = [share[:, i] for share in shares.values()]
            stack = panel.stackplot(x, parts, labels=list(shares), colors=colours, edgecolor="white", lw=0.4)
            stack[-1].set(**style.DISSOLVED)
            for end, word in zip(ENDS, ("highest", "lowest"), strict=True):
                panel.plot(
                    x, 1 - series(ds, "outside", end)[:, i], label=f"{MEMBERSHIP}, {word}", path_effects=HALO, **LINES
                )
            _dots(panel, ds, i)
            moves = np.flatnonzero(np.diff(real[:over, i])) + 1
            for start, after in pairwise([0, *moves, min(over, len(x) - 1)]):
                status = int(real[start, i])
                span = [x[start], x[after]]
                name = {ACTIVE: "on record: member", FROZEN: "on record: frozen", OUTSIDE: "on record: outside"}[status]
                panel.fill_between(span, *STRIP, facecolor=look[status], edgecolor=style.GREY, lw=0.6, label=name)
            panel.vlines(x[moves], STRIP[0], STRIP[1], color=style.INK, lw=2.0, label="moved")
            if over < len(x):
                span = [x[over], max(x[-1], x[over] + END * (x[-1] - x[0]))]
                looks: dict[str, Any] = {**style.DISSOLVED, "linewidth": 0.6, "clip_on": False}
                panel.fill_between(span, *STRIP, label=f"on record: {GONE}", **looks)
            panel.set_title(style.shorten(dataset.names(ds)[i], width, style.NORMAL), fontsize=style.NORMAL, pad=4)
            if k + columns >= len(drawn):
                panel.tick_params(labelbottom=True)
        key: list[sheet.Entry] = [(Patch(color=c), name) for name, c in positions().items()]
        key += [(Patch(**style.DISSOLVED), GONE), (Patch(facecolor=MEMBER, edgecolor=style.GREY), "member (strip)")]
        sheet.legend(figure, key, [sheet.like(MEMBERSHIP, LINES)])
        return sheet.settle(figure)


def _over(real: Array) -> int:
    """The first date on which all have gone, from when on nobody returns; one beyond the last where there is none."""
    inside = np.flatnonzero((real != OUTSIDE).any(axis=1))
    return int(inside[-1]) + 1 if inside.size else len(real)


def _dots(panel: Axes, ds: xr.Dataset, i: int) -> None:
    """What a state did on motions, at their dates."""
    if "motion_conduct" not in ds:
        return
    did, x = ds["motion_conduct"].values[:, i], scales.days(ds["motion_date"].values)
    for conduct, name in POSITION_OF.items():
        own = did == conduct
        looks: dict[str, Any] = {"color": positions()[name], "edgecolor": style.GREY, "lw": 0.4, "clip_on": False}
        panel.scatter(
            x[own], np.full(own.sum(), DOTS[conduct]), s=9, label=f"on record: {CONDUCTS[conduct]}", zorder=3, **looks
        )


def _fitted(ds: xr.Dataset) -> str:
    """Whether coefficients were fitted to motions."""
    return f"the coefficients were {'' if ds['motion_conduct'].attrs.get('fitted') else 'not '}fitted to them too"


def _unmoved(ds: xr.Dataset, real: Array, entries: Sequence[tuple[str, dt.date]]) -> Array:
    """The status of every state had nobody moved but by the entries that are given. (date, member)"""
    still, codes = np.repeat(real[:1], len(real), axis=0), [str(code) for code in ds["member"].values]
    for code, date in sorted(entries, key=lambda entry: entry[1]):
        still[ds["date"].values >= np.datetime64(date), codes.index(code)] = ACTIVE
    return still


def _says(shares: Mapping[str, Array], real: Array, still: Array, drawn: Sequence[int]) -> str:
    """How probable what happened was held, on average over states and dates, by the model and had nobody moved."""
    out = shares["outside"] + shares[GONE]
    chances = np.select([real == ACTIVE, real == FROZEN], [1 - out - shares["frozen"], shares["frozen"]], out)
    model, flat = float(chances[:, drawn].mean()), float((real == still)[:, drawn].mean())
    held, plain = (style.whole_percent(x) for x in (model, flat))
    which = "as much as" if held == plain else "more than" if model > flat else "less than"
    return f"The model gives what happened {held} on average, {which} “nobody moves” ({plain})"
