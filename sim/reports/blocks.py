"""What is said of a result, as data: paragraphs and tables, which the console prints and a report lays out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sim.model.dates import with_months
from sim.model.grammar import sentence

Part = str | tuple[str, str]
"""A piece of text, or a piece of text and its style."""


def plain(part: Part) -> str:
    """Without its style."""
    return part if isinstance(part, str) else part[0]


class Column(NamedTuple):
    """The head of a column; numbers stand to the right, words may go on in the next line.

    A head of an empty first line is of the group whose first line a column before it has.
    """

    head: str
    left: bool = False
    words: bool = False


class Paragraph:
    """Text; without any an empty line."""

    def __init__(self, *parts: Part) -> None:
        self.parts = parts

    @property
    def plain(self) -> str:
        """Its words without their styles."""
        return "".join(map(plain, self.parts))


@dataclass(frozen=True)
class Table:
    """Rows below heads; the first ``keys`` columns say which row it is."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Part]]
    keys: int = 1


Block = Paragraph | Table


def remark(text: str) -> Iterator[Block]:
    """A sentence below a table, where there is something to say."""
    if text:
        yield Paragraph(f"{text}.")


def origin(footer: str) -> str:
    """The foot of a figure as sentences: how often it was run and from where; what was run title and command say."""
    return with_months(f"{'. '.join(map(sentence, footer.split('  |  ')[1:]))}.")


def tables(blocks: Iterable[Block]) -> list[Table]:
    """The tables among them."""
    return [block for block in blocks if isinstance(block, Table)]
