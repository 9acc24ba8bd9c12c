"""Sweeps against single runs, two workers against one, storage against computing."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from benchmarks.study_files import KINDS, core_seconds, plan_of, seconds, small_study, spread, study_of
from sim.results.run import simulate
from sim.storage.effort import Effort
from sim.storage.files import PROVENANCE
from sim.storage.workers import keep_memory
from sim.studies import store, sweep
from sim.studies.batch import run_points
from sim.studies.plan import Plan
from sim.studies.study import Study, load_study

POINTS = 256
RUNS = (512, 1024, 4096)
FEWER = 128
"""Points where a study is run whole several times."""
SINGLE = 3
"""Points of a batch that are also run one by one."""


def throughput(rounds: int) -> Table:
    """A batch of a 256-point study against single runs of points of that batch."""
    per = f"{SINGLE} of its points"
    table = Table(
        title=f"A point of a {POINTS}-point study of the outlook, one core: median (least to most) of {rounds} rounds",
        caption=f"A round runs a batch, {per} by simulate (all outcomes, every tick), and the "
        "same points by run_points one at a time (the study's outcomes at its horizons). Times are "
        "processor time, ratios of a round alone.",
    )
    for column in ("varied", "runs", "batch", "ms a point", "runs a second", "simulate / batch", "alone / batch"):
        table.add_column(column, justify="left" if column == "varied" else "right")
    keep_memory()
    for kind in KINDS:
        for runs in RUNS:
            with tempfile.TemporaryDirectory() as folder:
                plan = plan_of(study_of(Path(folder), kind, POINTS, runs), Path(folder))
            found = [_round(plan, runs, k) for k in range(rounds + 1)][1:]
            together = [f[0] for f in found]
            table.add_row(
                kind,
                f"{runs:,}",
                str(len(plan.batches[0])),
                spread(together, 0, 1e3),
                spread([runs / x for x in together], 0),
                spread([f[1] / f[0] for f in found]),
                spread([f[2] / f[0] for f in found]),
            )
    return table


def _round(plan: Plan, runs: int, k: int) -> tuple[float, float, float]:
    """Seconds a point: in a batch, by simulate, alone."""
    points = plan.batches[k * 5 % len(plan.batches)]
    some = points[:: len(points) // SINGLE][:SINGLE]
    single = core_seconds(lambda: [simulate(plan.program(p), Effort(runs)) for p in some[:1]])
    together = core_seconds(lambda: run_points(plan, points)) / len(points)
    single += core_seconds(lambda: [simulate(plan.program(p), Effort(runs)) for p in some[1:]])
    alone = core_seconds(lambda: [run_points(plan, [p]) for p in some]) / len(some)
    return together, single / len(some), alone


def whole(rounds: int) -> Table:
    """A whole sweep, from its file to its figures, against single runs of some of its points."""
    table = Table(
        title=f"A whole sweep (file, store, tables, figures; jobs=1) of {POINTS} points: median of {rounds} rounds",
        caption="Single runs: 4 points by simulate before and 4 after, times 64 / 2. Interval runs: none.",
    )
    for column in ("varied", "runs", "seconds", "runs a second", "single runs / sweep"):
        table.add_column(column, justify="left" if column == "varied" else "right")
    keep_memory()
    for kind in ("record", "coefficient"):
        found = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                study = study_of(Path(folder), kind, POINTS, 1024)
                plan = plan_of(study, Path(folder))
                before = _singles(plan, range(0, 128, 32))
                took = seconds(lambda s=study, f=folder: sweep.sweep(s, Path(f) / "out", jobs=1))
                after = _singles(plan, range(128, 256, 32))
            found.append((took, (before + after) / 8 * POINTS / took))
        table.add_row(
            kind,
            "1,024",
            spread([f[0] for f in found], 1),
            spread([POINTS * 1024 / f[0] for f in found], 0),
            spread([f[1] for f in found]),
        )
    return table


def _singles(plan: Plan, points: range) -> float:
    return seconds(lambda: [simulate(plan.program(p), Effort(1024)) for p in points])


def workers(rounds: int) -> Table:
    """One worker process against two, each study begun anew, beside what the machine has to give."""
    table = Table(
        title=f"One worker and two, `sweep` of {FEWER} points of the outlook, 1,024 runs each: {rounds} rounds",
        caption="Whole sweeps, with tables and figures; one worker is the process itself. The first alternates. "
        "Ceiling: work a second of two processes that only compute a batch each, over one, just before.",
    )
    for column in ("varied", "1 worker [s]", "2 workers [s]", "times as fast", "ceiling", "of the ceiling [%]"):
        table.add_column(column, justify="left" if column == "varied" else "right")
    for kind in ("record", "coefficient"):
        found = []
        for k in range(rounds):
            most = ceiling(kind)
            took = {jobs: _swept(kind, jobs) for jobs in ((1, 2) if k % 2 else (2, 1))}
            found.append((took[1], took[2], most))
        table.add_row(
            kind,
            spread([f[0] for f in found], 1),
            spread([f[1] for f in found], 1),
            spread([a / b for a, b, _ in found]),
            spread([c for *_, c in found]),
            spread([100 * a / b / c for a, b, c in found], 0),
        )
    return table


COMPUTE = """
import sys, time
from pathlib import Path
from sim.storage.workers import keep_memory
from sim.studies.batch import run_points
from sim.studies.plan import opened
keep_memory()
plan = opened(Path(sys.argv[1]))
plan.program(0)
sys.stdin.readline()
began = time.perf_counter()
for k in (0, 1, 2):
    run_points(plan, plan.batches[k])
