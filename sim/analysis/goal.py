"""A condition on an outcome, as one writes it: ``exit ARM by 5 years = 10 %``, ``cohesion by 2030 < 0.4``."""

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import accumulate

from sim.errors import InputError, Problem, listed, nearest, plural
from sim.model.arrays import Array, Flags
from sim.model.dates import STEPS, parse, to_years, whole_steps
from sim.model.outcomes import OUTCOMES, Outcome
from sim.results.horizons import end_of, off_steps
from sim.scenario.compile import tick_edges
from sim.scenario.load import Scenario
from sim.scenario.tables import Time

RELATIONS: dict[str, tuple[Callable[[Array, float], Flags], str]] = {
    "<=": (operator.le, "at most"),
    ">=": (operator.ge, "at least"),
    "<": (operator.lt, "below"),
    ">": (operator.gt, "above"),
    "=": (operator.eq, "equal to"),
}
"""How an outcome is held against a level, and in words; the longer signs first."""
SENTENCE = re.compile(rf"(.*?)\s+by\s+(.*?)\s*({'|'.join(RELATIONS)})\s*(.*)", re.IGNORECASE | re.DOTALL)
YEARS = re.compile(r"([0-9.]+)\s*years?", re.IGNORECASE)
FORM = (
    'allowed: OUTCOME [STATE] by TIME RELATION LEVEL, such as "exit ARM by 5 years = 10 %" or "cohesion by 2030 < 0.4"'
)


def _phrases() -> dict[str, str]:
    """What an outcome may be called, in small letters: its name, or what sentences and columns call it."""
    of_all = {name: (name, name.replace("_", " "), o.noun, o.short) for name, o in OUTCOMES.items()}
    return {said.casefold(): name for name, words in of_all.items() for said in words if said}


PHRASES = _phrases()


@dataclass(frozen=True)
class Goal:
    """An outcome, of a state or of the alliance, at a time, held against a level."""

    outcome: str
    member: str
    """Code of the state; empty for an outcome of the alliance."""
    by: float | dt.date
    """Years after the start of the forecast, or the date of the end of a tick."""
    relation: str
    level: float
    """A probability is a share of 1."""

    @property
    def kind(self) -> Outcome:
        """What is known of the outcome."""
        return OUTCOMES[self.outcome]

    def __str__(self) -> str:
        """The sentence that :func:`goal` reads as this goal again."""
        what = " ".join(filter(None, (self.kind.noun, self.member)))
        return f"{what} by {self.when} {self.relation} {self.in_words(self.level)}"

    @property
    def when(self) -> str:
        """The time, as it was written."""
        return str(self.by) if isinstance(self.by, dt.date) else plural(self.by, "year")

    def in_words(self, level: float) -> str:
        """A level of the outcome with all its digits, of a probability in percent."""
        exact = Decimal(repr(float(level)))
        return f"{(100 * exact).normalize():f} %" if self.kind.probability else f"{exact.normalize():f}"

    def holds(self, x: Array) -> Flags:
        """Where values of the outcome are as the goal says."""
        compared, _ = RELATIONS[self.relation]
        return compared(x, self.level)

    def subject(self, names: Mapping[str, str]) -> str:
        """The outcome as a sentence names it: ``the probability that Armenia has left``, ``cohesion``."""
        return self.kind.subject(names.get(self.member, self.member))

    def tick(self, time: Time) -> int:
        """The forecast tick at whose end it is asked for."""
        edges, record = tick_edges(time)
        if not isinstance(self.by, dt.date):
            return max(1, round(self.by * 12 / STEPS[time.step]))
        day = end_of(time, self.by)
        return edges.index(day) - record

    def years(self, time: Time) -> float:
        """The same in years after the start of the forecast."""
        return (
            self.by if not isinstance(self.by, dt.date) else round(to_years(self.date(time)) - to_years(time.start), 9)
        )

    def date(self, time: Time) -> dt.date:
        """The same as a date."""
        edges, record = tick_edges(time)
        return edges[record + self.tick(time)]


