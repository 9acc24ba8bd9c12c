"""The likelihood of coefficients and coded values, given what was observed: a particle filter.

Particles of the stances of all states, which alone are unobserved, are carried through the record by
:func:`sim.model.tick.relive`, weighted by the membership moves made and not made and by the conduct observed, and
resampled (Gordon, Salmond & Smith 1993, 10.1049/ip-f-2.1993.0015; systematic resampling after Kitagawa 1996,
10.1080/10618600.1996.10474692). The estimate is unbiased, which makes the sampler around it exact (Andrieu, Doucet &
Holenstein 2010, 10.1111/j.1467-9868.2009.00736.x). The effect of a motion on all stances is integrated out by the
trapezoidal rule for every particle (docs/calibration.md).

Arrays are (member, draw, particle); what does not differ between particles has a last axis of 1.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.engines.environment import Environment
from sim.inference.agenda import Ahead, look_ahead
from sim.inference.observations import LAST_EVIDENCE, Motion
from sim.inference.roll_calls import Year
from sim.inference.space import Space, space_of
from sim.model import conduct, feedback, membership, roll_calls
from sim.model.arrays import Array, Codes, Coefficients, each
from sim.model.dates import to_years
from sim.model.membership import OUTSIDE
from sim.model.tick import Decays, Script, Standing, State, begin, decays, relive, standing
from sim.scenario.compile import Program, compile, statuses
from sim.scenario.load import Scenario
from sim.scenario.tables import CONDUCT, ROLL_CALL_LEVEL, roll_call_path

OPPOSES, SUPPORTS = CONDUCT["oppose"], CONDUCT["support"]
SCRIPTED = ("kind", "help", "clash", "changes", "enters")
"""What a script says of each member."""
FEW = 0.5
"""Particles are resampled where fewer than this share are effective."""
IMPOSSIBLE = -1e6
EFFECTS = "alliance_effects"
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Target:
    """What the likelihood is of: a program, the record of its members, and motions.

    ``record`` is (tick + 1, member): the status at every edge of a tick; so many ticks are used as it
    has moves.
    """

    program: Program
    record: Codes
    motions: tuple[Motion, ...]
    space: Space
    particles: int
    first: int = 0
    """The tick from which it covers them."""
    roll_calls: tuple[Year, ...] = ()
    """Counts of answers on general motions, by year."""
    dissolved: bool = False
    """Whether the alliance ends in the last tick, by a decision of all."""

    @property
    def ticks(self) -> int:
        """The tick before which its record ends."""
        return len(self.record) - 1

    @cached_property
    def by_tick(self) -> dict[int, list[Motion]]:
        """The motions of each tick."""
        found: dict[int, list[Motion]] = defaultdict(list)
        for m in self.motions:
            found[self.tick_of(m.date)].append(m)
        return dict(found)

    @cached_property
    def years(self) -> dict[int, Year]:
        """The roll calls by the tick that holds the last day of their year."""
        return {self.tick_of(year.date): year for year in self.roll_calls}

    def tick_of(self, date: dt.date) -> int:
        """The tick that a day is in."""
        return self.program.tick_of(date)

    @property
    def polled(self) -> set[str]:
        """Who has answered in roll calls."""
        return {self.program.members[i] for year in self.roll_calls for i in year.rows}

    def levels(self, z: Array, c: Coefficients) -> Array:
        """States' own effects on roll calls with the alliance's level, (member, draw)."""
        from scipy.special import ndtri

        paths = (ROLL_CALL_LEVEL, *map(roll_call_path, self.program.members))
        alliance, *states = ndtri([self.space.uniforms(z).places(path) for path in paths])
        return roll_calls.effects(alliance, np.stack(states), c)

    def early(self, motion: Motion, t: int) -> bool:
        """Whether a motion of tick t lies in its first half: then the stance before the tick tells more of it.

        Nothing that comes later in the tick, such as a war, is in that stance.
        """
        start, end = (to_years(d) for d in self.program.edges[t : t + 2])
        return to_years(motion.date) < (start + end) / 2.0

    def without(self, names: Sequence[str]) -> "Target":
        """The same, of the same coordinates, with coefficients at 0, whatever their coordinates say."""
        return replace(self, program=switched_off(self.program, names))

    def script(self, t: int) -> Script:
        """The script of a tick with the record's membership, shaped (member, 1, 1)."""
        s = self.program.script[t]
        return s._replace(
            **{name: getattr(s, name)[..., None] for name in SCRIPTED}, record=self.record[t + 1][:, None, None]
        )


