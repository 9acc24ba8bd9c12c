"""What the outcomes of a finished run hang on, from the draws of its single runs."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.analysis.given import RATE, first_order, held_out
from sim.errors import InputError, Problem, arguments, as_path, plural
from sim.figures.drivers import CODED, COEFFICIENT, EFFECT, KEYS
from sim.model.arrays import Array
from sim.model.noise import Indices
from sim.model.outcomes import OUTCOMES, Z95
from sim.model.variables import COEFFICIENTS
from sim.results.kept import CHANCES, LEVELS
from sim.results.result import Result
from sim.scenario.load import Scenario
from sim.scenario.tables import ALLIANCE_EFFECT, BEHAVIOUR, effect_path
from sim.scenario.values import ASSUMPTION, Coded

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from xarray import Dataset

FEWEST_ROWS = 64
"""Below which curves through rows say nothing."""
ANEW = "drawn anew in every run"
MOST_ROWS = 4096
"""And runs, of what is drawn anew in each: more of them add little."""


class Drivers(Analysis):
    """What outcomes hang on.

    Attributes
    ----------
    frames : ``drivers``, a row for each outcome and each coded value, own effect and coefficient; ``groups``, for each
        outcome and group of them; ``outcomes``, how much of each is chance.
    """

    kind = "drivers"
    question = "Which coded value or coefficient should be known better, and how much is chance?"
    names = ("drivers", "groups", "outcomes")
    words = ("outcome", "member", "path", "label", "kind", "group")

    def figures(self) -> "dict[str, Figure]":
        """The figure: what is resolved, for each outcome."""
        from sim.figures.drivers import drivers

        return {
            "drivers": drivers(self.frames["drivers"], self.frames["outcomes"], {**self.about, "title": self.title})
        }


class Rows(NamedTuple):
    """Runs by what they drew: those with the same draws are one row."""

    x: Array
    """(row, input of rows)."""
    own: Indices
    """Which inputs these are, among all."""
    of: Indices
    """The row of each run."""
    runs: Array
    """How many runs each has."""


class Outputs(NamedTuple):
    """Outcomes by row."""

    keys: list[tuple[str, str]]
    """Outcome and member."""
    means: Array
    """(row, outcome)."""
    runs: Array
    """(run, outcome), of the first so many."""
    mean: Array
    whole: Array
    """Variance of the outcome itself, of an event p (1 - p). (outcome,)"""
    known: Array
    """The part of it that is between rows, chance taken out; NaN where no row has two runs."""


@arguments
def drivers(
    result: Result | str | Path,
    out: str | Path | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Drivers:
    """Say which coded value to check first, and which coefficients outcomes hang on, from a finished run alone.

    Parameters
    ----------
    result : of :func:`sim.run` with ``keep_runs``, or its folder.
    out : folder; nothing is written where there is none.
    force : replace other results of this kind there.
    progress : called with steps done and all.

    Returns
    -------
    Drivers
        ``frames["drivers"]`` has for every outcome at the last horizon and every input that varies the share of the
        outcome's variance that knowing the input would take away on average (``share``), with its 95 % interval, the
        same share of what all inputs together decide (``of_known``), and ``resolved``. Shares of inputs that hang
        together overlap: they do not add up to one.

    Raises
    ------
    InputError
        Where single runs were not kept, or rows are too few.

    Examples
    --------
    >>> result = sim.run("csto/outlook-2023", runs=256, keep_runs=True)
    >>> drivers(result).frames["outcomes"]["outcome"].iloc[0]
    'any_exit'
    """
    result = result if isinstance(result, Result) else Result.open(as_path(result, "result"))
    ds = result.kept
    tell = progress or (lambda done, total: None)
    names, x = inputs_of(ds)
    rows = rows_of(ds, x)
    if len(rows.x) < FEWEST_ROWS:
        found = f"{plural(len(rows.x), 'different draw')} of what varies"
        raise InputError([Problem(result.scenario.name, "runs", found, f"allowed: at least {FEWEST_ROWS}")])
    outputs = _outputs(ds, rows)
    tell(1, 3)
    made = _analysed(result, names, x, rows, outputs, tell)
    if out is not None:
        made.save(out, force)
    return made


def inputs_of(ds: "Dataset") -> tuple[list[str], Array]:
    """Paths of all that varies over runs, and values (run, input)."""
    coefficients = [f"{BEHAVIOUR}{c}" for c in ds.coefficient.values]
    names = [*map(str, ds.value.values), *coefficients]
    x = np.concatenate([ds.coded_values.values, ds.coefficients.values], axis=1)
    moves = x.max(axis=0) > x.min(axis=0)
    return [n for n, m in zip(names, moves, strict=True) if m], x[:, moves]


def rows_of(ds: "Dataset", x: Array) -> Rows:
    """Runs of one row of the posterior together, and rows that are the same; without one the first so many runs.

    What is drawn anew in every run, whatever its row, is no input of rows.
    """
    _, first, of = np.unique(ds.row.values, return_index=True, return_inverse=True)
    of = of.reshape(-1)
    own = np.flatnonzero((x == x[first[of]]).all(axis=0))
    if len(first) > MOST_ROWS:
        return Rows(x[:MOST_ROWS, own], own, np.arange(MOST_ROWS), np.ones(MOST_ROWS))
    distinct, same = np.unique(x[np.ix_(first, own)], axis=0, return_inverse=True)
    of = same.reshape(-1)[of]
    return Rows(distinct, own, of, np.bincount(of).astype(float))


def _outputs(ds: "Dataset", rows: Rows) -> Outputs:
    """Means by row of what each run knows of an outcome at the last horizon, and how much varies within rows."""
    keys, means, runs, mean, whole, known = [], [], [], [], [], []
    for key, y, event in _values(ds):
        y = y[: len(rows.of)]
        own = np.bincount(rows.of, y) / rows.runs
        if not np.isfinite(y).all() or np.ptp(own) <= 1e-12:
            continue
        within = np.bincount(rows.of, (y - own[rows.of]) ** 2)
        again = rows.runs > 1.0
        noise = (within[again] / (rows.runs[again] - 1.0)).mean() if again.all() else np.nan
        p = float(y.mean())
        keys.append(key)
        means.append(own)
        runs.append(y[:MOST_ROWS])
        mean.append(p)
        whole.append(p * (1.0 - p) if event else float(y.var()))
        known.append(max(float(own.var(ddof=1) - noise * (1.0 / rows.runs).mean()), 0.0) if again.all() else np.nan)
    stacked = (np.stack(each, axis=1) for each in (means, runs))
    return Outputs(keys, *stacked, *map(np.array, (mean, whole, known)))


def _values(ds: "Dataset") -> Iterator[tuple[tuple[str, str], Array, bool]]:
    """Outcome and member, what each run knows of it at the last horizon, and whether it is an event."""
    for variable, name in sorted(
        CHANCES.items(), key=lambda v: (OUTCOMES[v[1]].by_member, not OUTCOMES[v[1]].headline)
    ):
        x = ds[variable].isel(horizon=-1)
        if OUTCOMES[name].by_member:
            for m in ds.member.values:
                yield (name, str(m)), np.asarray(x.sel(member=m).values, dtype=np.float64), True
        else:
            yield (name, ""), np.asarray(x.values, dtype=np.float64), True
    for name in LEVELS:
        yield (name, ""), np.asarray(ds[name].isel(horizon=-1).values, dtype=np.float64), False


def kind_of(path: str, scenario: Scenario) -> str:
    """What an input is: a coded value, an own effect, which nobody codes, or a coefficient."""
    if path.startswith(BEHAVIOUR):
        return COEFFICIENT
    return EFFECT if path in {ALLIANCE_EFFECT, *map(effect_path, scenario.members)} else CODED


def groups_of(path: str, scenario: Scenario) -> list[str]:
    """The groups that an input is in: a mechanism, a state, a kind of source."""
    kind = kind_of(path, scenario)
    if kind == COEFFICIENT:
        phases = {c.name: c.phase for c in COEFFICIENTS}
        return ["coefficients", f"mechanism: {phases[path.removeprefix(BEHAVIOUR)].replace('_', ' ')}"]
    first, _, rest = path.partition(".")
    owner = {"members": f"state: {rest.split('.')[0]}", "leader": f"state: {scenario.tables.alliance.leader}"}
    found = ["own effects" if kind == EFFECT else "coded values", owner.get(first, first)]
    if kind == CODED:
        coded = scenario.tables.values[path].coded
        entries = coded.entries().values() if isinstance(coded, Coded) and coded.distribution is None else ()
        words = any(isinstance(e, str) for e in entries)
        assumed = all(s.startswith(ASSUMPTION) for s in coded.sources)
        found.append(f"source: {'assumptions' if assumed else 'words by judgement' if words else 'figures'}")
    return found


def _units(x: Array, rows: Rows, y: Outputs) -> Iterator[tuple[Indices, Array, Array]]:
    """Inputs, their values and outputs: by row, and by run for what is drawn anew in every run."""
    yield rows.own, rows.x, y.means
    anew = np.setdiff1d(np.arange(x.shape[1]), rows.own)
    if anew.size:
        yield anew, x[: len(y.runs), anew], y.runs


def _analysed(
    result: Result, names: list[str], x: Array, rows: Rows, y: Outputs, tell: Callable[[int, int], None]
) -> Drivers:
    import pandas as pd

    s = result.scenario
    years = float(result.kept.horizon.values[-1])
    key = [dict(zip(KEYS, (o, m, years), strict=True)) for o, m in y.keys]
    known = y.known / y.whole
    labels = [s.label(name) for name in names]
    drawn, grouped, thresholds = [], [], []
    for number, (which, own, outputs) in enumerate(_units(x, rows, y)):
        scale = outputs.var(axis=0, ddof=1) / y.whole
        found = first_order(own, outputs)
        thresholds.append(found.threshold * scale)
        share, error = found.share * scale, found.error * scale
        drawn += [
            {
                **key[j],
                "path": names[k],
                "label": labels[k],
                "kind": kind_of(names[k], s),
                "share": share[i, j],
                "share_low": share[i, j] - Z95 * error[i, j],
                "share_high": share[i, j] + Z95 * error[i, j],
                "of_known": share[i, j] / known[j] if known[j] > 0.0 else np.nan,
                "resolved": float(found.resolved[i, j]),
            }
            for j in range(len(key))
            for i, k in enumerate(which)
        ]
        members: dict[str, list[int]] = {"all" if number == 0 else ANEW: [*range(len(which))]}
        for i, k in enumerate(which):
            for group in groups_of(names[k], s) if number == 0 else ():
                members.setdefault(group, []).append(i)
        for group, inside in members.items():
            h = held_out(own[:, inside], outputs)
            scaled = [each * scale for each in h]
            ends = ("share", "share_low", "share_high")
            grouped += [
                {
                    **key[j],
                    "group": group,
                    "inputs": len(inside),
                    **{end: float(each[j]) for end, each in zip(ends, scaled, strict=True)},
                    "resolved": float(scaled[1][j] > 0.0),
                }
                for j in range(len(key))
            ]
        tell(2 + number, 3)
    least = thresholds[0]
    whole = [
        {**key[j], "mean": y.mean[j], "chance": 1.0 - known[j], "least_resolved": least[j]} for j in range(len(key))
    ]
    frames = {n: pd.DataFrame(t) for n, t in (("drivers", drawn), ("groups", grouped), ("outcomes", whole))}
    runs = int(result.provenance["runs"])
    about = {
        **origins([s], result.provenance),
        "names": s.tables.state_names | {s.tables.alliance.leader: s.tables.alliance.leader_in_words},
        "rows": len(rows.x),
        "footer": f"{s.name}  |  {plural(runs, 'run')}, {plural(len(rows.x), 'different draw')} of what varies",
    }
    return Drivers(f"What outcomes hang on: {s.tables.title}", answer(frames, about), frames, result.identity, about)


def answer(frames: "Mapping[str, pd.DataFrame]", about: Mapping[str, Any]) -> list[str]:
    """Which coded value to check first, the coefficients that matter most, and how much of it all is chance."""
    table, whole = frames["drivers"], frames["outcomes"]
    first = whole.iloc[0]
    what = f"{_asked(first, about)} after {plural(first['horizon_years'], 'year')}"
    own = table[(table["outcome"] == first["outcome"]) & (table["member"] == first["member"])]
    coded, coefficients = (
        own[(own["kind"] == kind) & (own["resolved"] == 1.0)].sort_values("share", ascending=False)
        for kind in (CODED, COEFFICIENT)
    )
    any_coded = table[(table["kind"] == CODED) & (table["resolved"] == 1.0)].sort_values("share", ascending=False)
    least = f"{100 * first['least_resolved']:.2g} %"
    said = []
    if len(coded):
        said.append(f"Check {coded.iloc[0]['label']} first: {_takes(coded.iloc[0], what)}.")
    elif len(any_coded):
        r = any_coded.iloc[0]
        same = (whole["outcome"] == r["outcome"]) & (whole["member"] == r["member"])
        there = f"{100 * whole[same].iloc[0]['least_resolved']:.2g} %"
        said.append(
            f"No coded value stands out from chance for {what}. For another outcome check {r['label']}: "
            f"{_takes(r, _asked(r, about))}; of it shares from {there} on stand out."
        )
    else:
        said.append("No coded value stands out to be checked first: none stands out from chance, for any outcome.")
    if len(coefficients):
        r = coefficients.iloc[0]
        said.append(f"Of the coefficients {r['label']} matters most: {_takes(r, what)}.")
    else:
        said.append(f"No coefficient stands out from chance for {what}.")
    if np.isfinite(first["chance"]):
        chance = f"{100 * first['chance']:.0f} %"
        said.append(f"Of the variance of {what} {chance} is chance, which no better value takes away.")
    said.append(
        f"With {plural(about['rows'], 'different draw')} a share of {what} stands out from chance from {least} on "
        f"(where nothing matters, anything in one run of {1 / RATE:.0f}); shares of values that hang together overlap "
        "and do not add up to one."
    )
    return said


def _asked(r: "pd.Series[Any]", about: Mapping[str, Any]) -> str:
    """What varies from run to run: of an event whether it happens."""
    what = OUTCOMES[r["outcome"]].subject(about["names"].get(r["member"], ""))
    return what.replace("the probability that", "whether", 1)


def _takes(r: "pd.Series[Any]", what: str) -> str:
    ends = f"{100 * max(r['share_low'], 0.0):.2g} to {100 * r['share_high']:.2g}"
    part = f", {100 * r['of_known']:.0f} % of what values decide" if np.isfinite(r["of_known"]) else ""
    return f"knowing it would take away {100 * r['share']:.2g} % of the variance of {what} ({ends}){part}"
