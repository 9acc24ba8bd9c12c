"""How a table is laid out, whatever the format: heads, what names a cell that stands alone, and what room it takes."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from sim.reports.blocks import Part, Table, plain

ROOM = 46
"""Characters beside each other that a telephone of 360 pixels has room for."""
GAP = 1
"""Characters between two columns."""
LEAST = 14
"""Characters of a line, below which words cannot be read."""


class Head(NamedTuple):
    """A cell of a table's head."""

    text: str
    across: int
    left: bool
    key: bool


def heads(table: Table) -> list[list[Head]]:
    """One row, or where columns stand in groups two: the groups, and what is in them."""
    columns = table.columns
    own = [Head(c.head, 1, c.left or c.words, k < table.keys) for k, c in enumerate(columns)]
    if not any(c.head.startswith("\n") for c in columns):
        return [own]
    groups = [Head(name, len(list(some)), True, False) for name, some in groupby(_groups(table))]
    return [groups, [h._replace(text=h.text.partition("\n")[2] or h.text) for h in own]]


def _groups(table: Table) -> list[str]:
    """The group that each column stands in; empty for one that stands in none."""
    names: list[str] = []
    for c in table.columns:
        first, _, second = c.head.partition("\n")
        names.append(first if first and second else names[-1] if not first and names else "")
    return names


def labels(table: Table) -> list[str]:
    """What each column is called where its cells do not stand below its head: its group, then its name."""
    if not any(c.head.startswith("\n") for c in table.columns):
        return [" ".join(c.head.split()) for c in table.columns]
    second = [c.head.partition("\n")[2] or c.head for c in table.columns]
    return [", ".join(filter(None, pair)) for pair in zip(_groups(table), second, strict=True)]


def unbroken(text: str) -> str:
    """A cell that is broken before its interval in brackets or its error, not within them nor behind a minus."""
    whole = re.sub(r"\([^()]{1,24}\)", lambda m: m[0].replace(" ", "\u00a0"), text)
    return re.sub(r"(?<![\w-])-(?=[<\d.])", "\u2212", whole).replace("±", "\u200b±")


def longest(rows: Sequence[Sequence[Part]]) -> list[int]:
    """Characters of the longest line of each column."""
    lines = [[line for row in rows for line in plain(row[k]).split("\n")] for k in range(len(rows[0]))]
    return [max(map(len, column)) for column in lines]


def wide(table: Table) -> bool:
    """Whether its rows have no room beside each other on a telephone, however they are broken."""
    cells = [[re.sub("[ \u200b]", "\n", unbroken(plain(cell))) for cell in row] for row in table.rows]
    names = [[head.replace(" ", "\n") for head in labels(table)]]
    least = [LEAST if c.words else 0 for c in table.columns]
    return sum(map(max, longest([*names, *cells]), least)) + GAP * len(least) > ROOM
