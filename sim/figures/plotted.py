"""What a figure draws, read back from it as one table: the numbers of every line, band, bar, dot and cell."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

SAYS = "says"
"""The attribute of an artist whose numbers are not its places, such as the width of a tie: its rows."""
COLUMNS = ("panel", "mark", "series", "date", "x", "y", "low", "high", "value")
Row = dict[str, Any]


def plotted(figure: Figure) -> pd.DataFrame:
    """A row for each point of each mark.

    Parameters
    ----------
    figure : of any function of these modules.

    Returns
    -------
    Columns panel (its title), mark (line, band, bar, dot, cell, tie or slice), series (what it shows, where the figure
    says so), date where an axis is time, x, y; low and high of a band or bar; value of a dot or cell that has a colour.
    """
    rows = [
        {"panel": " ".join(axes.get_title(loc="left").split()), **row}
        for axes in figure.axes
        if axes.get_visible() and axes.get_in_layout()
        for row in _rows(axes)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).dropna(axis="columns", how="all")


def _rows(axes: Axes) -> Iterator[Row]:
    """Of all artists that are placed by data, in the order in which they were drawn."""
    time: Any = axes.xaxis.get_major_formatter()
    dated = isinstance(time, mdates.DateFormatter)
    num2date: Any = mdates.num2date
    for artist in axes.get_children():
        label = str(artist.get_label())
        own = {} if label.startswith("_") else {"series": label}
        for row in _of(artist, axes):
            if dated and "x" in row:
                row["date"] = f"{num2date(row.pop('x')):%Y-%m-%d}"
            yield {**own, **row}


def _of(artist: Any, axes: Axes) -> Iterator[Row]:
    """The points of one artist; of lines and grounds that belong to the axes none."""
    data = axes.transData
    match artist:
        case _ if hasattr(artist, SAYS):
            yield from getattr(artist, SAYS)
        case LineCollection() if artist.get_transform() == data:
            for (x, y), (x2, y2) in (segment for segment in artist.get_segments() if len(segment) == 2):
                place = {"y": y, "low": x, "high": x2} if y == y2 else {"x": x, "low": y, "high": y2}
                yield {"mark": "bar", **place}
        case QuadMesh():
            corners = np.asarray(artist.get_coordinates())
            centres = (corners[:-1, :-1] + corners[1:, 1:]) / 2
            values = np.ma.filled(np.ma.asarray(artist.get_array(), dtype=np.float64), np.nan)
            for (x, y), value in zip(centres.reshape(-1, 2), values.ravel(), strict=True):
                yield {"mark": "cell", "x": x, "y": y, "value": value}
        case PathCollection():
            places, colours = np.asarray(artist.get_offsets()), artist.get_array()
            values = np.full(len(places), np.nan) if colours is None else np.asarray(colours)
            for (x, y), value in zip(places, values, strict=True):
                yield {"mark": "dot", "x": x, "y": y, "value": value}
        case PolyCollection():
            for path in artist.get_paths():
                corners = np.asarray(path.vertices)
                for x in np.unique(corners[:, 0]):
                    here = corners[corners[:, 0] == x, 1]
                    yield {"mark": "band", "x": x, "low": here.min(), "high": here.max()}
        case Rectangle() if artist is not axes.patch and artist.get_data_transform() == data:
            left, bottom, wide, high = artist.get_x(), artist.get_y(), artist.get_width(), artist.get_height()
            yield {"mark": "bar", "y": bottom + high / 2, "low": left, "high": left + wide}
        case _ if artist in axes.lines and artist.get_transform() == data:
            points = np.asarray(artist.get_xydata(), dtype=np.float64)
            mark = "line" if len(points) > 1 else "dot"
            yield from ({"mark": mark, "x": x, "y": y} for x, y in points)
