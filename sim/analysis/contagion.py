"""Who pulls whom: what one member's exit or freeze does to the others' probability of exit, and what cascades come.

A member is made to leave at a date in every run in which it is still in, whatever the model says; all else is as it
was, on the same draws. What that changes goes by all ways in which the model lets a state matter to others: its
example, the stance of fellows, calls for help that others see, quarrels inside, the quorum.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.analysis.spread import error_over_clusters, error_over_draws, footer, spread_over_draws
from sim.engines.ensemble import Piece, pieces, run_together
from sim.errors import InputError, Problem, arguments, each, nearest
from sim.estimates.intervals import INTERVAL_BLOCK, REPEATS, runs_together
from sim.evidence.measure import Reading, measure
from sim.inference.continuation import continued
from sim.model.arrays import Array
from sim.model.dates import WRITTEN, dated, parse, spoken
from sim.model.grammar import in_text
from sim.model.membership import FROZEN, OUTSIDE
from sim.model.outcomes import MONTE_CARLO, Z95, percent, signed
from sim.results.horizons import by_dates
from sim.results.run import Given, scenarios
from sim.scenario.compile import Program, compile, tick_edges
from sim.scenario.load import Scenario
from sim.scenario.tables import Time
from sim.storage.effort import Effort, effort
from sim.storage.workers import imap

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FORCED = {"exit": OUTSIDE, "freeze": FROZEN}
"""What a member may be made to do, and the status it has then."""
DONE = {"exit": "leaves", "freeze": "freezes its membership"}
NONE: dict[str, float] = {"contagion": 0.0, "peers": 0.0}
"""Coefficients by which states pull each other, where they do not."""
WITHIN = 2.0
"""Years within which an exit follows another, in a cascade."""


class Contagion(Analysis):
    """What each member's exit or freeze does to the others.

    Attributes
    ----------
    tables : ``effects`` has a row for each member that is made to move (of), each other (on) and horizon: the
        probability that the other has left as things are (base) and with the move (value), their difference (effect)
        with its Monte Carlo standard error (mcse), 95 % interval (low, high) and 90 % interval over what is uncertain.
        ``cascades`` has, as the scenario is and without contagion and peers, the exits in a run, the share of runs with
        a cascade (exits within two years of one another), its size and its years; each with its error, draws of what
        is uncertain as clusters; and how many more exits there are than as it is, on the same draws.
    """

    kind = "contagion"
    question = "If one member leaves or freezes, what does that do to the others?"
    names = ("effects", "cascades")
    words = ("of", "on", "date", "case")

    def figures(self) -> "dict[str, Figure]":
        """A matrix of effects at the last horizon."""
        from sim.figures.contagion import draw

        return {"contagion": draw(self.frames["effects"], self.about)}


@arguments
def contagion(
    scenario: Given,
    event: str = "exit",
    at: dt.date | str | None = None,
    runs: int = 4096,
    seed: int = 1,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    scheduler: str | None = None,
    set: Mapping[str, Any] | None = None,
    by: Sequence[dt.date | str] = (),
    out: str | Path | None = None,
    force: bool = False,
) -> Contagion:
    """Say who pulls whom: the effect of each member's exit or freeze on the others' probability of exit.

    Parameters
    ----------
    scenario : Scenario, str or Path
        As for :func:`sim.run`.
    event : str
        ``exit`` or ``freeze``.
    at : date or str, optional
        When a member is made to move; by default in the first step of the forecast.
    runs : int
        Of each, rounded up to a multiple of 16: so many draws with 16 runs each.
    seed, jobs, scheduler, set, by, out, force
        As for :func:`sim.run`.
    progress : callable, optional
        Called with how much is done, and of how much.

    Returns
    -------
    Contagion
        ``answer`` in sentences, the tables ``effects`` and ``cascades``.

    Raises
    ------
    InputError
        For a scenario, event or date that cannot be.

    Examples
    --------
    >>> import sim
    >>> found = sim.contagion("csto/outlook-2023", runs=32)
    >>> sorted(set(found.frames["effects"].of))
    ['ARM', 'BLR', 'KAZ', 'KGZ', 'TJK']
    """
    (given,) = continued(scenarios([scenario], set))
    (chosen,), how, tick, _ = each(
        lambda: by_dates([given], by),
        lambda: effort(runs, seed, jobs, scheduler, multiple=REPEATS.draw),
        lambda: _tick(given.tables.time, at),
        lambda: _known(event),
    )
    found = _contagion(chosen, compile(chosen), event, tick, how, progress)
    if out is not None:
        found.save(out, force)
    return found


def _known(event: str) -> None:
    if event not in FORCED:
        raise InputError([Problem("event", "", event, f"allowed: {', '.join(FORCED)}", nearest(event, FORCED))])


def _tick(time: Time, at: dt.date | str | None) -> int:
    """The tick in which a date lies. Raises InputError."""
    edges, record_ticks = tick_edges(time)
    first, last = edges[record_ticks], edges[-1]
    try:
        day = first if at is None else parse(at)
    except ValueError as error:
        raise InputError([Problem("at", "", f"{at} {error}", f"allowed: {WRITTEN}")]) from None
    if not first <= day < last:
        raise InputError([Problem("at", "", f"{day}", f"allowed: from {first} to before {last}")])
    return max(t for t, edge in enumerate(edges[:-1]) if edge <= day)


def forced(program: Program, member: str, tick: int, status: int) -> Program:
    """The program in which a member takes a status in a tick, in runs in which it is in."""
    rows = np.full((len(program.members), 1), -1, dtype=np.int8)
    rows[program.members.index(member)] = status
    script = list(program.script)
    script[tick] = script[tick]._replace(forced=rows)
    return program._replace(script=tuple(script))


def without(program: Program) -> Program:
    """The program in which, from the start of the forecast on, nobody pulls anybody."""
    return program._replace(coefficients=program.coefficients | NONE)


def _contagion(
    s: Scenario, program: Program, event: str, tick: int, by: Effort, progress: Callable[[int, int], None] | None
) -> Contagion:
    import pandas as pd

    status = s.tables.as_forecast
    members = [m for m in program.members if status[m] != OUTSIDE and not (event == "freeze" and status[m] == FROZEN)]
    others = [m for m in program.members if status[m] != OUTSIDE]
    programs = {"": program} | {m: forced(program, m, tick, FORCED[event]) for m in members}
    times = {
        y: program.horizon_tick(y) for y in program.horizons if program.horizon_tick(y) + program.record_ticks > tick
    }
    if not times:
        raise InputError([Problem("at", "", f"{program.edges[tick]}", "allowed: before the last horizon")])
    readings = [Reading(k, f"exit.{m}", t) for k in programs for m in others for t in times.values()]
    share = len(programs) / (len(programs) + 2.0)

    def tell(done: float) -> None:
        if progress:
            progress(round(1000 * done), 1000)

    together = runs_together([program])
    x = measure(programs, readings, by, lambda done: tell(share * done / by.runs), REPEATS, together)
    effects = []
    for of in members:
        for on in (m for m in others if m != of):
            for years, t in times.items():
                base, value = (x[Reading(k, f"exit.{on}", t)] for k in ("", of))
                row = {"of": of, "on": on, "horizon_years": years, "date": str(program.dates[t])}
                effects.append(row | {"base": float(base.mean()), "value": float(value.mean())} | _effect(value - base))
    cases = {"as it is": program, "without contagion and peers": without(program)}
    left = exits(list(cases.values()), by, lambda done: tell(share + (1.0 - share) * done))
    dt_ = program.alliance.dt
    cascades = pd.DataFrame(
        [
            {"case": name, **cascades_of(first * dt_), **more_exits(first, left[0])}
            for name, first in zip(cases, left, strict=True)
        ]
    )
    frame = pd.DataFrame(effects)
    about = {
        "question": f"If one member {DONE[event]}, what does that do to the others?",
        **origins([s]),
        "event": event,
        "at": str(program.edges[tick]),
        "names": s.tables.state_names,
        "scenario": s.tables.title,
        "footer": footer(s.name, by, program.start.words, [s]),
    }
    identity = {
        "scenario": s.name,
        "fingerprint": s.fingerprint,
        "event": event,
        "at": about["at"],
        "horizons": list(times),
        "runs": by.runs,
        "seed": by.seed,
    }
    title = f"Who pulls whom: what it does to the others if a member {DONE[event]} {dated(about['at'])}"
    return Contagion(
        title, sentences(frame, cascades, about), {"effects": frame, "cascades": cascades}, identity, about
    )


def _effect(x: Array) -> dict[str, float]:
    mean, error = float(x.mean()), error_over_draws(x)
    ends = (error, mean - Z95 * error, mean + Z95 * error)
    return {"effect": mean, **dict(zip(MONTE_CARLO[:-1], ends, strict=True)), **spread_over_draws(x, mean, -1.0, 1.0)}


def exits(programs: Sequence[Program], by: Effort, progress: Callable[[float], None] = lambda _: None) -> list[Array]:
    """By program the forecast tick in which each member first leaves, infinite where it does not. (member, run)"""
    tasks = [(piece,) for piece in pieces(0, by.runs)]

    def one(piece: Piece) -> list[Array]:
        found = [np.full((len(p.members), piece.runs), np.inf) for p in programs]
        own = Piece(INTERVAL_BLOCK + piece.block, piece.lanes)
        for t, sides in enumerate(run_together(programs, by.seed, own, REPEATS)):
            for side in sides:
                for place, k in enumerate(side.programs):
                    left = side.record.left[:, place * piece.runs : (place + 1) * piece.runs]
                    found[k][left & np.isinf(found[k])] = t
        return found

    parts = []
    for done, part in enumerate(imap(one, tasks, by, threads=True), start=1):
        parts.append(part)
        progress(done / len(tasks))
    return [np.concatenate([part[k] for part in parts], axis=-1) for k in range(len(programs))]


def cascades_of(years: Array) -> dict[str, float]:
    """Exits in a run, and cascades: exits of which each follows another within two years.

    Parameters
    ----------
    years : of the exit of each member, infinite where it does not leave. (member, run)
    """
    at = np.sort(years, axis=0)
    went = np.isfinite(at)
    gaps = np.where(went[1:], at[1:], np.inf) - np.where(went[:-1], at[:-1], 0.0)
    follows = went[1:] & (gaps <= WITHIN)
    size, length = went.astype(float), np.zeros(at.shape)
    for k, more in enumerate(follows, start=1):
        size[k] += np.where(more, size[k - 1], 0.0)
        length[k] = np.where(more, length[k - 1] + np.where(more, gaps[k - 1], 0.0), 0.0)
    ends = (size >= 2.0) & np.append(~follows, np.ones((1, at.shape[1]), dtype=bool), axis=0)
    found = {"exits": went.sum(axis=0).astype(float), "cascade": ends.any(axis=0).astype(float)}
    said: dict[str, float] = {}
    for name, x in found.items():
        said |= {name: float(x.mean()), f"{name}_mcse": error_over_draws(x.reshape(-1, REPEATS.draw))}
    clusters = at.shape[1] // REPEATS.draw
    for name, x in (("size", size), ("years", length)):
        own = np.where(ends, x, np.nan).T.reshape(clusters, -1)
        error = error_over_clusters(own) if np.isfinite(own).any(axis=1).sum() > 1 else np.nan
        said |= {name: float(x[ends].mean()) if ends.any() else np.nan, f"{name}_mcse": error}
    return said


def more_exits(first: Array, as_it_is: Array) -> dict[str, float]:
    """How many more exits a run has than as it is, on the same draws, from when members leave (member, run)."""
    more = (np.isfinite(first).sum(axis=0) - np.isfinite(as_it_is).sum(axis=0)).astype(float)
    return {"more": float(more.mean()), "more_mcse": error_over_draws(more.reshape(-1, REPEATS.draw))}


def sentences(effects: "pd.DataFrame", cascades: "pd.DataFrame", about: Mapping[str, Any]) -> list[str]:
    """Who is pulled most and by whom, how many effects stand out, and what cascades there are against none."""
    from sim.figures.contagion import clear

    last = effects[effects.date == effects.date.max()].sort_values("effect", key=abs, ascending=False, kind="stable")
    names, when = about["names"], spoken(str(last.date.iloc[0]))
    resolved = clear(last)
    pulls = [
        "{} by {} points (90 % interval {} to {}) if {} does".format(
            in_text(names[r.on]), *(signed(100 * x, 1) for x in (r.effect, r.q05, r.q95)), in_text(names[r.of])
        )
        for r in resolved.head(3).itertuples()
    ]
    first = f"If a member {DONE[about['event']]} {dated(about['at'])}, the probability that another has left by {when}"
    if pulls:
        said = [f"{first} changes most for {'; for '.join(pulls)}."]
    else:
        said = [f"{first} is not moved by more than chance in these runs."]
    said.append(
        f"{len(resolved)} of {len(last)} effects are 0.1 points or more and beyond chance in these runs (95 %)."
    )
    own, none = (cascades.iloc[k] for k in (0, 1))
    shares = [f"{percent(x.cascade)} %{_error(100 * x.cascade_mcse)}" for x in (own, none)]
    said.append(
        f"In {shares[0]} of runs some exit follows another within two years; without what members do to each other in "
        f"the model (contagion, peers) in {shares[1]}; exits in a run are {own.exits:.2f} and {none.exits:.2f}"
        + together(none)
        + (f"; a cascade has {own['size']:.1f} exits in {own.years:.1f} years." if own["size"] == own["size"] else ".")
    )
    return said


def _error(points: float) -> str:
    """A standard error in brackets; none of one draw, nor where all draws give the same."""
    return f" (± {points:.1g})" if points > 0.0 else ""


def together(none: Any) -> str:
    """What the ways by which members matter to each other do together, if more than chance in these runs."""
    if abs(none.more) <= Z95 * none.more_mcse:
        return ""
    do = "hold members rather than pull them" if none.more > 0.0 else "pull members rather than hold them"
    return f", so that the two ways together {do} ({signed(none.more)} ± {none.more_mcse:.2f} exits a run without them)"
