"""Quantile functions of the distributions a scenario may name, by scipy's special functions."""

from typing import Any

import numpy as np

from sim.model.arrays import Array


def _normal(u: Array, mean: float, sd: float, low: float, high: float) -> Array:
    from scipy.special import ndtr, ndtri

    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.asarray(mean + sd * ndtri(below + u * (above - below)))


def _triangular(u: Array, low: float, mode: float, high: float) -> Array:
    share = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < share, rising, falling)


def quantile(u: Array, family: str, p: dict[str, float], low: float, high: float) -> Array:
    """The quantile at ``u`` of a distribution cut off at ``low`` and ``high``."""
    from scipy.special import betaincinv, ndtri

    match family:
        case "uniform":
            drawn: Any = p["low"] + u * (p["high"] - p["low"])
        case "triangular":
            drawn = _triangular(u, p["low"], p["mode"], p["high"])
        case "normal":
            drawn = _normal(u, p["mean"], p["sd"], low, high)
        case "beta":
            drawn = betaincinv(p["a"], p["b"], u)
        case _:
            drawn = p["median"] * np.exp(p["sd"] * ndtri(u))
    return np.asarray(np.clip(drawn, low, high))
