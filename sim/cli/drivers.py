"""`cohesion drivers`: which coded value to check first, and which coefficients outcomes hang on."""

from pathlib import Path

from sim.analysis.drivers import drivers
from sim.cli.analyses import analyse
from sim.results.result import Result
from sim.storage.files import called


def main(folder: Path, out: Path | None, force: bool, json: bool) -> None:
    """Read the runs, print, write."""
    result = Result.open(folder)
    _ = result.kept
    target = out or Path("results") / f"drivers-{called(folder)}"
    analyse(lambda tell: drivers(result, progress=tell), "drivers", target, force, json)
