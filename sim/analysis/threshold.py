"""When it tips: the value of a lever at which an outcome reaches a level, and how well that value is known.

All values of the lever are run on the same draws (common random numbers), so that the mean over the runs is one curve,
whose root is found to any precision. How far another set of runs would move it follows from the error of the mean there
and the curve's slope (delta method). Each draw of what is uncertain has a curve of its own, chance taken out, and so a
threshold of its own, or none.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.analysis.goal import RELATIONS, Goal, goal
from sim.analysis.lever import Lever, lever as lever_of
from sim.analysis.spread import error_over_draws, footer, parted
from sim.errors import InputError, Problem, arguments, each, listed
from sim.estimates.intervals import REPEATS, draws_without_chance, runs_together
from sim.evidence.measure import Reading, measure
from sim.inference.continuation import continued
from sim.model.arrays import Array, Flags, indicator
from sim.model.grammar import sentence
from sim.model.outcomes import MONTE_CARLO, OUTCOMES, Z95, percent
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
        (mcse), 95 % interval (low, high), and of the first its quantiles among draws of what is uncertain that have
        one in the range (q05, q50, q95), the shares of draws that have none (none) since they are below or above the
        level at every value, from where to where the lever lies in the scenario (now_low, now_high) and the outcome
        there (now, now_mcse). ``curve`` has the outcome by value: mean, mcse, low, high, and its 90 % interval over
        what is uncertain.
    """

    kind = "threshold"
    question = "From which value on is the level reached?"
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
        lambda: level(goal(reach, chosen, "reach")),
        lambda: lever_of(lever, chosen, way, low, high),
    )
    found = _threshold(moved, wanted, by, progress)
    if out is not None:
        found.save(out, force)
    return found


def level(wanted: Goal) -> Goal:
    """A goal that is a level to be reached, no side of one. Raises InputError."""
    if wanted.relation != "=":
        found = f"{wanted.relation} ({RELATIONS[wanted.relation][1]})"
        allowed = "allowed: =, since what is looked for is the value at which the level is reached"
        raise InputError([Problem("reach", "relation", found, allowed, str(replace(wanted, relation="=")))])
    return wanted


def _threshold(moved: Lever, wanted: Goal, by: Effort, progress: Callable[[int, int], None] | None) -> Threshold:
    evaluated: dict[float | None, Array] = {}
    expected = (POINTS + 8) * by.runs
    tick = wanted.tick(moved.scenario.tables.time)
    name = ".".join(filter(None, (wanted.outcome, wanted.member)))

    def look(values: Sequence[float | None]) -> None:
        """Run the lever at values that have not been run, None for the scenario as it is."""
        new = [x for x in dict.fromkeys(values) if x not in evaluated]
        programs = {repr(x): moved.program if x is None else moved.at(x) for x in new}
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
    look([None, *grid])
    roots = crossings(grid, gap, PRECISION * (moved.high - moved.low))
    look(roots)
    outcome = OUTCOMES[wanted.outcome]
    curve = curve_of({x: evaluated[x] for x in (*grid, *roots)}, outcome.low, outcome.high)
    if progress:
        progress(expected, expected)
    return _answered(moved, wanted, by, roots, curve, evaluated[None])


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


def _answered(
    moved: Lever, wanted: Goal, by: Effort, roots: Sequence[float], curve: Curve, as_it_is: Array
) -> Threshold:
    import pandas as pd

    s = moved.scenario
    tipped = tips(curve, wanted.level)
    some = tipped.at[np.isfinite(tipped.at)]
    at = np.quantile(some, (0.05, 0.5, 0.95)) if some.size else (math.nan,) * 3
    own = {f"q{q:02}": float(x) for q, x in zip((5, 50, 95), at, strict=True)}
    for side, flags in (("none", tipped.below | tipped.above), ("below", tipped.below), ("above", tipped.above)):
        share = indicator(flags).mean(axis=1)
        own |= {side: float(share.mean()), f"{side}_mcse": float(share.std(ddof=1) / math.sqrt(len(share)))}
    own |= dict(zip(("now_low", "now_high"), moved.now, strict=True))
    own |= {"now": float(np.nanmean(as_it_is)), "now_mcse": error_over_draws(as_it_is)}
    rows = [_row(x, curve) | (own if k == 0 else dict.fromkeys(own, math.nan)) for k, x in enumerate(roots)]
    nothing = dict.fromkeys(COLUMNS, math.nan)
    table = pd.DataFrame(rows or [nothing | own])
    names = s.tables.state_names
    subject = wanted.subject(names)
    when, said = f"{wanted.date(s.tables.time):%B %Y}", wanted.in_words(wanted.level)
    about = {
        "question": f"From which value of {moved.words} on does {subject} by {when} reach {said}?",
        **origins([s]),
        "lever": moved.words,
        "outcome": wanted.outcome,
        "subject": subject,
        "when": when,
        "level": wanted.level,
        "said": said,
        "scenario": s.tables.title,
        "footer": footer(s.name, by, moved.program.start.words, [s]),
        "axis": moved.axis,
        "never": f"; {never(moved, wanted, table.iloc[0])}" if own["none"] else "",
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
    answer = sentences(moved, wanted, subject, table, curve)
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


def sentences(moved: Lever, wanted: Goal, subject: str, table: "pd.DataFrame", curve: Curve) -> list[str]:
    """The answer: where it tips, where it is now, in what share of draws it does not, and where in the others."""
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
    moves = moved.to.inputs and moved.factor.way == "value" and moved.program.course
    goes_on = " and goes on from there by changes of past years" if moves else ""
    found.append(
        f"In the scenario {'it is' if first.now_low == first.now_high else 'it lies from'} {span(*moved.now)}"
        f"{goes_on}; {subject} by {when} is {number(first.now)} (± {scale * first.now_mcse:.2g}{sign})."
    )
    over = "draws of what is uncertain, without what chance adds"
    found.append(
        f"{sentence(never(moved, wanted, first))}." if first.none else f"All {over}, reach {level} at some value."
    )
    if first.none < 1.0:
        ends = f"{first.q05:.3g} to {first.q95:.3g} (median {first.q50:.3g})"
        found.append(f"Among {'the others' if first.none else 'them'} the threshold has the 90 % interval {ends}.")
    return found


def span(low: float, high: float) -> str:
    """From where to where something lies, or where."""
    return f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def never(moved: Lever, wanted: Goal, first: "pd.Series[float]") -> str:
    """In what share of draws no value of the lever reaches the level, and on which side of it they stay."""
    stay = [f"{percent(first[side])} % stay {side}" for side in ("above", "below") if 0.0 < first[side] < first.none]
    sides = ", ".join(stay) or f"they stay {'above' if first.above else 'below'}"
    draws = "all draws" if first.none == 1.0 else f"{percent(first.none)} % of draws"
    values = f"no value from {moved.low:g} to {moved.high:g} brings it to {wanted.in_words(wanted.level)}"
    return f"in {draws} of what is uncertain, without what chance adds, {values} ({sides})"
