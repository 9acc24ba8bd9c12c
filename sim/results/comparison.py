"""Differences between scenarios under common random numbers.

Run k of every scenario has the same random numbers, so a difference is taken run by run and most of the
noise drops out (Glasserman & Yao 1992, 10.1287/mnsc.38.6.884).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.engines.ensemble import Piece
from sim.errors import InputError, Problem, as_path
from sim.estimates.moments import Moments, mcse, merge, moments, sums
from sim.estimates.side_by_side import side_by_side
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES, Z95, names
from sim.results.result import Results
from sim.results.run import Given, checked, each_piece, scenarios
from sim.results.tables import csv, read_csv
from sim.scenario.compile import Program, compile
from sim.scenario.load import Scenario, restored
from sim.storage.effort import Effort
from sim.storage.files import as_json, provenance_of, write
from sim.storage.workspace import Workspace, holds

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCENARIOS = "scenarios.json"


class Pair(NamedTuple):
    """Of one quantity at each horizon: moments in the base, in the other, and of the difference."""

    base: Moments
    other: Moments
    difference: Moments


@dataclass(repr=False)
class Comparison(Results):
    """Differences of scenarios from the first, under common random numbers.

    Attributes
    ----------
    table : scenario, outcome, member, horizon_years, base, value, difference, mcse, low, high, saved_runs (pandas).
    """

    base: Scenario
    others: list[Scenario]
    runs: int
    seed: int
    table: "pd.DataFrame"

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """differences."""
        return {"differences": self.table}

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        return f"Comparison with {self.base.name}: {len(self.others)} scenarios, {self.runs:,} runs, seed {self.seed}"

    @property
    def brief(self) -> "pd.DataFrame":
        """What few tables show, at the last horizon."""
        last = self.table.horizon_years == self.table.horizon_years.max()
        return self.table[last & self.table.outcome.isin(names(headline=True))]

    def figures(self) -> "dict[str, Figure]":
        """The figure, by its name."""
        from sim.figures.comparison import differences

        titles = {s.name: s.tables.title for s in self.others}
        footer = f"Base: {self.base.name}  |  {self.runs:,} runs each with common random numbers  |  seed {self.seed}"
        return {"differences": differences(self.table, titles, self.base.tables.title, footer)}

    @classmethod
    def open(cls, folder: str | Path) -> "Comparison":
        """The comparison that was written to a folder, its numbers rounded to nine digits as there."""
        home = as_path(folder, "folder")
        holds(home, "comparison")
        base, *others = (restored(content, home) for content in json.loads((home / SCENARIOS).read_text("utf-8")))
        there = provenance_of(home) or {}
        table = read_csv(home / "differences.csv", ["scenario", "outcome", "member"])
        return cls(base, others, there["runs"], there["seed"], table)

    def save(self, folder: str | Path, force: bool = False) -> None:
        """Write differences.csv, its figure and provenance, as :func:`sim.save`. Raises InputError where it cannot."""
        save(self, folder, force)


def comparable(base: Scenario, others: Sequence[Scenario]) -> None:
    """Raises InputError where scenarios differ in what pairing needs: states, dates, horizons."""
    found, allowed = f"not those of {base.name}", "allowed: the same, so that runs can be paired"
    problems = []
    for other in others:
        alike = {"members": base.members == other.members, "time": base.tables.time == other.tables.time}
        problems += [Problem(str(other.file), what, found, allowed) for what, same in alike.items() if not same]
    if problems:
        raise InputError(problems)


def _block(programs: Sequence[Program], seed: int, piece: Piece) -> list[dict[str, Pair]]:
    """Each other scenario's pairs over one block."""
    ticks = [programs[0].horizon_tick(y) for y in programs[0].horizons]
    at: list[list[Mapping[str, Array]]] = [[] for _ in programs]
    for side in side_by_side(programs, seed, piece, ticks):
        at[side.program].append(side.values)
    base, *others = at
    return [{name: _pair(name, base, other) for name in OUTCOMES} for other in others]


def _pair(name: str, base: list[Mapping[str, Array]], other: list[Mapping[str, Array]]) -> Pair:
    a, b = ([at[name] for at in side] for side in (base, other))
    differences = [y - x for x, y in zip(a, b, strict=True)]
    return Pair(*(moments([sums(x) for x in arrays]) for arrays in (a, b, differences)))


def _merged(a: list[dict[str, Pair]], b: list[dict[str, Pair]]) -> list[dict[str, Pair]]:
    return [
        {k: Pair(*(merge(x, y) for x, y in zip(one[k], two[k], strict=True))) for k in one}
        for one, two in zip(a, b, strict=True)
    ]


