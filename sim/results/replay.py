"""The story of one run: replayed in Mesa from (seed, block, lane), in dated sentences."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engines import ensemble
from sim.errors import InputError, Problem, arguments, as_path, nearest
from sim.model.crises import THREATS
from sim.model.grammar import possessive
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.noise import Noise, locate
from sim.model.outcomes import ANSWERS, CONDUCTS, MOVES, RETURN, signed
from sim.model.tick import Record
from sim.results.result import RESOLVED, Results, read_otherwise
from sim.scenario.compile import Program, compile
from sim.scenario.load import Scenario, restore
from sim.storage.workspace import check_finished, contents_of, differences

if TYPE_CHECKING:
    import pandas as pd


STEP = 1.0
"""Logits by which a stance has to move, since it was last said, to be said again: from 50 to 73 % support."""
VOTES = "votes"
"""The kind of sentences about votes, on request."""
KINDS = (
    "record",
    "start",
    "crisis",
    "stance",
    *dict.fromkeys(m.name for m in MOVES.values()),
    "dissolution",
    "end",
    VOTES,
)
"""Of sentences."""


@dataclass(frozen=True)
class Sentence:
    """What happened in the tick that ends on a date."""

    date: str
    kind: str
    """One of ``KINDS``."""
    members: tuple[str, ...]
    text: str


@dataclass(frozen=True, repr=False)
class Story(Results):
    """One run in sentences. ``identical`` says that Mesa and the ensemble agree to the last bit."""

    scenario: Scenario
    run: int
    seed: int
    identical: bool
    sentences: list[Sentence]

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        return f"Story of run {self.run} of {self.scenario.name}, seed {self.seed}"

    @property
    def table(self) -> "pd.DataFrame":
        """date, kind, members (codes), text."""
        import pandas as pd

        rows = [(s.date, s.kind, " ".join(s.members), s.text) for s in self.sentences]
        return pd.DataFrame(rows, columns=["date", "kind", "members", "text"])

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """story."""
        return {"story": self.table}

    def __repr__(self) -> str:
        return "\n".join([f"<{self.heading}>", *(f"  {s.date}  {s.text}" for s in self.sentences)])


@arguments
def replay(
    folder: str | Path, run: int = 0, member: Sequence[str] = (), only: Sequence[str] = (), votes: bool = False
) -> Story:
    """Replay one run of a finished ensemble in Mesa and tell its story.

    It tells what matters: crises and answers, freezes, resumptions, exits, returns, dissolution, and stances that have
    moved by a logit or more since they were last named.

    Parameters
    ----------
    folder : str or Path
        That :func:`sim.save` or `cohesion run` wrote.
    run : int
        Which run, counted from 0, such as one of ``sim.find(...).runs``.
    member : sequence of str
        Only what concerns these states, by code or name, or all of them.
    only : sequence of str
        Only these kinds: crisis, stance, freeze, resume, exit, entry, dissolution, votes, record, start, end.
    votes : bool
        Also how conduct changes from motion to motion.

    Returns
    -------
    Story
        Dated ``sentences``, as a ``table`` too.

    Raises
    ------
    InputError
        Where the folder holds no finished run, or fewer runs than asked for.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=16, out="results/example")
    >>> sim.replay("results/example", run=3).identical
    True
    """
    scenario, _, seed = made_from(folder, run)
    shows = chosen(scenario, member, only, votes)
    story = tell(scenario, seed, run)
    return replace(story, sentences=[s for s in story.sentences if shows(s)])


def made_from(folder: str | Path, run: int) -> tuple[Scenario, int, int]:
    """What one run of a finished ensemble is made again from: the scenario, how many runs there are, the seed.

    Raises InputError where the folder is not as it was written, or has no such run.
    """
    folder = as_path(folder, "folder")
    check_finished(folder, "run")
    refuse(folder, differences(folder))
    scenario = restore(folder / RESOLVED)
    refuse(folder, read_otherwise([scenario], folder))
    by = (contents_of(folder) or {})["identity"]
    runs, seed = (by.get(k) for k in ("runs", "seed"))
    if not isinstance(runs, int) or not isinstance(seed, int):
        refuse(folder, ["its workspace.json cannot be read"])
    if not isinstance(run, int) or not 0 <= run < runs:
        raise InputError([Problem(str(folder), "run", f"{run!r}", f"allowed: 0 to {runs - 1}")])
    return scenario, runs, seed


def chosen(scenario: Scenario, member: Sequence[str], only: Sequence[str], votes: bool) -> Callable[[Sentence], bool]:
    """Which sentences it tells. Raises InputError for names of no state or kind."""
    problems: list[Problem] = []
    codes = {scenario.state(m, "member", "", problems) for m in member}
    problems += [
        Problem("only", "", k, f"allowed: {', '.join(KINDS)}", nearest(k, KINDS)) for k in only if k not in KINDS
    ]
    if problems:
        raise InputError(problems)
    kinds = {*only} or {k for k in KINDS if votes or k != VOTES}

    def shows(s: Sentence) -> bool:
        return s.kind in kinds and (not codes or not s.members or not codes.isdisjoint(s.members))

    return shows


def refuse(folder: Path, found: Sequence[str]) -> None:
    """Raises InputError where there is anything in which a folder is not what was written."""
    if found:
        allowed = "allowed: results as they were written; `force` runs the scenario anew"
        raise InputError([Problem(str(folder), "", difference, allowed) for difference in found])


def tell(scenario: Scenario, seed: int, run: int) -> Story:
    """The story of any run of a scenario, in Mesa and, to see whether both agree, in the ensemble."""
    from sim.engines import agents

    program, alliance = compile(scenario), scenario.tables.alliance
    block, lane = locate(run)
    records = list(agents.run_block(program, seed, block, slice(lane, lane + 1)))
    identical = all(same(a, b) for a, b in zip(records, relived(program, seed, run), strict=True))
    leader = alliance.leader_in_words
    return Story(scenario, run, seed, identical, sentences(program, leader, seed, run, records))


def relived(program: Program, seed: int, run: int, see: Callable[..., object] = lambda *_: None) -> Iterator[Record]:
    """One run in the ensemble: its start and every tick. ``see`` is called at each: what it raises ends it."""
    block, lane = locate(run)
    return ensemble.run_block(program, seed, block, slice(lane, lane + 1), see=see)


def sentences(program: Program, leader: str, seed: int, run: int, records: list[Record]) -> list[Sentence]:
    """What happens in the records of a run, of either engine."""
    return [*_record(program, seed, run), *_sentences(records, program, leader)]


def same(a: Record, b: Record) -> bool:
    """Whether two records agree to the last bit."""
    pairs: Iterator[tuple[Any, Any]] = zip((*a.crises, *a[1:]), (*b.crises, *b[1:]), strict=True)
    return all(np.array_equal(np.broadcast_to(x, np.shape(y)), y) for x, y in pairs)


def _record(program: Program, seed: int, run: int) -> Iterator[Sentence]:
    """Where the run comes from: what the record says of all rows, and which of them it takes."""
    start, date = program.start, program.edges[program.start.tick].isoformat()
    if start.states is None:
        return
    block, lane = locate(run)
    row, use = (int(x[lane]) for x in Noise(seed, block).rows(program.rows))
    state = use % start.states.stance.shape[-1]
    stances = [
        f"{name} {signed(x[row, state], 1)} ({signed(low, 1)} to {signed(high, 1)})"
        for name, x, (low, high) in zip(
            program.names,
            start.states.stance,
            np.quantile(start.states.stance, (0.05, 0.95), axis=(1, 2)).T,
            strict=True,
        )
    ]
    says = f"{start.words}. This run takes state {state + 1} of row {row + 1}: {', '.join(stances)}"
    yield Sentence(date, "record", program.members, f"{says}; in brackets the middle 90 % of all.")


def _sentences(records: list[Record], program: Program, leader: str) -> Iterator[Sentence]:
    names, codes = program.names, program.members
    dates = [d.isoformat() for d in program.dates]

    def say(t: int, kind: str, rows: list[int], text: str) -> Sentence:
        return Sentence(dates[t], kind, tuple(codes[i] for i in rows), text)

    first = records[0]
    inside = [i for i in range(len(names)) if first.status[i, 0] != OUTSIDE]
    yield say(0, "start", inside, f"At the start: {_together(first, inside, names)}.")
    said, former = first.stance[:, 0].copy(), set[int]()
    for t, (before, now) in enumerate(pairwise(records), start=1):
        for i in np.flatnonzero(now.crises.kind[:, 0]).tolist():
            yield say(t, "crisis", [i], _crisis(now, i, names, leader))
        for i in np.flatnonzero((abs(now.stance[:, 0] - said) >= STEP) & (now.before[:, 0] != OUTSIDE)).tolist():
            yield say(t, "stance", [i], _step(names[i], said[i], now.stance[i, 0]))
            said[i] = now.stance[i, 0]
        for rows, text in _conduct(before, now, names):
            yield say(t, VOTES, rows, text)
        former |= set(np.flatnonzero(before.left[:, 0]).tolist())
        for i, (kind, text) in _moves(now, names, former):
            yield say(t, kind, [i], text)
        if before.alive[0] and not now.alive[0]:
            yield say(t, "dissolution", [], "The alliance is dissolved.")
            return
    last = records[-1]
    inside = [i for i in range(len(names)) if last.status[i, 0] != OUTSIDE]
    yield say(len(records) - 1, "end", inside, f"At the end: {_together(last, inside, names)}.")


def position(r: Record, i: int) -> str:
    """Where a member stands: what it did on the motion, or that its membership is frozen."""
    return "frozen" if r.status[i, 0] == FROZEN else CONDUCTS[float(r.conduct[i, 0])]


def _together(r: Record, rows: list[int], names: tuple[str, ...]) -> str:
    return ", ".join(f"{names[i]} {position(r, i)} ({signed(r.stance[i, 0], 1)})" for i in rows) or "no member"


def _crisis(r: Record, i: int, names: tuple[str, ...], leader: str) -> str:
    what = "a clash inside the pact" if r.crises.clash[i, 0] else f"{THREATS[int(r.crises.kind[i, 0]) - 1]} crisis"
    answer = ANSWERS[float(r.crises.help[i, 0])]
    return (
        f"{names[i]} calls for help ({what}); {leader} {answer}. Believed reliability is now {r.reliability[i, 0]:.2f}."
    )


def _step(name: str, before: float, now: float) -> str:
    way = "rises" if now > before else "falls"
    return f"{possessive(name)} stance {way} from {signed(before, 1)} to {signed(now, 1)}."


def _conduct(before: Record, now: Record, names: tuple[str, ...]) -> Iterator[tuple[list[int], str]]:
    """Members whose conduct differs from the motion before, one sentence for a tick."""
    turned = [
        i
        for i in range(len(names))
        if before.status[i, 0] == now.status[i, 0] == ACTIVE and before.conduct[i, 0] != now.conduct[i, 0]
    ]
    if turned:
        turns = (
            f"{names[i]} {CONDUCTS[float(now.conduct[i, 0])]} ({CONDUCTS[float(before.conduct[i, 0])]} before)"
            for i in turned
        )
        yield turned, f"On the motion of the tick {', '.join(turns)}."


def _moves(r: Record, names: tuple[str, ...], former: Collection[int]) -> Iterator[tuple[int, tuple[str, str]]]:
    for i, name in enumerate(names):
        move = MOVES.get((int(r.before[i, 0]), int(r.status[i, 0])))
        if move and (r.left[i, 0] or move.name != "exit"):  # nobody leaves an alliance that ends
            move = RETURN if move.name == RETURN.name and i in former else move
            yield i, (move.name, f"{name} {move.words} at a stance of {signed(r.stance[i, 0], 1)}.")
