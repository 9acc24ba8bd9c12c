"""A sheet: its texts, legend, panels and colour bars, and how it is saved."""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text

from sim.figures import style
from sim.figures.letters import drawable, say_what_was_replaced
from sim.model.dates import with_months

BETWEEN = "  |  "
"""Between the parts of a footer."""
TEXT = 0.155
"""Height of a line of small text in inches."""
LEGEND = 0.24
"""Height of a row of a legend in inches."""
MARK = 0.57
"""Width of the mark of a legend's entry with the space around it."""
LEAST = 2.8
"""Width of a panel with its labels at least."""
PAIR = 4.0
"""Width of a panel with names beside it at least."""

Entry = tuple[Artist, str]
"""A mark of a legend and what it means."""


def page(headline: str, second: str, below: str, footer: str, height: float) -> Figure:
    """An empty figure with three blocks of text above the axes and one below them.

    Parameters
    ----------
    headline, second, below : what the figure says, what it shows, how to read it; an empty one takes no room.
    footer : where it comes from.
    height : inches for legend and axes on a sheet of the usual width; it grows with its texts, and with its legend.
    """
    room = style.room() - 0.1  # drawn text is a little wider than text_width says
    texts = [
        (headline, style.HEAD, "bold", style.INK),
        (second, style.LARGE, "normal", style.INK),
        (below, style.NORMAL, "normal", style.GREY),
    ]
    blocks = [(style.wrap(text, room, size, w == "bold"), size, w, c) for text, size, w, c in texts if text]
    foot = style.wrap(with_months(footer), room, style.SMALL)
    bottom = style.MARGIN + _height(len(foot), style.SMALL)
    total = style.MARGIN + sum(_height(len(lines), size) for lines, size, _, _ in blocks) + height + bottom
    figure = Figure(figsize=(style.width(), total), dpi=style.DPI)
    x, y = style.MARGIN / style.width(), total - style.MARGIN
    for lines, size, weight, colour in blocks:
        looks: dict[str, Any] = {"fontsize": size, "fontweight": weight, "color": colour}
        figure.text(x, y / total, "\n".join(lines), va="top", **looks)
        y -= _height(len(lines), size)
    figure.text(x, style.MARGIN / total, "\n".join(foot), va="bottom", **style.NOTE)
    rect = (x, bottom / total, 1 - 2 * x, height / total)
    figure.set_layout_engine("constrained", rect=rect, h_pad=0.07, w_pad=0.05)
    return figure


def _height(lines: int, size: float) -> float:
    """Height of a block of text with the space below it, in inches."""
    return (lines * 1.25 + 0.55) * size / 72


def columns(count: int) -> int:
    """In how many columns so many panels stand."""
    return min(2 if count == 4 else count, 3, style.across(LEAST))


def pair() -> int:
    """In how many columns two panels with names beside them stand."""
    return min(2, style.across(PAIR))


def take(figure: Figure, inches: float) -> tuple[float, float, float, float]:
    """Take a strip off the top of the room for axes; the room as it was: left, bottom, width, height."""
    engine: Any = figure.get_layout_engine()
    left, bottom, wide, high = engine.get()["rect"]
    engine.set(rect=(left, bottom, wide, high - inches / figure.get_figheight()))
    return left, bottom, wide, high


def legend(figure: Figure, *rows: Sequence[Entry]) -> None:
    """Legend rows between the heading of the figure and its axes; a row too wide for the sheet is broken."""
    room = style.room()
    broken, usual = (
        [part for row in rows for part in _broken(row, wide)] for wide in (room, style.WIDTH - 2 * style.MARGIN)
    )
    _grow(figure, sum(map(_tall, broken)) - sum(map(_tall, usual)))
    for entries in broken:
        left, bottom, _, high = take(figure, _tall(entries))
        handles, labels = zip(*entries, strict=True)
        place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (left, bottom + high)}
        key = Legend(figure, handles, labels, ncols=len(entries), **place)
        key.set_in_layout(False)
        figure.add_artist(key)


