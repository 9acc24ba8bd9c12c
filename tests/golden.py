"""Raw numbers of everything the tool computes, exactly: what a move of code must not change.

    python -m tests.golden keep FILE       # before moving a line
    python -m tests.golden compare FILE    # after: names every array that differs, exit code 1

Numbers differ in their last bits between processors and versions of numpy, so both are run on one machine and
FILE is not kept in the repository. Takes half a minute. Only the functions that read results know today's layouts.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import sim
from sim.model.outcomes import MONTE_CARLO, OUTCOMES, variable
from tests.helpers import SIX
from tests.scenarios import written

LATER = ("starters_cohesion",)
"""Outcomes that files kept before them lack."""
Named = Iterator[tuple[str, Any]]

RUNS = (
    ("csto/outlook-2023", 300, "ensemble"),
    ("csto/history-1992-2023", 300, "ensemble"),
    ("warsaw-pact/history-1955-1991", 200, "ensemble"),
    ("nato/history-1949-2023", 40, "ensemble"),
    ("csto/outlook-2023", 2, "agents"),
    ("csto/history-1992-2023", 2, "agents"),
    (str(SIX), 5, "agents"),
)
STUDY = """
title = "Golden"
scenarios = ["{six}", "csto/outlook-2023"]
runs = 48
interval_runs = 32
seed = 5
horizons = [1, 3]
outcomes = ["exit", "freeze", "any_exit", "two_exits", "dissolution", "cohesion", "stance", "hubness"]
[design]
kind = "lhs"
points = 9
[factors.coercion]
path = "leader.coercion"
low = 0.1
high = 0.9
[factors.slope]
path = "behaviour.exit_stance"
low = 1.0
high = 3.0
[factors.war]
path = "leader.war"
as = "scale"
from = 2025-01-01
low = 0.0
high = 1.5
"""
CALIBRATION = """
title = "Golden"
scenario = "csto/history-1992-2023"
observations = "csto/observations.csv"
draws = 24
particles = 4
sweeps = 1
rounds = 1
seed = 7
"""
BACKTEST = """
title = "Golden"
calibration = "fit.toml"
replicates = 4
base_rate = 0.002
[[schemes]]
name = "one split"
fit_until = [2012-12-31]
years = 11
"""
MECHANISMS = """
title = "Golden"
calibration = "fit.toml"
held_out_after = 2012-12-31
seeds = [1, 2]
[mechanisms.likeness]
says = "likeness pulls"
without = ["affinity"]
"""


def of_table(frame: Any, words: tuple[str, ...]) -> Named:
    """The numbers of a table by column, its rows in the order of their words."""
    ordered = frame.sort_values(list(words), kind="stable")
    for column in ordered.columns:
        if column not in words and ordered[column].dtype.kind in "fi":
            yield column, ordered[column].to_numpy(float)


def of_run(scenario: str, runs: int, engine: str) -> Named:
    """Every quantity of a run, (date, [member,] statistic)."""
    yield from of_dataset(sim.run(sim.load(scenario), runs=runs, seed=3, engine=engine).dataset)


def of_dataset(ds: Any) -> Named:
    """Every outcome, its statistics last: mean, error, quantiles, shares of variance where there are any; interval."""
    for name in sorted(name for name in map(str, ds.data_vars) if name in OUTCOMES):
        parts = [ds[name].values[..., None], ds[f"{name}_mcse"].values[..., None], ds[f"{name}_quantile"].values]
        shares = [f"{name}_parameter_share", f"{name}_share_mcse"]
        yield name, np.concatenate(parts + [ds[s].values[..., None] for s in shares if s in ds], axis=-1)
        yield f"{name}.interval", np.stack([ds[variable(name, s)].values for s in MONTE_CARLO[1:]], axis=-1)


def of_comparison() -> Named:
    """Levels, differences and errors of two counterfactuals."""
    names = ("outlook-2023", "counterfactuals/no-war-2022", "counterfactuals/equal-governance")
    base, *others = (sim.load(f"csto/{n}") for n in names)
    table = sim.compare(base, *others, runs=300, seed=3).table
    yield from of_table(table[~table.outcome.isin(LATER)], ("scenario", "outcome", "member", "horizon_years"))


def of_sweep(folder: Path) -> Named:
    """The dataset of a small study of one scenario, by point."""
    text = STUDY.format(six=SIX).replace(', "csto/outlook-2023"', "")
    file = written(folder / "golden.toml", text)
    found = sim.sweep(sim.load_study(file), folder / "sweep", jobs=1)
    yield from of_dataset(found.dataset)
    yield "runs", found.dataset["runs"].values


def of_calibration(folder: Path) -> Named:
    """Draws, likelihoods and diagnostics of the last stage."""
    from sim.results.calibration import stages

    found = sim.calibrate(written(folder / "fit.toml", CALIBRATION), folder / "fit", jobs=1)
    last = stages(found.folder)[-1]
    yield "z", last.z
    yield "log_likelihood", last.log_likelihood
    yield "rows", np.array(last.rows, dtype=float)


def of_claims() -> Named:
    """What every test of three claims measures, by draw."""
    for j in sim.claims(["C03", "C07", "C13"], runs=64, seed=3).judged:
        for k, finding in enumerate(j.findings):
            for r, row in enumerate(finding.rows):
                yield f"{j.claim.name}.{k}.{r}", row.draws
                yield f"{j.claim.name}.{k}.{r}.estimate", np.array([row.estimate, row.mcse])


def of_csv(file: Path) -> Named:
    """The numbers of a table by column, in its order."""
    import pandas as pd

    frame = pd.read_csv(file)
    for column in frame.columns:
        if frame[column].dtype.kind in "fi":
            yield f"{file.stem}.{column}", frame[column].to_numpy(float)


def of_backtest(folder: Path) -> Named:
    """Scores, skill, every probability and the cohesion that was forecast."""
    from sim.evaluation.backtest import backtest

    written(folder / "fit.toml", CALIBRATION)
    found = backtest(written(folder / "back.toml", BACKTEST), folder / "back", jobs=1)
    for name in ("scores", "origins", "skill", "cases", "cohesion"):
        yield from of_csv(found.folder / f"{name}.csv")


def of_mechanisms(folder: Path) -> Named:
    """The evidence of every sampling."""
    from sim.evaluation.mechanisms import mechanisms

    written(folder / "fit.toml", CALIBRATION)
    found = mechanisms(written(folder / "mech.toml", MECHANISMS), folder / "mech", jobs=1)
    for name in ("mechanisms", "evidence"):
        yield from of_csv(found.folder / f"{name}.csv")


def everything() -> dict[str, np.ndarray]:
    """All arrays by name."""
    found: dict[str, np.ndarray] = {}

    def take(prefix: str, named: Named) -> None:
        found.update({f"{prefix}/{name}": np.asarray(x) for name, x in named})

    for scenario, runs, engine in RUNS:
        take(f"run/{Path(scenario).stem}/{engine}", of_run(scenario, runs, engine))
    take("compare", of_comparison())
    take("claims", of_claims())
    with tempfile.TemporaryDirectory() as scratch:
        for name, of in (
            ("sweep", of_sweep),
            ("calibrate", of_calibration),
            ("backtest", of_backtest),
            ("mechanisms", of_mechanisms),
        ):
            take(name, of(Path(scratch) / name))
    return found


def differing(then: dict[str, np.ndarray], now: dict[str, np.ndarray]) -> list[str]:
    """Names of arrays that are not the same now, to the last bit; what is new is no difference."""
    return [
        name for name, x in sorted(then.items()) if name not in now or not np.array_equal(x, now[name], equal_nan=True)
    ]


def main() -> None:
    """Keep or compare."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("keep", "compare"):
        raise SystemExit(__doc__)
    if sys.argv[1] == "keep":
        np.savez_compressed(sys.argv[2], **everything())  # type: ignore[arg-type]
        return
    with np.load(sys.argv[2]) as kept:
        then = dict(kept)
    now = everything()
    wrong = differing(then, now)
    new = sorted({*now} - {*then})
    print(f"{len(then)} arrays, {len(wrong)} differ", *wrong, f"{len(new)} new:", *new, sep="\n  ")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