def target_of(
    scenario: Scenario,
    motions: Sequence[Motion],
    particles: int,
    until: dt.date = LAST_EVIDENCE,
    without: Sequence[str] = (),
    years: Sequence[Year] = (),
    alone: bool = True,
) -> Target:
    """The target up to a date: motions dated and years ended by then, membership of the ticks that end by then.

    An alliance that is fitted ``alone`` has no effect of its own on rates: nothing sets it apart from the rates.

    A tick that ends on the day after has ended by then: its last day is that date. ``without`` are
    coefficients of mechanisms that are switched off.
    """
    assert scenario.tables.posterior is None, "a calibration starts from the priors"
    program = switched_off(compile(scenario), [*without, *[EFFECTS] * alone])
    edges = [d for d in program.edges if d <= until + dt.timedelta(days=1)]
    end = scenario.tables.alliance.dissolved
    dissolved = end is not None and edges[-1] >= end
    if end and dissolved:
        edges = edges[: 1 + next(k for k, d in enumerate(edges) if d >= end)]
        until = end - dt.timedelta(days=1)
    record = np.stack([statuses(scenario.tables, min(d, until))[:, 0] for d in edges])
    used = tuple(m for m in motions if program.edges[0] <= m.date < edges[-1])
    ended = tuple(y for y in years if program.edges[0] <= y.date < edges[-1])
    space = space_of(program, bool(used), polled={program.members[i] for y in ended for i in y.rows})
    return Target(program, record, used, space, particles, roll_calls=ended, dissolved=dissolved)


def switched_off(program: Program, names: Sequence[str]) -> Program:
    """A program with coefficients at 0."""
    return program._replace(coefficients={**program.coefficients, **dict.fromkeys(names, 0.0)})


