"""Which year's roll calls moved a posterior: draws weighed as if a year had not been counted.

Leaving a year out divides the weight of every draw by what it made of that year, given all before it: the increment
of its log-likelihood there (Gelfand, Dey & Chang 1992; the smoothing of what comes after by that year is left as it
is). Where few draws are left effective the year was decisive, and how far it moved a coefficient is known the less.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.inference.agenda import Ahead
from sim.inference.likelihood import Cloud, Target
from sim.inference.roll_calls import Year
from sim.inference.smc import chunks, effective, generator
from sim.model.arrays import Array


class ByYear(Cloud):
    """A filter that notes what each draw made of every year."""

    def __init__(self, target: Target, z: Array, key: Sequence[int]) -> None:
        self.made: dict[int, Array] = {}
        super().__init__(target, z, generator(*key))

    def _poll(self, year: Year, ahead: Ahead) -> None:
        before = self.log_likelihood()
        super()._poll(year, ahead)
        self.made[year.year] = self.log_likelihood() - before


def increments(target: Target, z: Array, key: tuple[int, ...]) -> dict[int, Array]:
    """By year what draws (draw, coordinate) made of its roll calls, in log-likelihood, (draw,)."""
    found: list[dict[int, Array]] = []
    for chunk in chunks(z, key):
        cloud = ByYear(target, *chunk)
        for t in range(target.ticks):
            cloud.tick(t)
        found.append(cloud.made)
    return {year: np.concatenate([made[year] for made in found]) for year in found[0]}


class Influence(NamedTuple):
    """How far a year moved a coordinate."""

    year: int
    coordinate: str
    moved: float  # mean with the year minus without it, in standard deviations of the prior
    error: float  # Monte Carlo, of that
    effective: float  # draws without the year


def influences(names: Sequence[str], z: Array, made: Mapping[int, Array]) -> list[Influence]:
    """Of every year and coordinate, the largest first; ``z`` (draw, coordinate) in the order of ``names``."""
    found = []
    for year, increment in made.items():
        left = effective(-increment)
        w = np.exp(increment.min() - increment)
        w /= w.sum()
        for k, name in enumerate(names):
            away = z[:, k] - z[:, k].mean()
            without = float((w * away).sum())
            error = float(np.sqrt(((w - 1.0 / len(w)) ** 2 * (away - without) ** 2).sum()))
            found.append(Influence(year, name, -without, error, left))
    return sorted(found, key=lambda i: -abs(i.moved))
