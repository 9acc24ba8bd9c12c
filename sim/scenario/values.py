"""What a single value of a scenario may be: number, word, path over time or distribution, with rule and sources."""

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from numbers import Real
from typing import Annotated, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sim.errors import listed, nearest
from sim.model.arrays import Array
from sim.model.dates import WRITTEN, likely, parse
from sim.model.variables import COEFFICIENTS
from sim.scenario.messages import shown, unknown, wrong
from sim.scenario.names import KEY
from sim.scenario.reading import REGISTRY

WORDS = {
    "none": (0.0, 0.125),
    "low": (0.125, 0.375),
    "medium": (0.375, 0.625),
    "high": (0.625, 0.875),
    "very high": (0.875, 1.0),
}
"""The ordinal scale: the words part the unit interval, and mean anywhere in their band."""
BY_SCALE = "0 to 1"
"""The unit of coded values."""
MIDDLES = {word: (low + high) / 2 for word, (low, high) in WORDS.items()}
"""Where a word stands on an axis."""

JUDGEMENT, DEFAULT = "judgement", "default"
BUILT_IN_RULES = {
    JUDGEMENT: "coded by judgement on a scale from 0 (none) to 1 (as strong as can be)",
    DEFAULT: "not coded: the model's default",
}
UNCODED = "?"
"""Stands in a new alliance's files for a value that has to be coded."""
ASSUMPTION, COMMAND_LINE = "assumption:", "command line"
NOT_YET = f"{ASSUMPTION} not coded yet"
"""Stands there for its source."""


@dataclass(frozen=True)
class Context:
    """What a value cannot know by itself, so that all mistakes of a file are found in one pass."""

    states: Sequence[str] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    """Codes of states by their names."""
    adjustable: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Every path that an adjustment may name, with the values it stands for."""
    rules: Sequence[str] = ()
    sources: Mapping[str, object] | None = None
    """The registry; None where sources are not to be checked."""
    horizon: tuple[dt.date, dt.date] | None = None
    entering: bool = True
    """Whether names are held against their patterns: not where results are read back."""


def context_of(info: ValidationInfo) -> Context:
    """What is known beside the value; nothing where nothing was said."""
    given: Context | None = info.context
    return given or Context()


FARTHEST = 1e15
"""Figures beyond it are a mistake, and would end in infinities."""
LARGEST, WIDEST_LOG = 100.0, 3.0
"""Of a coefficient and of a distribution's parameters; of the standard deviation of a logarithm."""


def _date(value: object) -> dt.date:
    try:
        return parse(value)
    except ValueError as error:
        raise wrong(f"{shown(value)} {error}", f"allowed: {WRITTEN}", likely(value)) from None


def _day(value: object) -> dt.date:
    if isinstance(value, dt.datetime) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):
        raise wrong(f"{shown(value)} is not a day", "allowed: YYYY-MM-DD")
    return _date(value)


def _number(value: object, what: str = "a number", most: str = f"up to {FARTHEST:g}") -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise wrong(f"{shown(value)} is not a number", f"allowed: {what}")
    try:
        number = float(value)
    except OverflowError:  # an integer
        number = math.copysign(2 * FARTHEST, value)
    if not math.isfinite(number):
        raise wrong(f"{value} is not finite", f"allowed: {what}")
    if abs(number) > FARTHEST:
        raise wrong(f"{shown(value)} is too large", f"allowed: {most}")
    return number


