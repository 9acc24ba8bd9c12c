"""Baseline rules: what the model must beat to be worth its equations.

Each knows the record up to the origin; the logit knows dependence, threat and Western ties besides, as they were
or as they stood at the origin, whichever the model it is held against knows.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from sim.evaluation.origin import Origin, Prediction, cohesion, covariates, per_year, tick_of
from sim.inference.likelihood import Target
from sim.inference.observations import Motion
from sim.inference.smc import generator
from sim.model import cohesion as alliance
from sim.model.arrays import Array, Flags
from sim.model.membership import OUTSIDE

RUNS = 1000
"""Of a cohesion ensemble drawn from conduct."""
CHANCE = 4_000_001


def base_rate(o: Origin, rate: float, seed: int) -> Prediction:
    """A constant hazard, that of all pacts; conduct and cohesion as if nothing were known."""
    return _prediction(o, constant(o, np.full(len(o.inside), rate)), [np.full(3, 1 / 3)] * len(o.inside), seed)


def own_rate(o: Origin, rate: float, seed: int) -> Prediction:
    """A constant hazard, the alliance's own so far; each state's conduct so far; cohesion as so far."""
    found = constant(o, np.where(o.inside, *(_own_hazard(o.fit, inside, rate) for inside in (True, False))))
    rule = _prediction(o, found, [_frequencies(o.fit.motions, k) for k in range(len(o.inside))], seed)
    past = _cohesions(o.fit)
    return rule._replace(cohesion=[np.array(past)] * len(o.after)) if len(past) > 1 else rule


def persistence(o: Origin, rate: float, seed: int) -> Prediction:
    """Nobody changes sides; everybody does again what it did last, as often as states have; cohesion is as it was."""
    again = _repeated(o.fit.motions)
    last = [_last(o.fit.motions, k, again) for k in range(len(o.inside))]
    rule = _prediction(o, np.zeros((len(o.inside), len(o.leads))), last, seed)
    past = _cohesions(o.fit)
    return rule._replace(cohesion=[np.full(2, past[-1])] * len(o.after)) if past else rule


def on_covariates(o: Origin, seed: int, held: bool) -> Prediction:
    """A logit of leaving, one of entering, and one of conduct, on dependence, threat and Western ties."""
    here, there = covariates(o.whole), covariates(o.fit)
    if held:
        here[o.fit.ticks :] = here[o.fit.ticks - 1]
    leave, enter = (fit_logit(*_years(o.fit, there, inside), 2) for inside in (True, False))
    change = year_by_year(o, here, lambda x: np.where(o.inside, leave.chances(x)[:, 1], enter.chances(x)[:, 1]))
    conduct = fit_logit(*_answers(o.fit, there), 3)
    by_state = [conduct.chances(here[tick_of(o.whole, m)]) for m in o.after]
    return _prediction(o, change, [], seed, by_state)


def year_by_year(o: Origin, here: Array, chance: Callable[[Array], Array]) -> Array:
    """The chance that it has happened by each lead, (state, lead), from that of a year, (state,), by covariates.

    ``here`` are the covariates of all states, (tick, state, covariate).
    """
    stay = np.ones(len(o.inside))
    change = np.empty((len(o.inside), len(o.leads)))
    for k, (start, end) in enumerate(zip([0, *o.leads], o.leads, strict=False)):
        years = np.maximum(end - np.maximum(start, o.begins), 0) / per_year(o.whole)
        stay = stay * (1.0 - chance(here[o.fit.ticks + start])) ** years
        change[:, k] = 1.0 - stay
    return change


def constant(o: Origin, hazard: Array) -> Array:
    """The chance that it has happened by each lead at a constant hazard a year (state,). (state, lead)."""
    years = np.maximum(np.array(o.leads) - o.begins[:, None], 0) / per_year(o.whole)
    return np.asarray(1.0 - np.exp(-hazard[:, None] * years))


def _scripted(training: Target) -> Flags:
    """Entries that the scenario scripts, on which everybody conditions. (tick, state)."""
    return np.array([s.enters[:, 0] for s in training.program.script[: training.ticks]])


def _own_hazard(training: Target, inside: bool, rate: float) -> float:
    """Changes of side a year on record, half a change added (Jeffreys); ``rate`` where nobody was on that side."""
    outside = training.record == OUTSIDE
    at_risk = (outside[:-1] != inside) & ~_scripted(training)
    crossed = (outside[1:] != outside[:-1]) & at_risk
    if not at_risk.any():
        return rate
    return float((crossed.sum() + 0.5) / (at_risk.sum() / per_year(training)))


def _years(training: Target, inputs: Array, inside: bool) -> tuple[Array, Array]:
    """State-years on one side: covariates at their start, whether the side was changed."""
    outside, scripted, year = training.record == OUTSIDE, _scripted(training), per_year(training)
    x, y = [np.zeros((0, 3))], [np.zeros(0)]
    for start in range(training.ticks - year, -1, -year):
        rows = (outside[start] != inside) & ~scripted[start : start + year].any(axis=0)
        x.append(inputs[start][rows])
        y.append((outside[start + 1 : start + year + 1] != outside[start]).any(axis=0)[rows])
    return np.concatenate(x), np.concatenate(y)


def _answers(training: Target, inputs: Array) -> tuple[Array, Array]:
    """Answers on record: covariates of the state, what it did."""
    x = [inputs[tick_of(training, m)][list(m.rows)] for m in training.motions]
    y = [m.codes for m in training.motions]
    return np.concatenate([np.zeros((0, 3)), *x]), np.concatenate([np.zeros(0), *y])


def _frequencies(before: Sequence[Motion], state: int) -> Array:
    """Of a state's conduct so far, one answer of each kind added (Laplace). (3,)."""
    counts = np.ones(3)
    for m in before:
        if state in m.rows:
            counts[m.codes[m.rows.index(state)]] += 1
    return counts / counts.sum()


