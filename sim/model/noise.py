"""All the chance there is: streams named by (seed, block, purpose, tick).

A stream never depends on the scenario, the worker, the order or what is recorded. That pairs
scenarios (common random numbers), and lets any run be replayed by its (seed, block, lane).
Draws are made for a whole block of runs; a shorter last block uses the first of them.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sim.model.arrays import Array

BLOCK = 4096
"""Runs in a block: wide enough that calling numpy costs little against computing."""

PURPOSES = (
    "stance",
    "crisis",
    "answer",
    "conduct",
    "membership",
    "clash",
    "leader",
    "inputs",
    "rows",
    "futures",
    "motion",
    "regime",
)
"""A new one comes last: the streams of the others stay as they are."""
TICK_STRIDE = 1 << 40
Indices = NDArray[np.intp]


def locate(run: int) -> tuple[int, int]:
    """The (block, lane) of a run counted from 0."""
    return divmod(run, BLOCK)


def of_filter(key: Sequence[int], edge: int, shape: tuple[int, ...]) -> Array:
    """Standard normal draws of a filter's particles at the end of a tick, by which any of them can be remade."""
    bits = np.random.PCG64DXSM(np.random.SeedSequence((*key, 1 + edge)))  # a seed ends in no zero: it would be lost
    return np.random.Generator(bits).standard_normal(shape)


class Pick(NamedTuple):
    """Of the rows of a posterior, each run's, and how often it was taken before. (run,)"""

    row: Indices
    use: Indices


class Repeats(NamedTuple):
    """How many runs in a row have in common what is uncertain, so that chance can be separated from it."""

    draw: int = 1
    """That share coefficients and coded values."""
    future: int = 1
    """Of these, that share what is drawn of inputs to come."""


ONCE = Repeats()


class InputNoise(Protocol):
    """What places uncertain values: coded inputs in their bands, coefficients in their priors."""

    def places(self, path: str) -> Array:
        """Uniform draws (run,) inside (0, 1) for the value at a dotted path."""
        ...

    def rows(self, count: int) -> Pick:
        """Which of so many rows of a posterior each run takes, (run,)."""
        ...

    def futures(self, what: str) -> Array:
        """Uniform draws (run,) on [0, 1) for what is drawn of inputs to come."""
        ...


class TickNoise(InputNoise, Protocol):
    """What an engine draws with, for one block of runs."""

    def normals(self, purpose: str, tick: int, rows: int) -> Array:
        """Standard normal draws (rows, run)."""
        ...

    def uniforms(self, purpose: str, tick: int, rows: int) -> Array:
        """Uniform draws on [0, 1), (rows, run)."""
        ...


class Noise:
    """The draws of one block of runs.

    What was drawn last for each purpose is kept, so that programs which take a tick in turn share it.
    The arrays are not to be written to.
    """

    def __init__(self, seed: int, block: int, repeats: Repeats = ONCE) -> None:
        self.seed = seed
        self.block = block
        self.repeats = repeats
        self._streams = {p: self._stream(i) for i, p in enumerate(PURPOSES)}
        self._last: dict[str, tuple[tuple[int, int], Array]] = {}
        self._inputs: dict[str, Array] = {}
        self._rows: dict[int, Pick] = {}

    def _stream(self, *key: int) -> tuple[np.random.Generator, dict[str, object]]:
        bits = np.random.PCG64DXSM(np.random.SeedSequence((self.seed, self.block, *key)))
        return np.random.Generator(bits), dict(bits.state)

    def _at(self, purpose: str, tick: int) -> np.random.Generator:
        generator, origin = self._streams[purpose]
        bits = generator.bit_generator
        bits.state = origin
        bits.advance(tick * TICK_STRIDE)  # type: ignore[attr-defined]
        return generator

    def _drawn(self, purpose: str, tick: int, rows: int, draw: Callable[[np.random.Generator], Array]) -> Array:
        last = self._last.get(purpose)
        if last is None or last[0] != (tick, rows):
            values = draw(self._at(purpose, tick))
            values.flags.writeable = False
            last = self._last[purpose] = (tick, rows), values
        return last[1]

    def normals(self, purpose: str, tick: int, rows: int) -> Array:
        """Standard normal draws (rows, BLOCK)."""
        return self._drawn(purpose, tick, rows, lambda g: g.standard_normal((rows, BLOCK)))

    def uniforms(self, purpose: str, tick: int, rows: int) -> Array:
        """Uniform draws on [0, 1), (rows, BLOCK)."""
        return self._drawn(purpose, tick, rows, lambda g: g.random((rows, BLOCK)))

    def places(self, path: str) -> Array:
        """Uniform draws (BLOCK,) inside (0, 1) for the coded value at a dotted path.

        As many runs in a row share one as share a draw.
        """
        if path not in self._inputs:
            drawn = self._at("inputs", crc32(path.encode())).random(BLOCK // self.repeats.draw)
            values = np.repeat(np.maximum(drawn, 2.0**-54), self.repeats.draw)
            values.flags.writeable = False
            self._inputs[path] = values
        return self._inputs[path]

    def futures(self, what: str) -> Array:
        """Uniform draws (BLOCK,) on [0, 1), shared by so many runs in a row as share a future."""
        drawn = self._at("futures", crc32(what.encode())).random(BLOCK // self.repeats.future)
        return np.repeat(drawn, self.repeats.future)

    def rows(self, count: int) -> Pick:
        """Rows in an order that the seed shuffles, over and over: none is taken twice before all were once.

        As many runs in a row share one as share a draw, and each is a use of its own.
        """
        if count not in self._rows:
            draws = BLOCK // self.repeats.draw
            number = self.block * draws + np.arange(draws)  # of the draw, counted over all blocks
            bits = np.random.PCG64DXSM(np.random.SeedSequence((self.seed, 0, PURPOSES.index("rows"), count)))
            order = np.random.Generator(bits).permutation(count)
            again = np.repeat(number // count * self.repeats.draw, self.repeats.draw)
            use = again + np.arange(BLOCK) % self.repeats.draw
            self._rows[count] = Pick(np.repeat(order[number % count], self.repeats.draw), use)
        return self._rows[count]


class KeptNoise(Noise):
    """The same draws for the first runs of a block alone, kept for all ticks: for programs that are run one by one."""

    def __init__(self, seed: int, block: int, repeats: Repeats, runs: int) -> None:
        super().__init__(seed, block, repeats)
        self.runs = runs
        self._kept: dict[tuple[str, int, int], Array] = {}

    def _drawn(self, purpose: str, tick: int, rows: int, draw: Callable[[np.random.Generator], Array]) -> Array:
        key = purpose, tick, rows
        if key not in self._kept:
            values = draw(self._at(purpose, tick))[:, : self.runs].copy()
            values.flags.writeable = False
            self._kept[key] = values
        return self._kept[key]
