"""Scenario files that tests write: larger alliances, and broken ones."""

import re
from pathlib import Path

from tests.helpers import SIX


def of_size(folder: Path, members: int) -> Path:
    """six.toml with so many members: its member tables again under other codes."""
    text = SIX.read_text()
    head, *tables = re.split(r"(?m)^(?=\[members\.[A-Z]{3}\]$)", text)
    last, tail = tables[-1].split("[[disputes]]", 1)
    tables[-1] = last
    copies = []
    for k in range(members):
        code = f"M{k:02d}"
        table = tables[k % len(tables)]
        copies.append(re.sub(r"members\.[A-Z]{3}", f"members.{code}", table))
    disputes = ("[[disputes]]" + tail).replace("AAA", "M00").replace("BBB", "M01").replace("CCC", "M02")
    file = folder / f"{members}-members.toml"
    file.write_text(head + "\n".join(copies) + disputes)
    return file


def changed(folder: Path, *changes: tuple[str, str], name: str = "changed.toml") -> Path:
    """six.toml with some of its text replaced."""
    return written(folder / name, SIX.read_text(), *changes)


def written(file: Path, text: str, *changes: tuple[str, str]) -> Path:
    """A file of a text with some of it replaced."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def late(folder: Path) -> Path:
    """six.toml in which AAA enters after the start and BBB never does."""
    member = 'record = [{ from = 2019-01-01, status = "active", sources = ["assumption: test"] }]'
    head, *others = SIX.read_text().split(member)
    out = member.replace('"active"', '"outside"')
    entry = '\n[[events]]\ndate = 2021-01-01\nkind = "entry"\nmember = "AAA"\nsources = ["assumption: test"]\n'
    file = folder / "late.toml"
    file.write_text(out.join([head, *others[:2]]) + member + member.join(others[2:]) + entry)
    return file
