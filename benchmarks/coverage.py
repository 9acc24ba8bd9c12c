"""How often 95 % intervals of probabilities and of differences hold the truth, and how far estimates are from it.

python -m benchmarks.coverage            # 400,000 runs of a scenario: a quarter of an hour on one core, 3 GB
python -m benchmarks.coverage --quick    # 40,000 runs, fewer samples: two minutes, truths less sure

The truth is the mean over many runs of the shipped scenarios; samples of 500, 1,000 and 4,096 runs are drawn from
them. Every member's exit and freeze and the alliance's outcomes at each horizon are a case; tables give the mean
over the cases of a range, and the worst case.
"""

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from sim.engines.ensemble import Piece, run_together
from sim.estimates import sample as estimator
from sim.estimates.incidence import Incidence, coefficient
from sim.model.arrays import Array
from sim.model.noise import BLOCK
from sim.model.outcomes import Z95
from sim.scenario.compile import Program, compile
from sim.scenario.load import Scenario, load
from tests.helpers import SIX

OUTLOOK = "csto/outlook-2023.toml"
EVENTS = ("exit", "freeze", "any_exit", "two_exits", "dissolution")
SIZES = {500: 1_000, 1_000: 1_000, 4_096: 600}
"""Runs of a sample: how many samples of a case."""
RANGES = ((1e-4, 1e-3), (1e-3, 1e-2), (1e-2, 0.1), (0.1, 0.3), (0.3, 0.7), (0.7, 0.97), (0.97, 1.0))
DIFFERENCES = ((1e-6, 1e-4), (1e-4, 1e-3), (1e-3, 1e-2), (1e-2, 0.1), (0.1, 1.0))
FEWEST_EVENTS = 100
"""Of the former rule: chances alone below."""


class Case(NamedTuple):
    """What runs of a scenario show of one event: chances added up, and whether it happened. (run,)"""

    chances: Array
    events: Array


Rule = Callable[[Array, Array], Array]
Interval = tuple[Array, Array]


def scenarios() -> list[list[Scenario]]:
    """Those that are run together, so that the first can be compared with the others."""
    ties = {"members.KAZ.western_ties": {"shift": 0.05, "from": dt.date(2023, 10, 1)}}
    more = ("western-guarantee", "leverage-removed")
    return [
        [load(SIX), load(SIX, {"members.AAA.security_offer": 0.4})],
        [load(OUTLOOK), *(load(f"csto/counterfactuals/{name}.toml") for name in more), load(OUTLOOK, ties)],
        [load("csto/history-1992-2023.toml")],
    ]


def outcomes(group: list[Scenario], blocks: int) -> tuple[Array, Array]:
    """Run a group: chances added up and events, (scenario, case, run), cases being event, member and horizon."""
    programs = [compile(s) for s in group]
    whole = np.concatenate([_block(programs, block) for block in range(blocks)], axis=-1)
    return whole[:, 0], whole[:, 1]


def _block(programs: list[Program], block: int) -> Array:
    """(scenario, chances or events, case, run)."""
    ticks = {programs[0].horizon_tick(years) for years in programs[0].horizons}
    found: list[list[Array]] = [[] for _ in programs]
    incidences: list[Incidence] = []
    for t, sides in enumerate(run_together(programs, 1, Piece(block, slice(None)))):
        if t == 0:
            incidences = [Incidence.start(side.record, EVENTS) for side in sides]
            continue
        for incidence, side in zip(incidences, sides, strict=True):
            incidence.add(side.record)
            for place, k in enumerate(side.programs if t in ticks else ()):
                own = incidence.of_runs(slice(place * BLOCK, (place + 1) * BLOCK))
                pairs = [np.stack([own.sums[name], own.happened[name]]).reshape(2, -1, BLOCK) for name in EVENTS]
                found[k].append(np.concatenate(pairs, axis=1).astype(np.float32))
    return np.stack([np.concatenate(rows, axis=1) for rows in found])