def _source(source: str, info: ValidationInfo) -> str:
    if source == COMMAND_LINE:
        return source
    if source.startswith(ASSUMPTION):
        if not source[len(ASSUMPTION) :].strip():
            raise wrong("an assumption without its reason", 'allowed: "assumption: why"')
        return source
    registry = context_of(info).sources
    if registry is None:
        return source
    key, *rest = source.split() or [""]
    if key not in registry:
        named = "" if registry else ", which the scenario names by `sources`"
        add = f"; add [{key}] to {REGISTRY}{named}" if KEY.fits(key) else f"; a key is {KEY.words}"
        allowed = f'allowed: a key of {REGISTRY}, or "{ASSUMPTION} why"{add}'
        raise wrong(f"unknown source {shown(source)}", allowed, nearest(key, registry))
    years = [part for part in rest if part[:1].isdecimal()]
    if not years and not re.fullmatch(r"[PBM]\d+", key):
        raise wrong(f'source "{source}" names no year', f'allowed: for instance "{key} ARM 2005"')
    for part in years:
        if not _is_period(part):
            raise wrong(f'{part} in source "{source}" is no year', "allowed: 2005, 1995-1999 or 2023H1")
    return source


_PERIOD = re.compile(r"([12]\d{3})(?:-([12]\d{3})|H[12]|Q[1-4])?")


def _is_period(text: str) -> bool:
    """Whether it is a year, a part of one, or two years in rising order."""
    period = _PERIOD.fullmatch(text)
    return period is not None and (period[2] is None or period[1] <= period[2])


def _since(value: object) -> object:
    return value if value == ALWAYS else _date(value)


ALWAYS = "always"
"""In the place of a date from which a change holds: it holds for all time, the record's too."""
Date = Annotated[dt.date, BeforeValidator(_date)]
Day = Annotated[dt.date, BeforeValidator(_day)]
"""To the day: what has happened."""
Since = Annotated[dt.date | Literal["always"], BeforeValidator(_since)]
Number = Annotated[float, BeforeValidator(_number)]
Source = Annotated[str, AfterValidator(_source)]
Sources = Annotated[list[Source], Field(min_length=1)]


class Strict(BaseModel):
    """No key is ignored, and nothing is coded without a source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="after")
    def _has_source(self, info: ValidationInfo) -> "Strict":
        entering = context_of(info).sources is not None
        if entering and any(" ".join(s.lower().split()) == NOT_YET for s in getattr(self, "sources", ())):
            raise wrong(f'the source of what is coded is still "{NOT_YET}"', f'allowed: a key, or "{ASSUMPTION} why"')
        return self


class Rule(Strict):
    """How a figure becomes a value: linear from ``zero`` to ``one``, held at 0 and 1."""

    says: str
    unit: str = ""
    zero: Number
    one: Number
    width: Annotated[Number, Field(ge=0, le=0.5)] = 0.0

    @model_validator(mode="after")
    def _distinct(self) -> "Rule":
        if self.zero == self.one:
            raise wrong(f"zero and one are both {self.zero}", "allowed: two different figures")
        return self

    def band(self, figure: float) -> tuple[float, float]:
        """The range of values that a figure stands for."""
        value = min(1.0, max(0.0, (figure - self.zero) / (self.one - self.zero)))
        return max(0.0, value - self.width), min(1.0, value + self.width)


FAMILIES: dict[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "sd"),
    "beta": ("a", "b"),
    "lognormal": ("median", "sd"),
}
POSITIVE = ("sd", "a", "b", "median")
"""Parameters that must be above 0."""


class Distribution(Strict):
    """A distribution of one of FAMILIES, with its parameters."""

    family: str
    low: Number | None = None
    mode: Number | None = None
    high: Number | None = None
    mean: Number | None = None
    sd: Number | None = None
    a: Number | None = None
    b: Number | None = None
    median: Number | None = None

    @field_validator("family")
    @classmethod
    def _is_family(cls, family: str) -> str:
        if family not in FAMILIES:
            raise unknown("distribution", family, list(FAMILIES))
        return family

    @model_validator(mode="after")
    def _complete(self) -> "Distribution":
        needed = FAMILIES[self.family]
        given = [k for k, v in self if k != "family" and v is not None]
        if sorted(given) != sorted(needed):
            raise wrong(f"{self.family} with {listed(given) or 'nothing'}", f"allowed: {listed(needed)}")
        p = self.parameters()
        if self.family in ("uniform", "triangular") and sorted(p.values()) != list(p.values()):
            raise wrong(str(self), f"allowed: {' <= '.join(needed)}")
        if any(p[k] <= 0 for k in POSITIVE if k in p):
            raise wrong(str(self), "allowed: sd, a, b and median above 0")
        if any(abs(x) > LARGEST for x in p.values()) or (self.family == "lognormal" and p["sd"] > WIDEST_LOG):
            raise wrong(str(self), f"allowed: up to {LARGEST:g}, and {WIDEST_LOG:g} for sd of a lognormal")
        if p.get("low", 0) == p.get("high", 1):
            raise wrong(f"{self.family} of no width", "allowed: low < high; write `value` for a number")
        return self

    def parameters(self) -> dict[str, float]:
        """The parameters of the family, in its order."""
        return {k: getattr(self, k) for k in FAMILIES[self.family]}

    @property
    def places(self) -> list[float]:
        """The parameters that are values themselves: ends, modes, means, medians."""
        return [v for k, v in self.parameters().items() if k not in ("sd", "a", "b")]

    def quantile(self, u: Array, low: float = 0.0, high: float = 1.0) -> Array:
        """The quantile at ``u`` of the distribution cut off at ``low`` and ``high``, by scipy's special functions."""
        from scipy.special import betaincinv, ndtri

        p = self.parameters()
        match self.family:
            case "uniform":
                drawn = p["low"] + u * (p["high"] - p["low"])
            case "triangular":
                drawn = _triangular(u, p["low"], p["mode"], p["high"])
            case "normal":
                drawn = _normal(u, p["mean"], p["sd"], low, high)
            case "beta":
                drawn = betaincinv(p["a"], p["b"], u)
            case _:
                drawn = p["median"] * np.exp(p["sd"] * ndtri(u))
        return np.asarray(np.clip(drawn, low, high))

    def __str__(self) -> str:
        return f"{self.family}({', '.join(f'{k} {v:g}' for k, v in self.parameters().items())})"


