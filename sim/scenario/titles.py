"""Changes of a scenario as titles and figures say them: in words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sim.errors import plural
from sim.model.dates import dated, spoken
from sim.model.grammar import in_text
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario import posterior
from sim.scenario.overrides import parted, said
from sim.scenario.rival import named, plain
from sim.scenario.values import ALWAYS, JOINS, JUDGEMENT, Distribution


def _horizons(years: list[float]) -> str:
    *first, last = [f"{year:g}" for year in years]
    return f"horizons of {', '.join(first)} and {last} years" if first else f"a horizon of {plural(years[0], 'year')}"


SAID: dict[str, Callable[[Any], str]] = {
    "time.start": lambda date: f"the start moved to {spoken(date)}",
    "time.end": lambda date: f"the end moved to {spoken(date)}",
    "time.step": lambda step: f"steps of a {step}",
    "time.record_from": lambda date: f"the record from {spoken(date)}",
    "time.horizons": _horizons,
    "alliance.name": lambda name: f"the alliance named {name}",
    "alliance.leader": lambda code: f"{code} as the leader",
    "alliance.leader_name": lambda name: f"the leader named {name}",
    "alliance.rival_name": lambda name: f"the rival named {name}",
    "alliance.quorum": lambda number: f"a quorum of {said(number)}",
    "alliance.crises": lambda kind: f"{kind} crises",
    "alliance.motions": lambda kind: f"motions {kind}",
    "alliance.dissolved": lambda day: f"the end of the alliance on {day}",
    "alliance.renewal_window": lambda years: f"a renewal window of {plural(years, 'year')}",
    "inputs": lambda kind: f"{kind} inputs",
    "description": lambda text: "another description",
    "posterior": lambda file: "no posterior" if file == posterior.NONE else f"posterior {file}",
}
"""What is no coded value, by its path."""
WORDS = {i.name: i.words for i in (*MEMBER_INPUTS, *LEADER_INPUTS)}
MEANINGS = {c.name: c.meaning for c in COEFFICIENTS}
AMOUNTS: dict[str, Callable[[Any], str]] = {
    "value": said,
    "scale": lambda amount: f"times {said(amount)}",
    "shift": lambda amount: f"shifted by {said(amount)}",
    "place": lambda amount: f"at the quantile {said(amount)}",
    "knots": lambda knots: " then ".join(f"{said(v)} {dated(k)}" for k, v in knots.items()),
    "join": lambda join: f"({JOINS[join]})",
    "distribution": lambda table: f"drawn from {Distribution.model_validate(table)}",
    "rule": lambda rule: "" if rule == JUDGEMENT else f"by rule {rule}",
}
"""What a table says of a coded value; sources and notes are no part of a title."""


def in_words(path: str, value: object, owners: Mapping[str, str], rival: str | None = None) -> str:
    """A change as a title says it; ``owners`` are names of states by the start of their paths, ``rival`` the leader's.

    >>> in_words("members.ARM.security_offer.west", "high@2025-01-01", {"members.ARM": "Armenia"})
    'security offer to Armenia (the West) high from January 2025'
    >>> in_words("members.KWT.security_offer.west", "high", {"members.KWT": "Kuwait"}, "Iran")
    'security offer to Kuwait (Iran) high'
    """
    change, when = (value, None) if path.endswith("name") or path == "description" else parted(value)
    since = "" if when is None else " for all time" if when == ALWAYS else f" from {spoken(when)}"
    match path.split("."):
        case _ if path in SAID:
            return f"{SAID[path](change)}{since}"
        case ["time" | "alliance" | "weights", *_] if isinstance(change, Mapping):
            return ", ".join(in_words(f"{path}.{key}", inner, owners, rival) for key, inner in change.items())
        case ["members", code, "name"]:
            return f"{code} named {change}"
        case ["members", code, "admissible"]:
            return f"{owners[f'members.{code}']} {'' if change else 'not '}admissible"
    return f"{subject(path, owners, rival)} {_amount(change)}{since}"


def subject(path: str, owners: Mapping[str, str], rival: str | None = None) -> str:
    """A coded value in words: ``security offer to Armenia (the West)``."""
    match path.split("."):
        case ["behaviour", name]:
            return f"coefficient {plain(name, rival)}"
        case ["weights", name, channel]:
            return f"weight of {plain(channel, rival)} in {plain(name, rival)}"
        case ["disputes", pair]:
            return (
                f"dispute of {' and '.join(in_text(owners.get(f'members.{code}', code)) for code in pair.split('-'))}"
            )
    owner = next(o for o in owners if path.startswith(f"{o}."))
    name, *channels = path.removeprefix(f"{owner}.").split(".")
    words = named(WORDS.get(name) or f"{_input(name, None)} of {{}}", rival)
    return words.format(in_text(owners[owner])) + _channels(channels, rival)


def alone(path: str, rival: str | None = None) -> str:
    """A coded value of a state where it is said elsewhere whose: ``security offer (the West)``."""
    name, *channels = path.split(".")[2 if path.startswith("members.") else 1 :]
    return _input(name, rival) + _channels(channels, rival)


def _input(name: str, rival: str | None) -> str:
    return "own effect" if name == "effect" else plain(name, rival)


def _channels(channels: Iterable[str], rival: str | None) -> str:
    return "".join(f" ({plain(channel, rival)})" for channel in channels)


def label(path: str, owners: Mapping[str, str], rival: str | None = None) -> str:
    """What sentences and figures of results call a path: a coefficient by what it is, all else as a title does.

    >>> label("behaviour.exit_stance", {})
    'deterrence of exit by stance'
    >>> label("members.*.western_ties.trade", {})
    'Western ties of all members (trade)'
    """
    match path.split("."):
        case ["behaviour", name] if name in MEANINGS:
            return named(MEANINGS[name], rival)
        case ["alliance", "effect"]:
            return "own effect of the alliance"
    return subject(path, {**owners, "members.*": "all members"}, rival)


def _amount(change: object) -> str:
    if not isinstance(change, Mapping):
        return said(change)
    return " ".join(filter(None, (say(change[key]) for key, say in AMOUNTS.items() if key in change)))
