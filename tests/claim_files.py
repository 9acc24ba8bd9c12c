"""A small claim file that tests write."""

from pathlib import Path

from tests.helpers import SIX
from tests.scenarios import written

CLAIM = """
title = "A claim that tests make"
claim = "State A stands closer than state B, and the pact lives on for a year."
seen = "nothing"

[[quotes]]
id = "P001"
section = "Title page, key theses"
words = "Russia had a chance"

[scenarios.base]
file = "{six}"
[scenarios.base.set]
"time.step" = "year"

[scenarios.alike]
file = "{six}"
[scenarios.alike.set]
"time.step" = "year"
"members.AAA.affinity" = 1.0

[[tests]]
says = "the pact lives on for a year"
kind = "level"
scenario = "base"
of = ["dissolution"]
at = 1
below = 0.5
reason = "even chance"

[[tests]]
says = "likeness brings state A closer"
kind = "difference"
base = "base"
scenario = "alike"
of = ["stance.AAA"]
at = 2030-01-01
above = 0.0
reason = "its sign"
"""


def claim_file(folder: Path, *changes: tuple[str, str], name: str = "small") -> Path:
    """The claim above with some of its text replaced."""
    return written(folder / f"{name}.toml", CLAIM.format(six=SIX), *changes)
