"""Probabilities by dates of one's own: a date is a horizon by another name."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from sim.errors import InputError, Problem
from sim.model.dates import parse, to_years
from sim.scenario.compile import tick_edges
from sim.scenario.load import Scenario
from sim.scenario.tables import Time

DAY = dt.timedelta(days=1)


def by_dates(scenarios: Sequence[Scenario], by: Sequence[dt.date | str]) -> list[Scenario]:
    """Scenarios whose horizons are dates, each the end of a tick (2026-12-31 and 2027-01-01 are the same).

    Raises
    ------
    InputError
        With every date on which no tick of a forecast ends.
    """
    if not by:
        return list(scenarios)
    problems = [problem for given in by if (problem := off_steps(given, scenarios))]
    if problems:
        raise InputError(problems)
    return [_with(s, sorted({end_of(s.tables.time, given) for given in by})) for s in scenarios]


def _ends(time: Time) -> list[dt.date]:
    edges, record = tick_edges(time)
    return list(edges[record + 1 :])


def end_of(time: Time, given: dt.date | str) -> dt.date:
    """The end of the tick that a date names."""
    day = parse(given)
    return day if day in _ends(time) else day + DAY


def off_steps(given: dt.date | str, scenarios: Sequence[Scenario]) -> Problem | None:
    """What is wrong with a date on which no tick of a forecast ends."""
    try:
        day = parse(given)
    except ValueError as error:
        return Problem("by", "", f"{given} {error}", "allowed: YYYY-MM-DD")
    for scenario in scenarios:
        ends, step = _ends(scenario.tables.time), scenario.tables.time.step
        if not {day, day + DAY} & {*ends}:
            near = min(ends, key=lambda end: abs(end - day))
            allowed = f"allowed: ends of {step}s from {ends[0]} to {ends[-1]}"
            return Problem("by", "", f"{day}, on which no {step} of the forecast ends", allowed, str(near))
    return None


def _with(scenario: Scenario, ends: Sequence[dt.date]) -> Scenario:
    time = scenario.tables.time
    years = [round(to_years(end) - to_years(time.start), 9) for end in ends]
    tables = scenario.tables.model_copy(update={"time": time.model_copy(update={"horizons": years})})
    return replace(scenario, tables=tables)
