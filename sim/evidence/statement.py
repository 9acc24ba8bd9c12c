"""Whether a test holds, draw by draw of what is uncertain, and in what share of draws.

A draw's mean over its few runs still holds chance. What chance adds to the spread between draws is
known from the spread inside them and taken out by shrinking the means towards their centre, as in
sim/estimates/intervals.py (one-way random effects).
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from sim.estimates.shapley import Parts, shapley
from sim.evidence.tables import ClaimTest
from sim.model.arrays import Array, Flags
from sim.model.outcomes import MEASURABLE, VERDICTS, Z95, signed

SUPPORTED, CONTRADICTED, UNDECIDED = VERDICTS
SURE = 0.9
"""A claim is supported where it holds in this share of draws or more, contradicted in 1 - SURE or less."""


class Share(NamedTuple):
    """A share of draws, and the ends of its 95 % interval (Wilson 1927, 10.1080/01621459.1927.10502953)."""

    value: float
    low: float
    high: float
    draws: int

    @property
    def verdict(self) -> str:
        """In a word: the whole interval must lie on one side, so that more runs would not change it."""
        if self.low >= SURE:
            return SUPPORTED
        return CONTRADICTED if self.high <= 1 - SURE else UNDECIDED


def share_of(holds: Flags) -> Share:
    """The share of draws in which something holds."""
    n = len(holds)
    if not n:
        return Share(math.nan, 0.0, 1.0, 0)
    p = float(holds.mean())
    middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n))
    return Share(p, max(0.0, min(middle - half, p)), min(1.0, max(middle + half, p)), n)


class Row(NamedTuple):
    """One statistic of a test over draws."""

    label: str
    estimate: float
    mcse: float
    """Of the estimate: the standard error over draws."""
    q05: float
    q95: float
    holds: Share
    draws: Array
    """Values (draw,), chance taken out; NaN where not defined."""


class Finding(NamedTuple):
    """What a test gives."""

    test: ClaimTest
    rows: list[Row]
    holds: Flags
    """By draw."""
    known: Flags
    """Draws in which it is defined."""
    note: str

    @property
    def share(self) -> Share:
        """The share of draws in which the test holds."""
        return share_of(self.holds[self.known])

    @property
    def at_mean(self) -> bool:
        """Whether the test holds for the means over draws."""
        ok = [self.test.sign * (r.estimate - self.test.threshold) > 0 for r in self.rows]
        return sum(ok) >= (self.test.needs or len(ok))


class Statistic(NamedTuple):
    """Something held against a threshold: values (draw, run), linear in the readings."""

    label: str
    values: Array


Reader = Callable[[str, str, Any], Array]
"""Values (draw, run) of (label of a scenario, what is measured, time)."""


def without_chance(x: Array) -> tuple[Array, Array]:
    """Means of draws from (draw, run), as they are and shrunk so that their spread is not chance's."""
    defined = np.isfinite(x)
    n = defined.sum(axis=-1)
    enough = n > 0
    means = np.where(enough, np.where(defined, x, 0.0).sum(axis=-1) / np.maximum(n, 1), np.nan)
    apart = np.where(defined, x - means[:, None], 0.0)
    several = n > 1
    if several.sum() < 2:
        return means, means
    inside = (apart**2).sum(axis=-1)[several] / (n - 1)[several]
    chance = (inside / n[several]).mean()
    total = means[enough].var(ddof=1)
    centre = means[enough].mean()
    kept = math.sqrt(max(total - chance, 0.0) / total) if total > 0 else 1.0
    return means, centre + kept * (means - centre)


