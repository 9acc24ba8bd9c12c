"""The effect of a year's agenda on all states' roll calls, integrated out without bias by importance sampling.

Every draw has a normal proposal, found by a few Newton steps on the counts at its particles' mean stance, as if they
were multinomial of as many votes as they are worth; every particle draws from it once, systematically over the
particles of a draw, and the proposal is wider than the law it stands for, so that weights are bounded (Shephard &
Pitt 1997, 10.1093/biomet/84.3.653).
"""

import numpy as np

from sim.model import roll_calls
from sim.model.arrays import Array, Coefficients

STEPS = 4
"""Of Newton's method; the function is concave."""
WIDER = 1.2
"""How much wider the proposal is."""
FURTHEST = 2.0
"""A step of Newton's at most: from far off, all answers look the same."""


def proposal(counts: Array, e: Array, c: Coefficients) -> tuple[Array, Array]:
    """Mean and standard deviation of the effect, (draw, 1); counts (state, kind), positions (state, draw, 1)."""
    n = counts.sum(axis=1)[:, None, None]
    shares = (counts.T / counts.sum(axis=1))[..., None, None]
    firm = c.roll_call_concentration
    worth = n * (1.0 + firm) / (n + firm)
    precision = 1.0 / np.maximum(c.roll_call_agenda, 1e-9) ** 2
    u, curve = np.zeros_like(e[0]), precision
    for _ in range(STEPS):
        first, second = roll_calls.slope(shares, e + u, c)
        curve = precision + (worth * second).sum(axis=0)
        u = u + np.clip(((worth * first).sum(axis=0) - precision * u) / curve, -FURTHEST, FURTHEST)
    return u, WIDER / np.sqrt(curve)


def log_mass(counts: Array, e: Array, weights: Array, c: Coefficients, rng: np.random.Generator) -> Array:
    """An estimate, whose exponential is unbiased, of the log-probability of a year's counts. (draw, particle).

    Parameters
    ----------
    counts : (state, kind) of answers.
    e : positions of an average year, (state, draw, particle).
    weights : log-weights of the particles, (draw, particle).
    c : coefficients, (draw, 1).
    """
    from scipy.special import ndtri

    if not c.roll_call_agenda.any():
        return roll_calls.log_mass(counts, e, c)
    w = np.exp(weights - weights.max(axis=1, keepdims=True))
    w /= w.sum(axis=1, keepdims=True)
    middle, spread = proposal(counts, (e * w).sum(axis=2, keepdims=True), c)
    draws, particles = weights.shape
    ranks = rng.permuted(np.tile(np.arange(particles), (draws, 1)), axis=1)
    z = ndtri(np.clip((ranks + rng.random((draws, 1))) / particles, 1e-12, 1.0 - 1e-12))
    u = middle + spread * z
    agenda = np.maximum(c.roll_call_agenda, 1e-9)
    ratio = np.log(spread / agenda) - 0.5 * (u / agenda) ** 2 + 0.5 * z**2
    return np.asarray(roll_calls.log_mass(counts, e + u, c) + ratio)