class Cloud:
    """The particles of some draws, and the likelihood they have met so far."""

    leans = True
    """Whether noise of stances leans to roll calls to come; else it is as :meth:`normals` says."""

    def __init__(self, target: Target, z: Array, rng: np.random.Generator) -> None:
        self.target, self.rng = target, rng
        program, self.draws = target.program, len(z)
        self.environment = Environment(program, target.space.uniforms(z), slice(0, self.draws))
        self.c = Coefficients({k: v[:, None] for k, v in vars(self.environment.coefficients).items()})
        self.d: Decays = decays(self.c, program.alliance.dt)
        self.may_join = program.alliance.admissible[..., None]
        self.levels = target.levels(z, self.environment.coefficients)[..., None] if target.roll_calls else None
        self.shape = (len(program.members), self.draws, target.particles)
        self.weights = np.zeros(self.shape[1:])
        self.total = np.zeros(self.draws)
        self.lives = np.zeros(self.draws)  # log-probability of the alliance's own life so far
        self._around(target.first)
        self.state = self._begin()

    def normals(self, edge: int) -> Array:
        """The noise of stances up to the end of a tick."""
        return self.rng.standard_normal(self.shape)

    def _begin(self) -> State:
        status = self.target.record[0][:, None, None]
        z = self.normals(0)
        full = begin(self.inputs, self.standing, z, status, self.c)
        return full._replace(
            credibility=each(lambda x: x[..., :1], full.credibility),
            membership=membership.State(status, np.zeros((1, 1)), np.ones((1, 1), dtype=bool)),
        )

    def _around(self, t: int) -> None:
        """Inputs, and what they alone decide."""
        if t != self.target.first and not self.environment.changed[t]:
            return
        self.inputs = each(lambda x: x[..., None], self.environment.at(t))
        s = standing(self.inputs, self.c, self.d.dt, record=True)
        self.standing: Standing = s._replace(membership=membership.standing(self.inputs, self.c))

    def tick(self, t: int) -> None:
        """Live through a tick and weigh what it has shown."""
        self._around(t)
        script, before = self.target.script(t), self.state
        z, ahead, year = self.normals(t + 1), None, self.target.years.get(t)
        if year:
            ahead = self._look_ahead(year, z, script)
            z = np.array(z)
            z[list(year.rows)] = ahead.z
        self.state = relive(before, self.inputs, self.standing, z, script, self.c, self.d)
        assert self.standing.membership is not None
        ends = np.asarray(membership.ends(self.standing.membership, self.d.dt))[:, 0]
        self.lives += np.log(ends if self.target.dissolved and t == self.target.ticks - 1 else 1.0 - ends)
        informed = self._moves(before, script, *self._hazards(before, script))
        for motion in self.target.by_tick.get(t, ()):
            rows = list(motion.rows)
            x = (before if self.target.early(motion, t) else self.state).stance[rows] + self.inputs.effects[rows]
            self._vote(motion, x)
            informed = True
        if year and ahead:
            self._poll(year, ahead)
            informed = True
        if informed:
            self._resample()

    def _vote(self, motion: Motion, x: Array) -> None:
        """Weigh the conduct on a motion, given stances with effects (state, draw, particle) of those asked."""
        self.weights += log_conduct(x, motion.codes, self.c)

    def _look_ahead(self, year: Year, z: Array, script: Script) -> Ahead:
        """What noise and agenda a year's roll calls speak for, before the tick is lived."""
        still = relive(self.state, self.inputs, self.standing, np.zeros_like(z), script, self.c, self.d)
        lean = self.leans * self.c.roll_call_discrimination * self.d.stance.shake
        e = self._position(year, still)
        return look_ahead(year.counts, e, z[list(year.rows)], self.weights, lean, self.c, self.rng)

    def _position(self, year: Year, state: State) -> Array:
        """Where states that answered stand on an average agenda, (state, draw, particle)."""
        assert self.levels is not None
        rows = list(year.rows)
        ties = self.inputs.members.western_ties[rows]
        return roll_calls.position(state.stance[rows], self.levels[rows], ties, self.c)

    def _poll(self, year: Year, ahead: Ahead) -> None:
        """Weigh a year's roll calls by the stances at the end of its last tick."""
        e = self._position(year, self.state) + ahead.agenda
        self.weights += roll_calls.log_mass(year.counts, e, self.c) + ahead.log_ratio

    def _moves(self, before: State, script: Script, leave: Array, side: Array) -> bool:
        """Weigh the moves of membership made and not made; whether any was made."""
        assert script.record is not None
        moved = (script.record != before.membership.status)[:, 0, 0]
        either = leave + side
        self.weights -= self.d.dt * sum(either[i] for i in np.flatnonzero(~moved))
        for i in np.flatnonzero(moved & ~script.enters[:, 0, 0]):
            p = membership.chances(leave[i], side[i], self.d.dt)
            chance = p.exit if script.record[i, 0, 0] == OUTSIDE else p.side
            self.weights += np.log(np.maximum(chance, 1e-300))
        return bool(moved.any())

    def _hazards(self, before: State, script: Script) -> tuple[Array, Array]:
        """Of exit and of the other move, (member, draw, particle)."""
        assert self.standing.membership is not None
        renewal = membership.renewal_factor(script.renewal, self.c) if script.renewal else 1.0
        stance, dependence = self.state.stance, feedback.dependence(self.inputs, before.feedback)
        about = before.feedback.punishment, renewal, self.may_join, self.standing.membership, self.c
        return membership.hazards(before.membership, stance, dependence, *about)

    def _resample(self) -> None:
        """Where few particles carry the weight, draw particles anew by their weights."""
        top = self.weights.max(axis=1, keepdims=True)
        w = np.exp(self.weights - top)
        few = np.flatnonzero(w.sum(axis=1) ** 2 < FEW * self.shape[2] * (w**2).sum(axis=1))
        u = self.rng.random(self.draws)
        if len(few) == 0:
            return
        self.total[few] += top[few, 0] + np.log(w[few].mean(axis=1))
        self.weights[few] = 0.0
        picked = systematic(w[few], u[few])

        def pick(x: Array) -> Array:
            if x.shape != self.shape:  # the same for all particles
                return x
            x = np.array(x)
            x[:, few] = np.take_along_axis(x[:, few], picked[None], axis=2)
            return x

        self.state = each(pick, self.state)
        self.descend(few, picked)

    def descend(self, draws: Indices, picked: Indices) -> None:
        """Called when particles, (draw, particle), take the places of others."""

    def survivors(self, count: int) -> State:
        """So many particles a draw, picked by their weights, as the state of so many runs side by side."""
        return self.at(self.picks(count))

    def picks(self, count: int) -> Indices:
        """Particles of each draw by their weights, (draw, so many), in order."""
        return by_weight(self.weights, count, self.rng)

    def at(self, picked: Indices) -> State:
        """The state of some particles a draw, (draw, so many), side by side."""
        count = picked.shape[1]
        states, draws, particles = self.shape

        def pick(x: Array) -> Array:
            if x.ndim == 2:  # of the alliance, the same for all particles of a draw
                return np.repeat(np.broadcast_to(x, (draws, particles))[:, 0], count)
            full = np.broadcast_to(x, self.shape)
            return np.take_along_axis(full, picked[None], axis=2).reshape(states, draws * count)

        return each(pick, self.state)

    def log_likelihood(self) -> Array:
        """What it is so far, (draw,)."""
        top = self.weights.max(axis=1)
        rest = top + np.log(np.exp(self.weights - top[:, None]).mean(axis=1))
        return np.maximum(self.total + rest, IMPOSSIBLE)


