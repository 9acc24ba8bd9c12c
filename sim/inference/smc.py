"""A tempered sequential Monte Carlo sampler around an estimated likelihood.

Draws from the prior go through powers of the likelihood up to 1 (Del Moral, Doucet & Jasra 2006,
10.1111/j.1467-9868.2006.00553.x), each the largest that leaves enough draws effective (Jasra et al. 2011,
10.1111/j.1467-9469.2010.00723.x), by pseudo-marginal Metropolis-Hastings moves: a proposal gets a fresh estimate of its
likelihood, a draw that stays keeps its own (Andrieu & Roberts 2009, 10.1214/07-AOS574), which at the power 1 is exact.
Moves are preconditioned Crank-Nicolson (Cotter et al. 2013, 10.1214/13-STS421), block by block: around the mean and
covariance that the other half of the draws has (as in Foreman-Mackey et al. 2013, 10.1086/670067) in the coordinates of
which it has learned, then, by steps of their own, around the prior in the others. The log-likelihood is a sum of parts,
one an alliance; what concerns one part alone is a block of its own. Why so, and what each was found to do:
docs/calibration.md.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.inference.likelihood import Indices, systematic
from sim.model.arrays import Array, Flags

Estimate = Callable[[Array, tuple[int, ...]], Array]
"""Log-likelihoods of draws (draw, coordinate); the key names the chance."""

EFFECTIVE = 0.5
"""Share of the draws that a step between powers leaves effective."""
ACCEPTED = 0.2
"""The acceptance that steps are adapted to: less than with an exact likelihood, since noise alone refuses many
(Sherlock et al. 2015, 10.1214/14-AOS1278)."""
VERSION = 2
"""Of the sampler: another makes other draws of the same posterior."""
SHORTEST, LONGEST = 0.02, 0.8
PRIOR, TEMPER, MOVE = 3_000_001, 3_000_002, 3_000_003
"""Names of streams, apart from stages, chunks and zero, which a seed sequence does not tell from nothing."""
LEARNED, REST = range(2)
"""What moves of a block: the coordinates of which something was learned, and the rest."""
ERRORS = 3.0
"""Standard errors by which mean or variance of a coordinate depart from the prior's where something was learned."""


class Row(NamedTuple):
    """Diagnostics of one stage."""

    stage: int
    power: float
    effective: float  # draws, before resampling
    distinct: int  # ancestors left by resampling
    accepted: float  # share of moves of what all parts share
    accepted_places: float  # share of moves of what one part has to itself
    step: float  # the shorter of the shared steps, 1 is a fresh draw
    step_places: float  # the shortest of the others
    moved: float  # share of draws that a shared move changed
    mean_log_likelihood: float
    sd_log_likelihood: float
    log_evidence: float


class Stage(NamedTuple):
    """The draws at one power of the likelihood, equally weighted."""

    rows: tuple[Row, ...]
    z: Array  # (draw, coordinate)
    log_likelihoods: Array  # (draw, part)
    steps: tuple[float, ...]  # of each block: of what was learned, of the rest

    @property
    def log_likelihood(self) -> Array:
        """Of all parts together, (draw,)."""
        return np.asarray(self.log_likelihoods.sum(axis=1))

    @property
    def power(self) -> float:
        """The power reached."""
        return self.rows[-1].power

    @property
    def at_one(self) -> int:
        """Stages at the power 1 so far."""
        return sum(r.power == 1.0 for r in self.rows)

    @property
    def number(self) -> int:
        """Stages so far; 0 is the prior."""
        return self.rows[-1].stage


class Settings(NamedTuple):
    """How the sampler is run."""

    draws: int
    sweeps: int
    rounds: int  # further stages at the power 1
    seed: int
    behavioural: int  # coordinates that all parts share; the others are coded places


class Part(NamedTuple):
    """A term of the log-likelihood, and the coordinates that it alone reads."""

    estimate: Estimate
    own: slice


def parts_of(estimate: Estimate | Sequence[Part], coordinates: int, s: Settings) -> Sequence[Part]:
    """One likelihood as the only part."""
    return [Part(estimate, slice(s.behavioural, coordinates))] if callable(estimate) else estimate


def estimates(parts: Sequence[Part], z: Array, key: tuple[int, ...]) -> Array:
    """Of all parts, (draw, part)."""
    return np.stack([p.estimate(z, (*key, k)) for k, p in enumerate(parts, start=1)], axis=1)


def generator(*key: int) -> np.random.Generator:
    """The chance named by a key."""
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(list(key))))


def together(parts: Sequence[Part]) -> Estimate:
    """The estimate of all parts as one."""
    return lambda z, key: np.asarray(estimates(parts, z, key).sum(axis=1))


