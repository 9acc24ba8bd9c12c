"""Values given on the command line or in Python: a dotted path and what takes the place of its value."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from operator import and_, eq
from os import PathLike, fspath
from typing import Any

from pydantic import ValidationError

from sim.errors import InputError, Problem, cut, listed, nearest
from sim.model.dates import WRITTEN, likely, parse
from sim.model.variables import COEFFICIENT_NAMES
from sim.scenario import posterior
from sim.scenario.checks import reached, unreached
from sim.scenario.messages import toml
from sim.scenario.names import by_code
from sim.scenario.paths import WAYS
from sim.scenario.reading import Tables, dotted, named, unusable
from sim.scenario.tables import BEHAVIOUR, DISPUTES, ScenarioTables, Time, adjustable, dispute_path, pairs_in
from sim.scenario.values import ALWAYS, COMMAND_LINE, JUDGEMENT

SET = "set"
"""The argument of that name, or the option: stands for file and line where a value was given."""
FREE = ("time", "alliance", "weights", "inputs", "title", "description")
"""Sections of which validation knows the keys."""
TIMELESS = ("behaviour", "weights", "alliance", "time")
"""Sections of values that are no paths over time."""
WHOLE = {"knots", "distribution", "rule", "join"}
"""Keys by which a table is a whole coded value, as in a file."""
ONCE = "allowed: each path once"
IN_A_FILE = "allowed: in a scenario's file, such as one that extends this one"


def parse_override(text: str) -> tuple[str, Any]:
    """``PATH=VALUE`` as a path and a TOML value; a bare word is a string. Raises InputError."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        found = "no path before `=`" if equals else "no `=`"
        raise InputError([Problem(SET, text, found, "allowed: PATH=VALUE")])
    return path.strip(), _parsed(value)


def parse_overrides(texts: Sequence[str]) -> dict[str, Any]:
    """Several of them, each path once. Raises InputError."""
    pairs = [parse_override(text) for text in texts]
    values: dict[str, list[object]] = {}
    for path, value in pairs:
        values.setdefault(path, []).append(value)
    if twice := {path: given for path, given in values.items() if len(given) > 1}:
        raise InputError(
            Problem(SET, path, f"given twice: {listed([*map(said, v)])}", ONCE) for path, v in twice.items()
        )
    return dict(pairs)


def said(value: object) -> str:
    """A value as one types it, cut to some words; a text needs no quotes."""
    return cut(value if isinstance(value, str) else toml(value), 60)


def as_typed(problem: Problem, changes: Mapping[str, object]) -> Problem:
    """A problem of what was set, with the change as one types it in place of where it was put."""
    put = problem.where.removeprefix(f"{SET} ")
    own = put if put in changes else next((p for p in changes if problem.where == SET and p == problem.path), "")
    inner = problem.path
    if own:
        inner = re.sub(r"^adjustments\[[0-9]+\]", "", inner).removeprefix(canonical(own)).strip(".")
    if inner.split(".")[-1] == "value":  # a number or word has no name of its own, and stands for every channel
        inner = ""
    at = problem.path.split(".")
    alike = {path: sum(accumulate(map(eq, path.split("."), at), and_)) for path in changes}
    blamed = [own] if own else [path for path, depth in alike.items() if depth == max(alike.values())]
    typed = ", ".join(f"{path}={said(changes[path])}" for path in blamed)
    return replace(problem, where=SET, path=typed, found=f"{inner}: {problem.found}" if inner else problem.found)


def _parsed(text: str) -> Any:
    """A TOML value; whatever is none is a text."""
    try:
        said = tomllib.loads(f"x = {text.strip()}")
    except (ValueError, RecursionError):
        return text.strip()
    return said["x"] if len(said) == 1 else text.strip()


