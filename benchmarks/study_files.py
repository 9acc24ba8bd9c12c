"""Studies that benchmarks/studies.py measures, and how it measures."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from sim.studies.plan import Plan
from sim.studies.store import freeze, workspace
from sim.studies.study import Study, load_study
from tests.helpers import SIX

OUTLOOK = "csto/outlook-2023.toml"
KINDS = {
    "record": ("members.KAZ.western_ties", "from = 2023-10-01"),
    "coefficient": ("behaviour.peers", ""),
    "path": ("members.KAZ.western_ties", ""),
}
"""What a study varies: something after the record alone, a coefficient, or a path with its past."""

STUDY = """
title = "Benchmark"
scenarios = ["{scenario}"]
runs = {runs}
interval_runs = {interval_runs}
{more}
[design]
kind = "lhs"
points = {points}
[factors.a]
path = "{path}"
{since}
low = 0.1
high = 0.9
"""

YEARLY = """horizons = [5]
outcomes = ["exit", "cohesion"]
[set]
"time.step" = "year"
"time.end" = "2025-01-01"
"time.horizons" = [5]"""
"""six.toml over five yearly ticks: as small as a scenario gets."""


def study_of(
    folder: Path, kind: str, points: int, runs: int, scenario: str = OUTLOOK, more: str = "", interval_runs: int = 0
) -> Study:
    """A study of one factor, as a file in a folder."""
    path, since = KINDS[kind]
    file = folder / f"{kind}-{points}-{runs}.toml"
    text = STUDY.format(
        scenario=scenario, runs=runs, points=points, path=path, since=since, more=more, interval_runs=interval_runs
    )
    file.write_text(text)
    return load_study(file)


def small_study(file: Path, points: int, runs: int) -> None:
    """The file of a study of six.toml in yearly steps, two factors; no more than a file."""
    text = STUDY.format(
        scenario=SIX, runs=runs, points=points, path="members.AAA.western_ties", since="", more=YEARLY, interval_runs=0
    )
    more = '[factors.b]\npath = "behaviour.peers"\nlow = 0.1\nhigh = 0.9\n'
    file.write_text(text + more)


def plan_of(study: Study, folder: Path) -> Plan:
    """A study frozen in a folder of its own, its programs compiled."""
    home = folder / f"{study.name}-frozen"
    work, plan = workspace(study, home)
    with work.held():
        freeze(study, work, plan)
    plan.program(0)
    return plan


def seconds(task: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def core_seconds(task: Callable[[], object]) -> float:
    """Processor time of this process: on a crowded machine the wait for a core is not the task's."""
    began = time.process_time()
    task()
    return time.process_time() - began


def spread(values: Sequence[float], digits: int = 2, times: float = 1.0) -> str:
    """Median and range."""
    if len(values) == 1:
        return f"{values[0] * times:,.{digits}f}"
    shown = (f"{x * times:,.{digits}f}" for x in (median(values), min(values), max(values)))
    return "{} ({} to {})".format(*shown)
