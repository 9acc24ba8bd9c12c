"""What came before an event in a run, and what would have come of it without each: on the same noise, and on new.

Without a crisis, an answer, a move, a change of input or an event of the scenario the run is made again with all its
other draws: the date moves, or does not. That says what happened in this one run. What a thing did to the probability
is seen with new draws from its moment on, the same with and without it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np

from sim.analysis.again import MANY, Again, Chance, Edit, Variant
from sim.analysis.event import Event, happens
from sim.analysis.moments import Moment
from sim.engines.ensemble import Piece, at_start, program_record
from sim.model.arrays import Array
from sim.model.crises import THREATS
from sim.model.declaration import Input
from sim.model.grammar import in_text, possessive
from sim.model.noise import BLOCK
from sim.model.outcomes import MOVES
from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS
from sim.results.kept import FIRSTS
from sim.scenario.compile import Program, alike, compile
from sim.scenario.load import Scenario
from sim.scenario.paths import Band
from sim.scenario.rival import plain
from sim.scenario.tables import ANSWERS, Event as Event_

CHANCE = "chance"
COPIES = 128
"""Runs on new draws with and without each thing."""


class Words(NamedTuple):
    """How things are called."""

    names: Sequence[str]
    """Of states, by row."""
    leader: str
    spans: Sequence[str]
    """When each tick of the forecast was; the first is its start."""


class Cause(NamedTuple):
    """Something that came before the event, and how the run is made without it."""

    kind: str
    """answer, crisis, move, regime, chance, input or event."""
    what: str
    k: int
    """When, as a tick of the forecast; 0 for all of it and for what was before."""
    edits: tuple[Edit, ...] = ()
    program: Program | None = None
    own: bool = False
    """Whether it is a move of the member itself."""


class Course(NamedTuple):
    """What becomes of the event in some lanes, (lane,)."""

    first: Array
    """The tick in which it happens; not a number where it never does."""
    probability: Array
    """That it has happened by the event's tick, from the moment on at which its chance is not as it was."""
    soon: Array
    """That it has happened within a year after that tick began."""
    stance: Array
    """At the event's tick."""


class Effect(NamedTuple):
    """What a cause did."""

    cause: Cause
    first: float
    """The tick of the event without the cause; not a number for never."""
    with_it: float
    """The probability of the event by its date, after the cause."""
    without: float
    """Without it."""
    error: float
    """Monte Carlo standard error of the difference."""
    stance: float
    """What the cause changed in stance at the date."""


def courses(
    programs: Sequence[Program], noise: Again, event: Event, starts: int, year: int, whole: bool = False
) -> list[Course]:
    """What becomes of an event in each program; chances count from a tick on, dates are those of the ``whole`` run."""
    runs, row = noise.runs, event.row
    begun = at_start(programs, noise, Piece(0, slice(0, runs)))
    found: dict[int, Course] = {}
    for group, stack in begun:
        none = [np.full(runs, math.nan), np.zeros(runs), np.zeros(runs), np.zeros(runs)]
        kept = [Course(*(x.copy() for x in none)) for _ in group]
        p, last = stack.program, event.k + year - 1
        stack.look()
        for t in range(p.record_ticks, p.ticks if whole else min(p.ticks, p.record_ticks + last)):
            k, together = t + 1 - p.record_ticks, stack.tick(t)
            for place, course in enumerate(kept):
                r = program_record(together, place, runs)
                if k > event.since:
                    open_ = np.isnan(course.first) & (k >= starts)
                    chance = np.where(open_, event.chance(r), 0.0)
                    course.probability[:] += chance * (k <= event.k)
                    course.soon[:] += chance * (event.k <= k <= last)
                    course.first[np.isnan(course.first) & event.happens(r)] = k
                if k == event.k:
                    course.stance[:] = r.stance[row]
        found |= dict(zip(group, kept, strict=True))
    return [found[k] for k in range(len(programs))]


def happened(moments: Sequence[Moment], event: Event, program: Program, words: Words) -> Iterator[Cause]:
    """What happened in the forecast of a run up to an event, and could have been otherwise by draws."""
    year, last = round(1.0 / program.alliance.dt), event.k
    for m in moments[event.since : last + 1]:
        if m.k:
            yield from _calls(m, program, words)
            yield from _moves(m, event, len(moments) - 1, words)
            if program.script[m.k + program.record_ticks - 1].drawn:
                for i in np.flatnonzero(m.changed[:, 0] & ~m.script.changes[:, 0]).tolist():
                    what = f"the change of regime in {words.names[i]} ({words.spans[m.k]})"
                    yield Cause("regime", what, m.k, (Edit("regime", i, m.k, m.k, 1.0),))
    first = max(last - year + 1, event.since + 1)
    noise = Edit("stance", event.row, first, last, 0.0)
    since = f"since {program.dates[first - 1]:%B %Y}"
    yield Cause(CHANCE, f"chance in {possessive(words.names[event.row])} stance {since}", first, (noise,))


