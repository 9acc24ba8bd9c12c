"""Why a member did what it did in one run: what its stance and hazard were made of, what came before, and chance."""

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.ablations import Effect, Words, effects, happened, luck, moved_inputs, scripted
from sim.analysis.again import Chance
from sim.analysis.analysis import Analysis, origins
from sim.analysis.event import CONDUCT, FROM, NOUNS, Event, chosen
from sim.analysis.moments import Moment, moments, row_of
from sim.analysis.reasons import HAZARD, STANCE, of_causes, of_chance, of_terms, spans
from sim.engines.ensemble import Piece, Stack, at_start, pieces
from sim.errors import InputError, Problem, arguments, as_path
from sim.model.arrays import Array, total
from sim.model.noise import Noise, locate
from sim.results.replay import made_from
from sim.scenario.compile import Program, compile, tick_edges
from sim.scenario.load import Scenario
from sim.scenario.rival import named
from sim.storage.files import provenance_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Why(Analysis):
    """What :func:`sim.why` gives back: ``terms`` and ``ablations``, each a table."""

    kind = "why"
    question = "What led to it in this run, and what would have gone otherwise without it?"
    names = ("terms", "ablations")
    words = ("whole", "term", "kind", "what", "date")

    def figures(self) -> "dict[str, Figure]":
        """waterfall."""
        from sim.figures.why import waterfall

        return {"waterfall": waterfall(self.frames["terms"], self.about)}


@arguments
def why(
    folder: str | Path,
    run: int,
    member: str,
    date: str | dt.date | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    out: str | Path | None = None,
    force: bool = False,
) -> Why:
    """Say why a member did what it did in one run of a finished ensemble.

    Parameters
    ----------
    folder : str or Path
        That :func:`sim.save` or `cohesion run` wrote.
    run : int
        Which run, counted from 0.
    member : str
        A state by code or name.
    date : str or date, optional
        What to explain: what the state did in the tick of this day. By default its last freeze, resumption, exit or
        entry; else the last change of what it usually does; else that it did nothing.
    progress : callable, optional
        Called with how much is done of how much.
    out : str or Path, optional
        Folder to which answer, tables and figures are written.
    force : bool
        Replace another why in ``out``.

    Returns
    -------
    Why
        ``answer`` in sentences; table ``terms``, of stance (in units of stance) and of the hazard's logarithm (of a
        rate a year): a year before, at the date, and in the mean of all runs in which the state could do the same
        then, with its Monte Carlo standard error and the 5 % and 95 % quantiles over runs; table ``ablations``: what
        came before, the date on the same noise without it (empty for never), and the probability of the event by its
        date with and without, on new draws, with the standard error of the difference.

    Raises
    ------
    InputError
        Where the folder holds no finished run, or no such run, state or date; where ``out`` cannot be written.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=16, out="results/example")
    >>> why = sim.why("results/example", run=3, member="ARM", date="2024-03-31")
    >>> list(why.tables)
    ['terms', 'ablations']
    """
    scenario, runs, seed = made_from(folder, run)
    row, k = place(scenario, member, date)
    found = explain_run(scenario, compile(scenario), runs, seed, run, row, k, progress)
    found = replace(found, about={**found.about, **origins([scenario], provenance_of(as_path(folder, "folder")))})
    if out is not None:
        found.save(out, force)
    return found


def place(scenario: Scenario, member: str, date: str | dt.date | None) -> tuple[int, int | None]:
    """A member's row, and the tick of the forecast in which a day lies. Raises InputError with all that is wrong."""
    problems: list[Problem] = []
    code = scenario.state(member, scenario.name, "member", problems)
    start, end = scenario.tables.time.start, scenario.tables.time.end
    try:
        day = dt.date.fromisoformat(date) if isinstance(date, str) else date
    except ValueError:
        day = None
    if date is not None and (day is None or not start <= day <= end):
        problems.append(Problem(scenario.name, "date", str(date), f"allowed: a day from {start} to {end}"))
    if problems:
        raise InputError(problems)
    edges, begins = tick_edges(scenario.tables.time)
    ends = [end for end in edges[begins:] if day and end > day] or [end]
    return scenario.members.index(code), None if day is None else max(edges[begins:].index(ends[0]), 1)


