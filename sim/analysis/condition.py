"""Conditions on single runs: ``ARM leaves before 2028 and KAZ leaves within 3 years``.

    condition = all {"or" all};  all = part {"and" part};  part = "not" part | "(" condition ")" | event | level
    event     = STATE ("leaves" | "freezes" | "resumes" | "returns") {limit} | STATE "stays" [until]
              | ["alliance"] "dissolves" {limit}
    until     = ("before" | "by") DATE
    limit     = until | "after" DATE | "within" N "years" ["of the start"]
    level     = WHAT ("<" | ">" | "<=" | ">=") NUMBER
    WHAT      = "stance" STATE | ("cohesion" | "starters_cohesion") ["by" N "years"] | PATH

An event is the first of its kind in a run. ``within`` counts from the event before it in the sentence, before which it
must not come: of alternatives from the one that comes first, never from what is not to happen, and from the start where
there is none. A year or a month is the whole of it: before 2028 is before its first day, by 2028 up to its last, after
2028 after its last. Where no tick ends then, only ticks that lie inside count. Stance is that at the end; cohesion that
at a horizon, the last where none is named; a path is a coded value or a coefficient (``behaviour.NAME``).
"""

import datetime as dt
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import InputError, Problem, listed, nearest
from sim.model.arrays import Array, Flags
from sim.results.kept import LEVELS
from sim.scenario.dates import WRITTEN, add_months, parse

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
HOW = "allowed: such as ARM leaves before 2028 and not (KAZ leaves within 3 years or BLR freezes)"
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
        """When its tick ends, by a name; nothing of staying."""
        return {f"{self.state or ALLIANCE} {self.verb}, until": self.years(ds)} if self.variable else {}

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


# ------------------------------------------------------------------------------------------------------- as text


class _Token(NamedTuple):
    text: str
    column: int

    @property
    def word(self) -> str:
        return self.text.casefold()


END = "the end"
TOKEN = re.compile(r"[()]|<=|>=|[<>]|[^\s()<>]+")


