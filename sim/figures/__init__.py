"""Figures: functions from a results dataset to a matplotlib Figure.

``fan.cohesion``, ``ladder.ladder``, ``incidence.exits`` and ``incidence.incidence`` draw one figure
each; :func:`draw_all` draws them all and :func:`save` writes one as PNG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.figures import fan, incidence, ladder
from sim.figures.style import save

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["draw_all", "save"]


def draw_all(ds: xr.Dataset) -> dict[str, Figure]:
    """Every figure of a results dataset, by name."""
    return {
        "cohesion": fan.cohesion(ds),
        "ladder": ladder.ladder(ds),
        "exits": incidence.exits(ds),
        "incidence": incidence.incidence(ds),
    }
