"""Forecasts held against what happened: scores by forecaster, and skill against the baselines."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sim.estimates.moments import jackknife
from sim.evaluation.baselines import BASELINES, LOGIT
from sim.evaluation.origin import Happened, Origin, Told
from sim.evaluation.scores import (
    brier,
    category_log_score,
    fair_crps,
    log_score,
    ranked_probability,
    skill,
)
from sim.inference.smc import generator
from sim.model.arrays import Array

AS_THEY_WERE, HELD = "as they were", "held"
MODEL = "model"
KNOWS = (AS_THEY_WERE, HELD)
"""What the model, and the logit held against it, know of the inputs after the origin."""
BOOTSTRAP = 4_000_002


class Measure(NamedTuple):
    """What is scored, and how."""

    question: str
    score: str


MEMBERSHIP = Measure("change of membership", "Brier score")
MEMBERSHIP_LOG = Measure("change of membership", "log score")
CONDUCT = Measure("conduct", "ranked probability score")
CONDUCT_LOG = Measure("conduct", "log score")
COHESION = Measure("cohesion", "fair CRPS")
MEASURES = (MEMBERSHIP, MEMBERSHIP_LOG, CONDUCT, CONDUCT_LOG, COHESION)


class Scored(NamedTuple):
    """Scores of one forecaster on one measure. (case,)."""

    values: Array
    groupings: tuple[Array, ...]  # what cases have in common, each (case,): bootstrapped together


class Forecaster(NamedTuple):
    """Who foretells, what it knows, what it says of each origin, and the same with parts left out."""

    name: str
    knows: str
    told: list[Told]
    parts: list[list[Told]]  # (part left out, origin); empty where nothing was drawn


def scored(m: Measure, origins: Sequence[Origin], told: Sequence[Told], seen: Sequence[Happened]) -> Scored:
    """Cases of all origins together."""
    found = [_SCORE[m](o, t, h) for o, t, h in zip(origins, told, seen, strict=True)]
    return Scored(
        np.concatenate([x.values for x in found]),
        tuple(np.concatenate(g) for g in zip(*(x.groupings for x in found), strict=True)),
    )


def _membership(o: Origin, t: Told, h: Happened, of: Any) -> Scored:
    states = np.array(o.whole.program.members)
    values = of(t.changed, h.changed.astype(float))
    return Scored(values[o.asked], (states[np.nonzero(o.asked)[0]],))


def _conduct(o: Origin, t: Told, h: Happened, of: Any) -> Scored:
    states = np.array(o.whole.program.members)
    values = [of(p, codes) for p, codes in zip(t.conduct, h.conduct, strict=True)]
    motions = [np.full(len(m.rows), m.name) for m in o.after]
    return Scored(joined(values), (joined(motions), joined([states[list(m.rows)] for m in o.after])))


def _cohesion(o: Origin, t: Told, h: Happened) -> Scored:
    there = [k for k, c in enumerate(h.cohesion) if np.isfinite(c)]
    values = [fair_crps(t.cohesion[k][None], np.array([h.cohesion[k]])) for k in there]
    return Scored(joined(values), (np.array([o.after[k].name for k in there]),))


def joined(parts: Sequence[Array]) -> Array:
    """Arrays one after another; no cases where there are none."""
    return np.concatenate(parts) if parts else np.zeros(0)


_SCORE: dict[Measure, Any] = {
    MEMBERSHIP: lambda o, t, h: _membership(o, t, h, brier),
    MEMBERSHIP_LOG: lambda o, t, h: _membership(o, t, h, log_score),
    CONDUCT: lambda o, t, h: _conduct(o, t, h, ranked_probability),
    CONDUCT_LOG: lambda o, t, h: _conduct(o, t, h, category_log_score),
    COHESION: _cohesion,
}


def score_rows(
    scheme: str,
    origins: Sequence[Origin],
    forecasters: Sequence[Forecaster],
    seen: Sequence[Happened],
) -> list[dict[str, Any]]:
    """The mean score of every forecaster on every measure, with its Monte Carlo standard error."""
    rows = []
    for m in MEASURES:
        for f in forecasters:
            x = scored(m, origins, f.told, seen).values
            if not len(x):
                continue
            parts = np.array([scored(m, origins, t, seen).values.mean() for t in f.parts])
            rows.append(
                {
                    "scheme": scheme,
                    **m._asdict(),
                    "forecaster": f.name,
                    "inputs": f.knows,
                    "value": float(x.mean()),
                    "mcse": float(jackknife(parts)) if len(parts) else 0.0,
                    "cases": len(x),
                }
            )
    return rows


def skill_rows(
    scheme: str,
    origins: Sequence[Origin],
    forecasters: Sequence[Forecaster],
    seen: Sequence[Happened],
    seed: int,
) -> list[dict[str, Any]]:
    """Skill of the model against every baseline that knows no more than it."""
    by_name: Mapping[tuple[str, str], Forecaster] = {(f.name, f.knows): f for f in forecasters}
    rows = []
    for m in MEASURES:
        for knows in [k for k in KNOWS if (MODEL, k) in by_name]:
            own = scored(m, origins, by_name[MODEL, knows].told, seen)
            for name in (*BASELINES, LOGIT):
                base = by_name[name, knows if name == LOGIT else ""]
                theirs = scored(m, origins, base.told, seen)
                if not len(own.values):
                    continue
                rng = generator(seed, BOOTSTRAP)
                found = skill(own.values, theirs.values, own.groupings, rng)
                rows.append({"scheme": scheme, **m._asdict(), "inputs": knows, "baseline": name} | found._asdict())
    return rows
