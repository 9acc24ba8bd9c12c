"""What a fitted model says of the years after: futures of posterior draws, from where the filter left them.

A draw's particles are carried through the record that it was fitted to; so many of them as asked go on as simulated
futures, by the ensemble's own ticks. Each motion has an effect of its own, the same for all states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

import numpy as np

from sim.engines.ensemble import Stack
from sim.inference.likelihood import SCRIPTED, Cloud, Target
from sim.inference.smc import CHUNK, generator
from sim.inference.space import Chance, Uniforms
from sim.model import conduct
from sim.model.arrays import Array, Codes, Flags
from sim.model.cohesion import Motion, cohesion
from sim.model.noise import BLOCK, Pick
from sim.model.tick import Script, State
from sim.scenario.compile import Program
from sim.scenario.course import Course
from sim.scenario.paths import Band
from sim.scenario.posterior import Column

FORECAST, INPUTS, HAZARDS = 3_000_005, 3_000_006, 3_000_011


class Compensator(Cloud):
    """A filter that adds up the hazards of exit of those who were members, over the record."""

    integrated: Array | float = 0.0
    """(draw,), a mean over particles."""

    def _hazards(self, before: State, script: Script) -> tuple[Array, Array]:
        leave, side = super()._hazards(before, script)
        w = np.exp(self.weights - self.weights.max(axis=1, keepdims=True))
        each = np.broadcast_to(leave, self.shape).sum(axis=0)
        self.integrated = self.integrated + self.d.dt * (w * each).sum(axis=1) / w.sum(axis=1)
        return leave, side


class Answers(NamedTuple):
    """What all states do on a motion, asked or not. (state, run), but for the last, (run,)."""

    support: Array  # the chance, given stance and the motion's effect
    oppose: Array
    conduct: Array  # drawn: 1, 1/2 or 0
    cohesion: Array  # of the alliance as it then is


class Forecast(NamedTuple):
    """Futures of a fit. Runs of a draw stand side by side."""

    status: Codes  # (edge, state, run), from the end of the fit on
    left: Flags  # (tick, state, run): of its own accord, whatever became of the alliance
    alive: Flags  # (edge, run)
    answers: dict[str, Answers]
    """By motion."""
    draws: int


def hold_inputs(program: Program, tick: int) -> Program:
    """The program of somebody who knows nothing from a tick on: inputs stay, crises are drawn."""

    def still(band: Band) -> Band:
        def held(x: Array) -> Array:
            return np.concatenate([x[:tick], np.full(len(x) - tick, x[tick - 1])])

        word = None if band.word is None else held(band.word)
        return band._replace(low=held(band.low), high=held(band.high), word=word)

    def unknown(s: Script) -> Script:
        return s._replace(**{name: np.zeros_like(getattr(s, name)) for name in SCRIPTED}, calls=False, drawn=True)

    script = (*program.script[:tick], *map(unknown, program.script[tick:]))
    bands = {path: still(band) for path, band in program.bands.items()}
    return program._replace(bands=bands, script=script, course=None)


def let_inputs_go_on(program: Program, tick: int) -> Program:
    """The same of somebody who lets inputs go on as they did before that tick, which is how runs forecast."""
    course = Course(tick, round(1.0 / program.alliance.dt))
    return hold_inputs(program, tick)._replace(course=course, set_paths={})


def forecast(fit: Target, whole: Target, z: Array, replicates: int, seed: int, program: Program) -> Forecast:
    """Simulate ``replicates`` futures of every posterior draw.

    Parameters
    ----------
    fit : what the draws were fitted to; the future begins where its record ends.
    whole : up to the end of the forecast, with the motions to be answered.
    z : posterior draws (draw, coordinate) of ``fit``.
    program : what is known of the future: that of ``whole``, or :func:`hold_inputs`.
    """
    size = max(1, BLOCK // replicates)
    parts = [
        _futures(_of(fit, part), whole, z[part], replicates, (seed, FORECAST, part.start + 1), of_rows(program, part))
        for part in (slice(k, k + size) for k in range(0, len(z), size))
    ]
    if len(parts) == 1:
        return parts[0]
    answers = {
        m: Answers(*(np.concatenate(x, axis=-1) for x in zip(*(p.answers[m] for p in parts), strict=True)))
        for m in parts[0].answers
    }
    status, left, alive = (np.concatenate(x, axis=-1) for x in zip(*(p[:3] for p in parts), strict=True))
    return Forecast(status, left, alive, answers, len(z))


def thinned(program: Program, most: int) -> Program:
    """The program with so many rows of its posterior at most, evenly over all."""
    return of_rows(program, slice(None, None, -(-program.rows // most) or 1))


def of_rows(program: Program, part: slice) -> Program:
    """The program of some draws, each of which has a row of the posterior for its own; itself where it has none."""
    if not program.rows:
        return program
    coefficients = {
        name: replace(given, values=given.values[part]) if isinstance(given, Column) else given
        for name, given in program.coefficients.items()
    }
    places = {path: x[part] for path, x in program.places.items()}
    return program._replace(coefficients=coefficients, places=places, rows=len(range(program.rows)[part]))


def _of(target: Target, part: slice) -> Target:
    return replace(target, program=of_rows(target.program, part)) if target.program.rows else target


class _Chance(Chance):
    """As in simulated histories, but what the posterior does not hold is drawn too, once a draw."""

    def __init__(self, columns: Mapping[str, Array], draws: int, replicates: int, key: Sequence[int]) -> None:
        self.rng, self.draws = generator(*key), draws * replicates
        self._columns, self._key = columns, key
        self._shape = draws, replicates

    def places(self, path: str) -> Array:
        """The uniforms of a path, (run,)."""
        if path in self._columns:
            return np.repeat(self._columns[path], self._shape[1])
        u = generator(*self._key, INPUTS, crc32(path.encode())).random(self._shape[0])
        return np.repeat(np.maximum(u, 2.0**-54), self._shape[1])

    def rows(self, count: int) -> Pick:
        """Each draw has its own, (run,)."""
        return Pick(*(np.repeat(x, self._shape[1]) for x in Uniforms(self._shape[0], {}).rows(count)))

    def futures(self, what: str) -> Array:
        """Of what is drawn of inputs to come, (run,): every run has its own."""
        return generator(*self._key, INPUTS, crc32(f"futures {what}".encode())).random(self.draws)


def _futures(fit: Target, whole: Target, z: Array, replicates: int, key: tuple[int, ...], program: Program) -> Forecast:
    cloud = Cloud(fit, z, generator(*key, 1))
    for t in range(fit.ticks):
        cloud.tick(t)
    noise = _Chance(fit.space.uniforms(z).columns, len(z), replicates, (*key, 2))
    stack = Stack([program._replace(record_ticks=0)], noise, slice(0, noise.draws), None)
    stack.state = cloud.survivors(replicates)
    own, spread = stack.environments[0].effects, stack.c.motion_spread
    status, answers = [np.array(stack.state.membership.status)], {}
    left, alive = [], [np.broadcast_to(stack.state.membership.alive, noise.draws)]
    for t in range(fit.ticks, whole.ticks):
        before = stack.state.stance
        record = stack.tick(t)
        for motion in whole.by_tick.get(t, ()):
            stance = before if whole.early(motion, t) else record.stance
            x = stance + own + spread * noise.rng.standard_normal(noise.draws)
            support, oppose = conduct.chances(x, stack.c)
            did = conduct.choose(noise.rng.random(x.shape), support, oppose)
            vote = Motion(did, record.before, record.stance, record.alive)
            answers[motion.name] = Answers(support, oppose, did, cohesion(vote))
        status.append(np.array(record.status))
        left.append(np.array(record.left))
        alive.append(np.array(record.alive))
    return Forecast(np.stack(status), np.stack(left), np.stack(alive), answers, len(z))


def integrated_hazard(whole: Target, z: Array, seed: int) -> float:
    """Exits to which the hazards of members add up over the whole record; the median over draws (draw, coordinate).

    Draws are not weighed by the record; each draw's particles are.
    """
    found = []
    for k in range(0, len(z), CHUNK):
        part = slice(k, k + CHUNK)
        cloud = Compensator(_of(whole, part), z[part], generator(seed, HAZARDS, k + 1))
        for t in range(whole.ticks):
            cloud.tick(t)
        found.append(cloud.integrated * np.ones(cloud.draws))
    return float(np.median(np.concatenate(found)))
