"""Who belongs when: what a member's record and the events say of one another.

Up to the start of a forecast, and in a history to its end, both say what happened and must agree. In a forecast the
model moves states as well, so what the record does not foresee may still come about in some runs.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from sim.errors import listed
from sim.model.dates import STEPS, add_months
from sim.model.membership import FROZEN, OUTSIDE, STATUSES
from sim.scenario.messages import Fault
from sim.scenario.tables import ClashEvent, CrisisEvent, EntryEvent, Member, ScenarioTables, Time

BELONGS = STATUSES[OUTSIDE + 1 :]
MOVES = {"outside": "an exit of a state that is out", "frozen": "a freeze of a frozen state"}
"""What a status is that was the state's already; else an entry of a state that is in."""


class Since(NamedTuple):
    """A status, and the day from which a state has it."""

    day: dt.date
    status: str

    def __str__(self) -> str:
        return f"{self.status} since {self.day}" if self.day > dt.date.min else "outside, with no record before"


def status_before(tables: ScenarioTables, state: str, day: dt.date) -> Since:
    """What a state is on the eve of a day by its record and by entries of the script."""
    moves = [Since(m.from_, m.status) for m in tables.members[state].record]
    moves += [Since(e.date, "active") for e in tables.events if isinstance(e, EntryEvent) and e.member == state]
    return max((m for m in moves if m.day < day), default=Since(dt.date.min, STATUSES[OUTSIDE]))


def faults(tables: ScenarioTables) -> Iterator[Fault]:
    """What cannot be."""
    for state, member in tables.members.items():
        yield from _no_change(tables, state, member)
    first = tables.time.first
    for day, when in {tables.time.start: "when the forecast begins", first: "when the first tick begins"}.items():
        if not any(m.status_at(day) == STATUSES.index("active") for m in tables.members.values()):
            yield Fault(("members",), f"no state is active on {day}, {when}", "required: one or more, by its record")
            return
    yield from _quorum(tables)
    yield from _dissolution(tables)
    yield from (fault for day, fault in _events(tables) if day < known_until(tables.time))


def doubts(tables: ScenarioTables) -> Iterator[Fault]:
    """What may not be meant."""
    first = tables.time.first
    for state, member in tables.members.items():
        begins = member.record[0].from_
        if begins > first:
            allowed = f"if it was outside before say so from {first} on, else let its record begin by then"
            found = f"{begins}, after the first tick begins, {first}: the state is outside until then"
            entries = [e for e in tables.events if isinstance(e, EntryEvent) and e.member == state]
            if begins > tables.time.start and not any(e.date >= begins for e in entries):
                found += f" and, since no event says that it enters, {_stays_out(member)}"
                allowed += f"; {_let_in(begins)}"
            yield Fault(("members", state, "record", 0, "from"), found, allowed)
        yield from _entries(tables, state, member)
    yield from _gone(tables)
    yield from (fault for day, fault in _events(tables) if day >= known_until(tables.time))


def known_until(time: Time) -> dt.date:
    """Until when record and events say what happened."""
    return time.forecast_from or time.end


def _no_change(tables: ScenarioTables, state: str, member: Member) -> Iterator[Fault]:
    for k, (old, new) in enumerate(pairwise(member.record), start=1):
        if old.status == new.status:
            found = f"{new.status} from {new.from_}, as it is since {old.from_}"
            what = MOVES.get(new.status, "an entry of a state that is in")
            yield Fault((*written(tables, state, k), "status"), f"{found}: {what}", "allowed: another status")
        if (old.status, new.status) == (STATUSES[OUTSIDE], STATUSES[FROZEN]):
            found = f"frozen from {new.from_}, and outside since {old.from_}: a state that is out cannot freeze"
            yield Fault((*written(tables, state, k), "status"), found, "allowed: active, or active before it is frozen")
        if new.from_ <= old.from_:
            yield Fault((*written(tables, state, k), "from"), f"{new.from_} after {old.from_}", "allowed: a later date")


def written(tables: ScenarioTables, state: str, k: int) -> tuple[str | int, ...]:
    """Where the file has an entry of a state's record: with the state, or among the moves that continue records."""
    moves = [i for i, m in enumerate(tables.record) if m.member == state]
    own = len(tables.members[state].record) - len(moves)
    return ("members", state, "record", k) if k < own else ("record", moves[k - own])


def _quorum(tables: ScenarioTables) -> Iterator[Fault]:
    """A quorum that the alliance misses in its first tick."""
    time, quorum = tables.time, tables.alliance.quorum
    belong = {state for state, m in tables.members.items() if m.status_at(time.start) != OUTSIDE}
    soon = add_months(time.start, STEPS[time.step])
    belong |= {e.member for e in tables.events if isinstance(e, EntryEvent) and time.start <= e.date < soon}
    if quorum > len(belong):
        found = f"{quorum}, where {len(belong)} belong on {time.start}: the alliance would end in the first tick"
        yield Fault(("alliance", "quorum"), found, f"allowed: 1 to {len(belong)}")


