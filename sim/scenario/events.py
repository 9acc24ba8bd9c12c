"""What happens at a date in a scenario, in words: its events, and changes of what is coded from a date on."""

import datetime as dt

from sim.model.grammar import possessive, sentence
from sim.scenario.load import Scenario
from sim.scenario.tables import Event
from sim.scenario.values import BUILT_IN_RULES, Coded

PART = {"partial": "granted in part"}
"""How an answer is said that is no participle."""


def words(scenario: Scenario, event: Event) -> str:
    """An event as a sentence without its full stop."""
    names = {code: m.name for code, m in scenario.tables.members.items()}
    match event.kind:
        case "crisis":
            answer = PART.get(event.answer, event.answer)
            return f"{possessive(names[event.member])} call for help is {answer} ({event.threat})"
        case "clash":
            answer = PART.get(event.answer, event.answer)
            return f"{' and '.join(names[s] for s in event.between)} clash, and help is {answer}"
        case "renewal":
            return "Membership has to be renewed"
        case "regime_change":
            return f"{possessive(names[event.member])} regime changes"
        case "entry":
            return f"{names[event.member]} enters the alliance"
        case "shock":
            return f"{sentence(scenario.subject(event.path))} moves by {event.change:+g}"


def to_come(scenario: Scenario) -> list[tuple[dt.date, str]]:
    """What a scenario says will happen between its start and its end, and from when a coded value changes, by date."""
    time = scenario.tables.time
    found = [(e.date, words(scenario, e)) for e in scenario.tables.events]
    found += [
        (a.from_, sentence(scenario.in_words(a.path, dict([a.way])))) for a in scenario.tables.adjustments if a.from_
    ]
    return sorted(dict.fromkeys((date, said) for date, said in found if time.start < date < time.end))


def to_come_alone(scenario: Scenario, base: Scenario) -> list[tuple[dt.date, str]]:
    """What will happen in a scenario and not in its base, and from when its file codes a value otherwise, by date."""
    time, usual, values = scenario.tables.time, to_come(base), base.tables.values
    found = [event for event in to_come(scenario) if event not in usual]
    for path, value in scenario.tables.values.items():
        own, before = value.coded, values[path].coded if path in values else None
        if own == before or not isinstance(own, Coded) or not isinstance(before, Coded):
            continue
        days = [day for day in own.knots or () if time.start < day < time.end and own.last(day) != before.last(day)]
        for day in days[:1]:
            plain = own.rule in BUILT_IN_RULES
            said = scenario.in_words(path, own.last(day)) if plain else f"{scenario.subject(path)} changes"
            found.append((day, sentence(said)))
    return sorted(found)