def compare(
    base: Given,
    *others: Given,
    runs: int = 10_000,
    seed: int = 1,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
    scheduler: str | None = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    force: bool = False,
) -> Comparison:
    """Differences of scenarios from a base under common random numbers, with paired standard errors.

    Parameters
    ----------
    base, *others : Scenario, str or Path
        Scenarios, their files or names, with the same states, dates and horizons.
    runs, seed, jobs, progress, scheduler, set, out, force
        As for :func:`sim.run`; ``set`` changes all of them.

    Returns
    -------
    Comparison
        ``saved_runs`` in its table says how many independent runs of each scenario would give the
        same standard error, for one paired run.

    Raises
    ------
    InputError
        For scenarios that cannot be paired, or as :func:`sim.run`.

    Examples
    --------
    >>> import sim
    >>> c = sim.compare("csto/outlook-2023", "csto/counterfactuals/no-war-2022", runs=64)
    >>> bool((c.table.low <= c.table.difference).all())
    True
    """
    by = checked(runs, seed, "ensemble", jobs, scheduler)
    if not others:
        raise InputError([Problem("others", "", "none", "required: at least one scenario to compare with the base")])
    first, *rest = scenarios([base, *others], set)
    comparable(first, rest)
    if out is None:
        return _compare(first, rest, by, progress)
    work = workspace(first, rest, by, out)
    with work.held(force):
        comparison = _compare(first, rest, by, work.counting(by.runs, "runs", progress))
        write_results(comparison, work)
    return comparison


def _compare(base: Scenario, others: list[Scenario], by: Effort, progress: Callable[[int], None] | None) -> Comparison:
    programs = [compile(s) for s in (base, *others)]

    def one(piece: Piece) -> list[dict[str, Pair]]:
        return _block(programs, by.seed, piece)

    pairs = reduce(_merged, each_piece(one, by, progress))
    return Comparison(base, others, by.runs, by.seed, _table(programs[0], others, pairs))


def _table(program: Program, others: Sequence[Scenario], pairs: list[dict[str, Pair]]) -> "pd.DataFrame":
    import pandas as pd

    frames = []
    for scenario, by_name in zip(others, pairs, strict=True):
        for name, pair in by_name.items():
            members = program.members if OUTCOMES[name].by_member else ("",)
            keys = [[scenario.name], [name], program.horizons, members]
            rows = pd.MultiIndex.from_product(keys, names=["scenario", "outcome", "horizon_years", "member"])
            frames.append(pd.DataFrame({k: x.ravel() for k, x in _columns(pair).items()}, index=rows).reset_index())
    table = pd.concat(frames, ignore_index=True)
    return table[["scenario", "outcome", "member", "horizon_years", *_columns(pairs[0][name])]]


def _columns(pair: Pair) -> dict[str, Array]:
    """(horizon, [member])"""
    d, error = pair.difference.mean, mcse(pair.difference)
    interval = {"low": d - Z95 * error, "high": d + Z95 * error}
    means = {"base": pair.base.mean, "value": pair.other.mean, "difference": d}
    return {**means, "mcse": error, **interval, "saved_runs": independent_runs(pair)}


def independent_runs(pair: Pair) -> Array:
    """How many independent pairs of runs one paired run is worth; infinite where nothing differs."""
    apart = pair.base.squares + pair.other.squares
    together = pair.difference.squares
    return np.where(together > 0, apart / np.where(together > 0, together, 1.0), np.inf)


def identity(base: Scenario, others: Sequence[Scenario], runs: int, seed: int) -> dict[str, Any]:
    """What makes a comparison the comparison it is."""
    return {"comparison": [[s.name, s.fingerprint] for s in (base, *others)], "runs": runs, "seed": seed}


def workspace(base: Scenario, others: Sequence[Scenario], by: Effort, folder: str | Path) -> Workspace:
    """The folder of a comparison."""
    own = ("differences.csv", "differences.png", SCENARIOS)
    return Workspace(
        as_path(folder, "out"), "comparison", base.tables.title, identity(base, others, by.runs, by.seed), own
    )


def save(c: Comparison, folder: str | Path, force: bool = False) -> None:
    """Write differences.csv, its figure and provenance, as :func:`sim.save`. Raises InputError where it cannot."""
    work = workspace(c.base, c.others, Effort(c.runs, c.seed), folder)
    with work.held(force):
        write_results(c, work)


def write_results(c: Comparison, work: Workspace) -> None:
    """Write all to a folder that is held."""
    from sim.figures.sheet import save_all

    with work.results(**identity(c.base, c.others, c.runs, c.seed)) as new:
        write(new / "differences.csv", csv(c.table))
        write(new / SCENARIOS, as_json([s.resolved for s in (c.base, *c.others)]))
        save_all(c.figures(), new)