def _broken(row: Sequence[Entry], room: float) -> list[list[Entry]]:
    """Rows of legend entries, each no wider than ``room``; a text that is wider is broken."""
    rows: list[list[Entry]] = []
    left = 0.0
    for mark, text in row:
        lines = style.wrap(text, room - MARK, style.NORMAL)
        width = max(style.text_width(line, style.NORMAL) for line in lines) + MARK
        if not rows or width > left:
            rows.append([])
            left = room
        rows[-1].append((mark, "\n".join(lines)))
        left -= width
    return rows


def _tall(row: Sequence[Entry]) -> float:
    """Height of a row of a legend in inches."""
    return LEGEND + TEXT * max(text.count("\n") for _, text in row)


def _grow(figure: Figure, inches: float) -> None:
    """Make the sheet taller; texts keep their places from its top and its foot, and the axes have the new room."""
    engine: Any = figure.get_layout_engine()
    left, bottom, wide, high = engine.get()["rect"]
    was, now = figure.get_figheight(), figure.get_figheight() + inches
    figure.set_figheight(now)
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((x, (y * was + inches * (text.get_verticalalignment() == "top")) / now))
    engine.set(rect=(left, bottom * was / now, wide, (high * was + inches) / now))


def line(label: str, colour: str, width: float = 1.6, **looks: Any) -> Entry:
    """The legend entry of a line."""
    return Line2D([], [], **{"color": colour, "lw": width, **looks}), label


def like(label: str, looks: Mapping[str, Any]) -> Entry:
    """The legend entry of a line that is drawn with these looks."""
    return Line2D([], [], **looks), label


def dot(label: str, colour: str, size: float = 4, marker: str = "o") -> Entry:
    """The legend entry of a marker."""
    return line(label, colour, 0, marker=marker, ms=size)


# --- panels


