"""The chance of one run, again: side by side many times, with some draws others, or new ones from a moment on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array
from sim.model.noise import BLOCK, Noise, Pick, locate

NEW = 1 << 40
"""The block whose draws are the new ones: no run lies in it."""
NEVER = 1 << 40
MANY = 1024
"""Runs on new draws at most."""


class Edit(NamedTuple):
    """A draw that is another, from tick to tick of the forecast, counted from 1."""

    purpose: str
    row: int
    first: int
    last: int
    value: float


class Variant(NamedTuple):
    """How the chance of a run is changed."""

    edits: tuple[Edit, ...] = ()
    new_after: int = NEVER
    """The tick of the forecast after which all draws are new, but for where inputs go."""
    decides_anew: bool = True
    """Whether the member's own move, and the leader's, are drawn anew in that very tick as well."""


class Chance:
    """What a run draws, and new draws beside: each made once, however often it is asked for."""

    def __init__(self, seed: int, run: int) -> None:
        block, self.lane = locate(run)
        self.noise, self._new = Noise(seed, block), Noise(seed, NEW)
        self._kept: dict[tuple[str, str, int, int], tuple[Array, Array]] = {}

    def at(self, kind: str, purpose: str, tick: int, rows: int) -> tuple[Array, Array]:
        """The run's own, (rows, 1), and new draws, (rows, MANY)."""
        key = kind, purpose, tick, rows
        if key not in self._kept:
            own, new = (getattr(noise, kind)(purpose, tick, rows) for noise in (self.noise, self._new))
            self._kept[key] = own[:, [self.lane]], new[:, :MANY].copy()
        return self._kept[key]


class Again:
    """The draws of a run, for so many ``copies`` of each variant in a row.

    The same copy of each variant has the same new draws, so that variants are paired.
    """

    def __init__(self, chance: Chance, row: int, variants: Sequence[Variant], copies: int, begins: int) -> None:
        self.chance = chance
        self.row, self.variants, self.copies, self.begins = row, variants, copies, begins
        self.runs = len(variants) * copies
        assert self.runs <= BLOCK
        self._after = np.repeat([v.new_after for v in variants], copies)
        self._decides = self._after + 1 - np.repeat([v.decides_anew for v in variants], copies)

    def normals(self, purpose: str, tick: int, rows: int) -> Array:
        """As of :class:`Noise`, (rows, lane)."""
        return self._mixed(purpose, tick, *self.chance.at("normals", purpose, tick, rows))

    def uniforms(self, purpose: str, tick: int, rows: int) -> Array:
        """As of :class:`Noise`, (rows, lane)."""
        return self._mixed(purpose, tick, *self.chance.at("uniforms", purpose, tick, rows))

    def _mixed(self, purpose: str, tick: int, own: Array, new: Array) -> Array:
        k = tick - self.begins
        fresh = np.tile(new[:, : self.copies], len(self.variants))
        x = np.where(k > self._after, fresh, own)
        if purpose == "membership":
            x[self.row] = np.where(k >= self._decides, fresh[self.row], x[self.row])
        elif purpose == "leader":
            x = np.where(k >= self._decides, fresh, x)
        for place, variant in enumerate(self.variants):
            for e in variant.edits:
                if e.purpose == purpose and e.first <= k <= e.last:
                    x[e.row, place * self.copies : (place + 1) * self.copies] = e.value
        return x

    def places(self, path: str) -> Array:
        """Where the run's coded value lies in its band, (lane,)."""
        return np.full(self.runs, self.chance.noise.places(path)[self.chance.lane])

    def futures(self, what: str) -> Array:
        """What is drawn of the run's inputs to come, (lane,)."""
        return np.full(self.runs, self.chance.noise.futures(what)[self.chance.lane])

    def rows(self, count: int) -> Pick:
        """The run's row of a posterior, (lane,)."""
        row, use = self.chance.noise.rows(count)
        return Pick(np.full(self.runs, row[self.chance.lane]), np.full(self.runs, use[self.chance.lane]))