def former_coefficient(chances: Array, events: Array) -> Array:
    """Least squares from 100 events in a block, chances alone below: the rule before."""
    gap = events - chances
    centred = gap - gap.mean(axis=-1, keepdims=True)
    beta = -(chances * centred).sum(axis=-1) / np.maximum((centred**2).sum(axis=-1), 1e-300)
    return np.where(events.sum(axis=-1) >= FEWEST_EVENTS, np.clip(beta, 0.0, 1.0), 0.0)


RULES: dict[str, Rule] = {
    "chances": lambda a, y: np.zeros(a.shape[:-1]),
    "count": lambda a, y: np.ones(a.shape[:-1]),
    "former": former_coefficient,
    "now": coefficient,
}


def combined(rule: Rule, case: Case) -> Array:
    """What is averaged over runs."""
    return case.chances + rule(*case)[..., None] * (case.events - case.chances)


def normal(s: estimator.Sample) -> Interval:
    """Mean and standard error: the interval before."""
    value, error = estimator.estimate(s)
    return value - Z95 * error, value + Z95 * error


def cases(groups: list[tuple[Array, Array]]) -> Iterator[tuple[float, Case]]:
    """Every case that varies, with its truth."""
    for chances, events in groups:
        for a, y in zip(chances.reshape(-1, chances.shape[-1]), events.reshape(-1, events.shape[-1]), strict=True):
            if a.std(dtype=float) > 1e-9:
                yield best(Case(a, y)), Case(a, y)


def best(case: Case) -> float:
    """The mean over all runs there are, with the coefficient that they show."""
    beta = float(coefficient(*(x.astype(float) for x in case)))
    return float((1.0 - beta) * case.chances.mean(dtype=float) + beta * case.events.mean(dtype=float))


def pairs(groups: list[tuple[Array, Array]]) -> Iterator[tuple[float, Case, Case]]:
    """Every case that a change moves, with the true difference."""
    for chances, events in groups:
        for others in zip(chances[1:], events[1:], strict=True):
            for a, y, b, z in zip(chances[0], events[0], *others, strict=True):
                if not np.array_equal(a, b):
                    base, other = Case(a, y), Case(b, z)
                    yield best(other) - best(base), base, other


def drawn(case: Case, runs: Array) -> Case:
    """Samples of a case, (sample, run)."""
    return Case(case.chances[runs].astype(float), case.events[runs].astype(float))


def within(truth: float, found: Interval) -> float:
    """How often the truth lies in the intervals [%]."""
    return float(100.0 * np.mean((found[0] <= truth) & (truth <= found[1])))


def width(found: Interval) -> float:
    """The median width."""
    return float(np.median(found[1] - found[0]))


class Held(NamedTuple):
    """Of one case: its truth, coverage of the former and of the present interval, width ratio, how often `few`."""

    truth: float
    former: float
    now: float
    wider: float
    few: float


def coverage(groups: list[tuple[Array, Array]], part: int) -> Table:
    """Coverage of intervals of probabilities."""

    def held(truth: float, case: Case, runs: Array) -> Held:
        case = drawn(case, runs)
        old = normal(estimator.sample(combined(RULES["former"], case)))
        s = estimator.sample(combined(RULES["now"], case))
        now = estimator.interval(s)
        return Held(
            truth, within(truth, old), within(truth, now), _ratio(now, old), float(100 * estimator.few(s).mean())
        )

    def at(runs: Array) -> list[Held]:
        return [held(truth, case, runs) for truth, case in cases(groups) if RANGES[0][0] <= truth < RANGES[-1][1]]

    return _table("95 % intervals of a probability p", "p", RANGES, groups, part, at)


def differences(groups: list[tuple[Array, Array]], part: int) -> Table:
    """Coverage of intervals of paired differences."""

    def held(truth: float, base: Case, other: Case, runs: Array) -> Held:
        base, other = drawn(base, runs), drawn(other, runs)
        old = normal(estimator.sample(combined(RULES["former"], other) - combined(RULES["former"], base)))
        x, y = (combined(RULES["now"], case) for case in (base, other))
        s = estimator.sample(y - x)
        now = estimator.difference_interval(s, estimator.sample(x), estimator.sample(y))
        wider, few = _ratio(now, old), float(100 * estimator.few(s).mean())
        return Held(abs(truth), within(truth, old), within(truth, now), wider, few)

    def at(runs: Array) -> list[Held]:
        least = DIFFERENCES[0][0]
        return [held(truth, base, other, runs) for truth, base, other in pairs(groups) if abs(truth) >= least]

    return _table("95 % intervals of a paired difference d", "size of d", DIFFERENCES, groups, part, at)


