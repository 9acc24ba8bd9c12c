"""How long the page of `cohesion app` takes to answer a move, here and in another checkout, in turn on one machine.

python -m benchmarks.page --against ../before
python -m benchmarks.page --against ../before --scenario nato/history-1949-2023 --rounds 5

A move is a lever put to another value: the first look's answer is timed, as a browser waits for it but for the network.
Every round starts both checkouts anew, with the scenario as it is looked at first; ratios are those of a round.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from sim.storage.workers import ONE_THREAD

HERE = Path(__file__).resolve().parents[1]
MOVES = {
    "csto/outlook-2023": {
        "a state's lever from the start": ["members.ARM.security_offer.west={x}@2023-10-01"],
        "the leader's lever from the start": ["leader.coercion={x}@2023-10-01"],
        "a state's lever from 2030 on": ["members.ARM.security_offer.west={x}@2030-01-01"],
        "three levers": [
            "members.ARM.security_offer.west={x}@2023-10-01",
            "leader.coercion={x}@2025-01-01",
            "members.KAZ.affinity={x}@2026-01-01",
        ],
    },
    "nato/history-1949-2023": {
        "a state's lever from the start": ["members.TUR.affinity={x}@1949-09-01"],
        "the leader's lever from the start": ["leader.coercion={x}@1949-09-01"],
        "a state's lever from 2010 on": ["members.TUR.affinity={x}@2010-01-01"],
        "three levers": [
            "members.TUR.affinity={x}@1949-09-01",
            "leader.coercion={x}@1980-01-01",
            "members.FRA.autonomy={x}@2000-01-01",
        ],
    },
}
ASK = """
import json, sys, time
from urllib.parse import urlencode
from sim.server.desk import Desk

scenario, moves = sys.argv[1], json.loads(sys.argv[2])
desk = Desk(scenario)
desk.view(urlencode({"scenario": scenario}))

def seconds(moves, x):
    query = urlencode([("scenario", scenario), ("look", "first"), *(("set", m.format(x=x)) for m in moves)])
    wall, own = time.perf_counter(), time.process_time()
    desk.answer(query)
    return [time.perf_counter() - wall, time.process_time() - own]

seconds([], 0)
print(json.dumps({name: [seconds(some, x) for x in (0.81, 0.32, 0.64)] for name, some in moves.items()}))
"""
"""Of each move three values: the seconds on the wall and of the processor."""


def asked(checkout: Path, scenario: str) -> dict[str, tuple[float, float]]:
    """Seconds on the wall and of the processor of every move in a checkout, the median over its values."""
    command = [sys.executable, "-c", ASK, scenario, json.dumps(MOVES[scenario])]
    done = subprocess.run(command, cwd=checkout, env={**os.environ, **ONE_THREAD}, capture_output=True, check=True)
    walls = json.loads(done.stdout)
    return {name: (median(w for w, _ in times), median(p for _, p in times)) for name, times in walls.items()}


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    """Print both side by side."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--against", type=Path, default=HERE, help="another checkout")
    parser.add_argument("--scenario", nargs="*", default=list(MOVES), choices=list(MOVES))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    table = Table(
        title=f"Seconds until a first look at a move: median (least to most) of {given.rounds} rounds",
        caption="before: the other checkout; ratio: how many times as fast it is here, by the processor's time.",
    )
    for column in ("scenario", "move", "before, wall", "here, wall", "before, processor", "here, processor", "ratio"):
        table.add_column(column, justify="left" if column in ("scenario", "move") else "right")
    for scenario in given.scenario:
        rounds = [[asked(checkout, scenario) for checkout in (given.against, HERE)] for _ in range(given.rounds)]
        for name in MOVES[scenario]:
            walls = [spread([r[k][name][0] for r in rounds]) for k in (0, 1)]
            own = [[r[k][name][1] for r in rounds] for k in (0, 1)]
            ratio = spread([b / h for b, h in zip(*own, strict=True)])
            table.add_row(scenario, name, *walls, *map(spread, own), ratio)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