class _Reader:
    """Reads a text from left to right, and goes on after what is wrong."""

    def __init__(self, text: str, ds: "xr.Dataset") -> None:
        self.ds = ds
        self.tokens = [_Token(m.group(), m.start() + 1) for m in TOKEN.finditer(text)]
        self.end = _Token("", len(text) + 1)
        self.at = 0
        self.found: list[Problem] = []
        self.columns: dict[str, int] = {}  # of the limits of an event
        codes = [str(c) for c in ds.member.values]
        names = [str(n) for n in ds["name"].values]
        self.states = {tuple(x.casefold().split()): c for c, n in zip(codes, names, strict=True) for x in (c, n)}

    def peek(self, ahead: int = 0) -> _Token:
        k = self.at + ahead
        return self.tokens[k] if k < len(self.tokens) else self.end

    def take(self) -> _Token:
        token = self.peek()
        self.at += 1
        return token

    def took(self, *words: str) -> str:
        """The word that comes next if it is one of these, which is then read."""
        if (word := self.peek().word) in words:
            self.at += 1
            return word
        return ""

    def wrong(self, token: _Token, allowed: str, names: Sequence[str] = ()) -> None:
        self.found.append(
            Problem(WHERE, f"column {token.column}", token.text or END, allowed, nearest(token.text, names))
        )

    def skip(self) -> None:
        """To where a part may end."""
        while self.peek().text and self.peek().word not in ("and", "or", ")"):
            self.at += 1

    def whole(self) -> Condition:
        condition = self.either()
        while self.peek().text:
            self.wrong(self.take(), "allowed: and, or, the end", ["and", "or"])
            self.skip()
            if self.took("and", "or"):
                self.either()
        return condition

    def either(self) -> Condition:
        parts = [self.both()]
        while self.took("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self) -> Condition:
        parts = [self.part()]
        while self.took("and"):
            parts.append(self.part())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def part(self) -> Condition:
        verbs = (*VERBS, STAYS)
        if self.peek().word == "not" and self.peek(1).word not in verbs:
            self.take()
            return Not(self.part())
        if self.took("("):
            inside = self.either()
            if not self.took(")"):
                self.wrong(self.peek(), "allowed: )")
            return inside
        start, wrong, self.columns = self.peek(), len(self.found), {}
        own = self.level() if self._is_level() else self.event()
        if own is None:
            self.skip()
            return Event("", DISSOLVES)
        if len(self.found) == wrong:
            for p in own.problems(self.ds):
                self.found.append(replace(p, path=f"column {self.columns.get(p.path, start.column)}, {p.path}"))
        return own

    def _is_level(self) -> bool:
        if self.peek().word == STANCE:
            return True
        k = 0
        while (token := self.peek(k)).text and token.word not in ("and", "or", "(", ")"):
            if token.text in RELATIONS:
                return True
            k += 1
        return False

    def state(self) -> str:
        """The code of the state that the next words name; empty where they name none."""
        for length in range(max(map(len, self.states)), 0, -1):
            words = tuple(self.peek(k).word for k in range(length))
            if code := self.states.get(words):
                self.at += length
                return code
        return ""

    def event(self) -> Condition | None:
        first = self.peek()
        if not first.text:
            self.wrong(first, HOW)
            return None
        verbs = [*VERBS, STAYS]
        whole = self.took("alliance", "the")
        if whole == "the" and not self.took(ALLIANCE):
            self.at -= 1
        if self.took(DISSOLVES):
            return self.limits(Event("", DISSOLVES))
        state = self.state()
        if not state:
            names = [" ".join(s) for s in self.states] + [str(c) for c in self.ds.member.values]
            names += [str(n) for n in self.ds["name"].values]
            codes = ", ".join(map(str, self.ds.member.values))
            self.wrong(first, f"allowed: a state ({codes}), alliance dissolves, not, (", names)
            if self.peek(1).word not in verbs:
                return None
            self.take()
            state = str(self.ds.member.values[0])
        verb = self.took(*verbs)
        if not verb:
            self.wrong(self.peek(), f"allowed: {', '.join(verbs)}", verbs)
            return None
        return self.limits(Event(state, verb))

    def limits(self, event: Event) -> Event:
        words = (*UNTIL, SINCE, WITHIN)
        while (token := self.peek()).text and token.word not in ("and", "or", "(", ")"):
            word = self.took(*words)
            if not word:
                self.wrong(token, f"allowed: {', '.join(words)}, and, or", [*words, "and", "or"])
                self.skip()
                return event
            if getattr(event, word) not in ("", float("inf")):
                self.wrong(token, f"allowed: {word} once of an event")
            if word == WITHIN:
                years = self.years()
                event = replace(event, within=years)
                if self.took("of"):
                    self.took("the")
                    event = replace(event, of_start=True)
                    if not self.took("start"):
                        self.wrong(self.peek(), "allowed: start", ["start"])
                        self.skip()
            else:
                self.columns[word] = self.peek().column
                dates: dict[str, Any] = {word: self.date()}
                event = replace(event, **dates)
        return event

    def date(self) -> str:
        token = self.peek()
        with suppress(ValueError):
            parse(token.text)
            self.at += 1
            return token.text
        self.wrong(token, f"allowed: {WRITTEN}")
        self.skip()
        return ""

    def years(self) -> float:
        token = self.peek()
        number = _number(token.text)
        if not number >= 0.0 or not np.isfinite(number):
            self.wrong(token, "allowed: a number of years")
            self.skip()
            return float("inf")
        self.at += 1
        if not self.took("year", "years"):
            self.wrong(self.peek(), "allowed: years", ["years"])
            self.skip()
        return number

    def level(self) -> Condition | None:
        first = self.take()
        what = first.text
        if first.word == STANCE:
            self.took("of")
            token = self.peek()
            state = self.state()
            if not state:
                self.wrong(token, f"allowed: {', '.join(map(str, self.ds.member.values))}", self._names())
                return None
            what = f"{STANCE} {state}"
        by = self.years() if self.took("by") else None
        relation = self.peek().text
        if relation not in RELATIONS:
            self.wrong(self.peek(), f"allowed: {', '.join(RELATIONS)}")
            return None
        self.take()
        token = self.take()
        number = _number(token.text)
        if not np.isfinite(number):
            self.wrong(token, "allowed: a number")
            return None
        return Level(what, relation, number, by)

    def _names(self) -> list[str]:
        return [str(x) for x in (*self.ds.member.values, *self.ds["name"].values)]


def _exact(x: float) -> str:
    """A number with all its digits."""
    return repr(float(x)).removesuffix(".0")


def _in_years(x: float) -> str:
    return f"{_exact(x)} year{'' if x == 1.0 else 's'}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def condition(given: "Condition | str", ds: "xr.Dataset", where: str = WHERE) -> Condition:
    """A condition on kept runs, of a text or as it is, checked.

    Raises
    ------
    InputError
        With all that is wrong with it, by column.
    """
    if isinstance(given, Condition):
        found, problems = given, given.problems(ds)
    else:
        reader = _Reader(given, ds)
        found = reader.whole()
        problems = reader.found
    if problems:
        raise InputError(replace(p, where=where) for p in problems)
    return found
