"""What yearly counts make of single motions: `PYTHONPATH=. python experiments/roll-calls/concentration.py`.

The likelihood takes a year's counts of each state as Dirichlet-multinomial, independent between states given the
effect of the year's agenda. Motions come one by one, and all states answer the same ones. Here single motions are
simulated and the yearly law is fitted to their counts, by maximum likelihood with the agenda integrated out by
quadrature: what concentration is found, and are errors of the discrimination honest, whose truth is known?

Motions are ordered logits with an effect each that states share (spread `motions`), of one of six topics, to which
states have tastes of their own (spread `tastes`) and whose shares differ from year to year. Without tastes answers of
a state to motions are independent given its position, so that counts are multinomial at most: the concentration is
large. With tastes a year's topics lie closer to some states than to others.
"""

import argparse
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from sim.inference.agenda import proposal
from sim.model import roll_calls
from sim.model.arrays import Array, Coefficients, logistic

STATES, YEARS, MOTIONS, TOPICS = 8, 28, 40, 6
DISCRIMINATION, LEVELS, AGENDA, THRESHOLD, ABSTENTION = 0.5, 1.0, 0.5, -0.5, 1.5
SPEED = 0.3
"""Share of its way to a new mean that a stance goes in a year."""
NODES = np.linspace(-4.0, 4.0, 13)


class History(NamedTuple):
    """Simulated counts."""

    stance: Array  # (year, state)
    counts: Array  # (year, state, kind)


def simulate(motions: float, tastes: float, rng: np.random.Generator) -> History:
    """Counts of single motions."""
    level, taste = LEVELS * rng.standard_normal(STATES), tastes * rng.standard_normal((STATES, TOPICS))
    taste -= taste.mean(axis=1, keepdims=True)
    x, stances, counts = rng.standard_normal(STATES), [], []
    for _ in range(YEARS):
        x = x + SPEED * (rng.standard_normal(STATES) - x) + 0.3 * rng.standard_normal(STATES)
        topic = rng.choice(TOPICS, MOTIONS, p=rng.dirichlet(np.full(TOPICS, 3.0)))
        effect = AGENDA * rng.standard_normal() + motions * rng.standard_normal(MOTIONS)
        e = (DISCRIMINATION * x + level)[:, None] + taste[:, topic] + effect
        u = rng.random(e.shape)
        support, oppose = u < logistic(e - THRESHOLD), u > 1.0 - logistic(THRESHOLD - ABSTENTION - e)
        kinds = np.stack([support.sum(axis=1), (~support & ~oppose).sum(axis=1), oppose.sum(axis=1)], axis=1)
        stances.append(x)
        counts.append(kinds.astype(float))
    return History(np.stack(stances), np.stack(counts))


def coefficients(p: Array) -> Coefficients:
    """Of the parameters that are fitted but for levels."""
    values = dict(zip(("agenda", "concentration", "abstention"), np.exp(p[1:4]), strict=True))
    values |= {"discrimination": p[0]}
    return Coefficients({f"roll_call_{k}": np.array([[v]]) for k, v in values.items()})


def log_likelihood(p: Array, h: History) -> float:
    """Of all years; levels are parameters, with the threshold in them."""
    c, total = coefficients(p), 0.0
    for x, counts in zip(h.stance, h.counts, strict=True):
        e = (p[0] * x + p[4:])[:, None, None]
        middle, spread = proposal(counts, e, np.zeros((1, 1)), c)
        u = middle + spread * NODES
        log = roll_calls.log_mass(counts, e + u, c) - 0.5 * (u / c.roll_call_agenda) ** 2
        total += float(np.logaddexp.reduce(log[0]) + np.log(spread / c.roll_call_agenda)[0, 0])
    return total


def fit(h: History) -> tuple[Array, float]:
    """The maximum and the standard error of the discrimination there."""
    start = np.concatenate([[DISCRIMINATION, np.log(AGENDA), np.log(100.0), np.log(ABSTENTION)], np.zeros(STATES)])
    lowest = [(None, None), (np.log(0.02), None), (np.log(0.5), np.log(1e5)), (None, None), *[(None, None)] * STATES]
    found = minimize(lambda p: -log_likelihood(p, h), start, method="L-BFGS-B", bounds=lowest)
    p, step = found.x, 0.02
    inverse = np.linalg.pinv(hessian(p, h, step))
    return p, float(np.sqrt(max(inverse[0, 0], 0.0)))


def hessian(p: Array, h: History, step: float) -> Array:
    """Minus the second derivatives by differences, of all parameters but a concentration without bound."""
    size = len(p)
    moves = step * np.eye(size)
    at = {(): log_likelihood(p, h)}
    for i in range(size):
        at[i,] = log_likelihood(p + moves[i], h)
        for j in range(i + 1):
            at[i, j] = log_likelihood(p + moves[i] + moves[j], h)
    full = np.array(
        [[-(at[max(i, j), min(i, j)] - at[i,] - at[j,] + at[()]) / step**2 for j in range(size)] for i in range(size)]
    )
    return full + 1e-6 * np.eye(size)


def main() -> None:
    """Print a row a setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("| motions | tastes | concentration, median (90 %) | discrimination, mean | spread over its error | within |")
    print("| --- | --- | --- | --- | --- | --- |")
    for motions, tastes in ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (1.0, 0.5), (1.0, 1.0), (1.0, 2.0)):
        fits = [fit(simulate(motions, tastes, np.random.default_rng((given.seed, k)))) for k in range(given.repeats)]
        firm = np.exp([p[2] for p, _ in fits])
        slope, error = np.array([p[0] for p, _ in fits]), np.array([e for _, e in fits])
        low, high = np.quantile(firm, (0.05, 0.95))
        within = np.mean(np.abs(slope - slope.mean()) < 1.96 * error)
        firmness = f"{np.median(firm):.0f} ({low:.0f} to {high:.0f})"
        cells = f"{firmness} | {slope.mean():.2f} | {slope.std(ddof=1) / error.mean():.2f} | {within:.2f}"
        print(f"| {motions:g} | {tastes:g} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
