"""How cost grows: with points, runs, ticks, members and outcomes; where the time of a batch goes."""

import cProfile
import pstats
import tempfile
from pathlib import Path
from statistics import median

from rich.table import Table

from benchmarks.study_files import KINDS, STUDY, core_seconds, plan_of, study_of
from sim.storage.workers import keep_memory
from sim.studies.batch import run_points
from sim.studies.study import load_study
from tests.helpers import SIX
from tests.scenarios import of_size

POINTS, RUNS, TICKS, MEMBERS = ((16, 64, 256), (16, 64, 256, 1024, 4096), (10, 40, 120), (5, 20, 50, 100, 200))


def costs(rounds: int) -> Table:
    """A batch of a study of six.toml's states: one thing varied from 64 points, 512 runs, 40 ticks, 5 members."""
    table = Table(
        title=f"Cost of a study of six.toml (a path varied), one core: median of {rounds} rounds of a batch",
        caption="From 64 points, 512 runs, 40 ticks, 5 members; one of them changed. Processor time.",
    )
    for column in ("changed", "to", "points a batch", "ms a point", "runs a second", "million member-ticks a second"):
        table.add_column(column, justify="left" if column == "changed" else "right")
    keep_memory()
    start = {"points": 64, "runs": 512, "ticks": 40, "members": 5}
    for name, values in (("points", POINTS), ("runs", RUNS), ("ticks", TICKS), ("members", MEMBERS)):
        for value in values:
            size, took = _measured(rounds, **{**start, name: value})
            at = {**start, name: value}
            rate = at["runs"] / took
            table.add_row(
                name,
                f"{value:,}",
                str(size),
                f"{took * 1e3:,.2f}",
                f"{rate:,.0f}",
                f"{rate * at['ticks'] * at['members'] / 1e6:,.2f}",
            )
    return table


def _measured(rounds: int, points: int, runs: int, ticks: int, members: int) -> tuple[int, float]:
    """(points in a batch, seconds a point). Ticks are of ten years: years, quarters or months."""
    step = {10: "year", 40: "quarter", 120: "month"}[ticks]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        scenario = SIX if members == 5 else of_size(home, members)
        file = home / "study.toml"
        text = STUDY.format(
            scenario=scenario,
            runs=runs,
            points=points,
            since="",
            interval_runs=0,
            path=f"members.{'AAA' if members == 5 else 'M00'}.western_ties",
            more=f'[set]\n"time.step" = "{step}"',
        )
        file.write_text(text)
        plan = plan_of(load_study(file), home)
    batch = plan.batches[0]
    run_points(plan, batch[:2])
    return len(batch), median(core_seconds(lambda: run_points(plan, batch)) for _ in range(rounds)) / len(batch)


STEPS = {
    "points made (vary)": "program.py:vary",
    "pasts hashed": "ensemble.py:past_hash",
    "record lived": "ensemble.py:relive",
    "environments": "environment.py:__init__",
    "inputs": "ensemble.py:_around",
    "draws": "ensemble.py:tick_draws",
    "ticks of the forecast": "tick.py:tick",
    "chances added up": "incidence.py:add",
    "quantities": "together.py:_apart",
    "sums": "summary.py:add",
    "statistics": "summary.py:statistics",
}
"""Steps of a batch, by the function that does them; some are inside others."""


def parts(_: int) -> Table:
    """cProfile of one batch: share of its time by step."""
    table = Table(
        title="Where a batch's time goes [%], by cProfile (which makes short calls look dearer)",
        caption="16 points of the outlook. `inputs` is part of `record lived`, and of ticks outside the table.",
    )
    table.add_column("step")
    shares = []
    for kind in KINDS:
        for runs in (512, 4096):
            table.add_column(f"{kind}, {runs:,}", justify="right")
            shares.append(_profiled(kind, runs))
    for step in STEPS:
        table.add_row(step, *(f"{100 * s[step]:.0f}" for s in shares))
    return table


def _profiled(kind: str, runs: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_of(study_of(Path(folder), kind, 256, runs), Path(folder))
    batch = plan.batches[0]
    run_points(plan, batch[:2])
    profile = cProfile.Profile()
    profile.runcall(run_points, plan, batch)
    stats = pstats.Stats(profile)
    every: dict[str, float] = {}
    for (file, _, name), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        key = f"{Path(file).name}:{name}"
        every[key] = every.get(key, 0.0) + cumulative
    total = stats.total_tt  # type: ignore[attr-defined]
    return {step: every.get(key, 0.0) / total for step, key in STEPS.items()}
