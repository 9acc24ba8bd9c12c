"""The space that is sampled: coordinates with a standard normal prior, one for each uncertain thing.

A coordinate z stands for the quantile Phi(z) of a prior, so that every prior of the variable table,
whatever its family and bounds, becomes a standard normal.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sim.model.arrays import Array
from sim.model.noise import Pick
from sim.model.variables import COEFFICIENTS, MEASURES
from sim.scenario.compile import Program
from sim.scenario.start import READ
from sim.scenario.tables import ALLIANCE_EFFECT, ROLL_CALL_LEVEL, effect_path, roll_call_path
from sim.scenario.values import Distribution

OF_MOTIONS = "motion_spread"
"""The coefficient of which the record tells by motions alone."""
UNREAD = ("leader.reliability",)
IDLE = ("idle 1", "idle 2")
"""Coordinates that nothing reads: where draws of them have not the prior's spread the sampler has collapsed."""


@dataclass(frozen=True)
class Space:
    """Names of the coordinates in order: coefficients, idle, places of states' and alliance's effects, coded places."""

    coefficients: tuple[str, ...]
    effects: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def behavioural(self) -> int:
        """How many coordinates come before the coded places."""
        return len(self.names)

    @property
    def size(self) -> int:
        """How many coordinates there are."""
        return self.behavioural + len(self.places)

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the coordinates before the coded places."""
        return self.coefficients + IDLE + self.effects

    @property
    def idle(self) -> slice:
        """The idle coordinates."""
        return slice(len(self.coefficients), len(self.coefficients) + len(IDLE))

    @property
    def paths(self) -> tuple[str, ...]:
        """Of all places, coded or not."""
        return self.effects + self.places

    def uniforms(self, z: Array) -> "Uniforms":
        """What an environment draws with: coordinates (draw, coordinate) as uniforms by path."""
        u = _uniform(z)
        columns = {f"behaviour.{c}": u[:, k] for k, c in enumerate(self.coefficients)}
        first = self.idle.stop
        columns |= {p: u[:, first + k] for k, p in enumerate(self.effects)}
        columns |= {p: u[:, self.behavioural + k] for k, p in enumerate(self.places)}
        return Uniforms(len(z), columns)

    def values(self, z: Array, program: Program) -> dict[str, Array]:
        """Every coefficient of the space in its own units, (draw,)."""
        bounds = {c.name: (c.low, c.high) for c in COEFFICIENTS}
        found = {}
        for k, name in enumerate(self.coefficients):
            given = program.coefficients[name]
            assert isinstance(given, Distribution)
            found[name] = given.quantile(_uniform(z[:, k]), *bounds[name])
        return found


def _uniform(z: Array) -> Array:
    """Standard normal values as uniforms, never 0 or 1."""
    from scipy.special import ndtr

    return np.clip(ndtr(z), 2.0**-54, 1.0 - 2.0**-53)


class Uniforms:
    """Stands where an environment expects the noise of a block: uniforms by path, not by stream.

    What the space does not hold is at the middle of its band.
    """

    def __init__(self, draws: int, columns: dict[str, Array]) -> None:
        self.draws, self.columns = draws, columns

    def places(self, path: str) -> Array:
        """The uniforms of a path, (draw,)."""
        if path in self.columns:
            return self.columns[path]
        return np.full(self.draws, 0.5)

    def rows(self, count: int) -> Pick:
        """Of a posterior with as many rows as there are draws each draw has its own."""
        assert count == self.draws, "a program that is fitted draws from no posterior"
        return Pick(np.arange(count), np.zeros(count, dtype=np.intp))

    def futures(self, what: str) -> Array:
        """A program that is fitted ends where its record does."""
        raise NotImplementedError


class Chance:
    """Stands where an engine expects noise: uniforms of inputs as given, the rest from one generator."""

    def __init__(self, inputs: Uniforms, rng: np.random.Generator) -> None:
        self.places, self.rows, self.futures = inputs.places, inputs.rows, inputs.futures
        self.rng, self.draws = rng, inputs.draws

    def normals(self, purpose: str, tick: int, rows: int) -> Array:
        """Standard normal draws (rows, draw)."""
        return self.rng.standard_normal((rows, self.draws))

    def uniforms(self, purpose: str, tick: int, rows: int) -> Array:
        """Uniform draws (rows, draw)."""
        return self.rng.random((rows, self.draws))


def space_of(program: Program, motions: bool, fixed: Sequence[str] = (), polled: Collection[str] = ()) -> Space:
    """The space of a program: what of it is uncertain and read by the likelihood, what motions alone tell last.

    States that are ``polled`` have answered in roll calls.
    """
    read = [name for name in READ if name not in (*fixed, OF_MOTIONS)]
    read += [OF_MOTIONS] * motions
    read += [c.name for c in COEFFICIENTS if polled and c.phase in MEASURES and c.name not in fixed]
    uncertain = [n for n in read if isinstance(program.coefficients[n], Distribution)]
    places = [
        path
        for path, band in program.bands.items()
        if (band.high != band.low).any() and not path.startswith("disputes.") and path not in UNREAD
    ]
    effects = [effect_path(state) for state in program.members if program.has_effects]
    effects += [ROLL_CALL_LEVEL] * bool(polled) + [roll_call_path(m) for m in program.members if m in polled]
    effects += [ALLIANCE_EFFECT] * program.has_alliance_effect
    return Space(tuple(uncertain), tuple(effects), tuple(places))
