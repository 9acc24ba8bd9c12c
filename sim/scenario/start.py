"""Where a forecast starts: what the record says there, or what is put in its place, and in which words.

A calibration is conditioned on the record, and leaves each row of its posterior in some states of the model. A run
that has lived what the record has begins from one of them. Where that is not so (other members or dates, another past,
coefficients of one's own) no law at the start is known: the record is lived through without looking at what was
observed, and the output says so.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.errors import listed, plural
from sim.model.arrays import Array, Codes
from sim.model.tick import Alliance, Script, State
from sim.model.variables import COEFFICIENTS, MEASURES
from sim.scenario.paths import Band
from sim.scenario.posterior import Posterior

BLIND = ("crises",)
"""Phases whose coefficients the record does not tell of: crises and answers are conditioned on."""
READ = tuple(c.name for c in COEFFICIENTS if c.phase not in (*BLIND, *MEASURES))
"""Coefficients that a tick of the record reads."""
RATES = ("alliance_effects",)
"""Others of which a record that is lived through does not know: they count in rates of moves, and these are given."""
EVENTS = "events"
"""The name of crises, answers and renewals among the differences of a record."""
SHOWN = 3
"""Differences that are named."""


class Start(NamedTuple):
    """Where a run begins."""

    words: str
    tick: int = 0
    """The first that is lived; the others up to the start of the forecast follow by the record."""
    states: State | None = None
    """By row of the posterior, (member, row, state) and (row, state); None for the model's own beginning."""
    differs: tuple[str, ...] = ()
    """In what the past is not the posterior's record, which has the same states and dates."""
    revealed: Posterior | None = None
    """The posterior that has these states, or on whose noise the record is lived where there are none."""
    shared: str = ""
    """The words that others have too whose draws are weighed by other events; empty where nothing is weighed."""


class Past(NamedTuple):
    """What a record is lived through with."""

    members: Sequence[str]
    edges: Sequence[dt.date]
    bands: Mapping[str, Band]
    weights: Mapping[str, Array]
    coefficients: Mapping[str, object]
    """As the scenario gives them: priors where it says nothing."""
    script: Sequence[Script]
    record: Codes
    """Membership at every edge, (edge, member)."""
    alliance: Alliance


def digests(past: Past, until: int) -> dict[str, str]:
    """A digest of everything that the first ticks depend on, by name."""

    def paths(x: Array) -> Array:
        return np.asarray(np.round(x[:until], 9) + 0.0)  # the same on machines that round otherwise

    lived = (x for s in past.script[:until] for x in (s.kind, s.clash, s.help, s.changes, round(s.renewal, 9)))
    found = {
        "members": hashed((tuple(past.members), past.alliance.admissible)),
        "dates": hashed(past.edges[: until + 1]),
        "record": hashed((past.record[: until + 1],)),
        EVENTS: hashed(lived),
    }
    found |= {f"weights.{name}": hashed((paths(x),)) for name, x in past.weights.items()}
    found |= {f"behaviour.{name}": hashed((past.coefficients[name],)) for name in READ if name not in RATES}
    return found | {
        path: hashed((b.distribution, *(paths(x) for x in (b.low, b.high, *(() if b.word is None else (b.word,))))))
        for path, b in past.bands.items()
    }


def hashed(facts: Iterable[object]) -> str:
    """A hash of arrays and of what ``repr`` tells apart."""
    digest = hashlib.blake2b(digest_size=8)
    for fact in facts:
        digest.update(fact.tobytes() if isinstance(fact, np.ndarray) else repr(fact).encode())
    return digest.hexdigest()


def start_of(past: Past, ticks: int, posterior: Posterior | None) -> Start:
    """Where a forecast after so many ticks of record starts."""
    drawn = f"each draw of {posterior.file}" if posterior else "the priors"
    if not ticks:
        return Start(f"Starts from what the model itself expects, given {drawn}")
    lived = posterior.lived if posterior else None
    why, differs = _hindrance(past, ticks, posterior)
    if why or lived is None or posterior is None:
        return relived(past.edges, ticks, drawn, why)._replace(differs=differs)
    tick = list(map(str, past.edges)).index(lived.until)
    rest = f", then follows what happened until {past.edges[ticks]}" if tick < ticks else ""
    drawn = f"{posterior.file}: {plural(posterior.rows, 'draw')}, {plural(lived.each_row, 'start')} each"
    words = f"Starts from what the record up to {lived.until} says ({drawn}){rest}"
    if c := posterior.continued:
        words += f", weighed by what happened since {c.since}"
        return Start(f"{words}, which leaves {c.effective:,.0f} draws effective", tick, lived.states, shared=words)
    return Start(words, tick, lived.states, revealed=posterior)


def relived(edges: Sequence[dt.date], ticks: int, drawn: str, why: str) -> Start:
    """The record lived through without looking at what was observed."""
    words = f"Relives {edges[0]} to {edges[ticks]} without looking at votes and moves, given {drawn}"
    return Start(f"{words}: {why}" if why else words)


def recalled(edges: Sequence[dt.date], ticks: int, posterior: Posterior, differs: Sequence[str] = ()) -> Start:
    """The record lived on the noise that it reveals, as it happened or with something different."""
    lived = posterior.lived
    assert lived is not None
    noise = f"the noise that the record up to {lived.until} reveals"
    noise += f" ({posterior.file}: {plural(posterior.rows, 'draw')}, {plural(lived.each_row, 'start')} each)"
    words = f"Lives {edges[0]} to {edges[ticks]} as it happened on {noise}"
    if differs:
        words = f"Lives {edges[0]} to {edges[ticks]} anew on {noise}, with another {_named(differs)}"
    return Start(words, revealed=posterior)


def _named(differs: Sequence[str]) -> str:
    more = f" and {len(differs) - SHOWN} more" if len(differs) > SHOWN else ""
    return listed(differs[:SHOWN]) + more


def _hindrance(past: Past, ticks: int, posterior: Posterior | None) -> tuple[str, tuple[str, ...]]:
    """Why the posterior has no law for this start, and what differs from its record where that can be said."""
    if posterior is None:
        return "", ()
    if posterior.lived is None:
        return f"{posterior.file} holds coefficients alone", ()
    lived = posterior.lived
    if tuple(past.members) != lived.members:
        return f"{posterior.file} is of other members", ()
    if lived.until not in map(str, past.edges[1 : ticks + 1]):
        return f"{posterior.file} ends on {lived.until}, where no tick before the start does", ()
    here = digests(past, list(map(str, past.edges)).index(lived.until))
    other = tuple(name for name in {**here, **lived.digests} if here.get(name) != lived.digests.get(name))
    if not other:
        return "", ()
    if "dates" in other:
        return f"ticks are not those of {posterior.file}", ()
    are = "is" if len(other) == 1 else "are"
    return f"{_named(other)} {are} not as in the record of {posterior.file}", other
