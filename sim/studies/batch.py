"""The points of one batch, run together: the same draws, one life through a shared record."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.engines.ensemble import Piece, pieces
from sim.estimates.intervals import INTERVAL_BLOCK, REPEATS, Uncertainty, add_quantiles, over_time, runs_together
from sim.estimates.sample import estimate, interval, of_chance
from sim.estimates.side_by_side import side_by_side
from sim.estimates.summary import Summary, Tally, combine, statistics
from sim.model.arrays import Array
from sim.model.outcomes import ENDS, KEPT, OUTCOMES, QUANTILES, error_of, variable
from sim.scenario.compile import Program
from sim.studies.plan import Plan
from sim.studies.tables import StudyTables

PLACES = [list(QUANTILES).index(end) for end in ENDS]
"""Among quantiles, of those that a study keeps."""


class Outcome(NamedTuple):
    """What came of a point."""

    runs: int
    largest_mcse: float
    """Over members and horizons, of the outcome that a precision target looks at."""
    values: dict[str, Array]
    """By variable of the dataset, (tick, [member,] [quantile])."""


class Failure(NamedTuple):
    """A point that could not be run, and why."""

    point: int
    reason: str


def run_points(plan: Plan, points: Sequence[int]) -> dict[int, Outcome | Failure]:
    """Run the points of a batch; what fails is found by running each alone, and set apart.

    Raises OSError and MemoryError: they are the machine's, not a point's.
    """
    try:
        return dict(zip(points, _measured(plan, points), strict=True))
    except (OSError, MemoryError):
        raise
    except Exception as error:
        if len(points) == 1:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            return {points[0]: Failure(points[0], reason)}
        return {k: v for p in points for k, v in run_points(plan, [p]).items()}


def _measured(plan: Plan, points: Sequence[int]) -> list[Outcome]:
    """Raises FloatingPointError where a probability is not a number."""
    programs, found = [plan.program(p) for p in points], []
    for summary, uncertainty in zip(_summaries(plan, programs), _uncertainties(plan, programs), strict=True):
        known = statistics(summary, uncertainty)
        kept = {variable(name, s): known[variable(name, s)] for name in summary.samples for s in KEPT}
        kept |= {variable(name, "quantile"): kept[variable(name, "quantile")][..., PLACES] for name in summary.samples}
        for name in summary.samples:
            if OUTCOMES[name].probability and not np.isfinite(kept[name]).all():
                raise FloatingPointError(f"{name} is not a number")
        runs = int(max(m.n.max() for m in summary.samples.values()))
        found.append(Outcome(runs, _largest(plan, summary), kept))
    return found


def _summaries(plan: Plan, programs: Sequence[Program]) -> list[Summary]:
    """Run each program as often as its precision target asks, all that go on together."""
    target, runs = plan.tables.precision, plan.tables.runs
    found: dict[int, Summary] = {}
    going, done, most = list(range(len(programs))), 0, target.most_runs if target else runs
    while going:
        begun, done = done, min(done + runs, most)
        for piece in pieces(begun, done):
            parts = _tallied(plan, [programs[k] for k in going], piece)
            for k, part in zip(going, parts, strict=True):
                found[k] = combine(found[k], part) if k in found else part
        going = [k for k in going if target and done < most and not _largest(plan, found[k]) <= target.mcse]
    return [found[k] for k in range(len(programs))]


def _tallied(plan: Plan, programs: Sequence[Program], piece: Piece) -> list[Summary]:
    tallies = [Tally(piece.block, p.rows, p.distinct) for p in programs]
    ticks = dict.fromkeys(plan.tables.outcomes, plan.ticks)
    for seen in side_by_side(programs, plan.tables.seed, piece, ticks):
        tallies[seen.program].add(seen.values)
    return [t.summary() for t in tallies]


def _largest(plan: Plan, summary: Summary) -> float:
    """The largest error at the horizons; NaN counts as large.

    Of a probability a 95 % interval over what a standard error is of it: honest where few runs contribute.
    """
    watched = watched_outcome(plan.tables)
    s = of_chance(summary.samples[watched])
    if OUTCOMES[watched].probability:
        errors = error_of(*interval(s))
    else:
        errors = estimate(s)[1]
    return float(np.nan_to_num(errors[plan.horizon_places], nan=np.inf).max())


def watched_outcome(tables: StudyTables) -> str:
    """The outcome whose standard error is shown and held against a precision target."""
    if tables.precision:
        return str(tables.precision.outcome)
    return "exit" if "exit" in tables.outcomes else str(tables.outcomes[0])


def _uncertainties(plan: Plan, programs: Sequence[Program]) -> list[Uncertainty]:
    """Quantiles of every probability over what is uncertain, from a block of their own."""
    names = [n for n in plan.tables.outcomes if OUTCOMES[n].probability]
    runs = plan.tables.interval_runs
    found: list[dict[str, list[Array]]] = [{} for _ in programs]
    if runs and names:
        piece = Piece(INTERVAL_BLOCK, slice(0, runs))
        for seen in side_by_side(programs, plan.tables.seed, piece, dict.fromkeys(names, plan.ticks), REPEATS):
            add_quantiles(found[seen.program], seen.values, runs_together(programs))
    return [Uncertainty(over_time(levels), {}, {}) for levels in found]
