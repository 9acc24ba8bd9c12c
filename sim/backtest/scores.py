"""How good probability forecasts were: proper scores, reliability, ranks, skill with its uncertainty.

All scores are negatively oriented: smaller is better. (Gneiting & Raftery 2007, 10.1198/016214506000001437.)
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array

LOWEST = 1e-6
"""Probabilities are held this far from 0 and 1 before a logarithm: no forecaster is damned for ever."""


def brier(p: Array, happened: Array) -> Array:
    """Squared error of a probability. (case,). (Brier 1950, 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.)"""
    return np.asarray((p - happened) ** 2)


def log_score(p: Array, happened: Array) -> Array:
    """Minus the logarithm of the probability given to what happened. (case,). (Good 1952, 10.1111/j.2517-6161.1952.tb00104.x.)"""
    q = np.clip(np.where(happened > 0, p, 1.0 - p), LOWEST, 1.0)
    return np.asarray(-np.log(q))


def category_log_score(p: Array, happened: Array) -> Array:
    """The same over categories: ``p`` (case, category), ``happened`` (case,) the category's number."""
    chosen = np.take_along_axis(p, happened[:, None].astype(int), axis=1)[:, 0]
    return np.asarray(-np.log(np.clip(chosen, LOWEST, 1.0)))


def ranked_probability(p: Array, happened: Array) -> Array:
    """Ranked probability score over ordered categories, (case,): the sum over cuts of Brier scores.

    (Epstein 1969, 10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.)
    """
    cuts = np.arange(p.shape[1] - 1)
    below = np.cumsum(p, axis=1)[:, :-1]
    return np.asarray(((below - (happened[:, None] <= cuts)) ** 2).sum(axis=1))


def fair_crps(ensemble: Array, observed: Array) -> Array:
    """Continuous ranked probability score of an ensemble (case, run), fair to its size. (case,).

    (Ferro 2014, 10.1002/qj.2270.) Raises ValueError for fewer than two runs.
    """
    m = ensemble.shape[1]
    if m < 2:
        raise ValueError("an ensemble needs two runs")
    ordered = np.sort(ensemble, axis=1)
    weights = 2.0 * np.arange(1, m + 1) - m - 1.0
    spread = (ordered * weights).sum(axis=1) / (m * (m - 1))
    return np.asarray(np.abs(ensemble - observed[:, None]).mean(axis=1) - spread)


def ranks(ensemble: Array, observed: Array, rng: np.random.Generator) -> Array:
    """The rank of each observation in its ensemble, 0 to the number of runs; ties broken at random.

    Uniform for a calibrated ensemble (Hamill 2001, 10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2).
    """
    below = (ensemble < observed[:, None]).sum(axis=1)
    ties = (ensemble == observed[:, None]).sum(axis=1)
    return np.asarray(below + rng.integers(0, ties + 1))


class Reliability(NamedTuple):
    """A reliability diagram without bins: how often what was forecast at p happened."""

    forecast: Array  # (case,) rising
    frequency: Array  # (case,) isotonic fit
    low: Array  # (case,) 90 % band of the fit if forecasts were reliable
    high: Array


def reliability(
    p: Array, happened: Array, rng: np.random.Generator, resamples: int = 500
) -> Reliability:
    """Isotonic fit of events on forecasts, with the band that reliable forecasts would give.

    (CORP, Dimitriadis, Gneiting & Jordan 2021, 10.1073/pnas.2016191118.)
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(p, kind="stable")
    x = p[order]
    fit = isotonic_regression(happened[order].astype(float)).x
    drawn = [
        isotonic_regression((rng.random(len(x)) < x).astype(float)).x for _ in range(resamples)
    ]
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    return Reliability(x, fit, low, high)


class Skill(NamedTuple):
    """By how much a forecast beats a baseline: 1 - its score / the baseline's; positive is better."""

    skill: float
    low: float
    high: float
    """90 % interval by resampling groups of cases."""


def skill(
    score: Array, baseline: Array, groups: Array, rng: np.random.Generator, resamples: int = 2000
) -> Skill:
    """Skill over all cases, with a bootstrap over groups (such as states) that belong together.

    (Cluster bootstrap: Field & Welsh 2007, 10.1111/j.1467-9868.2007.00593.x.) NaN for a perfect baseline.
    """
    names = np.unique(groups)
    sums = np.array([[score[groups == g].sum(), baseline[groups == g].sum()] for g in names])
    picked = sums[rng.integers(0, len(names), (resamples, len(names)))].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = 1.0 - picked[:, 0] / picked[:, 1]
        whole = 1.0 - sums[:, 0].sum() / sums[:, 1].sum()
    low, high = (
        np.nanquantile(found, (0.05, 0.95)) if np.isfinite(found).any() else (np.nan, np.nan)
    )
    return Skill(float(whole), float(low), float(high))
