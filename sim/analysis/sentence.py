"""Conditions on single runs, read from a text: ``ARM leaves before 2028 and KAZ leaves within 3 years``.

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

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.condition import (
    ALLIANCE,
    DISSOLVES,
    RELATIONS,
    SINCE,
    STANCE,
    STAYS,
    UNTIL,
    VERBS,
    WHERE,
    WITHIN,
    Both,
    Condition,
    Either,
    Event,
    Level,
    Not,
)
from sim.errors import InputError, Problem, nearest
from sim.model.dates import WRITTEN, parse

if TYPE_CHECKING:
    import xarray as xr

HOW = "allowed: such as ARM leaves before 2028 and not (KAZ leaves within 3 years or BLR freezes)"
END = "the end"
TOKEN = re.compile(r"[()]|<=|>=|[<>]|[^\s()<>]+")


class _Token(NamedTuple):
    text: str
    column: int

    @property
    def word(self) -> str:
        return self.text.casefold()


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