def _normal(u: Array, mean: float, sd: float, low: float, high: float) -> Array:
    from scipy.special import ndtr, ndtri

    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.asarray(mean + sd * ndtri(below + u * (above - below)))


def _triangular(u: Array, low: float, mode: float, high: float) -> Array:
    share = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < share, rising, falling)


Entry = float | str
"""A number, a figure under a rule, or a word."""
A_NUMBER_OR_WORD = f"a number or one of {listed(list(WORDS))}"


def _entry(value: object) -> Entry:
    if not isinstance(value, str):
        return _number(value, A_NUMBER_OR_WORD, f"0 to 1, or a figure up to {FARTHEST:g} with its rule")
    if value in (UNCODED, ""):
        raise wrong("not coded yet" if value else "no value", f"allowed: {A_NUMBER_OR_WORD}")
    return word(value)


def word(text: str) -> str:
    """A word of the ordinal scale."""
    if re.fullmatch(r"[+-]?\d*,\d+", text):
        raise wrong(f"{text} has a decimal comma", "allowed: a decimal point", text.replace(",", "."))
    if text not in WORDS:
        raise unknown("word", text, list(WORDS))
    return text


JOINS = {"linear": "joined linearly", "step": "each held until the next"}
"""How what is coded at dates is joined, in words."""
CodedEntry = Annotated[Entry, BeforeValidator(_entry)]


def _knots(knots: object) -> object:
    if not isinstance(knots, Mapping):
        raise wrong(shown(knots), "allowed: a table")
    if not knots:
        raise wrong("no knots", "allowed: at least one date = value")
    dates = []
    for key in knots:
        with suppress(ValueError):  # said of the key itself
            dates.append(parse(key))
    for first, second in pairwise(dates):
        if second <= first:
            raise wrong(f"knot {second} after {first}", "allowed: dates in rising order")
    return knots


