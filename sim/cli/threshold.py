"""`cohesion threshold`: the value of a lever at which an outcome reaches a level."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.analysis.threshold import threshold
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for


def main(
    scenario: str,
    lever: str,
    reach: str,
    overrides: Mapping[str, Any],
    out: Path | None,
    force: bool,
    json: bool,
    **how: Any,
) -> None:
    """Find the threshold, print it and its curve, write them."""
    changed = "".join(f"-with-{path}-{value}" for path, value in overrides.items())
    said = f"threshold-{Path(scenario).stem}{changed}-{lever}-{how['way']}-{reach}"
    folder = out or Path("results") / folder_for(said)
    analyse(
        lambda tell: threshold(scenario, lever, reach, set=overrides, progress=tell, **how),
        "runs along the lever",
        folder,
        force,
        json,
    )