def _calls(m: Moment, program: Program, words: Words) -> Iterator[Cause]:
    """Calls for help that were drawn, and their answers."""
    calls = m.record.crises
    scripted = m.script.kind[:, 0] > 0
    fought: set[int] = set()
    for i in np.flatnonzero((calls.kind[:, 0] > 0) & ~scripted).tolist():
        name, when = words.names[i], words.spans[m.k]
        given = _answer(float(calls.help[i, 0]), name, words)
        answer = Edit("answer", i, m.k, m.k, 1.0 if calls.help[i, 0] else 0.0)
        yield Cause("answer", f"{given} ({when})", m.k, (answer,))
        if calls.clash[i, 0]:
            pairs = [(p, pair) for p, pair in enumerate(program.alliance.pairs) if i in pair]
            for p, pair in pairs:
                if p not in fought and all(calls.clash[j, 0] for j in pair):
                    fought.add(p)
                    both = " and ".join(words.names[j] for j in pair)
                    yield Cause("crisis", f"the clash of {both} ({when})", m.k, (Edit("clash", p, m.k, m.k, 1.0),))
        else:
            threat = THREATS[int(calls.kind[i, 0]) - 1]
            what = f"{possessive(name)} {threat} crisis ({when})"
            yield Cause("crisis", what, m.k, (Edit("crisis", i, m.k, m.k, 1.0),))


def _answer(helped: float, name: str, words: Words) -> str:
    """An answer to a call for help in words."""
    if not helped:
        return f"{possessive(words.leader)} refusal to help {name}"
    return f"{possessive(words.leader)} help {'for' if helped == 1 else 'in part for'} {name}"


def _moves(m: Moment, event: Event, end: int, words: Words) -> Iterator[Cause]:
    """Moves of members but for the event itself; of others, who then stay as they were."""
    past = {move.name: move.past for move in MOVES.values()}
    for i, name in enumerate(words.names):
        for kind in FIRSTS:
            own = i == event.row
            if happens(kind, m.record, i)[0] and not (own and m.k >= event.k):
                what = f"{name} {past[kind]} ({words.spans[m.k]})"
                yield Cause("move", what, m.k, (Edit("membership", i, m.k, m.k if own else end, 1.0),), own=own)


def held(program: Program, paths: set[str]) -> Program:
    """The program with some inputs as they are at the start of the forecast."""

    def flat(band: Band) -> Band:
        since = program.record_ticks

        def side(x: Array) -> Array:
            return np.concatenate([x[: since + 1], np.full(len(x) - since - 1, x[since])])

        return band._replace(
            low=side(band.low), high=side(band.high), word=None if band.word is None else side(band.word)
        )

    bands = program.bands | {path: flat(program.bands[path]) for path in paths}
    return program._replace(bands=bands, set_paths={**program.set_paths, **dict.fromkeys(paths, program.record_ticks)})


def moved_inputs(moments: Sequence[Moment], event: Event, program: Program, words: Words) -> Iterator[Cause]:
    """Inputs that are not at the event what they were at the start: the member's, the leader's, others' together."""
    first, last = moments[0].inputs, moments[event.k].inputs
    member = program.members[event.row]

    def differ(a: Array, b: Array) -> bool:
        return not np.allclose(a, b, atol=1e-9)

    for i in MEMBER_INPUTS:
        pairs = [(getattr(first.members, f)[event.row], getattr(last.members, f)[event.row]) for f in i.fields]
        if any(differ(a, b) for a, b in pairs):
            way = "the rise of " if _sum(pairs) > 0 else "the fall of "
            what = f"{way}{_owned(i, words.names[event.row])} since the start"
            yield Cause("input", what, 0, program=held(program, set(i.paths(f"members.{member}"))))
    for i in LEADER_INPUTS:
        pairs = [(getattr(first.leader, f), getattr(last.leader, f)) for f in i.fields]
        if any(differ(a, b) for a, b in pairs):
            way = "the rise of " if _sum(pairs) > 0 else "the fall of "
            what = f"{way}{_owned(i, words.leader)} since the start"
            yield Cause("input", what, 0, program=held(program, set(i.paths("leader"))))
    others = [j for j in range(len(program.members)) if j != event.row]
    fields = [f for i in MEMBER_INPUTS for f in i.fields]
    if others and any(differ(getattr(first.members, f)[others], getattr(last.members, f)[others]) for f in fields):
        paths = {path for i in MEMBER_INPUTS for j in others for path in i.paths(f"members.{program.members[j]}")}
        yield Cause("input", "all that changed in the other states since the start", 0, program=held(program, paths))


def _owned(i: Input, owner: str) -> str:
    """An input of a state: ``Armenia's affinity``, ``security offer to Armenia``."""
    return i.words.format(in_text(owner)) if i.words else f"{possessive(owner)} {plain(i.name, None)}"


def _sum(pairs: Sequence[tuple[Array, Array]]) -> float:
    return float(sum((b - a).sum() for a, b in pairs))


