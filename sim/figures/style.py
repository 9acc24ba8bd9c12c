"""The look that all figures share: sheet size, fonts, colours; how wide a text is, and numbers in words."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from numbers import Real
from typing import Any, NamedTuple

from matplotlib import style
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from sim.errors import InputError, Problem
from sim.figures.letters import drawable, families
from sim.model.outcomes import bound, percent as in_percent

WIDTH = 10.0
"""Width of a sheet in inches where no other is asked for."""
WIDTHS = 6.0, 14.0
"""The narrowest and the widest sheet."""
MARGIN = 0.15
"""White edge of the sheet in inches."""
DPI = 150

INK, GREY, FAINT = "#1a1a1a", "#595959", "#d9d9d9"
BAND = "#f5f5f5"
"""Ground of every other row."""
FAN = {"wide": "#c6dbef", "half": "#7fb1d8", "deep": "#3a7ab5", "median": "#08306b", "mean": "#c2410c"}
"""Blues for the distribution over runs; orange for the mean and its error."""
SOURCES = {
    "parameters": ("coefficients, coded values", FAN["deep"]),
    "inputs": ("inputs to come", FAN["half"]),
    "chance": ("chance", FAN["wide"]),
}
"""Why runs differ, in words and colours: the darker, the nearer to what is not known today."""
UNCERTAINTY = "90\u00a0% interval over coefficients, coded values and inputs to come"
"""Of a probability, or of what else is expected."""
AWAY = FAN["mean"]
"""What lies outside a band."""
GOOD, BAD, OPEN = "#1b6e53", "#a33b2a", "#595959"
"""Verdicts."""
STEPS = ("#86cfc0", "#3fb0c6", "#2081bf", "#22559f", "#14246b", "#000000")
"""Horizons, light for the earliest and dark for the last."""
LINES = ("#332288", "#cc6677", "#117733", "#88ccee", "#882255", "#ddaa33", "#44aa99", "#999933", "#aa4499")
"""Paul Tol's muted scheme (sand darkened), distinct under all colour blindness."""
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 2, 1.5, 2)))
DISSOLVED: dict[str, Any] = {"facecolor": "#e3e3e3", "edgecolor": "#8c8c8c", "hatch": "////", "linewidth": 0.0}
"""The alliance is no more."""

_NUMBER = r"[<>+\-−±]?\d[\d.,]*(?:\u00a0%)?"
INTERVAL = re.compile(
    rf"(?:{_NUMBER} (?:points )?)?\((?:9[05]\u00a0%: )?{_NUMBER} to {_NUMBER}\)"
    rf"|(?<![\d-]){_NUMBER} to {_NUMBER}(?![\d-])"
)
"""``5 % (1 to 20)``, ``9 % (90 %: 0.5 to 34)``, ``0.20 to 0.51``: an estimate and the ends of its interval."""

SMALL, NORMAL, LARGE, HEAD = 8.0, 9.0, 10.0, 13.0
"""Font sizes in points."""
NOTE: dict[str, Any] = {"fontsize": SMALL, "color": GREY}
BOLD: dict[str, Any] = {"fontsize": NORMAL, "fontweight": "bold"}
DASHED: dict[str, Any] = {"color": GREY, "lw": 1.0, "linestyle": (0, (4, 3))}

_RC: dict[str, Any] = {
    "font.size": NORMAL,
    "text.color": INK,
    "text.parse_math": False,
    "axes.titlesize": LARGE,
    "axes.titlelocation": "left",
    "axes.labelsize": NORMAL,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": NORMAL,
    "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.2,
    "legend.handlelength": 1.6,
    "legend.columnspacing": 1.8,
    "savefig.dpi": "figure",
    "svg.hashsalt": "alliance-cohesion",
    "pdf.fonttype": 42,
}


_width = ContextVar("width", default=WIDTH)


@contextmanager
def sheets(width: float) -> Iterator[None]:
    """Figures made within are laid out for sheets of another width; their letters keep their size.

    Parameters
    ----------
    width : in inches, from 6 to 14.

    Raises
    ------
    InputError
        For any other width.
    """
    low, high = WIDTHS
    if isinstance(width, bool) or not isinstance(width, Real) or not low <= width <= high:
        raise InputError([Problem("width", "", f"{width!r:.60}", f"allowed: {low:g} to {high:g} inches")])
    before = _width.set(float(width))
    try:
        yield
    finally:
        _width.reset(before)


def width() -> float:
    """Width of a sheet in inches."""
    return _width.get()


def room() -> float:
    """Width that is left between the edges."""
    return width() - 2 * MARGIN


