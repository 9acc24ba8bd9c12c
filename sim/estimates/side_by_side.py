"""What several programs show over the same runs, at some ticks."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sim.engines.ensemble import Piece, Side, Stack, program_record, run_together
from sim.estimates.incidence import Incidence, quantities
from sim.model.arrays import Array
from sim.model.noise import ONCE, Repeats, TickNoise
from sim.model.tick import State
from sim.scenario.compile import Program

Ticks = Mapping[str, Collection[int]]
"""Forecast ticks at which an outcome is read; 0 is the start."""


class View(NamedTuple):
    """The quantities of one program (by index) at one tick: those that are read there."""

    program: int
    tick: int
    values: Mapping[str, Array]
    incidence: Incidence
    """What was counted up to it."""


class Moment(NamedTuple):
    """A number of forecast ticks of a program, the state in which they leave it, and what was counted in them."""

    ticks: int
    state: State
    incidence: Incidence


def side_by_side(
    programs: Sequence[Program],
    seed: int,
    piece: Piece,
    ticks: Ticks,
    repeats: Repeats = ONCE,
    noise: TickNoise | None = None,
    see: Callable[[int, Stack], object] = lambda _, stack: None,
    since: Moment | None = None,
) -> Iterator[View]:
    """Quantities at forecast ticks.

    Values are (member, run) or (run,), the same whichever programs run together. ``noise`` and ``see`` as in
    :func:`run_together`. ``since`` is where a single program goes on from; nothing before is yielded.
    """
    names = {t: [name for name in ticks if t in ticks[name]] for t in {t for at in ticks.values() for t in at}}
    begins = (since.ticks, since.state) if since else None
    incidences = [since.incidence.of_runs(slice(None))] if since else []
    sides_by_tick = run_together(programs, seed, piece, repeats, noise, see, begins)
    for t, sides in enumerate(sides_by_tick, start=since.ticks + 1 if since else 0):
        if t == 0:
            incidences = [Incidence.start(side.record, ticks) for side in sides]
        else:
            for incidence, side in zip(incidences, sides, strict=True):
                incidence.add(side.record)
        if t in names:
            for incidence, side in zip(incidences, sides, strict=True):
                yield from _apart(side, incidence, t, piece.runs, names[t])


def _apart(side: Side, incidence: Incidence, t: int, runs: int, names: Collection[str]) -> Iterator[View]:
    """Each program of a stack by itself."""
    for place, k in enumerate(side.programs):
        own = slice(place * runs, (place + 1) * runs)
        record, counted = program_record(side.record, place, runs), incidence.of_runs(own)
        yield View(k, t, quantities(record, counted, names), counted)
