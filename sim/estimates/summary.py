"""A block of runs boiled down to small arrays, and blocks put together."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sim.estimates.incidence import quantities, with_incidence
from sim.estimates.intervals import Uncertainty
from sim.estimates.moments import LEVELS, QUANTILE_BLOCKS, Moments, Sums, mcse, merge, moments, quantiles, sums
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES, STATISTICS, variable
from sim.model.tick import Record


class Summary(NamedTuple):
    """By quantity: moments and quantiles with the tick as first axis; ``runs`` in the quantiles."""

    moments: dict[str, Moments]
    quantiles: dict[str, Array]
    quantile_runs: float


class Tally:
    """A block of runs summed up tick by tick."""

    def __init__(self, block: int) -> None:
        self._spread = block < QUANTILE_BLOCKS
        self._parts: dict[str, list[Sums]] = {}
        self._quantiles: dict[str, list[Array]] = {}
        self._runs = 0

    def add(self, values: Mapping[str, Array]) -> None:
        """The quantities of one more tick."""
        for name, x in values.items():
            self._runs = x.shape[-1]
            self._parts.setdefault(name, []).append(sums(x))
            if self._spread and not OUTCOMES[name].probability:
                self._quantiles.setdefault(name, []).append(quantiles(x))

    def summary(self) -> Summary:
        """All ticks together."""
        return Summary(
            {k: moments(v) for k, v in self._parts.items()},
            {k: np.stack(v) for k, v in self._quantiles.items()},
            float(self._runs) if self._spread else 0.0,
        )


def summarise(records: Iterable[Record], block: int) -> Summary:
    """Consume a block's records."""
    tally = Tally(block)
    for record, incidence in with_incidence(records):
        tally.add(quantities(record, incidence))
    return tally.summary()


def combine(a: Summary, b: Summary) -> Summary:
    """Two sets of blocks as one; quantiles are averaged by the number of runs behind them."""
    runs = a.quantile_runs + b.quantile_runs
    mixed = a.quantiles
    if b.quantile_runs:
        mixed = {k: _averaged(a.quantiles[k], b.quantiles[k], b.quantile_runs / runs) for k in a.quantiles}
    return Summary({k: merge(a.moments[k], b.moments[k]) for k in a.moments}, mixed, runs)


def _averaged(a: Array, b: Array, share: float) -> Array:
    both = a + (b - a) * share
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, both))


def statistics(s: Summary, uncertainty: Uncertainty) -> dict[str, Array]:
    """What is known of every outcome, by name of the variable (sim.model.outcomes.variable).

    Means, standard errors, shares of parameters and their errors are (tick, [member]), quantiles have LEVELS as a
    last axis; NaN where nothing is known.
    """
    table: dict[str, Array] = {}
    for name, m in s.moments.items():
        mean = np.where(m.n > 0, m.mean, np.nan)
        if OUTCOMES[name].probability:  # chances of few runs may add up to more than 1
            mean = np.minimum(mean, 1.0)
        unknown = np.full((*mean.shape, len(LEVELS)), np.nan)
        share, error = np.moveaxis(uncertainty.shares.get(name, unknown[..., :2]), -1, 0)
        quantiles = uncertainty.quantiles.get(name, s.quantiles.get(name, unknown))
        table |= {
            variable(name, statistic): x
            for statistic, x in zip(STATISTICS, (mean, mcse(m), quantiles, share, error), strict=True)
        }
    return table
