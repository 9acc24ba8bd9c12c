"""A pilot regression of roll calls on coded inputs: `PYTHONPATH=. python experiments/roll-calls/pilot.py [NAME...]`.

Where to look before the likelihood does: the logit of a member's share of support in a year, with abstention counted
half, on the inputs as coded at the middle of their bands in the tick that holds the year's last day, state and year
effects taken out. Errors are clustered by state, and with so few clusters p-values are of a wild cluster bootstrap-t
under the null (Cameron, Gelbach & Miller 2008, 10.1162/rest.90.3.414) with Webb's six-point weights. numpy is enough:
two-way effects are dummies of some hundred columns. Printed are Markdown tables for all members and without each.
"""

import argparse
import datetime as dt
from typing import NamedTuple

import numpy as np

from sim.engines.environment import Environment
from sim.inference import roll_calls
from sim.inference.space import Uniforms
from sim.model.arrays import Array, Codes
from sim.scenario.compile import compile
from sim.scenario.load import load
from sim.scenario.reading import scenario_files

INPUTS = ("western_ties", "affinity", "confrontation x ties", "dependence", "other_ties")
FEWEST = 8
"""Votes of a state in a year that enters."""
REPEATS = 1999
WEBB = np.sqrt([0.5, 1.0, 1.5])
WEIGHTS = np.concatenate([-WEBB, WEBB])


class Panel(NamedTuple):
    """State-years."""

    share: Array  # (row,) the logit of it
    inputs: Array  # (row, input)
    state: Codes  # (row,) index of the member
    year: Array
    members: tuple[str, ...]

    def without(self, member: str) -> "Panel":
        """The same without a state."""
        kept = np.array([self.members[i] != member for i in self.state])
        return Panel(self.share[kept], self.inputs[kept], self.state[kept], self.year[kept], self.members)


class Fit(NamedTuple):
    """What was found of each input."""

    slopes: Array
    errors: Array
    p: Array
    explained: float  # share of the variance that effects leave


def panel(folder: str) -> Panel:
    """The state-years of an alliance's history with eight votes or more."""
    (file,) = (f for f in scenario_files() if f.parent.name == folder and f.name.startswith("history-"))
    scenario = load(file, {"posterior": "none"})
    program = compile(scenario)
    middle = Environment(program, Uniforms(1, {}), slice(0, 1))
    rows = []
    for year in roll_calls.read(file.parent / "roll-calls.csv", scenario.members):
        inputs = middle.at(tick_of(year.date, program.edges))
        own, confrontation = inputs.members, float(inputs.leader.confrontation[0])
        for i, (support, abstain, oppose) in zip(year.rows, year.counts, strict=True):
            asked = support + abstain + oppose
            if asked < FEWEST:
                continue
            share = (support + 0.5 * abstain + 0.5) / (asked + 1.0)  # never 0 or 1
            w, a, d, c = (float(x[i, 0]) for x in (own.western_ties, own.affinity, own.dependence, own.other_ties))
            rows.append((np.log(share / (1.0 - share)), w, a, confrontation * w, d, c, i, year.year))
    x = np.array(rows)
    return Panel(x[:, 0], x[:, 1:6], x[:, 6].astype(np.int8), x[:, 7], tuple(scenario.members))


def tick_of(date: dt.date, edges: tuple[dt.date, ...]) -> int:
    """The tick that a day is in."""
    return sum(edge <= date for edge in edges) - 1


def within(p: Panel, x: Array) -> Array:
    """What is left of columns when state and year effects are taken out."""
    dummies = np.concatenate([(k[:, None] == np.unique(k)[None]).astype(float) for k in (p.state, p.year)], axis=1)
    return np.asarray(x - dummies @ np.linalg.lstsq(dummies, x, rcond=None)[0])


def slopes(y: Array, x: Array) -> Array:
    """Least squares."""
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0])


def errors(u: Array, x: Array, state: Codes) -> Array:
    """Standard errors clustered by state, with the usual correction for few clusters. ``u`` (row, repeat)."""
    clusters = np.unique(state)
    bread = np.linalg.pinv(x.T @ x)
    scores = np.stack([x[state == g].T @ u[state == g] for g in clusters])  # (cluster, input, repeat)
    spread = np.einsum("gkr,glr->rkl", scores, scores)
    n, g = len(x), len(clusters)
    variance = np.einsum("kl,rlm,mk->rk", bread, spread, bread) * g / (g - 1) * (n - 1) / (n - x.shape[1])
    return np.sqrt(np.maximum(variance, 0.0)).T


def fit(p: Panel, rng: np.random.Generator) -> Fit:
    """Slopes, clustered errors and p-values of the wild cluster bootstrap."""
    y, x = within(p, p.share), within(p, p.inputs)
    found = slopes(y, x)
    left = y - x @ found
    error = errors(left[:, None], x, p.state)[:, 0]
    clusters, of = np.unique(p.state, return_inverse=True)
    chances = np.zeros(len(found))
    for k in range(len(found)):
        others = np.delete(x, k, axis=1)
        fitted = others @ slopes(y, others)
        weights = rng.choice(WEIGHTS, size=(len(clusters), REPEATS))[of]
        again = within(p, fitted[:, None] + (y - fitted)[:, None] * weights)
        b = slopes(again, x)
        t = b[k] / np.maximum(errors(again - x @ b, x, p.state)[k], 1e-12)
        chances[k] = (1 + (np.abs(t) >= np.abs(found[k] / error[k])).sum()) / (REPEATS + 1)
    return Fit(found, error, chances, float(1.0 - left.var() / y.var()))


def line(name: str, p: Panel, rng: np.random.Generator) -> str:
    """A row of the table."""
    f = fit(p, rng)
    cells = [f"{b:+.1f} ({e:.1f}; {q:.2f})" for b, e, q in zip(f.slopes, f.errors, f.p, strict=True)]
    if len(np.unique(p.state)) <= 2:  # two clusters bound no error
        cells = [f"{b:+.1f}" for b in f.slopes]
    return f"| {name} | {len(p.share):,} | {f.explained:.2f} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print a table an alliance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("alliances", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folders = given.alliances or [f.parent.name for f in scenario_files() if (f.parent / "roll-calls.csv").is_file()]
    for folder in dict.fromkeys(folders):
        rng, p = np.random.default_rng(given.seed), panel(folder)
        head = ("", "state-years", "explained", *INPUTS)
        print(f"\n**{folder}**\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
        print(line("all members", p, rng))
        for i in np.unique(p.state):
            if len(np.unique(p.state)) > 2:
                print(line(f"without {p.members[i]}", p.without(p.members[i]), rng), flush=True)


if __name__ == "__main__":
    main()
