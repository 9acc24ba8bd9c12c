"""Mistakes in tables: how validators state them, and pydantic's own in the project's words."""

import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import AfterValidator, BaseModel, GetCoreSchemaHandler, ValidationError, ValidationInfo
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from sim.errors import InputError, Problem, listed, nearest, plural
from sim.scenario.names import KEY, Kind
from sim.scenario.reading import Keys, Source, dotted

Model = typing.TypeVar("Model", bound=BaseModel)

BESIDE = "inputs"
"""A field that has no key of its own in a file: its entries stand beside the other keys of the table."""
OF_A_KEY = "[key]"
"""What pydantic adds to the place of a key that is wrong itself."""


def wrong(found: str, allowed: str, suggestion: str = "") -> PydanticCustomError:
    """A mistake in the form that :func:`from_validation` turns into a Problem."""
    return PydanticCustomError("scenario", "{found}", {"found": found, "allowed": allowed, "suggestion": suggestion})


class Fault(typing.NamedTuple):
    """What is wrong, or may not be meant, at some keys of a file."""

    keys: Keys
    found: str
    allowed: str
    suggestion: str = ""
    paths: str = ""
    """What it concerns, where that is not the keys."""

    def problem(self, where: Callable[[Keys], str], warning: bool = False) -> Problem:
        """The fault with file and line."""
        path = self.paths or dotted(self.keys)
        return Problem(where(self.keys), path, self.found, self.allowed, self.suggestion, warning=warning)


def shown(value: object) -> str:
    """A value as it would be written in the file, cut to a line."""
    try:
        text = f'"{value}"' if isinstance(value, str) else toml(value)
    except ValueError:  # an integer of more digits than Python writes
        return "a number too long"
    return text if len(text) <= 60 else text[:57] + "..."


def toml(value: object) -> str:
    """A value in TOML, in one line: quotes, backslashes and what is not printable are escaped."""
    match value:
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
        case bool():
            return str(value).lower()
        case float():  # 1e10, where that says all of it, in place of ten noughts
            short = f"{value:g}".replace("e+", "e")
            return short if "e" in short and float(short) == value else str(value)
        case Mapping():
            return (
                f"{{{', '.join(f'{k if KEY.fits(str(k)) else toml(str(k))} = {toml(v)}' for k, v in value.items())}}}"
            )
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
    return str(value)


def unknown(what: str, name: object, allowed: Sequence[str], meant: str = "") -> PydanticCustomError:
    """A name that is not one of those allowed."""
    return wrong(f"unknown {what} {shown(name)}", f"allowed: {listed(allowed)}", meant or nearest(name, allowed))


def of_kind(kind: Kind) -> AfterValidator:
    """Holds a text of a file against a kind of name; what results folders keep is not held again."""

    def check(text: str, info: ValidationInfo) -> str:
        if getattr(info.context, "entering", True) and not kind.fits(text):
            raise wrong(shown(text), kind.allowed)
        return text

    return AfterValidator(check)


class Declared:
    """Annotates a mapping of which the keys are declared: each has a type and a default, and there are no others."""

    def __init__(self, kinds: Mapping[str, object], default: Callable[[str], object]) -> None:
        self.kinds, self.default = kinds, default

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def field(key: str, kind: object) -> core_schema.TypedDictField:
            schema = handler.generate_schema(kind)
            filled = core_schema.with_default_schema(schema, default_factory=lambda: self.default(key))
            return core_schema.typed_dict_field(filled, required=False)

        fields = {key: field(key, kind) for key, kind in self.kinds.items()}
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


Table = type[BaseModel] | Declared


def _tables(kind: object) -> Iterator[Table]:
    """The tables inside an annotation."""
    if isinstance(kind, Declared) or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        yield kind
    elif isinstance(kind, tuple):
        for inner in kind:
            yield from _tables(inner)
    elif isinstance(kind, types.UnionType) or typing.get_origin(kind) is not None:
        yield from _tables(typing.get_args(kind))


def _keys(table: Table) -> dict[str, object]:
    """The keys that a table may have in a file, each with what may stand there."""
    if isinstance(table, Declared):
        return dict(table.kinds)
    found: dict[str, object] = {}
    for name, field in table.model_fields.items():
        kind = (field.annotation, *field.metadata)
        if name == BESIDE:
            found |= {key: of for inner in _tables(kind) for key, of in _keys(inner).items()}
        else:
            found[field.alias or name] = kind
    return found


