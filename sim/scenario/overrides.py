"""Values given on the command line or in Python: a dotted path and what takes the place of its value."""

import tomllib
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from sim.errors import InputError, Problem, nearest
from sim.model.variables import COEFFICIENT_NAMES
from sim.scenario import posterior
from sim.scenario.reading import Tables, named
from sim.scenario.tables import BEHAVIOUR, DISPUTES, adjustable, dispute_path, pairs_in
from sim.scenario.values import COMMAND_LINE, JUDGEMENT

SET = "set"
"""The argument of that name, or the option: stands for file and line where a value was given."""
FREE = ("time", "alliance", "weights", "title", "description")
"""Sections of which validation knows the keys."""


def parse_override(text: str) -> tuple[str, Any]:
    """``PATH=VALUE`` as a path and a TOML value; a bare word is a string. Raises InputError."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise InputError([Problem(SET, text, "no `=`", "allowed: PATH=VALUE")])
    try:
        return path.strip(), tomllib.loads(f"x = {value.strip()}")["x"]
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()


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


def adjusts(value: object) -> bool:
    """Whether an override changes what is coded instead of replacing it."""
    return isinstance(value, Mapping) and bool({"scale", "shift", "from"} & set(value))


def override(tables: Tables, path: str, value: object) -> list[Problem]:
    """Set one dotted path in merged tables. Returns the problems, an empty list where it went well.

    A number or word on a coded input replaces its whole path over time; on a group such as
    ``members.KAZ.western_ties`` it replaces every channel. ``{ scale = 2 }``, ``{ shift = 0.1 }`` or
    ``{ value = 0.5, from = 2023-10-01 }`` adjust what is coded.
    """
    if path.startswith(DISPUTES):
        path = dispute_path(path.removeprefix(DISPUTES).split("-"))
    keys = path.split(".")
    members = tables.get("members")
    states = list(members) if isinstance(members, dict) else []
    known = adjustable(states, pairs_in(tables))
    match keys:
        case _ if adjusts(value):
            if path not in known:
                return [Problem(SET, path, "no input that can be adjusted", "", nearest(path, known))]
            _adjust(tables, path, value)
        case ["behaviour", name] if name in COEFFICIENT_NAMES:
            coded = _coded(value)
            tables.setdefault("behaviour", {})[name] = {k: v for k, v in coded.items() if k != "rule"}
        case ["behaviour", name]:
            near = nearest(name, COEFFICIENT_NAMES)
            return [Problem(SET, path, "unknown coefficient", "", near and f"{BEHAVIOUR}{near}")]
        case ["disputes", _]:
            disputes = {
                dispute_path(pair): d for d in tables.get("disputes", []) for pair in pairs_in({"disputes": [d]})
            }
            if path not in disputes:
                return [Problem(SET, path, "no such dispute", "", nearest(path, disputes))]
            disputes[path]["intensity"] = _coded(value)
        case ["members" | "leader", *_] if path in known:
            if _is_adjusted(tables, known, path) and not isinstance(value, str | Mapping):
                _adjust(tables, path, {"value": value})
            else:
                for target in known[path]:
                    _put(tables, target.split("."), _coded(value))
        case ["members", state, "name" | "admissible"] if state in states:
            _put(tables, keys, value)
        case ["members" | "leader", *_]:
            near = nearest(path, sorted({*known, *(f"members.{s}" for s in states)}))
            return [Problem(SET, path, "matches no input", "", near)]
        case ["posterior"]:
            return _posterior(tables, value)
        case [section, *_] if section in FREE:
            _put(tables, keys, value)
        case _:
            sections = ["behaviour", "members", "leader", "disputes", "posterior", *FREE]
            return [Problem(SET, path, "unknown path", "", nearest(keys[0], sections))]
    return []


def _coded(value: object) -> dict[str, object]:
    if isinstance(value, Mapping):
        return dict(value)
    return {"value": value, "rule": JUDGEMENT, "sources": [COMMAND_LINE]}


def _is_adjusted(tables: Tables, known: Mapping[str, Sequence[str]], path: str) -> bool:
    """Whether an adjustment of the scenario concerns the path."""
    own = {p for a in tables.get("adjustments", []) for p in known.get(str(a.get("path")), ())}
    return bool(own & set(known[path]))


def _adjust(tables: Tables, path: str, change: object) -> None:
    """Add an adjustment after the scenario's own."""
    assert isinstance(change, Mapping)
    entry = {"path": path, "sources": [COMMAND_LINE], **change}
    tables["adjustments"] = [*tables.get("adjustments", []), entry]


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
