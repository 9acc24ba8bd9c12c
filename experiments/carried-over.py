"""Which coefficients carry over badly: forecasts of left-out alliances with some of them set back to their priors.

PYTHONPATH=. python experiments/carried-over.py results/leave-one-out [NAME ...]

Each alliance is forecast from its beginning by the fit to the others, as it is, by the priors alone, and with the
coefficients of a phase, or those that are named, drawn from their priors while all others stay as fitted. Printed:
the mean log score of exits of each alliance and the sum; smaller is better. A name "ALL" gives every coefficient of the
membership phase by itself.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.evaluation.history import EXIT, History, history_of
from sim.evaluation.history_scores import asked, by_question, draws_of, futures, origins_of
from sim.evaluation.leave_one_out import FITS, with_draws
from sim.evaluation.scores import log_score
from sim.evaluation.study import load_backtest
from sim.inference.space import space_of
from sim.model.variables import COEFFICIENTS
from sim.results.calibration import POSTERIOR
from sim.scenario.load import load

SEED = 1
PHASES = tuple(dict.fromkeys(c.phase for c in COEFFICIENTS))


def set_back(h: History, priors: History, some: Sequence[str]) -> History:
    """The history with some coefficients as before any fit."""
    own, before = h.whole.program, priors.whole.program
    program = own._replace(coefficients={**own.coefficients, **{n: before.coefficients[n] for n in some}})
    return h._replace(whole=replace(h.whole, program=program, space=space_of(program, False)))


def exits(h: History) -> float:
    """Mean log score of exits from the beginning."""
    drawn, z = draws_of(h, SEED)
    origin = origins_of(drawn)[0]
    future = futures(origin, z, SEED)
    p = future.events[EXIT]
    runs = p.shape[-1]
    chance = (p.sum(axis=-1) + 0.5) / (runs + 1.0)
    seen = by_question(drawn.seen, origin)[EXIT]
    return float(np.mean(log_score(chance, np.asarray(seen, float))[asked(origin)[EXIT]]))


def main(folder: Path, named: Sequence[str]) -> None:
    """Print the table."""
    study = load_backtest("leave-one-out")
    groups: dict[str, list[str]] = {"fitted": [], "priors": [c.name for c in COEFFICIENTS]}
    if named == ["ALL"]:
        named = [c.name for c in COEFFICIENTS if c.phase == "membership"]
    groups |= {n: [n] for n in named} if named else {p: [c.name for c in COEFFICIENTS if c.phase == p] for p in PHASES}
    pairs = []
    for fold in study.folds:
        fit = history_of(with_draws(fold.scenario, (folder / FITS / fold.fit / POSTERIOR).resolve()), None)
        pairs.append((fit, history_of(load(fold.scenario.file, {"posterior": "none"}), None)))
    print("set back", *(fit.name for fit, _ in pairs), "sum", sep=" | ")
    for words, some in groups.items():
        found = [exits(set_back(fit, priors, some)) for fit, priors in pairs]
        print(words, *(f"{x:.3f}" for x in found), f"{sum(found):.2f}", sep=" | ", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
