"""Simulation-based calibration: ranks of the truth among posterior draws, over histories from the prior.

Where prior, simulator, likelihood and sampler agree, the ranks of every coordinate are uniform
(Talts et al. 2018, arXiv:1804.06788).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.inference import smc
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.simulate import histories
from sim.model.arrays import Array

TRUTH = 3_000_004


class Recovered(NamedTuple):
    """One history: the truth and what was found."""

    truth: Array  # (coordinate,)
    draws: Array  # (draw, coordinate)
    power_steps: int

    @property
    def ranks(self) -> Array:
        """How many draws lie below the truth, by coordinate."""
        return (self.draws < self.truth).sum(axis=0)


def recover(target: Target, draws: int, sweeps: int, rounds: int, seed: int) -> Recovered:
    """Draw a truth from the prior, simulate its history, infer it."""
    space = target.space
    rng = smc.generator(seed, TRUTH)
    kept = [k for k, name in enumerate(space.coefficients) if name != "leader_exit_rate"]
    kept += range(len(space.coefficients), space.size)
    truth = rng.standard_normal((1, space.size))
    (history,) = histories(target, truth, rng)
    return infer(history.target, truth[0, kept], draws, sweeps, rounds, seed)


def infer(target: Target, truth: Array, draws: int, sweeps: int, rounds: int, seed: int) -> Recovered:
    """The posterior of a simulated history beside its truth."""
    settings = smc.Settings(draws, sweeps, rounds, seed, target.space.behavioural)
    estimate = smc.serial(lambda z, key: log_likelihood(target, z, key))
    *_, last = smc.stages(estimate, target.space.size, settings)
    return Recovered(truth, last.z, last.number)


def uniformity(ranks: Array, draws: int, bins: int = 8) -> Array:
    """Chi-square p-values of ranks (history, coordinate) against uniform, by coordinate."""
    from scipy.stats import chi2

    # ranks 0 .. draws are parted into bins as equal as can be; expectations by their true sizes
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
