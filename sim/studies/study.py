"""From a study file to a checked Study: its scenarios, factors and points."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from sim.errors import InputError, Problem, listed, nearest
from sim.model.arrays import Array
from sim.scenario.load import Scenario, load, read_toml
from sim.scenario.locate import Keys
from sim.scenario.problems import from_validation
from sim.scenario.schema import covered, input_paths
from sim.scenario.shipped import find
from sim.studies import design
from sim.studies.compare import comparable
from sim.studies.schema import TAKEN, Factor, StudyTables
from sim.studies.target import Target, target

Where = Callable[[Keys], str]
MANY_POINTS = 100_000
"""Points from which a study has to be confirmed."""
FEW_VALUES = 64
"""Values that a path may take for which the scenario has to be loaded anew."""


@dataclass(frozen=True)
class Study:
    """A checked study. Points are scenarios x rows of the design, the scenario moving slowest."""

    name: str
    file: Path
    text: str
    tables: Any
    scenarios: list[Scenario]
    factors: dict[str, Factor]
    targets: list[dict[str, Target]]
    """By scenario, then by factor."""
    design: Array
    """(row, factor)."""

    @property
    def size(self) -> int:
        """The number of points."""
        return len(self.scenarios) * len(self.design)

    def __repr__(self) -> str:
        return (
            f"<Study {self.name}: {self.tables.title}; {self.size:,} points "
            f"({self.tables.design.kind} of {', '.join(self.factors)}), {self.tables.runs:,} runs each>"
        )


def load_study(path: str | Path, many: bool = False) -> Study:
    """Read and check a study file and its scenarios.

    Parameters
    ----------
    path : a TOML file; scenarios are looked for beside it and among those shipped.
    many : whether a study of very many points is meant.

    Raises
    ------
    InputError
        With every mistake of the study, its scenarios and its points.
    """
    file = Path(path)
    source = read_toml(file)

    def where(keys: Keys) -> str:
        return source.problem(keys, "").where

    try:
        tables = StudyTables.model_validate(source.tables)
    except ValidationError as error:
        raise InputError(from_validation(error, StudyTables, where)) from None
    problems: list[Problem] = []
    scenarios = _scenarios(tables, file, where, problems)
    factors, rows = _rows(tables, file, where, problems, many)
    targets = _targets(factors, scenarios, where, problems)
    problems += _ranges(factors, targets, rows, where)
    problems += _twice(factors, targets, scenarios, where)
    problems += _others(factors, targets, rows, tables, where)
    problems += _names(factors, tables, where)
    problems += _against_scenarios(tables, scenarios, where)
    if problems or rows is None:
        raise InputError(problems)
    return Study(file.stem, file, source.text, tables, scenarios, factors, targets, rows)


def _scenarios(
    tables: Any, file: Path, where: Where, problems: list[Problem]
) -> list[Scenario]:  # fmt: skip
    loaded = []
    for k, name in enumerate(tables.scenarios):
        beside = file.parent / name
        path = beside if beside.is_file() else Path(name)
        if not find(path).is_file():
            problems.append(
                Problem(
                    where(("scenarios",)),
                    f"scenarios[{k}]",
                    f"no such file: {name}",
                    "allowed: a file beside the study, or a shipped scenario",
                )
            )
            continue
        try:
            loaded.append(load(path, tables.set))
        except InputError as error:
            at = where(("set",))
            problems += [
                Problem(
                    at if p.where == "--set" else p.where, p.path, p.found, p.allowed, p.suggestion
                )
                for p in error.problems
            ]
    try:
        if loaded:
            comparable(loaded[0], loaded[1:])
    except InputError as error:
        problems += error.problems
    return loaded


def _rows(
    tables: Any, file: Path, where: Where, problems: list[Problem], many: bool
) -> tuple[dict[str, Factor], Array | None]:
    """The factors, columns of a file among them, and the design; None where it cannot be made."""
    factors: dict[str, Factor] = dict(tables.factors)
    if tables.design.kind == "file":
        try:
            header, rows = design.read_points(file.parent / tables.design.file, list(factors))
        except InputError as error:
            problems += error.problems
            return factors, None
        factors = {name: factors.get(name) or Factor(path=name) for name in header}
        return factors, rows
    if not factors:
        problems.append(
            Problem(where(("design",)), "factors", "missing", "required: what is varied")
        )
        return factors, None
    wrong = _incomplete(tables.design.kind, factors, where)
    number = design.size(tables.design, factors) if not wrong else 0
    problems += wrong
    if number and number * len(tables.scenarios) > MANY_POINTS and not many:
        problems.append(_too_many(tables, number * len(tables.scenarios), where))
    if wrong or (number or 0) > 100 * MANY_POINTS:
        return factors, None
    return factors, design.points(tables.design, factors)


def _incomplete(kind: str, factors: dict[str, Factor], where: Where) -> list[Problem]:
    problems = []
    for name, f in factors.items():
        if kind == "grid" and f.values is None and (f.low is None or f.levels is None):
            problems.append(Problem(where(("factors", name)), f"factors.{name}", "no levels",
                                    "required in a grid: values, or low, high and levels"))  # fmt: skip
        if kind != "grid" and (f.low is None or f.levels is not None):
            found = "levels" if f.low is not None else "no range"
            problems.append(Problem(where(("factors", name)), f"factors.{name}", found,
                                    f"required for {kind}: low and high"))  # fmt: skip
    return problems


def _too_many(tables: Any, number: int, where: Where) -> Problem:
    runs = number * tables.runs
    return Problem(
        where(("design",)), "design", f"{number:,} points x {tables.runs:,} runs = {runs:,} runs",
        f"{cost(runs)}; allowed up to {MANY_POINTS:,} points, or any number with --yes",
    )  # fmt: skip


def cost(runs: float) -> str:
    """In plain words what so many runs cost, at the rate of docs/scaling.md."""
    hours = runs / RUNS_PER_SECOND / 3600
    time = f"{hours:,.0f} hours" if hours >= 2 else f"{max(1, hours * 60):,.0f} minutes"
    return f"about {time} of one core for an alliance of nine over ten years"


RUNS_PER_SECOND = 10_000
"""Of one core, within a factor of two of what docs/scaling.md has for the outlook."""


def _targets(
    factors: dict[str, Factor], scenarios: Sequence[Scenario], where: Where, problems: list[Problem]
) -> list[dict[str, Target]]:
    found: list[dict[str, Target]] = []
    for scenario in scenarios:
        found.append({})
        for name, factor in factors.items():
            at = where(("factors", name, "paths" if factor.paths else "path"))
            found[-1][name], wrong = target(factor, scenario, at, f"factors.{name}")
            problems += wrong
    return found


def _ranges(
    factors: dict[str, Factor], targets: list[dict[str, Target]], rows: Array | None, where: Where
) -> list[Problem]:
    """Values outside what their path allows."""
    problems = []
    for k, (name, factor) in enumerate(factors.items()):
        for to in targets:
            low, high = to[name].low, to[name].high
            given = [x for x in (factor.low, factor.high, *(factor.values or ())) if x is not None]
            column = given if rows is None or given else list(rows[:, k])
            outside = sorted({x for x in column if not low <= x <= high})
            if outside:
                shown = ", ".join(f"{x:g}" for x in outside[:3]) + (
                    " ..." if len(outside) > 3 else ""
                )
                problems.append(
                    Problem(
                        where(("factors", name)),
                        f"factors.{name}",
                        shown,
                        f"allowed: {low:g} to {high:g}",
                    )
                )
    return problems


def _twice(
    factors: dict[str, Factor],
    targets: list[dict[str, Target]],
    scenarios: Sequence[Scenario],
    where: Where,
) -> list[Problem]:
    """Paths that two factors move."""
    problems = []
    for to, scenario in zip(targets, scenarios, strict=True):
        inputs = input_paths(scenario.members)
        mover: dict[str, str] = {}
        for name in factors:
            own = [q for p in to[name].inputs for q in (covered(p, inputs) or [p])]
            for path in dict.fromkeys([*own, *to[name].coefficients, *to[name].others]):
                if path in mover:
                    problems.append(Problem(where(("factors", name)), f"factors.{name}",
                                            f"moves {path}, as does {mover[path]}", "allowed: one factor a path"))  # fmt: skip
                    break
                mover[path] = name
    return problems


def _others(
    factors: dict[str, Factor],
    targets: list[dict[str, Target]],
    rows: Array | None,
    tables: Any,
    where: Where,
) -> list[Problem]:
    """Paths for which a scenario has to be loaded anew: few values, and each of them valid."""
    names = [n for n in factors if any(to[n].others for to in targets)]
    if not names or rows is None:
        return []
    columns = [list(factors).index(n) for n in names]
    values = np.unique(rows[:, columns], axis=0)
    if len(values) > FEW_VALUES:
        found = f"{len(values)} different values of {', '.join(names)}"
        return [Problem(where(("factors", names[0])), f"factors.{names[0]}", found,
                        f"allowed: {FEW_VALUES} for weights and alliance, in a grid or a file")]  # fmt: skip
    return []


def _names(factors: dict[str, Factor], tables: Any, where: Where) -> list[Problem]:
    """Factors named as something else in the results is."""
    return [
        Problem(
            where(("factors", n)),
            f"factors.{n}",
            "a name that results use",
            "allowed: another name",
        )
        for n in factors
        if n in TAKEN or n in tables.outcomes
    ]


def _against_scenarios(tables: Any, scenarios: Sequence[Scenario], where: Where) -> list[Problem]:
    """Horizons and members that the scenarios do not have."""
    problems = []
    for scenario in scenarios[:1]:
        time = scenario.tables.time
        years = (time.end - time.start).days / 365.25
        for horizon in tables.horizons or ():
            if horizon > years + 0.01:
                problems.append(Problem(where(("horizons",)), "horizons", f"{horizon:g} years",
                                        f"allowed: up to the end, {years:.4g} years after the start"))  # fmt: skip
        known = scenario.members
        problems += [
            Problem(where(("focus",)), "focus", f"unknown member {m}", f"allowed: {listed(known)}", nearest(m, known))
            for m in tables.focus
            if m not in known
        ]  # fmt: skip
    if list(tables.horizons or ()) != sorted(set(tables.horizons or ())):
        problems.append(
            Problem(
                where(("horizons",)), "horizons", f"{tables.horizons}", "allowed: rising numbers"
            )
        )
    if tables.precision and tables.precision.most_runs < tables.runs:
        problems.append(Problem(where(("precision",)), "precision.most_runs", f"{tables.precision.most_runs}",
                                f"allowed: at least runs, {tables.runs}"))  # fmt: skip
    if tables.precision and tables.precision.outcome not in tables.outcomes:
        problems.append(Problem(where(("precision",)), "precision.outcome", tables.precision.outcome,
                                f"allowed: one of the study's outcomes, {', '.join(tables.outcomes)}"))  # fmt: skip
    return problems
