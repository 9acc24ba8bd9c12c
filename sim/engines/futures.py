"""Inputs to come: where nobody has set them, they go on by increments of the coded past.

In every year to come all inputs of a state move as those of some state did in some year of the record; years come in
blocks of ``YEARS``, the same for all states, and a state of the past is drawn for each state and block. So inputs keep
what ties them together in a state, among states and from year to year (moving blocks: Kuensch 1989,
10.1214/aos/1176347265). Increments are taken at the middle of their bands and centred: no drift is forecast.
"""

import numpy as np
from numpy.typing import NDArray

from sim.model.arrays import Array
from sim.model.noise import InputNoise
from sim.scenario.course import Course

YEARS = 5
"""In a block: arms deliveries are coded over as many, and between figures years apart paths are straight lines."""


class Futures:
    """What is drawn of the years to come, for the runs (``lanes``) of a block."""

    def __init__(self, course: Course, noise: InputNoise, lanes: slice) -> None:
        self.course, self._noise, self._lanes = course, noise, lanes
        self._drawn: dict[str, Array] = {}
        self._last: tuple[tuple[list[str], int, int], NDArray[np.intp]] | None = None

    def _uniforms(self, what: str) -> Array:
        if what not in self._drawn:
            self._drawn[what] = self._noise.futures(what)[self._lanes]
        return self._drawn[what]

    def of(self, owners: list[str], step: int, years: int) -> NDArray[np.intp]:
        """Which of the increments (owner, year), in a row, each owner takes at a step; year 0 is the last known.

        (owner, run). The inputs of the same owners ask for it one after the other.
        """
        if self._last is None or self._last[0] != (owners, step, years):
            self._last = (owners, step, years), self._of(owners, step, years)
        return self._last[1]

    def _of(self, owners: list[str], step: int, years: int) -> NDArray[np.intp]:
        block, inside = divmod(step - 1, YEARS)
        begins = np.floor(self._uniforms(f"year {block}") * years).astype(np.intp)
        likes = [np.floor(self._uniforms(f"{owner} {block}") * len(owners)).astype(np.intp) for owner in owners]
        return np.stack(likes) * years + (begins - inside) % years


class Walk:
    """How far one input of several owners has moved from its last known value, (owner, run)."""

    def __init__(
        self, middle: Array, owners: list[str], until: NDArray[np.intp], last: Array, futures: Futures
    ) -> None:
        """``middle`` (owner, tick) is where bands have their middle, ``last`` (owner, run) the last known values.

        From the tick ``until`` on (owner,) an owner's input stays as somebody has set it.
        """
        known = middle[:, futures.course.past]
        self._increments = known[:, :-1] - known[:, 1:]  # (owner, year)
        self._increments -= self._increments.mean() if self._increments.size else 0.0
        self._owners, self._until, self._last, self._futures = owners, until[:, None], last, futures
        self.moves = bool((until > futures.course.first).any() and self._increments.any())
        self._at: tuple[int, Array] = 0, np.zeros_like(last)

    def at(self, tick: int) -> Array:
        """The distance in a tick; the same array for ticks of one step while nothing is set."""
        wanted = self._futures.course.steps(tick)
        step, moved = self._at if self._at[0] <= wanted else (0, np.zeros_like(self._last))
        while step < wanted:
            step += 1
            places = self._futures.of(self._owners, step, self._increments.shape[1])
            moved = np.clip(self._last + moved + self._increments.take(places), 0.0, 1.0) - self._last
        self._at = step, moved
        free = tick < self._until
        return moved if free.all() else np.where(free, moved, 0.0)
