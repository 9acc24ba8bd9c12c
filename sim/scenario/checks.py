"""What relates several values of a scenario to one another, checked once each of them is right."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping

from pydantic import ValidationError

from sim.errors import Problem
from sim.scenario.dates import STEPS, months_between, parse
from sim.scenario.reading import Keys, Source, dotted
from sim.scenario.tables import ScenarioTables, Time

Where = Callable[[Keys], str]
Horizon = tuple[dt.date, dt.date]


def horizon_of(chain: list[Source]) -> Horizon | None:
    """The horizon over all files of the chain: a parent's events may lie before a child's start."""
    dates: list[dt.date] = []
    for source in chain:
        own = {}
        for key in ("start", "end", "record_from"):
            try:
                own[key] = parse(source.tables["time"][key])
            except (KeyError, TypeError, ValueError):
                continue
        if own.get("start", dt.date.min) >= own.get("end", dt.date.max):
            return None  # a mistake of its own, see below
        dates += own.values()
    return (min(dates), max(dates)) if len(dates) > 1 else None


def time_alone(raw: Mapping[str, object], where: Where) -> list[Problem]:
    """Mistakes between dates, even where something else is wrong as well."""
    try:
        return list(_time(Time.model_validate(raw.get("time")), where))
    except ValidationError:
        return []


def relations(tables: ScenarioTables, where: Where, own_events: int | None) -> list[Problem]:
    """Every mistake between values; ``own_events`` is how many events the file itself has, None not to hold them."""
    return [
        *_time(tables.time, where),
        *_cuts(tables, where),
        *_moved_distributions(tables, where),
        *_leader(tables, where),
        *(_ends(tables, own_events, where) if own_events is not None else ()),
    ]


def _time(time: Time, where: Where) -> Iterator[Problem]:
    def problem(key: str, found: str, allowed: str) -> Problem:
        return Problem(where(("time", key)), f"time.{key}", found, allowed)

    if time.end <= time.start:
        yield problem("end", f"{time.end} is not after the start {time.start}", f"allowed: after {time.start}")
        return
    months = months_between(time.start, time.end)
    if months is None or months % STEPS[time.step]:
        found = f"{time.end} is no whole number of {time.step}s after {time.start}"
        yield problem("end", found, "allowed: whole steps")
    if time.record_from:
        before = months_between(time.record_from, time.start)
        if time.record_from > time.start or before is None or before % STEPS[time.step]:
            found = f"{time.record_from} is no whole number of {time.step}s before {time.start}"
            yield problem("record_from", found, "allowed: whole steps")
    for horizon in time.horizons:
        if horizon > time.years + 0.01:
            allowed = f"allowed: up to the end, {time.years:.4g} years after the start"
            yield problem("horizons", f"{horizon:g} years", allowed)
    if time.horizons != sorted(set(time.horizons)) or not time.horizons:
        yield problem("horizons", f"{time.horizons}", "allowed: rising numbers")


def _cuts(tables: ScenarioTables, where: Where) -> Iterator[Problem]:
    """Opposition lies below support."""
    below, above = (tables.behaviour[name].value for name in ("oppose_below", "support_above"))
    if below is not None and above is not None and below >= above:
        keys = ("behaviour", "oppose_below")
        yield Problem(where(keys), dotted(keys), f"{below:g}", f"allowed: below support_above, {above:g}")


def _moved_distributions(tables: ScenarioTables, where: Where) -> Iterator[Problem]:
    """Shocks and adjustments move a band; a distribution has none to move."""
    for i, a in enumerate(tables.adjustments):
        for path in tables.adjustable[a.path]:
            if a.way[0] != "value" and tables.values[path].coded.distribution is not None:
                found = f"a {a.way[0]} of {path}, which is a distribution"
                allowed = "allowed: a value, or an input coded as value or knots"
                yield Problem(where(("adjustments", i, "path")), f"adjustments[{i}].path", found, allowed)
    for i, event in enumerate(tables.events):
        if event.kind == "shock" and tables.values[event.path].coded.distribution is not None:
            found = f"a shock on {event.path}, which is a distribution"
            allowed = "allowed: a shock on an input coded as value or knots"
            yield Problem(where(("events", i, "path")), f"events[{i}].path", found, allowed)


def _leader(tables: ScenarioTables, where: Where) -> Iterator[Problem]:
    """The leader has paths of its own; as a member it would leave its own alliance."""
    leader = tables.alliance.leader
    if leader in tables.members:
        found, keys = f"the leader {leader} is listed as a member", ("members", leader)
        yield Problem(where(keys), dotted(keys), found, "allowed: the leader's paths under [leader]")


def _ends(tables: ScenarioTables, own: int, where: Where) -> Iterator[Problem]:
    """A file's own events lie before its own end, even where an ancestor's horizon reaches further."""
    first = len(tables.events) - own
    for i, event in enumerate(tables.events[first:], start=first):
        if event.date >= tables.time.end:
            found, allowed = f"{event.date} is outside the horizon", f"allowed: before {tables.time.end}"
            yield Problem(where(("events", i, "date")), f"events[{i}].date", found, allowed)
