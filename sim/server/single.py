"""Single runs: those in which something is so, and one of them step by step, beside itself with nothing moved."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.condition import Condition
from sim.analysis.find import in_percent
from sim.engines.ensemble import pieces, run_block
from sim.errors import plural
from sim.estimates.conditional import share_given
from sim.estimates.incidence import quantities, with_incidence
from sim.estimates.paired import See, unseen
from sim.model.cohesion import Motion, cohesion
from sim.model.grammar import sentence
from sim.model.membership import OUTSIDE
from sim.model.noise import locate
from sim.model.outcomes import percent
from sim.model.tick import Record
from sim.results.kept import LEVELS, Keeper, dates as dates_of, together
from sim.results.replay import VOTES, position, relived, sentences
from sim.scenario.compile import ALIKE, compile, unconditioned
from sim.scenario.load import Scenario
from sim.server.view import MOST_RUNS

if TYPE_CHECKING:
    import xarray as xr

Plain = dict[str, Any]
"""Ready for JSON."""
SEED = 1
SHOWN = 40
"""Runs that are named of those that are found."""
ENOUGH = 10
"""Runs after which no more are looked for."""
STAGES = (256, 1024)
"""Runs after which is looked whether there are enough, before all are made."""


def stages(most: int) -> list[int]:
    """Numbers of runs that are made in turn."""
    return [*(n for n in STAGES if n < most), most]


def blocks(scenario: Scenario, first: int, last: int, see: See = unseen) -> "Iterator[xr.Dataset]":
    """Single runs of a scenario from ``first`` to before ``last``, in memory."""
    program = compile(scenario)
    for piece in pieces(first, last):
        keeper = Keeper(program, SEED, piece)
        for record, incidence in with_incidence(run_block(program, SEED, piece.block, piece.lanes, see=see)):
            keeper.see(record, incidence, quantities(record, incidence, LEVELS))
        yield keeper.block()


def kept(scenario: Scenario, runs: int = MOST_RUNS) -> "xr.Dataset":
    """The first runs of a scenario."""
    return together([*blocks(scenario, 0, runs)])


def found(ds: "xr.Dataset", asked: Condition, most: int) -> Plain:
    """In which runs a condition holds, how likely that is, and whether there are more to look through."""
    holds = asked.holds(ds)
    where, tried = np.flatnonzero(holds), len(holds)
    rows = int(ds.attrs["rows"])
    everything = np.ones(tried, dtype=bool)
    share = share_given(holds, everything, rows, float(ds.attrs["distinct"]) if rows else None)
    says = f"in {len(where):,} of {plural(tried, 'run')}, {in_percent(share)}"
    says += "; in brackets the 95 % Monte Carlo interval"
    if not len(where):
        says = f"in none of {plural(tried, 'run')}, so less than {percent(float(share.high))} % (95 % interval)"
    when: dict[str, Sequence[str]] = {}
    for event in asked.events():
        when |= {name: dates_of(ds, years[where[:SHOWN]]) for name, years in event.dates(ds).items()}
    enough = len(where) >= ENOUGH
    return {
        "condition": str(asked),
        "says": f"{sentence(asked.words(ds))}: {says}.",
        "tried": tried,
        "next": None if enough else next((n for n in stages(most) if n > tried), None),
        "runs": [
            [int(ds.run.values[k]), ", ".join(f"{n} by {d[i]}" for n, d in when.items() if d[i])]
            for i, k in enumerate(where[:SHOWN])
        ],
    }


def steps(scenario: Scenario, run: int, see: See = unseen) -> Plain:
    """One run, state by state, from its start to its end: the ensemble's, as Mesa has it, in a fifth of the time."""
    program, alliance = compile(scenario), scenario.tables.alliance
    records, leader = [*relived(program, SEED, run, see)], alliance.leader_in_words
    dates = [d.isoformat() for d in program.dates]
    said: dict[str, list[str]] = {}
    for s in sentences(program, leader, SEED, run, records):
        if s.kind != VOTES:
            said.setdefault(s.date, []).append(s.text)
    return {
        "run": run,
        "leader": leader,
        "states": [[code, name] for code, name in zip(program.members, program.names, strict=True)],
        "disputes": [list(pair) for pair in program.alliance.pairs],
        "steps": [
            {"date": date, "said": said.get(date, []), **_standing(r)} for date, r in zip(dates, records, strict=True)
        ],
    }


def unmoved(scenario: Scenario, moved: Scenario, run: int, see: See = unseen) -> list[Plain]:
    """The same run of a scenario as it is, step by step: the same random numbers, and a start of the same kind."""
    base = compile(scenario)
    if not compile(moved).start.states:
        base = unconditioned(base, ALIKE)
    block, lane = locate(run)
    return [_standing(r) for r in run_block(base, SEED, block, slice(lane, lane + 1), see=see)]


def _standing(r: Record) -> Plain:
    """Cohesion after a tick, and of every state where it stands, its stance, its dependence and what it believes."""
    whole = float(cohesion(Motion(r.conduct, r.status, r.stance, r.alive))[0])
    states = []
    for i in range(len(r.stance)):
        where = "outside" if r.status[i, 0] == OUTSIDE or not r.alive[0] else position(r, i)
        numbers = (r.stance[i, 0], r.dependence[i, 0], r.reliability[i, 0])
        states.append([where, *(round(float(x), 3) for x in numbers)])
    return {"cohesion": round(whole, 4) if r.alive[0] and whole == whole else None, "states": states}
