"""Sheets laid out by hand: places in inches, from the left and from the foot of the sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT = 0.155
"""Height of a line of small text."""


def by_hand(figure: Figure) -> float:
    """End the automatic layout; returns the top of the room that is left for axes."""
    engine: Any = figure.get_layout_engine()
    _, bottom, _, high = engine.get()["rect"]
    figure.set_layout_engine("none")
    return float((bottom + high) * figure.get_figheight())


def write(figure: Figure, x: float, y: float, text: str, **looks: Any) -> None:
    """Text at a place, small unless told otherwise."""
    size = figure.get_size_inches()
    figure.text(x / size[0], y / size[1], text, **{"fontsize": style.SMALL, **looks})


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes below ``top``."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, (top - height) / high, width / wide, height / high))


def lines(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes for lines one below the other: the vertical axis is inches from the top."""
    axes = place(figure, left, top, width, height)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.patch.set_visible(False)  # the ground may come from other axes
    return axes


def ground(axes: Axes, left: float, width: float, top: float, bottom: float) -> None:
    """Tint the ground of some lines, from ``left`` inches before the axes over the sheet."""
    axes.axhspan(top, bottom, -left / width, 1.0 + 0.1 / width, color=style.BAND, lw=0, clip_on=False, zorder=0)


def sides(figure: Figure, x: float, y: float, words: Sequence[str]) -> None:
    """What it means to lie left and right of the line at ``x``."""
    looks: dict[str, Any] = {"color": style.GREY, "va": "bottom"}
    write(figure, x - 0.07, y, f"← {words[0]}", ha="right", **looks)
    write(figure, x + 0.07, y, f"{words[1]} →", ha="left", **looks)


def number(x: float, digits: int = 1) -> str:
    """A number with a proper minus, without decimals where it is large."""
    return f"{x:,.{digits if abs(x) < 100 else 0}f}".replace("-", "−")
