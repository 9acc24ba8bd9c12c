"""What roll calls told: `PYTHONPATH=. python experiments/roll-calls/learned.py WITHOUT WITH`.

Both are folders of finished calibrations (or their `summary.csv`) with the same priors. Printed is of every
coefficient the ratio of posterior to prior variance with its error, and the shift in standard deviations of the
prior, without and with.
"""

import argparse
from pathlib import Path

from sim.scenario.reading import read_csv

COLUMNS = ("variance_ratio", "variance_ratio_se", "shift")


def learned(file: Path) -> dict[str, list[float]]:
    """Ratio of variances, its error, shift, by coefficient."""
    table = read_csv(file / "summary.csv" if file.is_dir() else file)
    return {r.cells["coefficient"]: [float(r.cells[column]) for column in COLUMNS] for r in table.rows}


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("without", type=Path)
    parser.add_argument("with_", metavar="with", type=Path)
    given = parser.parse_args()
    before, after = learned(given.without), learned(given.with_)
    print("| coefficient | ratio without | ratio with | shift without | shift with |")
    print("| --- | --- | --- | --- | --- |")
    for name, (ratio, error, shift) in after.items():
        earlier = before.get(name)
        old = f"{earlier[0]:.2f} ± {earlier[1]:.2f}" if earlier else "-"
        moved = f"{earlier[2]:+.2f}" if earlier else "-"
        print(f"| `{name}` | {old} | {ratio:.2f} ± {error:.2f} | {moved} | {shift:+.2f} |")


if __name__ == "__main__":
    main()
