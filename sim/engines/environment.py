"""The inputs of one block of runs: uncertain values drawn once a run, paths read tick by tick."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.engines.futures import Futures, Walk
from sim.model import conduct
from sim.model.arrays import Array, Coefficients, Flags, Inputs, each
from sim.model.declaration import Input
from sim.model.noise import BLOCK, InputNoise, TickNoise, of_filter
from sim.model.tick import State
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS, LeaderInputs, MemberInputs
from sim.scenario.compile import Program
from sim.scenario.paths import Band
from sim.scenario.posterior import Column, Posterior
from sim.scenario.tables import ALLIANCE_EFFECT, dispute_path, effect_path
from sim.scenario.values import Distribution

ONE = np.ones(1)


def draw_coefficients(
    program: Program, noise: InputNoise, lanes: slice, like: "Environment | None" = None
) -> Coefficients:
    """The coefficients of the runs, each (run,); what ``like`` has the same is taken from there."""
    values = {}
    for c in COEFFICIENTS:
        given = program.coefficients[c.name]
        if like and like.program.coefficients[c.name] is given:
            values[c.name] = vars(like.coefficients)[c.name]
        elif isinstance(given, Distribution):
            u = noise.places(f"behaviour.{c.name}")[lanes]
            values[c.name] = given.quantile(u, c.low, c.high)
        elif isinstance(given, Column):
            values[c.name] = given.at(noise.rows(program.rows).row[lanes])
        else:
            values[c.name] = np.full(len(range(BLOCK)[lanes]), given)
    return Coefficients(values)


def state_at_start(program: Program, noise: InputNoise, lanes: slice) -> State | None:
    """What the record leaves the runs in, (member, run) and (run,); None where they begin as the model does."""
    states = program.start.states
    if states is None:
        return None
    row, use = (x[lanes] for x in noise.rows(program.rows))
    return each(lambda x: np.ascontiguousarray(x[..., row, use % x.shape[-1]]), states)


def record_normals(program: Program, noise: TickNoise, edge: int) -> Array:
    """The noise of stances up to the end of a tick of the record, (member, run): as that reveals it, or of chance."""
    p = program.start.revealed
    if p is None or p.lived is None or edge >= p.lived.ancestors.shape[-1]:
        return noise.normals("stance", edge, len(program.members))
    row, use = noise.rows(program.rows)
    return np.ascontiguousarray(revealed(p)[edge][:, row, use % p.lived.each_row])


@lru_cache(maxsize=2)
def revealed(p: Posterior) -> Array:
    """The noise that leads to the states of a posterior, made again: (edge, member, row, state)."""
    assert p.lived is not None
    key, chunk, particles, ancestors = p.lived.key, p.lived.chunk, p.lived.particles, p.lived.ancestors
    rows, states, edges = ancestors.shape
    found = np.empty((edges, len(p.lived.members), rows, states))
    for first in range(0, rows, chunk):
        part = slice(first, first + chunk)
        shape = len(p.lived.members), len(range(rows)[part]), particles
        for edge in range(edges):
            z, picked = of_filter((*key, first), edge, shape), ancestors[part, :, edge].astype(np.intp)
            found[edge][:, part] = np.take_along_axis(z, picked[None], axis=2)
    return found


def places(program: Program, noise: InputNoise, path: str) -> Array:
    """Where in its band each run of a block has a coded value: as its row of the posterior, or as chance has it."""
    by_row = program.places.get(path)
    return noise.places(path) if by_row is None else by_row[noise.rows(program.rows).row]


def draw_effects(program: Program, noise: InputNoise, lanes: slice, c: Coefficients) -> Array:
    """States' own effects in conduct, (member, run): the place of each is the quantile of its normal law."""
    from scipy.special import ndtri

    if not program.has_effects:
        return np.zeros((len(program.members), len(range(BLOCK)[lanes])))
    drawn = [places(program, noise, effect_path(state))[lanes] for state in program.members]
    return conduct.effects(ndtri(np.stack(drawn)), c)


def draw_alliance_effect(program: Program, noise: InputNoise, lanes: slice, c: Coefficients) -> Array:
    """The alliance's own effect on rates, (run,): its place is the quantile of its normal law."""
    from scipy.special import ndtri

    if not program.has_alliance_effect:
        return np.zeros(len(range(BLOCK)[lanes]))
    return np.asarray(c.alliance_effects * ndtri(places(program, noise, ALLIANCE_EFFECT)[lanes]))