def scaled(inches: float) -> float:
    """So much of a sheet of the usual width, in proportion."""
    return inches * room() / (WIDTH - 2 * MARGIN)


def across(least: float) -> int:
    """How many parts of at least so many inches stand side by side."""
    return max(1, int(room() / least))


@contextmanager
def look() -> Iterator[None]:
    """Matplotlib's defaults and the settings above, whatever the user's own; undone afterwards."""
    with style.context(["default", {**_RC, "font.family": families()}]):
        yield


def step(k: int, count: int) -> str:
    """The colour of the k-th of so many horizons."""
    last = len(STEPS) - 2 if count < len(STEPS) else len(STEPS) - 1
    return STEPS[last if count == 1 else min(round(k * last / (count - 1)), last)]


class State(NamedTuple):
    """How a state is drawn in every figure."""

    colour: str
    dashes: Any
    """Tell apart the states that share a colour, of which there are more than colours in a large alliance."""


def states(codes: Sequence[str], first: Sequence[str] = ()) -> dict[str, State]:
    """The look of every state of an alliance, drawn or not: the same in all figures of a result.

    Parameters
    ----------
    codes : the states in the scenario's order, by which they have colours where there are enough for all.
    first : those that have the colours before the others where there are not: what figures draw in colour.
    """
    count = len(LINES)
    order = codes if len(codes) <= count else dict.fromkeys((*first, *codes))
    return {code: State(LINES[k % count], DASHES[k // count % len(DASHES)]) for k, code in enumerate(order)}


@lru_cache(10_000)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of text in inches."""
    font = FontProperties(family=families(), size=size, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(drawable(text), font, ismath=False)
    return float(width) / 72


def wrap(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines of drawable text no wider than ``width`` inches; a word that is wider is broken, an interval is not."""
    lines: list[str] = []
    for word in (part for whole in unbroken(drawable(text)).split(" ") for part in _broken(whole, width, size, bold)):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line.strip(" ") for line in lines]


def unbroken(text: str) -> str:
    """A text in which no line ends between a number and its %, or within an interval."""
    return INTERVAL.sub(lambda found: found[0].replace(" ", "\u00a0"), text.replace(" %", "\u00a0%"))


def _broken(word: str, width: float, size: float, bold: bool) -> list[str]:
    """A word in parts that are no wider than ``width`` inches."""
    parts = []
    while len(word) > 1 and text_width(word, size, bold) > width:
        fits = [n for n in range(1, len(word)) if text_width(word[:n], size, bold) <= width]
        parts.append(word[: max(fits, default=1)])
        word = word[len(parts[-1]) :]
    return [*parts, word]


def lines(text: str, width: float, size: float, most: int) -> list[str]:
    """The text in so many lines at most, the end of the last cut off where there is no room."""
    found = wrap(text, width, size)
    return found if len(found) <= most else [*found[: most - 1], shorten(" ".join(found[most - 1 :]), width, size)]


def shorten(text: str, width: float, size: float) -> str:
    """The text, drawable, its end cut off where it is wider than ``width`` inches."""
    text = drawable(text)
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def percent(share: float) -> str:
    """A probability as tables have it, 0 or 100 only where it is exactly that."""
    if math.isnan(share):
        return "none"
    return "0 %" if share <= 0 else "100 %" if share >= 1 else f"{in_percent(share)} %"


def level(p: Mapping[str, float]) -> str:
    """An estimate for the eye, or :func:`bound` where so few runs say no more; of one run its number."""
    less, mean = bound(p), p["mean"]
    if p["low"] == p["low"]:
        mean = min(max(mean, 1e-9), 1 - 1e-9)  # runs, however many, make no estimate a certainty
    return f"{less} %" if less else percent(mean)


def whole_percent(share: float) -> str:
    """A share of cases in whole percent that is 0 or 100 only where it is; none where it is not known."""
    if math.isnan(share):
        return "none"
    if 0 < share < 0.005:
        return "less than 1\u00a0%"
    return f"{100 * min(share, 0.99) + 0.0 if share < 1 else 100:.0f}\u00a0%"


def error_bound(error: float) -> str:
    """An error in one digit, rounded up: ``±0.02``; never less than ``±0.0001``."""
    error = max(error, 1e-4)
    digits = max(-math.floor(math.log10(error)), 0)
    return f"±{math.ceil(round(error * 10**digits, 6)) / 10**digits:.4g}"


def signed(x: float, digits: int = 1) -> str:
    """A number without a plus, with a proper minus where it shows, and without decimals where it is large."""
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    return f"{x:z,.{digits if abs(x) < 100 else 0}f}".replace("-", "−")