def first(parts: Sequence[Part], coordinates: int, s: Settings) -> Stage:
    """The prior: draws and their likelihoods."""
    z = generator(s.seed, PRIOR).standard_normal((s.draws, coordinates))
    found = estimates(parts, z, (s.seed, PRIOR, 1, 1))
    whole = found.sum(axis=1)
    row = Row(0, 0.0, float(s.draws), s.draws, 1.0, 1.0, 0.5, 0.5, 1.0, float(whole.mean()), float(whole.std()), 0.0)
    return Stage((row,), z, found, (0.5, 0.5) * len(blocks_of(parts, s)))


def effective(log_weights: Array) -> float:
    """How many equally weighted draws weighted draws are worth."""
    w = np.exp(log_weights - log_weights.max())
    return float(w.sum() ** 2 / (w**2).sum())


def log_mean(log_weights: Array, start: float = 0.0) -> float:
    """The logarithm of the mean weight, added to ``start``."""
    top = float(log_weights.max())
    return start + top + float(np.log(np.mean(np.exp(log_weights - top))))


def resampled(log_weights: Array, key: tuple[int, ...]) -> Indices:
    """Indices of draws in proportion to their weights."""
    return systematic(np.exp(log_weights - log_weights.max())[None], generator(*key).random(1))[0]


def next_power(power: float, log_likelihood: Array, draws: int) -> float:
    """The largest power up to 1 that leaves the share EFFECTIVE of the draws effective."""
    enough = EFFECTIVE * draws
    if effective((1.0 - power) * log_likelihood) >= enough:
        return 1.0
    low, high = power, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if effective((middle - power) * log_likelihood) >= enough:
            low = middle
        else:
            high = middle
    return low


def parents(before: Stage, power: float, seed: int) -> Indices:
    """Of each draw at the next power, the draw of this stage that it is moved from."""
    return resampled((power - before.power) * before.log_likelihood, (seed, TEMPER, before.number + 1))


def families(stages: Sequence[Stage], seed: int) -> Indices:
    """Of each draw of the last stage, the draw of the first that it descends from (its Eve), remade from the stages."""
    eves = np.arange(len(stages[0].z))
    for before, after in pairwise(stages):
        eves = eves[parents(before, after.power, seed)]
    return eves


def blocks_of(parts: Sequence[Part], s: Settings) -> list[tuple[slice, Sequence[int]]]:
    """What moves together, and which parts know of it: the shared coordinates, then those of each part that has any."""
    own = [(p.own, [k]) for k, p in enumerate(parts) if p.own.stop > p.own.start]
    return [(slice(0, s.behavioural), range(len(parts))), *own]


def following(
    before: Stage, parts: Sequence[Part], s: Settings, progress: Callable[[float], None] = lambda _: None
) -> Stage:
    """The stage after one: weigh, resample, move. ``progress`` is called with the share done."""
    power = next_power(before.power, before.log_likelihood, s.draws)
    log_weights = (power - before.power) * before.log_likelihood
    chosen = parents(before, power, s.seed)
    evidence = log_mean(log_weights, before.rows[-1].log_evidence)
    stage = before.number + 1
    z, found = before.z[chosen], before.log_likelihoods[chosen]
    kinds = [(block, some, kind) for block, some in blocks_of(parts, s) for kind in (LEARNED, REST)]
    origin, steps, accepted = z.copy(), list(before.steps), np.full((s.sweeps, len(kinds)), np.nan)
    for sweep in range(s.sweeps):
        for k, (block, some, kind) in enumerate(kinds):
            yes: list[Flags] = []
            for half, other in halves(s.draws):
                known = is_learned(z[other, block])
                which = block.start + np.flatnonzero(known if kind == LEARNED else ~known)
                law = population(z[other][:, which]) if kind == LEARNED and len(which) else None
                key = (s.seed, stage, 1 + len(kinds) * sweep + k, half.start or 0)
                if len(which):
                    yes.append(_move(z, found, half, which, law, some, power, steps[k], parts, key))
            if yes:
                accepted[sweep, k] = np.concatenate(yes).mean()
                steps[k] = float(np.clip(steps[k] * np.exp(accepted[sweep, k] - ACCEPTED), SHORTEST, LONGEST))
            progress((len(kinds) * sweep + k + 1) / (len(kinds) * s.sweeps))
    moved = (z[:, : s.behavioural] != origin[:, : s.behavioural]).any(axis=1).mean()
    whole = found.sum(axis=1)
    moves = _mean(accepted[:, :2]), _mean(accepted[:, 2:])
    lengths = min(steps[:2]), min(steps[2:], default=0.0)
    about = float(moved), float(whole.mean()), float(whole.std())
    row = Row(stage, power, effective(log_weights), len(np.unique(chosen)), *moves, *lengths, *about, evidence)
    return Stage((*before.rows, row), z, found, tuple(steps))


