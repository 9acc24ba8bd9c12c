"""Simulation-based calibration: ranks of known coefficients among posterior draws, over many histories.

``python experiments/calibration-ranks.py ranks.csv --histories 100`` appends a row a history (its seed, then
the rank of every coordinate), goes on where it was interrupted, and says whether the ranks are uniform.
``--alliance set`` takes three alliances like the invented one, fitted together, each with its own effect on rates;
``--alliance csto`` takes the alliance, its coded uncertainty and its observed motions, by year, in place of the five
invented members of the tests: about ten times the work.
"""

import argparse
import datetime as dt
from pathlib import Path

import numpy as np

from sim.inference.likelihood import Target, target_of
from sim.inference.observations import Motion, read
from sim.inference.pool import Pool
from sim.inference.recovery import alarms, recover, uniformity
from sim.inference.space import IDLE
from sim.scenario.load import load
from sim.scenario.reading import shipped

SIX = Path(__file__).resolve().parent.parent / "tests" / "data" / "six.toml"
BY_YEAR = {"time.step": "year", "time.horizons": [1]}


def pool(alliance: str, particles: int) -> Pool:
    """What histories are simulated from and inferred with: everything uncertain that can be."""
    if alliance == "set":
        return Pool({name: target("six", particles, alone=False) for name in ("first", "second", "third")})
    return Pool({alliance: target(alliance, particles)})


def target(alliance: str, particles: int, alone: bool = True) -> Target:
    """Of one alliance."""
    if alliance == "csto":
        priors = {"time.start": "1992-10-01", "posterior": "none"}
        scenario = load("csto/history-1992-2023", BY_YEAR | priors)
        motions = read(shipped("scenarios") / "csto" / "observations.csv", scenario.members)
        return target_of(scenario, motions, particles)
    scenario = load(SIX, BY_YEAR)
    rows = tuple(range(len(scenario.members)))
    codes = np.ones(len(rows), dtype=np.int8)
    motions = [Motion(f"m{year}-{k}", dt.date(year, 6, 1), rows, codes) for year in range(2020, 2030) for k in range(2)]
    return target_of(scenario, motions, particles, dt.date(2030, 1, 1), alone=alone)


def main() -> None:
    """Simulate, infer, rank; then test what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--histories", type=int, default=100)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--draws", type=int, default=127)
    parser.add_argument("--particles", type=int, default=16)
    parser.add_argument("--sweeps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--alliance", choices=("six", "set", "csto"), default="six")
    given = parser.parse_args()
    of = pool(given.alliance, given.particles)
    done = set()
    if given.file.exists():
        done = {int(line.split(",")[0]) for line in given.file.read_text().splitlines()}
    for seed in range(given.first, given.first + given.histories):
        if seed in done:
            continue
        found = recover(of, given.draws, given.sweeps, given.rounds, seed)
        with given.file.open("a") as out:
            out.write(",".join(map(str, [seed, *found.ranks])) + "\n")
    report(np.loadtxt(given.file, delimiter=",", dtype=int, ndmin=2)[:, 1:], given.draws, of)


def report(ranks: np.ndarray, draws: int, of: Pool) -> None:
    """Shares of the ranks in eighths, pooled, and the coordinates whose ranks are not uniform."""
    names = [n for n in of.space.names if n != "leader_exit_rate"]
    idle = [names.index(n) for n in IDLE]
    behavioural, own = ranks[:, : len(names)], ranks[:, len(names) :]
    for what, x in (
        ("coefficients", np.delete(behavioural, idle, axis=1)),
        ("idle", behavioural[:, idle]),
        ("effects and coded places", own),
    ):
        if x.size:
            share = np.bincount((x * 8 // (draws + 1)).ravel(), minlength=8) / x.size
            print(f"{what}: eighths", " ".join(f"{8 * s:.3f}" for s in share), "(1 is uniform)")
    p = uniformity(behavioural, draws)
    found = [names[k] for k in alarms(p)]
    print(
        f"{len(ranks)} histories, {len(names)} coefficients: smallest p {p.min():.4f};",
        f"not uniform at a false-alarm rate of 5 % over all: {', '.join(found) or 'none'}",
    )


if __name__ == "__main__":
    main()
