"""What the figures of a backtest show, worked out from forecasts and outcomes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sim.evaluation.origin import Happened, Origin, Told, changed
from sim.evaluation.scores import Reliability, ranks, reliability
from sim.evaluation.scoring import joined
from sim.inference.forecast import Forecast
from sim.inference.smc import generator
from sim.model.arrays import Array

RESAMPLES, BINS = 500, 8
PICTURES = 4_000_003
LEVELS = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}

Future = Callable[[int], Array]
"""The outcomes (case,) that a run of the forecast would give."""


def _membership(o: Origin, f: Forecast) -> Future:
    crossed = changed(f.status, o)[o.asked]
    return lambda run: crossed[:, run].astype(float)


def _conduct(o: Origin, f: Forecast, code: int) -> Future:
    asked = [f.answers[m.name].conduct[list(m.rows)] for m in o.after]
    return lambda run: joined([1.0 * (2 * did[:, run] == code) for did in asked])


def _drawn(futures: Sequence[Future], runs: int, seed: int) -> Array:
    """Outcomes (resample, case) if the forecasts were right: those of runs picked by chance."""
    picked = generator(seed, PICTURES).integers(0, runs, (RESAMPLES, len(futures)))
    return np.array([joined([f(int(k)) for f, k in zip(futures, row, strict=True)]) for row in picked])


def reliability_panels(
    origins: Sequence[Origin],
    told: Sequence[Told],
    seen: Sequence[Happened],
    futures: Sequence[Forecast],
    seed: int,
) -> list[dict[str, Any]]:
    """Change of sides, support and opposition: forecast probability against frequency."""
    runs = futures[0].status.shape[2]
    panels = []

    def panel(title: str, p: Array, y: Array, of: Sequence[Future]) -> None:
        if y.any():  # of what never happened no forecast can be told to be reliable
            fit: Reliability = reliability(p, y, _drawn(of, runs, seed))
            panels.append({"title": title, **fit._asdict(), "cases": len(p), "events": int(y.sum())})

    pairs = list(zip(origins, futures, strict=True))
    panel(
        "Changes sides by the end of a year",
        joined([t.changed[o.asked] for o, t in zip(origins, told, strict=True)]),
        joined([h.changed[o.asked].astype(float) for o, h in zip(origins, seen, strict=True)]),
        [_membership(o, f) for o, f in pairs],
    )
    for code, title in ((2, "Supports the leader"), (0, "Opposes the leader")):
        panel(
            title,
            joined([p[:, code] for t in told for p in t.conduct]),
            joined([1.0 * (codes == code) for h in seen for codes in h.conduct]),
            [_conduct(o, f, code) for o, f in pairs],
        )
    return panels


def rank_panel(
    title: str,
    origins: Sequence[Origin],
    seen: Sequence[Happened],
    futures: Sequence[Forecast],
    seed: int,
) -> dict[str, Any] | None:
    """Ranks of observed cohesion in the ensemble, with the band that an ensemble that is right would give."""
    there = [
        (k, f.answers[m.name].cohesion, h.cohesion[j])
        for k, (o, h, f) in enumerate(zip(origins, seen, futures, strict=True))
        for j, m in enumerate(o.after)
        if np.isfinite(h.cohesion[j])
    ]
    if not there:
        return None
    ensemble = np.stack([x for _, x, _ in there])
    runs, rng = ensemble.shape[1], generator(seed, PICTURES, 1)

    def counts(observed: Array) -> Array:
        return np.asarray(
            np.bincount(ranks(ensemble, observed, rng) * BINS // (runs + 1), minlength=BINS),
            dtype=float,
        )

    picked = rng.integers(0, runs, (RESAMPLES, len(origins)))
    of_origin = np.array([k for k, _, _ in there])
    rows = np.arange(len(there))
    right = np.array([counts(ensemble[rows, row[of_origin]]) for row in picked])
    low, high = np.quantile(right, (0.05, 0.95), axis=0)
    found = counts(np.array([c for _, _, c in there]))
    return {"title": title, "counts": found, "low": low, "high": high, "cases": len(there)}


def cohesion_panel(
    title: str,
    origins: Sequence[Origin],
    told: Sequence[Told],
    last: Sequence[Told],
    seen: Sequence[Happened],
) -> dict[str, Any] | None:
    """Observed cohesion on each motion in the spread of its forecast; ``last`` is persistence."""
    there = [
        (m, told[k].cohesion[j], h.cohesion[j])
        for k, (o, h) in enumerate(zip(origins, seen, strict=True))
        for j, m in enumerate(o.after)
        if np.isfinite(h.cohesion[j])
    ]
    if not there:
        return None
    spread = {name: np.array([np.quantile(x, q) for _, x, _ in there]) for name, q in LEVELS.items()}
    constant = last[0].cohesion[0] if len(origins) == 1 else np.zeros(0)
    return {
        "title": title,
        "dates": [m.date for m, _, _ in there],
        "names": [m.name for m, _, _ in there],
        "observed": np.array([c for _, _, c in there]),
        "persistence": float(constant[0]) if len(constant) == 2 else None,
        **spread,
    }
