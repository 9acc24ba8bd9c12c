"""From a study file to a checked Study: its scenarios, factors and points."""

from dataclasses import dataclass, replace
from pathlib import Path

from sim.errors import InputError, arguments, plural
from sim.inference.continuation import continued
from sim.model.arrays import Array
from sim.results.comparison import comparable
from sim.scenario.kinds import STUDY, expect
from sim.scenario.load import Scenario, load
from sim.scenario.messages import validated
from sim.scenario.overrides import SET
from sim.scenario.reading import Source, read_toml
from sim.scenario.values import WORDS
from sim.studies import checks, design
from sim.studies.checks import Faults
from sim.studies.tables import MOST_IN_A_DESIGN, Factor, StudyTables
from sim.studies.target import Target, since, target


@dataclass(frozen=True)
class Study:
    """A checked study. Points are scenarios x rows of the design, the scenario moving slowest."""

    name: str
    file: Path
    text: str
    tables: StudyTables
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
            f"<Study {self.name}: {self.tables.title}; {plural(self.size, 'point')} "
            f"({self.tables.design.kind} of {', '.join(self.factors)}), {plural(self.tables.runs, 'run')} each>"
        )


@arguments
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
    source = read_toml(path)
    expect(source, STUDY)
    tables = validated(source, StudyTables)
    faults = Faults(source.where)
    scenarios = _scenarios(tables, source, faults)
    factors, rows = _rows(tables, source, faults, many)
    targets = [_targets(factors, s, faults) for s in scenarios]
    checks.names(factors, tables, faults)
    checks.ranges(factors, targets, rows, faults)
    checks.twice(factors, targets, scenarios, faults)
    checks.few_values(factors, targets, rows, faults)
    if scenarios:
        checks.against_scenario(tables, scenarios[0], faults)
    if faults.problems or rows is None:
        raise InputError(faults.problems)
    factors = {name: since(f, (to[name] for to in targets), scenarios[0]) for name, f in factors.items()}
    return Study(source.file.stem, source.file, source.text, tables, scenarios, factors, targets, rows)


def _scenarios(tables: StudyTables, source: Source, faults: Faults) -> list[Scenario]:
    """The scenarios that can be loaded."""
    loaded = []
    for i, name in enumerate(tables.scenarios):
        try:
            loaded.append(load(source.named(name, ("scenarios", i)), tables.set))
        except InputError as error:
            at = faults.where(("set",))
            faults.problems += [replace(p, where=at) if p.where == SET else p for p in error.problems]
    stems = [s.name for s in loaded]
    for name in sorted({s for s in stems if stems.count(s) > 1}):
        allowed = "allowed: files of different names, by which results are told apart"
        faults.add(("scenarios",), f"two scenarios named {name}", allowed)
    try:
        if loaded:
            comparable(loaded[0], loaded[1:])
    except InputError as error:
        faults.problems += error.problems
    return continued(loaded)


def _rows(tables: StudyTables, source: Source, faults: Faults, many: bool) -> tuple[dict[str, Factor], Array | None]:
    """The factors, columns of a file among them, and the design; None where it cannot be made."""
    factors: dict[str, Factor] = dict(tables.factors)
    if tables.design.kind == "file":
        try:
            file = source.named(str(tables.design.file), ("design", "file"))
            header, rows, in_words = design.read_points(file, list(factors))
        except InputError as error:
            faults.problems += error.problems
            return factors, None
        found = {name: factors.get(name) or Factor(path=name) for name in header}
        words = {"values": list(WORDS)}
        return {n: f.model_copy(update=words) if n in in_words else f for n, f in found.items()}, rows
    if not factors:
        faults.add(("factors",), "missing", "required: what is varied")
        return factors, None
    if checks.incomplete(tables.design.kind, factors, faults):
        return factors, None
    number = len(tables.scenarios) * design.size(tables.design, factors)
    if number > (MOST_IN_A_DESIGN if many else checks.MANY_POINTS):
        checks.too_many(number, tables.runs, faults)
        return factors, None
    return factors, design.points(tables.design, factors)


def _targets(factors: dict[str, Factor], scenario: Scenario, faults: Faults) -> dict[str, Target]:
    """What each factor moves in a scenario."""
    found = {}
    for name, factor in factors.items():
        at = faults.where(("factors", name, "paths" if factor.paths else "path"))
        found[name], problems = target(factor, scenario, at, f"factors.{name}")
        faults.problems += problems
    return found
