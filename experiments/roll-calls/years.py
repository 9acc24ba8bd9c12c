"""Which year's roll calls moved a posterior: `PYTHONPATH=. python experiments/roll-calls/years.py CALIBRATION FOLDER`.

CALIBRATION is the file and FOLDER the folder of a finished calibration with roll calls. Printed are the years that
moved a coefficient most (sim/inference/influence.py), and of every coefficient the year that moved it most.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from sim.inference.influence import Influence, increments, influences
from sim.inference.study import load_calibration
from sim.results.calibration import stages

STREAM = 3_000_041


def table(rows: list[Influence]) -> str:
    """Markdown."""
    head = "| year | coefficient | moved, prior sd | draws left effective |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(
        f"| {i.year} | `{i.coordinate}` | {i.moved:+.2f} ± {i.error:.2f} | {i.effective:.0f} |" for i in rows
    )


def main() -> None:
    """Print two tables an alliance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calibration", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--particles", type=int, default=64)
    parser.add_argument("--most", type=int, default=20)
    given = parser.parse_args()
    pool = load_calibration(given.calibration).pool
    z = stages(given.folder)[-1].z
    for own in pool.alliances:
        if not own.target.roll_calls:
            continue
        made = increments(replace(own.target, particles=given.particles), z[:, own.columns], (1, STREAM))
        found = influences(pool.space.coefficients, z, made)
        print(f"{own.name}: {len(z):,} draws, {len(made)} years\n\n{table(found[: given.most])}\n")
        first = {i.coordinate: i for i in reversed(found)}
        print(table([first[name] for name in pool.space.coefficients]) + "\n")


if __name__ == "__main__":
    main()