class Row:
    """One input of several states: bands (state, channel, tick) and places in them (state, channel, run)."""

    def __init__(
        self,
        bands: list[list[Band]],
        paths: list[list[str]],
        weights: Array,
        draw: Callable[[str], Array],
        runs: int,
        until: NDArray[np.intp],
    ) -> None:
        self.bands, self.weights, self.until = bands, weights, until
        if any(band.word is not None for row in bands for band in row):  # as more channels, of the same draws
            words = [[Band(b.low * 0, b.low * 0 if b.word is None else b.word) for b in row] for row in bands]
            bands = [row + more for row, more in zip(bands, words, strict=True)]
            paths, weights = [row * 2 for row in paths], np.tile(weights, 2)
        low = np.array([[b.low for b in row] for row in bands])
        span = np.array([[b.high - b.low for b in row] for row in bands])
        self.base = (weights[:, None] * low).sum(axis=1)
        self.span = weights[:, None] * span
        self.place = np.zeros((*span.shape[:2], runs))
        for i, row in enumerate(bands):
            for j, band in enumerate(row):
                if span[i, j].any():
                    self.place[i, j] = self._places(band, draw(paths[i][j]))
        used: Flags = np.asarray(self.place.any(axis=(0, 2)))
        used[0] |= not used.any()
        self.span, self.place = self.span[:, used], self.place[:, used]
        moves = (np.diff(self.base).any(axis=0), np.diff(self.span).any(axis=(0, 1)))
        self.changed = np.concatenate([[True], moves[0] | moves[1]])
        self._version = np.cumsum(self.changed)
        self._last: tuple[int, Array] | None = None
        self.walk: Walk | None = None

    def goes_on(self, owners: list[str], futures: Futures) -> None:
        """From the start of the forecast on the input moves as it may, until somebody has set it."""
        walk = Walk(self.base + 0.5 * self.span.sum(axis=1), owners, self.until, self.at(futures.course.first), futures)
        if walk.moves:
            steps = [futures.course.steps(t) for t in range(len(self.changed))]
            stops = np.isin(np.arange(len(steps)), self.until[self.until > futures.course.first])
            self.changed = self.changed | (np.diff(steps, prepend=0) > 0) | stops
            self._version, self._last, self.walk = np.cumsum(self.changed), None, walk

    @staticmethod
    def _places(band: Band, u: Array) -> Array:
        return u if band.distribution is None else band.distribution.quantile(u)

    def _above_base(self, span: Array) -> Array:
        """What the places in the bands add, (state, run), summed over the channels of ``span``.

        Not by ``@``, whose rounding depends on how many runs there are.
        """
        total = span[:, 0] * self.place[:, 0]
        for channel in range(1, span.shape[1]):
            total += span[:, channel] * self.place[:, channel]
        return total

    def at(self, tick: int) -> Array:
        """Values (state, run) in a tick; the same array for ticks between which nothing changes."""
        version = int(self._version[tick])
        if self._last is None or self._last[0] != version:
            value = self._above_base(self.span[:, :, tick, None]) + self.base[:, tick, None]
            if self.walk:
                value = value + self.walk.at(tick)
            self._last = version, value
        return self._last[1]


def same_bands(a: list[list[Band]], b: list[list[Band]]) -> bool:
    """Whether two rows hold the very same bands."""
    return all(x is y for r, s in zip(a, b, strict=True) for x, y in zip(r, s, strict=True))


class Environment:
    """The environment of some runs (``lanes``) of one block.

    Draws are made for the whole block and sliced: so a run's inputs do not depend on how many runs there
    are. What ``like``, another program's environment of the same runs, has the same is shared with it.
    """

    def __init__(
        self, program: Program, noise: InputNoise, lanes: slice = slice(None), like: "Environment | None" = None
    ) -> None:
        self.program = program
        self.coefficients = draw_coefficients(program, noise, lanes, like)
        self.effects = draw_effects(program, noise, lanes, self.coefficients)
        self.alliance = draw_alliance_effect(program, noise, lanes, self.coefficients)
        self._none = np.zeros((0, len(range(BLOCK)[lanes])))
        like = like if like and like.program.places is program.places else None
        like = like if like and like.program.course == program.course else None

        def draw(path: str) -> Array:
            return places(program, noise, path)[lanes]

        def row(paths: list[list[str]], weights: Array, theirs: Row | None, owners: Sequence[str]) -> Row:
            bands = [[program.bands[path] for path in channels] for channels in paths]
            until = np.array([min(program.set_paths.get(p, program.ticks) for p in channels) for channels in paths])
            same = theirs and theirs.weights is weights and same_bands(theirs.bands, bands)
            if theirs and same and np.array_equal(theirs.until, until):
                return theirs
            made = Row(bands, paths, weights, draw, self._none.shape[1], until)
            if futures:
                made.goes_on(list(owners), futures)
            return made

        def rows(inputs: Sequence[Input], owners: list[str], theirs: list[Row] | None) -> list[Row]:
            made: list[Row] = []
            for i in inputs:
                for field, channels in i.fields.items():
                    paths = [[i.path(owner, channel) for channel in channels] for owner in owners]
                    weights = program.weights[i.name] if i.weights and field == i.name else ONE
                    made.append(row(paths, weights, theirs[len(made)] if theirs else None, owners))
            return made

        futures = None if program.course is None else Futures(program.course, noise, lanes)
        states = program.members
        self._members: list[Row] = rows(
            MEMBER_INPUTS, [f"members.{s}" for s in states], like._members if like else None
        )
        self._leader: list[Row] = rows(LEADER_INPUTS, ["leader"], like._leader if like else None)
        pairs = [[dispute_path([states[i], states[j]])] for i, j in program.alliance.pairs]
        self._disputes: Row | None = (
            row(pairs, ONE, like._disputes if like else None, [p for (p,) in pairs]) if pairs else None
        )
        everything = [*self._members, *self._leader, *([self._disputes] if self._disputes else [])]
        self.changed = np.any([r.changed for r in everything], axis=0)

    def at(self, tick: int) -> Inputs:
        """The inputs of a tick."""
        return Inputs(
            MemberInputs(*(row.at(tick) for row in self._members)),
            LeaderInputs(*(row.at(tick)[0] for row in self._leader)),
            self._disputes.at(tick) if self._disputes else self._none,
            self.effects,
            self.alliance,
        )
