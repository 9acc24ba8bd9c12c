"""`cohesion attribute`: what makes the difference between two scenarios."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.analysis.attribute import attribute
from sim.analysis.parts import named
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for


def main(
    a: str,
    b: str,
    parts: Sequence[str],
    overrides: Mapping[str, Any],
    out: Path | None,
    force: bool,
    json: bool,
    **how: Any,
) -> None:
    """Share out the gap, print what each part adds, write the tables."""
    held = named(parts)
    asked = "".join(f"-{x}" for x in (*how["outcomes"], *held, *(f"{k}-{v}" for k, v in overrides.items()), *how["by"]))
    analyse(
        lambda tell: attribute(a, b, held, set=overrides, progress=tell, **how),
        "sets of parts: runs",
        out or Path("results") / folder_for(f"attribute-{Path(a).stem}-and-{Path(b).stem}{asked}"),
        force,
        json,
    )
