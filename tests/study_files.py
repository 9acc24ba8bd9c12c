"""Small studies that tests write, and comparison of their folders."""

from pathlib import Path

from sim.storage.files import PROVENANCE
from sim.storage.workspace import CONTENTS, LOCK
from tests.helpers import SIX
from tests.scenarios import written

MARKS = {LOCK, CONTENTS, PROVENANCE}
"""What every folder of results has."""
STUDY = """
title = "Coercion against autonomy"
scenarios = ["{six}"]
runs = 40
interval_runs = 32
seed = 5
horizons = [1, 3]
set = {{ "time.step" = "year" }}

[design]
kind = "grid"

[factors.coercion]
path = "leader.coercion"
values = [0.0, 0.3, 0.6, 0.9]

[factors.autonomy]
paths = ["members.AAA.autonomy", "members.BBB.autonomy"]
as = "scale"
low = 0.5
high = 1.5
levels = 5
"""


def study_file(folder: Path, *changes: tuple[str, str], name: str = "small") -> Path:
    """The study above, 20 points, with some of its text replaced."""
    return written(folder / f"{name}.toml", STUDY.format(six=SIX), *changes)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a study's folder but its provenance, which has times."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != PROVENANCE
    }


def differing(a: Path, b: Path) -> list[str]:
    """The files in which two folders differ."""
    x, y = contents(a), contents(b)
    return [name for name in sorted({*x, *y}) if x.get(name) != y.get(name)]