def plain(value: object) -> object:
    """The value with numpy's numbers as Python's and paths as text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, PathLike):
        return fspath(value)
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "ndim", None) == 0 else value


def canonical(path: str) -> str:
    """The path with the members of a dispute in their order."""
    return dispute_path(path.removeprefix(DISPUTES).split("-")) if path.startswith(DISPUTES) else path


def mistaken(changes: Mapping[str, object]) -> list[Problem]:
    """What is wrong with changes whatever they change: paths given twice, values that nothing can use."""
    paths = [canonical(path) for path in changes]
    twice = [Problem(SET, p, "given twice", ONCE) for p in dict.fromkeys(paths) if paths.count(p) > 1]
    return [*twice, *(Problem(SET, dotted(path), *words) for path, *words in unusable(changes))]


def remainders(tables: Tables, path: str, value: object) -> list[tuple[int, list[object]]]:
    """What is left of the adjustments where a whole path takes the place of what they adjust, the last first."""
    change, _ = parted(value)
    if not (isinstance(change, Mapping) and WHOLE & set(change)):
        return []
    members = tables.get("members")
    known = adjustable(list(members) if isinstance(members, dict) else [], pairs_in(tables))
    replaced, found = set(known.get(canonical(path), ())), list[tuple[int, list[object]]]()
    for i, entry in enumerate(tables.get("adjustments", [])):
        its = known.get(str(entry.get("path")), ()) if isinstance(entry, Mapping) else ()
        if replaced & set(its):
            found.insert(0, (i, [{**entry, "path": p} for p in its if p not in replaced]))
    return found


def parted(value: object) -> tuple[object, object]:
    """A change, and from when it holds (``high@2025-01-01``, or ``from`` in a table); None where it does not say."""
    if isinstance(value, str) and "@" in value:
        change, _, when = value.rpartition("@")
        return _parsed(change), when.strip()
    if isinstance(value, Mapping):
        return {k: v for k, v in value.items() if k != "from"}, value.get("from")
    return value, None


def override(tables: Tables, path: str, value: object) -> list[Problem]:
    """Set one dotted path in merged tables. Returns the problems, an empty list where it went well.

    A number or word on an input takes the place of its path over time, on a group such as
    ``members.KAZ.western_ties`` of every channel's; ``{ scale = 2 }``, ``{ shift = 0.1 }`` and ``{ place = 0.9 }``
    adjust what is coded. In a scenario with a record such a change holds from the start of the forecast unless it says
    from when; all else that can be set holds for all time.
    """
    path = canonical(path)
    keys = path.split(".")
    members = tables.get("members")
    states = list(members) if isinstance(members, dict) else []
    known = adjustable(states, pairs_in(tables))
    if path in known:
        return _input(tables, known, path, value)
    change, when = parted(value)
    if keys[0] in TIMELESS and when is not None and not keys[-1].endswith("name"):
        if when != ALWAYS:
            allowed = f"allowed: no date, or {ALWAYS}: it holds for all time"
            return [Problem(SET, path, f"from {when}", allowed)]
        value = change
    match keys:
        case ["behaviour", name] if name in COEFFICIENT_NAMES:
            coded = _coded(value)
            tables.setdefault("behaviour", {})[name] = {k: v for k, v in coded.items() if k != "rule"}
        case ["behaviour", name]:
            near = nearest(name, COEFFICIENT_NAMES)
            return [Problem(SET, path, "unknown coefficient", "", near and f"{BEHAVIOUR}{near}")]
        case _ if "*" in path:
            return [
                Problem(SET, path, "* is not understood", "allowed: one path, or a group of channels, each by name")
            ]
        case ["disputes", *pair]:
            there, asked = [*map(dispute_path, pairs_in(tables))], canonical(f"{DISPUTES}{'-'.join(pair)}")
            near = asked if asked in there else nearest(asked, there)
            return [Problem(SET, path, "no such dispute", "allowed: two codes and a hyphen, disputes.AAA-BBB", near)]
        case ["members", state, "name" | "admissible"] if state in states:
            _put(tables, keys, value)
        case ["members", state, "record" | "note", *_] if state in states:
            return [Problem(SET, path, "not set this way", IN_A_FILE)]
        case ["members" | "leader", *_]:
            asked = by_code(path, {s: str(m.get("name", s)) for s, m in (members or {}).items() if isinstance(m, dict)})
            near = asked if asked in known else nearest(asked, sorted({*known, *(f"members.{s}" for s in states)}))
            return [Problem(SET, path, "matches no input", "", near)]
        case ["posterior"]:
            return _posterior(tables, value)
        case [section, *_] if section in FREE:
            _put(tables, keys, value)
        case [section, *_] if section in ScenarioTables.model_fields:
            return [Problem(SET, path, "not set this way", IN_A_FILE)]
        case _:
            sections = ["behaviour", "members", "leader", "disputes", "posterior", *FREE]
            near = nearest(keys[0], sections)
            return [Problem(SET, path, "unknown path", "", near and ".".join([near, *keys[1:]]))]
    return []


def _coded(value: object) -> dict[str, object]:
    change = value if isinstance(value, Mapping) else {"value": value}
    return {"rule": JUDGEMENT, "sources": [COMMAND_LINE], **change}


def _input(tables: Tables, known: Mapping[str, Sequence[str]], path: str, value: object) -> list[Problem]:
    """Change an input, a group or a dispute: by an adjustment, or for all time by another coded value."""
    value, when = parted(value)
    change = value if isinstance(value, Mapping) else {"value": value}
    time = _time(tables)
    since: object = when
    if when is None:
        since = time.forecast_from if time else None
    elif when == ALWAYS:
        since = None
    else:
        try:
            since = parse(when)
        except ValueError as error:
            found = "no date after @" if when == "" else f"{when} {error}"
            return [Problem(SET, path, found, f"allowed: {WRITTEN}, or {ALWAYS}", likely(when))]
        if time and (never := unreached(time, since)):
            return [Problem(SET, path, f"{since} is {never}", f"allowed: {reached(time)}, or {ALWAYS}")]
    if since and WHOLE & set(change):
        found = f"{listed(sorted(WHOLE & set(change)))} from {since}"
        return [Problem(SET, path, found, f'allowed: for all time, `from = "{ALWAYS}"`, the record\'s too')]
    moves = bool(({*WAYS} - {"value"}) & set(change))
    own = {p for a in tables.get("adjustments", []) for p in known.get(str(a.get("path")), ())}
    if since or moves or (own & set(known[path]) and not WHOLE & set(change)):
        entry = {"path": path, "sources": [COMMAND_LINE], **change, **({"from": since} if since else {})}
        tables["adjustments"] = [*tables.get("adjustments", []), entry]
    elif path.startswith(DISPUTES):
        for dispute in tables["disputes"]:
            if path in map(dispute_path, pairs_in({"disputes": [dispute]})):
                dispute["intensity"] = _coded(value)
    else:
        for target in known[path]:
            _put(tables, target.split("."), _coded(value))
    return []


def _time(tables: Tables) -> Time | None:
    """The axis of time; None where it is wrong, which validation says."""
    try:
        return Time.model_validate(tables.get("time"))
    except ValidationError:
        return None


def _put(tables: Tables, keys: Sequence[str], value: object) -> None:
    for key in keys[:-1]:
        inner = tables.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = tables[key] = {}
        tables = inner
    tables[keys[-1]] = value


def _posterior(tables: Tables, value: object) -> list[Problem]:
    """Draw from another posterior, or with "none" from the priors."""
    tables["posterior"] = None
    if not isinstance(value, str):
        return [Problem(SET, "posterior", f"{value}", "allowed: a file, or none")]
    try:
        tables["posterior"] = None if value == posterior.NONE else posterior.read(named(value, SET, "posterior"))
    except InputError as error:
        return error.problems
    return []
