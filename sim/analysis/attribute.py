"""What makes the difference: the gap between two scenarios shared out among the parts in which they differ.

Every set of parts is a scenario between the two, run on the same draws. What a part adds, averaged over all orders in
which parts may be changed, is its Shapley value: the values sum to the gap, whatever parts do to each other (Shapley
1953, 10.1515/9781400881970-018; of simulations Song, Nelson & Staum 2016, 10.1137/15M1048070). Of many parts some
orders are drawn, each with its reverse.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.analysis.goal import quantity
from sim.analysis.parts import EXACT, Parts, parts_of
from sim.analysis.spread import error_over_draws, footer, linear, spread_over_draws
from sim.errors import InputError, Problem, arguments, each, plural
from sim.estimates.intervals import REPEATS, runs_together
from sim.estimates.shapley import along, orders, shapley, steps
from sim.evidence.measure import Reading, measure
from sim.model.arrays import Array
from sim.model.dates import spoken
from sim.model.grammar import conjunction, sentence
from sim.model.outcomes import LEAST, MONTE_CARLO, OUTCOMES, Z95, percent, signed
from sim.results.comparison import sides
from sim.results.horizons import by_dates
from sim.results.run import Given
from sim.scenario.blend import Blend, blend
from sim.scenario.compile import alike
from sim.storage.effort import Effort, effort

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

USUAL = ("cohesion", "some exit")
"""Outcomes whose gap is shared out where none is named."""
MOST_SETS = 128
"""Sets of parts that are run where they are too many for all: so many orders as go through no more."""
MOST_PARTS = 40
SAID = 3
"""Parts that the answer names; the tables have all."""


class Attribution(Analysis):
    """The gap between two scenarios, shared out among the parts in which they differ.

    Attributes
    ----------
    tables : ``shares`` has a row for each outcome, horizon and part: what the part adds, its Monte Carlo standard error
        (mcse), 95 % interval (low, high), 90 % interval over what is uncertain (q05, q95), and what of the error is of
        having drawn orders (0 where all were run). ``gaps`` has the levels of both scenarios and the gap, with the
        same. ``parts`` has their paths.
    """

    kind = "attribution"
    question = "Which of the changes between the two scenarios does how much?"
    names = ("shares", "gaps", "parts")
    words = ("outcome", "member", "date", "part", "paths")

    def figures(self) -> "dict[str, Figure]":
        """From the first scenario to the second, part by part."""
        from sim.figures.attribution import draw

        return {"attribution": draw(self.frames["shares"], self.frames["gaps"], self.about)}


@arguments
def attribute(
    a: Given,
    b: Given,
    parts: Mapping[str, Sequence[str]] | None = None,
    outcomes: Sequence[str] = (),
    runs: int = 2048,
    seed: int = 1,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    scheduler: str | None = None,
    set: Mapping[str, Any] | None = None,
    by: Sequence[dt.date | str] = (),
    out: str | Path | None = None,
    force: bool = False,
) -> Attribution:
    """Share out the gap between two scenarios among the parts in which they differ.

    Parameters
    ----------
    a, b : Scenario, str or Path
        As for :func:`sim.compare`: the same states, dates and draws.
    parts : mapping, optional
        By name the paths that are changed together, ``*`` for any state; what they leave out is a part for each path,
        or for each input where there would be more than seven.
    outcomes : sequence of str
        ``OUTCOME [STATE]`` each; by default cohesion and some exit.
    runs : int
        Of each set of parts, rounded up to a multiple of 16: so many draws with 16 runs each.
    seed, jobs, scheduler, set, by, out, force
        As for :func:`sim.compare`.
    progress : callable, optional
        Called with how much is done, and of how much.

    Returns
    -------
    Attribution
        ``answer`` in sentences, the tables ``shares``, ``gaps`` and ``parts``.

    Raises
    ------
    InputError
        For scenarios that cannot be paired or do not differ, and parts that are not in them.

    Examples
    --------
    >>> import sim
    >>> found = sim.attribute("csto/outlook-2023", "csto/counterfactuals/weakened-leader", runs=32)
    >>> sorted(found.frames["parts"].part)
    ['capacity of Russia', 'coercion by Russia']
    """
    one, other = sides(a, [b], set)
    two, effort_, (between, held), *wanted = each(
        lambda: by_dates([one, other], by),
        lambda: effort(runs, seed, jobs, scheduler, multiple=REPEATS.draw),
        lambda: _held(blend(one, other), parts or {}),
        *(lambda text=text: quantity(text, one, "outcomes") for text in outcomes or USUAL),
    )
    found = _attribute(blend(*two) if by else between, held, list(dict.fromkeys(wanted)), effort_, progress)
    if out is not None:
        found.save(out, force)
    return found


def _held(between: Blend, given: Mapping[str, Sequence[str]]) -> tuple[Blend, Parts]:
    """What is changed together, with what it lies between. Raises InputError."""
    parts = parts_of(between, given)
    if len(parts) > MOST_PARTS:
        allowed = f"allowed: {MOST_PARTS} at most, by putting some together"
        raise InputError([Problem("parts", "", plural(len(parts), "part"), allowed)])
    return between, parts


class Shares(NamedTuple):
    """Of one quantity: what each part adds, run by run, and how far that varies with the orders that were drawn."""

    added: dict[str, Array]
    """(draw, run)"""
    drawn: dict[str, float]
    """Standard errors of having drawn some orders; 0 where there are all."""


def shared_out(names: Sequence[str], some: Sequence[Sequence[str]], value: Callable[[frozenset[str]], Array]) -> Shares:
    """Shapley values over all orders, or over those drawn, of which each follows its reverse."""
    if not some:
        return Shares(shapley(names, value), dict.fromkeys(names, 0.0))
    one_by_one = [along(order, value) for order in some]
    added = {n: np.asarray(sum(x[n] for x in one_by_one) / len(some)) for n in names}
    means = {n: np.array([x[n].mean() for x in one_by_one]).reshape(-1, 2).mean(axis=1) for n in names}
    return Shares(added, {n: float(m.std(ddof=1) / np.sqrt(len(m))) for n, m in means.items()})


def sets_of(parts: Parts, seed: int) -> tuple[list[frozenset[str]], list[tuple[str, ...]]]:
    """The sets of parts that are run, and the orders that go through them; none where all sets are."""
    names = list(parts)
    if len(names) <= EXACT:
        codes = range(1 << len(names))
        return [frozenset(n for k, n in enumerate(names) if code >> k & 1) for code in codes], []
    some = orders(names, max(MOST_SETS // (len(names) - 1), 4), seed)
    return list(dict.fromkeys(s for order in some for s in steps(order))), some


def _attribute(
    between: Blend,
    parts: Parts,
    wanted: Sequence[tuple[str, str]],
    by: Effort,
    progress: Callable[[int, int], None] | None,
) -> Attribution:
    names = list(parts)
    sets, some = sets_of(parts, by.seed)
    programs = alike([between.program({p for n in s for p in parts[n]}) for s in sets])
    keys = {s: str(k) for k, s in enumerate(sets)}
    times = {y: programs[0].horizon_tick(y) for y in programs[0].horizons}
    labels = {q: ".".join(filter(None, q)) for q in wanted}
    readings = [Reading(k, label, t) for k in keys.values() for label in labels.values() for t in times.values()]
    found = measure(
        dict(zip(keys.values(), programs, strict=True)),
        readings,
        by,
        progress and (lambda done: progress(done, by.runs)),
        REPEATS,
        runs_together(programs),
    )
    shares, gaps = [], []
    for outcome, member in wanted:
        o = OUTCOMES[outcome]
        for years, tick in times.items():
            runs = {s: found[Reading(k, labels[outcome, member], tick)] for s, k in keys.items()}
            row = {"outcome": outcome, "member": member, "horizon_years": years, "date": str(programs[0].dates[tick])}
            pooled, own = ({s: linear(x, axes) for s, x in runs.items()} for axes in ((0, 1), (1,)))
            all_, by_draw = (shared_out(names, some, x.__getitem__) for x in (pooled, own))
            a, b = frozenset[str](), frozenset(names)
            bounds = o.low - o.high, o.high - o.low
            levels = {"a": float(pooled[a].mean()), "b": float(pooled[b].mean())}
            gaps.append(
                {
                    **row,
                    **levels,
                    "gap": levels["b"] - levels["a"],
                    **_spread(pooled[b] - pooled[a], own[b] - own[a], bounds),
                }
            )
            for n in names:
                value = {"part": n, "added": float(all_.added[n].mean())}
                known = _spread(all_.added[n], by_draw.added[n], bounds, all_.drawn[n])
                shares.append({**row, **value, **known, "order_error": all_.drawn[n]})
    return _answered(between, parts, shares, gaps, by, len(sets), len(some), programs[0].start.words)


def _spread(pooled: Array, own: Array, bounds: tuple[float, float], more: float = 0.0) -> dict[str, float]:
    """Error and interval by chance, and the interval over what is uncertain."""
    mean, error = float(pooled.mean()), float(np.hypot(error_over_draws(pooled), more))
    ends = (error, mean - Z95 * error, mean + Z95 * error)
    return dict(zip(MONTE_CARLO[:-1], ends, strict=True)) | spread_over_draws(own, mean, *bounds)


def _answered(
    between: Blend,
    parts: Parts,
    shares: list[dict[str, Any]],
    gaps: list[dict[str, Any]],
    by: Effort,
    sets: int,
    orders_drawn: int,
    begins: str,
) -> Attribution:
    import pandas as pd

    first, second = between.first, between.second
    frames = {
        "shares": pd.DataFrame(shares),
        "gaps": pd.DataFrame(gaps),
        "parts": pd.DataFrame([{"part": n, "paths": ", ".join(paths)} for n, paths in parts.items()]),
    }
    how = f"all {sets} sets of parts" if not orders_drawn else f"{orders_drawn} orders drawn, {sets} sets of parts"
    titles = _titles(first.tables.title, second.tables.title)
    about = {
        **origins([first, second]),
        **dict(zip("ab", titles, strict=True)),
        "names": first.tables.state_names,
        "how": how,
        "footer": footer(f"{first.name} and {second.name}", by, begins, [first, second], how),
    }
    identity = {
        "scenarios": [{"scenario": s.name, "fingerprint": s.fingerprint} for s in (first, second)],
        "parts": {n: list(paths) for n, paths in parts.items()},
        "outcomes": list(dict.fromkeys(f"{g['outcome']} {g['member']}".strip() for g in gaps)),
        "runs": by.runs,
        "seed": by.seed,
    }
    title = "What makes the difference between “{}” and “{}”".format(*titles)
    return Attribution(title, sentences(frames["shares"], frames["gaps"], about), frames, identity, about)


def _titles(a: str, b: str) -> tuple[str, str]:
    """Two titles without what is set in both alike."""
    _, found, alike = a.partition(" with ")
    tail = f" with {alike}" * bool(found)
    return (a.removesuffix(tail), b.removesuffix(tail)) if b.endswith(tail) else (a, b)


def sentences(shares: "pd.DataFrame", gaps: "pd.DataFrame", about: Mapping[str, Any]) -> list[str]:
    """Of each outcome a sentence, at the last horizon at which scenarios or parts make a difference."""
    keys = ["outcome", "member", "date"]
    most = shares.assign(most=shares.added.abs()).groupby(keys, as_index=False).most.max()
    there = gaps.merge(most, on=keys).sort_values("horizon_years", kind="stable")
    there = there[(there.gap.abs() >= LEAST) | (there.most >= LEAST)].drop_duplicates(keys[:2], keep="last")
    order = list(dict.fromkeys(zip(gaps.outcome, gaps.member, strict=True)))
    said = {}
    for g in there.itertuples():
        own = shares[(shares.outcome == g.outcome) & (shares.member == g.member) & (shares.date == g.date)]
        said[g.outcome, g.member] = _sentence(g, own, about)
    none = (
        f"“{about['a']}” and “{about['b']}” hardly differ in what was asked, at any horizon, nor does any part matter."
    )
    return [said[q] for q in order if q in said] or [none]


def _sentence(g: Any, own: "pd.DataFrame", about: Mapping[str, Any]) -> str:
    """The gap in an outcome, whether parts cancel in it, and the largest of them."""
    probability = OUTCOMES[g.outcome].probability
    scale, digits, unit = (100, 0, " points") if probability else (1, 2, "")
    by_size = own.reindex(own.added.abs().sort_values(ascending=False, kind="stable").index)

    def number(x: float) -> str:
        return signed(scale * x, digits)

    parts = [f"{r.part} {number(r.added)} ({number(r.q05)} to {number(r.q95)})" for r in by_size[:SAID].itertuples()]
    rest = len(own) - len(parts)
    listed = conjunction(parts) + f"; {plural(rest, 'smaller part')} the rest" * bool(rest)
    a, b = (f"{percent(x)} %" if probability else f"{x:.2f}" for x in (g.a, g.b))
    what, gap = OUTCOMES[g.outcome].subject(about["names"].get(g.member, g.member)), f"{number(g.gap)}{unit}"
    when = sentence(OUTCOMES[g.outcome].at(spoken(g.date)))
    levels = f"{when} {what} is {a} in “{about['a']}” and {b} in “{about['b']}”"
    spread = f"({number(g.q05)} to {number(g.q95)})"
    if cancel(g, by_size.iloc[0]):
        return f"{levels}: the gap is near zero, {gap} {spread}, because parts offset one another: {listed}."
    return f"{levels}: of the gap of {gap} {spread} the parts make {listed}."


def cancel(gap: Any, largest: Any) -> bool:
    """Whether a gap is within error of nothing, or too small to show, where its largest part is neither."""
    near = abs(gap.gap) < max(LEAST, Z95 * gap.mcse)
    return bool(near and abs(largest.added) >= max(LEAST, Z95 * largest.mcse, 2.0 * abs(gap.gap)))
