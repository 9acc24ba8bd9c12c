"""The numpy engine: blocks of runs, all members and runs of a block at once.

Programs that run together share the draws of the block. Those that differ in inputs and coefficients
alone lie side by side in the same arrays (a stack), and what has the same past lives through it once.
A phase works elementwise, so none of this changes a run: it is the same to the last bit alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from sim.engines.environment import Environment, record_normals, state_at_start
from sim.model import membership
from sim.model.arrays import Array, Coefficients, Inputs, each
from sim.model.noise import BLOCK, ONCE, Noise, Repeats, TickNoise
from sim.model.tick import Draws, Record, Standing, State, begin, decays, decide, look, present, relive, standing, tick
from sim.scenario.compile import Program
from sim.scenario.paths import Band
from sim.scenario.start import hashed

T = TypeVar("T")
WIDTH = BLOCK
"""Runs side by side in a stack: more would not fit the cache, fewer would not cover numpy's calls."""


class Piece(NamedTuple):
    """Some runs (lanes) of a block."""

    block: int
    lanes: slice

    @property
    def runs(self) -> int:
        """How many."""
        return len(range(BLOCK)[self.lanes])


def pieces(first: int, last: int) -> list[Piece]:
    """The runs from ``first`` to before ``last``, cut where blocks end."""
    found = []
    for block in range(first // BLOCK, -(-last // BLOCK)):
        start, stop = max(first - block * BLOCK, 0), min(last - block * BLOCK, BLOCK)
        found.append(Piece(block, slice(start, stop)))
    return found


def regimes(programs: Sequence[Program]) -> int:
    """How many regimes may change: none where that makes no difference, so that it is not drawn."""
    return len(programs[0].members) * any(p.coefficients["regime_change"] != 0.0 for p in programs)


def tick_draws(noise: TickNoise, t: int, program: Program, lanes: slice, copies: int = 1, changing: int = 0) -> Draws:
    """The chance of a forecast tick, for so many programs side by side, in which so many regimes may change."""
    rows = len(program.members)
    pairs = len(program.alliance.pairs)

    def beside(x: Array) -> Array:
        return repeated(x[..., lanes], copies)

    return Draws(
        stance=beside(noise.normals("stance", t + 1, rows)),
        crisis=beside(noise.uniforms("crisis", t + 1, rows)),
        answer=beside(noise.uniforms("answer", t + 1, rows)),
        conduct=beside(noise.uniforms("conduct", t + 1, rows)),
        membership=beside(noise.uniforms("membership", t + 1, rows)),
        regime=beside(noise.uniforms("regime", t + 1, changing)),
        clash=beside(noise.uniforms("clash", t + 1, pairs)),
        leader=beside(noise.uniforms("leader", t + 1, 1)[0]),
        motion=beside(motion_effect(noise, t + 1, program)),
    )


def motion_effect(noise: TickNoise, tick: int, program: Program) -> Array:
    """Of the motion of a tick, in standard deviations, (run,); no chance where all motions are average."""
    return noise.normals("motion", tick, 1)[0] if program.alliance.motions else np.zeros(BLOCK)


def repeated(x: Array, copies: int) -> Array:
    """Copies of an array side by side along its last axis."""
    return x if copies == 1 else np.concatenate([x] * copies, axis=-1)


def joined(parts: Sequence[T]) -> T:
    """Named tuples of arrays side by side along the last axis."""
    return parts[0] if len(parts) == 1 else each(lambda *x: np.concatenate(x, axis=-1), *parts)


def part(whole: T, place: int, runs: int) -> T:
    """What lies at a place of a stack of so many runs each."""
    return each(lambda x: x[..., place * runs : (place + 1) * runs], whole)


class Stack:
    """Programs side by side: they differ in inputs and coefficients alone."""

    def __init__(self, programs: Sequence[Program], noise: TickNoise, lanes: slice, like: Environment | None) -> None:
        self.program = programs[0]
        self.noise, self.lanes, self.copies = noise, lanes, len(programs)
        self.environments: list[Environment] = []
        for p in programs:
            self.environments.append(Environment(p, noise, lanes, like))
            like = like or self.environments[0]
        parts = [vars(e.coefficients) for e in self.environments]
        self.c = (
            self.environments[0].coefficients
            if self.copies == 1
            else Coefficients({k: np.concatenate([p[k] for p in parts]) for k in parts[0]})
        )
        self.d = decays(self.c, self.program.alliance.dt)
        self.regimes = regimes(programs)
        self.state: State | None = None
        self._last: tuple[Inputs, Standing, tuple[bool, bool]] | None = None

    def around(self, t: int) -> tuple[Inputs, Standing]:
        """Inputs, and what they alone decide; computed anew only where something changes."""
        script = self.program.script[t]
        which = script.record is not None, script.drawn
        if self._last and self._last[2] == which and not self._moves(t):
            return self._last[:2]
        inputs = joined([e.at(t) for e in self.environments])
        s = standing(inputs, self.c, self.program.alliance.dt, *which)
        self._last = inputs, s, which
        return inputs, s

    def _moves(self, t: int) -> bool:
        return any(e.changed[t] for e in self.environments)

    def begin(self) -> None:
        """The state before the first tick: what the record says, or the model's own beginning."""
        if kept := state_at_start(self.program, self.noise, self.lanes):
            self.state = each(lambda x: repeated(x, self.copies), kept)
            return
        inputs, s = self.around(0)
        z = record_normals(self.program, self.noise, 0)[:, self.lanes]
        z = repeated(z, self.copies)
        self.state = begin(inputs, s, z, self.program.start_status, self.c)

    def relive(self, t: int) -> None:
        """A tick of the record."""
        assert self.state is not None
        inputs, s = self.around(t)
        z = record_normals(self.program, self.noise, t + 1)[:, self.lanes]
        z = repeated(z, self.copies)
        self.state = relive(self.state, inputs, s, z, self.program.script[t], self.c, self.d)

    def reveal(self, t: int) -> Draws:
        """A tick of the record, and the draws by which what happened in it happens."""
        assert self.state is not None
        p, rows, now = self.program, len(self.program.members), self.state.membership
        everybody = now._replace(status=np.broadcast_to(now.status, self.state.stance.shape))
        before = self.state._replace(membership=everybody)
        self.relive(t)
        inputs, _ = self.around(t)
        s, script = standing(inputs, self.c, p.alliance.dt), p.script[t]
        assert script.record is not None
        u = self.noise.uniforms("membership", t + 1, rows)[:, self.lanes]
        ties, admissible, x = present(inputs, before, self.c), p.alliance.admissible, self.state.stance
        chances, _ = decide(u, before, x, ties, script, admissible, s, self.c, self.d.dt)
        cut = membership.cut(u, everybody.status, np.broadcast_to(script.record, u.shape), chances)
        cut = np.where(script.enters, u, cut)
        assert s.membership is not None
        stays = membership.ends(s.membership, self.d.dt)
        leader = stays + self.noise.uniforms("leader", t + 1, 1)[0, self.lanes] * (1.0 - stays)
        z, none = record_normals(p, self.noise, t + 1)[:, self.lanes], np.zeros(u.shape)
        return Draws(z, none, none, none, cut, none[:0], none[:0], leader, none[0])

    def anew(self, t: int, draws: Draws) -> None:
        """A tick of a past that was otherwise, by the draws of the record's."""
        assert self.state is not None
        inputs, s = self.around(t)
        draws, p = each(lambda x: repeated(x, self.copies), draws), self.program
        self.state, _ = tick(self.state, inputs, s, draws, p.script[t], p.alliance, self.c, self.d)

    def look(self) -> Record:
        """The start of the forecast."""
        assert self.state is not None
        t, p = self.program.record_ticks, self.program
        inputs, _ = self.around(t)
        drawn = self.noise.uniforms("conduct", t, len(p.members)), motion_effect(self.noise, t, p)
        u, motion = (repeated(x[..., self.lanes], self.copies) for x in drawn)
        return look(self.state, inputs, u, motion, p.alliance, self.c)

    def tick(self, t: int) -> Record:
        """A tick of the forecast."""
        assert self.state is not None
        p = self.program
        inputs, s = self.around(t)
        draws = tick_draws(self.noise, t, p, self.lanes, self.copies, self.regimes)
        self.state, record = tick(self.state, inputs, s, draws, p.script[t], p.alliance, self.c, self.d)
        return record

    def states(self) -> list[State]:
        """The state of each program by itself."""
        assert self.state is not None
        shape, now = self.state.stance.shape, self.state.membership
        state = self.state._replace(membership=now._replace(status=np.broadcast_to(now.status, shape)))
        runs = shape[-1] // self.copies
        return [part(state, k, runs) for k in range(self.copies)]


def past_hash(program: Program, hashes: dict[int, str] | None = None) -> str:
    """What a program's start depends on: equal for programs whose record is the same.

    ``hashes`` keeps, by identity, what has been hashed: programs of one study share most of it. It holds
    for programs of the same dates, as long as they live.
    """
    hashes = {} if hashes is None else hashes
    until = program.record_ticks

    def digest(thing: object, facts: Callable[[], Iterable[object]]) -> str:
        if id(thing) not in hashes:
            hashes[id(thing)] = hashed(facts())
        return hashes[id(thing)]

    def band_facts(band: Band) -> Iterable[object]:
        lasting = (band.low, band.high, *(() if band.word is None else (band.word,)))
        return band.distribution, *(x[: max(until, 1)] for x in lasting)

    def script_facts() -> Iterable[object]:
        return (x for s in program.script[:until] for x in (s.kind, s.clash, s.help, s.changes, s.record))

    bands = sorted(program.bands.items())
    parts = [digest(band, partial(band_facts, band)) for _, band in bands]
    parts += [digest(x, partial(tuple, (x,))) for x in program.weights.values()]
    parts += [digest(x, partial(tuple, (x,))) for x in program.coefficients.values()]
    parts.append(digest(program.script, script_facts))
    names = [path for path, _ in bands], list(program.weights), list(program.coefficients)
    start = program.start.tick, id(program.start.states), program.start.revealed, id(program.fact)
    rows = id(program.places), program.rows
    rest = until, program.members, program.start_status, program.alliance.dt, start, rows
    return hashed((*names, *parts, *rest))


def stackable(a: Program, b: Program) -> bool:
    """Whether two programs may lie side by side."""
    one = a.script is b.script and a.alliance is b.alliance and a.start_status is b.start_status
    start = a.start.states is b.start.states and a.start.revealed == b.start.revealed and a.fact is b.fact
    return one and start and a.rows == b.rows


def ticks_alike(a: Program, b: Program) -> int:
    """How many forecast ticks from the start are the same in two programs, of which one is the other varied."""
    rest = [name for name in Program._fields if name not in ("bands", "coefficients", "set_paths")]
    if any(getattr(a, name) is not getattr(b, name) for name in rest) or a.coefficients != b.coefficients:
        return 0
    bands = ((band, b.bands[path]) for path, band in a.bands.items() if band is not b.bands[path])
    firsts = [_first_difference(*pair) for pair in bands]
    for path in {*a.set_paths, *b.set_paths}:
        places = [p.set_paths.get(path, p.ticks) for p in (a, b)]
        firsts += [min(places)] * (places[0] != places[1])
    return max(0, min(firsts, default=a.ticks) - a.record_ticks)


def _first_difference(a: Band, b: Band) -> int:
    """The first tick in which two bands differ."""
    if a.distribution is not b.distribution:
        return 0
    one, two = ([x.low, x.high, x.low * 0 if x.word is None else x.word] for x in (a, b))
    differ = np.any(np.not_equal(one, two), axis=0)
    return int(differ.argmax()) if differ.any() else len(differ)


def stacked(programs: Sequence[Program], wide: int) -> list[list[int]]:
    """Which programs go into which stack, by index, in order, so many in one."""
    groups: list[list[int]] = []
    for k, p in enumerate(programs):
        if groups and len(groups[-1]) < wide and stackable(programs[groups[-1][0]], p):
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


class Side(NamedTuple):
    """A moment of some programs (by index) side by side in one record."""

    programs: list[int]
    record: Record


def run_together(
    programs: Sequence[Program],
    seed: int,
    piece: Piece,
    repeats: Repeats = ONCE,
    noise: TickNoise | None = None,
    see: Callable[[int, Stack], object] = lambda _, stack: None,
    since: tuple[int, State] | None = None,
) -> Iterator[list[Side]]:
    """Run programs in step over the same runs; yield the start, then each forecast tick.

    What is yielded has one record a stack, and whose it is. All programs must have the same members
    and dates. ``repeats`` says how many runs in a row share coefficients, coded values and inputs to come;
    ``noise`` is that of the block where somebody has it; ``see`` is shown every stack before each tick, and before
    the one that would come after the last. ``since`` is a number of forecast ticks and the state in which they leave
    all programs: then only what comes after them is yielded. Memory does not grow with the number of ticks.
    """
    done, state = since or (0, None)
    begun = at_start(programs, noise or Noise(seed, piece.block, repeats), piece, state)
    if not since:
        yield [Side(g, s.look()) for g, s in begun]
    for t in range(programs[0].record_ticks + done, programs[0].ticks):
        for _, stack in begun:
            see(t, stack)
        yield [Side(g, s.tick(t)) for g, s in begun]
    for _, stack in begun:
        see(programs[0].ticks, stack)


def at_start(
    programs: Sequence[Program], noise: TickNoise, piece: Piece, state: State | None = None
) -> list[tuple[list[int], Stack]]:
    """Stacks of programs (by index) at the start of the forecast, or in a state that is given.

    All have the same members and dates.
    """
    wide = max(1, WIDTH // piece.runs)
    first = Environment(programs[0], noise, piece.lanes)
    states = [state] * len(programs) if state else _distinct_starts(programs, noise, piece, wide, first)
    groups = stacked(programs, wide)
    stacks = [Stack([programs[k] for k in g], noise, piece.lanes, first) for g in groups]
    for stack, group in zip(stacks, groups, strict=True):
        stack.state = joined([states[k] for k in group])
    return list(zip(groups, stacks, strict=True))


def _distinct_starts(
    programs: Sequence[Program], noise: TickNoise, piece: Piece, wide: int, first: Environment
) -> list[State]:
    """The state of each program at the start of its forecast; what has the same past lives through it once."""
    hashes: dict[int, str] = {}
    pasts = [past_hash(p, hashes) for p in programs] if len(programs) > 1 else [""]
    distinct = [k for k, past in enumerate(pasts) if past not in pasts[:k]]
    states = _starts([programs[k] for k in distinct], noise, piece, wide, first)
    starts = dict(zip((pasts[k] for k in distinct), states, strict=True))
    return [starts[past] for past in pasts]


def _starts(programs: Sequence[Program], noise: TickNoise, piece: Piece, wide: int, first: Environment) -> list[State]:
    """The state of each program at the start of its forecast."""
    groups = stacked(programs, wide)
    stacks = [Stack([programs[k] for k in g], noise, piece.lanes, first) for g in groups]
    facts = {id(f): Stack([f], noise, piece.lanes, first) for s in stacks if (f := s.program.fact)}
    for stack in (*stacks, *facts.values()):
        stack.begin()
    for t in range(programs[0].record_ticks):
        happened = {k: fact.reveal(t) for k, fact in facts.items()}
        for stack in stacks:
            if stack.program.fact:
                stack.anew(t, happened[id(stack.program.fact)])
            elif t >= stack.program.start.tick:
                stack.relive(t)
    return [state for stack in stacks for state in stack.states()]


def run_block(
    program: Program,
    seed: int,
    block: int,
    lanes: slice = slice(None),
    repeats: Repeats = ONCE,
    see: Callable[[int, Stack], object] = lambda _, stack: None,
) -> Iterator[Record]:
    """Run a block (or some of its lanes) of one program: the start, then each forecast tick.

    A record's arrays are (member, lane) and (lane,). ``see`` as in :func:`run_together`.
    """
    for (side,) in run_together([program], seed, Piece(block, lanes), repeats, see=see):
        yield side.record


def program_record(record: Record, place: int, runs: int) -> Record:
    """The runs of one program of a stack."""
    return each(np.ascontiguousarray, part(record, place, runs))