FORMS = ("value", "knots", "distribution")
"""What a coded value may be."""


class Coded(Strict):
    """A coded value: one of ``value``, ``knots`` and ``distribution``, with rule and sources."""

    value: CodedEntry | None = None
    knots: Annotated[dict[Date, CodedEntry], BeforeValidator(_knots)] | None = None
    join: Literal["linear", "step"] = "linear"
    distribution: Distribution | None = None
    rule: str = JUDGEMENT
    sources: Sources
    note: str = ""

    @field_validator("rule")
    @classmethod
    def _rule_exists(cls, rule: str, info: ValidationInfo) -> str:
        rules = [*BUILT_IN_RULES, *context_of(info).rules]
        if rule not in rules:
            raise unknown("rule", rule, rules)
        return rule

    @model_validator(mode="after")
    def _one_form(self) -> "Coded":
        forms = [k for k in FORMS if getattr(self, k) is not None]
        if len(forms) != 1:
            raise wrong(listed(forms) or "no value", f"allowed: one of {listed(FORMS)}")
        if self.rule in BUILT_IN_RULES:
            for figure in self.entries().values():
                if isinstance(figure, float) and not 0 <= figure <= 1:
                    raise wrong(f"{figure:g}", "allowed: 0 to 1, or a figure with its rule")
        if d := self.distribution:
            if d.family == "lognormal":
                raise wrong("lognormal", "allowed for an input in [0, 1]: uniform, triangular, normal, beta")
            if any(not 0 <= v <= 1 for v in d.places):
                raise wrong(str(d), "allowed: 0 to 1")
        return self

    def entries(self) -> dict[dt.date | None, Entry]:
        """The knots by date; a single value stands under None, since it holds throughout."""
        return dict(self.knots.items()) if self.knots else {} if self.value is None else {None: self.value}

    def last(self, day: dt.date) -> Entry | None:
        """The entry of the day or the last before it; none of a distribution and before the first."""
        return next((entry for since, entry in reversed(self.entries().items()) if since is None or since <= day), None)


class CodedCoefficient(Strict):
    """A coefficient given by the scenario in place of the prior of the variable table."""

    value: Number | None = None
    distribution: Distribution | None = None
    sources: Sources
    note: str = ""

    @model_validator(mode="after")
    def _one_form(self) -> "CodedCoefficient":
        if (self.value is None) == (self.distribution is None):
            raise wrong("value and distribution", "allowed: one of them")
        if self.value is not None and abs(self.value) > LARGEST:
            raise wrong(shown(self.value), f"allowed: up to {LARGEST:g}")
        return self

    @property
    def places(self) -> list[float]:
        """The values that must lie in the coefficient's bounds."""
        return self.distribution.places if self.distribution else [] if self.value is None else [self.value]

    @property
    def form(self) -> float | Distribution:
        """The number, or the distribution that it is drawn from."""
        if self.distribution is not None:
            return self.distribution
        assert self.value is not None, "checked when it was read"
        return self.value


PRIOR = "the sources say which way it works, its size is judgement"


@cache
def priors() -> dict[str, CodedCoefficient]:
    """Every coefficient's prior, as a scenario would write it."""
    found = {}
    for c in COEFFICIENTS:
        centre = "median" if c.family == "lognormal" else "mean"
        drawn = (
            Distribution.model_validate({"family": c.family, centre: c.centre, "sd": c.spread}) if c.spread else None
        )
        sources = [*cited(c.source), f"{ASSUMPTION} {PRIOR}: {c.source}"]
        found[c.name] = CodedCoefficient(value=None if drawn else c.centre, distribution=drawn, sources=sources)
    return found


def cited(text: str) -> list[str]:
    """The ids of statements and events that a text names, such as the source of a prior."""
    return re.findall(r"\b[PBM]\d{3}\b", text)
