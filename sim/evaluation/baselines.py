"""Dull forecasters: what the model must beat to be worth its equations.

Each knows the record up to the origin; the logit knows dependence, threat and Western ties besides, as they were
or as they stood at the origin, whichever the model it is held against knows.
"""

from collections.abc import Callable, Sequence

import numpy as np

from sim.evaluation import logit
from sim.evaluation.origin import Origin, Told, cohesion, covariates, per_year, tick_of
from sim.inference.likelihood import Target
from sim.inference.observations import Motion
from sim.inference.smc import generator
from sim.model import cohesion as alliance
from sim.model.arrays import Array, Flags
from sim.model.membership import OUTSIDE

RUNS = 1000
"""Of a cohesion ensemble drawn from conduct."""
CHANCE = 4_000_001


def base_rate(o: Origin, rate: float, seed: int) -> Told:
    """A constant hazard, that of all pacts; conduct and cohesion as if nothing were known."""
    return _told(o, _constant(o, np.full(len(o.inside), rate)), [np.full(3, 1 / 3)] * len(o.inside), seed)


def own_rate(o: Origin, rate: float, seed: int) -> Told:
    """A constant hazard, the alliance's own so far; each state's conduct so far; cohesion as so far."""
    found = _constant(o, np.where(o.inside, *(_own_hazard(o.taught, inside, rate) for inside in (True, False))))
    told = _told(o, found, [_frequencies(o.taught.motions, k) for k in range(len(o.inside))], seed)
    past = _cohesions(o.taught)
    return told._replace(cohesion=[np.array(past)] * len(o.after)) if len(past) > 1 else told


def persistence(o: Origin, rate: float, seed: int) -> Told:
    """Nobody changes sides; everybody does again what it did last, and cohesion is what it was last."""
    last = [_last(o.taught.motions, k) for k in range(len(o.inside))]
    told = _told(o, np.zeros((len(o.inside), len(o.leads))), last, seed)
    past = _cohesions(o.taught)
    return told._replace(cohesion=[np.full(2, past[-1])] * len(o.after)) if past else told


def on_covariates(o: Origin, seed: int, held: bool) -> Told:
    """A logit of leaving, one of entering, and one of conduct, on dependence, threat and Western ties."""
    n, last = o.fit.ticks, o.fit.ticks - 1
    here, learned = covariates(o.whole), covariates(o.taught)

    def at(tick: int) -> Array:
        return here[last if held else tick]

    stay = np.ones(len(o.inside))
    changed = np.empty((len(o.inside), len(o.leads)))
    fits = {inside: logit.fit(*_years(o.taught, learned, inside), 2) for inside in (True, False)}
    for k, (start, end) in enumerate(zip([0, *o.leads], o.leads, strict=False)):
        x = at(n + start)
        hazard = np.where(o.inside, fits[True].chances(x)[:, 1], fits[False].chances(x)[:, 1])
        years = np.maximum(end - np.maximum(start, o.begins), 0) / per_year(o.whole)
        stay = stay * (1.0 - hazard) ** years
        changed[:, k] = 1.0 - stay
    conduct = logit.fit(*_answers(o.taught, learned), 3)
    by_state = [conduct.chances(at(tick_of(o.whole, m))) for m in o.after]
    return _told(o, changed, [], seed, by_state)


def _constant(o: Origin, hazard: Array) -> Array:
    """The chance of having changed sides by each lead, (state, lead)."""
    years = np.maximum(np.array(o.leads) - o.begins[:, None], 0) / per_year(o.whole)
    return np.asarray(1.0 - np.exp(-hazard[:, None] * years))


def _scripted(taught: Target) -> Flags:
    """Entries that the scenario scripts, on which everybody conditions. (tick, state)."""
    return np.array([s.enters[:, 0] for s in taught.program.script[: taught.ticks]])


def _own_hazard(taught: Target, inside: bool, rate: float) -> float:
    """Changes of side a year on record, half a change added (Jeffreys); ``rate`` where nobody was on that side."""
    outside = taught.record == OUTSIDE
    at_risk = (outside[:-1] != inside) & ~_scripted(taught)
    crossed = (outside[1:] != outside[:-1]) & at_risk
    if not at_risk.any():
        return rate
    return float((crossed.sum() + 0.5) / (at_risk.sum() / per_year(taught)))


