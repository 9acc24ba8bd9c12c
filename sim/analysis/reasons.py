"""Why a run went as it did, in sentences."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sim.analysis.ablations import Effect, Luck
from sim.analysis.event import CONDUCT, NOUNS, Event
from sim.errors import plural
from sim.model.grammar import possessive
from sim.model.outcomes import CONDUCTS, signed
from sim.scenario.compile import Program

if TYPE_CHECKING:
    import pandas as pd

STANCE, HAZARD = "stance", "log-hazard"
NOTHING = 0.0005
"""A change of probability that is none,"""
STILL = 0.005
"""and of stance."""
EXACT = 1e-12
"""A standard error that is rounding, and"""
FINEST = 4
"""digits after the point of a percentage, at most."""
LARGEST = 2
"""Terms and causes that the answer names."""


def spans(program: Program) -> list[str]:
    """When each tick of the forecast was, in words: ``January to March 2027``; the first is its start."""
    found = [f"{program.dates[0]:%B %Y}"]
    for begins, ends in pairwise(program.dates):
        last = ends - dt.timedelta(days=1)
        form = "%B" if begins.year == last.year else "%B %Y"
        alone = (begins.year, begins.month) == (last.year, last.month)
        found.append(f"{last:%B %Y}" if alone else f"{begins:{form}} to {last:%B %Y}")
    return found


def apart(p: float, q: float) -> tuple[str, str]:
    """Two probabilities in percent, with as many digits as tell them apart, if four do."""
    said = ((f"{100 * p:.{digits}f}", f"{100 * q:.{digits}f}") for digits in range(1, FINEST + 1))
    return next((pair for pair in said if pair[0] != pair[1]), (f"{100 * p:.1f}", f"{100 * q:.1f}"))


def plus_minus(error: float) -> str:
    """A standard error in percent, to its first digit; 0 where every draw gives the same."""
    if error < EXACT:
        return "0"
    x, least = 100 * error, 10.0**-FINEST
    return f"{x:.{max(-math.floor(math.log10(x)), 0)}f}" if x >= least else f"<{least:.{FINEST}f}"


def _known(error: float) -> str:
    """How well a probability or a difference is known."""
    return "the same in every draw" if error < EXACT else f"± {plus_minus(error)}"


def _percent(p: float, error: float) -> str:
    """A probability with its standard error, to the same digits."""
    digits = max(len(plus_minus(error).partition(".")[2]), 1)
    return f"{100 * p:.{digits}f} % ({_known(error)})"


def of_terms(terms: "pd.DataFrame", event: Event, about: Mapping[str, Any]) -> list[str]:
    """What happened, and what its stance and hazard had in them."""
    name, when = about["member"], about["when"]
    if event.kind == CONDUCT:
        did = f"From {when} on {name} usually {CONDUCTS[event.to]}"
    elif event.happened:
        did = f"{possessive(name)} {NOUNS[event.kind]} came in {when}"
    else:
        did = f"{name} had no {NOUNS[event.kind]} in {when}"
    stance, hazard = (terms[terms.whole == w] for w in (STANCE, HAZARD))

    def both(column: str, hazard_of: str = "hazard") -> str:
        rate = f" and a {hazard_of} of {_rate(hazard.iloc[-1][column])}" if len(hazard) else ""
        return f"a stance of {signed(stance.iloc[-1][column])}{rate}"

    at, before, mean = both("at_date"), both("year_before"), both("mean", "typical hazard (geometric mean)")
    others = f"in the mean of {plural(about['compared'], 'run')} in which it could come then"
    said = [f"{did}, at {at}, against {before} in {about['before']}, and {mean} {others}."]
    moved = [f"in its stance {_moved(stance, column)}" for column in ("change", "from_mean")]
    if len(hazard):
        more = (f"in the logarithm of its hazard {_moved(hazard, column)}" for column in ("change", "from_mean"))
        moved = [", ".join(words) for words in zip(moved, more, strict=True)]
    return [*said, f"Since {about['before']} moved most {moved[0]}; against the mean stand out {moved[1]}."]


def _rate(log: float) -> str:
    return f"{100 * math.exp(log):.2g} % a year" if log == log else "none"


def _moved(terms: "pd.DataFrame", column: str) -> str:
    """The largest terms of a difference."""
    parts = terms.iloc[:-1]
    order = parts[column].abs().sort_values(ascending=False).index[:LARGEST]
    said = [f"{parts.term[i]} ({signed(parts[column][i])})" for i in order if abs(parts[column][i]) >= STILL]
    return " and ".join(said) or "nothing"


def _later(first: float, event: Event, program: Program) -> str:
    """When the event comes without a cause, against when it came."""
    noun, end = NOUNS[event.kind], f"{program.dates[-1]:%B %Y}"
    if first != first:
        return f"the {noun} does not come by {end}" if event.happened else f"there is no {noun} by {end} either"
    if not event.happened:
        return f"the {noun} comes in {spans(program)[int(first)]}"
    months = round((first - event.k) * program.alliance.dt * 12)
    if not months:
        return f"the {noun} comes at the same time"
    far = abs(months)
    length = f"{far} months" if far < 12 else "a year" if far == 12 else f"{far / 12:.3g} years"
    return f"the {noun} comes {length} {'later' if months > 0 else 'earlier'}"


def idle(e: Effect, event: Event) -> bool:
    """Whether without a cause all is as it was: date, probability and stance."""
    same = e.first == event.k or (e.first != e.first and not event.happened)
    return same and abs(e.with_it - e.without) < max(NOTHING, 2 * e.error) and abs(e.stance) < STILL


def _without(e: Effect, event: Event, program: Program) -> str:
    """What comes of it without a cause."""
    without, with_it = apart(e.without, e.with_it)
    by = f"its probability by then is {without} % instead of {with_it} % ({_known(e.error)})"
    return f"without {e.cause.what} {_later(e.first, event, program)}, and {by}"


def of_causes(did: Sequence[Effect], event: Event, program: Program) -> tuple[list[str], list[str]]:
    """What did most for it; then what moved its date or was most against it, and how much did nothing."""
    for_it, against = (
        [e for e in did if sign * (e.with_it - e.without) > max(NOTHING, 2 * e.error)] for sign in (1, -1)
    )
    first = [f"Most for it: {_without(for_it[0], event, program)}."] if for_it else []
    more = [f"Then: {_without(e, event, program)}." for e in for_it[1:LARGEST]]
    if against:
        more.append(f"Most against it: {_without(against[0], event, program)}.")
    if none := sum(idle(e, event) for e in did):
        more.append(f"{none} of the {len(did)} things that came before changed nothing by themselves.")
    return first or ["Nothing that came before made it more probable, as far as this can show."], more


def of_chance(lucky: Luck, event: Event, program: Program) -> tuple[list[str], list[str]]:
    """What chance had a part in: from that moment on; then from the start, and in the one draw."""
    when = spans(program)[event.k]
    within = event.k + round(1.0 / program.alliance.dt) <= program.forecast_ticks + 1
    by = "within a year" if within else f"by {program.dates[-1]:%B %Y}"
    soon = f"with all chance new from {when} on, it comes {by} with {_percent(*lucky.soon)}"
    start = f"With all chance new from the start on it has come by {when} with {_percent(*lucky.before)}."
    if not event.happened or event.kind == CONDUCT:
        return [f"Chance: {soon}."], [start]
    otherwise = f"had only the draw of that moment fallen otherwise, {_later(lucky.first, event, program)}"
    return [f"Chance: {soon}; {otherwise}."], [start]
