"""What the priors alone make of leaving: `python experiments/prior-hazards.py SCENARIO... [--draws N]`.

Every scenario's record is lived through by draws from its priors, membership as it happened, stances and beliefs the
model's own, nothing observed. Printed are hazards of exit outside renewal windows, in per cent a year: the mean over
members, years and draws with its 90 % over draws, the largest of a member in a year, exits that the record would have
had by them, and the rate of a state without ties, all beside the base rate of multilateral defence pacts since 1945
(0.20 % a year, 0.12 to 0.31; computed from ATOP v4.01, Leeds et al. 2002, 10.1080/03050620213653).
"""

import argparse
from typing import NamedTuple

import numpy as np

from sim.inference.likelihood import Cloud, Target, target_of
from sim.model import feedback, membership
from sim.model.arrays import Array
from sim.model.membership import OUTSIDE
from sim.scenario.load import load


class Predicted(NamedTuple):
    """Of each draw, (draw,)."""

    mean: Array  # hazard over members and ticks, a year
    largest: Array
    exits: Array  # expected over the record
    without_ties: Array


def predicted(target: Target, draws: int, seed: int) -> Predicted:
    """Hazards by the priors."""
    rng = np.random.default_rng(seed)
    cloud = Cloud(target, rng.standard_normal((draws, target.space.size)), rng)
    total, members, largest = np.zeros(draws), 0, np.zeros(draws)
    for t in range(target.ticks):
        before = cloud.state
        cloud.tick(t)
        cloud.weights[:] = 0.0  # nothing is observed
        s, c = cloud.standing.membership, cloud.c
        assert s is not None
        ties, punished = feedback.dependence(cloud.inputs, before.feedback), before.feedback.punishment
        leave, _ = membership.hazards(before.membership, cloud.state.stance, ties, punished, 1.0, cloud.may_join, s, c)
        belong = before.membership.status[:, 0, 0] != OUTSIDE
        by_member = np.broadcast_to(leave, cloud.shape)[belong, :, 0]
        total += by_member.sum(axis=0)
        members += int(belong.sum())
        largest = np.maximum(largest, by_member.max(axis=0, initial=0.0))
    c = cloud.c
    free = membership.bounded(c.exit_rate, c)
    return Predicted(total / members, largest, total * cloud.d.dt, free[:, 0])


def row(name: str, x: Array, percent: bool = True) -> str:
    """Mean, median and middle 90 % over draws."""
    low, middle, high = np.quantile(x, (0.05, 0.5, 0.95))
    scale = 100.0 if percent else 1.0
    return f"  {name:<36}{scale * x.mean():>9.3g}{scale * middle:>9.3g}  ({scale * low:.2g} to {scale * high:.2g})"


def main() -> None:
    """Print a table a scenario."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="+")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", type=lambda x: tuple(x.split("=")), action="append", default=[], metavar="PATH=VALUE")
    given = parser.parse_args()
    for name in given.scenarios:
        scenario = load(name, {"posterior": "none"} | dict(given.set))
        found = predicted(target_of(scenario, [], 1), given.draws, given.seed)
        print(f"{name}: {given.draws:,} draws from the priors\n{'':38}{'mean':>9}{'median':>9}  (90 % of draws)")
        print(row("hazard of members, % a year", found.mean))
        print(row("largest of a member in a tick, % a year", found.largest))
        print(row("a state without ties, % a year", found.without_ties))
        print(row("exits expected in the record", found.exits, percent=False))


if __name__ == "__main__":
    main()
