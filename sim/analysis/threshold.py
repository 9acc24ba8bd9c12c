"""When it tips: the value of a lever at which an outcome reaches a level, and how well that value is known.

All values of the lever are run on the same draws (common random numbers), so that the mean over the runs is one curve,
whose root is found to any precision. How far another set of runs would move it follows from the error of the mean there
and the curve's slope (delta method). Each draw of what is uncertain has a curve of its own, chance taken out, and so a
threshold of its own, or none.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis
from sim.analysis.goal import Goal, goal
from sim.analysis.lever import Lever, lever as lever_of
from sim.analysis.spread import error_over_draws, footer, parted
from sim.errors import arguments, each, listed
from sim.estimates.intervals import REPEATS, draws_without_chance, runs_together
from sim.evidence.measure import Reading, measure
from sim.inference.continuation import continued
from sim.model.arrays import Array, Flags, indicator
from sim.model.outcomes import MONTE_CARLO, OUTCOMES, Z95, sentence
from sim.results.change import percent
from sim.results.run import Given, scenarios
from sim.storage.effort import Effort, effort

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

POINTS = 11
"""Values of the lever at which the curve is drawn, evenly from its low to its high end."""
PRECISION = 1e-3
"""To which part of its range the lever is found."""
FINE = 2001
"""Places between, at which the curve of a draw is looked at."""
MOST = 3
"""Crossings that are looked for."""
ERROR = MONTE_CARLO[:-1]
COLUMNS = ("threshold", *ERROR)


class Threshold(Analysis):
    """The value of a lever at which an outcome reaches a level.

    Attributes
    ----------
    tables : ``threshold`` has a row for each value at which the level is reached, with its Monte Carlo standard error
        (mcse), 95 % interval (low, high), and of the first the quantiles over draws of what is uncertain (q05, q50,
        q95; empty where they lie outside the range), with the shares of draws that are below or above the level at
        every value. ``curve`` has the outcome by value: mean, mcse, low, high, and its 90 % interval over what is
        uncertain.
    """

    kind = "threshold"
    names = ("threshold", "curve")

    def figures(self) -> "dict[str, Figure]":
        """The outcome over the lever, the level and the threshold."""
        from sim.figures.threshold import draw

        return {"threshold": draw(self.frames["threshold"], self.frames["curve"], self.about)}


class Curve(NamedTuple):
    """An outcome by value of the lever, on the same runs."""

    values: Array
    """Of the lever, ascending. (value,)"""
    means: Array
    """(value,)"""
    errors: Array
    """Their Monte Carlo standard errors, over draws. (value,)"""
    draws: Array
    """Chance taken out. (value, draw, future of the inputs)"""


@arguments
def threshold(
    scenario: Given,
    lever: str,
    reach: str,
    low: float | None = None,
    high: float | None = None,
    way: str = "value",
    runs: int = 4096,
    seed: int = 1,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    scheduler: str | None = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    force: bool = False,
) -> Threshold:
    """Find the value of a lever at which an outcome reaches a level.

    Parameters
    ----------
    scenario : Scenario, str or Path
        As for :func:`sim.run`; ``set`` changes it.
    lever : str
        ``PATH`` or ``PATH@DATE``: an input, a group of channels, a dispute or a coefficient.
    reach : str
        ``OUTCOME [STATE] by TIME = LEVEL``, such as ``exit ARM by 5 years = 10 %``.
    low, high : float, optional
        Between which values the lever is moved; by default all that it may be.
    way : str
        ``value``: what is coded is replaced; ``scale``: multiplied, from 0 to 2 by default; ``shift``: moved.
    runs : int
        At each value, rounded up to a multiple of 16: so many draws of what is uncertain with 16 runs each.
    seed, jobs, scheduler, set, out, force
        As for :func:`sim.run`.
    progress : callable, optional
        Called with how much is done, and of how much.

    Returns
    -------
    Threshold
        ``answer`` in sentences, the tables ``threshold`` and ``curve``.

    Raises
    ------
    InputError
        For a scenario, lever or goal that cannot be: everything at once.

    Examples
    --------
    >>> import sim
    >>> found = sim.threshold("csto/outlook-2023", "leader.reliability", "cohesion by 5 years = 0.2", runs=64, low=0.2)
    >>> list(found.tables)
    ['threshold', 'curve']
    """
    (chosen,) = continued(scenarios([scenario], set))
    by, wanted, moved = each(
        lambda: effort(runs, seed, jobs, scheduler, multiple=REPEATS.draw),
        lambda: goal(reach, chosen, "reach"),
        lambda: lever_of(lever, chosen, way, low, high),
    )
    found = _threshold(moved, wanted, by, progress)
    if out is not None:
        found.save(out, force)
    return found


def _threshold(moved: Lever, wanted: Goal, by: Effort, progress: Callable[[int, int], None] | None) -> Threshold:
    evaluated: dict[float, Array] = {}
    expected = (POINTS + 7) * by.runs
    tick = wanted.tick(moved.scenario.tables.time)
    name = ".".join(filter(None, (wanted.outcome, wanted.member)))

    def look(values: Sequence[float]) -> None:
        """Run the lever at values that have not been run."""
        new = [x for x in dict.fromkeys(values) if x not in evaluated]
        programs = {repr(x): moved.at(x) for x in new}
        before = len(evaluated) * by.runs

        def tell(done: int) -> None:
            if progress:
                progress(min(before + done * len(new), expected), expected)

        readings = {x: Reading(repr(x), name, tick) for x in new}
        together = runs_together(programs.values())
        found = measure(programs, list(readings.values()), by, tell, REPEATS, together) if new else {}
        evaluated.update({x: found[r] for x, r in readings.items()})

    def gap(x: float) -> float:
        look([x])
        return float(np.nanmean(evaluated[x])) - wanted.level

    grid = [float(x) for x in np.linspace(moved.low, moved.high, POINTS)]
    look(grid)
    roots = crossings(grid, gap, PRECISION * (moved.high - moved.low))
    look(roots)
    outcome = OUTCOMES[wanted.outcome]
    curve = curve_of({x: evaluated[x] for x in (*grid, *roots)}, outcome.low, outcome.high)
    if progress:
        progress(expected, expected)
    return _answered(moved, wanted, by, roots, curve)


def crossings(grid: Sequence[float], gap: Callable[[float], float], precision: float) -> list[float]:
    """Where a function that is known on a grid crosses zero, ascending, a few at most."""
    from scipy.optimize import brentq

    found: list[float] = []
    for a, b in pairwise(grid):
        if gap(a) == 0.0:
            found.append(a)
        elif gap(a) * gap(b) < 0.0:
            found.append(float(brentq(gap, a, b, xtol=precision)))
        if len(found) == MOST:
            return found
    return found + [grid[-1]] * (gap(grid[-1]) == 0.0)


def curve_of(runs: Mapping[float, Array], low: float, high: float) -> Curve:
    """The curve of runs (draw, run) by value of the lever, of an outcome that lies from ``low`` to ``high``."""
    values = sorted(runs)
    means = np.array([np.nanmean(runs[x]) for x in values])
    errors = np.array([error_over_draws(runs[x]) for x in values])
    draws = np.stack([draws_without_chance(runs[x], low, high) for x in values])
    by_draw = draws.reshape(len(values), *parted(next(iter(runs.values()))).shape[:2])
    return Curve(np.array(values), means, errors, by_draw[:, np.isfinite(by_draw).all(axis=(0, 2))])


class Tips(NamedTuple):
    """Where the curves of draws first cross a level."""

    at: Array
    """Minus infinity where the lever would have to be below its range, infinity where above. (draw, future)"""
    below: Flags
    """Whether the curve stays below the level,"""
    above: Flags
    """or above it."""


def tips(curve: Curve, level: float) -> Tips:
    """The threshold of each draw, on curves that go smoothly from value to value."""
    fine = np.linspace(curve.values[0], curve.values[-1], FINE)
    x = smooth(curve.values, curve.draws, fine) - level
    over = x >= 0.0
    crosses = over[1:] != over[:-1]
    some, first = crosses.any(axis=0), crosses.argmax(axis=0)
    a, b = (np.take_along_axis(x, k[None], axis=0)[0] for k in (first, first + 1))
    part = a / np.where(a == b, 1.0, a - b)
    above, below = ~some & over[0], ~some & ~over[0]
    beyond = above if curve.means[-1] < curve.means[0] else below
    at = np.where(some, fine[first] + part * (fine[1] - fine[0]), np.where(beyond, np.inf, -np.inf))
    return Tips(at, below, above)


def smooth(values: Array, curves: Array, at: float | Array, derivative: int = 0) -> Array:
    """Curves (value, ...) at other places, or their slope: no new hills (Fritsch & Carlson 1980, 10.1137/0717021)."""
    from scipy.interpolate import PchipInterpolator

    interpolator: Any = PchipInterpolator
    return np.asarray(interpolator(values, curves, axis=0)(at, derivative))


def _slope(curve: Curve, x: float) -> float:
    """Of the mean at a value of the lever."""
    keep = [k for k, v in enumerate(curve.values) if v == x or abs(v - x) > 5e-3 * np.ptp(curve.values)]
    return float(smooth(curve.values[keep], curve.means[keep], x, 1))


def _answered(moved: Lever, wanted: Goal, by: Effort, roots: Sequence[float], curve: Curve) -> Threshold:
    import pandas as pd

    s = moved.scenario
    tipped = tips(curve, wanted.level)
    at = np.quantile(tipped.at, (0.05, 0.5, 0.95), method="inverted_cdf")
    own = {f"q{q:02}": float(x) if math.isfinite(x) else math.nan for q, x in zip((5, 50, 95), at, strict=True)}
    for side, flags in (("below", tipped.below), ("above", tipped.above)):
        share = indicator(flags).mean(axis=1)
        own |= {side: float(share.mean()), f"{side}_mcse": float(share.std(ddof=1) / math.sqrt(len(share)))}
    rows = [_row(x, curve) | (own if k == 0 else dict.fromkeys(own, math.nan)) for k, x in enumerate(roots)]
    nothing = dict.fromkeys(COLUMNS, math.nan)
    table = pd.DataFrame(rows or [nothing | own])
    names = {code: m.name or code for code, m in s.tables.members.items()}
    subject = wanted.subject(names)
    beyond = ["" if math.isfinite(x) else "above" if x > 0 else "below" for x in at]
    about = {
        "lever": moved.words,
        "outcome": wanted.outcome,
        "subject": subject,
        "when": f"{wanted.date(s.tables.time):%B %Y}",
        "level": wanted.level,
        "said": wanted.in_words(wanted.level),
        "scenario": s.tables.title,
        "footer": footer(s.name, by, moved.program.start.words, [s]),
        "beyond": beyond,
        "axis": moved.axis,
        "never": f"; {never(table.iloc[0], wanted)}" if never(table.iloc[0], wanted) else "",
    }
    identity = {
        "scenario": s.name,
        "fingerprint": s.fingerprint,
        "lever": f"{moved.factor.targets[0]}@{moved.factor.from_}" if moved.factor.from_ else moved.factor.targets[0],
        "way": moved.factor.way,
        "range": [moved.low, moved.high],
        "reach": str(wanted),
        "runs": by.runs,
        "seed": by.seed,
    }
    title = f"{sentence(subject)} by {about['when']} against {moved.words}"
    answer = sentences(moved, wanted, subject, table, curve, beyond)
    return Threshold(title, answer, {"threshold": table, "curve": _table(curve)}, identity, about)


def _row(x: float, curve: Curve) -> dict[str, float]:
    """A crossing with what chance may have made of it."""
    slope = abs(_slope(curve, x))
    error = float(curve.errors[list(curve.values).index(x)]) / slope if slope else math.inf
    return dict(zip(COLUMNS, (x, error, x - Z95 * error, x + Z95 * error), strict=True))


def _table(curve: Curve) -> "pd.DataFrame":
    import pandas as pd

    low, high = np.quantile(curve.draws, (0.05, 0.95), axis=(1, 2))
    reach = Z95 * curve.errors
    known = curve.errors, curve.means - reach, curve.means + reach
    columns = dict(zip(("value", "mean", *ERROR), (curve.values, curve.means, *known), strict=True))
    return pd.DataFrame(columns | {"q05": np.minimum(low, curve.means), "q95": np.maximum(high, curve.means)})


def sentences(
    moved: Lever, wanted: Goal, subject: str, table: "pd.DataFrame", curve: Curve, beyond: Sequence[str]
) -> list[str]:
    """The answer: where it tips, how well that is known, and in what share of draws it does not."""
    o, first, level = wanted.kind, table.iloc[0], wanted.in_words(wanted.level)
    scale, sign = (100, " %") if o.probability else (1, "")

    def number(x: float) -> str:
        return f"{scale * x:.3g}{sign}"

    when = f"{wanted.date(moved.scenario.tables.time):%B %Y}"
    ends = f"{number(curve.means[0])} at {moved.low:g} and {number(curve.means[-1])} at {moved.high:g}"
    found = []
    if first.threshold == first.threshold:
        error = (
            f"{PRECISION * (moved.high - moved.low):.1g} for these runs, Monte Carlo standard error {first.mcse:.2g}"
        )
        found.append(
            f"{sentence(subject)} by {when} reaches {level} where {moved.words} is {first.threshold:.3g} (to {error}); "
            f"it is {ends}."
        )
        if len(table) > 1:
            found.append(f"It reaches it again at {listed([f'{x:.3g}' for x in table.threshold[1:]])}.")
    else:
        reached = f"{number(curve.means.min())} to {number(curve.means.max())}"
        found.append(
            f"No value of {moved.words} from {moved.low:g} to {moved.high:g} brings {subject} by {when} to {level}: "
            f"the range reached is {reached}; it is {ends}."
        )
    says = [
        f"{x:.3g}" if x == x else f"{side} {moved.low if side == 'below' else moved.high:g}"
        for x, side in zip((first.q05, first.q50, first.q95), beyond, strict=True)
    ]
    if says[0] == says[2]:
        found.append(
            f"In the middle 90 % of draws of what is uncertain, chance taken out, the threshold lies {says[0]}."
        )
    else:
        found.append(
            f"Over draws of what is uncertain, chance taken out, the threshold has the 90 % interval {says[0]} to "
            f"{says[2]} (median {says[1]})."
        )
    said = never(first, wanted)
    found.append(f"{sentence(said)}." if said else "Every draw reaches it at some value.")
    return found


def never(first: "pd.Series[float]", wanted: Goal) -> str:
    """In what share of draws no value of the lever reaches the level, and on which side of it they stay."""
    level = wanted.in_words(wanted.level)
    shares = {side: first[side] for side in ("below", "above") if first[side] > 0}
    said = [f"in {percent(x)} % of draws it stays {side} {level}" for side, x in shares.items()]
    return f"{' and '.join(said)} at every value" if said else ""