def _ratio(now: Interval, old: Interval) -> float:
    """NaN where the former interval had no width."""
    return width(now) / width(old) if width(old) > 0 else float("nan")


def _table(
    title: str,
    symbol: str,
    ranges: tuple[tuple[float, float], ...],
    groups: list[tuple[Array, Array]],
    part: int,
    at: Callable[[Array], list[Held]],
) -> Table:
    table = Table(title=f"{title}: how often they hold [%], mean over cases (worst case)")
    columns = (symbol, "runs", "cases", "mean ± 1.96 s.e.", "now", "below 93", "times as wide", "few [%]")
    for column in columns:
        table.add_column(column, justify="right")
    rng = np.random.default_rng(1)
    every = groups[0][0].shape[-1]
    by_size = {n: at(rng.integers(0, every, (samples // part, n))) for n, samples in SIZES.items()}
    for low, high in ranges:
        for n, all_held in by_size.items():
            there = [h for h in all_held if low <= h.truth < high]
            if there:
                old, now, wider, few = (np.array([h[k] for h in there]) for k in (1, 2, 3, 4))
                cells = f"{len(there)}", *(f"{x.mean():.0f} ({x.min():.0f})" for x in (old, now))
                rest = f"{(now < 93).sum()}", f"{np.nanmedian(wider):.2f}", f"{few.mean():.0f}"
                table.add_row(f"{low:g} to {high:g}", f"{n:,}", *cells, *rest)
    return table


def errors(groups: list[tuple[Array, Array]], part: int) -> Table:
    """Root mean squared error of estimates, beside the best of the rules in each case; bias."""
    table = Table(title="Estimates: root mean squared error over that of the best rule of a case, mean (most)")
    columns = ("p", "runs", "cases", *RULES, "bias / error, now", "said / true error, now")
    for column in columns:
        table.add_column(column, justify="right")
    rng = np.random.default_rng(2)
    every = groups[0][0].shape[-1]
    rows: dict[tuple[int, int], list[Array]] = {}
    for n, samples in {64: 1_000, **SIZES}.items():
        runs = rng.integers(0, every, (samples // part // 4, n))  # an error asks for fewer samples than a coverage
        for truth, case in cases(groups):
            place = next((k for k, (low, high) in enumerate(RANGES) if low <= truth < high), None)
            if place is None:
                continue
            sampled = drawn(case, runs)
            value, said = zip(
                *(estimator.estimate(estimator.sample(combined(r, sampled))) for r in RULES.values()), strict=True
            )
            off = np.array(value) - truth
            root = np.sqrt((off**2).mean(axis=1))
            real = np.sqrt((np.array(said)[-1] ** 2).mean()) / root[-1]
            rows.setdefault((place, n), []).append(np.array([*(root / root.min()), off[-1].mean() / root[-1], real]))
    for (place, n), found in sorted(rows.items()):
        x = np.array(found)
        low, high = RANGES[place]
        each = [f"{x[:, k].mean():.2f} ({x[:, k].max():.2f})" for k in range(len(RULES))]
        table.add_row(
            f"{low:g} to {high:g}", f"{n:,}", f"{len(x)}", *each, f"{x[:, -2].mean():+.2f}", f"{x[:, -1].mean():.2f}"
        )
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs and samples")
    given = parser.parse_args()
    blocks, part = (10, 4) if given.quick else (98, 1)
    groups = [outcomes(group, blocks) for group in scenarios()]
    console = Console(width=None if sys.stdout.isatty() else 150)
    for table in (coverage, differences, errors):
        console.print(table(groups, part))


if __name__ == "__main__":
    main()
