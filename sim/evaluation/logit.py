"""A logit over ordered categories, held in check: few cases, and some categories never seen."""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array


class Logit(NamedTuple):
    """A fit. With two categories it is the usual binary logit."""

    centre: Array  # (covariate,)
    scale: Array
    slopes: Array  # per standard deviation
    cuts: Array  # (category - 1,) rising

    def chances(self, x: Array) -> Array:
        """Probabilities (case, category) at covariates (case, covariate)."""
        return _chances((x - self.centre) / self.scale @ self.slopes, self.cuts)


def fit(x: Array, y: Array, categories: int) -> Logit:
    """Fit by penalised likelihood.

    Slopes have a standard normal prior per standard deviation of their covariate; half a case at the
    mean is added to each category. So unseen categories keep a small probability (Jeffreys' half), and
    slopes are finite where cases are separated. Proportional odds: McCullagh 1980,
    10.1111/j.2517-6161.1980.tb01109.x; a prior for that end: Gelman et al. 2008, 10.1214/08-AOAS191.
    ``x`` (case, covariate), ``y`` (case,) in 0 ... categories - 1.
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
