"""How things may be called: one pattern for each kind of name, held wherever a name enters."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from unicodedata import category

from sim.errors import InputError, Problem


class Kind(NamedTuple):
    """A kind of name: its pattern, and the same in words."""

    pattern: str
    words: str
    most_bytes: int = 1000

    @property
    def allowed(self) -> str:
        """As messages say it."""
        return f"allowed: {self.words}"

    def fits(self, text: str) -> bool:
        """Whether a text is such a name."""
        return (
            bool(re.fullmatch(self.pattern, text)) and not unprintable(text) and len(text.encode()) <= self.most_bytes
        )


CODE = Kind("[A-Z][A-Z0-9]{1,7}", "three capital letters (ISO 3166-1), or two to eight capital letters and digits")
"""Of a state: a part of dotted paths and of columns, POL."""
SLUG = Kind(
    "(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*",
    "small letters and figures, separated by hyphens, as in other-ties; 60 characters at most",
)
"""Of a new alliance's folder, and of a mechanism."""
KEY = Kind("[A-Za-z][A-Za-z0-9_-]{0,59}", "letters, digits, _ and -, a letter first; 60 characters at most")
"""Of what a file defines and cites: rules, sources, a claim's scenarios and parts."""
COLUMN = Kind("[A-Za-z][A-Za-z0-9_]{0,59}", "letters, digits and _, a letter first; 60 characters at most")
"""Of a factor."""
FILE = Kind(
    r'(?![-=+@. ])[^\\/:*?"<>|]{1,80}(?<![. ])',
    r'80 characters at most (240 bytes), without \ / : * ? " < > | and control characters, not beginning with '
    "- = + @ . or a blank, not ending with . or a blank",
    240,
)
"""Of a scenario, a study, a claim, a calibration (their file's, without the ending) and of a folder of results."""
LINE = Kind("(?![-=+@ ]).{0,120}", "one line of 120 characters at most that does not begin with - = + @ or a blank")
"""A title, a label: text that stands in tables, where = would begin a formula."""
FULL_NAME = Kind("(?![-=+@ ]).{0,60}", "one line of 60 characters at most that does not begin with - = + @ or a blank")
"""The full name of a state or an alliance."""


def by_code(path: str, names: Mapping[str, str]) -> str:
    """A path with the code of its state where it has the name: ``members.ARM.threat`` of ``members.Armenia.threat``."""
    head, _, rest = path.partition(".")
    said, dot, more = rest.partition(".")
    code = {name.casefold(): code for code, name in names.items()}.get(said.casefold(), said)
    return f"members.{code}{dot}{more}" if head == "members" else path


def unprintable(text: str, but: str = "") -> str:
    """The first character that steers a terminal, turns text round or is no letter, as Python writes it; else empty."""
    if text.isprintable():
        return ""
    found = (c for c in text if c not in but and (category(c) in ("Cc", "Cs") or c in TURNING))
    return next((ascii(c).strip("'") for c in found), "")


TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
"""Characters that turn the direction of text, or end a line."""


def of_file(file: Path) -> list[Problem]:
    """What is wrong with the name of a file, which is that of what it holds and of its folder of results."""
    return [] if FILE.fits(file.stem) else [Problem(str(file), "", f'the name "{file.stem:.60}"', FILE.allowed)]


def check_out(folder: Path) -> None:
    """Raises InputError for a folder still to be made that cannot have its name; one that is there may have any."""
    if os.path.isdir(folder):
        return
    made = [p for p in (folder, *folder.parents) if p.name not in ("", "..") and not os.path.exists(p)]
    name = next((p.name for p in made if not FILE.fits(p.name)), None)
    if name is not None and any(category(c) == "Cs" for c in name):
        found = f'the name "{name:.60}" has bytes that are no text in the encoding of the system'
        raise InputError([Problem(str(folder), "out", found, "allowed: a name in that encoding, such as UTF-8")])
    if name is not None:
        raise InputError([Problem(str(folder), "out", f'the name "{name:.60}"', FILE.allowed)])
