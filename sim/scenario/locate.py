"""Where in a TOML file each key stands: `tomllib` reads values but forgets their lines."""

import re

Keys = tuple[str | int, ...]


def dotted(path: Keys) -> str:
    """A path as it is told: ``events[0].date``."""
    return "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in path).lstrip(".")


_HEADER = re.compile(r"^\s*(\[\[?)([^\[\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_\-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_\-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_\-]+)""")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')


def _parts(dotted: str) -> Keys:
    return tuple(a or b or c for a, b, c in _PART.findall(dotted))


def lines_of(text: str) -> dict[Keys, int]:
    """Line number (from 1) of every table header and top-level key of a table.

    Keys inside an inline table or array are found at the line of the key that holds them.
    """
    where: dict[Keys, int] = {}
    counts: dict[Keys, int] = {}
    table: Keys = ()
    depth = 0
    quote = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if quote:
            if quote in line:
                quote = ""
            continue
        bare = _STRING.sub('""', line).split("#")[0]
        if depth == 0:
            if header := _HEADER.match(line):
                keys = _parts(header[2])
                if header[1] == "[[":
                    counts[keys] = counts.get(keys, -1) + 1
                    keys = (*keys, counts[keys])
                elif keys[:1] and keys[:1] in counts:
                    keys = (keys[0], counts[keys[:1]], *keys[1:])
                table = keys
                where.setdefault(keys, number)
                continue
            if key := _KEY.match(line):
                keys = (*table, *_parts(key[1]))
                for i in range(len(table) + 1, len(keys) + 1):
                    where.setdefault(keys[:i], number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quote = mark
        if not quote:
            depth = max(0, depth + sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}"))
    return where


def line_at(where: dict[Keys, int], path: Keys) -> int:
    """The line of a path, or of the nearest table around it."""
    for n in range(len(path), 0, -1):
        if path[:n] in where:
            return where[path[:n]]
    return 1
