"""From a claim file to a checked Claim: its tests and the scenarios they run."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem, listed, nearest, plural
from sim.estimates.shapley import Parts
from sim.evidence.tables import ClaimTables, ClaimTest
from sim.results.comparison import comparable
from sim.scenario.kinds import CLAIM, expect
from sim.scenario.load import Scenario, load
from sim.scenario.messages import validated
from sim.scenario.overrides import SET
from sim.scenario.reading import Keys, Source, read_toml, shipped

Where = Callable[[Keys], str]
Time = dt.date | float
"""A date, or years after the start."""


@dataclass(frozen=True)
class Claim:
    """A checked claim."""

    name: str
    file: Path
    text: str
    tables: Any
    scenarios: dict[str, Scenario]
    """By label."""
    closed: list[dict[Parts, Scenario]]
    """Of every test the scenarios with each set of its parts; empty but for kind ``share``."""

    def __repr__(self) -> str:
        return f"<Claim {self.name}: {self.tables.title}; {plural(len(self.tables.tests), 'test')}>"


def folder() -> Path:
    """The folder of the paper's claims."""
    return shipped("experiments/claims")


def files() -> list[Path]:
    """The paper's claims."""
    return sorted(folder().glob("*.toml"))


def find_claim(name: str | Path) -> Path:
    """The file that a name means: a path, or one of the paper's claims such as C03 or c3.

    Raises
    ------
    InputError
        Where there is no such claim.
    """
    given = Path(name)
    if given.suffix == ".toml" or given.is_file():
        return given
    known = {f.stem: f for f in files()}
    digits = str(name)[1:]
    wanted = f"C{int(digits):02d}" if str(name)[:1] in "Cc" and digits.isdecimal() else str(name)
    if wanted in known:
        return known[wanted]
    allowed = f"allowed: a file, or one of {listed(list(known), 20)}"
    raise InputError([Problem(str(name), "", "no such claim", allowed, nearest(wanted, known))])


def load_claims(names: Sequence[str | Path] = ()) -> list[Claim]:
    """Read and check claims: those named, or all of the paper's.

    Raises
    ------
    InputError
        With every mistake of all of them.
    """
    problems: list[Problem] = []
    claims = []
    for name in names or files():
        try:
            claims.append(load_claim(find_claim(name)))
        except InputError as error:
            problems += error.problems
    twice = sorted({c.name for c in claims if [d.name for d in claims].count(c.name) > 1})
    problems += [Problem(name, "", "named twice", "allowed: each claim once") for name in twice]
    if not names and not claims and not problems:
        problems.append(Problem(str(folder()), "", "no claims there"))
    if problems:
        raise InputError(problems)
    return claims


def load_claim(path: str | Path) -> Claim:
    """Read and check one claim file. Raises InputError with every mistake in it."""
    source = read_toml(path)
    expect(source, CLAIM)
    where = source.where
    tables = validated(source, ClaimTables)
    problems: list[Problem] = []
    scenarios: dict[str, Scenario] = {}
    for label, variant in tables.scenarios.items():
        at = ("scenarios", label)
        loaded = _load(variant.file, variant.set, source, (*at, "file"), (*at, "set"), problems)
        if loaded:
            scenarios[label] = loaded
    closed: list[dict[Parts, Scenario]] = []
    for k, test in enumerate(tables.tests):
        problems += _labels(test, k, list(tables.scenarios), where)
        if all(label in scenarios for label in test.scenarios.values()):
            problems += _against(test, k, scenarios, where)
            closed.append(_subsets(test, k, tables, source, problems))
    if problems:
        raise InputError(problems)
    return Claim(source.file.stem, source.file, source.text, tables, scenarios, closed)


def _load(
    name: str, overrides: dict[str, Any], source: Source, at: Keys, at_set: Keys, problems: list[Problem]
) -> Scenario | None:
    try:
        return load(source.named(name, at), overrides)
    except InputError as error:
        problems += [
            replace(p, where=source.where((*at_set, p.path.partition("=")[0]))) if p.where == SET else p
            for p in error.problems
        ]
        return None


def _labels(test: ClaimTest, k: int, labels: list[str], where: Where) -> list[Problem]:
    """Labels of scenarios that the claim does not have."""
    unknown = {key: label for key, label in test.scenarios.items() if label not in labels}
    allowed = f"allowed: {listed(labels)}"
    return [
        Problem(where(("tests", k, key)), f"tests[{k}].{key}", f"unknown scenario {x}", allowed, nearest(x, labels))
        for key, x in unknown.items()
    ]


def _against(test: ClaimTest, k: int, scenarios: dict[str, Scenario], where: Where) -> list[Problem]:
    """What a test asks of its scenarios and they do not have."""
    scenario = scenarios[test.scenario]
    problems = []

    def add(key: str, found: str, allowed: str, suggestion: str = "") -> None:
        at = where(("tests", k, key))
        problems.append(Problem(at, f"tests[{k}].{key}", found, allowed, suggestion))

    for name in test.measured:
        _, dot, state = name.partition(".")
        if dot and state not in scenario.members:
            key = "of" if test.of else "lowest_first"
            near = nearest(state, scenario.members)
            add(key, f"unknown state in {name}", f"allowed: {listed(scenario.members)}", near)
    start, end = scenario.tables.time.start, scenario.tables.time.end
    years = (end - start).days / 365.25
    times = [("at", test.at), ("since", test.since), *(("period", t) for t in test.period or ())]
    for key, t in times:
        inside = t is None or (start <= t <= end if isinstance(t, dt.date) else t <= years + 0.01)
        if not inside:
            add(key, f"{t}", f"allowed: {start} to {end}, or up to {years:.4g} years")
    for key, first, last in (("since", test.since, test.at), ("period", *(test.period or (None, None)))):
        if first is not None and elapsed(first, start) >= elapsed(last, start):
            add(key, f"{first} is not before {last}", "allowed: an earlier time")
    if test.base is not None:
        try:
            comparable(scenarios[test.base], [scenario])
        except InputError as error:
            for p in error.problems:
                add("base", f"{p.path}: {p.found}", p.allowed)
    return problems


def elapsed(t: Time, start: dt.date) -> float:
    """Years after the start."""
    return (t - start).days / 365.25 if isinstance(t, dt.date) else float(t)


def _subsets(test: ClaimTest, k: int, tables: Any, source: Source, problems: list[Problem]) -> dict[Parts, Scenario]:
    """The scenarios with each set of a test's parts; mistakes are reported part by part."""
    parts = test.parts or {}
    variant = tables.scenarios[test.scenario]
    found: dict[Parts, Scenario] = {}
    for size in range(len(parts) + 1) if parts else ():
        before = len(problems)
        for chosen in combinations(parts, size):
            overrides = dict(variant.set)
            for part in chosen:
                overrides |= parts[part]
            at: Keys = ("tests", k, "parts", *chosen[:1])
            loaded = _load(variant.file, overrides, source, at, at, problems)
            if loaded:
                found[frozenset(chosen)] = loaded
        if size and len(problems) > before:
            break  # a mistake of one part would be reported again with every set that has it
    return found