def _repeated(before: Sequence[Motion]) -> float:
    """How often a state did on a motion what it had done on its last, one answer of each kind added (Laplace)."""
    last: dict[int, int] = {}
    times, same = 3.0, 1.0
    for m in before:
        for state, code in zip(m.rows, m.codes, strict=True):
            if state in last:
                times, same = times + 1.0, same + (last[state] == code)
            last[state] = code
    return same / times


def _last(before: Sequence[Motion], state: int, again: float) -> Array:
    """What a state did last with probability ``again``, the rest alike; a third each where it was never asked. (3,)."""
    for m in reversed(before):
        if state in m.rows:
            did = np.eye(3)[m.codes[m.rows.index(state)]]
            return np.asarray(again * did + (1.0 - again) / 2.0 * (1.0 - did))
    return np.full(3, 1 / 3)


def _cohesions(training: Target) -> list[float]:
    """Cohesion on the motions on record on which all members were asked."""
    found = (cohesion(m, training.record[tick_of(training, m)]) for m in training.motions)
    return [c for c in found if np.isfinite(c)]


def _prediction(
    o: Origin, change: Array, conduct: list[Array], seed: int, by_motion: list[Array] | None = None
) -> Prediction:
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
    asked = [p[list(m.rows)] for p, m in zip(every, o.after, strict=True)]
    return Prediction(change, asked, ensembles)


def without_parts(whole: Prediction, parts: int) -> list[Prediction]:
    """The same with each part of what was drawn left out in turn."""

    def rest(ensemble: Array, k: int) -> Array:
        return ensemble[np.arange(len(ensemble)) % parts != k] if len(ensemble) == RUNS else ensemble

    return [whole._replace(cohesion=[rest(e, k) for e in whole.cohesion]) for k in range(parts)]


Rule = Callable[[Origin, float, int], Prediction]
BASELINES: dict[str, Rule] = {"base rate": base_rate, "own rate": own_rate, "persistence": persistence}
LOGIT = "logit"
MEANING = {
    "base rate": "a constant hazard at the rate of all pacts; conduct a third each",
    "own rate": "a constant hazard at the alliance's rate so far; each state's conduct so far",
    "persistence": "nobody changes sides; everybody does what it did last, as often as states have so far",
    LOGIT: "logits on dependence, threat and Western ties",
}
CERTAIN = ("persistence",)
"""Rules that call a change of sides impossible: they have no logarithmic score of it, which would be infinite."""


class Logit(NamedTuple):
    """A logit over ordered categories. With two categories it is the usual binary logit."""

    centre: Array  # (covariate,)
    scale: Array
    slopes: Array  # per standard deviation
    cuts: Array  # (category - 1,) rising

    def chances(self, x: Array) -> Array:
        """Probabilities (case, category) at covariates (case, covariate)."""
        return _chances((x - self.centre) / self.scale @ self.slopes, self.cuts)


def fit_logit(x: Array, y: Array, categories: int) -> Logit:
    """Fit to ``x`` (case, covariate) and ``y`` (case,) in 0 ... categories - 1 by penalised likelihood.

    Slopes have a standard normal prior per standard deviation of their covariate (Gelman et al. 2008,
    10.1214/08-AOAS191), so they are finite where cases are separated; half a case at the mean is added to each
    category, so unseen ones keep a small probability. Proportional odds: McCullagh 1980,
    10.1111/j.2517-6161.1980.tb01109.x.
    """
    from scipy.optimize import minimize

    n = x.shape[1]
    centre = x.mean(axis=0) if len(x) else np.zeros(n)
    scale = x.std(axis=0) if len(x) else np.ones(n)
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = np.concatenate([(x - centre) / scale, np.zeros((categories, n))])
    chosen = np.concatenate([y, np.arange(categories)]).astype(int)
    weight = np.concatenate([np.ones(len(x)), np.full(categories, 0.5)])

    def loss(p: Array) -> float:
        likely = _chances(z @ p[:n], _cuts(p[n:]))[np.arange(len(z)), chosen]
        return float(0.5 * p[:n] @ p[:n] - weight @ np.log(np.maximum(likely, 1e-300)))

    start = np.zeros(n + categories - 1)
    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-6}).x
    return Logit(centre, scale, found[:n], _cuts(found[n:]))


def _cuts(free: Array) -> Array:
    """Rising cuts from free numbers: the first, then logarithms of the steps."""
    return np.asarray(np.cumsum(np.concatenate([free[:1], np.exp(free[1:])])))


def _chances(score: Array, cuts: Array) -> Array:
    from scipy.special import expit

    below = expit(cuts - score[:, None])
    edges = np.concatenate([np.zeros((len(score), 1)), below, np.ones((len(score), 1))], axis=1)
    return np.diff(edges, axis=1)
