"""What a reader sees of a figure: its texts, and where they are."""

import itertools
import warnings
from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from sim.figures.style import SMALL, WIDTHS, sheets

TITLE = "The CSTO forecast"
FOOT = "Backtest: invented  |  history  |  4,096 futures of 512 posterior draws an origin  |  seed 1"


def drawn(function: Callable[..., Any], *parts: Any) -> Any:
    """What a function draws, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(*parts)


def _tick_texts(axes: Axes) -> list[Text]:
    """The tick labels that are drawn: those of ticks inside the limits."""
    labels = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if low <= tick.get_loc() <= high:
                labels += [tick.label1, tick.label2]
    return labels


def texts(figure: Figure) -> list[Text]:
    """Every text that the reader sees, where it is: legends and ticks are put in their places by drawing."""
    figure.draw_without_rendering()
    found = list(figure.texts)
    for legend in figure.findobj(Legend):
        found += legend.get_texts()
    for axes in figure.axes:
        if axes.get_visible():
            titles = [child for child in axes.get_children() if isinstance(child, Text)]
            found += [*_tick_texts(axes), *titles, axes.xaxis.label, axes.yaxis.label]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def boxes(figure: Figure) -> dict[str, Bbox]:
    """The place of every text on the sheet, in pixels; figures come laid out."""
    renderer = figure.canvas.get_renderer()
    return {f"{k} {t.get_text()!r}": t.get_window_extent(renderer) for k, t in enumerate(texts(figure))}


def check(figure: Figure) -> None:
    """No text overlaps another, is cut off or is smaller than the smallest letters."""
    assert min(text.get_fontsize() for text in texts(figure)) >= SMALL
    places = boxes(figure)
    for text, box in places.items():
        assert figure.bbox.contains(box.x0, box.y0), text
        assert figure.bbox.contains(box.x1, box.y1), text
    for (a, first), (b, second) in itertools.combinations(places.items(), 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        # a pixel of the line above may be shared: boxes hold room for accents and descenders
        assert wide <= 0 or high <= 1, f"{a} and {b}"


PAGE = 6.5
"""Width of a page of text, in inches."""


def check_narrow(draw: Callable[[], dict[str, Figure]], *widths: float) -> None:
    """Figures drawn for a page of text, and for the narrowest sheet, are as wide as that and as whole as the others."""
    for width in widths or (PAGE, WIDTHS[0]):
        with sheets(width):
            figures = drawn(draw)
        for figure in figures.values():
            assert figure.get_figwidth() == width
            check(figure)


def check_marks(figure: Figure) -> None:
    """No mark or arrow that stands for one value lies on a text."""
    places = boxes(figure)
    for line in (line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) == 1):
        x, y = line.get_transform().transform(line.get_xydata()[0])
        for text, box in places.items():
            assert not (box.x0 - 4 < x < box.x1 + 4 and box.y0 < y < box.y1), text


def shown(figure: Figure) -> str:
    """All that the reader reads, in one line."""
    return " ".join(" ".join(t.get_text().split()) for t in texts(figure))


def headline(figure: Figure) -> str:
    """The first line."""
    return " ".join(figure.texts[0].get_text().split())
