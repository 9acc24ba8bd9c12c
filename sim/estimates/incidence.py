"""Probabilities of events with little noise: chances added up, corrected by events counted.

Inside a run the chance of an exit is known at every tick. The sum of these chances over the ticks in
which the state had not left before (the compensator of the counting process) has the cumulative
incidence as its mean; dissolution competes. Where exits are rare its variance is far smaller than the
count's; where they are likely it may be larger, because a run of high hazard adds up to more than 1.
The count minus the sum has mean zero, so it serves as a control variate that takes the better of both
(Asmussen & Glynn 2007, 10.1007/978-0-387-69033-9, ch. V.2), with a coefficient that is good even without events.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sim.model.arrays import Array, Flags, count, indicator
from sim.model.membership import OUTSIDE
from sim.model.outcomes import OUTCOMES, Chance, Event, Exits, Measure, Snapshot
from sim.model.tick import Record

PRIOR_EVENTS = 10.0
"""Events' worth of trust in the coefficient that theory gives, beside what the runs show."""
STEPS = 64.0
"""Coefficients are multiples of 1 / STEPS."""


@dataclass
class Incidence:
    """Running sums in one block, by event: (member, run), or (run,) for the alliance."""

    sums: dict[str, Array]
    """Chances added up."""
    happened: dict[str, Flags]
    exits: Array
    """Exits of members so far. (run,)"""
    starters: Flags
    """Who is a member at the start. (member, run)"""

    @classmethod
    def start(cls, first: Record, names: Collection[str] | None = None) -> "Incidence":
        """Before the first tick, of all events or those named; what is so at the start counts as having happened."""
        none = np.zeros(first.alive.shape)
        exits = Exits(none, none, none, none)
        happened = {e.name: np.asarray(e.happens(first, exits)) for e in _events(names)}
        sums = {name: indicator(x) for name, x in happened.items()}
        return cls(sums, happened, none, np.broadcast_to(first.status != OUTSIDE, first.stance.shape))

    def add(self, r: Record) -> None:
        """Count a tick."""
        exits = Exits(self.exits, self.exits + count(r.left), *at_most_one(r.exit))
        for e in _events(self.sums):
            self.sums[e.name] = self.sums[e.name] + e.hazard(r, exits) * indicator(~self.happened[e.name])
            self.happened[e.name] = self.happened[e.name] | e.happens(r, exits)
        self.exits = exits.after

    def of_runs(self, runs: slice) -> "Incidence":
        """The sums of some runs."""
        sums = {name: np.ascontiguousarray(x[..., runs]) for name, x in self.sums.items()}
        happened = {name: np.ascontiguousarray(x[..., runs]) for name, x in self.happened.items()}
        return Incidence(sums, happened, self.exits[runs], np.ascontiguousarray(self.starters[:, runs]))

    def estimate(self, name: str) -> Array:
        """What is averaged over runs."""
        return controlled(self.sums[name], indicator(self.happened[name]))


def _events(names: Collection[str] | None) -> list[Event]:
    return [o for o in OUTCOMES.values() if isinstance(o, Event) and (names is None or o.name in names)]


def coefficient(chances: Array, events: Array) -> Array:
    r"""Find the control variate's coefficient: how much of an estimate is events, how much chances.

    The best is beta = -Cov(A, Y - A) / Var(Y - A), with A the chances of a run added up and Y its event. Least
    squares find it where events are many; with few it would be noise. But Y - A is a martingale, so that for
    small chances a tick Cov(A, Y - A) = -E[A^2] / 2 and Var(Y - A) = E[A] (Aalen, Borgan & Gjessing 2008,
    10.1007/978-0-387-68560-1, ch. 2.2), which gives E[A^2] / (2 E[A]), from chances alone. The two are mixed as if
    ``PRIOR_EVENTS`` more events had been seen, in which the theory held.

    It is rounded to multiples of 1 / ``STEPS``, which costs nothing, so that scenarios that hardly differ have the
    same coefficient: a run that a change does not touch then shows a difference of exactly 0.

    Parameters
    ----------
    chances : (..., run), chances added up, 0 or more.
    events : (..., run), 1 where the event happened, else 0.

    Returns
    -------
    Array
        (...), in [0, 1]: 0 is chances alone, 1 the count alone.

    Examples
    --------
    >>> float(coefficient(np.full(64, 0.01), np.zeros(64)))  # rare: chances
    0.0
    >>> float(coefficient(np.linspace(0.5, 3.0, 64), np.ones(64)))  # certain: the count
    1.0
    """
    return _coefficient(chances, events - chances)


def _coefficient(chances: Array, gap: Array) -> Array:
    """As :func:`coefficient`, from events less chances."""
    centred = gap - gap.mean(axis=-1, keepdims=True)
    together = np.einsum("...r,...r->...", chances, centred)
    apart = np.einsum("...r,...r->...", centred, centred)
    theory = np.einsum("...r,...r->...", chances, chances) / np.maximum(2.0 * chances.sum(axis=-1), 1e-300)
    beta = (PRIOR_EVENTS * np.minimum(theory, 1.0) - together) / (PRIOR_EVENTS + apart)
    return np.asarray(np.round(STEPS * np.clip(beta, 0.0, 1.0)) / STEPS)


def controlled(chances: Array, events: Array) -> Array:
    """Combine chances and events into what is averaged over runs.

    Parameters
    ----------
    chances, events : as for :func:`coefficient`.

    Returns
    -------
    Array
        (..., run), 0 or more; above 1 in runs whose chances add up to more.

    Examples
    --------
    >>> controlled(np.array([0.5, 0.25]), np.array([1.0, 0.0])).round(3)
    array([0.594, 0.203])
    """
    gap = events - chances
    return chances + _coefficient(chances, gap)[..., None] * gap


def at_most_one(p: Array) -> tuple[Array, Array]:
    """The chances (none, exactly one) of independent events of chances p (member, run)."""
    none: Array = np.ones(p.shape[-1])
    one: Array = np.zeros(p.shape[-1])
    for row in p:
        stays = 1.0 - row
        none, one = none * stays, one * stays + none * row
    return none, one


def with_incidence(records: Iterable[Record]) -> Iterator[tuple[Record, Incidence]]:
    """A block's records, each with the incidence up to it."""
    incidence: Incidence | None = None
    for record in records:
        if incidence is None:
            incidence = Incidence.start(record)
        else:
            incidence.add(record)
        yield record, incidence


def quantities(r: Record, incidence: Incidence, names: Collection[str] | None = None) -> dict[str, Array]:
    """Every outcome of a tick, or those in ``names``: (run,) of the alliance, (member, run) of members.

    A run sees an event or does not; a chance is known in every run, which has the same mean with less error.
    """
    seen = Snapshot(r, incidence.starters)
    return {
        o.name: o.value(seen) if isinstance(o, Chance | Measure) else incidence.estimate(o.name)
        for o in OUTCOMES.values()
        if names is None or o.name in names
    }
