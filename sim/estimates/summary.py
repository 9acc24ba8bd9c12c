"""A block of runs boiled down to small arrays, and blocks put together."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sim.estimates.incidence import quantities, with_incidence
from sim.estimates.intervals import Uncertainty, around
from sim.estimates.sample import LEVELS, QUANTILE_BLOCKS, Sample, by_tick, estimated, merge, quantiles, sample
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES, STATISTICS, variable
from sim.model.tick import Record


class Summary(NamedTuple):
    """By quantity: samples and quantiles with the tick as first axis; ``runs`` in the quantiles."""

    samples: dict[str, Sample]
    quantiles: dict[str, Array]
    quantile_runs: float


class Tally:
    """A block of runs summed up tick by tick."""

    def __init__(self, block: int) -> None:
        self._spread = block < QUANTILE_BLOCKS
        self._samples: dict[str, list[Sample]] = {}
        self._quantiles: dict[str, list[Array]] = {}
        self._runs = 0

    def add(self, values: Mapping[str, Array]) -> None:
        """The quantities of one more tick."""
        for name, x in values.items():
            self._runs = x.shape[-1]
            self._samples.setdefault(name, []).append(sample(x))
            if self._spread and not OUTCOMES[name].probability:
                self._quantiles.setdefault(name, []).append(quantiles(x))

    def summary(self) -> Summary:
        """All ticks together."""
        return Summary(
            {k: by_tick(v) for k, v in self._samples.items()},
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
    return Summary({k: merge(a.samples[k], b.samples[k]) for k in a.samples}, mixed, runs)


def _averaged(a: Array, b: Array, share: float) -> Array:
    both = a + (b - a) * share
    return np.where(np.isnan(a), b, np.where(np.isnan(b), a, both))


def statistics(s: Summary, uncertainty: Uncertainty) -> dict[str, Array]:
    """What is known of every outcome, by name of the variable (sim.model.outcomes.variable).

    Means, their errors, shares of parameters and theirs are (tick, [member]), quantiles have LEVELS as a last axis and
    those of a probability hold its mean; NaN where nothing is known.
    """
    table: dict[str, Array] = {}
    for name, x in s.samples.items():
        e = estimated(x, OUTCOMES[name])
        unknown = np.full((*e.mean.shape, len(LEVELS)), np.nan)
        share, error = np.moveaxis(uncertainty.shares.get(name, unknown[..., :2]), -1, 0)
        spread = s.quantiles.get(name, unknown)
        if name in uncertainty.quantiles:
            spread = around(uncertainty.quantiles[name], e.mean)
        found = zip(STATISTICS, (*e, spread, share, error), strict=True)
        table |= {variable(name, statistic): known for statistic, known in found}
    return table
