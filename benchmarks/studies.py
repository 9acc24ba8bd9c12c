"""What sweeps and comparisons cost: beside single runs, beside plain Mesa, and as studies grow.

python -m benchmarks.studies
python -m benchmarks.studies --part workers --rounds 3

Every ratio is of one round, in which both sides are measured in turn; tables show medians and ranges.
"""

import argparse
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import study_costs, study_memory, study_pairs, study_speed

PARTS: dict[str, tuple[Callable[[int], Table], int]] = {
    "throughput": (study_speed.throughput, 3),
    "whole": (study_speed.whole, 2),
    "workers": (study_speed.workers, 3),
    "storage": (study_speed.storage, 2),
    "memory": (study_memory.memory, 1),
    "pairs": (study_pairs.pairs, 3),
    "costs": (study_costs.costs, 3),
    "parts": (study_costs.parts, 1),
}
"""By name: what is measured, and in how many rounds."""


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies", description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="only these")
    parser.add_argument("--rounds", type=int, help="rounds of measurement")
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 150)
    for name in given.part or PARTS:
        part, rounds = PARTS[name]
        console.print(part(given.rounds or rounds))


if __name__ == "__main__":
    main()
