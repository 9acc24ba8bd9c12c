"""What is explained of a run: a move of a member, a change of its usual conduct, or that nothing happened."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Flags
from sim.model.conduct import ABSTAINS, OPPOSES, SUPPORTS
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.outcomes import MOVES
from sim.model.tick import Record
from sim.results.kept import FIRSTS

CONDUCT = "conduct"
NOUNS = {"freeze": "freeze", "resume": "resumption", "entry": "entry", "exit": "exit", CONDUCT: "change of conduct"}
FROM = {"freeze": [ACTIVE], "resume": [FROZEN], "entry": [OUTSIDE], "exit": [ACTIVE, FROZEN], CONDUCT: [ACTIVE]}
"""In which status a state can do it."""
NEXT = {ACTIVE: "exit", FROZEN: "exit", OUTSIDE: "entry"}
"""What is asked about where nothing happened, by status."""


class Event(NamedTuple):
    """Something of a member (by its row), of which it is asked when it happens after ``since``."""

    row: int
    kind: str
    """A move's name, or ``conduct``."""
    k: int
    """The tick of the forecast."""
    happened: bool
    since: int = 0
    """The tick after which it may happen: that of the member's move of the same kind before."""
    to: float = float("nan")
    """The conduct that is usual from then on."""

    def happens(self, r: Record) -> Flags:
        """Whether it happens in a tick. (run,)"""
        if self.kind == CONDUCT:
            return np.asarray((usual(r, self.row) == self.to) & (r.status[self.row] == ACTIVE))
        return happens(self.kind, r, self.row)

    def chance(self, r: Record) -> Array:
        """The chance of it in a tick, as the run knows it; of a change of conduct whether it happens. (run,)"""
        if self.kind == CONDUCT:
            return self.happens(r).astype(float)
        chance = r.exit if self.kind == "exit" else r.side
        return np.where(np.isin(r.before[self.row], FROM[self.kind]), chance[self.row], 0.0)


def usual(r: Record, row: int) -> Array:
    """What a member most likely does on a motion. (run,)"""
    support, oppose = r.support[row], r.oppose[row]
    chances = np.stack([oppose, 1.0 - support - oppose, support])
    return np.array([OPPOSES, ABSTAINS, SUPPORTS])[chances.argmax(axis=0)]


def happens(move: str, r: Record, row: int) -> Flags:
    """Whether a member makes a move in a tick. (run,)"""
    if move == "exit":
        return r.left[row]  # nobody leaves an alliance that ends
    before, now = r.before[row], r.status[row]
    ways = [was_is for was_is, m in MOVES.items() if m.name == move]
    return np.any([(before == was) & (now == is_) for was, is_ in ways], axis=0)


def move_of(r: Record, row: int) -> str:
    """The name of a member's move in a tick of a single run, empty for none."""
    return next((name for name in FIRSTS if happens(name, r, row)[0]), "")


def events_of(records: Sequence[Record], row: int) -> list[Event]:
    """All moves and changes of usual conduct of a member in a run, in their order, moves last in a tick."""
    found: list[Event] = []
    for k in range(1, len(records)):
        r, before = records[k], records[k - 1]
        was, now = (float(usual(x, row)[0]) for x in (before, r))
        if was != now and before.status[row, 0] == r.status[row, 0] == ACTIVE:
            same = [e.k for e in found if e.kind == CONDUCT]
            found.append(Event(row, CONDUCT, k, True, max(same, default=0), now))
        if kind := move_of(r, row):
            same = [e.k for e in found if e.kind == kind]
            found.append(Event(row, kind, k, True, max(same, default=0)))
    return found


def chosen(records: Sequence[Record], row: int, k: int | None = None) -> Event:
    """What to explain: of a tick, or the last move, else the last change of conduct, else that there was neither."""
    events = [e for e in events_of(records, row) if k is None or e.k == k]
    moves = [e for e in events if e.kind != CONDUCT]
    if found := moves or events:
        return found[-1]
    at = len(records) - 1 if k is None else k
    before = NEXT[int(records[at].status[row, 0])]
    same = [e.k for e in events_of(records, row) if e.kind == before and e.k < at]
    return Event(row, before, at, False, max(same, default=0))
