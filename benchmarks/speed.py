"""How fast: the ensemble beside plain Mesa and beside its own random draws; on request memory, or another checkout.

python -m benchmarks.speed
python -m benchmarks.speed --memory
python -m benchmarks.speed --against ../before

Every round measures everything once, one after the other on one core, and gives ratios of that
round alone: a noisy machine slows all of a round, so these say more than ratios of averages.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import plain_mesa
from sim.engines.ensemble import run_block, tick_draws
from sim.model.noise import BLOCK, Noise
from sim.model.variables import COEFFICIENTS
from sim.results.run import simulate
from sim.scenario.compile import Program, compile
from sim.scenario.load import load
from sim.storage.effort import Effort
from sim.storage.workers import ONE_THREAD
from tests.helpers import SIX
from tests.scenarios import of_size

SIZES = {6: (4, 40), 30: (1, 8)}
"""States, the leader among them: (blocks of the ensemble, runs of plain Mesa) in a round."""
OUTLOOK = "scenarios/csto/outlook-2023.toml"
GROWING = 0, 10_000, 100_000, 1_000_000
"""Numbers of runs whose memory is measured."""
Task = Callable[[], None]

MEASURE = """
import json, sys, time
import sim
began = time.perf_counter()
runs = int(sys.argv[1])
if runs:
    sim.run(sim.load(sys.argv[2]), runs=runs, seed=1)
seconds = time.perf_counter() - began
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
print(json.dumps({"seconds": seconds, "peak": peak}))
"""
# Not ru_maxrss on Linux: it survives exec, so a child starts with its parent's peak.

COMMAND = """
import json, sys, tempfile, time
from sim.cli import app, run
marks = []

def timed(*given, shown=run.print_result):
    shown(*given)
    marks.append(time.process_time())

run.print_result = timed
with tempfile.TemporaryDirectory() as out:
    sys.argv = ["cohesion", "run", "csto/outlook-2023", "--jobs", "1", "--out", out + "/out"]
    try:
        app.main()
    except SystemExit:
        pass