def _dissolution(tables: ScenarioTables) -> Iterator[Fault]:
    """Records that the day contradicts on which all ended the alliance together."""
    end = tables.alliance.dissolved
    if end is None:
        return
    for state, member in tables.members.items():
        for k, (m, then) in enumerate(zip(member.record, [*member.record[1:], None], strict=True)):
            if m.status in BELONGS and (then is None or then.from_ > end):
                until = f"until {then.from_}" if then else "for good"
                found = f"{state} is {m.status} from {m.from_} {until}, and the alliance was dissolved on {end}"
                yield Fault(written(tables, state, k), found, f"required: outside from {end} on, or before")
    if all(status_before(tables, state, end).status not in BELONGS for state in tables.members):
        found = f"{end}, and nobody is a member on its eve by the records"
        yield Fault(("alliance", "dissolved"), found, "allowed: the day on which the last members went together")


def _gone(tables: ScenarioTables) -> Iterator[Fault]:
    """The last members going on one day, without a word that the alliance ended."""
    last = {state: member.record[-1] for state, member in tables.members.items()}
    day = max(m.from_ for m in last.values())
    together = [state for state, m in last.items() if m.from_ == day]
    if tables.alliance.dissolved is None and len(together) > 1 and not any(m.status in BELONGS for m in last.values()):
        found = f"{listed(together)} go on {day} and nobody is left: as many exits of a state's own accord"
        yield Fault(("alliance",), found, f"if all ended the alliance together write dissolved = {day}")


def _events(tables: ScenarioTables) -> Iterator[tuple[dt.date, Fault]]:
    """Events that the record contradicts, each with its day."""
    entered: set[tuple[str, dt.date]] = set()
    for i, event in enumerate(tables.events):
        if isinstance(event, EntryEvent):
            was = status_before(tables, event.member, event.date)
            if was.status in BELONGS or (event.member, event.date) in entered:
                found = f"{event.member} enters on {event.date}, and is {was}"
                yield event.date, Fault(("events", i, "member"), found, "allowed: the entry of a state that is outside")
            entered.add((event.member, event.date))
        elif isinstance(event, CrisisEvent) and not event.note and _is_out(tables, event.member, event.date):
            was = status_before(tables, event.member, event.date)
            found = f"{event.member} calls for help on {event.date}, and is {was}"
            allowed = "allowed: a member's call, or a `note` that says why an outsider calls"
            yield event.date, Fault(("events", i, "member"), found, allowed)
        elif isinstance(event, ClashEvent):
            for state in event.between:
                if _is_out(tables, state, event.date):
                    was = status_before(tables, state, event.date)
                    found = f"{state} clashes as a member on {event.date}, and is {was}"
                    allowed = 'allowed: two members; a fight with an outsider is a "crisis" of the member'
                    yield event.date, Fault(("events", i, "between"), found, allowed)


def _is_out(tables: ScenarioTables, state: str, day: dt.date) -> bool:
    """Out on the day and on its eve: who enters or leaves on a day is in on it."""
    eve, after = (status_before(tables, state, d) for d in (day, day + dt.timedelta(days=1)))
    return eve.status not in BELONGS and after.status not in BELONGS


def _stays_out(member: Member) -> str:
    """In words, what becomes in a run of a state that nobody lets in."""
    return f"in a run it stays outside {'unless the model lets it in' if member.admissible else 'for ever'}"


def _let_in(day: dt.date) -> str:
    return f'to let it in add an event of kind "entry" on {day}'


def _entries(tables: ScenarioTables, state: str, member: Member) -> Iterator[Fault]:
    """Entries after the start that a run does not know of: the record rules only before it.

    The return of a former member is left to the model, unless it would not be admitted.
    """
    scripted = [e.date for e in tables.events if isinstance(e, EntryEvent) and e.member == state]
    been, before = False, dt.date.min
    ends: Mapping[int, dt.date] = {k: m.from_ for k, m in enumerate(member.record[1:])}
    for k, m in enumerate(member.record):
        enters = k > 0 and m.status in BELONGS and member.record[k - 1].status not in BELONGS
        until = ends.get(k, dt.date.max)
        ignored = enters and m.from_ > tables.time.start and not any(before < day < until for day in scripted)
        if ignored and not (been and member.admissible):
            found = f"{state} enters on {m.from_} by its record, and no event says so: {_stays_out(member)}"
            yield Fault(written(tables, state, k), found, _let_in(m.from_))
        been, before = been or m.status in BELONGS, m.from_
