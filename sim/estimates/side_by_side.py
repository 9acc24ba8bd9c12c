"""What several programs show over the same runs, at some ticks."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sim.engines.ensemble import Piece, Side, Stack, program_record, run_together
from sim.estimates.incidence import Incidence, quantities
from sim.model.arrays import Array
from sim.model.noise import ONCE, Repeats, TickNoise
from sim.scenario.compile import Program


class View(NamedTuple):
    """The quantities of one program (by index) at one tick."""

    program: int
    tick: int
    values: Mapping[str, Array]


def side_by_side(
    programs: Sequence[Program],
    seed: int,
    piece: Piece,
    ticks: Collection[int],
    names: Collection[str] | None = None,
    repeats: Repeats = ONCE,
    noise: TickNoise | None = None,
    see: Callable[[int, Stack], object] = lambda _, stack: None,
) -> Iterator[View]:
    """Quantities (all, or those in ``names``) at forecast ticks; 0 is the start.

    Values are (member, run) or (run,), the same whichever programs run together. ``noise`` and ``see`` as in
    :func:`run_together`.
    """
    incidences: list[Incidence] = []
    for t, sides in enumerate(run_together(programs, seed, piece, repeats, noise, see)):
        if t == 0:
            incidences = [Incidence.start(side.record) for side in sides]
        else:
            for incidence, side in zip(incidences, sides, strict=True):
                incidence.add(side.record)
        if t in ticks:
            for incidence, side in zip(incidences, sides, strict=True):
                yield from _apart(side, incidence, t, piece.runs, names)


def _apart(side: Side, incidence: Incidence, t: int, runs: int, names: Collection[str] | None) -> Iterator[View]:
    """Each program of a stack by itself."""
    for place, k in enumerate(side.programs):
        own = slice(place * runs, (place + 1) * runs)
        record = program_record(side.record, place, runs)
        yield View(k, t, quantities(record, incidence.of_runs(own), names))