def _mean(shares: Array) -> float:
    """Of the moves that were made; 1 where none was."""
    made = shares[np.isfinite(shares)]
    return float(made.mean()) if len(made) else 1.0


def halves(draws: int) -> tuple[tuple[slice, slice], ...]:
    """The draws in two halves, each with the other: one moves by what the other knows."""
    first, second = slice(0, draws // 2), slice(draws // 2, draws)
    return (first, second), (second, first)


def _move(
    z: Array,
    found: Array,
    half: slice,
    which: Indices,
    law: "Law | None",
    some: Sequence[int],
    power: float,
    step: float,
    parts: Sequence[Part],
    key: tuple[int, ...],
) -> Flags:
    """Propose some coordinates of half of the draws, of which some parts of the likelihood know; who accepted."""
    rng = generator(*key, MOVE)
    mine, proposed = z[half], z[half].copy()
    proposed[:, which] = around(mine[:, which], law, step, rng)
    ratio = surplus(proposed[:, which], law) - surplus(mine[:, which], law)
    had = found[half][:, some]
    theirs = np.stack([parts[k].estimate(proposed, (*key, k + 1)) for k in some], axis=1)
    yes = np.log(rng.random(len(mine))) < power * (theirs.sum(axis=1) - had.sum(axis=1)) + ratio
    z[half] = np.where(yes[:, None], proposed, mine)
    found[half, some] = np.where(yes[:, None], theirs, had)
    return np.asarray(yes)


def is_learned(z: Array) -> Flags:
    """Of which coordinates draws (draw, coordinate) have learned; the others are left to the prior.

    A law of all coordinates is too narrow in some directions by chance, and draws that move for the sake of others
    contract to it.
    """
    draws = len(z)
    narrow = z.var(axis=0, ddof=1) < 1.0 - ERRORS * np.sqrt(2.0 / draws)
    return np.asarray(narrow | (np.abs(z.mean(axis=0)) > ERRORS / np.sqrt(draws)))


class Law(NamedTuple):
    """A normal law: centre, root of the covariance and its inverse."""

    centre: Array
    root: Array
    inverse: Array


def population(z: Array) -> Law:
    """The normal law of some draws (draw, coordinate), shrunk to the prior the more, the more coordinates to a draw."""
    draws, count = z.shape
    share = count / (count + draws)
    covariance = (1.0 - share) * np.cov(z.T).reshape(count, count) + share * np.eye(count)
    return Law(z.mean(axis=0), np.linalg.cholesky(covariance), np.linalg.inv(covariance))


def around(z: Array, law: Law | None, step: float, rng: np.random.Generator) -> Array:
    """A proposal reversible with respect to a law, by default the prior."""
    noise, keep = rng.standard_normal(z.shape), np.sqrt(1.0 - step**2)
    if law is None:
        return np.asarray(keep * z + step * noise)
    return np.asarray(law.centre + keep * (z - law.centre) + step * noise @ law.root.T)


def surplus(z: Array, law: Law | None) -> Array:
    """Log of the prior's density over that of a law, but for a constant."""
    if law is None:
        return np.zeros(len(z))
    away = z - law.centre
    return np.asarray(0.5 * (((away @ law.inverse) * away).sum(axis=1) - (z**2).sum(axis=1)))


def stages(
    estimate: Estimate | Sequence[Part],
    coordinates: int,
    s: Settings,
    done: Stage | None = None,
    progress: Callable[[int, float, float], None] = lambda *_: None,
) -> Iterator[Stage]:
    """Every stage from ``done`` (or the prior) to the posterior, as it is finished."""
    stage, parts = done, parts_of(estimate, coordinates, s)
    if stage is None:
        stage = first(parts, coordinates, s)
        yield stage
    while stage.at_one <= s.rounds:
        stage = following(stage, parts, s, partial(progress, stage.number + 1, stage.power))
        yield stage


CHUNK = 128
"""Draws whose likelihoods are estimated together; names their chance, so it does not change."""


def chunks(z: Array, key: tuple[int, ...]) -> Iterator[tuple[Array, tuple[int, ...]]]:
    """The draws in pieces, each with the key of its chance."""
    return ((z[k : k + CHUNK], (*key, k)) for k in range(0, len(z), CHUNK))


def serial(target_estimate: Callable[[Array, Sequence[int]], Array]) -> Estimate:
    """An estimate chunk by chunk in this process; the chunks, not the workers, name the chance."""

    def estimate(z: Array, key: tuple[int, ...]) -> Array:
        return np.concatenate([target_estimate(*c) for c in chunks(z, key)])

    return estimate
