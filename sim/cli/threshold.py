"""`cohesion threshold`: the value of a lever at which an outcome reaches a level."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.analysis.threshold import Threshold, threshold
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for
from sim.cli.show import Column
from sim.model.outcomes import OUTCOMES


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
        print_curve,
    )


def print_curve(t: Threshold) -> None:
    """The outcome by value of the lever."""
    o = OUTCOMES[t.about["outcome"]]
    scale, digits = (100, 1) if o.probability else (1, 3)
    unit = ", %" if o.probability else ""

    def number(x: float) -> str:
        return f"{scale * x:.{digits}f}"

    columns = [Column(t.about["lever"], left=True), Column(f"{o.column}{unit}"), Column("±"), Column("90 % interval")]
    rows = [
        [f"{r.value:.4g}", number(r.mean), number(r.mcse), f"{number(r.q05)} to {number(r.q95)}"]
        for r in t.frames["curve"].itertuples()
    ]
    show.table(columns, rows)
    show.paragraph(
        "± is one Monte Carlo standard error; the interval is over coefficients, coded values and inputs to come, "
        "chance taken out."
    )
    show.paragraph(f"{t.about['footer'].replace('  |  ', '; ')}.")
