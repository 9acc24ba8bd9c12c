"""What a study of mechanisms costs and finds beside another checkout of the repository, in turn on one core.

python -m benchmarks.mechanisms --against ../before
python -m benchmarks.mechanisms --against ../before --draws 512 --mechanism affinity peers
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sim.storage.workers import ONE_THREAD

HERE = Path(__file__).resolve().parents[1]
SHIPPED = HERE / "experiments" / "mechanisms-csto.toml"
MECHANISMS = "dependence", "affinity", "peers", "leverage", "contagion"


def study(folder: Path, names: list[str], **settings: int) -> Path:
    """The shipped study with some of its mechanisms, beside a copy of its calibration, where looks are logged."""
    shipped = tomllib.loads(SHIPPED.read_text())
    kept = {n: shipped["mechanisms"][n] for n in names or shipped["mechanisms"]}
    lines = [f"{k} = {json.dumps(shipped[k])}" for k in ("title", "calibration", "seeds")]
    lines += [f"held_out_after = {shipped['held_out_after']}", *(f"{k} = {v}" for k, v in settings.items())]
    lines += ["[mechanisms]"]
    lines += [
        f"{n} = {{ says = {json.dumps(m['says'])}, without = {json.dumps(m['without'])} }}" for n, m in kept.items()
    ]
    (folder / shipped["calibration"]).write_text((SHIPPED.parent / shipped["calibration"]).read_text())
    file = folder / "study.toml"
    file.write_text("\n".join(lines))
    return file


def measured(checkout: Path, file: Path) -> tuple[float, list[dict[str, str | float]]]:
    """Seconds of processor time of the whole command in a checkout, and its rows."""
    command = [sys.executable, "-m", "sim", "mechanisms", str(file), "--jobs", "1", "--json"]
    command += ["--out", str(file.parent / f"out-{checkout.name}")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=checkout, env={**os.environ, **ONE_THREAD}, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, json.loads(done.stdout)["mechanisms"]


def main() -> None:
    """Print both side by side, and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mechanisms", description=__doc__)
    parser.add_argument("--against", type=Path, required=True, help="another checkout")
    parser.add_argument("--mechanism", nargs="*", default=list(MECHANISMS), help="names; without any, all")
    parser.add_argument("--draws", type=int, default=128)
    parser.add_argument("--sweeps", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2, help="here alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for checkout in (given.against.resolve(), HERE):
            home = Path(folder) / str(len(found))
            home.mkdir()
            own = {"rounds": given.rounds} if checkout == HERE else {}
            file = study(home, given.mechanism, draws=given.draws, sweeps=given.sweeps, **own)
            found.append(measured(checkout, file))
    (then, old), (now, new) = found
    table = Table(
        title="Log-evidence of the whole record, with minus without, ± one standard error",
        caption=f"Processor time {then:.0f} s against, {now:.0f} s here: {then / now:.1f} times as fast.",
    )
    for column in ("mechanism", "against", "here", "effective", "steps"):
        table.add_column(column, justify="left" if column == "mechanism" else "right")
    for x, y in zip(old, new, strict=True):
        values = [f"{r['evidence']:+.2f} ± {r['evidence_se']:.2f}" for r in (x, y)]
        table.add_row(str(x["mechanism"]), *values, f"{y['effective']:.0f}", f"{y['steps']}")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
