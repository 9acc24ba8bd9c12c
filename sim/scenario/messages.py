"""Pydantic's errors in the project's words: what was found, what is allowed, what was meant."""

import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import Problem, listed, nearest
from sim.scenario.locate import Keys, dotted
from sim.scenario.tables import shown

EVENT_KINDS = ("crisis", "clash", "renewal", "entry", "shock")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) is typing.Annotated:
        yield from _models(typing.get_args(annotation)[0])
    elif isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is not None:
        for inner in typing.get_args(annotation):
            yield from _models(inner)


def allowed_keys(model: type[BaseModel], loc: Keys) -> list[str]:
    """The keys allowed in the table at a place; ``loc`` may hold event kinds, as pydantic's does."""
    current = [model]
    for key in loc:
        kind = [m for m in current if key in EVENT_KINDS and _kind(m) == key]
        step = [
            inner for m in current if key in m.model_fields for inner in _models(m.model_fields[str(key)].annotation)
        ]
        current = kind or step or current
    return [f.alias or name for m in current for name, f in m.model_fields.items()]


def _kind(model: type[BaseModel]) -> str:
    field = model.model_fields.get("kind")
    return str(typing.get_args(field.annotation)[0]) if field else ""


def _words(e: ErrorDetails, model: type[BaseModel]) -> tuple[str, str, str]:
    """(found, allowed, suggestion) of one error."""
    context = e.get("ctx", {})
    match e["type"]:
        case "scenario":
            return context["found"], context["allowed"], context["suggestion"]
        case "missing":
            return "missing", "required", ""
        case "extra_forbidden":
            keys = allowed_keys(model, e["loc"][:-1])
            return "unknown key", f"allowed: {listed(keys)}", nearest(e["loc"][-1], keys)
        case "literal_error":
            names = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            return f"{shown(e['input'])}", f"allowed: {listed(names)}", nearest(e["input"], names)
        case "union_tag_invalid":
            names = list(EVENT_KINDS)
            return (
                f"unknown kind {shown(context['tag'])}",
                f"allowed: {listed(names)}",
                nearest(context["tag"], names),
            )
        case "union_tag_not_found":
            return "no kind", f"allowed: {listed(EVENT_KINDS)}", ""
        case "too_short":
            return "empty", f"allowed: at least {context['min_length']}", ""
        case kind if kind in BOUNDS:
            return shown(e["input"]), f"allowed: {BOUNDS[kind][0]} {context[BOUNDS[kind][1]]:g}", ""
        case _:
            return f"{shown(e['input'])}", f"allowed: {EXPECTED.get(e['type'], e['msg'])}", ""


BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}
EXPECTED = {
    "model_type": "a table",
    "dict_type": "a table",
    "list_type": "an array",
    "string_type": "a text",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
}


def from_validation(error: ValidationError, model: type[BaseModel], where: Callable[[Keys], str]) -> list[Problem]:
    """One Problem for each of pydantic's errors."""
    problems = []
    for e in error.errors(include_url=False):
        loc = tuple(
            key for i, key in enumerate(e["loc"]) if not (i == 2 and e["loc"][0] == "events" and key in EVENT_KINDS)
        )
        found, allowed, suggestion = _words(e, model)
        problems.append(Problem(where(loc), dotted(loc), found, allowed, suggestion))
    return problems
