"""What a test measures, in words: for the printed ledger, the figures and docs/findings.md."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from sim.evidence.tables import ClaimTest
from sim.model.dates import add_months
from sim.model.outcomes import MEASURABLE

_CALLS = re.compile(r"answered_(\w+) minus answered_(\w+)")
_STATE = re.compile(r"\b([a-z_]+)\.([A-Za-z0-9]+)")


def called(label: str, names: Mapping[str, str]) -> str:
    """The label of a row: ``stance.ARM minus stance.KAZ`` is ``stance: Armenia minus Kazakhstan``."""
    if pair := _CALLS.fullmatch(label):
        return f"calls answered: {pair[1]} minus {pair[2]}"
    found = _STATE.findall(label)
    if len(found) == 2 and found[0][0] == found[1][0]:
        (outcome, a), (_, b) = found
        return f"{MEASURABLE[outcome].label}: {names.get(a, a)} minus {names.get(b, b)}"
    if len(found) == 1:
        outcome, state = found[0]
        return f"{MEASURABLE[outcome].label}: {names.get(state, state)}"
    return re.sub(r"\b[a-z_]+\b", lambda m: MEASURABLE[m[0]].label if m[0] in MEASURABLE else m[0], label)


def month(time: Any, start: dt.date) -> str:
    """A date, or years after the start, as a month: ``Oct 2028``."""
    date = time if isinstance(time, dt.date) else add_months(start, round(12 * time))
    return f"{date:%b %Y}"


def in_percent(test: ClaimTest) -> bool:
    """Whether all that a test measures are probabilities or shares."""
    return all(MEASURABLE[name.partition(".")[0]].probability for name in test.measured)


def axis(test: ClaimTest, start: dt.date) -> str:
    """What the numbers of a test are."""
    at = month(test.at, start)
    unit = ", percentage points" if in_percent(test) else ""
    since = month(test.since, start) if test.since is not None else ""
    match test.kind:
        case "level":
            return f"in {at}"
        case "change":
            return f"change from {since} to {at}{unit}"
        case "difference":
            return f"in {at}: scenario {test.scenario} minus scenario {test.base}{unit}"
        case "order":
            return f"difference in {at}{unit}"
        case "spread":
            return f"difference between the changes from {since} to {at}{unit}"
        case "share":
            return f"{called(test.measured[0], {})} in {at}{unit}"
        case _:
            assert test.period is not None
            first, last = (month(t, start) for t in test.period)
            line = f"minus {test.times:g} times what a straight line from {first} to {last} gives"
            return f"change from {since} to {at} {line}{unit}"
