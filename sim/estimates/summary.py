"""A block of runs boiled down to small arrays, and blocks put together."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sim.estimates.incidence import Incidence, quantities, with_incidence
from sim.estimates.intervals import Uncertainty, around
from sim.estimates.sample import LEVELS, QUANTILE_BLOCKS, Estimate, Sample, by_tick, estimated, merge, quantiles, sample
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES, STATISTICS, Event, variable
from sim.model.tick import Record


class Summary(NamedTuple):
    """By quantity: samples and quantiles with the tick as first axis; ``runs`` in the quantiles."""

    samples: dict[str, Sample]
    quantiles: dict[str, Array]
    quantile_runs: float


class Tally:
    """A block of runs summed up tick by tick."""

    def __init__(self, block: int, rows: int = 0, distinct: float | None = None) -> None:
        self._rows = rows, distinct
        self._spread = block < QUANTILE_BLOCKS
        self._samples: dict[str, list[Sample]] = {}
        self._quantiles: dict[str, list[Array]] = {}
        self._runs = 0

    def add(self, values: Mapping[str, Array]) -> None:
        """The quantities of one more tick."""
        for name, x in values.items():
            self._runs = x.shape[-1]
            self._samples.setdefault(name, []).append(sample(x, *self._rows))
            if self._spread and not OUTCOMES[name].probability:
                self._quantiles.setdefault(name, []).append(quantiles(x))

    def summary(self) -> Summary:
        """All ticks together."""
        return Summary(
            {k: by_tick(v) for k, v in self._samples.items()},
            {k: np.stack(v) for k, v in self._quantiles.items()},
            float(self._runs) if self._spread else 0.0,
        )


def summarise(
    records: Iterable[Record],
    block: int,
    rows: int = 0,
    distinct: float | None = None,
    see: Callable[[Record, Incidence, Mapping[str, Array]], None] | None = None,
) -> Summary:
    """Consume a block's records, of runs that take so many rows of a posterior in turn, as :func:`sample` does.

    ``see`` is shown every tick: its record, the incidence up to it and its quantities.
    """
    tally = Tally(block, rows, distinct)
    for record, incidence in with_incidence(records):
        values = quantities(record, incidence)
        tally.add(values)
        if see:
            see(record, incidence, values)
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


class Level(NamedTuple):
    """What is said of an outcome, the tick as first axis."""

    estimate: Estimate
    over_draws: Array
    """Quantiles, or ends of the interval, over what is uncertain; they hold the estimate. NaN where not known."""


def levels(samples: Mapping[str, Sample], over_draws: Mapping[str, Array]) -> dict[str, Level]:
    """What is said of every outcome, of each date by itself.

    Parameters
    ----------
    samples : by outcome, (tick, [member]).
    over_draws : by outcome, (tick, [member,] level), of those of which it is known.
    """
    found: dict[str, Level] = {}
    for name, s in samples.items():
        e = estimated(s, OUTCOMES[name])
        own = around(over_draws[name], e.mean) if name in over_draws else np.full((*e.mean.shape, len(LEVELS)), np.nan)
        found[name] = Level(e, own)
    return found


def coherent(found: Mapping[str, Level]) -> dict[str, Level]:
    """What is said of all outcomes at all dates, as a whole: an event becomes no less probable, nor is one within it.

    Each date and each event is estimated with a control variate's coefficient of its own, so that few runs may break
    both rules by a little. Mean, ends and quantiles are therefore raised to what they were at earlier dates, and to
    those of the events within. That keeps the order between them, so an interval that holds the truth still does,
    since the truth keeps the rules.
    """
    whole = dict(found)
    for name, level in found.items():
        outcome = OUTCOMES[name]
        if isinstance(outcome, Event):
            whole[name] = _each_probability(lambda x: np.maximum.accumulate(x, axis=0), level)
        if outcome.within in whole:
            whole[outcome.within] = _each_probability(_no_less, whole[outcome.within], whole[name])
    return whole


def _each_probability(f: Callable[..., Array], level: Level, *others: Level) -> Level:
    """``f`` of what is a probability itself: mean, ends and quantiles."""
    parts = ((x.estimate.mean, x.estimate.low, x.estimate.high, x.over_draws) for x in (level, *others))
    mean, low, high, over_draws = (f(*part) for part in zip(*parts, strict=True))
    few = np.where(mean < 0.5, level.estimate.few, 0.0)
    return Level(level.estimate._replace(mean=mean, low=low, high=high, few=few), over_draws)


def _no_less(x: Array, within: Array) -> Array:
    """No less than the event within, where that is one of members than any member's."""
    return np.maximum(x, within if within.ndim == x.ndim else within.max(axis=1))


def statistics(s: Summary, uncertainty: Uncertainty, whole: bool = False) -> dict[str, Array]:
    """What is known of every outcome, by name of the variable (sim.model.outcomes.variable).

    ``whole``: the summary has all events and dates, which are made :func:`coherent`. Where it may lack some, as in a
    study, each is estimated by itself, so that numbers do not depend on what is recorded.

    Means, their errors, shares of parameters and theirs are (tick, [member]), quantiles have LEVELS as a last axis and
    those of a probability hold its mean; NaN where nothing is known, such as how one run spreads.
    """
    table: dict[str, Array] = {}
    found = levels(s.samples, uncertainty.quantiles)
    for name, (e, over_draws) in (coherent(found) if whole else found).items():
        unknown = np.full((*e.mean.shape, 2, 2), np.nan)
        shares = uncertainty.shares.get(name, unknown).reshape(*e.mean.shape, -1)
        spread = s.quantiles.get(name, over_draws) if s.quantile_runs > 1 else over_draws
        known = zip(STATISTICS, (*e, spread, *np.moveaxis(shares, -1, 0)), strict=True)
        table |= {variable(name, statistic): x for statistic, x in known}
    return table