def judge(
    test: ClaimTest, read: Reader, close: Callable[[Parts], Array] | None, years: Callable[[Any], float]
) -> Finding:
    """Work out one test.

    Parameters
    ----------
    read : gives values (draw, run) of (label, name, time).
    close : gives, for kind ``share``, the outcome with a set of parts.
    years : turns a time into years after the start.
    """
    note = ""
    if test.kind == "share":
        assert close is not None
        given, note = _shared(test, close)
    else:
        given = _statistics(test, read, years)
    pairs = [without_chance(s.values) for s in given]
    labels = [s.label for s in given]
    plain, shrunk = (np.array([p[k] for p in pairs]) for k in (0, 1))
    if test.kind == "level":
        bounded = [MEASURABLE[name.partition(".")[0]].probability for name in labels]
        shrunk = np.where(np.array(bounded)[:, None], np.clip(shrunk, 0.0, 1.0), shrunk)
    if test.kind == "spread":
        labels = [f"{test.measured[0].partition('.')[0]}, largest minus smallest change"]
        plain = shrunk = np.ptp(shrunk, axis=0)[None]
    ok = test.sign * (shrunk - test.threshold) > 0
    known = np.isfinite(shrunk).all(axis=0)
    holds = ok.sum(axis=0) >= (test.needs or len(labels))
    rows = [_row(*parts) for parts in zip(labels, plain, shrunk, ok, strict=True)]
    return Finding(test, rows, holds & known, known, note)


def _row(label: str, plain: Array, shrunk: Array, ok: Flags) -> Row:
    there = np.isfinite(plain)
    n = int(there.sum())
    if not n:
        return Row(label, math.nan, math.nan, math.nan, math.nan, share_of(ok[there]), shrunk)
    error = float(plain[there].std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan
    low, high = map(float, np.quantile(shrunk[there], (0.05, 0.95)))
    return Row(label, float(plain[there].mean()), error, low, high, share_of(ok[there]), shrunk)


def _statistics(test: ClaimTest, read: Reader, years: Callable[[Any], float]) -> list[Statistic]:
    """What a test holds against its threshold."""

    def now(name: str, label: str = test.scenario) -> Array:
        return read(label, name, test.at)

    def change(name: str, since: Any, until: Any) -> Array:
        return read(test.scenario, name, until) - read(test.scenario, name, since)

    match test.kind:
        case "level":
            return [Statistic(name, now(name)) for name in test.measured]
        case "change" | "spread":
            return [Statistic(name, change(name, test.since, test.at)) for name in test.measured]
        case "difference":
            base = str(test.base)
            return [Statistic(name, now(name) - now(name, base)) for name in test.measured]
        case "order":
            steps = pairwise(test.lowest_first or ())
            pairs = [(a, b) for low, high in steps for a in low for b in high]
            return [Statistic(f"{b} minus {a}", now(b) - now(a)) for a, b in pairs]
        case _:  # burst
            assert test.period is not None
            assert test.times is not None
            first, last = test.period
            part = (years(test.at) - years(test.since)) / (years(last) - years(first))
            k = test.times * part
            names = test.measured
            return [Statistic(n, change(n, test.since, test.at) - k * change(n, first, last)) for n in names]


def _shared(test: ClaimTest, close: Callable[[Parts], Array]) -> tuple[list[Statistic], str]:
    """What the part adds beyond its share of the whole gap, and all shares in words.

    A ratio would be wild in draws with hardly any gap; the difference says the same and is not.
    """
    assert test.parts is not None
    assert test.part is not None
    assert test.above is not None
    added = shapley(list(test.parts), close)
    gap = close(frozenset(test.parts)) - close(frozenset())
    label = f"{test.part}: its part minus {test.above:g} of the whole"
    means: Mapping[str, float] = {part: float(np.nanmean(x)) for part, x in added.items()}
    whole = float(np.nanmean(gap))
    each = ", ".join(f"{part} {signed(x, 3)}" for part, x in sorted(means.items(), key=lambda i: -i[1]))
    note = f"adds to {test.measured[0]} {signed(whole, 3)}: {each} (Shapley values)"
    return [Statistic(label, added[test.part] - test.above * gap)], note
