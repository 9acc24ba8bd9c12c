"""What can be wrong with a study beyond the form of its file, found before the first run."""

from collections.abc import Callable, Sequence

import numpy as np

from sim.errors import Problem, listed, nearest, plural
from sim.model.arrays import Array
from sim.model.dates import STEPS, whole_steps
from sim.scenario.load import Scenario
from sim.scenario.reading import Keys, dotted
from sim.studies.tables import MOST_IN_A_DESIGN, TAKEN, Factor, StudyTables
from sim.studies.target import Target

MANY_POINTS = 100_000
"""Points from which a study has to be confirmed."""
FEW_VALUES = 64
"""Values of a path for which the scenario has to be loaded anew."""
RUNS_PER_SECOND = 8_000
"""Of one core, for the outlook: 5,300 to 11,000 by what is varied and runs a point (docs/scaling.md)."""

Factors = dict[str, Factor]
Targets = Sequence[dict[str, Target]]


class Faults:
    """Mistakes found so far; ``where`` knows the line of a key."""

    def __init__(self, where: Callable[[Keys], str]) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def add(self, keys: Keys, found: str, allowed: str = "", near: str = "") -> None:
        """Note one."""
        self.problems.append(Problem(self.where(keys), dotted(keys), found, allowed, near))


def incomplete(kind: str, factors: Factors, faults: Faults) -> bool:
    """Factors that lack what the design needs."""
    before = len(faults.problems)
    for name, f in factors.items():
        if kind == "grid" and f.values is None and (f.low is None or f.levels is None):
            faults.add(("factors", name), "no levels", "required in a grid: values, or low, high and levels")
        if kind != "grid" and (f.low is None or f.levels is not None):
            found = "levels" if f.low is not None else "no range"
            faults.add(("factors", name), found, f"required for {kind}: low and high")
    return len(faults.problems) > before


def too_many(points: int, runs: int, faults: Faults) -> None:
    """A study that nobody may have meant."""
    allowed = f"allowed up to {MANY_POINTS:,} points, or up to {MOST_IN_A_DESIGN:,} with `many`"
    if points > 1e30:
        faults.add(("design",), "more points than can be counted", allowed)
        return
    hours = points * runs / RUNS_PER_SECOND / 3600
    time = f"{hours:,.0f} hours" if hours >= 2 else f"{max(1, hours * 60):,.0f} minutes"
    cost = f"about {time} of one core for an alliance of nine over ten years"
    found = f"{plural(points, 'point')} x {plural(runs, 'run')} = {plural(points * runs, 'run')}"
    faults.add(("design",), found, f"{cost}; {allowed}")


def names(factors: Factors, tables: StudyTables, faults: Faults) -> None:
    """Factors named as something else in the results is."""
    for name in factors:
        if name in TAKEN or name in tables.outcomes:
            faults.add(("factors", name), "a name that results use", "allowed: another name")


def ranges(factors: Factors, targets: Targets, rows: Array | None, faults: Faults) -> None:
    """Values outside what their path allows."""
    for k, (name, factor) in enumerate(factors.items()):
        given = [x for x in (factor.low, factor.high, *(factor.places or ())) if x is not None]
        column = given if given or rows is None else [float(x) for x in np.unique(rows[:, k])]
        for to in targets:
            low, high = to[name].low, to[name].high
            if outside := sorted({x for x in column if not low <= x <= high}):
                found = ", ".join(f"{x:g}" for x in outside[:3]) + (" ..." if len(outside) > 3 else "")
                faults.add(("factors", name), found, f"allowed: {low:g} to {high:g}")


def twice(factors: Factors, targets: Targets, scenarios: Sequence[Scenario], faults: Faults) -> None:
    """Paths that two factors move."""
    for to, scenario in zip(targets, scenarios, strict=True):
        mover: dict[str, str] = {}
        for name in factors:
            own = [q for p in to[name].inputs for q in scenario.tables.adjustable[p]]
            for path in (*own, *to[name].coefficients, *to[name].others):
                if mover.setdefault(path, name) != name:
                    found = f"moves {path}, as does {mover[path]}"
                    faults.add(("factors", name), found, "allowed: one factor a path")
                    break


def few_values(factors: Factors, targets: Targets, rows: Array | None, faults: Faults) -> None:
    """Paths for which a scenario has to be loaded anew take few values."""
    anew = [n for n in factors if any(to[n].others for to in targets)]
    if not anew or rows is None:
        return
    columns = [list(factors).index(n) for n in anew]
    number = len(np.unique(rows[:, columns], axis=0))
    if number > FEW_VALUES:
        allowed = f"allowed: {FEW_VALUES} for weights and alliance, in a grid or a file"
        faults.add(("factors", anew[0]), f"{plural(number, 'different value')} of {', '.join(anew)}", allowed)


def against_scenario(tables: StudyTables, scenario: Scenario, faults: Faults) -> None:
    """Horizons, members and precision targets that cannot be."""
    time, known = scenario.tables.time, scenario.members
    years = (time.end - time.start).days / 365.25
    horizons = list(tables.horizons or ())
    for horizon in horizons:
        if horizon > years + 0.01:
            faults.add(
                ("horizons",),
                f"{plural(horizon, 'year')}",
                f"allowed: up to the end, {years:.4g} years after the start",
            )
        elif near := whole_steps(horizon, time.step):
            found = f"{plural(horizon, 'year')} are no whole number of {time.step}s"
            faults.add(("horizons",), found, "allowed: whole steps", f"{near:g}")
    months = STEPS[time.step]
    if len({max(1, round(h * 12 / months)) for h in horizons}) < len(set(horizons)):
        faults.add(("horizons",), f"{horizons}", f"allowed: at least a {time.step} apart")
    if horizons != sorted(set(horizons)):
        faults.add(("horizons",), f"{horizons}", "allowed: rising numbers")
    for member in tables.focus:
        if member not in known:
            faults.add(("focus",), f"unknown member {member}", f"allowed: {listed(known)}", nearest(member, known))
    target = tables.precision
    if target and target.most_runs < tables.runs:
        faults.add(("precision", "most_runs"), f"{target.most_runs}", f"allowed: at least {tables.runs}")
    if target and target.outcome not in tables.outcomes:
        faults.add(("precision", "outcome"), target.outcome, f"allowed: {listed(tables.outcomes)}")