def scripted(scenario: Scenario, event: Event, program: Program, words: Words) -> Iterator[Cause]:
    """Events of the scenario up to the event, on record and to come, but for entries on record."""
    tables = scenario.tables
    since = tables.time.first if past_can_differ(program) else tables.time.start
    begin, by = tables.time.start, program.edges[program.record_ticks + event.k]
    for e in tables.events:
        if not since <= e.date < by or (e.kind == "entry" and e.date < begin):
            continue
        rest = [x for x in tables.events if x is not e]
        without = compile(replace(scenario, tables=tables.model_copy(update={"events": rest})))
        yield Cause("event", f"{_said(e, scenario, words)} ({e.date:%B %Y})", 0, program=without)


def _said(e: Event_, scenario: Scenario, words: Words) -> str:
    """An event of a scenario in words."""
    names = {code: state.name for code, state in scenario.tables.members.items()}
    if e.kind == "crisis":
        return _answer(ANSWERS[e.answer], names[e.member], words)
    if e.kind == "clash":
        return f"the clash of {' and '.join(names[m] for m in e.between)}"
    if e.kind == "shock":
        return f"the shock to {scenario.subject(e.path)}"
    if e.kind == "renewal":
        return "the renewal of the treaty"
    return f"{'the change of regime in' if e.kind == 'regime_change' else 'the entry of'} {names[e.member]}"


def effects(
    program: Program,
    chance: Chance,
    event: Event,
    causes: Sequence[Cause],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Effect]:
    """What each cause did, in the order of the causes."""
    drawn = [c for c in causes if c.program is None]
    others = [c for c in causes if c.program is not None]
    steps = iter(range(1, 4))

    def step() -> None:
        progress(next(steps), 3)

    def noise(variants: Sequence[Variant], copies: int) -> Again:
        return Again(chance, event.row, variants, copies, program.record_ticks)

    year = round(1.0 / program.alliance.dt)
    found: dict[int, Effect] = {}
    as_drawn = noise([Variant(), *(Variant(c.edits) for c in drawn)], 1)
    (alone,) = courses([program], as_drawn, event, 1, year, whole=True)
    step()
    for group in _groups(drawn):
        k = event.k if group[0].kind == CHANCE else group[0].k
        how = Variant((), k, not group[0].own)
        variants = [how, *(how._replace(edits=c.edits) for c in group)]
        new = noise(variants, COPIES)
        (course,) = courses([program], new, event, group[0].k + group[0].own, year)
        for place, cause in enumerate(group, start=1):
            lane = 1 + [id(c) for c in drawn].index(id(cause))
            base, without = (course.probability[x * COPIES : (x + 1) * COPIES] for x in (0, place))
            stance = alone.stance[0] - alone.stance[lane]
            found[id(cause)] = _effect(cause, alone.first[lane], base, without, float(stance))
    step()
    if others:
        programs = alike([program, *(c.program for c in others if c.program)])
        both = courses(programs, noise([Variant(), Variant((), 0)], COPIES), event, 1, year, whole=True)
        base = both[0].probability[COPIES:]
        for cause, course in zip(others, both[1:], strict=True):
            stance = float(both[0].stance[0] - course.stance[0])
            found[id(cause)] = _effect(cause, course.first[0], base, course.probability[COPIES:], stance)
    step()
    return [found[id(c)] for c in causes]


def _groups(causes: Sequence[Cause]) -> Iterator[list[Cause]]:
    """Causes of the same moment, as many as fit side by side with the run as it was."""
    key: Callable[[Cause], tuple[int, bool, bool]] = lambda c: (c.k, c.own, c.kind == CHANCE)  # noqa: E731
    for _, same in groupby(sorted(causes, key=key), key):
        while group := list(islice(same, BLOCK // COPIES - 1)):
            yield group


def _effect(cause: Cause, first: float, base: Array, without: Array, stance: float) -> Effect:
    error = float(np.std(base - without, ddof=1) / math.sqrt(len(base)))
    return Effect(cause, float(first), float(base.mean()), float(without.mean()), error, stance)


class Luck(NamedTuple):
    """What chance had a part in: probabilities with their Monte Carlo standard errors."""

    before: tuple[float, float]
    """That the event has happened by its date, with all chance since the start new."""
    soon: tuple[float, float]
    """That it happens within a year after its tick began, with all chance from then on new."""
    first: float
    """When it happens if the draw that decided it had not fallen so; not a number for never."""


def luck(program: Program, chance: Chance, event: Event) -> Luck:
    """How much of the event was chance."""
    year, begins = round(1.0 / program.alliance.dt), program.record_ticks

    def course(variant: Variant, copies: int, start: int, whole: bool = False) -> Course:
        noise = Again(chance, event.row, [variant], copies, begins)
        return courses([program], noise, event, start, year, whole)[0]

    def mean(x: Array) -> tuple[float, float]:
        return float(x.mean()), float(np.std(x, ddof=1) / math.sqrt(len(x)))

    before = course(Variant((), 0), MANY, 1).probability
    soon = course(Variant((), event.k), MANY, event.k).soon
    stays = Edit("membership", event.row, event.k, event.k, 1.0)
    return Luck(mean(before), mean(soon), float(course(Variant((stays,)), 1, 1, whole=True).first[0]))


def past_can_differ(program: Program) -> bool:
    """Whether the run can be made again with another past: on the noise that the record reveals, or its own."""
    return program.start.states is None or program.start.revealed is not None
