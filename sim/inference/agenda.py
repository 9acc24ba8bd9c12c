"""A year's roll calls in the particle filter: the agenda is integrated out, and stances look ahead to the counts.

The effect of the year's agenda on all states has a normal proposal for every draw, found by a few Newton steps on the
counts at its particles' mean stance, as if they were multinomial of as many votes as they are worth; every particle
draws from it once, systematically over the particles of a draw. Given that, the noise of each stance in the year's
last tick leans to the state's counts by one more Newton step (Pitt & Shephard 1999, 10.1080/01621459.1999.10474153).
Weights correct for both, so that the estimate stays unbiased; the agenda's proposal is wider than the law it stands
for, so that its weights are bounded.
"""

from typing import NamedTuple

import numpy as np

from sim.model import roll_calls
from sim.model.arrays import Array, Coefficients

STEPS = 4
"""Of Newton's method; the function is concave."""
WIDER = 1.2
"""How much wider the agenda's proposal is."""
FURTHEST = 2.0
"""A step of Newton's at most: from far off, all answers look the same."""


class Ahead(NamedTuple):
    """What is proposed of a year."""

    agenda: Array  # (draw, particle)
    z: Array  # noise of the stances of states that answered (state, draw, particle)
    log_ratio: Array  # of the laws of both to their proposals, (draw, particle)


def look_ahead(
    counts: Array, e: Array, z: Array, weights: Array, lean: Array, c: Coefficients, rng: np.random.Generator
) -> Ahead:
    """Propose agenda and noise of stances, given a year's counts.

    Parameters
    ----------
    counts : (state, kind) of answers.
    e : positions without this tick's noise, (state, draw, particle).
    z : standard normal noise, of the same shape.
    weights : log-weights of the particles, (draw, particle).
    lean : what a position gains by a unit of noise, (draw, 1); 0 leaves ``z`` as it is.
    c : coefficients, (draw, 1).
    """
    u, ratio = draw_agenda(counts, e, weights, lean, c, rng)
    first, second = _pull(counts, e + u, c)
    precision = 1.0 + second * lean**2
    leaning = lean * first / precision + z / np.sqrt(precision)
    ratio = ratio + 0.5 * (z**2 - leaning**2 - np.log(precision)).sum(axis=0)
    return Ahead(u, leaning, ratio)


def draw_agenda(
    counts: Array, e: Array, weights: Array, lean: Array, c: Coefficients, rng: np.random.Generator
) -> tuple[Array, Array]:
    """The effect of the agenda and the log-ratio of its law to its proposal, (draw, particle)."""
    from scipy.special import ndtri

    draws, particles = weights.shape
    if not c.roll_call_agenda.any():
        return np.zeros(weights.shape), np.zeros(weights.shape)
    w = np.exp(weights - weights.max(axis=1, keepdims=True))
    w /= w.sum(axis=1, keepdims=True)
    middle, spread = proposal(counts, (e * w).sum(axis=2, keepdims=True), lean, c)
    ranks = rng.permuted(np.tile(np.arange(particles), (draws, 1)), axis=1)
    z = ndtri(np.clip((ranks + rng.random((draws, 1))) / particles, 1e-12, 1.0 - 1e-12))
    u = middle + spread * z
    agenda = np.maximum(c.roll_call_agenda, 1e-9)
    return u, np.log(spread / agenda) - 0.5 * (u / agenda) ** 2 + 0.5 * z**2


def proposal(counts: Array, e: Array, lean: Array, c: Coefficients) -> tuple[Array, Array]:
    """Mean and standard deviation of the agenda's effect, (draw, 1); positions (state, draw, 1)."""
    precision = 1.0 / np.maximum(c.roll_call_agenda, 1e-9) ** 2
    u, curve = np.zeros_like(e[0]), precision
    for _ in range(STEPS):
        first, second = _pull(counts, e + u, c)
        loose = 1.0 / (1.0 + second * lean**2)  # a stance that is not known yet tells less of the agenda
        curve = precision + (second * loose).sum(axis=0)
        u = u + np.clip(((first * loose).sum(axis=0) - precision * u) / curve, -FURTHEST, FURTHEST)
    return u, WIDER / np.sqrt(curve)


def _pull(counts: Array, e: Array, c: Coefficients) -> tuple[Array, Array]:
    """First and minus the second derivative in e of the log-probability of each state's counts, (state, ...)."""
    n = counts.sum(axis=1)[:, None, None]
    firm = c.roll_call_concentration
    worth = n * (1.0 + firm) / (n + firm)
    first, second = roll_calls.slope((counts.T / counts.sum(axis=1))[..., None, None], e, c)
    return worth * first, worth * second
