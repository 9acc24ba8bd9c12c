"""From a file to a checked Scenario: reading, inheritance, overrides, validation."""

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sim.errors import InputError, Problem, nearest
from sim.model.variables import COEFFICIENT_NAMES
from sim.scenario import posterior
from sim.scenario.dates import STEPS, months_between, parse
from sim.scenario.files import find, named, near
from sim.scenario.locate import Keys, dotted, line_at, lines_of
from sim.scenario.messages import from_validation
from sim.scenario.tables import (
    COMMAND_LINE,
    JUDGEMENT,
    ScenarioTables,
    Time,
    adjustable,
    covered,
    dispute_path,
    groups_of,
    input_paths,
    value_at,
)

APPENDED = ("events", "disputes", "adjustments", "sources")
"""Arrays of which a child's entries come after its parent's; all else a child replaces."""

Origins = dict[Keys, tuple[str, int]]


@dataclass(frozen=True)
class Scenario:
    """A checked scenario: ``tables`` as the schema has them, and where they came from."""

    name: str
    file: Path
    text: str
    tables: Any
    registry: dict[str, dict[str, str]]
    """Sources by id: ``quote`` and ``from``."""
    overrides: dict[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> list[str]:
        """The states, leader excluded, in the order of the file."""
        return list(self.tables.members)

    def __repr__(self) -> str:
        time = self.tables.time
        changed = f", {len(self.overrides)} overrides" if self.overrides else ""
        return (
            f"<Scenario {self.name}: {self.tables.title}; {len(self.members)} states, "
            f"{time.start} to {time.end} by {time.step}{changed}>"
        )


@dataclass
class Source:
    """One file read: its tables, text and line numbers."""

    file: Path
    text: str
    tables: dict[str, Any]
    lines: dict[Keys, int]

    def where(self, path: Keys) -> str:
        """File and line of a key."""
        return f"{self.file}:{line_at(self.lines, path)}"

    def named(self, name: str, path: Keys) -> Path:
        """The file that a key names, beside this one or shipped. Raises InputError where there is none."""
        return named(name, self.where(path), dotted(path), self.file.parent)


Tables = TypeVar("Tables", bound=BaseModel)


def validated(source: Source, model: type[Tables], more: Mapping[str, Any] | None = None) -> Tables:
    """A file's tables as a model has them, ``more`` in place of its own. Raises InputError with every mistake."""
    try:
        return model.model_validate({**source.tables, **(more or {})})
    except ValidationError as error:
        raise InputError(from_validation(error, model, source.where)) from None


def read_toml(file: Path) -> Source:
    """Read one TOML file. Raises InputError with its line for anything that cannot be read."""
    shown = str(file)
    if file.is_dir():
        raise InputError([Problem(shown, "", "a directory", "allowed: a TOML file")])
    if not file.exists():
        raise InputError([Problem(shown, "", "no such file", "", near(file))])
    try:
        data = file.read_bytes()
        text = data.decode("utf-8")
    except OSError as error:
        raise InputError([Problem(shown, "", f"cannot be read ({error.strerror})")]) from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError([Problem(f"{shown}:{line}", "", "not UTF-8", "allowed: UTF-8 text")]) from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line_found = getattr(error, "lineno", None) or _line_in(str(error)) or text.count("\n") + 1
        what = str(error).split(" (at ")[0]
        raise InputError([Problem(f"{shown}:{line_found}", "", f"broken TOML: {what}")]) from None
    except RecursionError:
        raise InputError([Problem(f"{shown}:1", "", "broken TOML: nested too deeply")]) from None
    return Source(file, text, tables, lines_of(text))


def _line_in(message: str) -> int | None:
    words = message.replace(",", " ").replace(")", " ").split()
    return int(words[words.index("line") + 1]) if "line" in words else None


def _chain(file: Path) -> list[Source]:
    """The file and its ancestors, the oldest first. Raises InputError on a circle."""
    chain: list[Source] = [read_toml(file)]
    seen = [file.resolve()]
    while "extends" in (child := chain[0]).tables:
        parent = child.tables.pop("extends")
        at = child.where(("extends",))
        if not isinstance(parent, str):
            raise InputError([Problem(at, "extends", f"{parent} is not a file name")])
        target = child.named(parent, ("extends",))
        if target.resolve() in seen:
            names = [*(p.name for p in seen), target.name]
            circle = " -> ".join(names[names.index(target.name) :])
            raise InputError([Problem(at, "extends", f"circular: {circle}", "allowed: no circle")])
        chain.insert(0, read_toml(target))
        seen.append(target.resolve())
    return chain


def _is_coded(value: object) -> bool:
    return isinstance(value, Mapping) and bool({"value", "knots", "distribution"} & set(value))


def _merge(base: dict[str, Any], own: Mapping[str, Any], source: Source, at: Keys, origins: Origins) -> None:
    """Merge a child's table into its parent's, noting where each key comes from."""
    for key, value in own.items():
        path = (*at, key)
        here = (str(source.file), line_at(source.lines, path))
        if len(path) == 1 and key in APPENDED and isinstance(value, list):
            kept = base.setdefault(key, [])
            for i, entry in enumerate(value):
                _note(entry, (key, len(kept) + i), source, (key, i), origins)
            kept.extend(value)
            if key == "disputes":
                base[key] = _latest_of_pairs(kept)
        elif isinstance(value, Mapping) and isinstance(base.get(key), dict) and not _is_coded(value):
            _merge(base[key], value, source, path, origins)
            origins.setdefault(path, here)
        else:
            for old in [k for k in origins if k[: len(path)] == path]:
                del origins[old]
            base[key] = value
            _note(value, path, source, path, origins)


def _latest_of_pairs(disputes: list[Any]) -> list[Any]:
    """A pair that a child states again takes the place of its parent's."""
    places: dict[object, int] = {}
    latest: list[Any] = []
    for dispute in disputes:
        pair = dispute.get("between") if isinstance(dispute, Mapping) else None
        key = tuple(sorted(map(str, pair))) if isinstance(pair, list) else id(dispute)
        if key in places:
            latest[places[key]] = dispute
        else:
            places[key] = len(latest)
            latest.append(dispute)
    return latest


def _note(value: object, path: Keys, source: Source, own: Keys, origins: Origins) -> None:
    origins[path] = (str(source.file), line_at(source.lines, own))
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        _note(entry, (*path, key), source, (*own, key), origins)


def _from_command_line(value: object) -> object:
    if isinstance(value, Mapping):
        return value
    return {"value": value, "rule": JUDGEMENT, "sources": [COMMAND_LINE]}


def override(tables: dict[str, Any], path: str, value: object) -> list[Problem]:
    """Set one dotted path in merged tables. Returns the problems, an empty list where it went well.

    A number or word on a coded input replaces its whole path over time; on a group such as
    ``members.KAZ.western_ties`` it replaces every channel. ``{ scale = 2 }``, ``{ shift = 0.1 }`` or
    ``{ value = 0.5, from = 2023-10-01 }`` adjust what is coded.
    """
    keys = path.split(".")
    members = list(tables.get("members", {}))
    inputs = input_paths(members)
    if adjusts(value):
        return _adjust(tables, path, value)
    if keys[0] == "behaviour" and len(keys) == 2:
        if keys[1] not in COEFFICIENT_NAMES:
            return [
                Problem(
                    "--set",
                    path,
                    "unknown coefficient",
                    "",
                    _dotted("behaviour", nearest(keys[1], COEFFICIENT_NAMES)),
                )
            ]
        tables.setdefault("behaviour", {})[keys[1]] = _from_command_line(value)
        if isinstance(tables["behaviour"][keys[1]], dict):
            tables["behaviour"][keys[1]].pop("rule", None)
        return []
    if keys[0] in ("members", "leader"):
        groups = groups_of(inputs)
        if targets := covered(path, inputs):
            if any(
                set(covered(str(a.get("path")), inputs)) & set(targets) for a in tables.get("adjustments", [])
            ) and not isinstance(value, str | Mapping):
                return _adjust(tables, path, {"value": value})
            for target in targets:
                _put(tables, target.split("."), _from_command_line(value))
            return []
        if not (keys[0] == "members" and len(keys) == 3 and keys[2] in ("name", "admissible") and keys[1] in members):
            known = sorted({*inputs, *groups, *(f"members.{m}" for m in members)})
            return [Problem("--set", path, "matches no input", "", nearest(path, known))]
    if keys[0] == "disputes" and len(keys) == 2:
        return _override_dispute(tables, keys[1], value)
    if path == "posterior":
        return _posterior_override(tables, value)
    free = ("time", "alliance", "weights", "title", "description")
    if keys[0] not in (*free, "members"):
        sections = ["behaviour", "members", "leader", "disputes", "posterior", *free]
        return [Problem("--set", path, "unknown path", "", nearest(keys[0], sections))]
    _put(tables, keys, value)
    return []


def _posterior_override(tables: dict[str, Any], value: object) -> list[Problem]:
    """Draw from another posterior, or with "none" from the priors."""
    tables["posterior"] = None
    if value == posterior.NONE:
        return []
    if not isinstance(value, str):
        return [Problem("--set", "posterior", f"{value}", "allowed: a file, or none")]
    try:
        tables["posterior"] = posterior.read(named(value, "--set", "posterior"))
    except InputError as error:
        return list(error.problems)
    return []


def adjusts(value: object) -> bool:
    """Whether an override changes what is coded instead of replacing it."""
    return isinstance(value, Mapping) and bool({"scale", "shift", "from"} & set(value))


def _adjust(tables: dict[str, Any], path: str, value: Any) -> list[Problem]:
    """Add an adjustment after the scenario's own."""
    known = adjustable(list(tables.get("members", {})), tables.get("disputes", []))
    if path.startswith("disputes."):
        path = dispute_path(path.removeprefix("disputes.").split("-"))
    if path not in known:
        return [Problem("--set", path, "no input that can be adjusted", "", nearest(path, known))]
    entry = {"path": path, "sources": [COMMAND_LINE], **value}
    tables["adjustments"] = [*tables.get("adjustments", []), entry]
    return []


def _override_dispute(tables: dict[str, Any], pair: str, value: object) -> list[Problem]:
    """Set the intensity of a pair's dispute, the pair named in either order."""
    wanted = dispute_path(pair.split("-"))
    known = {dispute_path(d["between"]): d for d in tables.get("disputes", [])}
    if wanted not in known:
        near = nearest(wanted, known)
        return [Problem("--set", f"disputes.{pair}", "no such dispute", "", near)]
    known[wanted]["intensity"] = _from_command_line(value)
    return []


def _dotted(section: str, name: str) -> str:
    return f"{section}.{name}" if name else ""


def _put(tables: dict[str, Any], keys: Sequence[str], value: object) -> None:
    for key in keys[:-1]:
        inner = tables.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = tables[key] = {}
        tables = inner
    tables[keys[-1]] = value


def parse_override(text: str) -> tuple[str, Any]:
    """``PATH=VALUE`` as a path and a TOML value; a bare word is a string. Raises InputError."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise InputError([Problem("--set", text, "no `=`", "allowed: PATH=VALUE")])
    try:
        return path.strip(), tomllib.loads(f"x = {value.strip()}")["x"]
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()


def _registry(chain: Sequence[Source], problems: list[Problem]) -> dict[str, dict[str, str]]:
    """The sources of all registries that the files of the chain name, beside them or shipped."""
    registry: dict[str, dict[str, str]] = {}
    for source in chain:
        given = source.tables.get("sources")
        if isinstance(given, str):
            source.tables["sources"] = given = [given]
        for i, name in enumerate(given if isinstance(given, list) else []):
            if not isinstance(name, str):
                continue  # found by the schema
            try:
                registry |= read_toml(source.named(name, ("sources", i))).tables
            except InputError as error:
                problems += error.problems
    return registry


def _posteriors(chain: Sequence[Source], problems: list[Problem]) -> None:
    """Read the posterior that a file of the chain names."""
    for source in chain:
        name = source.tables.get("posterior")
        if not isinstance(name, str):
            continue
        source.tables["posterior"] = None
        if name != posterior.NONE:
            try:
                source.tables["posterior"] = posterior.read(source.named(name, ("posterior",)))
            except InputError as error:
                problems += error.problems


def _context(
    merged: Mapping[str, Any],
    registry: Mapping[str, Any],
    chain: Sequence[Source],
    overrides: Mapping[str, Any],
) -> dict[str, Any]:
    """What validators cannot know from their own value."""
    members = list(merged["members"]) if isinstance(merged.get("members"), dict) else []
    rules = list(merged["rules"]) if isinstance(merged.get("rules"), dict) else []
    return {
        "states": members,
        "sources": registry,
        "rules": rules,
        "inputs": input_paths(members),
        "adjustable": adjustable(members, merged.get("disputes", [])),
        "horizon": _horizon(chain) if not any(k.startswith("time.") for k in overrides) else None,
    }


def _horizon(chain: Sequence[Source]) -> tuple[dt.date, dt.date] | None:
    """The horizon over all files of the chain: a parent's events may lie before a child's start."""
    dates: list[dt.date] = []
    for source in chain:
        own = {}
        for key in ("start", "end", "record_from"):
            try:
                own[key] = parse(source.tables["time"][key])
            except (KeyError, TypeError, ValueError):
                continue
        if own.get("start", dt.date.min) >= own.get("end", dt.date.max):
            return None  # a mistake of its own, found later
        dates += own.values()
    return (min(dates), max(dates)) if len(dates) > 1 else None


def _check_time(time: Any, where: Any) -> list[Problem]:
    """What relates several dates to one another."""
    problems = []

    def add(key: str, found: str, allowed: str) -> None:
        problems.append(Problem(where(("time", key)), f"time.{key}", found, allowed))

    if time.end <= time.start:
        add("end", f"{time.end} is not after the start {time.start}", f"allowed: after {time.start}")
        return problems
    months = months_between(time.start, time.end)
    if months is None or months % STEPS[time.step]:
        add(
            "end",
            f"{time.end} is no whole number of {time.step}s after {time.start}",
            "allowed: whole steps",
        )
    if time.record_from:
        before = months_between(time.record_from, time.start)
        if time.record_from > time.start or before is None or before % STEPS[time.step]:
            add(
                "record_from",
                f"{time.record_from} is no whole number of {time.step}s before {time.start}",
                "allowed: whole steps",
            )
    years = (time.end - time.start).days / 365.25
    for horizon in time.horizons:
        if horizon > years + 0.01:
            add(
                "horizons",
                f"{horizon:g} years",
                f"allowed: up to the end, {years:.4g} years after the start",
            )
    if list(time.horizons) != sorted(set(time.horizons)) or not time.horizons:
        add("horizons", f"{time.horizons}", "allowed: rising numbers")
    return problems


def _dates_of(merged: Mapping[str, Any], where: Any) -> list[Problem]:
    """Mistakes between dates, even where something else is wrong as well."""
    try:
        return _check_time(Time.model_validate(merged.get("time")), where)
    except ValidationError:
        return []


def _check_cuts(tables: Any, where: Any) -> list[Problem]:
    """Opposition lies below support."""
    problems = []
    cut = tables.behaviour.oppose_below.value, tables.behaviour.support_above.value
    if None not in cut and cut[0] >= cut[1]:
        problems.append(
            Problem(
                where(("behaviour", "oppose_below")),
                "behaviour.oppose_below",
                f"{cut[0]:g}",
                f"allowed: below support_above, {cut[1]:g}",
            )
        )
    return problems


def _check_shocks(tables: Any, where: Any) -> list[Problem]:
    """Shocks and adjustments move a band; a distribution has none to move."""
    problems = []
    inputs = input_paths(list(tables.members))
    for i, a in enumerate(tables.adjustments):
        for path in covered(a.path, inputs) or [a.path]:
            if a.way[0] != "value" and value_at(tables, path).distribution is not None:
                found = f"a {a.way[0]} of {path}, which is a distribution"
                at = where(("adjustments", i, "path"))
                allowed = "allowed: a value, or an input coded as value or knots"
                problems.append(Problem(at, f"adjustments[{i}].path", found, allowed))
    for i, event in enumerate(tables.events):
        if event.kind == "shock" and value_at(tables, event.path).distribution is not None:
            found = f"a shock on {event.path}, which is a distribution"
            allowed = "allowed: a shock on an input coded as value or knots"
            problems.append(Problem(where(("events", i, "path")), f"events[{i}].path", found, allowed))
    return problems


def _check_leader(tables: Any, where: Any) -> list[Problem]:
    """The leader has paths of its own; as a member it would leave its own alliance."""
    leader = tables.alliance.leader
    if leader not in tables.members:
        return []
    found = f"the leader {leader} is listed as a member"
    return [
        Problem(
            where(("members", leader)),
            f"members.{leader}",
            found,
            "allowed: the leader's paths under [leader]",
        )
    ]


def _check_ends(tables: Any, own: int, where: Any) -> list[Problem]:
    """A file's own events lie before its own end, even where an ancestor's horizon reaches further."""
    problems = []
    first = len(tables.events) - own
    for i, event in enumerate(tables.events[first:], start=first):
        if event.date >= tables.time.end:
            found = f"{event.date} is outside the horizon"
            allowed = f"allowed: before {tables.time.end}"
            at = where(("events", i, "date"))
            problems.append(Problem(at, f"events[{i}].date", found, allowed))
    return problems


def load(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Read and check a scenario file.

    Parameters
    ----------
    path : file name, or the name of a shipped scenario such as ``csto/outlook-2023``.
    overrides : dotted path to value, applied after inheritance.

    Raises
    ------
    InputError
        With every mistake of the file, its ancestors and the overrides.
    """
    overrides = dict(overrides or {})
    file = find(path) or Path(path)
    chain = _chain(file)
    problems: list[Problem] = []
    registry = _registry(chain, problems)
    _posteriors(chain, problems)
    merged: dict[str, Any] = {}
    origins: Origins = {}
    for source in chain:
        _merge(merged, source.tables, source, (), origins)
    context = _context(merged, registry, chain, overrides)
    for changed, value in overrides.items():
        failed = override(merged, changed, value)
        problems += failed
        if adjusts(value):
            origins["adjustments", len(merged.get("adjustments", [])) - 1] = ("--set", 0)
        elif not failed:
            keys: Keys = tuple(changed.split("."))
            for old in [k for k in origins if k[: len(keys)] == keys]:
                del origins[old]
            origins[keys] = ("--set", 0)

    def where(path: Keys) -> str:
        for n in range(len(path), 0, -1):
            if path[:n] in origins:
                shown, line = origins[path[:n]]
                return f"{shown}:{line}" if line else shown
        return f"{chain[-1].file}:1"

    try:
        tables = ScenarioTables.model_validate(merged, context=context)
    except ValidationError as error:
        problems += from_validation(error, ScenarioTables, where)
        raise InputError([*problems, *_dates_of(merged, where)]) from None
    own = len(chain[-1].tables.get("events", []))
    problems += [
        *_check_time(tables.time, where),
        *_check_cuts(tables, where),
        *_check_shocks(tables, where),
        *_check_leader(tables, where),
        *([] if any(k.startswith("time.") for k in overrides) else _check_ends(tables, own, where)),
    ]
    if problems:
        raise InputError(problems)
    return Scenario(file.stem, file, chain[-1].text, tables, registry, overrides)
