"""Cohesion over time, with the number of members and the agreement index below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sim.figures import axes as scales
from sim.figures import style
from sim.figures.values import Z, at_most, error_note, series

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADLINE = "Cohesion: how often do two states of the alliance both stand with the leader? 1\u00a0=\u00a0always"
BELOW = (
    "Standard term: mean joint support over all pairs of states, the leader included "
    "(support counts 1, abstention 1/2, opposition or a frozen membership 0)."
)


def cohesion(ds: xr.Dataset) -> Figure:
    """Fan chart of cohesion; two small ones show whether membership and agreement go with it."""
    with style.look():
        figure = style.sheet(ds, HEADLINE, BELOW, error_note(ds, "cohesion", "orange band"), 5.2)
        engine: Any = figure.get_layout_engine()
        engine.set(w_pad=0.12)
        panels = figure.subplot_mosaic(
            [["cohesion", "cohesion"], ["members", "agreement_index"]], height_ratios=[2.3, 1]
        )
        for name, panel in panels.items():
            _fan(panel, ds, name)
            scales.calendar(panel, ds, style.WIDTH * (0.9 if name == "cohesion" else 0.4))
        for name in ("cohesion", "agreement_index"):
            panels[name].set_ylim(0, 1)
        panels["cohesion"].set_ylabel("cohesion")
        panels["agreement_index"].set_yticks([0, 0.5, 1])
        panels["members"].set_title("Number of members beside the leader", fontsize=style.NORMAL)
        panels["agreement_index"].set_title("Agreement index: do all vote alike? 1 = all", fontsize=style.NORMAL)
        _count(panels["members"], float(series(ds, "members", "q95").max()))
        style.legend(figure, [_key(ds)])
        return style.settle(figure)


def _fan(panel: Axes, ds: xr.Dataset, name: str) -> None:
    """Bands of 90 and 50 % of the runs, median, and the mean with its Monte Carlo error."""
    x = scales.dates(ds)
    q05, q25, q50, q75, q95 = (series(ds, name, s) for s in ("q05", "q25", "q50", "q75", "q95"))
    mean, error = series(ds, name, "mean"), Z * series(ds, name, "mcse")
    step: Literal["post"] | None = "post" if name == "members" else None
    panel.fill_between(x, q05, q95, color=style.FAN["wide"], linewidth=0, step=step)
    panel.fill_between(x, q25, q75, color=style.FAN["half"], linewidth=0, step=step)
    drawn = "steps-post" if step else "default"
    panel.plot(x, q50, color=style.FAN["median"], linewidth=2, drawstyle=drawn)
    panel.fill_between(x, mean - error, mean + error, color=style.FAN["mean"], alpha=0.35, linewidth=0)
    panel.plot(x, mean, color=style.FAN["mean"], linewidth=1)
    panel.grid(axis="y")


def _count(panel: Axes, most: float) -> None:
    """A vertical axis of whole numbers from 0."""
    from matplotlib.ticker import MaxNLocator

    panel.set_ylim(0, max(most, 1) * 1.1)
    panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))


def _key(ds: xr.Dataset) -> list[tuple[object, str]]:
    """Legend entries; the Monte Carlo error is put in numbers, as it may be too small to see."""
    import numpy as np
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    error = Z * float(np.nan_to_num(series(ds, "cohesion", "mcse")).max())
    seen = "shaded: " if error > 0.004 else ""
    told = f" ({seen}95 % Monte Carlo error, at most {at_most(error)})" if error > 0 else ""
    return [
        (Line2D([], [], color=style.FAN["median"], linewidth=2), "median"),
        (Patch(color=style.FAN["half"]), "middle half of the runs"),
        (Patch(color=style.FAN["wide"]), "middle 90 % of the runs"),
        (Line2D([], [], color=style.FAN["mean"], linewidth=1), f"mean{told}"),
    ]