def grid(figure: Figure, count: int, columns: int, share: bool = False) -> list[Axes]:
    """So many panels in rows; the places that are left in the last row are blank."""
    panels = figure.subplots(-(-count // columns), columns, squeeze=False, sharex=share, sharey=share).ravel()
    for blank in panels[count:]:
        blank.set_visible(False)
    return list(panels[:count])


class Across(NamedTuple):
    """A text from one side of the sheet to the other: a heading, or the label of a shared axis."""

    text: str
    bold: bool = False


def panels(figure: Figure, rows: Sequence[Across | int], columns: int, height: float) -> list[list[Axes]]:
    """Rows of so many panels, ``height`` inches each, with texts in between."""
    ratios = [0.02 if isinstance(row, Across) else height for row in rows]
    grid = GridSpec(len(rows), columns, figure=figure, height_ratios=ratios)
    made = []
    for k, row in enumerate(rows):
        if isinstance(row, Across):
            _write_across(figure.add_subplot(grid[k, :]), row)
        else:
            made.append([figure.add_subplot(grid[k, c]) for c in range(row)])
    return made


def _write_across(strip: Axes, row: Across) -> None:
    """A heading at the left, the label of an axis in the middle."""
    strip.axis("off")
    text = "\n".join(style.wrap(row.text, style.room() - 1.2, style.NORMAL, row.bold))
    if row.bold:
        strip.text(0, 0, text, va="bottom", **style.BOLD)
    else:
        strip.text(0.5, 1, text, va="top", ha="center", fontsize=style.NORMAL)


def rows_of(count: int) -> list[int]:
    """How many of so many panels stand in each row."""
    return [min(columns(count), count - k) for k in range(0, count, columns(count))]


def inner(columns: int) -> float:
    """About how many inches wide a panel is."""
    return (style.room() - 0.6) / columns - 0.22


def upright(label: str, height: float) -> tuple[str, bool]:
    """The label of a vertical axis in three lines at most, and whether its end is cut off."""
    lines = style.lines(label, height, style.NORMAL, 3)
    return "\n".join(lines), lines != style.wrap(label, height, style.NORMAL)


def title(panel: Axes, text: str, second: str, width: float) -> None:
    """What a panel shows, in two lines at most, and a smaller line of grey below."""
    lines = style.lines(text, width, style.NORMAL, 2)
    small = style.wrap(second, width, style.SMALL) if second else []
    panel.set_title("\n".join(lines), fontsize=style.NORMAL, pad=4 + 10.5 * len(small))
    if small:
        place: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        panel.annotate("\n".join(small), (0, 1), (0, 3), **place, **style.NOTE)


def head(text: str, second: str, width: float) -> tuple[list[str], list[str]]:
    """Lines of a panel's title, two at most, and of the smaller text below it."""
    first, *rest = style.wrap(text, width, style.NORMAL, bold=True)
    rest = [style.shorten(" ".join(rest), width, style.NORMAL)] if rest else []
    return [first, *rest], style.wrap(second, width, style.SMALL)


# --- sheets laid out by hand: places in inches, from the left and from the foot of the sheet


def by_hand(figure: Figure) -> float:
    """End the automatic layout; the top of the room that is left for axes."""
    _, bottom, _, high = take(figure, 0.0)
    figure.set_layout_engine("none")
    return float((bottom + high) * figure.get_figheight())


def write(figure: Figure, x: float, y: float, text: str | Iterable[str], **looks: Any) -> None:
    """Text, or lines of text, at a place; small where no size is given."""
    wide, high = figure.get_size_inches()
    words = text if isinstance(text, str) else "\n".join(text)
    figure.text(x / wide, y / high, words, **{"fontsize": style.SMALL, **looks})


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes below ``top``."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, (top - height) / high, width / wide, height / high))


def rows(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes for rows one below the other: the vertical axis is inches from the top."""
    axes = place(figure, left, top, width, height)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.patch.set_visible(False)  # the ground may come from other axes
    return axes


def ground(axes: Axes, width: float, top: float, bottom: float, left: float, right: float) -> None:
    """Tint the ground of a row, from so many inches left of axes of ``width`` to so many right of them."""
    axes.axhspan(top, bottom, -left / width, 1 + right / width, color=style.BAND, lw=0, clip_on=False, zorder=0)


def write_head(figure: Figure, x: float, y: float, lines: tuple[list[str], list[str]]) -> None:
    """The title of a panel and the smaller text below it, whose foot is at ``y``."""
    title, small = lines
    write(figure, x, y + 0.17 + TEXT * (len(small) - 1), title, va="bottom", **style.BOLD)
    write(figure, x, y, small, va="bottom", color=style.GREY)


def sides(figure: Figure, x: float, y: float, left: str, right: str, room: float) -> None:
    """What is better left and right of the line at ``x``; without that word where it is wider than ``room`` inches."""
    if any(style.text_width(f"← {words}", style.SMALL) > room for words in (left, right)):
        left, right = (words.replace("better", "").strip() for words in (left, right))
    write(figure, x - 0.07, y, f"← {left}", ha="right", va="bottom", color=style.GREY)
    write(figure, x + 0.07, y, f"{right} →", ha="left", va="bottom", color=style.GREY)


# --- files


def settle(figure: Figure) -> Figure:
    """Lay the figure out once and for all, so that every drawing of it is the same."""
    for text in figure.findobj(Text):
        text.set_text("\n".join(map(drawable, text.get_text().split("\n"))))
    FigureCanvasAgg(figure)
    if figure.axes and (engine := figure.get_layout_engine()):
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:  # the solver's last digits hang on the order in which it finds its constraints
        laid_out = axes.get_in_layout()
        left, bottom, width, height = (round(x, 9) for x in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))
        axes.set_in_layout(laid_out)
    return figure


WITHOUT_DATE: dict[str, Any] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""The formats, and what is left out of each so that the same figure gives the same bytes."""


def save(figure: Figure, path: str | Path) -> Path:
    """Write a file, a PNG at 150 dpi: whole or not at all, and the same bytes for the same figure.

    Parameters
    ----------
    figure : of any function of these modules.
    path : the file, whose ending says the format: png, svg or pdf; one that is there is replaced.

    Returns
    -------
    The file's path.
    """
    target = Path(path)
    kind = target.suffix.removeprefix(".")
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with style.look(), beside.open("wb") as file:
            if kind == "png":
                canvas: Any = FigureCanvasAgg(figure)
                canvas.print_png(file, metadata=WITHOUT_DATE[kind])  # savefig draws twice
            else:
                figure.savefig(file, format=kind, metadata=WITHOUT_DATE[kind])
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def save_all(draw: Callable[[], Mapping[str, Figure]], folder: Path) -> None:
    """Draw figures and write them to a folder, which is made where there is none, each by its name."""
    folder.mkdir(exist_ok=True)
    for name, figure in draw().items():
        save(figure, folder / f"{name}.png")
    say_what_was_replaced()
