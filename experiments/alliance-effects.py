"""What hangs on the prior of alliances' own effects: `PYTHONPATH=. python experiments/alliance-effects.py FOLDER`.

FOLDER is that of a finished pooled calibration. Its draws are weighed as if the half-normal prior of `alliance_effects`
had half its scale, or twice; printed are coefficients of leaving by each, with the number of draws left effective.
"""

import argparse
from pathlib import Path

import numpy as np

from sim.inference.likelihood import EFFECTS
from sim.inference.smc import effective
from sim.model.variables import COEFFICIENTS
from sim.scenario.posterior import read

SHOWN = (EFFECTS, "exit_rate", "exit_stance", "exit_offer", "freeze_rate")
LEVELS = (0.05, 0.5, 0.95)


def quantiles(x: np.ndarray, w: np.ndarray) -> list[float]:
    """Of weighted draws."""
    order = np.argsort(x)
    below = (np.cumsum(w[order]) - 0.5 * w[order]) / w.sum()
    return [float(np.interp(q, below, x[order])) for q in LEVELS]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    columns = {n: c.values for n, c in read(parser.parse_args().folder / "posterior.nc").columns.items()}
    scale = next(c.spread for c in COEFFICIENTS if c.name == EFFECTS)
    print("| scale of the prior | draws effective | " + " | ".join(f"`{n}`" for n in SHOWN) + " |")
    print("| --- " * (2 + len(SHOWN)) + "|")
    for times in (0.5, 1.0, 2.0):
        log_weights = -0.5 * columns[EFFECTS] ** 2 * (1.0 / (times * scale) ** 2 - 1.0 / scale**2)
        w = np.exp(log_weights - log_weights.max())
        cells = []
        for name in SHOWN:
            low, middle, high = quantiles(columns[name], w)
            cells.append(f"{middle:.2g} ({low:.2g} to {high:.2g})")
        print(f"| {times * scale:g} | {effective(log_weights):.0f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
