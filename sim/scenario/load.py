"""From a file to a checked Scenario, and back from what a results folder keeps of it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from sim.errors import InputError, Problem, arguments, as_path, in_order, listed, nearest, plural
from sim.model.grammar import sentence
from sim.scenario.checks import Horizon, horizon_of, relations, time_alone
from sim.scenario.inheritance import Merged, Registry, chain_of, disputes_twice, read_posteriors, registry_of, sound
from sim.scenario.messages import from_validation, places_of
from sim.scenario.overrides import SET, as_typed, mistaken, override, plain, remainders
from sim.scenario.posterior import POSTERIORS, Posterior, packed, unpacked
from sim.scenario.reading import DEEPEST, Keys, Tables, deeper_than, find
from sim.scenario.tables import Adjustment, ScenarioTables, adjustable, pairs_in, with_nearest_kinds
from sim.scenario.titles import alone, in_words, label, subject
from sim.scenario.values import BY_SCALE, COMMAND_LINE, Context


@dataclass(frozen=True)
class Scenario:
    """A checked scenario: what it says in ``tables``, and where that came from."""

    name: str
    file: Path
    text: str
    tables: ScenarioTables
    registry: Registry
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> list[str]:
        """The states, leader excluded, in the order of the file."""
        return list(self.tables.members)

    def state(self, said: str, where: str, path: str, problems: list[Problem]) -> str:
        """The code of the state that is called so, by code or name in any case; a problem more where there is none."""
        called = {x: code for code, m in self.tables.members.items() for x in (m.name, code) if x}
        if found := {x.casefold(): code for x, code in called.items()}.get(said.casefold()):
            return found
        problems.append(Problem(where, path, said, f"allowed: {listed(self.members, 64)}", nearest(said, called)))
        return ""

    def in_words(self, path: str, value: object) -> str:
        """A change of this scenario as a title says it."""
        return in_words(path, value, self._owners, self.tables.alliance.rival_name)

    def subject(self, path: str) -> str:
        """A coded value of this scenario as a sentence names it."""
        return subject(path, self._owners, self.tables.alliance.rival_name)

    def alone(self, path: str) -> str:
        """A coded value of a state where it is said elsewhere whose it is."""
        return alone(path, self.tables.alliance.rival_name)

    def label(self, path: str) -> str:
        """What sentences and figures of results call a coded value, an own effect or a coefficient."""
        return label(path, self._owners, self.tables.alliance.rival_name)

    def unit(self, path: str) -> str:
        """The unit of a coefficient, or the scale of coded values; own effects are spread around 0 and have none."""
        if path not in self.tables.values:
            return ""
        unit = getattr(self.tables.values[path].declared, "unit", BY_SCALE)
        return "" if unit == "1" else str(unit)

    @property
    def _owners(self) -> dict[str, str]:
        alliance = self.tables.alliance
        owners = {f"members.{code}": state.name for code, state in self.tables.members.items()}
        return owners | {"leader": alliance.leader_in_words}

    @cached_property
    def resolved(self) -> dict[str, Any]:
        """The scenario with every default filled in and the registry of its sources, as resolved.json has it."""
        tables = self.tables.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {"name": self.name, "tables": tables, "registry": self.registry}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that the scenario says, by which results are recognised as its own."""
        text = json.dumps(self.resolved["tables"], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        time = self.tables.time
        changed = f", {plural(len(self.overrides), 'override')}" if self.overrides else ""
        return (
            f"<Scenario {self.name}: {self.tables.title}; {plural(len(self.members), 'state')}, "
            f"{time.start} to {time.end} by {time.step}{changed}>"
        )


def not_fitted(scenarios: Iterable[Scenario]) -> str:
    """What is to be said under every table and figure of coefficients that were not fitted to the alliance."""
    parts = (part for s in scenarios for part in (s.tables.not_fitted, s.tables.carried_over))
    said = "; ".join(dict.fromkeys(filter(None, parts)))
    return sentence(said)


class Drawn(NamedTuple):
    """From whose records the coefficients of a scenario are drawn."""

    alliance: str
    """The scenario's own,"""
    fitted: Sequence[str]
    """those of the calibration, none where coefficients come from priors,"""
    words: str
    """and what is to be said where the scenario's own is not among them."""


def drawn(s: Scenario) -> Drawn:
    """The calibration that a scenario draws from."""
    posterior = s.tables.posterior
    return Drawn(s.tables.alliance.name, list(posterior.alliances) if posterior else [], not_fitted([s]))


@arguments
def load(path: str | PathLike[str], set: Mapping[str, Any] | None = None) -> Scenario:
    """Read and check a scenario.

    Parameters
    ----------
    path : str or Path
        A TOML file, or the name of a shipped scenario such as ``"csto/outlook-2023"``.
    set : mapping, optional
        Dotted path to value, applied after inheritance: a number in [0, 1] or a word such
        as ``"high"`` for an input or a group of channels, ``{"scale": 2}`` or ``{"shift": 0.1}`` to adjust what is
        coded, a number within its bounds for a coefficient, ``"none"`` or a file for ``"posterior"``. numpy's
        numbers are numbers. In a scenario with a record a change of an input holds from the start of the forecast;
        ``"high@2025-01-01"`` or ``{"value": 0.5, "from": "2025-01-01"}`` from a date, ``"high@always"`` or
        ``"from": "always"`` for all time. All else that is set holds for all time.

    Returns
    -------
    Scenario
        With the checked ``tables``; ``tables.values`` has every coded value by dotted path.

    Raises
    ------
    InputError
        With every mistake of the file, its ancestors and of ``set``.

    Examples
    --------
    >>> import sim
    >>> scenario = sim.load("csto/outlook-2023", {"leader.coercion": 0.3})
    >>> scenario.members
    ['ARM', 'BLR', 'KAZ', 'KGZ', 'TJK', 'AZE', 'GEO', 'UZB', 'UKR']
    >>> print(scenario.tables.adjustments[-1])
    replaced by 0.3 from 2023-10-01
    """
    path = as_path(path, "scenario")
    if not isinstance(set, Mapping | None):
        raise InputError([Problem(SET, "", f"{set!r:.60}", "allowed: values by dotted path")])
    if deeper_than(DEEPEST, set):
        raise InputError([Problem(SET, "", "nested too deeply", f"allowed: tables up to {DEEPEST} deep")])
    changes = {str(k): plain(v) for k, v in (set or {}).items()}
    if problems := mistaken(changes):
        raise InputError(problems)
    try:
        return _load(path, changes)
    except InputError as error:
        raise InputError(_of_set(error.problems, path, changes) if changes else error.problems) from None


def _of_set(problems: list[Problem], path: Path, changes: Mapping[str, Any]) -> list[Problem]:
    """The problems, of which those that the file does not have by itself are said of what was set."""
    own: list[tuple[str, str]] = []
    try:
        load(path)
    except InputError as error:
        own = [(p.where, p.found) for p in error.problems]
    return [p if (p.where, p.found) in own else as_typed(p, changes) for p in problems]


def _load(path: Path, changes: dict[str, Any]) -> Scenario:
    file = find(path) or path
    chain = chain_of(file)
    problems = [*disputes_twice(chain), *(problem for source in chain for problem in source.problems)]
    unread = len(problems)
    registry = registry_of(chain, problems)
    known = registry if len(problems) == unread else None  # of a registry that is not there nobody can tell
    read_posteriors([] if "posterior" in changes else chain, problems)
    merged = Merged(chain)
    for changed in sorted(changes, key=lambda path: not path.startswith("time.")):  # what holds from when hangs on it
        before = len(merged.tables.get("adjustments", []))
        failed = override(merged.tables, changed, changes[changed])
        problems += failed
        if len(merged.tables.get("adjustments", [])) > before:
            merged.set_by(f"{SET} {changed}", ("adjustments", before))
        elif not failed:
            merged.set_by(f"{SET} {changed}", tuple(changed.split(".")))
            for i, left in remainders(merged.tables, changed, changes[changed]):
                merged.splice("adjustments", i, left)
    other_time = any(k.startswith("time.") for k in changes)
    context = _context(merged.tables, known, None if other_time else horizon_of(chain))

    def own(keys: Keys) -> bool:
        return not other_time and merged.where(keys).startswith(f"{chain[-1].file}:")

    try:
        tables = ScenarioTables.model_validate(merged.tables, context=context)
    except ValidationError as error:
        problems += from_validation(error, ScenarioTables, merged.where)
        try:  # what else is wrong with an event of a kind that there is not
            ScenarioTables.model_validate(with_nearest_kinds(merged.tables), context=context)
        except ValidationError as further:
            problems += from_validation(further, ScenarioTables, merged.where)
        problems += time_alone(merged.tables, merged.where)
        part = sound(merged.tables, places_of(error, ScenarioTables))
        with suppress(ValidationError):
            rest = ScenarioTables.model_validate(part.tables, context=context)
            problems += relations(rest, merged.where, own, part)
        raise InputError(in_order(dict.fromkeys(problems))) from None
    problems += relations(tables, merged.where, own)
    if problems:
        raise InputError(in_order(problems))
    return Scenario(file.stem, file, chain[-1].text, tables, registry, changes)


def adjusted(scenario: Scenario, changes: Mapping[str, Mapping[str, Any]]) -> Scenario:
    """The scenario with inputs changed from dates on, ``{path: {"value": ..., "from": ...}}``.

    As :func:`load` makes it of its file with these ``set``, which must be right; nothing is read again.
    """
    tables = scenario.tables
    context = Context(adjustable=tables.adjustable)
    more = [
        Adjustment.model_validate({"path": path, "sources": [COMMAND_LINE], **change}, context=context)
        for path, change in changes.items()
    ]
    tables = tables.model_copy(update={"adjustments": [*tables.adjustments, *more]})
    return replace(scenario, tables=tables, overrides={**scenario.overrides, **changes})


def _context(tables: Tables, registry: Registry | None, horizon: Horizon | None = None) -> Context:
    """What validators cannot know from their own value."""
    members, rules = tables.get("members"), tables.get("rules")
    states = list(members) if isinstance(members, dict) else []
    known = adjustable(states, pairs_in(tables))
    named = members.items() if isinstance(members, dict) else ()
    called = {str(m["name"]): code for code, m in named if isinstance(m, dict) and "name" in m}
    return Context(states, called, known, list(rules) if isinstance(rules, dict) else [], registry, horizon)


def restored(content: Mapping[str, Any], file: Path, posteriors: Mapping[str, Posterior]) -> Scenario:
    """The scenario of which ``content`` is the resolved form, its posterior one of some by digest.

    Raises what pydantic and a dict raise.
    """
    tables, named = content["tables"], content["tables"].get("posterior")
    tables = {**tables, "posterior": posteriors[named["digest"]]} if named else tables
    context = replace(_context(tables, None), entering=False)
    return Scenario(
        content["name"], file, "", ScenarioTables.model_validate(tables, context=context), content["registry"]
    )


def posteriors_of(scenarios: Iterable[Scenario]) -> bytes:
    """The file of the posteriors that scenarios name."""
    return packed(s.tables.posterior for s in scenarios if s.tables.posterior)


def restore(file: Path) -> Scenario:
    """The scenario of a results folder. Raises InputError where it cannot be read."""
    try:
        return restored(json.loads(file.read_text("utf-8")), file, unpacked(file.parent / POSTERIORS))
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        what = "no such file" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise InputError([Problem(str(file), "", what, "allowed: a folder that `cohesion run` wrote")]) from None
