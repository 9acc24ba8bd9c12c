"""What happens after a calibration is data: its draws are weighed by it and drawn anew, in seconds.

The filter of the likelihood goes on from the states in which the record leaves each row of the posterior. What it
meets, moves made and not made and votes, weighs the particles of a row and the rows themselves (importance sampling of
a static parameter, Chopin 2002, 10.1093/biomet/89.3.539); membership, crises and answers are given. What draws expected
just before they were weighed says how surprising each event was.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np

from sim.errors import InputError, Problem, listed, plural
from sim.inference.likelihood import Cloud, Indices, Target, by_weight, systematic
from sim.inference.observations import Motion, of_scenario
from sim.inference.space import Space, Uniforms
from sim.model import conduct, membership
from sim.model.arrays import Array, each
from sim.model.membership import OUTSIDE
from sim.model.noise import Pick
from sim.model.outcomes import CONDUCTS, MOVES, RETURN
from sim.model.tick import Script, State
from sim.scenario import events
from sim.scenario.compile import Program, compile, past_of
from sim.scenario.continuation import since
from sim.scenario.course import coded_days, moves
from sim.scenario.load import Scenario
from sim.scenario.paths import Band
from sim.scenario.posterior import ANEW, FEWEST, Continuation, Lived, Posterior, Surprise, posterior_of
from sim.scenario.start import digests
from sim.scenario.tables import CONDUCT

PARTICLES = 64
"""Of a row, from the states that it has in turn."""
CHUNK = 128
"""Rows at once."""
STREAM = 3_000_021


@dataclass(frozen=True)
class Rows(Space):
    """A space whose only coordinate is the row of a posterior."""

    posterior: Posterior = field(kw_only=True)

    def uniforms(self, z: Array) -> Uniforms:
        """What an environment draws with."""
        return _OfRows(len(z), {"row": z[:, 0]})


class _OfRows(Uniforms):
    """Coefficients and coded values are those of rows; what a posterior does not hold is at the middle of its band."""

    def rows(self, count: int) -> Pick:
        """The rows themselves."""
        row = self.columns["row"].astype(np.intp)
        return Pick(row, np.zeros_like(row))


class Seen(NamedTuple):
    """What rows expected of a tick, or of a motion in it, just before they were weighed by it."""

    tick: int
    motion: Motion | None
    log_weights: Array  # (row,)
    chances: (
        Array  # (what, row): of a motion's conduct (state, conduct); of moves exits, other moves, that no other moves
    )


class Onward(Cloud):
    """A filter that goes on from kept states, (member, row, state), and notes what it expects."""

    def __init__(self, target: Target, z: Array, rng: np.random.Generator, kept: State) -> None:
        self.kept = kept
        self.seen: list[Seen] = []
        super().__init__(target, z, rng)

    def _begin(self) -> State:
        take = np.arange(self.target.particles) % self.kept.stance.shape[-1]
        full: State = each(lambda x: np.ascontiguousarray(x[..., take]), self.kept)
        alone = each(lambda x: x[..., :1], full)  # what does not differ between the states of a row
        status = self.target.record[self.target.first][:, None, None]
        return full._replace(credibility=alone.credibility, membership=alone.membership._replace(status=status))

    def _expected(self, chances: Array) -> Array:
        """Chances (..., row, particle) as the particles of a row have them together, (..., row)."""
        w = np.exp(self.weights - self.weights.max(axis=1, keepdims=True))
        return np.asarray((chances * w).sum(axis=-1) / w.sum(axis=1))

    def tick(self, t: int) -> None:
        """As the filter does, noting which tick it is."""
        self.now = t
        super().tick(t)

    def year(self, t: int) -> slice:
        """The edges of the record's ticks that begin in the calendar year of a tick: who moves in it is no other."""
        edges, first, last = self.target.program.edges, self.target.first, self.target.ticks
        within = [k for k in range(first, last) if edges[k].year == edges[t].year]
        return slice(within[0], within[-1] + 2)

    def _moves(self, before: State, script: Script, leave: Array, side: Array) -> bool:
        p = membership.chances(leave, side, self.d.dt)
        others = self.target.record[self.year(self.now)]
        others = (others == others[0]).all(axis=0)
        none = np.exp(-self.d.dt * (leave + side)[others].sum(axis=0, keepdims=True))
        chances = self._expected(np.concatenate([p.exit, p.side, none]))
        self.seen.append(Seen(self.now, None, self.log_likelihood(), chances))
        return super()._moves(before, script, leave, side)

    def _vote(self, motion: Motion, x: Array) -> None:
        support, oppose = conduct.over_motions(x, self.c)
        likely = np.stack([oppose, 1.0 - support - oppose, support], axis=1)
        self.seen.append(Seen(self.now, motion, self.log_likelihood(), self._expected(likely)))
        super()._vote(motion, x)


@dataclass(frozen=True)
class _Given:
    """A scenario, equal to another that says the same."""

    fingerprint: str
    scenario: Scenario = field(compare=False)


