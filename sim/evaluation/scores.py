"""How good probability forecasts were: proper scores, reliability, ranks, skill with its uncertainty.

All scores are negatively oriented: smaller is better. (Gneiting & Raftery 2007, 10.1198/016214506000001437.)
They are those of scoringrules but for the log scores: its own is infinite where the impossible happens, and over
categories it has another one, which is ranked.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Codes

LOWEST = 1e-6
"""Probabilities are held this far from 0 and 1 before a logarithm: no forecaster is damned for ever."""


def brier(p: Array, happened: Array) -> Array:
    """Squared error of a probability. (case,). (Brier 1950, 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.)"""
    from scoringrules import brier_score

    return np.asarray(brier_score(happened, p, backend="numpy"))


def log_score(p: Array, happened: Array) -> Array:
    """Minus the logarithm of the probability given to what happened. (case,).

    (Good 1952, 10.1111/j.2517-6161.1952.tb00104.x.)
    """
    q = np.clip(np.where(happened > 0, p, 1.0 - p), LOWEST, 1.0)
    return np.asarray(-np.log(q))


def category_log_score(p: Array, happened: Codes) -> Array:
    """The same over categories: ``p`` (case, category), ``happened`` (case,) the category's number."""
    chosen = np.take_along_axis(p, happened[:, None].astype(int), axis=1)[:, 0]
    return np.asarray(-np.log(np.clip(chosen, LOWEST, 1.0)))


def ranked_probability(p: Array, happened: Codes) -> Array:
    """Ranked probability score over ordered categories, (case,): the sum over cuts of Brier scores.

    (Epstein 1969, 10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.)
    """
    from scoringrules import rps_score

    return np.asarray(rps_score(happened + 1, np.maximum(p, 0.0), backend="numpy"))


def fair_crps(ensemble: Array, observed: Array) -> Array:
    """Continuous ranked probability score of an ensemble (case, run), fair to its size. (case,).

    (Ferro 2014, 10.1002/qj.2270; by probability-weighted moments, which give the same in the time of a sort,
    Zamo & Naveau 2018, 10.1007/s11004-017-9709-7.) Raises ValueError for fewer than two runs.
    """
    from scoringrules import crps_ensemble

    if ensemble.shape[1] < 2:
        raise ValueError("an ensemble needs two runs")
    return np.asarray(crps_ensemble(observed, ensemble, estimator="pwm", backend="numpy"))


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


def reliability(p: Array, happened: Array, drawn: Array) -> Reliability:
    """Isotonic fit of events on forecasts, with the band that reliable forecasts would give.

    ``drawn`` (resample, case) are outcomes as they would come if the forecasts were right, with whatever ties the
    cases together. (CORP, Dimitriadis, Gneiting & Jordan 2021, 10.1073/pnas.2016191118.)
    """
    from scipy.optimize import isotonic_regression

    values, place, cases = np.unique(p, return_inverse=True, return_counts=True)

    def fit(y: Array) -> Array:
        share = np.bincount(place, weights=y) / cases  # equal forecasts have one frequency
        return np.asarray(isotonic_regression(share, weights=cases).x)

    fits = np.array([fit(y) for y in drawn])
    low, high = np.quantile(fits, (0.05, 0.95), axis=0)
    at = np.sort(place)
    return Reliability(values[at], fit(happened)[at], low[at], high[at])


class Skill(NamedTuple):
    """By how much a forecast beats a baseline: 1 - its score / the baseline's; positive is better."""

    skill: float
    low: float
    high: float
    """90 % interval by resampling groups of cases."""


def skill(
    score: Array, baseline: Array, groupings: Sequence[Array], rng: np.random.Generator, resamples: int = 2000
) -> Skill:
    """Skill over all cases, with a bootstrap over groups of cases that belong together.

    Each grouping (case,), such as states and motions, is resampled by itself, and a case counts as often as all its
    groups were drawn together (Owen 2007, 10.1214/07-AOAS122; with one grouping the cluster bootstrap). Where the
    baseline makes no mistake in a resample, the forecast loses by any (minus infinity) or equals it (0). NaN for a
    baseline without mistakes at all.
    """
    counts = np.ones((resamples, len(score)))
    for grouping in groupings:
        names, member = np.unique(grouping, return_inverse=True)
        times = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), resamples)
        counts *= times[:, member]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.nan_to_num(1.0 - (counts @ score) / (counts @ baseline), nan=0.0, neginf=-np.inf)
        whole = 1.0 - score.sum() / baseline.sum()
    if not np.isfinite(whole):
        return Skill(float("nan"), float("nan"), float("nan"))
    low, high = np.quantile(found, (0.05, 0.95), method="inverted_cdf")
    return Skill(float(whole), float(low), float(high))
