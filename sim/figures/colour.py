"""Colour scales of a study's figures: one for all probabilities, one for each other outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.figures import axes as scales_of_axes
from sim.figures import style
from sim.figures.sweep import Group, Shown, ends, last, widened

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

MAPS = ("viridis_r", "cividis_r")
"""For cohesion and any other outcome that is no probability; perceptually uniform."""
TOPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


class Scale(NamedTuple):
    """Which value has which colour."""

    map: Any
    low: float
    high: float
    label: str
    share: bool


def key(shown: Shown) -> str:
    """The scale that an outcome is drawn on."""
    return "probability" if shown.share else shown.name


def scales(ds: xr.Dataset, shown: Iterable[Shown], groups: Sequence[Group]) -> dict[str, Scale]:
    """The scales of all that is shown, over all scenarios drawn."""
    import numpy as np

    made: dict[str, Scale] = {}
    members: dict[str, list[Shown]] = {}
    for s in shown:
        members.setdefault(key(s), []).append(s)
    for k, name in enumerate(sorted(members, key="probability".__ne__)):
        drawn = [last(ds, s)[g.points] for s in members[name] for g in groups]
        low, high = ends(np.concatenate(drawn))
        made[name] = _scale(members[name][0], low, high, k)
    return made


def _scale(shown: Shown, low: float, high: float, k: int) -> Scale:
    """From 0 to a round number for a probability, else over the range that occurs."""
    if shown.share:
        top = next((t for t in TOPS if high <= t * 1.0001), 1.0)
        return Scale(_part("magma_r"), 0.0, top, shown.label, True)
    return Scale(_part(MAPS[k > 1]), *widened(shown, low, high), shown.label, False)


def _part(name: str) -> Any:
    """A colour map without its palest and darkest ends, which paper and lettering need."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps[name](np.linspace(0.04, 0.78, 256)))


def bars(figure: Figure, made: dict[str, Scale], when: str) -> None:
    """Colour bars side by side between the heading of the figure and its axes, which make room."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    engine: Any = figure.get_layout_engine()
    left, bottom, wide, high = engine.get()["rect"]
    inch = 1 / figure.get_figheight()
    part = wide / max(len(made), 2)
    for k, scale in enumerate(made.values()):
        place = (left + 0.02 + k * part, bottom + high - 0.36 * inch, part - 0.06, 0.13 * inch)
        axes = figure.add_axes(place)
        axes.set_in_layout(False)
        mapped = ScalarMappable(Normalize(scale.low, scale.high), scale.map)
        bar: Any = figure.colorbar(mapped, cax=axes, orientation="horizontal")
        bar.outline.set_visible(False)
        axes.set_title(
            f"{scale.label}, by {when}" if scale.share else f"{scale.label}, {when}",
            fontsize=style.NORMAL,
            pad=3,
        )
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        if scale.share:
            scales_of_axes.in_percent(axes.xaxis)
    engine.set(rect=(left, bottom, wide, high - 0.62 * inch))
