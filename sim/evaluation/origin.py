"""An origin: what was known then, what is asked of a forecaster, and what happened.

Three questions: by the end of each year after the origin, has a state changed sides (left, or entered)?
What does each state do on each motion? How cohesive is the alliance on it?
"""

import datetime as dt
from typing import NamedTuple

import numpy as np

from sim.engines.environment import Environment
from sim.inference.likelihood import Target
from sim.inference.observations import Motion
from sim.model import cohesion as alliance
from sim.model.arrays import Array, Codes, Flags
from sim.model.crises import THREATS
from sim.model.membership import OUTSIDE


class Origin(NamedTuple):
    """A forecast to be made."""

    scheme: str
    until: dt.date
    fit: Target  # what forecasters have learned from: the record up to the origin
    whole: Target  # to the end of what is asked

    @property
    def leads(self) -> list[int]:
        """Ticks after the origin by which changes of side are asked: every year, and the end."""
        n, year = self.whole.ticks - self.fit.ticks, per_year(self.whole)
        return [*range(year, n, year), n]

    @property
    def begins(self) -> Codes:
        """The edge from which a state is asked: that of the origin (0), or after an entry of the script. (state,)."""
        script = self.whole.program.script[self.fit.ticks : self.whole.ticks]
        entries = np.array([s.enters[:, 0] for s in script])
        last = len(entries) - np.argmax(entries[::-1], axis=0)
        return np.where(entries.any(axis=0), last, 0)

    @property
    def inside(self) -> Flags:
        """Who is a member there. (state,)."""
        return np.asarray((self.fit.record[-1] != OUTSIDE) | (self.begins > 0))

    @property
    def asked(self) -> Flags:
        """By which leads a state is asked whether it has changed sides. (state, lead)."""
        return np.asarray(np.array(self.leads) > self.begins[:, None])

    @property
    def after(self) -> list[Motion]:
        """Motions that are asked."""
        return [m for t, some in sorted(self.whole.by_tick.items()) if t >= self.fit.ticks for m in some]


class Prediction(NamedTuple):
    """What a forecaster says of an origin."""

    change: Array  # (state, lead): the probability of having changed sides
    conduct: list[Array]  # of each motion (state asked, 3): opposes, abstains, supports
    cohesion: list[Array]  # of each motion (run,): an ensemble


class Outcome(NamedTuple):
    """What came after an origin."""

    change: Flags  # (state, lead)
    conduct: list[Codes]  # of each motion (state asked,): 0, 1, 2
    cohesion: list[float]  # of each motion; NaN where not all members were asked


def per_year(target: Target) -> int:
    """Ticks in a year."""
    return round(1.0 / target.program.alliance.dt)


def tick_of(target: Target, motion: Motion) -> int:
    """The tick of a motion."""
    return next(t for t, some in target.by_tick.items() if motion.name in [m.name for m in some])


def changes(status: Codes, o: Origin) -> Flags:
    """Whether a state has been on the other side by each lead. (edge, state, ...) to (state, lead, ...)."""
    runs = (1,) * (status.ndim - 2)
    since = np.arange(len(status))[:, None] >= o.begins
    across = (status == OUTSIDE) == o.inside.reshape(-1, *runs)
    crossed = np.logical_or.accumulate(across & since.reshape(*since.shape, *runs), axis=0)
    return np.asarray(np.moveaxis(crossed[o.leads], 0, 1))


def outcome(o: Origin) -> Outcome:
    """What came after an origin. This is a look at the held-out years."""
    record = o.whole.record[o.fit.ticks :]
    return Outcome(
        changes(record, o),
        [m.codes for m in o.after],
        [cohesion(m, o.whole.record[tick_of(o.whole, m)]) for m in o.after],
    )


def cohesion(motion: Motion, status: Codes) -> float:
    """Cohesion of the members on a motion, NaN where not all of them were asked."""
    members = np.flatnonzero(status != OUTSIDE)
    if not set(members) <= set(motion.rows):
        return float("nan")
    did = np.zeros((len(status), 1))
    did[list(motion.rows), 0] = motion.codes / 2.0
    vote = alliance.Motion(did, status[:, None], np.zeros(did.shape), np.ones(1, dtype=bool))
    return float(alliance.cohesion(vote)[0])


def covariates(target: Target) -> Array:
    """Dependence, gravest threat and Western ties of all states at the middle of their bands, (tick, state, 3)."""
    uniforms = target.space.uniforms(np.zeros((1, target.space.size)))
    program = target.program._replace(coefficients=dict.fromkeys(target.program.coefficients, 0.0), places={})
    environment = Environment(program, uniforms, slice(0, 1))
    found = []
    for tick in range(target.ticks):
        at = environment.at(tick).members
        threat = np.max([getattr(at, kind) for kind in THREATS], axis=0)
        found.append(np.concatenate([at.dependence, threat, at.western_ties], axis=1))
    return np.stack(found)
