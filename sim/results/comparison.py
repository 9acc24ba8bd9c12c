"""Differences between scenarios under common random numbers.

Run k of every scenario has the same random numbers, so a difference is taken run by run and most of the
noise drops out (Glasserman & Yao 1992, 10.1287/mnsc.38.6.884).
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.engines.ensemble import Piece
from sim.errors import InputError, Problem, arguments, as_path, listed, plural
from sim.estimates.intervals import INTERVAL_BLOCK, around, interval_runs
from sim.estimates.paired import (
    Baseline,
    Pair,
    Pairs,
    See,
    merged,
    paired_intervals,
    paired_look,
    paired_samples,
    unseen,
)
from sim.estimates.sample import Sample, estimated_difference
from sim.estimates.side_by_side import Ticks
from sim.estimates.summary import Level, coherent, levels
from sim.inference.continuation import continued
from sim.model.arrays import Array
from sim.model.grammar import sentence
from sim.model.membership import OUTSIDE
from sim.model.outcomes import ENDS, ESTIMATE, MONTE_CARLO, MOVES, OUTCOMES, names
from sim.results.change import change, earlier, headline
from sim.results.horizons import by_dates
from sim.results.result import Results, changes, read_otherwise
from sim.results.run import Given, checked, each_piece, scenarios
from sim.results.tables import csv, read_csv
from sim.scenario.compile import Program, alike, compile
from sim.scenario.events import to_come_alone
from sim.scenario.load import Scenario, not_fitted, posteriors_of, restored
from sim.scenario.overrides import said
from sim.scenario.posterior import POSTERIORS, unpacked
from sim.storage.effort import Effort
from sim.storage.files import as_json, provenance_of, write
from sim.storage.workspace import Workspace, beware, reading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCENARIOS, FIGURES = "scenarios.json", "figures"
STANCE = "stance"
"""What events move at the start."""
TABLES = ("differences", "curves")
KINDS = {"horizon_years": "float64", "date": "datetime64[s]"}
"""Of the columns of time."""
POINTS = 10
"""Of a curve at a quick look."""


@dataclass(repr=False)
class Comparison(Results):
    """Differences of scenarios from the first, under common random numbers.

    Attributes
    ----------
    table : scenario, outcome, member, horizon_years (0: stances that differ at the start), date; base, value and
        difference, each with its 90 % interval over what is uncertain (``base_q05``, ``base_q95`` ...; none of a
        difference where both have draws of their own); Monte Carlo error and 95 % interval of the difference (mcse,
        low, high) and of the levels (``base_mcse`` ...); saved_runs (pandas).
    curves : scenario (the base first), outcome, member, date; mean, its Monte Carlo error and interval, q05 and q95 of
        the headline outcomes.
    """

    base: Scenario
    others: list[Scenario]
    runs: int
    seed: int
    table: "pd.DataFrame"
    curves: "pd.DataFrame"

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """differences and curves."""
        return {"differences": self.table, "curves": self.curves}

    @property
    def state_names(self) -> dict[str, str]:
        """Full names of the states by code, each in one line."""
        return {code: " ".join(name.split()) for code, name in self.base.tables.state_names.items()}

    @property
    def alliance_and_leader(self) -> tuple[str, str]:
        """Their full names."""
        alliance = self.base.tables.alliance
        return alliance.name, alliance.leader_in_words

    @property
    def not_fitted(self) -> str:
        """Of which alliances the coefficients were not fitted; empty where they were."""
        return not_fitted([self.base, *self.others])

    def sentences(self) -> dict[str, list[str]]:
        """What each scenario would change by the last horizon, in sentences without full stops, by its name."""
        return {
            s.name: change(
                self._final(s),
                s.tables.title,
                self._subjects,
                self._earlier(s),
                any(OUTSIDE in pair for pair in self.statuses[s.name].values()),
            )
            for s in self.others
        }

    def _final(self, s: Scenario) -> "pd.DataFrame":
        """The rows of a scenario at the last horizon."""
        own = self.asked[self.asked.scenario == s.name]
        return own[own.horizon_years == self.asked.horizon_years.max()]

    @property
    def _subjects(self) -> dict[str, str]:
        """The states by code as they leave: those that begin outside have joined before."""
        was = self.base.tables.at_start
        return {c: name + " has joined and" * (was[c] == OUTSIDE) for c, name in self.state_names.items()}

    @cached_property
    def asked(self) -> "pd.DataFrame":
        """The table without moves that in one scenario were made before the start: they are no difference to come."""
        return self.table[[not self._made(*row) for row in self.table[["scenario", "outcome", "member"]].to_numpy()]]

    @cached_property
    def statuses(self) -> dict[str, dict[str, tuple[int, int]]]:
        """By scenario, of states that start it otherwise than the base: the status in the base, and in it."""
        was = self.base.tables.at_start
        return {
            s.name: {c: (was[c], now) for c, now in s.tables.at_start.items() if now != was[c]} for s in self.others
        }

    def belongs(self, member: str, scenario: Scenario) -> bool:
        """Whether a state is a member at the start of the base or of a scenario, or let in later by an event."""
        return any(s.tables.as_forecast[member] != OUTSIDE for s in (self.base, scenario))

    def _made(self, scenario: str, outcome: str, member: str) -> bool:
        return not all(map(OUTCOMES[outcome].open_to, self.statuses[scenario].get(member, ())))

    def _earlier(self, s: Scenario) -> list[str]:
        """Who moved before the start in a scenario, or in the base, but not in the other."""
        last = self.table[
            (self.table.scenario == s.name) & (self.table.horizon_years == self.table.horizon_years.max())
        ]
        said = []
        for code, (was, now) in self.statuses[s.name].items():
            days = [t.tables.members[code].since(t.tables.time.start) for t in (self.base, s)]
            in_base = days[0] > days[1]
            move = MOVES[(now, was) if in_base else (was, now)]
            rows = last[(last.member == code) & (last.outcome == move.name)]
            row = next(rows.itertuples(), None)
            said.append(earlier(self.state_names[code], move, max(days), in_base, row))
        return said

    @cached_property
    def begins(self) -> list[str]:
        """Where the scenarios start, a sentence for each way, with their titles where there are several."""
        of: dict[str, list[str]] = {}
        scenarios = (self.base, *self.others)
        for s, program in zip(scenarios, alike([compile(s) for s in scenarios]), strict=True):
            of.setdefault(program.start.shared or program.start.words, []).append(s.tables.title)
        return [f"{words} ({listed(titles)})" if len(of) > 1 else words for words, titles in of.items()]

    @property
    def apart(self) -> list[str]:
        """Names of scenarios that have draws of their own, not those of the base: no interval of a difference."""
        return [s.name for s in self.others if s.tables.posterior != self.base.tables.posterior]

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        said = f"Comparison with {self.base.name}: {plural(len(self.others), 'scenario')}"
        said += f", {plural(self.runs, 'run')}, seed {self.seed}"
        return "; ".join(filter(None, (said, self.not_fitted)))

    @property
    def brief(self) -> "pd.DataFrame":
        """What few tables show, at the last horizon."""
        last = self.table.horizon_years == self.table.horizon_years.max()
        return self.table[last & self.table.outcome.isin(names(headline=True))]

    def figures(self) -> "dict[str, Figure]":
        """``differences`` of all, and ``curves`` of the base and each other (``curves-2`` of the second)."""
        from sim.figures.comparison import curves, differences
        from sim.figures.rows import Mark

        titles = {s.name: s.tables.title for s in (self.base, *self.others)}
        runs = f"{plural(self.runs, 'run')} each with common random numbers"
        footer = f"Base: {self.base.name}  |  {runs}  |  seed {self.seed}"
        footer = "  |  ".join(filter(None, [footer, *self.begins, self.not_fitted]))
        sentences = self.sentences()
        figures = {"differences": differences(self.asked, self.state_names, titles, self._most_changed(), footer)}
        for k, s in enumerate(self.others, start=1):
            own = self.asked[self.asked.scenario == s.name]
            both = {n: titles[n] for n in (self.base.name, s.name)}
            first, *more = sentences[s.name]
            if self._earlier(s):
                said = [sentence(first.removeprefix(f"{titles[s.name]}: ")), *more]
            else:
                said = [headline(self._final(s), self._subjects), *more]
            marks = [Mark(str(date), words) for date, words in to_come_alone(s, self.base)]
            figures["curves" if k == 1 else f"curves-{k}"] = curves(
                self.curves, own, self.state_names, both, said, footer, marks
            )
        return figures

    def _most_changed(self) -> str:
        """What changes most by the last horizon in any scenario, and in which, where there are several."""
        size = {s.name: self._final(s) for s in self.others}
        events = {name: own[own.outcome.isin(["exit", "dissolution"])].difference for name, own in size.items()}
        most = max(self.others, key=lambda s: float(np.nan_to_num(events[s.name].abs().max())))
        return f"{most.tables.title}: " * (len(self.others) > 1) + f"{headline(self._final(most), self._subjects)}."

    @classmethod
    def open(cls, folder: str | Path) -> "Comparison":
        """The comparison that was written to a folder, its numbers rounded to nine digits as there."""
        home = as_path(folder, "folder")
        with reading(home, "comparison"):
            kept, resolved = unpacked(home / POSTERIORS), json.loads((home / SCENARIOS).read_text("utf-8"))
            base, *others = (restored(content, home, kept) for content in resolved)
            beware(home, read_otherwise([base, *others], home))
            there = provenance_of(home) or {}
            return cls(base, others, there["runs"], there["seed"], *(_read(home / f"{name}.csv") for name in TABLES))

    def save(self, folder: str | Path, force: bool = False) -> None:
        """Write tables, figures and provenance, as :func:`sim.save`. Raises InputError where it cannot."""
        save(self, folder, force)


def _read(file: Path) -> "pd.DataFrame":
    import pandas as pd

    frame = read_csv(file, ["scenario", "outcome", "member"])
    return frame.assign(date=pd.to_datetime(frame.date))


def comparable(base: Scenario, others: Sequence[Scenario]) -> None:
    """Raises InputError where scenarios differ in what pairing needs: states, dates, horizons."""
    found, allowed = f"not those of {base.name}", "allowed: the same, so that runs can be paired"
    problems = []
    for other in others:
        alike = {"members": base.members == other.members, "time": base.tables.time == other.tables.time}
        problems += [Problem(str(other.file), what, found, allowed) for what, same in alike.items() if not same]
    if problems:
        raise InputError(problems)


def sides(base: Given, others: Sequence[Given], changes: Mapping[str, Any] | None = None) -> list[Scenario]:
    """The base and what it is compared with: the others, all changed alike, or where there are none the base changed.

    One that has the name or the title of another is called by what was changed in it. Raises InputError.
    """
    if others:
        first, *rest = scenarios([base, *others], changes)
    elif changes:
        first, *rest = [*scenarios([base]), *scenarios([base], changes)]
    else:
        required = "required: at least one scenario to compare with the base, or a change of the base by `set`"
        raise InputError([Problem("others", "", "none", required)])
    comparable(first, rest)
    first, *rest = continued([first, *rest])
    found = [first]
    for s in rest:
        changed = ", ".join(f"{k} = {_value(v)}" for k, v in s.overrides.items() if first.overrides.get(k) != v)
        name = _unlike(s.name, [f.name for f in found], changed)
        title = _unlike(s.tables.title, [f.tables.title for f in found], "")
        found.append(replace(s, name=name, tables=s.tables.model_copy(update={"title": title})))
    return found


def _value(value: object) -> str:
    """A value that was set: ``0.2``, or ``value 0.8 from 2025-01-01`` where it adjusts what is coded."""
    return " ".join(f"{k} {said(v)}" for k, v in value.items()) if isinstance(value, Mapping) else said(value)


def _unlike(text: str, taken: Sequence[str], changed: str) -> str:
    """The text, with what was changed, or a number, where it is taken."""
    more = f"{text} with {changed}" if changed else text
    return next(t for t in (text, more, *(f"{more} ({k})" for k in range(2, len(taken) + 2))) if t not in taken)


@arguments
def compare(
    base: Given,
    *others: Given,
    runs: int = 10_000,
    seed: int = 1,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
    scheduler: str | None = None,
    set: Mapping[str, Any] | None = None,
    by: Sequence[dt.date | str] = (),
    out: str | Path | None = None,
    force: bool = False,
    written: Callable[[Comparison], object] = lambda _: None,
) -> Comparison:
    """Levels and differences of scenarios under common random numbers, with their uncertainty.

    Parameters
    ----------
    base, *others : Scenario, str or Path
        Scenarios, their files or names, with the same states, dates and horizons.
    runs, seed, jobs, progress, scheduler, set, by, out, force, written
        As for :func:`sim.run`; ``set`` changes all of them. Without others the base is compared with itself changed.

    Returns
    -------
    Comparison
        Levels without and with the change and their difference, each with its 90 % interval over what is uncertain, the
        difference's over the same draws of it in both. ``saved_runs`` in its table says how many independent runs
        of each scenario would give the same Monte Carlo error, for one paired run.

    Raises
    ------
    InputError
        For scenarios that cannot be paired, or as :func:`sim.run`.

    Examples
    --------
    >>> import sim
    >>> c = sim.compare("csto/outlook-2023", "csto/counterfactuals/no-war-2022", runs=64)
    >>> bool((c.table.low <= c.table.difference).all())
    True
    >>> sim.compare("csto/outlook-2023", runs=64, set={"leader.coercion": 0.2}).others[0].tables.title
    'The CSTO from September 2023 with coercion by Russia 0.2'
    """
    effort = checked(runs, seed, "ensemble", jobs, scheduler)
    first, *rest = by_dates(sides(base, others, set), by)
    if out is None:
        return compared(first, rest, effort, progress)
    work = workspace(first, rest, effort, out)
    with work.held(force):
        comparison = compared(first, rest, effort, work.counting(effort.runs, "runs", progress))
        write_results(comparison, work, written)
    return comparison


def compared(
    base: Scenario,
    others: list[Scenario],
    by: Effort,
    progress: Callable[[int], None] | None = None,
    quick: Baseline | None = None,
    see: See = unseen,
) -> Comparison:
    """As :func:`compare`, of sides; ``quick`` for headline outcomes at few dates, intervals from the same few runs.

    ``quick`` keeps what the next look at another change of the same base has in common with this one; there is one
    other then, the base with inputs adjusted. ``see`` is shown every tick: what it raises ends the work.
    """
    programs = alike(quick.compiled(base, others) if quick else [compile(s) for s in (base, *others)])
    ticks = _ticks(programs[0], quick is not None)
    if quick:
        start = programs[0].start
        of = base.fingerprint, start.words, start.tick, start.differs, programs[0].fact is None
        pairs, ends = paired_look(of, programs, by.seed, by.runs, ticks, quick, see)
    else:

        def one(piece: Piece) -> tuple[Pairs[Sample], Pairs[Array]]:
            if piece.block == INTERVAL_BLOCK:
                return [], paired_intervals(programs, by.seed, ticks, see)
            return paired_samples(programs, by.seed, piece, ticks, see), []

        also = [interval_runs()]
        pairs, ends = reduce(_joined, each_piece(one, by, progress, also=also))
    intervals = [
        {name: _of_pairs(pair, s, base) for name, pair in by_name.items()}
        for s, by_name in zip(others, ends, strict=True)
    ]
    sides = [_levels("base", pairs[0], intervals[0])]
    sides += [_levels("value", *both) for both in zip(pairs, intervals, strict=True)]
    table = _table(programs[0], others, pairs, intervals, sides, ticks)
    return Comparison(base, others, by.runs, by.seed, table, _curves(programs[0], [base, *others], sides, ticks))


def _joined(
    a: tuple[Pairs[Sample], Pairs[Array]], b: tuple[Pairs[Sample], Pairs[Array]]
) -> tuple[Pairs[Sample], Pairs[Array]]:
    """What two pieces say, of which the second may be that of the intervals."""
    return merged(a[0], b[0]) if b[0] else a[0], a[1] or b[1]


def _of_pairs(pair: Pair[Array], scenario: Scenario, base: Scenario) -> Pair[Array]:
    """Intervals, of a difference none where both have draws of their own: no coefficient is then the same in both."""
    same = scenario.tables.posterior == base.tables.posterior
    return pair if same else pair._replace(difference=np.full_like(pair.difference, np.nan))


def _levels(side: str, pairs: Mapping[str, Pair[Sample]], intervals: Mapping[str, Pair[Array]]) -> dict[str, Level]:
    """What is said of every outcome of a scenario, which is the base or the value of pairs."""
    samples, ends = ({n: getattr(pair, side) for n, pair in by_name.items()} for by_name in (pairs, intervals))
    return coherent(levels(samples, ends))


def _ticks(program: Program, quick: bool) -> Ticks:
    """Headline outcomes have curves, the others are read at the horizons, stances at the start too."""
    last = program.forecast_ticks
    curve = {*range(0, last + 1, max(1, last // POINTS) if quick else 1), last}
    return {
        name: sorted({program.horizon_tick(y) for y in _years(program, name)} | (curve if o.headline else set()))
        for name, o in OUTCOMES.items()
        if o.headline or not quick
    }


def _years(program: Program, name: str) -> list[float]:
    """Years after the start at which the table has an outcome."""
    return [0.0] * (name == STANCE) + list(program.horizons)


def _table(
    program: Program,
    others: Sequence[Scenario],
    pairs: Pairs[Sample],
    intervals: Pairs[Array],
    sides: Sequence[Mapping[str, Level]],
    ticks: Ticks,
) -> "pd.DataFrame":
    import pandas as pd

    def rows(scenario: Scenario, name: str, columns: Mapping[str, Array]) -> "pd.DataFrame":
        years = _years(program, name)
        at = [program.horizon_tick(y) for y in years]
        places = [list(ticks[name]).index(t) for t in at]
        times: dict[str, Sequence[Any]] = {"horizon_years": years, "date": [program.dates[t] for t in at]}
        return _rows(program, scenario, name, times, {column: x[places] for column, x in columns.items()})

    frames = [
        rows(scenario, name, _columns(name, sides[0][name], value[name], pair, by_interval[name]))
        for scenario, value, by_name, by_interval in zip(others, sides[1:], pairs, intervals, strict=True)
        for name, pair in by_name.items()
    ]
    table = pd.concat(frames, ignore_index=True)
    return table[(table.horizon_years > 0) | (table.difference != 0)].reset_index(drop=True)


def _curves(
    program: Program, scenarios: Sequence[Scenario], sides: Sequence[Mapping[str, Level]], ticks: Ticks
) -> "pd.DataFrame":
    import pandas as pd

    frames = []
    for scenario, side in zip(scenarios, sides, strict=True):
        for name in names(headline=True):
            level, ends = side[name]
            columns = dict(zip(ESTIMATE, (*level, *np.moveaxis(ends, -1, 0)), strict=True))
            frames.append(_rows(program, scenario, name, {"date": [program.dates[t] for t in ticks[name]]}, columns))
    return pd.concat(frames, ignore_index=True)


def _rows(
    program: Program, scenario: Scenario, name: str, times: Mapping[str, Sequence[Any]], columns: Mapping[str, Array]
) -> "pd.DataFrame":
    """Rows of an outcome by member and time, from columns (tick, [member])."""
    import pandas as pd

    members = program.members if OUTCOMES[name].by_member else ("",)
    each = {k: np.repeat(np.asarray(x, KINDS[k]), len(members)) for k, x in times.items()}
    who = {"scenario": scenario.name, "outcome": name, "member": [*members] * len(next(iter(times.values())))}
    return pd.DataFrame({**who, **each, **{column: x.ravel() for column, x in columns.items()}})


def _columns(name: str, base: Level, value: Level, pair: Pair[Sample], interval: Pair[Array]) -> dict[str, Array]:
    """Levels and difference with their intervals over what is uncertain, then what chance may have made of them."""
    apart = estimated_difference(*pair, OUTCOMES[name], (base.estimate.mean, value.estimate.mean))
    difference = Level(apart, around(interval.difference, apart.mean))
    columns: dict[str, Array] = {}
    chance: dict[str, Array] = dict(zip(MONTE_CARLO[:-1], apart[1:-1], strict=True))
    for side, (e, ends) in zip(pair._fields, (base, value, difference), strict=True):
        columns |= {side: e.mean, **{f"{side}_{end}": x for end, x in zip(ENDS, np.moveaxis(ends, -1, 0), strict=True)}}
        if e is not apart:
            chance |= {f"{side}_{c}": x for c, x in zip(MONTE_CARLO, e[1:], strict=True)}
    return columns | chance | {"saved_runs": independent_runs(pair)}


def independent_runs(pair: Pair[Sample]) -> Array:
    """How many independent pairs of runs one paired run is worth; infinite where nothing differs."""
    apart = pair.base.squares + pair.value.squares
    together = pair.difference.squares
    return np.where(together > 0, apart / np.where(together > 0, together, 1.0), np.inf)


def identity(base: Scenario, others: Sequence[Scenario], runs: int, seed: int) -> dict[str, Any]:
    """What makes a comparison the comparison it is."""
    return {
        "comparison": [{"scenario": s.name, "fingerprint": s.fingerprint} for s in (base, *others)],
        "runs": runs,
        "seed": seed,
    }


def workspace(base: Scenario, others: Sequence[Scenario], by: Effort, folder: str | Path) -> Workspace:
    """The folder of a comparison."""
    own = (*(f"{name}.csv" for name in TABLES), SCENARIOS, POSTERIORS, FIGURES)
    which = identity(base, others, by.runs, by.seed)
    return Workspace(as_path(folder, "out"), "comparison", base.tables.title, which, own, changes(base, *others))


def save(c: Comparison, folder: str | Path, force: bool = False) -> None:
    """Write tables, figures and provenance, as :func:`sim.save`. Raises InputError where it cannot."""
    work = workspace(c.base, c.others, Effort(c.runs, c.seed), folder)
    with work.held(force):
        write_results(c, work)


def write_results(c: Comparison, work: Workspace, written: Callable[[Comparison], object] = lambda _: None) -> None:
    """Write all to a folder that is held."""
    with work.results(lambda _: written(c), lambda new: c.draw(new / FIGURES), **work.identity) as new:
        for name, table in c.tables.items():
            write(new / f"{name}.csv", csv(table))
        write(new / SCENARIOS, as_json([s.resolved for s in (c.base, *c.others)]))
        write(new / POSTERIORS, posteriors_of((c.base, *c.others)))
