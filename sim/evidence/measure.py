"""What claims measure, draw by draw: draws of all that is uncertain, each with a few runs of its own.

The blocks are those of sim/estimates/intervals.py, whose first they share: so many draws of the
coefficients and coded values, with REPLICATES runs of each. Draw d and run r are the same in every
scenario (common random numbers).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.engines.ensemble import Piece, pieces, program_record, run_together
from sim.estimates.incidence import Incidence, quantities
from sim.estimates.intervals import INTERVAL_BLOCK, REPLICATES
from sim.model.arrays import Array, count
from sim.model.noise import Repeats
from sim.model.outcomes import ANSWERED, CALLS, OUTCOMES
from sim.model.tick import Record
from sim.scenario.compile import Program
from sim.storage.effort import Effort
from sim.storage.workers import imap

SIDE_BY_SIDE = 16
"""Programs that a worker takes at once at most: more would save nothing, and be slow to tell how far it is."""
DRAWS = Repeats(REPLICATES)


class Reading(NamedTuple):
    """Something measured in a scenario (by its key) at a forecast tick; 0 is the start."""

    scenario: str
    name: str
    tick: int


class Calls:
    """Calls for help and answers so far, by kind. (run,)"""

    def __init__(self, runs: int) -> None:
        self.asked = {kind: np.zeros(runs) for kind in CALLS}
        self.helped = {kind: np.zeros(runs) for kind in CALLS}

    def add(self, r: Record) -> None:
        """Count a tick's calls; those of a clash are interstate calls of two members."""
        clash = r.crises.clash & (r.crises.kind > 0)
        for k, kind in enumerate(CALLS):
            flags = clash if kind == "clash" else (r.crises.kind == k + 1) & ~clash
            self.asked[kind] = self.asked[kind] + count(flags)
            self.helped[kind] = self.helped[kind] + count(r.crises.help * flags)

    def answered(self, name: str, runs: slice) -> Array:
        """(asked, helped) of some runs under a name of ANSWERED."""
        kind = name.removeprefix("answered_")
        return np.stack([self.asked[kind][runs], self.helped[kind][runs]])


def groups(programs: Mapping[str, Program]) -> list[list[str]]:
    """Keys of programs that can run together: the same states and dates."""
    found: dict[tuple[object, ...], list[str]] = {}
    for key, p in programs.items():
        found.setdefault((p.members, p.edges, p.record_ticks), []).append(key)
    return list(found.values())


def measure(
    programs: Mapping[str, Program],
    wanted: Collection[Reading],
    by: Effort,
    progress: Callable[[int], None] | None = None,
    repeats: Repeats = DRAWS,
    together: int = REPLICATES,
) -> dict[Reading, Array]:
    """Run everything; a reading (draw, run) is the same whatever else is read, and whoever reads it.

    ``repeats`` says what runs of a draw have in common, ``together`` how many of them make a draw of all of it.
    """
    tasks = [
        (keys, piece)
        for group in groups(programs)
        for piece in pieces(0, by.runs)
        for keys in _shared_out(group, max(1, -(-by.jobs // len(pieces(0, by.runs)))))
    ]

    def one(keys: Sequence[str], piece: Piece) -> dict[Reading, Array]:
        here = [r for r in wanted if r.scenario in keys]
        own = Piece(INTERVAL_BLOCK + piece.block, piece.lanes)
        return _block({key: programs[key] for key in keys}, here, by.seed, own, repeats)

    blocks: dict[Reading, list[Array]] = {r: [] for r in wanted}
    total = by.runs * len(groups(programs))
    for done, found in enumerate(imap(one, tasks, by, threads=True), start=1):
        for r, x in found.items():
            blocks[r].append(x)
        if progress:
            progress(total * done // len(tasks))
    return {r: _by_draw(r, parts, together) for r, parts in blocks.items()}


def _shared_out(keys: Sequence[str], hands: int) -> list[Sequence[str]]:
    """The keys in parts, one or more for each hand."""
    size = min(-(-len(keys) // hands), SIDE_BY_SIDE)
    return [keys[k : k + size] for k in range(0, len(keys), size)]


def _by_draw(r: Reading, parts: Iterable[Array], together: int) -> Array:
    """The parts of a reading as (draw, run)."""
    x = np.concatenate(list(parts), axis=-1)
    by_draw = x.reshape(*x.shape[:-1], -1, together)
    return share(by_draw[1], by_draw[0]) if r.name in ANSWERED else by_draw


def share(above: Array, below: Array) -> Array:
    """Values (draw, run) whose mean over a draw's runs is the ratio of the sums, NaN where below is 0.

    Their spread is that of the ratio (delta method): each run's part in it, by linearisation.
    """
    means = below.mean(axis=-1, keepdims=True)
    safe = np.where(means > 0, means, 1.0)
    ratio = above.mean(axis=-1, keepdims=True) / safe
    values: Array = ratio + (above - ratio * below) / safe
    return np.where(means > 0, values, np.nan)


def _block(
    programs: Mapping[str, Program], wanted: Sequence[Reading], seed: int, piece: Piece, repeats: Repeats
) -> dict[Reading, Array]:
    """The readings of one block, (run,), or (2, run) of calls asked and answered."""
    keys = list(programs)
    names = {r.name.partition(".")[0] for r in wanted} - set(ANSWERED)
    ticks = {r.tick for r in wanted}
    counting = any(r.name in ANSWERED for r in wanted)
    incidences: list[Incidence] = []
    calls: list[Calls] = []
    found: dict[Reading, Array] = {}
    for t, sides in enumerate(run_together(list(programs.values()), seed, piece, repeats)):
        if t == 0:
            incidences = [Incidence.start(side.record) for side in sides]
            calls = [Calls(side.record.alive.shape[-1]) for side in sides]
        for side, incidence, called in zip(sides, incidences, calls, strict=True):
            if t:
                incidence.add(side.record)
                if counting:
                    called.add(side.record)
            if t not in ticks:
                continue
            for place, k in enumerate(side.programs):
                own = slice(place * piece.runs, (place + 1) * piece.runs)
                here = [r for r in wanted if r.scenario == keys[k] and r.tick == t]
                if here:
                    record = program_record(side.record, place, piece.runs)
                    values = quantities(record, incidence.of_runs(own), names)
                    for r in here:
                        answered = r.name in ANSWERED
                        found[r] = called.answered(r.name, own) if answered else _pick(r, values, programs)
        if t == max(ticks):
            break
    return found


def _pick(r: Reading, values: Mapping[str, Array], programs: Mapping[str, Program]) -> Array:
    outcome, _, state = r.name.partition(".")
    x = values[outcome]
    return np.array(x[programs[r.scenario].members.index(state)] if OUTCOMES[outcome].by_member else x)
