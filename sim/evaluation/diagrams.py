"""The figures of a backtest: what they show, worked out from forecasts and outcomes."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.evaluation.forecasts import AS_THEY_WERE, MODEL, SchemeForecasts
from sim.evaluation.origin import Origin, Outcome, changes
from sim.evaluation.scores import ranks, reliability
from sim.evaluation.scoring import LEVELS, joined
from sim.inference.forecast import Forecast
from sim.inference.smc import generator
from sim.model.arrays import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

RESAMPLES, BINS = 500, 8
PICTURES = 4_000_003

Panel = dict[str, Any]
Future = Callable[[int], Array]
"""The outcomes (case,) that a run of the forecast would give."""


def _membership(o: Origin, f: Forecast) -> Future:
    crossed = changes(f.status, o)[o.asked]
    return lambda run: crossed[:, run].astype(float)


def _conduct(o: Origin, f: Forecast, code: int) -> Future:
    asked = [f.answers[m.name].conduct[list(m.rows)] for m in o.after]
    return lambda run: joined([1.0 * (2 * did[:, run] == code) for did in asked])


def _drawn(futures: Sequence[Future], runs: int, seed: int) -> Array:
    """Outcomes (resample, case) if the forecasts were right: those of runs picked by chance."""
    picked = generator(seed, PICTURES).integers(0, runs, (RESAMPLES, len(futures)))
    return np.array([joined([f(int(k)) for f, k in zip(futures, row, strict=True)]) for row in picked])


def reliability_panels(f: SchemeForecasts, outcomes: Sequence[Outcome], seed: int) -> list[Panel]:
    """Change of sides, support and opposition: forecast probability against frequency."""
    futures, predictions = f.futures[AS_THEY_WERE], f.predictions(MODEL, AS_THEY_WERE)
    runs = futures[0].status.shape[2]
    found: list[Panel] = []

    def panel(title: str, p: Array, y: Array, of: Sequence[Future]) -> None:
        if y.any():  # of what never happened no forecast can be said to be reliable
            fit = reliability(p, y, _drawn(of, runs, seed))
            found.append({"scheme": f.scheme, "title": title, **fit._asdict(), "cases": len(p), "events": int(y.sum())})

    pairs = list(zip(f.origins, futures, strict=True))
    panel(
        "Changes sides by the end of a year",
        joined([p.change[o.asked] for o, p in zip(f.origins, predictions, strict=True)]),
        joined([y.change[o.asked].astype(float) for o, y in zip(f.origins, outcomes, strict=True)]),
        [_membership(o, x) for o, x in pairs],
    )
    for code, title in ((2, "Supports the leader"), (0, "Opposes the leader")):
        panel(
            title,
            joined([chances[:, code] for p in predictions for chances in p.conduct]),
            joined([1.0 * (codes == code) for y in outcomes for codes in y.conduct]),
            [_conduct(o, x, code) for o, x in pairs],
        )
    return found


def rank_panel(f: SchemeForecasts, outcomes: Sequence[Outcome], seed: int) -> list[Panel]:
    """Ranks of observed cohesion in the ensemble, with the band that an ensemble that is right would give."""
    there = [
        (k, x.answers[m.name].cohesion, y.cohesion[j])
        for k, (o, y, x) in enumerate(zip(f.origins, outcomes, f.futures[AS_THEY_WERE], strict=True))
        for j, m in enumerate(o.after)
        if np.isfinite(y.cohesion[j])
    ]
    if not there:
        return []
    ensemble = np.stack([x for _, x, _ in there])
    runs, rng = ensemble.shape[1], generator(seed, PICTURES, 1)

    def counts(observed: Array) -> Array:
        binned = ranks(ensemble, observed, rng) * BINS // (runs + 1)
        return np.asarray(np.bincount(binned, minlength=BINS), dtype=float)

    picked = rng.integers(0, runs, (RESAMPLES, len(f.origins)))
    of_origin = np.array([k for k, _, _ in there])
    rows = np.arange(len(there))
    right = np.array([counts(ensemble[rows, row[of_origin]]) for row in picked])
    low, high = np.quantile(right, (0.05, 0.95), axis=0)
    found = counts(np.array([c for _, _, c in there]))
    return [{"title": f.scheme, "counts": found, "low": low, "high": high, "cases": len(there)}]


def cohesion_panel(f: SchemeForecasts, outcomes: Sequence[Outcome]) -> list[Panel]:
    """Observed cohesion on each motion in the quantiles of its forecast, and what persistence says."""
    predictions, last = f.predictions(MODEL, AS_THEY_WERE), f.predictions("persistence")
    there = [
        (m, predictions[k].cohesion[j], y.cohesion[j])
        for k, (o, y) in enumerate(zip(f.origins, outcomes, strict=True))
        for j, m in enumerate(o.after)
        if np.isfinite(y.cohesion[j])
    ]
    if not there:
        return []
    quantiles = {name: np.array([np.quantile(x, q) for _, x, _ in there]) for name, q in LEVELS.items()}
    constant = last[0].cohesion[0] if len(f.origins) == 1 else np.zeros(0)
    dates, names = [f"{m.date}" for m, _, _ in there], [m.title or m.name for m, _, _ in there]
    observed, always = np.array([c for _, _, c in there]), float(constant[0]) if len(constant) == 2 else None
    panel = {"title": f.scheme, "dates": dates, "names": names, "observed": observed, "persistence": always}
    return [panel | quantiles]


def panels(made: Sequence[tuple[SchemeForecasts, list[Outcome]]], seed: int) -> dict[str, list[Panel]]:
    """What every figure shows, ready for JSON."""
    found = {f"reliability-{f.scheme.replace(' ', '-')}": reliability_panels(f, y, seed) for f, y in made}
    found["ranks"] = [p for f, y in made for p in rank_panel(f, y, seed)]
    found["cohesion"] = [p for f, y in made for p in cohesion_panel(f, y)]
    return {
        name: [{k: x.tolist() if isinstance(x, np.ndarray) else x for k, x in p.items()} for p in some]
        for name, some in found.items()
        if some
    }


def figures(title: str, footer: str, kept: dict[str, list[Panel]], skill: "pd.DataFrame") -> "dict[str, Figure]":
    """Every figure by name, from its panels."""
    from sim.figures import backtest as draw
    from sim.figures.skill import skills

    drawn = {"skill": skills(skill, title, footer)}
    for name, some in kept.items():
        arrays = [{k: _array(k, x) if isinstance(x, list) else x for k, x in p.items()} for p in some]
        if name == "ranks":
            drawn[name] = draw.ranks([draw.Ranks(**p) for p in arrays], title, footer)
        elif name == "cohesion":
            drawn[name] = draw.cohesion([draw.Motions(**p) for p in arrays], title, footer)
        else:
            schemes = [p.pop("scheme") for p in arrays]
            drawn[name] = draw.reliability([draw.Reliability(**p) for p in arrays], f"{title}, {schemes[0]}", footer)
    return drawn


def _array(key: str, values: list[Any]) -> Any:
    """Dates as dates, names as they are, numbers as an array."""
    if key == "dates":
        return [dt.date.fromisoformat(d) for d in values]
    return values if key == "names" else np.array(values)