def _years(taught: Target, learned: Array, inside: bool) -> tuple[Array, Array]:
    """State-years on one side: covariates at their start, whether the side was changed."""
    outside, scripted, year = taught.record == OUTSIDE, _scripted(taught), per_year(taught)
    x, y = [np.zeros((0, 3))], [np.zeros(0)]
    for start in range(taught.ticks - year, -1, -year):
        rows = (outside[start] != inside) & ~scripted[start : start + year].any(axis=0)
        x.append(learned[start][rows])
        y.append((outside[start + 1 : start + year + 1] != outside[start]).any(axis=0)[rows])
    return np.concatenate(x), np.concatenate(y)


def _answers(taught: Target, learned: Array) -> tuple[Array, Array]:
    """Answers on record: covariates of the state, what it did."""
    x = [learned[tick_of(taught, m)][list(m.rows)] for m in taught.motions]
    y = [m.codes for m in taught.motions]
    return np.concatenate([np.zeros((0, 3)), *x]), np.concatenate([np.zeros(0), *y])


def _frequencies(before: Sequence[Motion], state: int) -> Array:
    """Of a state's conduct so far, one answer of each kind added (Laplace). (3,)."""
    counts = np.ones(3)
    for m in before:
        if state in m.rows:
            counts[m.codes[m.rows.index(state)]] += 1
    return counts / counts.sum()


def _last(before: Sequence[Motion], state: int) -> Array:
    """Certainty of what a state did last; a third each where it was never asked. (3,)."""
    for m in reversed(before):
        if state in m.rows:
            return np.eye(3)[m.codes[m.rows.index(state)]]
    return np.full(3, 1 / 3)


def _cohesions(taught: Target) -> list[float]:
    """Cohesion on the motions on record on which all members were asked."""
    found = (cohesion(m, taught.record[tick_of(taught, m)]) for m in taught.motions)
    return [c for c in found if np.isfinite(c)]


def _told(o: Origin, changed: Array, conduct: list[Array], seed: int, by_motion: list[Array] | None = None) -> Told:
    """Conduct of each state, the same on all motions or by motion; cohesion of the members of the origin from it."""
    every = by_motion or [np.array(conduct)] * len(o.after)
    status = o.fit.record[-1][:, None]
    ensembles = []
    for k, p in enumerate(every):
        rng = generator(seed, CHANCE, k + 1, o.until.toordinal())
        u = rng.random((len(p), RUNS))
        did = 0.5 * (1.0 * (u >= p[:, :1]) + (u >= p[:, :2].sum(axis=1, keepdims=True)))
        alive = np.ones(RUNS, dtype=bool)
        vote = alliance.Motion(did, np.broadcast_to(status, did.shape), np.zeros(did.shape), alive)
        ensembles.append(alliance.cohesion(vote))
    told = [p[list(m.rows)] for p, m in zip(every, o.after, strict=True)]
    return Told(changed, told, ensembles)


def without_parts(told: Told, parts: int) -> list[Told]:
    """The same with each part of what was drawn left out in turn."""

    def rest(ensemble: Array, k: int) -> Array:
        return ensemble[np.arange(len(ensemble)) % parts != k] if len(ensemble) == RUNS else ensemble

    return [told._replace(cohesion=[rest(e, k) for e in told.cohesion]) for k in range(parts)]


BASELINES: dict[str, Callable[[Origin, float, int], Told]] = {
    "base rate": base_rate,
    "own rate": own_rate,
    "persistence": persistence,
}
LOGIT = "logit"
MEANING = {
    "base rate": "a constant hazard at the rate of all pacts; conduct a third each",
    "own rate": "a constant hazard at the alliance's rate so far; each state's conduct so far",
    "persistence": "nobody changes sides; everybody does what it did last",
    LOGIT: "logits on dependence, threat and Western ties",
}
