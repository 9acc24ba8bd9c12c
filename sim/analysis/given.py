"""What outputs hang on, from given data: rows of inputs, of which each has an output with noise of its own.

First-order indices Var(E[Y | X]) / Var(Y) by a smooth curve through outputs in the order of an input, as by cosines in
Plischke (2012, 10.1016/j.envsoft.2012.02.001); it asks nothing of the inputs' law, so inputs may hang together, and
indices then do not add up to one. SALib's methods for given data take no bias off (delta) or ask for independent inputs
(RBD-FAST). The share that a curve explains of rows without any relation is taken off here (adjusted R squared). What
the largest of many unrelated inputs reaches by chance is known from permutations of the rows (Westfall & Young 1993).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from sim.model.arrays import Array, Flags
from sim.model.outcomes import Z95

SHAPES = 4
"""Functions of an input's ranks of which curves are made."""
RESAMPLES, PERMUTATIONS = 100, 200
FOLDS = 5
RATE = 0.05
"""How often any of unrelated inputs is called resolved for any output."""


class Given(NamedTuple):
    """Indices (input, output), shares of the variance of the rows' outputs, noise taken out of none."""

    share: Array
    error: Array
    """Standard error by bootstrap over rows."""
    threshold: Array
    """That any of unrelated inputs exceeds, for any output, in a share RATE of permutations. (output,)"""

    @property
    def resolved(self) -> Flags:
        """Whether an index is beyond what chance gives to any of the inputs, and its interval leaves out zero."""
        return np.asarray((self.share > self.threshold) & (self.share > Z95 * self.error))


def basis(x: Array) -> Array:
    """Functions of the ranks of each input (row, input) as (input, shape, row), orthonormal; ties in their order.

    With ranks and normal scores a straight line in a uniform or normal input is among them, as is a parabola.
    """
    rows = len(x)
    ranks = np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0, kind="stable")
    u = (np.arange(rows) + 0.5) / rows
    z = ndtri(u)
    shapes, _ = np.linalg.qr(np.stack([np.ones(rows), z, u, z**2, z**3], axis=1))
    return np.ascontiguousarray(np.moveaxis(shapes[:, 1:][ranks.T], 2, 1))


def explained(q: Array, y: Array) -> Array:
    """Adjusted shares (input, output) that orthonormal bases (input, shape, row) explain of outputs (row, output)."""
    rows = len(y)
    centred = y - y.mean(axis=0)
    whole = np.maximum((centred**2).sum(axis=0), 1e-300)
    share = ((q.reshape(-1, rows) @ centred) ** 2).reshape(len(q), SHAPES, -1).sum(axis=1) / whole
    return np.asarray(1.0 - (1.0 - share) * (rows - 1.0) / (rows - 1.0 - SHAPES))


def first_order(x: Array, y: Array, seed: int = 1) -> Given:
    """Indices of inputs (row, input) for outputs (row, output).

    Rows that are drawn twice make an index larger, so of the bootstrap only the spread is used.
    """
    rng = np.random.default_rng(seed)
    rows, outputs = y.shape
    q = basis(x)
    found = explained(q, y)
    largest = np.empty((PERMUTATIONS, outputs))
    for k in range(PERMUTATIONS):
        largest[k] = explained(q, y[rng.permutation(rows)]).max(axis=0)
    again = np.empty((RESAMPLES, *found.shape))
    for k in range(RESAMPLES):
        drawn = rng.integers(rows, size=rows)
        again[k] = explained(basis(x[drawn]), y[drawn])
    usual = np.quantile(largest, 1.0 - RATE, axis=0)
    farthest = np.quantile((largest / usual).max(axis=1), 1.0 - RATE)
    return Given(found, again.std(axis=0, ddof=1), usual * farthest)


class Held(NamedTuple):
    """The share (output,) of the variance of rows' outputs that a regression explains on rows it was not fitted to."""

    share: Array
    low: Array
    high: Array


def held_out(x: Array, y: Array, seed: int = 1) -> Held:
    """What a ridge regression on inputs (row, input) explains of outputs (row, output) in rows that are left out.

    The penalty is chosen by generalized cross-validation in the rows that are not (Golub, Heath & Wahba 1979,
    10.1080/00401706.1979.10489751). The interval is by bootstrap over rows.
    """
    rng = np.random.default_rng(seed)
    rows = len(y)
    z = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-300)
    part = rng.permutation(rows) % FOLDS
    square = np.empty((2, *y.shape))
    for k in range(FOLDS):
        fitted, left = part != k, part == k
        mean = y[fitted].mean(axis=0)
        square[0, left] = (y[left] - mean) ** 2
        square[1, left] = (y[left] - mean - ridge(z[fitted], y[fitted] - mean, z[left])) ** 2
    weights = np.vstack([np.ones(rows), rng.multinomial(rows, np.full(rows, 1.0 / rows), RESAMPLES)])
    before, after = weights @ square
    share = 1.0 - after / np.maximum(before, 1e-300)
    low, high = np.percentile(share[1:], (2.5, 97.5), axis=0)
    return Held(share[0], low, high)


def ridge(x: Array, y: Array, at: Array) -> Array:
    """Predictions (left, output) at ``at`` of centred outputs, each with the penalty that does best."""
    centre = x.mean(axis=0)
    u, s, v = np.linalg.svd(x - centre, full_matrices=False)
    rows, along = len(y), u.T @ y
    rest = (y**2).sum(axis=0) - (along**2).sum(axis=0)
    best, score = np.zeros((len(at), y.shape[1])), np.full(y.shape[1], np.inf)
    for penalty in s[0] ** 2 * np.logspace(-4, 3, 15) if s.size else ():
        kept = s**2 / (s**2 + penalty)
        lack = ((1.0 - kept)[:, None] * along) ** 2
        gcv = (lack.sum(axis=0) + rest) / (rows - 1.0 - kept.sum()) ** 2
        better = gcv < score
        predicted = (at - centre) @ (v.T * (kept / np.maximum(s, 1e-300))) @ along
        best, score = np.where(better, predicted, best), np.minimum(gcv, score)
    return best