def _tag(table: Table) -> str:
    """Which of several kinds of tables it is, where its key ``kind`` says so."""
    field = None if isinstance(table, Declared) else table.model_fields.get("kind")
    return str(typing.get_args(field.annotation)[0]) if field else ""


def _followed(model: type[BaseModel], loc: Keys) -> tuple[Keys, list[Table]]:
    """The path in the file of one of pydantic's places, and the tables that may hold its last key."""
    current: list[Table] = [model]
    holders = current
    path: list[str | int] = []
    for key in loc:
        if key in (BESIDE, OF_A_KEY):
            continue
        if chosen := [t for t in current if key == _tag(t)]:
            current = holders = chosen
            continue
        path.append(key)
        holders = current
        current = [inner for t in current if key in _keys(t) for inner in _tables(_keys(t)[str(key)])] or current
    return tuple(path), holders


ADVICE = {
    ("expel", "expul"): 'an expulsion is status = "outside" from the day it took effect, and admissible = false',
    ("suspen",): 'a suspension is status = "frozen" while it lasts',
    ("denounc", "denunc", "notice", "withdr"): 'a denunciation is status = "outside" from the day it took effect, '
    'and "frozen" from the notice on where the state took no part any more',
    ("exit", "leave", "left", "freez", "resum"): "exits, freezes and returns are the model's; those that happened "
    "stand in a member's record",
}
"""How acts are coded that have no word of their own, by how their words begin."""
WHERE_ADVICE_STANDS = "docs/coding-guide.md, Expulsion, suspension, denunciation"


def advice(word: object) -> str:
    """How what a word means is coded; empty where there is nothing to say."""
    text = str(word).lower()
    said = (says for stems, says in ADVICE.items() if text.startswith(stems))
    return next((f"; {says} ({WHERE_ADVICE_STANDS})" for says in said), "")


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


def _words(e: ErrorDetails, holders: Sequence[Table]) -> tuple[str, str, str]:
    """(found, allowed, suggestion) of one error."""
    context, given = e.get("ctx", {}), e["input"]

    def one_of(names: str) -> list[str]:
        return names.replace("'", "").replace(" or ", ", ").split(", ")

    match e["type"]:
        case "scenario":
            return context["found"], context["allowed"], context["suggestion"]
        case "missing":
            return "missing", "required", ""
        case "extra_forbidden":
            keys = list(dict.fromkeys(key for table in holders for key in _keys(table)))
            key, near = e["loc"][-1], nearest(e["loc"][-1], keys)
            acts = not near and not {"record", "status", "kind"}.isdisjoint(keys)
            return "unknown key", f"allowed: {listed(keys)}{advice(key) if acts else ''}", near
        case "literal_error":
            names = one_of(context["expected"])
            acts = e["loc"][-1] == "status"
            return shown(given), f"allowed: {listed(names)}{advice(given) if acts else ''}", nearest(given, names)
        case "union_tag_invalid":
            tag, names = context["tag"], one_of(context["expected_tags"])
            return f"unknown kind {shown(tag)}", f"allowed: {listed(names)}{advice(tag)}", nearest(tag, names)
        case "union_tag_not_found":
            return "no kind", "required: kind", ""
        case "string_too_short":
            return "empty", "required: text", ""
        case "too_short":
            return "empty", f"allowed: at least {context['min_length']}", ""
        case "too_long":
            return f"{plural(len(given), 'entry')}", f"allowed: at most {context['max_length']}", ""
        case kind if kind in BOUNDS:
            word, bound = BOUNDS[kind]
            return shown(given), f"allowed: {word} {context[bound]:g}", ""
        case _:
            return shown(given), f"allowed: {EXPECTED.get(e['type'], e['msg'])}", ""


def from_validation(error: ValidationError, model: type[BaseModel], where: Callable[[Keys], str]) -> list[Problem]:
    """One Problem for each of pydantic's errors."""
    problems = []
    for e in error.errors(include_url=False):
        path, holders = _followed(model, e["loc"])
        problems.append(Problem(where(path), dotted(path), *_words(e, holders)))
    return problems


def places_of(error: ValidationError, model: type[BaseModel]) -> list[Keys]:
    """Where in the file pydantic's errors are."""
    return [_followed(model, e["loc"])[0] for e in error.errors(include_url=False, include_input=False)]


def validated(source: Source, model: type[Model], more: Mapping[str, object] | None = None) -> Model:
    """A file's tables as a model has them, ``more`` in place of its own. Raises InputError with every mistake."""
    try:
        return model.model_validate({**source.tables, **(more or {})})
    except ValidationError as error:
        raise InputError(from_validation(error, model, source.where)) from None
