"""From a coded value to numbers: its band (lowest and highest value) in every tick.

Inputs are averaged over the tick, so that a step in the middle of a quarter counts for half of it and
results converge as the time step shrinks.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array
from sim.model.dates import to_years
from sim.scenario.values import BUILT_IN_RULES, JUDGEMENT, WORDS, Coded, Distribution, Entry, Rule


class Band(NamedTuple):
    """Where a value may lie. ``low`` and ``high`` are (tick,); the run's draw picks a place between.

    ``distribution`` says how the place is drawn; None is uniform. A value without uncertainty has
    ``low == high``. Where a word takes the place of a distribution at a date, ``word`` is the width (tick,) of the
    word's band, in which the place is uniform; it adds to what the distribution gives.
    """

    low: Array
    high: Array
    distribution: Distribution | None = None
    word: Array | None = None

    def at(self, place: float | Array, tick: int | slice = slice(None)) -> Array:
        """Where the value lies at places, 0 to 1, the quantile of a distribution: (tick,) at one, (run,) in a tick."""
        inside = place if self.distribution is None else self.distribution.quantile(np.asarray(place))
        beside = 0.0 if self.word is None else self.word[tick] * place
        return np.asarray(self.low[tick] + (self.high[tick] - self.low[tick]) * inside + beside)


class Way(NamedTuple):
    """One way to change a whole path, by an amount that lies from one number to another; the least and greatest."""

    change: Callable[[Band, float, float], tuple[Array, Array]]
    """The new ends of the band."""
    words: str
    low: float
    high: float
    needs_band: bool = False
    """Whether there must be something coded with ends, which a distribution has not."""


WAYS = {
    "value": Way(lambda b, least, most: (b.low * 0 + least, b.high * 0 + most), "replaced by", 0.0, 1.0),
    "scale": Way(lambda b, least, most: (b.low * least, b.high * most), "multiplied by", 0.0, 100.0, True),
    "shift": Way(lambda b, least, most: (b.low + least, b.high + most), "moved by", -1.0, 1.0, True),
    "place": Way(lambda b, least, most: (b.at(least), b.at(most)), "held at the quantile", 0.0, 1.0),
}
"""How an adjustment changes a path, which is then held in [0, 1]."""


def entry_band(entry: Entry, rule: str, rules: Mapping[str, Rule]) -> tuple[float, float]:
    """The band of one knot: a word's, or a figure's under its rule."""
    if isinstance(entry, str):
        return WORDS[entry]
    if rule in BUILT_IN_RULES:
        return entry, entry
    return rules[rule].band(entry)


def integral_of(times: Array, values: Array, join: str, at: Array) -> Array:
    """The integral of a path from its first knot to each time of ``at`` (before it: negative)."""
    if len(times) == 1:
        return np.asarray(values[0] * (at - times[0]))
    width = np.diff(times)
    mean = values[:-1] if join == "step" else 0.5 * (values[:-1] + values[1:])
    area = mean * width
    total = np.concatenate([[0.0], np.cumsum(area)])
    k = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 1)
    past = at - times[k]
    slope = np.zeros(len(times))
    if join == "linear":
        slope[:-1] = np.diff(values) / width
    inside = np.where(past < 0, 0.0, slope[k])
    return np.asarray(total[k] + values[k] * past + 0.5 * inside * past**2)


def tick_averages(times: Array, values: Array, join: str, edges: Array) -> Array:
    """Averages of a path over the ticks between ``edges`` (tick + 1,).

    A tick in which the path is flat has exactly its value, so that engines see that nothing changed.
    """
    averages = np.diff(integral_of(times, values, join, edges)) / np.diff(edges)
    last = len(times) - 1
    first = np.clip(np.searchsorted(times, edges[:-1], side="right") - 1, 0, last)
    until = np.clip(np.searchsorted(times, edges[1:], side="left") - 1, 0, last)
    ahead = values[np.minimum(first + 1, last)] if join == "linear" else values[first]
    flat = (first == until) & ((edges[1:] <= times[0]) | (ahead == values[first]))
    return np.where(flat, values[first], averages)


def band_of(coded: Coded, rules: Mapping[str, Rule], edges: Array) -> Band:
    """The band of a coded value in every tick."""
    ticks = len(edges) - 1
    if coded.distribution is not None:
        return Band(np.zeros(ticks), np.ones(ticks), coded.distribution)
    bands = [entry_band(entry, coded.rule, rules) for entry in coded.entries().values()]
    low, high = (np.array(side) for side in zip(*bands, strict=True))
    if coded.knots is None:
        return Band(np.full(ticks, low[0]), np.full(ticks, high[0]))
    times = np.array([to_years(date) for date in coded.knots])
    return Band(tick_averages(times, low, coded.join, edges), tick_averages(times, high, coded.join, edges))


def adjusted(band: Band, way: str, amount: Entry, since: float | None, edges: Array) -> Band:
    """The band replaced, scaled or shifted as a whole (one of WAYS), held in [0, 1]; a word stands for its band.

    ``since`` is the decimal year from which it holds; a tick in which it begins gets its share.
    """
    share = np.ones(len(edges) - 1)
    if since is not None:
        share = np.clip((edges[1:] - since) / np.diff(edges), 0.0, 1.0)

    def mixed(old: Array, new: Array) -> Array:
        return np.where(share == 0, old, np.where(share == 1, new, old + share * (new - old)))

    def change(least: float, most: float) -> tuple[Array, Array]:
        low, high = (np.clip(x, 0.0, 1.0) for x in WAYS[way].change(band, least, most))
        return mixed(band.low, low), mixed(band.high, high)

    least, most = entry_band(amount, JUDGEMENT, {})
    if band.distribution is None or (band.word is None and least == most):
        low, high = change(least, most)
        return band._replace(low=low, high=high)
    if (share == 1).all():
        return Band(*change(least, most))
    width = np.zeros_like(share) if band.word is None else band.word
    word = mixed(width, np.full_like(share, most - least))
    low, high = change(least, least)
    return band._replace(low=low, high=high, word=word)


def shocked(band: Band, at: float, change: float, half_life: float | None, edges: Array) -> Band:
    """The band after a shock at a time: moved for ever, or fading with a half-life, and held in [0, 1]."""
    since = np.maximum(edges - at, 0.0)
    if half_life is None:
        area = since
    else:
        rate = np.log(2.0) / half_life
        area = -np.expm1(-rate * since) / rate
    move = change * np.diff(area) / np.diff(edges)
    return band._replace(low=np.clip(band.low + move, 0.0, 1.0), high=np.clip(band.high + move, 0.0, 1.0))
