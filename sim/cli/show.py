"""The one console: all that the command says goes through here.

Data is never markup; a line that may be copied is never broken; neither a number nor a column that says which row it is
is ever cut; and what a stream cannot encode is written in letters that it can.
"""

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from sim.reports.blocks import Block, Column as Column, Paragraph, Part as Part

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text

LIKENESS = str.maketrans({"±": "+-", "─": "-", "–": "-", "█": "#", "·": ".", "’": "'", "…": "...", "\u00a0": " "})
"""What stands for a sign of ours where the stream's encoding lacks it."""

WRAPPED = 19
"""Least width of a column of words, in characters."""


class Advance(Protocol):
    """Tells a bar how much is done, and in words what is being done."""

    def __call__(self, done: float, words: str = "") -> None: ...


def printable(text: str, encoding: str) -> str:
    """One line that a stream of this encoding takes; what it lacks, and what would steer a terminal, is escaped."""
    if text.isascii() and text.isprintable():
        return text
    from unicodedata import category

    plain = "".join(" " if c in "\n\r\t" else _escaped(c) if category(c)[0] == "C" else c for c in text)
    try:
        return plain.encode(encoding).decode(encoding)
    except UnicodeEncodeError:
        return plain.translate(LIKENESS).encode(encoding, "backslashreplace").decode(encoding)


def _escaped(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode() if character > "\x7f" else f"\\x{ord(character):02x}"


def line(text: str) -> None:
    """A line on standard output that may be copied: never broken."""
    _write(text, sys.stdout)


def notice(text: str) -> None:
    """A line on standard error: never broken."""
    _write(text, sys.stderr)


def _write(text: str, stream: TextIO) -> None:
    _end_bars(stream)
    print(printable(text, _encoding(stream)), file=stream, flush=True)


_bars: list["Progress"] = []
"""Those that are shown."""


def _end_bars(stream: TextIO) -> None:
    """Take a bar away where results are printed, as it would overwrite them."""
    while stream is sys.stdout and _bars:
        _bars.pop().stop()


def _encoding(stream: TextIO) -> str:
    return stream.encoding or "utf-8"


def print_json(value: object) -> None:
    """JSON on standard output, in ASCII, which every stream takes."""
    import json

    _end_bars(sys.stdout)
    print(json.dumps(_plain(value), indent=1, allow_nan=False).replace("\x7f", "\\u007f"), flush=True)


def _plain(value: object) -> object:
    """The value with undefined numbers as null, which JSON has."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def paragraph(*parts: Part) -> None:
    """Text on standard output, broken between words where the terminal ends."""
    from rich.cells import cell_len

    console = _console(sys.stdout)
    text = _text(console, *parts)
    console.width = max([console.width, *map(cell_len, text.plain.split())])
    _print(console, text)


def remark(text: str) -> None:
    """A sentence below a table, where there is something to say."""
    if text:
        paragraph(f"{text}.")


def table(columns: Sequence[Column], rows: Sequence[Sequence[Part]], keys: int = 1) -> None:
    """A table on standard output; where it is too wide several, each with the first ``keys`` columns.

    It is parted between groups; a group that is too wide by itself has its first line in each part.
    """
    console = _console(sys.stdout)
    terminal = console.width
    parts: list[list[int]] = [[]]

    def fits(more: Sequence[int]) -> bool:
        part = [*parts[-1], *more]
        return _needed(_table(console, _headed(columns, part), rows, [*range(keys), *part])) <= terminal

    for group in _groups(columns, keys):
        if parts[-1] and not fits(group):
            parts.append([])
        for more in [group] if fits(group) else [[k] for k in group]:
            if parts[-1] and not fits(more):
                parts.append([])
            parts[-1] += more
    for part in parts:
        shown = _table(console, _headed(columns, part), rows, [*range(keys), *part])
        console.width = max(terminal, _needed(shown))
        _print(console, "")
        _print(console, shown)


def blocks(what: Iterable[Block]) -> None:
    """All that is said of a result."""
    for block in what:
        if isinstance(block, Paragraph):
            paragraph(*block.parts)
        else:
            table(block.columns, block.rows, block.keys)


def _groups(columns: Sequence[Column], keys: int) -> list[list[int]]:
    """Columns after the first few, by the first lines of their heads."""
    found: list[list[int]] = []
    for k in range(keys, len(columns)):
        if found and columns[k].head.startswith("\n"):
            found[-1].append(k)
        else:
            found.append([k])
    return found


def _headed(columns: Sequence[Column], part: Sequence[int]) -> list[Column]:
    """The columns, of which the first of a part has the first line of its group."""
    found = list(columns)
    if part and columns[part[0]].head.startswith("\n"):
        first = next(c.head for c in reversed(columns[: part[0]]) if not c.head.startswith("\n"))
        found[part[0]] = columns[part[0]]._replace(head=first.split("\n")[0] + columns[part[0]].head)
    return found


def _print(console: "Console", shown: "Text | Table | str") -> None:
    """Its lines, without blanks at their ends."""
    from rich.text import Text

    _end_bars(sys.stdout)
    for line in console.render_lines(shown, pad=False):
        text = Text.assemble(*((part.text, part.style or "") for part in line))
        text.rstrip()
        console.print(text, no_wrap=True)


def _table(console: "Console", columns: Sequence[Column], rows: Sequence[Sequence[Part]], which: list[int]) -> "Table":
    """Some of the columns, none narrower than what must not be cut."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    plain = box.Box("    \n    \n -- \n" + 5 * "    \n", ascii=True)
    shown = Table(
        box=plain if console.options.ascii_only else box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for k in which:
        cells = [_text(console, row[k]) for row in rows]
        heads = [printable(text, console.encoding) for text in columns[k].head.split("\n")]
        texts = [*heads, *(cell.plain for cell in cells)]
        widest = max(map(cell_len, texts))
        word = max([WRAPPED, *(cell_len(word) for text in texts for word in text.split())])
        shown.add_column(
            Text("\n".join(heads), style="bold"),
            justify="left" if columns[k].left or columns[k].words else "right",
            overflow="fold",
            min_width=min(widest, word) if columns[k].words else widest,
            no_wrap=not columns[k].words,
        )
    for row in rows:
        shown.add_row(*(_text(console, row[k]) for k in which))
    return shown


def _needed(table: "Table") -> int:
    """The least width in which nothing of a table is cut."""
    gaps = 2 * (len(table.columns) - 1)
    return sum(column.min_width or 0 for column in table.columns) + gaps


def _console(stream: TextIO) -> "Console":
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def _text(console: "Console", *parts: Part) -> "Text":
    from rich.text import Text

    pieces = (part if isinstance(part, tuple) else (part, "") for part in parts)
    return Text.assemble(*((printable(text, console.encoding), style) for text, style in pieces))


@contextmanager
def progress(total: float, what: str) -> Iterator[Advance]:
    """A bar on standard error, shown only on a terminal and when the work takes longer than a moment."""
    import time

    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = _console(sys.stderr)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %", markup=False),
        TimeElapsedColumn(),
        TextColumn("left", markup=False),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    began = time.monotonic()
    with Progress(
        *columns, console=console, transient=True, redirect_stdout=False, disable=not console.is_terminal
    ) as bar:
        _bars.append(bar)
        task = bar.add_task(printable(what, console.encoding), total=total, visible=False, words="")

        def advance(done: float, words: str = "") -> None:
            bar.update(
                task, completed=done, visible=time.monotonic() - began > 0.5, words=printable(words, console.encoding)
            )

        yield advance
    _bars.clear()