def goal(text: str, scenario: Scenario, where: str = "reach") -> Goal:
    """Read a goal that a scenario can be asked for.

    Parameters
    ----------
    text : ``OUTCOME [STATE] by TIME RELATION LEVEL``: the outcome by name or as tables call it; the state by code or
        name; the time in years after the start, or as a date; one of ``= < > <= >=``; the level as a share or in
        percent of a probability, else as a number.
    scenario : whose states and dates are meant.
    where : the argument that gives it.

    Raises
    ------
    InputError
        With all that is wrong with it.
    """
    parts = SENTENCE.fullmatch(text.strip())
    if not parts:
        missing = "no `by TIME`" if not re.search(r"\sby\s", text, re.IGNORECASE) else "no relation"
        raise InputError([Problem(where, "", f"{text!r:.80}: {missing}", FORM)])
    head, time, relation, level = (x.strip() for x in parts.groups())
    problems: list[Problem] = []
    outcome, rest = _outcome(head, problems)
    member = _member(outcome, rest, scenario, problems)
    by = _time(time, scenario, problems)
    value = _level(level, outcome, problems)
    if problems:
        raise InputError(replace(p, where=where) for p in problems)
    return Goal(outcome, member, by, relation, value)


def quantity(text: str, scenario: Scenario, where: str) -> tuple[str, str]:
    """``OUTCOME [STATE]`` as name and code. Raises InputError with all that is wrong with it."""
    problems: list[Problem] = []
    outcome, rest = _outcome(text.strip(), problems)
    member = _member(outcome, rest, scenario, problems)
    if problems:
        raise InputError(replace(p, where=where) for p in problems)
    return outcome, member


def _outcome(head: str, problems: list[Problem]) -> tuple[str, str]:
    """The outcome that the first words name, as many as there can be, and the words after it."""
    words = head.removeprefix("probability of ").split()
    starts = list(accumulate(words, lambda a, b: f"{a} {b}"))
    for k in range(len(words), 0, -1):
        if name := PHRASES.get(starts[k - 1].casefold()):
            return name, " ".join(words[k:]).removeprefix("of ").strip()
    allowed = f"allowed: {listed([o.noun for o in OUTCOMES.values()], 40)}"
    near = next(filter(None, (nearest(start, PHRASES) for start in reversed(starts))), "")
    problems.append(Problem("", "outcome", head or "none", allowed, near))
    return "", ""


def _member(outcome: str, said: str, scenario: Scenario, problems: list[Problem]) -> str:
    """The code of the state that is meant."""
    if not outcome:
        return ""
    if not OUTCOMES[outcome].by_member:
        if said:
            allowed = f"allowed: no state, {OUTCOMES[outcome].noun} is of the alliance"
            own = f"exit {said}" if scenario.state(said, "", "", []) and outcome == "any_exit" else ""
            problems.append(Problem("", "state", said, allowed, own))
        return ""
    return scenario.state(said or f"{OUTCOMES[outcome].noun} of nobody", "", "state", problems)


def _time(said: str, scenario: Scenario, problems: list[Problem]) -> float | dt.date:
    """Years after the start, or a date, at which a tick of the forecast ends."""
    time = scenario.tables.time
    if not (years := YEARS.fullmatch(said)):
        if problem := off_steps(said, [scenario]):
            allowed = problem.allowed.replace(
                "YYYY-MM-DD", "a number of years, as in `5 years`, or a date, as in 2030-01-01"
            )
            problems.append(replace(problem, path="time", allowed=allowed))
            return 0.0
        return parse(said)
    whole = round(to_years(time.end) - to_years(time.start), 4)
    try:
        count = float(years[1])
    except ValueError:
        count = -1.0
    allowed = f"allowed: whole {time.step}s, up to {plural(whole, 'year')} after {time.start}"
    if not 0 < count <= whole:
        problems.append(Problem("", "time", said, allowed))
    elif near := whole_steps(count, time.step):
        problems.append(Problem("", "time", said, allowed, plural(near, "year")))
    return count


def _level(said: str, outcome: str, problems: list[Problem]) -> float:
    """The level: of a probability a share or percent."""
    percent = said.endswith("%")
    try:
        value = Decimal(said.removesuffix("%").strip()) / (100 if percent else 1)
        number = float(value) if value.is_finite() else float("nan")
    except InvalidOperation:
        number = float("nan")
    if not outcome:
        return number
    o = OUTCOMES[outcome]
    ends = f"from {o.low:g} to {o.high:g}" if o.high < float("inf") else f"from {o.low:g} on" * (o.low == 0)
    allowed = "allowed: 0 % to 100 %, or 0 to 1" if o.probability else f"allowed: a number {ends}".strip()
    if (percent and not o.probability) or not o.low <= number <= o.high:
        meant = f"{said} %" if o.probability and not percent and 1 < number <= 100 else ""
        problems.append(Problem("", "level", said or "none", allowed, meant))
    return number
