"""Exit probability without luck: chances added up, corrected by events counted.

Inside a run the chance of an exit is known at every tick. The sum of these chances over the ticks in
which the state had not left before (the compensator of the counting process) has the cumulative
incidence as its mean; dissolution competes. Where exits are rare its variance is far smaller than the
count's; where they are likely it may be larger, because a run of high hazard adds up to more than 1.
The count less the sum has mean zero, so it serves as a control variate that takes the better of both
(Asmussen & Glynn 2007, 10.1007/978-0-387-69033-9, ch. V.2).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sim.model.arrays import Array, Flags, count
from sim.model.tick import Record
from sim.model.variables import ACTIVE, FROZEN


@dataclass
class Incidence:
    """Running sums of chances in one block. (member, run), and (run,) for the alliance."""

    exit: Array
    freeze: Array
    any_exit: Array
    two_exits: Array
    dissolution: Array
    never_left: Flags
    never_frozen: Flags
    exits: Array

    @classmethod
    def start(cls, first: Record) -> "Incidence":
        """Before the first tick; who is frozen at the start counts as having frozen."""
        frozen = first.status == FROZEN
        zero = np.zeros(first.alive.shape)
        shape = first.stance.shape
        return cls(
            exit=np.zeros(shape),
            freeze=1.0 * frozen,
            any_exit=zero,
            two_exits=zero,
            dissolution=zero,
            never_left=np.ones(shape, dtype=bool),
            never_frozen=~frozen,
            exits=zero,
        )

    def of_runs(self, runs: slice) -> "Incidence":
        """The sums of some runs."""
        return Incidence(*(np.ascontiguousarray(x[..., runs]) for x in vars(self).values()))

    def estimates(self, alive: Flags) -> dict[str, Array]:
        """What is averaged over runs, by outcome; ``alive`` says which alliances live on."""
        pairs = {
            "exit": (self.exit, ~self.never_left),
            "freeze": (self.freeze, ~self.never_frozen),
            "any_exit": (self.any_exit, self.exits > 0),
            "two_exits": (self.two_exits, self.exits > 1),
            "dissolution": (self.dissolution, ~alive),
        }
        return {name: controlled(chances, np.where(events, 1.0, 0.0)) for name, (chances, events) in pairs.items()}

    def add(self, r: Record) -> None:
        """Count a tick's chances."""
        active = r.before == ACTIVE
        self.exit = self.exit + r.exit * self.never_left
        self.freeze = self.freeze + r.side * (active & self.never_frozen)
        none, one = at_most_one(r.exit)
        self.any_exit = self.any_exit + (1.0 - none) * (self.exits == 0)
        second = np.where(self.exits == 0, 1.0 - none - one, np.where(self.exits == 1, 1.0 - none, 0))
        self.two_exits = self.two_exits + second
        self.dissolution = self.dissolution + r.dissolution
        self.never_left = self.never_left & ~r.left
        self.never_frozen = self.never_frozen & ~(r.status == FROZEN)
        self.exits = self.exits + count(r.left)


def followed(records: Iterable[Record]) -> Iterator[tuple[Record, Incidence]]:
    """A block's records, each with the incidence up to it."""
    incidence: Incidence | None = None
    for record in records:
        if incidence is None:
            incidence = Incidence.start(record)
        else:
            incidence.add(record)
        yield record, incidence


FEWEST_EVENTS = 100
"""Events in a block from which the control variate is used: with few, beta would be luck itself."""


def controlled(chances: Array, events: Array) -> Array:
    """Per run: chances + beta (events - chances), beta by least squares over the runs (last axis).

    Estimating beta from the same runs biases the mean by the order of its variance over the number of
    events, far below the standard error; with fewer than FEWEST_EVENTS of them beta is 0.
    """
    gap = events - chances
    centred = gap - gap.mean(axis=-1, keepdims=True)
    together = np.einsum("...r,...r->...", chances, centred)
    apart = np.einsum("...r,...r->...", centred, centred)
    beta = np.clip(-together / np.maximum(apart, 1e-300), 0.0, 1.0)
    beta = np.where(events.sum(axis=-1) >= FEWEST_EVENTS, beta, 0.0)
    return chances + beta[..., None] * gap


def at_most_one(p: Array) -> tuple[Array, Array]:
    """The chances (none, exactly one) of independent events of chances p (member, run)."""
    none: Array = np.ones(p.shape[-1])
    one: Array = np.zeros(p.shape[-1])
    for row in p:
        none, one = none * (1.0 - row), one * (1.0 - row) + none * row
    return none, one