def explain_run(
    scenario: Scenario,
    program: Program,
    runs: int,
    seed: int,
    run: int,
    row: int,
    k: int | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Why:
    """The why of a run; by default of the last that matters in it."""
    of = 5
    block, lane = locate(run)
    ((_, stack),) = at_start([program], Noise(seed, block), Piece(block, slice(lane, lane + 1)))
    lived = list(moments(stack))
    event = chosen([m.record for m in lived], row, k)
    progress(1, of)
    alliance = scenario.tables.alliance
    words = Words(program.names, alliance.leader_in_words, spans(program))
    others = of_all_runs(program, seed, runs, event)
    progress(2, of)
    before = max(event.k - round(1.0 / program.alliance.dt), 0)
    terms = _terms(event, lived[before], lived[event.k], stack, others, alliance.rival_name)
    found = [
        *happened(lived, event, program, words),
        *scripted(scenario, event, program, words),
        *moved_inputs(lived, event, program, words),
    ]
    chance = Chance(seed, run)
    did = effects(program, chance, event, found, lambda done, _: progress(2 + min(done, 2), of))
    lucky = luck(program, chance, event)
    progress(of, of)
    about: dict[str, Any] = {
        "title": scenario.tables.title,
        "member": program.names[row],
        "run": run,
        "kind": event.kind,
        "noun": NOUNS[event.kind],
        "happened": event.happened,
        "when": words.spans[event.k],
        "before": words.spans[before],
        "compared": others.count,
        "runs": runs,
        "before_chance": lucky.before,
        "within_a_year": lucky.soon,
    }
    did.sort(key=lambda e: -round(abs(e.with_it - e.without), 6))  # a shock before the input that it moved
    (causes, more), (chances, start) = of_causes(did, event, program), of_chance(lucky, event, program)
    answer = [*of_terms(terms, event, about), *causes, *chances]
    about["more"] = [*more, *start]
    identity = {"scenario": scenario.name, "fingerprint": scenario.fingerprint, "runs": runs, "seed": seed, "run": run}
    identity |= {"member": program.members[row], "date": str(program.dates[event.k])}
    did_it = f"the {NOUNS[event.kind]}" if event.happened else f"no {NOUNS[event.kind]}"
    title = f"Why {did_it}: {program.names[row]} in run {run} of {scenario.tables.title}"
    return Why(title, answer, {"terms": terms, "ablations": _ablations(did, program)}, identity, about)


@dataclass(frozen=True)
class Others:
    """The terms of all runs in which the member could do the same at the same time, (run,) by name."""

    stance: Mapping[str, Array]
    hazard: Mapping[str, Array]

    @property
    def count(self) -> int:
        """How many runs these are."""
        return len(next(iter(self.stance.values())))


def of_all_runs(program: Program, seed: int, runs: int, event: Event) -> Others:
    """What stance and hazard were made of in them."""
    parts = []
    for piece in pieces(0, runs):
        ((_, stack),) = at_start([program], Noise(seed, piece.block), piece)
        m = next(m for m in moments(stack) if m.k == event.k)
        could = np.isin(m.record.before[event.row], FROM[event.kind]) & m.before.membership.alive
        both = row_of(m.stance, event.row, piece.runs), _hazard(m, event, stack, piece.runs)
        parts.append([{name: x[could] for name, x in terms.items()} for terms in both])
    stance, hazard = ({name: np.concatenate([p[j][name] for p in parts]) for name in parts[0][j]} for j in (0, 1))
    return Others(stance, hazard)


def _hazard(m: Moment, event: Event, stack: Stack, runs: int) -> dict[str, Array]:
    return {} if event.kind == CONDUCT else row_of(m.log_hazard(event.kind, stack), event.row, runs)


def _terms(
    event: Event, before: Moment, now: Moment, stack: Stack, others: Others, rival: str | None
) -> "pd.DataFrame":
    """The table of terms, the whole of stance and of log-hazard last."""
    import pandas as pd

    rows = []
    for whole, many in ((STANCE, others.stance), (HAZARD, others.hazard)):
        then, at = (
            row_of(m.stance, event.row, 1) if whole == STANCE else _hazard(m, event, stack, 1) for m in (before, now)
        )
        found = [(named(name, rival), then[name], at[name], many[name]) for name in at]
        if found:
            then_all, at_all, many_all = (total((name, x[j]) for name, *x in found) for j in range(3))
            found.append((f"the whole {whole}", then_all, at_all, many_all))
        rows += [(whole, name, *_row(float(x[0]), float(y[0]), z)) for name, x, y, z in found]
    columns = "whole term year_before at_date change mean mcse q05 q95 from_mean"
    return pd.DataFrame(rows, columns=columns.split())


def _row(before: float, now: float, many: Array) -> tuple[float, ...]:
    """A term a year before and now, and in other runs: mean, its error, 5 % and 95 %."""
    if not len(many):
        return before, now, now - before, *[math.nan] * 5
    error = float(np.std(many, ddof=1) / math.sqrt(len(many))) if len(many) > 1 else math.nan
    mean, (low, high) = float(many.mean()), np.quantile(many, (0.05, 0.95)).tolist()
    return before, now, now - before, mean, error, low, high, now - mean


def _ablations(did: Sequence[Effect], program: Program) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        (
            e.cause.kind,
            e.cause.what,
            str(program.dates[int(e.first)]) if e.first == e.first else "",
            e.with_it,
            e.without,
            e.with_it - e.without,
            e.error,
            e.stance,
        )
        for e in did
    ]
    columns = "kind what date probability without difference mcse stance"
    return pd.DataFrame(rows, columns=columns.split())