print(time.perf_counter() - began)
"""


def ceiling(kind: str) -> float:
    """What two processes do in the time of one, as the machine is now."""
    with tempfile.TemporaryDirectory() as folder:
        plan_of(study_of(Path(folder), kind, FEWER, 1024), Path(folder))
        home = next(Path(folder).glob("*-frozen"))
        one = _computed(home, 1)
        return 2 * one / _computed(home, 2)


def _computed(home: Path, processes: int) -> float:
    """Mean seconds of so many processes that compute the same side by side."""
    command = [sys.executable, "-c", COMPUTE, str(home)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    time.sleep(4)  # until all have imported
    for p in running:
        assert p.stdin is not None
        p.stdin.write("\n")
        p.stdin.flush()
    return sum(float(p.communicate()[0]) for p in running) / processes


def _swept(kind: str, jobs: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        study = study_of(Path(folder), kind, FEWER, 1024)
        return seconds(lambda: sweep.sweep(study, Path(folder) / "out", jobs=jobs))


class Stopwatch:
    """Seconds spent in some functions of a module while one sweep runs in this process."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed."""

        def timed(*args: Any, **given: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*args, **given)
            finally:
                self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - began

        return timed


def parts_of(study: Study, folder: Path) -> dict[str, float]:
    """Where the time of one sweep goes, from inside it."""
    clock = Stopwatch()
    before = store.run_points, store.fill, sweep.freeze, sweep.finish
    store.run_points, store.fill = clock.around("run", before[0]), clock.around("store", before[1])
    sweep.freeze, sweep.finish = (clock.around("freeze", before[2]), clock.around("finish", before[3]))
    try:
        total = seconds(lambda: sweep.sweep(study, folder, jobs=1))
    finally:
        store.run_points, store.fill, sweep.freeze, sweep.finish = before
    return {**clock.spent, "total": total}


def storage(rounds: int) -> Table:
    """What storing costs, measured inside a sweep; then what the same command costs again."""
    table = Table(
        title=f"Storage beside computing, inside one sweep with jobs=1: median of {rounds} rounds",
        caption="Overhead: all that is not computing, over computing. Again: `cohesion sweep` of the finished study, "
        "of one that has all receipts but not its tables; seconds of the command, of which importing is part.",
    )
    columns = (
        "study",
        "points",
        "compute [s]",
        "store [s]",
        "freeze [s]",
        "tables, figures [s]",
        "overhead [%]",
        "stored alone [%]",
        "again, finished [s]",
        "again, receipts [s]",
    )
    for column in columns:
        table.add_column(column, justify="left" if column == "study" else "right")
    cases = (
        ("outlook, record, 512 runs", 64, "record", 512),
        ("outlook, record, 512 runs", 256, "record", 512),
        ("outlook, coefficient, 1024 runs", FEWER, "coefficient", 1024),
        ("six, yearly, 16 runs", 4096, "", 16),
    )
    for name, points, kind, runs in cases:
        found = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                found.append(_storage_round(Path(folder), points, kind, runs))

        def column(key: str, digits: int = 2, found: list[dict[str, float]] = found) -> str:
            return f"{median(f[key] for f in found):,.{digits}f}"

        rest = [100 * (f["total"] / f["run"] - 1) for f in found]
        stored = [100 * f["store"] / f["run"] for f in found]
        table.add_row(
            name,
            f"{points:,}",
            column("run"),
            column("store"),
            column("freeze"),
            column("finish"),
            spread(rest, 1),
            spread(stored, 1),
            column("finished"),
            column("receipts"),
        )
    return table


def _storage_round(folder: Path, points: int, kind: str, runs: int) -> dict[str, float]:
    file = folder / "study.toml"
    if kind:
        study = study_of(folder, kind, points, runs)
        file = study.file
    else:
        small_study(file, points, runs)
        study = load_study(file)
    out = folder / "out"
    found = parts_of(study, out)
    command = [sys.executable, "-m", "sim", "sweep", str(file), "--out", str(out), "--jobs", "1"]

    def again() -> None:
        subprocess.run(command, check=True, capture_output=True)

    found["finished"] = seconds(again)
    (out / PROVENANCE).unlink()
    found["receipts"] = seconds(again)
    return found
