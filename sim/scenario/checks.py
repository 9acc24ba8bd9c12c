"""What relates several values of a scenario to one another, checked once each of them is right."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from pydantic import ValidationError

from sim.errors import Problem, plural
from sim.model.dates import STEPS, months_between, nearest_step, parse, to_years, whole_steps
from sim.scenario import continuation, record
from sim.scenario.inheritance import Sound
from sim.scenario.messages import Fault
from sim.scenario.paths import WAYS
from sim.scenario.reading import Keys, Source
from sim.scenario.tables import ScenarioTables, Time

MOST_TICKS = 1200
"""A century by the month, three by the quarter."""
Where = Callable[[Keys], str]
Horizon = tuple[dt.date, dt.date]


def horizon_of(sources: list[Source]) -> Horizon | None:
    """The horizon over all files of the chain: a parent's events may lie before a child's start."""
    dates: list[dt.date] = []
    for source in sources:
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
        time = Time.model_validate(raw.get("time"))
        return _problems(_blamed(time_faults(time), time, where), where)
    except ValidationError:
        return []


def relations(
    tables: ScenarioTables, where: Where, own: Callable[[Keys], bool], of_part: Sound | None = None
) -> list[Problem]:
    """Every mistake between values; ``own`` says of an entry whether it is the file's, whose dates are held.

    ``of_part``: which part of the file the tables are, where something in it is wrong by itself. Who belongs when is
    then not held against what may hang on the rest.
    """
    part = of_part or Sound({}, {})

    def mine(keys: Keys) -> bool:
        return own(part.whole(keys))

    faults = (
        _blamed(time_faults(tables.time), tables.time, where),
        _cuts(tables),
        _moved_distributions(tables),
        _leader(tables),
        () if {"record", "events"} & {*part.kept} else record.faults(tables),
        continuation.faults(tables, mine),
        _never(tables, mine),
    )
    return _problems((fault._replace(keys=part.whole(fault.keys)) for fault in chain(*faults)), where)


def _problems(faults: Iterable[Fault], where: Where) -> list[Problem]:
    return [fault.problem(where) for fault in faults]


def time_faults(time: Time) -> Iterator[Fault]:
    """Dates, steps and horizons that do not go together."""
    start, end, first, step = time.start, time.end, time.record_from, time.step
    if end <= start:
        yield Fault(("time", "end"), f"{end} is not after the start {start}", f"allowed: after {start}")
        return
    allowed = "allowed: whole steps"
    months = months_between(start, end)
    ticks = round((to_years(end) - to_years(first or start)) * 12 / STEPS[step])
    if ticks > MOST_TICKS:
        yield Fault(("time", "end"), f"{ticks:,} {step}s", f"allowed: at most {MOST_TICKS:,}, the record's among them")
    elif months is None or months % STEPS[step]:
        found = f"{end} is no whole number of {step}s after {start}"
        yield Fault(("time", "end"), found, allowed, nearest_step(end, start, step))
    if first and first > start:
        yield Fault(("time", "record_from"), f"{first} is after the start {start}", "allowed: the start, or before it")
    elif first and ((before := months_between(first, start)) is None or before % STEPS[step]):
        found = f"{first} is no whole number of {step}s before {start}"
        yield Fault(("time", "record_from"), found, allowed, nearest_step(first, start, step))
    for horizon in time.horizons:
        if horizon > time.years + 0.01:
            until = f"allowed: up to the end, {time.years:.4g} years after the start"
            yield Fault(("time", "horizons"), f"{plural(horizon, 'year')}", until)
        elif years := whole_steps(horizon, step):
            found = f"{plural(horizon, 'year')} are no whole number of {step}s"
            yield Fault(("time", "horizons"), found, allowed, f"{years:g}")
    if time.horizons != sorted(set(time.horizons)) or not time.horizons:
        yield Fault(("time", "horizons"), f"{time.horizons}", "allowed: rising numbers")


def _blamed(faults: Iterable[Fault], time: Time, where: Where) -> Iterator[Fault]:
    """Faults between dates of several files, said of the start where the file moves that alone."""
    files = {key: where(("time", key)).rpartition(":")[0] for key in Time.model_fields}
    moved = [key for key in ("record_from", "end", "horizons") if files[key] != files["start"]]
    for fault in faults:
        first, key, blamed = time.record_from, fault.keys[-1], ("time", "start")
        months = months_between(first, time.start) if first else 0
        off = months is None or months % STEPS[time.step]
        if key == "horizons" and "horizons" in moved and "end" in moved:
            said = f"{time.start}, with the end left at {time.end}: {fault.found} is beyond it"
            yield Fault(blamed, said, "required: `end` too, as many years after the start as the horizons go")
        elif off and first and "record_from" in moved and key in ("record_from", "end"):
            if key == "record_from":
                said = f"{time.start} is no whole number of {time.step}s after the first tick, {first}"
                yield Fault(blamed, said, fault.allowed, nearest_step(time.start, first, time.step))
        else:
            yield fault


def _cuts(tables: ScenarioTables) -> Iterator[Fault]:
    """Opposition lies below support."""
    below, above = (tables.behaviour[name].value for name in ("oppose_below", "support_above"))
    if below is not None and above is not None and below >= above:
        yield Fault(("behaviour", "oppose_below"), f"{below:g}", f"allowed: below support_above, {above:g}")


def _moved_distributions(tables: ScenarioTables) -> Iterator[Fault]:
    """Shocks and adjustments move a band; a distribution has none to move."""
    for i, a in enumerate(tables.adjustments):
        for path in tables.adjustable[a.path]:
            if WAYS[a.way[0]].needs_band and tables.values[path].coded.distribution is not None:
                found = f"a {a.way[0]} of {path}, which is a distribution"
                yield Fault(("adjustments", i, "path"), found, "allowed: a value, or an input coded as value or knots")
    for i, event in enumerate(tables.events):
        if event.kind == "shock" and tables.values[event.path].coded.distribution is not None:
            found = f"a shock on {event.path}, which is a distribution"
            yield Fault(("events", i, "path"), found, "allowed: a shock on an input coded as value or knots")


def _leader(tables: ScenarioTables) -> Iterator[Fault]:
    """The leader has paths of its own; as a member it would leave its own alliance."""
    leader = tables.alliance.leader
    if leader in tables.members:
        found = f"the leader {leader} is listed as a member"
        yield Fault(("members", leader), found, "allowed: the leader's paths under [leader]")


def _never(tables: ScenarioTables, own: Callable[[Keys], bool]) -> Iterator[Fault]:
    """Dates of a file's own entries that no run reaches, even where an ancestor's horizon does."""
    dated = [(("events", i, "date"), event.date) for i, event in enumerate(tables.events)]
    dated += [(("adjustments", i, "from"), a.from_) for i, a in enumerate(tables.adjustments) if a.from_]
    for keys, day in dated:
        if own(keys) and (never := unreached(tables.time, day)):
            throughout = ", or no `from`: it holds throughout" if keys[-1] == "from" and day < tables.time.end else ""
            yield Fault(keys, f"{day} is {never}", f"allowed: {reached(tables.time)}{throughout}")


def unreached(time: Time, day: dt.date) -> str:
    """In words, that no run reaches a day; empty where one does."""
    where = "before the first tick" if day < time.first else "after the last tick" if day >= time.end else ""
    return where and f"{where}: no run reaches it"


def reached(time: Time) -> str:
    """In words, the days that runs reach."""
    return f"from {time.first} to before the end, {time.end}"
