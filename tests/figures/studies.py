"""Figures of the invented studies, drawn once, and what stands in them."""

import functools

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from sim.figures.study import draw
from sim.model.outcomes import variable
from tests.figures.looking import drawn
from tests.study_data import CASES


@functools.cache
def made(name: str) -> dict[str, Figure]:
    """The figures of a case."""
    return drawn(draw, CASES[name])


def panels(figure: Figure) -> dict[str, Axes]:
    """The panels of the only scenario by the first line of their title."""
    return {
        axes.get_title(loc="left").split("\n")[0]: axes
        for axes in figure.axes
        if axes.axison and axes.get_title(loc="left") and axes.get_in_layout()
    }


def mesh(panel: Axes) -> QuadMesh:
    """The cells of a phase diagram."""
    return next(c for c in panel.collections if isinstance(c, QuadMesh))


def final(ds: xr.Dataset, name: str, statistic: str = "mean", **at: str) -> np.ndarray:
    """A statistic of an outcome at the last horizon. (point,)"""
    return ds[variable(name, statistic)].isel(tick=-1).sel(at).values
