"""The look that all figures share: sheet, fonts, colours, provenance, and how a figure is saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.figures.values import listed, month_name

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

WIDTH = 10.0
"""Width of every figure in inches."""
MARGIN = 0.15
"""White edge of the sheet in inches."""
DPI = 150

INK, GREY, FAINT = "#1a1a1a", "#595959", "#d9d9d9"
BAND = "#f5f5f5"
"""Ground of every other row."""
FAN = {"wide": "#c6dbef", "half": "#7fb1d8", "median": "#08306b", "mean": "#c2410c"}
"""Blues for the spread over runs; orange for the mean and its error."""
RUNGS = {
    "loyal": "#1f4e79",
    "absent": "#86b6da",
    "critical": "#f6dd9a",
    "frozen": "#e08e45",
    "outside": "#7a1f1d",
}
"""From blue through pale to dark red; apart in lightness too, so safe for colour blindness."""
STEPS = ("#86cfc0", "#3fb0c6", "#2081bf", "#22559f", "#14246b", "#000000")
"""Horizons, light for the earliest and dark for the last."""
LINES = (
    "#332288",
    "#cc6677",
    "#117733",
    "#88ccee",
    "#882255",
    "#ddaa33",
    "#44aa99",
    "#999933",
    "#aa4499",
)
"""Paul Tol's muted scheme (sand darkened), told apart under all colour blindness."""

BETWEEN = "  |  "
"""Between the parts of a footer."""
SMALL, NORMAL, LARGE, HEAD = 8.0, 9.0, 10.0, 13.0
"""Font sizes in points."""

_RC: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
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
}


def step(k: int, count: int) -> str:
    """The colour of the k-th of so many horizons."""
    last = len(STEPS) - 2 if count < len(STEPS) else len(STEPS) - 1
    return STEPS[last if count == 1 else min(round(k * last / (count - 1)), last)]


@contextmanager
def look() -> Iterator[None]:
    """Matplotlib's defaults and the settings above, whatever the user's own; undone afterwards."""
    from matplotlib import style

    with style.context(["default", _RC]):
        yield


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line of text in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def wrap(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines of text no wider than ``width`` inches, unless a single word is."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shorten(text: str, width: float, size: float) -> str:
    """The text, its end cut off where it is wider than ``width`` inches."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


DESIGNS = {
    "grid": "grid",
    "lhs": "Latin hypercube",
    "sobol": "Sobol sequence",
    "file": "points from a file",
}
"""The designs of a study in words."""


def provenance(ds: xr.Dataset, note: str) -> str:
    """Where a figure comes from: scenario, alliance, runs, seed, marks of error."""
    a = ds.attrs
    parts = [
        _scenarios(ds),
        f"{a['alliance']}, led by {a['leader_name']}",
        _runs(ds),
        f"seed {a['seed']}",
        *note.split(BETWEEN),
    ]
    return BETWEEN.join(" ".join(part.split()) for part in parts if part)


def _scenarios(ds: xr.Dataset) -> str:
    """The scenario of a run, or the first few of a study."""
    names = listed(ds, "scenarios") or [str(ds.attrs["scenario"])]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"Scenario{'s' if len(names) > 1 else ''}: {', '.join(names[:4])}{more}"


def _runs(ds: xr.Dataset) -> str:
    """How many runs, and in a study at how many points of which design."""
    runs = int(ds.attrs["runs"])
    told = f"{runs:,} run" + ("" if runs == 1 else "s")
    if "point" not in ds.dims:
        return told
    points, design = ds.sizes["point"], str(ds.attrs["design"])
    many = "" if points == 1 else "s"
    return f"{points:,} point{many} ({DESIGNS.get(design, design)}), {told} each"


def sheet(ds: xr.Dataset, headline: str, below: str, note: str, height: float) -> Figure:
    """An empty figure with its headline, a line or two below it, and the footer.

    ``height`` in inches is what is left for the axes; the sheet grows with its texts.
    """
    title = " ".join(str(ds.attrs["title"]).split())
    period = f"{month_name(ds, 0)} to {month_name(ds, -1)}"
    return page(headline, f"{title} ({period})", below, provenance(ds, note), height)


def page(headline: str, second: str, below: str, footer: str, height: float) -> Figure:
    """An empty figure with three blocks of text above and one below the axes."""
    from matplotlib.figure import Figure

    room = WIDTH - 2 * MARGIN - 0.1  # drawn text is a little wider than text_width says
    blocks = [
        (wrap(headline, room, HEAD, bold=True), HEAD, "bold", INK),
        (wrap(second, room, LARGE), LARGE, "normal", INK),
        (wrap(below, room, NORMAL), NORMAL, "normal", GREY),
    ]
    foot = wrap(footer, room, SMALL)
    top = MARGIN + sum(_height(len(lines), size) for lines, size, _, _ in blocks)
    bottom = MARGIN + _height(len(foot), SMALL)
    total = top + height + bottom
    figure = Figure(figsize=(WIDTH, total), dpi=DPI)
    x, y = MARGIN / WIDTH, total - MARGIN
    for lines, size, weight, colour in blocks:
        style: dict[str, Any] = {"fontsize": size, "fontweight": weight, "color": colour}
        figure.text(x, y / total, "\n".join(lines), va="top", **style)
        y -= _height(len(lines), size)
    figure.text(x, MARGIN / total, "\n".join(foot), va="bottom", fontsize=SMALL, color=GREY)
    rect = (x, bottom / total, 1 - 2 * x, height / total)
    figure.set_layout_engine("constrained", rect=rect, h_pad=0.07, w_pad=0.05)
    return figure


def _height(lines: int, size: float) -> float:
    """Height of a block of text with the space below it, in inches."""
    return (lines * 1.25 + 0.55) * size / 72


def legend(figure: Figure, rows: Sequence[Sequence[tuple[Any, str]]]) -> None:
    """Legend rows between the heading of the figure and its axes, which make room for them.

    An entry is a handle and its label; a row too wide for the sheet is broken.
    """
    from matplotlib.legend import Legend

    engine: Any = figure.get_layout_engine()
    left, bottom, wide, high = engine.get()["rect"]
    tall = 0.24 / figure.get_figheight()
    for entries in (part for row in rows for part in _break(row)):
        handles, labels = zip(*entries, strict=True)
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (left, bottom + high)}
        key = Legend(figure, handles, labels, ncols=len(entries), **place)
        key.set_in_layout(False)
        figure.add_artist(key)
        high -= tall
    engine.set(rect=(left, bottom, wide, high))


def _break(row: Sequence[tuple[Any, str]]) -> list[list[tuple[Any, str]]]:
    """Rows of legend entries, each no wider than the sheet."""
    rows: list[list[tuple[Any, str]]] = []
    left = 0.0
    for entry in row:
        width = text_width(entry[1], NORMAL) + 0.57
        if not rows or width > left:
            rows.append([])
            left = WIDTH - 2 * MARGIN
        rows[-1].append(entry)
        left -= width
    return rows


def settle(figure: Figure) -> Figure:
    """Lay the figure out once and for all, so that every drawing of it is the same."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def save(figure: Figure, path: str | Path) -> Path:
    """Write a PNG at 150 dpi: whole or not at all, and the same bytes for the same figure."""
    import os
    import secrets

    target = Path(path)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with look(), beside.open("wb") as file:
            figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    return target
