"""Votes on general roll calls against what the model expects of them, year by year, a panel a state."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import beta

from sim.errors import plural
from sim.figures import axes as scales, dataset, sheet, style
from sim.figures.run import grid_of
from sim.model.arrays import Array
from sim.model.outcomes import signed

BELOW = (
    "General roll calls: motions on which the leader and its chief rival voted opposite; the share on which the state "
    "voted with the leader. Dots: votes cast in the year, with the 90\u00a0% interval that so few leave (Jeffreys)."
)
FITTED = "the coefficients were fitted to these votes"
NOT_FITTED = (
    "the coefficients were not fitted to these votes; each state's level is set to their mean, so what is compared is "
    "how votes move"
)
OPEN, CHANCE = (
    "expected: middle 90 % over what the data leave open",
    "middle 90 % with all chance: agendas, topics, few votes",
)
Z = 0.05, 0.95
RESAMPLED = 2000


def votes(ds: xr.Dataset) -> Figure:
    """The share of votes with the leader and its interval, and the shares that were to be expected.

    Parameters
    ----------
    ds : the dataset of a run that has ``roll_call_answers``.
    """
    answers = ds["roll_call_answers"].values
    cast, stood = answers.sum(axis=-1), answers[..., 0]
    share = stood / cast
    low, high = (beta.ppf(z, stood + 0.5, cast - stood + 0.5) for z in Z)
    ends = ds["roll_call_predicted"].values[..., [0, -1]]
    away = (share < ends[..., 0] - 1e-9) | (share > ends[..., 1] + 1e-9)
    voted = [i for i in range(ds.sizes["member"]) if np.isfinite(share[:, i]).any()]
    columns, height = grid_of(len(voted))
    rows, width = -(-len(voted) // columns), (style.room() - 0.4) / columns - 0.15
    x = scales.days(np.array([f"{year}-12-31" for year in ds["year"].values], dtype="datetime64[D]"))
    span = scales.days(ds["date"].values)[[0, -1]]
    broad = 72 * width / max((span[1] - span[0]) / 365.25, 1.0)
    fitted = ds["roll_call_expected"].attrs.get("coefficients") == "fitted"
    ratio = _against_flat(ds, share, cast)
    below = f"{BELOW} {_within(share, away)}; {FITTED if fitted else NOT_FITTED}."
    with style.look():
        figure = dataset.page(
            ds, _says(ratio), below, _compared(share, ratio), rows * (height + 0.2) + 2 * sheet.LEGEND + 0.4
        )
        panels = sheet.grid(figure, len(voted), columns, share=True)
        panels[0].set_ylim(-0.02, 1.02)
        panels[0].set_yticks([0, 0.5, 1])
        scales.in_percent(panels[0].yaxis)
        scales.calendar(panels[0], span, width)
        for k, (i, panel) in enumerate(zip(voted, panels, strict=True)):
            name = dataset.names(ds)[i]
            panel.set_title(style.shorten(name, width, style.NORMAL), fontsize=style.NORMAL, pad=4)
            there = np.isfinite(share[:, i])
            _bars(panel, x[there], ds["roll_call_predicted"].values[there, i], style.FAN["wide"], broad, CHANCE)
            _bars(panel, x[there], ds["roll_call_expected"].values[there, i], style.FAN["half"], broad, OPEN)
            for out, colour, word in ((False, style.INK, "votes cast"), (True, style.AWAY, "votes cast, outside")):
                own = there & (away[:, i] == out)
                about = f"{word}: what so few leave open"
                panel.vlines(x[own], low[own, i], high[own, i], color=colour, lw=0.6, zorder=3, label=about)
                panel.scatter(x[own], share[own, i], s=min(9.0, 2.5 * broad), color=colour, lw=0, zorder=4, label=word)
            if k + columns >= len(voted):
                panel.tick_params(labelbottom=True)
        sheet.legend(
            figure,
            [sheet.line(OPEN, style.FAN["half"], 6), sheet.line(CHANCE, style.FAN["wide"], 6)],
            [sheet.dot("votes cast", style.INK), sheet.dot("votes cast, outside the 90 %", style.AWAY)],
        )
        return sheet.settle(figure)


def _bars(panel: Axes, x: Array, quantiles: Array, colour: str, width: float, label: str) -> None:
    """From the lowest to the highest quantile, so wide that years that follow each other touch."""
    bars = panel.vlines(x, quantiles[:, 0], quantiles[:, -1], color=colour, lw=1.15 * width, label=label, zorder=1)
    bars.set_capstyle("butt")


def _says(ratio: tuple[float, ...]) -> str:
    """Whether the expected paths tell how votes move."""
    if not ratio:
        return "The votes do not move from year to year"
    low, _, high = ratio
    if low > 1:
        return "Flat lines are nearer to the votes than the expected paths"
    return f"The expected paths are {'nearer' if high < 1 else 'no nearer'} to the votes than flat lines"


def _within(share: Array, away: Array) -> str:
    """How often votes lay where they were expected."""
    within = style.whole_percent(float(1.0 - away[np.isfinite(share)].mean()))
    return f"{within} of the yearly votes lie in the interval that should hold 90\u00a0%"


def _against_flat(ds: xr.Dataset, share: Array, cast: Array) -> tuple[float, ...]:
    """Mean squared error of the expected paths over that of each state's mean: 5 %, all states, 95 %; or nothing."""
    n = np.where(np.isfinite(share), cast, 0.0)
    votes, expected = np.nan_to_num(share), np.nan_to_num(ds["roll_call_mean"].values)
    flat = (n * votes).sum(axis=0) / np.maximum(n.sum(axis=0), 1.0)
    errors = np.stack([(n * (votes - x) ** 2).sum(axis=0) for x in (expected, flat)])
    errors = errors[:, errors[1] > 0]
    if not errors.size:
        return ()
    drawn = np.random.default_rng(0).integers(errors.shape[1], size=(RESAMPLED, errors.shape[1]))
    low, high = np.quantile(np.divide(*errors[:, drawn].sum(axis=2)), Z)
    return float(low), float(np.divide(*errors.sum(axis=1))), float(high)


def _compared(share: Array, ratio: tuple[float, ...]) -> str:
    """Of how many votes, and the errors compared, with their interval."""
    if not ratio:
        return "the votes do not move"
    low, more, high = (signed(100 * (x - 1.0), 0) for x in ratio)
    return (
        f"{plural(int(np.isfinite(share).sum()), 'year')} of states; mean squared error of expected paths against "
        f"flat lines: {more} % (90 %: {low} to {high}, states resampled)"
    )
