"""Tests of the inference on histories simulated by the model itself, of which the truth is known.

Known coefficients must be recovered, and over draws from the prior the ranks of the truth among posterior draws
must be uniform where prior, simulator, likelihood and sampler agree: simulation-based calibration
(Talts et al. 2018, arXiv:1804.06788).
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from sim.engines.ensemble import Stack
from sim.inference import smc
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.observations import Motion
from sim.inference.pool import Pool
from sim.inference.roll_calls import Year
from sim.inference.space import Chance, space_of
from sim.model import conduct, roll_calls
from sim.model.arrays import Array
from sim.scenario.compile import Program

TRUTH = 3_000_004


class History(NamedTuple):
    """What happened in one simulated history."""

    target: Target  # to infer from
    stance: Array  # (tick, member)


def lasting(program: Program) -> Program:
    """The program with an alliance that does not end: the record of the real one has no end either."""
    return program._replace(
        alliance=program.alliance._replace(quorum=0), coefficients={**program.coefficients, "leader_exit_rate": 0.0}
    )


def histories(target: Target, z: Array, rng: np.random.Generator) -> list[History]:
    """A history of each draw (draw, coordinate), observed on the motions of ``target``."""
    program, draws = lasting(target.program), len(z)
    noise = Chance(target.space.uniforms(z), rng)
    stack = Stack([program], noise, slice(0, draws), None)
    stack.begin()
    assert stack.state is not None
    first = stack.state.stance
    records = [stack.tick(t) for t in range(target.ticks)]
    start = np.broadcast_to(program.start_status, (len(program.members), draws))
    status, stance = np.stack([start, *(r.status for r in records)]), np.stack([r.stance for r in records])
    before, own = [first, *stance], stack.environments[0].effects
    answered: list[list[Motion]] = [[] for _ in range(draws)]
    for t, motions in target.by_tick.items():
        for motion in motions:
            rows = list(motion.rows)
            x = (before if target.early(motion, t) else stance)[t][rows] + own[rows]
            x += stack.c.motion_spread * rng.standard_normal(draws)
            support, oppose = conduct.chances(x, stack.c)
            codes = (2 * conduct.choose(rng.random(x.shape), support, oppose)).astype(np.int8)
            for k in range(draws):
                answered[k].append(motion._replace(codes=codes[:, k]))
    years = _polls(target, z, stack, stance, rng)
    space = space_of(program, bool(target.motions), polled=target.polled)
    targets = (
        Target(program, status[..., k], tuple(answered[k]), space, target.particles, roll_calls=years[k])
        for k in range(draws)
    )
    return [History(of, stance[..., k]) for k, of in enumerate(targets)]


def _polls(target: Target, z: Array, stack: Stack, stance: Array, rng: np.random.Generator) -> list[tuple[Year, ...]]:
    """Roll calls of each draw, as many answers of the same states in the same years as ``target`` has."""
    found: list[list[Year]] = [[] for _ in range(len(z))]
    if target.roll_calls:
        levels = target.levels(z, stack.c)
    for t, year in target.years.items():
        rows = list(year.rows)
        ties = stack.environments[0].at(t).members.western_ties[rows]
        e = roll_calls.position(stance[t][rows], levels[rows], ties, stack.c)
        e += stack.c.roll_call_agenda * rng.standard_normal(len(z))
        firm = np.maximum(stack.c.roll_call_concentration * roll_calls.chances(e, stack.c), roll_calls.LEAST)
        chances = rng.standard_gamma(firm).T  # (draw, state, kind)
        counts = rng.multinomial(year.counts.sum(axis=1).astype(int), chances / chances.sum(axis=2, keepdims=True))
        for k, own in enumerate(counts):
            found[k].append(year._replace(counts=own.astype(np.float64)))
    return [tuple(years) for years in found]


class Recovered(NamedTuple):
    """One history: the truth and what was found."""

    truth: Array  # (coordinate,)
    draws: Array  # (draw, coordinate)
    power_steps: int

    @property
    def ranks(self) -> Array:
        """How many draws lie below the truth, by coordinate."""
        return (self.draws < self.truth).sum(axis=0)


def infer(target: Target, truth: Array, draws: int, sweeps: int, rounds: int, seed: int) -> Recovered:
    """The posterior of a simulated history beside its truth."""
    settings = smc.Settings(draws, sweeps, rounds, seed, target.space.behavioural)
    estimate = smc.serial(lambda z, key: log_likelihood(target, z, key))
    *_, last = smc.stages(estimate, target.space.size, settings)
    return Recovered(truth, last.z, last.number)


def recover(pool: Pool, draws: int, sweeps: int, rounds: int, seed: int) -> Recovered:
    """Draw a truth from the prior, simulate the history of each alliance, infer it from all together."""
    rng = smc.generator(seed, TRUTH)
    truth = rng.standard_normal((1, pool.size))
    made = {own.name: histories(own.target, truth[:, own.columns], rng)[0].target for own in pool.alliances}
    of = Pool(made)
    names = [n for n in pool.space.names if n in of.space.names]
    kept = [pool.space.names.index(n) for n in names] + list(range(pool.space.behavioural, pool.size))
    parts = of.parts(lambda target: smc.serial(partial(log_likelihood, target)))
    settings = smc.Settings(draws, sweeps, rounds, seed, of.space.behavioural)
    *_, last = smc.stages(parts, of.size, settings)
    return Recovered(truth[0, kept], last.z, last.number)


def uniformity(ranks: Array, draws: int, bins: int = 8) -> Array:
    """Chi-square p-values of ranks (history, coordinate) against uniform, by coordinate."""
    from scipy.stats import chi2

    # ranks 0 .. draws fall into bins as equal as can be; expectations by their true sizes
    of = (np.asarray(ranks) * bins) // (draws + 1)
    size = np.bincount((np.arange(draws + 1) * bins) // (draws + 1), minlength=bins) / (draws + 1)
    expected = size * len(ranks)
    found = np.stack([np.bincount(column, minlength=bins) for column in of.T])
    statistic = ((found - expected) ** 2 / expected).sum(axis=1)
    return np.asarray(chi2.sf(statistic, bins - 1))


def alarms(p: Array, rate: float = 0.05) -> Sequence[int]:
    """Coordinates whose ranks are not uniform, at a rate of false alarms over all of them together.

    Holm's step-down procedure (1979), which keeps the rate whatever the dependence.
    """
    order = np.argsort(p)
    found = []
    for k, i in enumerate(order):
        if p[i] > rate / (len(p) - k):
            break
        found.append(int(i))
    return found