def log_conduct(x: Array, codes: Codes, c: Coefficients) -> Array:
    """Log-probability of the conduct on one motion, (draw, particle).

    ``x`` (state, draw, particle) are stances with the states' effects, ``codes`` (state,), coefficients (draw, 1).
    """
    stood, opposed = (codes == code for code in (SUPPORTS, OPPOSES))
    total = np.zeros(x.shape[1:])
    for weight, (support, oppose) in conduct.by_node(x, c):
        likely = 1.0 - support - oppose
        likely[stood] = support[stood]
        likely[opposed] = oppose[opposed]
        total += weight * np.multiply.reduce(likely, axis=0)
    return np.log(np.maximum(total, 1e-300))


def by_weight(log_weights: Array, count: int, rng: np.random.Generator) -> Indices:
    """So many particles of each row by their weights (row, particle), in order."""
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    below = np.cumsum(w, axis=1) / w.sum(axis=1, keepdims=True)
    points = (rng.random((len(w), 1)) + np.arange(count)) / count
    return np.minimum((below[:, None, :] < points[:, :, None]).sum(axis=2), w.shape[1] - 1)


def systematic(w: Array, u: Array) -> Indices:
    """Indices of particles drawn in proportion to ``w`` (draw, particle) with one uniform a draw."""
    n = w.shape[1]
    edges = np.cumsum(w, axis=1)
    edges *= n / edges[:, -1:]
    # how many of the points u, u + 1, ... u + n - 1 lie below each edge
    below = np.clip(np.ceil(edges - u[:, None]), 0, n).astype(np.intp)
    below[:, -1] = n
    copies = np.diff(below, axis=1, prepend=0)
    return np.repeat(np.tile(np.arange(n), len(w)), copies.ravel()).reshape(w.shape)


def log_likelihood(target: Target, z: Array, key: Sequence[int]) -> Array:
    """An estimate of the log-likelihood of each draw, (draw,); ``key`` names its chance."""
    cloud = Cloud(target, z, np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(list(key)))))
    for t in range(target.ticks):
        cloud.tick(t)
    return cloud.log_likelihood() + cloud.lives
