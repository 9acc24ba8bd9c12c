"""The inputs of one block of runs: uncertain values drawn once a run, paths read tick by tick."""

import numpy as np

from sim.model.arrays import LEADER_FIELDS, MEMBER_FIELDS, Array, Coefficients, Flags, Inputs
from sim.model.noise import BLOCK, Noise
from sim.model.variables import COEFFICIENTS, MEMBER_INPUTS, THREATS
from sim.scenario.compile import Program
from sim.scenario.distributions import quantile
from sim.scenario.paths import Band
from sim.scenario.posterior import STREAM, Column
from sim.scenario.tables import Distribution, dispute_path

ONE = np.ones(1)
GROUPED = {"dependence", "western_ties", "other_ties", "security_offer"}


def draw_coefficients(program: Program, noise: Noise, lanes: slice, like: "Environment | None" = None) -> Coefficients:
    """The coefficients of the runs, each (run,); what ``like`` has the same is taken from there."""
    values = {}
    for c in COEFFICIENTS:
        given = program.coefficients[c.name]
        if like and like.program.coefficients[c.name] is given:
            values[c.name] = vars(like.coefficients)[c.name]
        elif isinstance(given, Distribution):
            u = noise.of_input(f"behaviour.{c.name}")[lanes]
            values[c.name] = quantile(u, given.family, given.parameters(), c.low, c.high)
        elif isinstance(given, Column):
            values[c.name] = given.at(noise.of_input(STREAM)[lanes])
        else:
            values[c.name] = np.full(len(range(BLOCK)[lanes]), given)
    return Coefficients(values)


class Row:
    """One input of several states: bands (state, channel, tick) and places in them (state, channel, run)."""

    def __init__(
        self,
        bands: list[list[Band]],
        paths: list[list[str]],
        weights: Array,
        noise: Noise,
        lanes: slice,
    ) -> None:
        self.bands, self.weights = bands, weights
        low = np.array([[b.low for b in row] for row in bands])
        span = np.array([[b.high - b.low for b in row] for row in bands])
        self.base = (weights[:, None] * low).sum(axis=1)
        self.span = weights[:, None] * span
        self.place = np.zeros((*span.shape[:2], len(range(BLOCK)[lanes])))
        for i, row in enumerate(bands):
            for j, band in enumerate(row):
                if span[i, j].any():
                    self.place[i, j] = self._places(band, noise.of_input(paths[i][j])[lanes])
        used: Flags = np.asarray(self.place.any(axis=(0, 2)))
        used[0] |= not used.any()
        self.span, self.place = self.span[:, used], self.place[:, used]
        moves = (np.diff(self.base).any(axis=0), np.diff(self.span).any(axis=(0, 1)))
        self.changed = np.concatenate([[True], moves[0] | moves[1]])
        self._version = np.cumsum(self.changed)
        self._read: tuple[int, Array] | None = None

    @staticmethod
    def _places(band: Band, u: Array) -> Array:
        if band.distribution is None:
            return u
        d = band.distribution
        return quantile(u, d.family, d.parameters(), 0.0, 1.0)

    def _spread(self, span: Array) -> Array:
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
        if self._read is None or self._read[0] != version:
            value = self._spread(self.span[:, :, tick, None]) + self.base[:, tick, None]
            self._read = version, value
        return self._read[1]


def same_bands(a: list[list[Band]], b: list[list[Band]]) -> bool:
    """Whether two rows hold the very same bands."""
    return all(x is y for r, s in zip(a, b, strict=True) for x, y in zip(r, s, strict=True))


class Environment:
    """The environment of some runs (``lanes``) of one block.

    Draws are made for the whole block and sliced: so a run's inputs do not depend on how many runs there
    are. What ``like``, another program's environment of the same runs, has the same is shared with it.
    """

    def __init__(
        self,
        program: Program,
        noise: Noise,
        lanes: slice = slice(None),
        like: "Environment | None" = None,
    ) -> None:
        self.program = program
        self.coefficients = draw_coefficients(program, noise, lanes, like)
        self._rows: dict[str, Row] = {}
        states = program.members

        def row(name: str, prefixes: list[str], channels: tuple[str, ...], weights: Array) -> None:
            paths = [[f"{p}.{ch}" if ch else p for ch in channels] for p in prefixes]
            bands = [[program.bands[path] for path in r] for r in paths]
            theirs = like._rows.get(name) if like else None
            shared = theirs and theirs.weights is weights and same_bands(theirs.bands, bands)
            if theirs and shared:
                self._rows[name] = theirs
            else:
                self._rows[name] = Row(bands, paths, weights, noise, lanes)

        for i in MEMBER_INPUTS:
            prefixes = [f"members.{s}.{i.name}" for s in states]
            if i.name in GROUPED:
                row(i.name, prefixes, i.channels, program.weights[i.name])
            elif i.channels:
                for channel in i.channels:
                    row(channel, [f"{p}.{channel}" for p in prefixes], ("",), ONE)
            else:
                row("opinion_mean" if i.name == "opinion" else i.name, prefixes, ("",), ONE)
        row("basing", [f"members.{s}.dependence.basing" for s in states], ("",), ONE)
        for name in LEADER_FIELDS:
            row(name, [f"leader.{name.removeprefix('leader_')}"], ("",), ONE)
        if program.alliance.pairs:
            pairs = [dispute_path([states[i], states[j]]) for i, j in program.alliance.pairs]
            row("disputes", pairs, ("",), ONE)
        self.changed = np.any([r.changed for r in self._rows.values()], axis=0)
        self._none = np.zeros((0, len(range(BLOCK)[lanes])))
        assert set(THREATS) < set(MEMBER_FIELDS)

    def at(self, tick: int) -> Inputs:
        """The inputs of a tick: (member, run), the leader's (run,), disputes (pair, run)."""
        read = {name: r.at(tick) for name, r in self._rows.items()}
        leader = {name: read.pop(name)[0] for name in LEADER_FIELDS}
        disputes = read.pop("disputes", self._none)
        return Inputs(**read, **leader, disputes=disputes)