def continued(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Scenarios whose posteriors are weighed by what each says of the time since the calibration.

    Those that are compared start alike: where one that goes on has no start from the record, none is weighed, and each
    says that it relives the record. What is weighed already stays as it is.
    """
    going = [s for s in scenarios if since(s.tables)]
    programs = [compile(s) for s in going]
    if not all(p.start.states for p in programs):
        return list(scenarios)
    found = {id(s): _weighed(_Given(s.fingerprint, s)) for s in going}
    return [_with(s, found[id(s)]) if id(s) in found else s for s in scenarios]


def _with(scenario: Scenario, posterior: Posterior) -> Scenario:
    return replace(scenario, tables=scenario.tables.model_copy(update={"posterior": posterior}))


@lru_cache(maxsize=8)
def _weighed(given: _Given) -> Posterior:
    """The posterior of a scenario, its draws weighed and drawn anew."""
    scenario, program = given.scenario, compile(given.scenario)
    posterior = scenario.tables.posterior
    assert posterior is not None
    assert posterior.lived is not None
    target = target_of(scenario, program)
    clouds = list(go_on(target, posterior))
    log_weights = np.concatenate([c.log_likelihood() for c in clouds])
    left = effective(log_weights, posterior)
    if left < FEWEST <= posterior.rows:
        found = f"what has happened leaves {left:,.1f} of {plural(posterior.rows, 'draw')} effective"
        raise InputError([Problem(str(scenario.file), "", found, f"required: {FEWEST}; {ANEW}")])
    rng = _generator(posterior.lived, posterior.rows)
    origins = drawn(log_weights, rng)
    lived = posterior.lived._replace(
        until=str(program.edges[program.record_ticks]),
        digests=digests(past_of(scenario, program, _forms(scenario)), program.record_ticks),
        states=kept(clouds, origins, posterior.lived.each_row, rng),
        ancestors=np.zeros((len(origins), posterior.lived.each_row, 0), dtype=np.int8),
    )
    seen = [_together(parts) for parts in zip(*(c.seen for c in clouds), strict=True)]
    return posterior_of(
        posterior.file,
        {name: column.values[origins] for name, column in posterior.columns.items()},
        {path: x[origins] for path, x in posterior.places.items()},
        lived,
        posterior.alliance,
        posterior.model,
        Continuation(
            posterior.lived.until,
            posterior.digest,
            left,
            posterior.rows,
            inputs(scenario, program),
            tuple(sorted((*surprises(scenario, target, seen), *prescribed(scenario)), key=lambda s: s[:-1])),
        ),
    )


def target_of(scenario: Scenario, program: Program) -> Target:
    """What draws are weighed by: the ticks of the record since the calibration."""
    posterior = scenario.tables.posterior
    assert posterior is not None
    record = past_of(scenario, program, {}).record[: program.record_ticks + 1]
    space = Rows((), (), (), posterior=posterior)
    motions = tuple(of_scenario(scenario.tables))
    return Target(program._replace(course=None), record, motions, space, PARTICLES, program.start.tick)


def go_on(target: Target, posterior: Posterior) -> Iterator[Onward]:
    """Filters that have gone through it, each of some rows."""
    assert posterior.lived is not None
    for first in range(0, posterior.rows, CHUNK):
        rows = np.arange(first, min(first + CHUNK, posterior.rows))
        own: State = each(lambda x: x[..., rows, :], posterior.lived.states)  # noqa: B023
        cloud = Onward(target, rows[:, None].astype(np.float64), _generator(posterior.lived, first), own)
        for t in range(target.first, target.ticks):
            cloud.tick(t)
        yield cloud


def _generator(lived: Lived, first: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence((*lived.key, STREAM, 1 + first))))


def _forms(scenario: Scenario) -> dict[str, object]:
    return {name: coded.form for name, coded in scenario.tables.behaviour.items()}


# ------------------------------------------------------------------------------------------------- drawing anew


def weights(log_weights: Array) -> Array:
    """In proportion to their exponentials, with sum 1 over the last axis."""
    w = np.exp(log_weights - log_weights.max(axis=-1, keepdims=True))
    return np.asarray(w / w.sum(axis=-1, keepdims=True))


def drawn(log_weights: Array, rng: np.random.Generator) -> Indices:
    """Which row each place takes, by their weights; a row that is taken keeps its own place, so that runs pair."""
    count = len(log_weights)
    copies = np.bincount(systematic(weights(log_weights)[None], rng.random(1))[0], minlength=count)
    origins = np.arange(count)
    origins[copies == 0] = np.repeat(origins, np.maximum(copies - 1, 0))
    return origins


def effective(log_weights: Array, posterior: Posterior) -> float:
    """Distinct draws of equal weight that would tell as much (Kish 1965)."""
    rows = np.stack([column.values for column in posterior.columns.values()], axis=1)
    _, which = np.unique(rows, axis=0, return_inverse=True)
    return float(1.0 / (np.bincount(which.ravel(), weights(log_weights)) ** 2).sum())


def kept(clouds: Sequence[Onward], origins: Indices, count: int, rng: np.random.Generator) -> State:
    """So many states for each row drawn anew, by the weights of its particles, in random order."""
    picked = by_weight(np.concatenate([c.weights for c in clouds])[origins], count, rng)
    picked = rng.permuted(picked, axis=1)

    def pick(*parts: Array) -> Array:
        whole = (np.broadcast_to(x, (*x.shape[:-2], *c.shape[1:])) for x, c in zip(parts, clouds, strict=True))
        x = np.concatenate(list(whole), axis=-2)[..., origins, :]
        return np.take_along_axis(x, picked if x.ndim == 2 else picked[None], axis=-1)

    return each(pick, *(c.state for c in clouds))


# ---------------------------------------------------------------------------------------------------- in words


def inputs(scenario: Scenario, program: Program) -> str:
    """Which inputs are coded for the ticks since the calibration."""
    first, last = program.start.tick, program.record_ticks
    begins, ends = program.edges[first], program.edges[last]

    def until(band: Band) -> Band:
        return Band(band.low[:last], band.high[:last], None, None if band.word is None else band.word[:last])

    said = [p for p, days in coded_days(scenario.tables).items() if any(begins <= day < ends for day in days)]
    paths = [p for p, band in program.bands.items() if p in said or moves(until(band), first)]
    words = listed([scenario.subject(p) for p in paths], 3)
    return f"Inputs since then are as they were last coded{f', but for {words}' if paths else ''}"


def prescribed(scenario: Scenario) -> Iterator[Surprise]:
    """What is given and weighs no draw: calls for help and their answers, changes of regime, shocks, renewals."""
    tables, begins = scenario.tables, since(scenario.tables)
    for e in tables.events:
        if begins is None or e.kind == "entry" or not begins <= e.date < tables.time.start:
            continue
        yield Surprise(str(e.date), "given", getattr(e, "member", ""), events.words(scenario, e), None)


def _together(parts: Sequence[Seen]) -> Seen:
    """The same tick or motion as all rows expected it."""
    of_all = (np.concatenate(x, axis=-1) for x in ([p.log_weights for p in parts], [p.chances for p in parts]))
    return Seen(parts[0].tick, parts[0].motion, *of_all)


def surprises(scenario: Scenario, target: Target, seen: Iterable[Seen]) -> Iterator[Surprise]:
    """How likely each move and vote was, and of each calendar year that nobody else moved."""
    names = [m.name for m in scenario.tables.members.values()]
    expected = [(s, (s.chances * weights(s.log_weights)).sum(axis=-1)) for s in seen]
    yield from _moves(scenario, target, names, [(s.tick, p) for s, p in expected if s.motion is None])
    for s, p in expected:
        if s.motion:
            yield from _votes(scenario, s.motion, names, p)


def _moves(
    scenario: Scenario, target: Target, names: Sequence[str], expected: Sequence[tuple[int, Array]]
) -> Iterator[Surprise]:
    codes, edges, count = scenario.members, target.program.edges, len(names)
    by_then, stayed = np.zeros((2, count)), np.ones(count)  # of exits and other moves since a state's last
    for year, ticks in groupby(expected, lambda e: edges[e[0]].year):
        nobody, moved, span = 1.0, False, []
        for t, p in ticks:
            span.append(t)
            by_then += stayed * p[:-1].reshape(2, count)
            stayed *= 1.0 - p[:-1].reshape(2, count).sum(axis=0)
            nobody *= float(p[-1])
            for i in np.flatnonzero(target.record[t] != target.record[t + 1]).tolist():
                before, after = int(target.record[t, i]), int(target.record[t + 1, i])
                state = scenario.tables.members[codes[i]]
                day, move = state.since(edges[t + 1]), MOVES[before, after]
                if before == OUTSIDE and any(m.from_ < day for m in state.record):
                    move = RETURN
                entered = bool(target.program.script[t].enters[i, 0])
                chance = None if entered else float(by_then[int(after != OUTSIDE), i])
                yield Surprise(str(day), move.name, codes[i], f"{names[i]} {move.words}", chance)
                by_then[:, i], stayed[i], moved = 0.0, 1.0, True
        when = (
            f"{year}" if len(span) * target.program.alliance.dt == 1.0 else f"{edges[span[0]]} to {edges[span[-1] + 1]}"
        )
        yield Surprise(str(edges[span[-1] + 1]), "quiet", "", f"Nobody {'else ' * moved}moves, {when}", nobody)


def _votes(scenario: Scenario, motion: Motion, names: Sequence[str], chances: Array) -> Iterator[Surprise]:
    """Of each answer, the chance of one at least as far from the mean of what was expected, oppose to support."""
    steps = np.array(sorted(CONDUCT.values()))
    for row, code, p in zip(motion.rows, motion.codes.tolist(), chances, strict=True):
        far = np.abs(steps - (steps * p).sum())
        chance = min(1.0, float(p[far >= far[code] - 1e-9].sum()))
        said = f"{names[row]} {CONDUCTS[code / steps[-1]]}: {motion.name}"
        yield Surprise(str(motion.date), "vote", scenario.members[row], said, chance)
