"""Conditions on single runs, as objects: events of states and levels of numbers, with and, or, not.

What they mean and how they are written is in :mod:`sim.analysis.sentence`.
"""

import datetime as dt
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.errors import Problem, listed, nearest
from sim.model.arrays import Array, Flags
from sim.model.dates import WRITTEN, add_months, parse
from sim.results.kept import LEVELS

if TYPE_CHECKING:
    import xarray as xr

VERBS = {"leaves": "exit", "freezes": "freeze", "resumes": "resume", "returns": "entry"}
"""What states do, and the variable that has it."""
STAYS, DISSOLVES, ALLIANCE, STANCE = "stays", "dissolves", "alliance", "stance"
UNTIL = ("before", "by")
SINCE, WITHIN = "after", "within"
SAID = {**{v: v for v in VERBS}, STAYS: STAYS, "resumes": "resumes its membership", "freezes": "freezes its membership"}
RELATIONS: dict[str, Callable[[Array, float], Flags]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
OPPOSITE = {"<=": ">", ">=": "<", "<": ">=", ">": "<="}
WHERE = "condition"


class Seen(NamedTuple):
    """In which runs a part holds, and when what it names happens; NaN where it does not or where it names nothing."""

    holds: Flags
    years: Array


class Condition:
    """On a run; ``&``, ``|`` and ``~`` make others of it. Its text reads as itself."""

    def __and__(self, other: "Condition") -> "Condition":
        return Both(_parts(self, Both) + _parts(other, Both))

    def __or__(self, other: "Condition") -> "Condition":
        return Either(_parts(self, Either) + _parts(other, Either))

    def __invert__(self) -> "Condition":
        return Not(self)

    def holds(self, ds: "xr.Dataset") -> Flags:
        """In which of the kept runs it is so, (run,)."""
        return self.find(ds, np.zeros(ds.sizes["run"])).holds

    def find(self, ds: "xr.Dataset", before: Array) -> Seen:
        """The same, where the event before it in the sentence happened at so many years, (run,)."""
        raise NotImplementedError

    def problems(self, ds: "xr.Dataset") -> list[Problem]:
        """What is wrong with it for these runs."""
        raise NotImplementedError

    def words(self, ds: "xr.Dataset") -> str:
        """The same with states by their names, and with the days that are meant where ticks do not end then."""
        raise NotImplementedError

    def denied(self, ds: "xr.Dataset") -> str:
        """In words, that it is not so."""
        return f"not ({self.words(ds)})"

    def events(self) -> "Iterator[Event]":
        """The events that it names, in order."""
        raise NotImplementedError


def _parts(c: Condition, kind: "type[Both | Either]") -> tuple[Condition, ...]:
    return c.parts if isinstance(c, kind) else (c,)


@dataclass(frozen=True)
class _Several(Condition):
    parts: tuple[Condition, ...]
    word = ""

    def __str__(self) -> str:
        return f" {self.word} ".join(f"({p})" if isinstance(p, _Several) else str(p) for p in self.parts)

    def words(self, ds: "xr.Dataset") -> str:
        said = (p.words(ds) for p in self.parts)
        return f" {self.word} ".join(
            f"({s})" if isinstance(p, _Several) else s for p, s in zip(self.parts, said, strict=True)
        )

    def problems(self, ds: "xr.Dataset") -> list[Problem]:
        return [problem for p in self.parts for problem in p.problems(ds)]

    def events(self) -> "Iterator[Event]":
        for p in self.parts:
            yield from p.events()


class Both(_Several):
    """All parts hold."""

    word = "and"

    def find(self, ds: "xr.Dataset", before: Array) -> Seen:
        holds: Flags = np.ones(len(before), dtype=bool)
        for p in self.parts:
            found, before = p.find(ds, before)
            holds &= found
        return Seen(holds, before)


class Either(_Several):
    """At least one part holds."""

    word = "or"

    def find(self, ds: "xr.Dataset", before: Array) -> Seen:
        found = [p.find(ds, before) for p in self.parts]
        first = np.fmin.reduce([np.where(f.holds, f.years, np.nan) for f in found])
        return Seen(np.logical_or.reduce([f.holds for f in found]), first)


@dataclass(frozen=True)
class Not(Condition):
    """The part does not hold."""

    part: Condition

    def __str__(self) -> str:
        return f"not ({self.part})" if isinstance(self.part, _Several) else f"not {self.part}"

    def words(self, ds: "xr.Dataset") -> str:
        return self.part.denied(ds)

    def denied(self, ds: "xr.Dataset") -> str:
        return self.part.words(ds)

    def problems(self, ds: "xr.Dataset") -> list[Problem]:
        return self.part.problems(ds)

    def events(self) -> "Iterator[Event]":
        return self.part.events()

    def find(self, ds: "xr.Dataset", before: Array) -> Seen:
        return Seen(~self.part.find(ds, before).holds, before)


@dataclass(frozen=True)
class Event(Condition):
    """A state does something for the first time, or stays, or the alliance dissolves (``state`` empty), within limits.

    Examples
    --------
    >>> print(Event("ARM", "leaves", before="2028") & ~Event("KAZ", "leaves", within=3))
    ARM leaves before 2028 and not KAZ leaves within 3 years
    """

    state: str
    verb: str
    before: str | int | dt.date = ""
    by: str | int | dt.date = ""
    after: str | int | dt.date = ""
    within: float = float("inf")
    """Years from the event before it,"""
    of_start: bool = False
    """or from the start."""

    def __post_init__(self) -> None:
        for word in (SINCE, *UNTIL):  # a year may be a number, a day a date
            object.__setattr__(self, word, str(getattr(self, word)))

    def _limits(self, says: Callable[[str, str], str] = lambda word, date: "") -> str:
        dates = [f" {word} {date}{says(word, date)}" for word in (SINCE, *UNTIL) if (date := getattr(self, word))]
        years = f" within {_in_years(self.within)}" if self.within < float("inf") else ""
        return "".join(dates) + years + (" of the start" if years and self.of_start else "")

    def __str__(self) -> str:
        return f"{self.state or ALLIANCE} {self.verb}{self._limits()}"

    def words(self, ds: "xr.Dataset") -> str:
        return self._said(ds, SAID.get(self.verb, self.verb))

    def denied(self, ds: "xr.Dataset") -> str:
        verb, *rest = SAID.get(self.verb, self.verb).split()
        return self._said(ds, " ".join(["does not", verb.removesuffix("s"), *rest]))

    def _said(self, ds: "xr.Dataset", does: str) -> str:
        who = _named(ds, self.state) or "the alliance"
        return f"{who} {does}{self._limits(lambda word, date: _meant(ds, word, date))}"

    def events(self) -> "Iterator[Event]":
        yield self

    @property
    def variable(self) -> str:
        """Of the kept runs, which has when it happens; empty of staying."""
        return "dissolution" if self.verb == DISSOLVES else VERBS.get(self.verb, "")

    def years(self, ds: "xr.Dataset", verb: str = "") -> Array:
        """When it happens, whatever its limits, in years from the start, (run,); NaN where never."""
        variable = VERBS[verb] if verb else self.variable
        x = ds[variable] if variable == "dissolution" else ds[variable].sel(member=self.state)
        return np.asarray(x.values, dtype=np.float64)

    def dates(self, ds: "xr.Dataset") -> dict[str, Array]:
        """When its tick ends, by what happens; nothing of staying."""
        return {f"{self.state or ALLIANCE} {self.verb}": self.years(ds)} if self.variable else {}

    def find(self, ds: "xr.Dataset", before: Array) -> Seen:
        step = float(ds.attrs["step_years"])
        if self.verb == STAYS:
            last = np.fmin(self.years(ds, "leaves"), np.asarray(ds.dissolution.values))
            ends = [_boundary(ds, word, getattr(self, word)).tick * step for word in UNTIL if getattr(self, word)]
            gone = last <= min([*ends, np.inf]) + step / 2
            return Seen(~gone, before)
        years = self.years(ds)
        holds = np.isfinite(years)
        for word in UNTIL:
            if date := getattr(self, word):
                holds &= years <= (_boundary(ds, word, date).tick + 0.5) * step
        if self.after:
            holds &= years > (_boundary(ds, SINCE, self.after).tick + 0.5) * step
        if self.within < float("inf"):
            since = years - (0.0 if self.of_start else before)
            holds &= (since >= -step / 2) & (since <= self.within + step / 2)
        return Seen(np.asarray(holds), years)

    def problems(self, ds: "xr.Dataset") -> list[Problem]:
        members, found = [str(m) for m in ds.member.values], []
        verbs = [*VERBS, STAYS] if self.state else [DISSOLVES]
        if self.verb not in verbs:
            found.append(_wrong("verb", self.verb, verbs))
        if self.state and self.state not in members:
            found.append(_wrong("state", self.state, members))
        elif self.verb == STAYS and self.state in ds.attrs["outside"]:
            found.append(Problem(WHERE, "state", f"{self.state} stays", "required: a member at the start"))
        for word in (SINCE, *UNTIL):
            if date := getattr(self, word):
                found += [problem for problem in [_boundary(ds, word, date).problem] if problem]
        if self.verb == STAYS and (self.after or self.within < float("inf")):
            found.append(Problem(WHERE, "limit", f"{self._limits().strip()}", "allowed of stays: before or by a date"))
        if not self.within >= 0.0:
            found.append(Problem(WHERE, "within", f"{self.within:g} years", "allowed: 0 or more"))
        return found


@dataclass(frozen=True)
class Level(Condition):
    """A number of the run against a level: stance at the end, cohesion at a horizon, a coefficient, a coded value.

    Examples
    --------
    >>> print(Level("stance ARM", "<", -1.0) | Level("cohesion", ">", 0.5, by=5))
    stance ARM < -1 or cohesion by 5 years > 0.5
    """

    what: str
    relation: str
    level: float
    by: float | None = None

    def __str__(self) -> str:
        by = "" if self.by is None else f" by {_in_years(self.by)}"
        return f"{self.what}{by} {self.relation} {_exact(self.level)}"

    def words(self, ds: "xr.Dataset") -> str:
        head, _, state = self.what.partition(" ")
        return str(replace(self, what=f"{head} of {_named(ds, state)}") if state else self)

    def denied(self, ds: "xr.Dataset") -> str:
        return replace(self, relation=OPPOSITE[self.relation]).words(ds)

    def events(self) -> "Iterator[Event]":
        return iter(())

    def find(self, ds: "xr.Dataset", before: Array) -> Seen:
        return Seen(np.asarray(RELATIONS[self.relation](self._values(ds), self.level)), before)

    def _values(self, ds: "xr.Dataset") -> Array:
        head, _, state = self.what.partition(" ")
        if head == STANCE:
            x = ds.end_stance.sel(member=state)
        elif head in LEVELS:
            x = ds[head].isel(horizon=-1) if self.by is None else ds[head].sel(horizon=self.by)
        elif head.startswith("behaviour."):
            x = ds.coefficients.sel(coefficient=head.removeprefix("behaviour."))
        else:
            x = ds.coded_values.sel(value=head)
        return np.asarray(x.values, dtype=np.float64)

    def problems(self, ds: "xr.Dataset") -> list[Problem]:
        found, members = [], [str(m) for m in ds.member.values]
        head, _, state = self.what.partition(" ")
        if head == STANCE and state not in members:
            found.append(_wrong("state", state or "stance of nobody", members))
        if head != STANCE and self.what not in (known := numbers_of(ds)):
            found.append(_wrong("number", self.what, known, "allowed: stance STATE, cohesion, or a path that varies"))
        if self.relation not in RELATIONS:
            found.append(_wrong("relation", self.relation, [*RELATIONS]))
        horizons = ds.horizon.values.tolist()
        if self.by is not None and (head not in LEVELS or self.by not in horizons):
            allowed = [f"by {_in_years(h)}" for h in horizons] if head in LEVELS else ["no time"]
            found.append(Problem(WHERE, "time", f"by {_in_years(self.by)}", f"allowed: {', '.join(allowed)}"))
        if not np.isfinite(self.level):
            found.append(Problem(WHERE, "number", f"{self.level}", "allowed: a number"))
        return found


def numbers_of(ds: "xr.Dataset") -> list[str]:
    """What has a level of its own in kept runs, but stances."""
    return [*LEVELS, *(f"behaviour.{c}" for c in ds.coefficient.values), *map(str, ds.value.values)]


def _wrong(path: str, found: str, names: Sequence[str], allowed: str = "") -> Problem:
    return Problem(WHERE, path, found, allowed or f"allowed: {listed(names, 24)}", nearest(found, names))


def _named(ds: "xr.Dataset", state: str) -> str:
    """A state by its name, else as it is."""
    names = dict(zip(map(str, ds.member.values), map(str, ds["name"].values), strict=True))
    return names.get(state, state)


class _Boundary(NamedTuple):
    """Where a limit lies among the ends of ticks."""

    tick: int = 0
    """Up to whose end, or after whose end, an event is to lie."""
    end: dt.date | None = None
    """That end, where it is not the very limit."""
    problem: Problem | None = None


def _boundary(ds: "xr.Dataset", word: str, date: str | int | dt.date) -> _Boundary:
    """The last tick that ends inside a limit, or, of ``after``, the first end inside it; where there is none what is
    wrong."""
    text = str(date)
    dates = [dt.date.fromisoformat(d) for d in ds.attrs["dates"]]
    try:
        first = parse(text)
    except ValueError as error:
        return _Boundary(problem=Problem(WHERE, word, f"{text} {error}", f"allowed: {WRITTEN}"))
    months = {0: 12, 1: 1, 2: 0}[text.count("-")]
    past = add_months(first, months) if months else first
    day = first if word == UNTIL[0] else past
    for end in (day, day + dt.timedelta(days=1)):
        if end in dates:
            return _Boundary(dates.index(end))
    inside = [d for d in dates if (d >= day if word == SINCE else d <= day)]
    if past < dates[0] or first > dates[-1] or not inside:
        near = dates[0] if day < dates[0] else dates[-1]
        allowed = f"allowed: from {dates[0]} to {dates[-1]}"
        return _Boundary(problem=Problem(WHERE, word, f"{text}, outside the forecast", allowed, str(near)))
    end = min(inside) if word == SINCE else max(inside)
    return _Boundary(dates.index(end), end)


def _meant(ds: "xr.Dataset", word: str, date: str) -> str:
    """The day that is meant by a limit on which no tick ends."""
    end = _boundary(ds, word, date).end
    if end is None:
        return ""
    return f" (from {end} on)" if word == SINCE else f" (up to {end - dt.timedelta(days=1)})"


def _exact(x: float) -> str:
    """A number with all its digits."""
    return repr(float(x)).removesuffix(".0")


def _in_years(x: float) -> str:
    return f"{_exact(x)} year{'' if x == 1.0 else 's'}"
