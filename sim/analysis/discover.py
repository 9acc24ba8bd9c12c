"""Under which conditions an outcome is as asked: rules made of half of the points, and judged on the others."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.analysis.drivers import inputs_of, rows_of
from sim.analysis.goal import RELATIONS, Goal, goal
from sim.analysis.rules import METHODS, Rule
from sim.errors import InputError, Problem, arguments, as_path, listed, plural
from sim.evidence.statement import share_of
from sim.model.arrays import Array, Flags
from sim.model.grammar import sentence
from sim.results.kept import CHANCES, LEVELS
from sim.results.result import Result
from sim.scenario.load import Scenario
from sim.scenario.values import BY_SCALE
from sim.storage.effort import effort
from sim.storage.files import provenance_of
from sim.storage.workspace import kind_of
from sim.studies.sweep import Sweep
from sim.studies.target import in_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FEWEST, LEAST = 40, 10
"""Points, and of these such that hold and such that do not, below which rules say nothing."""
ALPHA = 0.05
"""Where nothing matters, the chance that any rule at all is said to be better than the base density."""
AGAIN = 10
"""Other halves of the points, of which rules are made as well."""
EXACTLY = "="
"""No condition of a number that is never quite the same."""
"""In place of a unit, of coded values."""


class Discovery(Analysis):
    """Conditions under which an outcome is as asked.

    Attributes
    ----------
    frames : ``rules``, a row for each rule with its coverage and density on held-out points; ``limits``, a row for each
        input that a rule names; ``points``, how many there are of them and in how many it is so.
    """

    kind = "discovery"
    question = "Under which conditions is it so?"
    names = ("rules", "limits", "points")
    words = ("method", "sentence", "path", "label", "unit", "said", "half")

    def figures(self) -> "dict[str, Figure]":
        """The figure: the limits of rules against the ranges of inputs, and coverage against density."""
        from sim.figures.discover import rules

        return {"rules": rules(self.frames, self.about)}


class Factor(NamedTuple):
    """Something that differs between points."""

    path: str
    label: str
    unit: str
    say: Callable[[float], str] = "{:.4g}".format


class Points(NamedTuple):
    """What rules are made of, and judged on."""

    factors: list[Factor]
    x: Array
    """(point, factor)"""
    y: Array
    """The outcome. (point,)"""
    error: Array
    """Its Monte Carlo standard error."""
    what: str
    """What a point is."""


@arguments
def discover(
    results: Result | Sweep | str | Path,
    when: str,
    out: str | Path | None = None,
    seed: int = 1,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Discovery:
    """Say under which conditions an outcome is as asked, from a finished sweep or the kept runs of a run.

    Points are those of the sweep, or different draws of what varies in a run, each with the mean of what its runs know.

    Parameters
    ----------
    results : of :func:`sim.sweep`, or of :func:`sim.run` with ``keep_runs``; or its folder.
    when : such as ``some exit by 10 years > 50 %``: the outcome of a point against a level.
    out : folder; nothing is written where there is none.
    seed : of the half of the points that is held out.
    force : replace other results of this kind there.
    progress : called with steps done and all.

    Returns
    -------
    Discovery
        ``frames["rules"]`` has on points that a rule was not made of its ``coverage``, the share of the points that are
        as asked which it holds, and its ``density``, the share of the points it holds which are as asked, each with its
        95 % interval; ``base`` is the density of all; ``better`` is 1 where the density is above that beyond chance.

    Raises
    ------
    InputError
        For a condition or results that cannot be, where points are too few or too much alike, or without ema_workbench.

    Examples
    --------
    >>> result = sim.run("csto/outlook-2023", runs=64, keep_runs=True)
    >>> found = discover(result, "cohesion by 10 years < 0.5")
    >>> float(found.frames["points"]["points"].sum())
    64.0
    """
    seed = effort(seed=seed).seed
    if isinstance(results, str | Path):
        home = as_path(results, "results")
        results = Sweep.open(home) if kind_of(home) == Sweep.kind else Result.open(home)
    points, asked = _of_runs(results, when) if isinstance(results, Result) else _of_sweep(results, when)
    name = results.scenario.name if isinstance(results, Result) else str(results.plan.content["name"])
    variants = [] if isinstance(results, Result) else [v.scenario for v in results.plan.variants.values()]
    scenarios = [results.scenario] if isinstance(results, Result) else variants
    provenance = results.provenance if isinstance(results, Result) else provenance_of(results.folder)
    _check(points, asked)
    holds = asked.holds(points.y)
    tell = progress or (lambda done, total: None)
    halves = [np.random.default_rng((seed, k)).permutation(len(holds)) % 2 == 0 for k in range(AGAIN + 1)]
    made: list[list[Rule]] = []
    for k, learn in enumerate(halves):
        made.append([r for find in METHODS for r in find(points.x[learn], holds[learn], seed)])
        tell(k + 1, len(halves))
    frames = _judged(points, holds, made, ~halves[0])
    about = {
        "question": f"Under which conditions is this so: {asked}?",
        **origins(scenarios, provenance),
        "when": str(asked),
        "what": points.what,
        "wrong_side": _wrong_side(points, asked),
        "footer": f"{name}  |  {plural(len(holds), points.what)}, half of them held out, seed {seed}",
    }
    of = dict(results.identity) if isinstance(results, Result) else {"study": name, "begins": results.plan.begins}
    identity = {**of, "when": str(asked), "half": seed}
    found = Discovery(f"When {asked}", answer(frames, about), frames, identity, about)
    if out is not None:
        found.save(out, force)
    return found


# ---------------------------------------------------------------------------------------------------- points


def _of_sweep(sweep: Sweep, when: str) -> tuple[Points, Goal]:
    """The points of a sweep; that of which scenario they are is a factor as well."""
    plan = sweep.plan
    scenario = next(iter(plan.variants.values())).scenario
    asked = _goal(when, scenario)
    tick = asked.tick(scenario.tables.time)
    times = [plural(float(years), "year") for years in plan.first.alliance.dt * np.array(plan.ticks[1:])]
    _check_recorded(asked, list(plan.tables.outcomes), tick in plan.ticks, times)
    ds = sweep.dataset.isel(tick=plan.ticks.index(tick))
    ds = ds.sel(member=asked.member) if asked.member else ds
    y, error = (np.asarray(ds[n].values, dtype=np.float64) for n in (asked.outcome, f"{asked.outcome}_mcse"))
    known = np.isfinite(y)
    factors = [Factor(n, f.label or in_words(f, scenario), "", f.say) for n, f in plan.factors.items()]
    columns = [plan.values]
    if len(names := sorted(set(plan.scenarios))) > 1:
        factors += [Factor(f"scenario={n}", "the scenario", "", _chosen(n)) for n in names]
        columns += [np.array([[float(s == n) for n in names] for s in plan.scenarios])]
    x = np.concatenate(columns, axis=1)
    return Points(factors, x[known], y[known], error[known], "point"), asked


def _chosen(name: str) -> Callable[[float], str]:
    return lambda is_it: name if is_it else f"not {name}"


def _of_runs(result: Result, when: str) -> tuple[Points, Goal]:
    """Different draws of what varies in a run."""
    ds, scenario = result.kept, result.scenario
    asked = _goal(when, scenario)
    variables = {**{name: variable for variable, name in CHANCES.items()}, **{name: name for name in LEVELS}}
    at = np.flatnonzero(np.isclose(ds.horizon.values, asked.years(scenario.tables.time)))
    times = [plural(float(years), "year") for years in ds.horizon.values]
    _check_recorded(asked, list(variables), at.size > 0, times)
    values = ds[variables[asked.outcome]].isel(horizon=int(at[0]))
    y = np.asarray((values.sel(member=asked.member) if asked.member else values).values, dtype=np.float64)
    names, x = inputs_of(ds)
    rows = rows_of(ds, x)
    y = y[: len(rows.of)]
    means = np.bincount(rows.of, y) / rows.runs
    within = np.bincount(rows.of, (y - means[rows.of]) ** 2) / np.maximum(rows.runs - 1.0, 1.0)
    error = np.where(rows.runs > 1.0, np.sqrt(within / rows.runs), np.nan)
    factors = [Factor(names[k], scenario.label(names[k]), scenario.unit(names[k])) for k in rows.own]
    known = np.isfinite(means)
    return Points(factors, rows.x[known], means[known], error[known], "draw"), asked


def _goal(when: str, scenario: Scenario) -> Goal:
    """The goal; raises InputError where it asks for one value exactly."""
    asked = goal(when, scenario, "when")
    if asked.relation == EXACTLY:
        allowed = f"allowed: {listed([r for r in RELATIONS if r != EXACTLY])}"
        raise InputError(
            [Problem("when", "relation", asked.relation, allowed, str(asked).replace(EXACTLY, f">{EXACTLY}"))]
        )
    return asked


def _check_recorded(asked: Goal, outcomes: list[str], timely: bool, times: list[str]) -> None:
    """Raises InputError where an outcome, or a time, was not recorded."""
    problems = []
    if asked.outcome not in outcomes:
        problems.append(Problem("when", "outcome", f"{asked.outcome} was not recorded", f"allowed: {listed(outcomes)}"))
    if not timely:
        problems.append(Problem("when", "time", f"{asked.when} was not recorded", f"allowed: {listed(times)}"))
    if problems:
        raise InputError(problems)


def _check(p: Points, asked: Goal) -> None:
    """Raises InputError where there is nothing to tell apart."""
    if len(p.y) < FEWEST:
        raise InputError([Problem("results", "", plural(len(p.y), p.what), f"allowed: at least {FEWEST}")])
    hold = int(asked.holds(p.y).sum())
    if not LEAST <= hold <= len(p.y) - LEAST:
        ends = np.sort(p.y)[[LEAST, -LEAST - 1]]
        found = f"{asked} in {hold:,} of {plural(len(p.y), p.what)}"
        low, high = (asked.in_words(float(f"{end:.2g}")) for end in ends)
        between = f"between {low} and {high}, " if low != high else ""
        allowed = f"allowed: a level {between}so that it is so, and not so, in at least {LEAST}"
        raise InputError([Problem("when", "level", found, allowed)])


def _wrong_side(p: Points, asked: Goal) -> float:
    """About what share of points Monte Carlo error puts on the wrong side of the level; NaN where it is not known."""
    from scipy.special import ndtr

    away = np.abs(p.y - asked.level)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(p.error == 0.0, 0.0, ndtr(-away / p.error)).mean())


# ---------------------------------------------------------------------------------------------------- their worth


RULES = (
    *("rule", "method", "sentence", "points", "coverage", "coverage_low", "coverage_high"),
    *("density", "density_low", "density_high", "base", "p", "better"),
)
LIMITS = ("rule", "path", "label", "unit", "said", "low", "high", "least", "most", "again")


def _judged(p: Points, holds: Flags, made: list[list[Rule]], held: Flags) -> "dict[str, pd.DataFrame]":
    """Rules with what held-out points say of them; their limits, and how often other halves name the same input."""
    import pandas as pd
    from scipy.stats import hypergeom

    x, so = p.x[held], holds[held]
    rules, limits = [], []
    for number, rule in enumerate(made[0], 1):
        inside = rule.inside(x)
        both = int((inside & so).sum())
        chance = float(hypergeom.sf(both - 1, len(so), int(so.sum()), int(inside.sum())))
        covered, dense = share_of(inside[so]), share_of(so[inside])
        said = {k: _limit(p.factors[k], *ends, p.x[:, k]) for k, ends in rule.limits.items()}
        sentence = " and ".join(f"{p.factors[k].label} is {text}" for k, text in said.items())
        numbers = (*covered[:3], *dense[:3], float(so.mean()), chance, float(chance * len(made[0]) < ALPHA))
        rules.append((number, rule.method, sentence, int(inside.sum()), *numbers))
        others = [r for again in made[1:] for r in again if r.method == rule.method]
        for k, (low, high) in rule.limits.items():
            f, own = p.factors[k], p.x[:, k]
            again = sum(k in r.limits for r in others) / max(len(made) - 1, 1)
            ends = [x if np.isfinite(x) else np.nan for x in (low, high)]
            limits.append((number, f.path, f.label, f.unit, said[k], *ends, own.min(), own.max(), again))
    halves = [(name, float(len(h)), *share_of(h)[:3]) for name, h in (("held out", so), ("learnt from", holds[~held]))]
    return {
        "rules": pd.DataFrame(rules, columns=list(RULES)),
        "limits": pd.DataFrame(limits, columns=list(LIMITS)),
        "points": pd.DataFrame(halves, columns=["half", "points", "base", "base_low", "base_high"]),
    }


def _limit(f: Factor, low: float, high: float, own: Array) -> str:
    """Limits in words, with the unit."""
    unit = f" (on a scale of {f.unit})" if f.unit == BY_SCALE else f" {f.unit}" * bool(f.unit)
    if low == min(high, own.max()) or high == own.min():
        return f"{f.say(min(high, own.max()))}{unit}"
    if np.isfinite(low) and np.isfinite(high):
        return f"{f.say(low)} to {f.say(high)}{unit}"
    return f"at least {f.say(low)}{unit}" if np.isfinite(low) else f"at most {f.say(high)}{unit}"


def answer(frames: "Mapping[str, pd.DataFrame]", about: Mapping[str, Any]) -> list[str]:
    """How often it is so anyway; the rules that are better than that, or that none is; what they are worth."""
    rules, held = frames["rules"], frames["points"].iloc[0]
    what = f"{about['what']}s"
    base = percents(held, "base")
    when = about["when"]
    said = [f"{sentence(when)} in {base} of the {held['points']:,.0f} {what} held out."]
    better = rules[rules["better"] == 1.0]
    for r in better.to_dict("records"):
        said.append(
            f"Where {r['sentence']}, it is so in {percents(r, 'density')} of {plural(r['points'], about['what'])}; "
            f"that finds {percents(r, 'coverage')} of all in which it is so (rule of {r['method']})."
        )
    if not len(better):
        said.append(f"No rule finds more of them than that on held-out {what} beyond chance.")
        said += [
            f"The best that {r['method']} found: where {r['sentence']}, it is so in {percents(r, 'density')}."
            for r in rules.to_dict("records")
        ]
    elif len(better) < len(rules):
        said.append(f"The rule of {listed(list(rules[rules['better'] == 0.0]['method']))} is no better beyond chance.")
    if len(better):
        shaky = frames["limits"][frames["limits"]["rule"].isin(better["rule"])].sort_values("again").iloc[0]
        if shaky["again"] < 1.0:
            said.append(
                f"Made of other halves, rules name {shaky['label']} in {AGAIN * shaky['again']:.0f} of {AGAIN} cases."
            )
    if about["wrong_side"] >= 0.005:
        said.append(
            f"About {100 * about['wrong_side']:.0f} % of {what} are on the wrong side of the level, by Monte Carlo "
            "error of their few runs, which makes rules look worse than they are."
        )
    said.append("A rule says where it is so, not what makes it so.")
    return said


def percents(r: "Mapping[str, Any] | pd.Series[Any]", name: str) -> str:
    """A share in percent with its 95 % interval."""
    value, low, high = (100 * r[c] for c in (name, f"{name}_low", f"{name}_high"))
    return f"{value:.0f} % ({low:.0f} to {high:.0f})"
