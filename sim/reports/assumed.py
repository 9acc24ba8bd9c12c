"""What was assumed: every coded value with its rule, width, sources and quotations, as rows of a table."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sim.reports.in_force import cell
from sim.results.explain import Explanation, Knot, explain_all, grouped
from sim.scenario.load import Scenario
from sim.scenario.tables import BEHAVIOUR, DISPUTES
from sim.scenario.values import COMMAND_LINE

DRAWN = "; each run has it where"
"""How the words begin that are the same of all coded values that a posterior draws."""


class Assumed(NamedTuple):
    """A coded value."""

    path: str
    of: str
    """The state or the pair, ``all states`` for a coefficient; the scenario too where it is not the first one's."""
    meaning: str
    coded: Sequence[str]
    """By date what is coded, and what that means."""
    rule: str
    sources: Sequence[tuple[str, str]]
    """Each with its quotation and where that is from."""
    note: str
    changed: str
    """What is in force, where it was changed: against the first scenario, by a setting, or by an event; else empty."""


def assumed(scenarios: Sequence[Scenario], coefficients_alone: bool = False) -> tuple[list[Explanation], list[Assumed]]:
    """All coded values of the first scenario, and those of the others that differ from it."""
    seen: dict[str, list[Explanation]] = {}
    found = []
    for k, s in enumerate(scenarios):
        names = _names(s)
        for e in explain_all(s):
            if (coefficients_alone and not e.path.startswith(BEHAVIOUR)) or any(map(_alike(e), seen.get(e.path, ()))):
                continue
            seen.setdefault(e.path, []).append(e)
            found.append(_row(e, s, names, s.tables.title if k else ""))
    return [e for each in seen.values() for e in each], found


def _alike(e: Explanation) -> Callable[[Explanation], bool]:
    return lambda other: (e.knots, e.used, e.note) == (other.knots, other.used, other.note)


def _names(s: Scenario) -> dict[str, str]:
    """States by code, and the leader."""
    return s.tables.state_names | {"leader": s.tables.alliance.leader_in_words}


def _row(e: Explanation, s: Scenario, names: dict[str, str], title: str) -> Assumed:
    of = ", ".join(filter(None, (_subject(e.path, names), title)))
    coded = [_knot(k) for k in e.knots] + [e.held] * bool(e.held) + [e.joined] * bool(e.joined)
    if e.changed:
        coded += ["The run uses:", *map(_knot, e.used)]
    sources = [
        (cited, f"{words} ({where})" if words and where else words or where)
        for cited, words, where in grouped(e.sources)
    ]
    differs = bool(title) or e.changed or any(source == COMMAND_LINE for source, *_ in e.sources)
    rule = f"{e.rule}: {e.rule_says.partition(DRAWN)[0]}"
    return Assumed(e.path, of, e.meaning, coded, rule, sources, e.note, cell(e, s) * differs)


def _subject(path: str, names: dict[str, str]) -> str:
    """Whose value it is."""
    head, _, rest = path.partition(".")
    if path.startswith(BEHAVIOUR):
        return "all states"
    if path.startswith(DISPUTES):
        return " and ".join(names.get(code, code) for code in rest.split("-"))
    return names.get(rest.partition(".")[0] if head == "members" else head, head)


def _knot(k: Knot) -> str:
    """A coded value and what it means, the same once."""
    when = f"{k.date}: " if k.date else ""
    return f"{when}{k.coded}" if k.coded == k.band else f"{when}{k.coded} = {k.band}"
