"""Peak memory of a sweep as its points grow, each size in a process of its own."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.table import Table

from benchmarks.study_files import small_study

SIZES = (100, 1_000, 10_000, 100_000)
RUNS = 16

MEASURE = """
import json, sys, time
from pathlib import Path

def peak(process):
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024

def children():
    tasks = Path("/proc/self/task")
    return [c for t in tasks.iterdir() for c in (t / "children").read_text().split()]

import sim.studies.sweep as s
from sim.studies.study import load_study
began = time.perf_counter()
at = {}

def report(p):
    at["run"] = peak("self")
    at["workers"] = [peak(c) for c in children()]

study = load_study(sys.argv[1], many=True)
at["loaded"] = peak("self")
s.sweep(study, sys.argv[2], jobs=2, progress=report)
print(json.dumps({"seconds": time.perf_counter() - began, "loaded": at["loaded"], "run": at["run"],
                  "main": peak("self"), "worker": max(at["workers"], default=0)}))
"""
# Not ru_maxrss: it survives exec. Workers are asked when the last batch is done; they live on.


def memory(_: int) -> Table:
    """Of the main process (after loading, after running, at the end) and of the largest worker."""
    table = Table(
        title=f"Peak memory [MB] of `sweep` with two workers: six.toml in 5 yearly ticks, {RUNS} runs a point",
        caption="The main process: study loaded, all batches done, tables and figures written (VmHWM, Linux).",
    )
    for column in ("points", "loaded", "batches done", "finished", "largest worker", "seconds", "disk [MB]", "files"):
        table.add_column(column, justify="right")
    for points in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            file, out = Path(folder) / "study.toml", Path(folder) / "out"
            small_study(file, points, RUNS)
            command = [sys.executable, "-c", MEASURE, str(file), str(out)]
            output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            found = json.loads(output.splitlines()[-1])
            files = [p.stat().st_size for p in out.rglob("*") if p.is_file()]
        shown = (f"{found[k] / 2**20:,.0f}" for k in ("loaded", "run", "main", "worker"))
        table.add_row(f"{points:,}", *shown, f"{found['seconds']:.0f}", f"{sum(files) / 2**20:,.1f}", f"{len(files):,}")
    return table
