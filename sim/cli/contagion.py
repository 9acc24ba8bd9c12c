"""`cohesion contagion`: what one member's exit or freeze does to the others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.analysis.contagion import contagion
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for


def main(scenario: str, overrides: Mapping[str, Any], out: Path | None, force: bool, json: bool, **how: Any) -> None:
    """Find who pulls whom, print the matrix at the last horizon and the cascades, write the tables."""
    said = [f"{k}-{v}" for k, v in overrides.items()] + [*how["by"]] + ([how["at"]] if how["at"] else [])
    asked = "".join(f"-{x}" for x in said)
    analyse(
        lambda tell: contagion(scenario, set=overrides, progress=tell, **how),
        "runs of each member's move",
        out or Path("results") / folder_for(f"contagion-{Path(scenario).stem}-{how['event']}{asked}"),
        force,
        json,
    )
