"""What a scenario says of the time since the calibration that its posterior is of: moves, votes, crises, a later start.

Draws of the posterior are weighed by it (:mod:`sim.inference.continuation`).
"""

import datetime as dt
from collections.abc import Callable, Iterator

from sim.model.dates import STEPS, add_months
from sim.scenario.messages import Fault
from sim.scenario.reading import Keys
from sim.scenario.record import known_until
from sim.scenario.tables import ScenarioTables

WAY_OUT = "what happened before is part of the calibration"


def conditioned(tables: ScenarioTables) -> dt.date | None:
    """The date to which the posterior was conditioned on a record; None where there is none."""
    lived = tables.posterior.lived if tables.posterior else None
    return dt.date.fromisoformat(lived.until) if lived else None


def since(tables: ScenarioTables) -> dt.date | None:
    """The end of the calibration, where the scenario goes on from there; None where it does not.

    It does where it starts more than a tick later, or says of the time between who moved or how states voted.
    """
    until, start = conditioned(tables), tables.time.start
    if until is None or until >= start:
        return None
    moves = (m.from_ for state in tables.members.values() for m in state.record)
    new = any(until < day <= start for day in moves) or bool(tables.votes)
    return until if new or add_months(until, STEPS[tables.time.step]) < start else None


def faults(tables: ScenarioTables, own: Callable[[Keys], bool]) -> Iterator[Fault]:
    """Moves and votes that do not continue the record; ``own`` says of an entry whether the file itself has it."""
    until, known = conditioned(tables), known_until(tables.time)
    end = f"after the {'start' if tables.time.forecast_from else 'end'}, {known}"
    after = f"after {until}, to which {tables.posterior.file} was calibrated" if tables.posterior else ""
    moves, votes = tables.record, tables.votes or []
    dated: list[tuple[Keys, dt.date, str]] = [
        (("record", i, "from"), m.from_, "a changed past is coded in the record of the member")
        for i, m in enumerate(moves)
    ]
    dated += [(("votes", i, "date"), o.date, WAY_OUT) for i, o in enumerate(votes)]
    if any(own(keys[:2]) for keys, *_ in dated):
        dated += [(("events", i, "date"), e.date, WAY_OUT) for i, e in enumerate(tables.events) if own(("events", i))]
    for keys, day, why in dated:
        move = keys[0] == "record"
        if until and (day <= until if move else day < until):
            yield Fault(keys, f"{day} is not {after}", f"allowed: a later date; {why}")
        if keys[0] != "events" and (day > known if move else day >= known):
            yield Fault(keys, f"{day} is {end}", "allowed: before it, or a later time.start")
    for i, e in enumerate(tables.events):
        if until and e.kind == "entry" and until <= e.date < tables.time.start:
            found = f"an entry on {e.date}, since the end of the calibration, {until}: draws would not be weighed by it"
            yield Fault(("events", i, "kind"), found, 'allowed: [[record]] with status = "active", which weighs them')
    seen: set[tuple[dt.date, str]] = set()
    for i, o in enumerate(votes):
        motion = o.date, o.motion.strip().casefold()
        if motion in seen:
            found = f"{o.motion.strip()} twice on {o.date}"
            yield Fault(("votes", i, "motion"), found, "allowed: each motion once, with all answers")
        seen.add(motion)
