"""Time to a difference in exit probability known to 0.001: `compare` against counting in plain Mesa."""

import datetime as dt
from itertools import count
from typing import Any

from rich.table import Table

from benchmarks import plain_mesa
from benchmarks.study_files import core_seconds, spread
from sim.model.noise import BLOCK
from sim.results.comparison import compare
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, load
from tests.helpers import SIX

ERROR = 0.001
RUNS = 4 * BLOCK
"""Of a comparison in a round."""
MESA_RUNS = 60
OUTLOOK = "csto/outlook-2023.toml"
GUARANTEE = "csto/counterfactuals/western-guarantee.toml"
FIVE_YEARS = {"time.end": dt.date(2028, 10, 1), "time.horizons": [5]}
NO_RECORD = {"time.record_from": dt.date(2023, 10, 1)}
SIX_FIVE = {"time.end": dt.date(2025, 1, 1), "time.horizons": [5]}


def cases() -> list[tuple[str, str, list[Scenario], list[Scenario]]]:
    """(title, member, what compare runs, what plain Mesa runs)."""
    full = [load(f, FIVE_YEARS) for f in (OUTLOOK, GUARANTEE)]
    bare = [load(f, {**FIVE_YEARS, **NO_RECORD}) for f in (OUTLOOK, GUARANTEE)]
    shift = {"members.KAZ.western_ties": {"shift": 0.05, "from": dt.date(2023, 10, 1)}}
    near = [load(OUTLOOK, FIVE_YEARS), load(OUTLOOK, {**FIVE_YEARS, **shift})]
    six = [load(SIX, {**SIX_FIVE, **more}) for more in ({}, {"members.AAA.security_offer": 0.4})]
    return [
        ("guarantee, with the record", "ARM", full, bare),
        ("guarantee, with the record", "KAZ", full, bare),
        ("Western ties of KAZ + 0.05, with the record", "KAZ", near, bare),
        ("guarantee, no record", "ARM", bare, bare),
        ("guarantee, no record", "KAZ", bare, bare),
        ("six.toml, an offer to AAA", "AAA", six, six),
    ]


def pairs(rounds: int) -> Table:
    """Seconds to a standard error of 0.001, both sides measured in turn and scaled by their variance."""
    table = Table(
        title=f"Exit after five years, difference known to {ERROR}, one core: median (range) of {rounds} rounds",
        caption=f"compare: {RUNS:,} runs of both scenarios measured a round, runs needed scaled by "
        f"(paired mcse / {ERROR})². Plain Mesa: {MESA_RUNS} runs of each scenario measured a round, inputs at hand, "
        "never living through the record; runs needed from the binomial variances p(1 - p) of both scenarios, "
        "p as compare found it. Saved: independent runs of "
        "the ensemble that one paired run is worth. Times are processor time.",
    )
    for column in (
        "case",
        "member",
        "p",
        "p other",
        "runs compare",
        "runs Mesa",
        "compare [s]",
        "Mesa [s]",
        "times as fast",
        "saved",
    ):
        table.add_column(column, justify="left" if column in ("case", "member") else "right")
    speeds: dict[str, list[tuple[float, float]]] = {}
    for title, member, ours, theirs in cases():
        if title not in speeds:
            speeds[title] = [_round(ours, theirs, k) for k in range(rounds + 1)][1:]
        table.add_row(title, member, *_row(ours, member, speeds[title]))
    return table


def _round(ours: list[Scenario], theirs: list[Scenario], seed: int) -> tuple[float, float]:
    """Seconds of a pair of runs: ours, and plain Mesa's."""
    own = core_seconds(lambda: compare(*ours, runs=RUNS, seed=1, jobs=1)) / RUNS
    lives = [plain_mesa.lives(compile(s), seed, MESA_RUNS) for s in theirs]
    seeds = count(1_000_003 * (seed + 1))
    mesa = core_seconds(lambda: [plain_mesa.run(life, next(seeds)) for one in lives for life in one])
    return own, mesa / MESA_RUNS


def _row(ours: list[Scenario], member: str, speeds: list[tuple[float, float]]) -> list[str]:
    found: Any = compare(*ours, runs=RUNS, seed=1).table
    row = found[(found.outcome == "exit") & (found.member == member)].iloc[0]
    variance = row.base * (1 - row.base) + row.value * (1 - row.value)
    needed, theirs = RUNS * (row.mcse / ERROR) ** 2, variance / ERROR**2
    return [
        f"{row.base:.3f}",
        f"{row.value:.3f}",
        f"{needed:,.0f}",
        f"{theirs:,.0f}",
        spread([needed * a for a, _ in speeds]),
        spread([theirs * b for _, b in speeds], 0),
        spread([theirs * b / (needed * a) for a, b in speeds], 0),
        f"{row.saved_runs:,.1f}",
    ]
