"""What a factor moves in a scenario, and how a value of it becomes a change of the program."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np

from sim.errors import Problem, listed, nearest
from sim.model.arrays import Array
from sim.model.dates import to_years
from sim.model.grammar import sentence
from sim.scenario.compile import Program, input_band
from sim.scenario.load import Scenario
from sim.scenario.paths import WAYS
from sim.scenario.start import READ
from sim.scenario.tables import BEHAVIOUR, DISPUTES, Adjustment, ScenarioTables, dispute_path
from sim.scenario.titles import subject
from sim.scenario.values import ALWAYS, COMMAND_LINE, Context, Distribution
from sim.studies.tables import Factor


class Target(NamedTuple):
    """A factor in one scenario: dotted paths of inputs, of coefficients, and of anything else."""

    inputs: tuple[str, ...]
    coefficients: tuple[str, ...]
    others: tuple[str, ...]
    """Paths for which the scenario has to be loaded anew."""
    low: float
    high: float


def matches(path: str, pattern: str) -> bool:
    """Whether a path is meant, ``*`` standing for one part of it."""
    parts, wanted = path.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def target(factor: Factor, scenario: Scenario, where: str, at: str) -> tuple[Target, list[Problem]]:
    """What a factor moves in a scenario, and what is wrong with that."""
    tables = scenario.tables
    known = [*tables.adjustable, *(path for path in tables.values if path.startswith(BEHAVIOUR))]
    inputs, coefficients, others = list[str](), list[str](), list[str]()
    problems: list[Problem] = []
    low, high = float("-inf"), float("inf")

    def fault(found: str, allowed: str, near: str = "") -> None:
        problems.append(Problem(where, at, found, allowed, near))

    for path in factor.targets:
        if path.startswith(DISPUTES):
            path = dispute_path(path.removeprefix(DISPUTES).split("-"))
        found = [p for p in known if matches(p, path)] if "*" in path else [path] if path in known else []
        if path.partition(".")[0] in ("weights", "alliance") and "." in path:
            others.append(path)
        elif not found:
            in_time = path.startswith("time.")
            found_none = f"{path} {'cannot be varied' if in_time else 'matches nothing'} in {scenario.name}"
            allowed = "allowed: inputs, groups of channels, disputes, behaviour, weights, alliance"
            fault(found_none, allowed, "" if in_time else nearest(path, known))
        for p in found:
            if p.startswith(BEHAVIOUR):
                coefficients.append(p.removeprefix(BEHAVIOUR))
                bounds = tables.values[p].bounds
            else:
                inputs.append(p)
                bounds = WAYS[factor.way].low, WAYS[factor.way].high
            low, high = max(low, bounds[0]), min(high, bounds[1])
    if not (inputs or coefficients or others):
        low, high = WAYS[factor.way].low, WAYS[factor.way].high
    dated = isinstance(factor.from_, date)
    if (coefficients or others) and (factor.way != "value" or dated):
        way = "from" if dated else factor.way
        allowed = "allowed: `as` and `from` for inputs and disputes; a number for the rest, which holds for all time"
        fault(f"{way} on {[*coefficients, *others][0]}", allowed)
    if factor.in_words and (coefficients or others or factor.way != "value"):
        other = next(iter((*coefficients, *others)), "")
        what = f"words on {other}" if other else f"a {factor.way} in words"
        fault(what, "allowed: words for inputs and disputes in the place of their values; numbers for the rest")
    if isinstance(factor.from_, date) and factor.from_ >= tables.time.end:
        fault(f"from {factor.from_}", f"allowed: before the end of {scenario.name}, {tables.time.end}")
    if WAYS[factor.way].needs_band:
        for p in (p for path in inputs for p in tables.adjustable[path]):
            if tables.values[p].coded.distribution is not None:
                fault(f"{factor.way} of {p}, which is a distribution", "allowed: a value")
    return Target(tuple(inputs), tuple(coefficients), tuple(others), low, high), problems


def since(factor: Factor, to: Iterable[Target], scenario: Scenario) -> Factor:
    """The factor with the date from which its inputs change where it names none: the end of the record."""
    start = scenario.tables.time.forecast_from
    inputs = any(t.inputs for t in to)
    return factor.model_copy(update={"from_": start}) if start and inputs and factor.from_ is None else factor


def changes_past(factor: Factor, to: Target, program: Program) -> bool:
    """Whether a factor moves what the record depends on, up to where the program starts from what that says."""
    until = program.edges[program.start.tick]
    since = factor.from_ if isinstance(factor.from_, date) else date.min
    return not {*READ}.isdisjoint(to.coefficients) or (bool(to.inputs) and since < until)


def adjustments(factor: Factor, to: Target, value: float) -> list[Adjustment]:
    """The changes of inputs that a value of the factor means."""
    context = Context(adjustable={p: (p,) for p in to.inputs})
    start = None if factor.from_ == ALWAYS else factor.from_
    said = {factor.way: factor.entry(value), "from": start, "sources": [COMMAND_LINE]}
    return [Adjustment.model_validate({"path": p, **said}, context=context) for p in to.inputs]


def overrides(factor: Factor, to: Target, value: float) -> dict[str, Any]:
    """The same as overrides of the scenario, as ``--set`` takes them."""
    plain = factor.way == "value" and not factor.from_
    change: Any = factor.entry(value)
    if not plain:
        change = {factor.way: change, **({"from": factor.from_} if factor.from_ else {})}
    found = dict.fromkeys(to.inputs, change)
    found |= {f"{BEHAVIOUR}{c}": value for c in to.coefficients}
    return found | {p: whole(value) for p in to.others}


def in_words(factor: Factor, scenario: Scenario) -> str:
    """What a factor without a label of its own is called: ``Dependence of Kazakhstan, multiplied by``."""
    rival = scenario.tables.alliance.rival_name

    def said(path: str) -> str:
        if path.startswith("members.*."):
            return subject(path, {"members.*": "all members"}, rival)
        known = path in scenario.tables.adjustable or path in scenario.tables.values
        return scenario.subject(path) if known else path

    way = "" if factor.way == "value" else f", {WAYS[factor.way].words}"
    return sentence(listed([said(path) for path in factor.targets])) + way


def whole(value: float) -> float | int:
    """A whole number where it is one: what counts, such as a quorum, is whole."""
    return int(value) if value == int(value) else value


UNCHANGED = {"scale": 1.0, "shift": 0.0}
"""What leaves what is coded as it is, by the way of a factor."""


def as_coded(factor: Factor, to: Target, scenario: Scenario) -> float:
    """The value of a factor that is what the scenario codes: the middle of bands, medians of draws, over its paths.

    Of a group of channels it is their mean by the model's weights: that value in all of them has the same effect.
    Not a number where it moves something that has none.
    """
    tables = scenario.tables
    if factor.way in UNCHANGED:
        return UNCHANGED[factor.way]
    day = factor.from_ if isinstance(factor.from_, date) else tables.time.forecast_from or tables.time.start
    edges = np.array([to_years(day), to_years(day + timedelta(days=1))])
    middles = [_mean(tables, tables.adjustable[path], edges) for path in to.inputs]
    middles += [_median(tables, name) for name in to.coefficients]
    return float(np.mean(middles)) if middles and not to.others else float("nan")


def _mean(tables: ScenarioTables, paths: Sequence[str], edges: Array) -> float:
    """Of the channels of a group by their weights, alike where they have none; or of one value."""
    group = paths[0].split(".")[-2]
    weights = [tables.weights.get(group, {}).get(p.rpartition(".")[2], 1.0) for p in paths]
    return float(np.average([_middle(tables, p, edges) for p in paths], weights=weights if any(weights) else None))


def _middle(tables: ScenarioTables, path: str, edges: Array) -> float:
    """Of an input on a day: the middle of its band, the median of its distribution."""
    band = input_band(tables, path, edges)
    low, high = float(band.low[0]), float(band.high[0])
    d = band.distribution
    return float(d.quantile(np.array([0.5]), low, high)[0]) if d and high > low else (low + high) / 2


def _median(tables: ScenarioTables, name: str) -> float:
    """Of a coefficient's draws, or of its prior."""
    if tables.posterior and tables.from_posterior(name):
        return float(np.median(tables.posterior.columns[name].values))
    form = tables.behaviour[name].form
    bounds = tables.values[f"{BEHAVIOUR}{name}"].bounds
    return float(form.quantile(np.array([0.5]), *bounds)[0]) if isinstance(form, Distribution) else float(form)