print(json.dumps({"table": marks[0], "command": time.process_time()}))
"""
RUNS = """
import json, sys, time
import sim
from sim.scenario.tables import ScenarioTables
held = {"inputs": "held", "title": "Held"} if sys.argv[2] == "held" and "inputs" in ScenarioTables.model_fields else {}
sim.run("csto/outlook-2023", runs=64, set=held)
began = time.process_time()
sim.run("csto/outlook-2023", runs=int(sys.argv[1]), set=held, jobs=1)
print(json.dumps({"runs": time.process_time() - began}))
"""


def member_ticks(program: Program, runs: int) -> int:
    """Members, the leader excluded, x forecast ticks x runs."""
    return len(program.members) * program.forecast_ticks * runs


def ensemble(program: Program, blocks: int) -> None:
    """Ticks alone: every record is made and thrown away."""
    for block in range(blocks):
        for _ in run_block(program, 1, block):
            pass


def measured(program: Program, blocks: int) -> None:
    """As `cohesion run` on one thread: ticks, and every outcome summarised."""
    simulate(program, Effort(blocks * BLOCK))


def draws(program: Program, blocks: int) -> None:
    """The random draws of the same ticks and nothing else."""
    for block in range(blocks):
        noise = Noise(1, block)
        for t in range(program.ticks):
            tick_draws(noise, t, program, slice(None))


def mesa(lives: list[plain_mesa.Life]) -> None:
    """Plain Mesa, inputs at hand."""
    for seed, life in enumerate(lives):
        plain_mesa.run(life, seed)


def seconds(task: Task) -> float:
    """How long it takes."""
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def tasks_of(program: Program, blocks: int, runs: int) -> dict[str, tuple[Task, int]]:
    """What is measured at one size: (task, member-ticks)."""
    many = member_ticks(program, blocks * BLOCK)
    lives = plain_mesa.lives(program, 1, runs)
    return {
        "ensemble": (lambda: ensemble(program, blocks), many),
        "draws": (lambda: draws(program, blocks), many),
        "measured": (lambda: measured(program, blocks), many),
        "mesa": (lambda: mesa(lives), member_ticks(program, runs)),
    }


def rounds(tasks: dict[str, tuple[Task, int]], number: int) -> list[dict[str, float]]:
    """Million member-ticks a second of every task in every round, the first round thrown away."""
    found = [{name: ticks / seconds(task) / 1e6 for name, (task, ticks) in tasks.items()} for _ in range(number + 1)]
    return found[1:]


def spread(values: list[float], digits: int = 2) -> str:
    """Median and range."""
    shown = (f"{x:,.{digits}f}" for x in (median(values), min(values), max(values)))
    return "{} ({} to {})".format(*shown)


def lines(found: list[dict[str, float]]) -> dict[str, str]:
    """What the table shows of one size."""

    def speed(name: str, digits: int = 2) -> str:
        return spread([f[name] for f in found], digits)

    def ratio(above: str, below: str) -> str:
        return spread([f[above] / f[below] for f in found])

    return {
        "ensemble, ticks alone [M/s]": speed("ensemble"),
        "ensemble, all outcomes measured [M/s]": speed("measured"),
        "random draws alone [M/s]": speed("draws"),
        "plain Mesa [M/s]": speed("mesa", 4),
        "ensemble / plain Mesa, times as fast": ratio("ensemble", "mesa"),
        "measured ensemble / plain Mesa, times as fast": ratio("measured", "mesa"),
        "ensemble / draws, times the cost": ratio("draws", "ensemble"),
        "measured ensemble / draws, times the cost": ratio("draws", "measured"),
    }


def program_of(states: int, folder: Path) -> Program:
    """six.toml, or as many states made from its own."""
    return compile(load(SIX if states == 6 else of_size(folder, states - 1)))


def speed_table(number: int) -> Table:
    """All sizes side by side."""
    with tempfile.TemporaryDirectory() as folder:
        programs = {states: program_of(states, Path(folder)) for states in SIZES}
    shown = {states: lines(rounds(tasks_of(program, *SIZES[states]), number)) for states, program in programs.items()}
    table = Table(
        title=f"Million member-ticks a second: median (least to most) of {number} rounds",
        caption="Member-ticks: members, the leader excluded, x forecast ticks x runs. One core. "
        "Plain Mesa's inputs are read beforehand, the ensemble's are part of its time.",
    )
    table.add_column("")
    for states in shown:
        table.add_column(f"{states} states", justify="right")
    for name in next(iter(shown.values())):
        table.add_row(name, *(of_size[name] for of_size in shown.values()))
    return table


MEMBERS, OFTEN = (10, 20, 40), {"as in six.toml": 1.0, "ten times as many": 10.0}
"""Sizes of an alliance, and how often its members meet crises."""


def sizes_table(number: int) -> Table:
    """Cost of a member-tick by members and crises, everything timed in turn in every round."""
    programs: dict[tuple[str, int], Program] = {}
    a_year = {}
    with tempfile.TemporaryDirectory() as folder:
        for often, times in OFTEN.items():
            for members in MEMBERS:
                crises = [c for c in COEFFICIENTS if c.name.startswith("crisis_")]
                more = {f"behaviour.{c.name}": times * c.centre for c in crises}
                program = compile(load(of_size(Path(folder), members), more))
                programs[often, members] = program
                a_year[often, members] = _crises(program)
    tasks: dict[str, tuple[Task, int]] = {
        f"{often}{members}": (lambda p=p: ensemble(p, 1), member_ticks(p, BLOCK))  # type: ignore[misc]
        for (often, members), p in programs.items()
    }
    found = rounds(tasks, number)
    table = Table(
        title=f"Cost of a member-tick by size and crises: median (least to most) of {number} rounds",
        caption="Ticks alone, one core. Ratio to ten members as often in crisis, in the same round.",
    )
    for column in (
        "crises",
        "members",
        "crises a year in the alliance",
        "ns a member-tick",
        f"ratio to {MEMBERS[0]} members",
    ):
        table.add_column(column, justify="left" if column == "crises" else "right")
    for often, members in programs:
        speed = [f[f"{often}{members}"] for f in found]
        base = [f[f"{often}{MEMBERS[0]}"] for f in found]
        table.add_row(
            often,
            f"{members}",
            f"{a_year[often, members]:.1f}",
            spread([1e3 / x for x in speed], 0),
            spread([b / x for x, b in zip(speed, base, strict=True)]),
        )
    return table


def _crises(program: Program) -> float:
    """Crises a year in the whole alliance, a mean over a block."""
    asked = [r.crises.asked.sum(axis=0).mean() for r in run_block(program, 1, 0)]
    return float(np.sum(asked) / (program.forecast_ticks * program.alliance.dt))


def memory_table(sizes: tuple[int, ...]) -> Table:
    """Peak memory and wall time of `sim.run`, each number of runs in a process of its own."""
    table = Table(title=f"sim.run of {OUTLOOK}", caption="0 runs: `import sim` alone.")
    for column in ("runs", "peak memory [MB]", "seconds", "runs a second"):
        table.add_column(column, justify="right")
    for runs in sizes:
        command = [sys.executable, "-c", MEASURE, str(runs), OUTLOOK]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = json.loads(output)
        rate = f"{runs / found['seconds']:,.0f}" if runs else ""
        table.add_row(f"{runs:,}", f"{found['peak'] / 2**20:,.0f}", f"{found['seconds']:.2f}", rate)
    return table


def child(checkout: Path, code: str, *arguments: str) -> dict[str, float]:
    """What a program says in its last line that uses the package of a checkout."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=checkout, env={**os.environ, **ONE_THREAD}, capture_output=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def against_table(other: Path, runs: int, number: int) -> Table:
    """The default command and many runs, here and in another checkout in turn."""
    checkouts = other.resolve(), Path(__file__).resolve().parents[1]
    found: dict[str, list[list[float]]] = {}
    for _ in range(number):
        for k, checkout in enumerate(checkouts):
            times = child(checkout, COMMAND)
            measured = {
                "`cohesion run csto/outlook-2023`: table on the screen": times["table"],
                "`cohesion run csto/outlook-2023`: whole command": times["command"],
                f"{runs:,} runs, inputs held": child(checkout, RUNS, str(runs), "held")["runs"],
                f"{runs:,} runs": child(checkout, RUNS, str(runs), "as they are")["runs"],
            }
            for what, seconds in measured.items():
                found.setdefault(what, [[], []])[k].append(seconds)
    table = Table(
        title=f"Seconds of processor time, one job: median (least to most) of {number} rounds",
        caption="Ratios are of a round alone. A checkout without inputs to come holds them.",
    )
    for column in ("", "there", "here", "there / here"):
        table.add_column(column, justify="right" if column else "left")
    for what, (there, here) in found.items():
        ratios = [x / y for x, y in zip(there, here, strict=True)]
        table.add_row(what, spread(there, 1), spread(here, 1), spread(ratios))
    return table


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of measurement")
    parser.add_argument("--sizes", action="store_true", help="cost by members and crises instead")
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    parser.add_argument("--against", type=Path, help="another checkout, beside which the command and runs are timed")
    parser.add_argument("--runs", type=int, nargs="+", help="with --memory or --against: numbers of runs")
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    if given.against:
        console.print(against_table(given.against, (given.runs or [100_000])[0], given.rounds))
    elif given.sizes:
        console.print(sizes_table(given.rounds))
    else:
        console.print(memory_table(tuple(given.runs or GROWING)) if given.memory else speed_table(given.rounds))


if __name__ == "__main__":
    main()
