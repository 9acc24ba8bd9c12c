"""Forecasts held against what happened: the tables of a backtest."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.estimates.sample import jackknife
from sim.evaluation.baselines import BASELINES, CERTAIN, LOGIT
from sim.evaluation.forecasts import INPUTS, MODEL, OF_LOGIT, Forecaster, SchemeForecasts
from sim.evaluation.origin import Origin, Outcome, Prediction
from sim.evaluation.scores import brier, category_log_score, fair_crps, log_score, ranked_probability, skill
from sim.figures.rows import Skill
from sim.inference.smc import generator
from sim.model.arrays import Array
from sim.model.outcomes import QUANTILES

if TYPE_CHECKING:
    import pandas as pd

SCORING = 2
"""The version of the scores, raised when what a backtest or a study of mechanisms makes of the same fits changes.

What another version has scored is scored again from its fits, and that is another look at the held-out years.
"""
BOOTSTRAP = 4_000_002
LEVELS = {name.replace("q50", "median"): level for name, level in QUANTILES.items()}
ANSWERS = ("opposed", "abstained", "supported")
WORDS = ("scheme", "question", "score", "forecaster", "inputs", "baseline", "state", "motion", "outcome")
"""Columns of text."""


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


class CaseScores(NamedTuple):
    """Scores of one forecaster on one measure. (case,)."""

    values: Array
    groupings: tuple[Array, ...]  # what cases have in common, each (case,): bootstrapped together


def case_scores(
    m: Measure, origins: Sequence[Origin], predictions: Sequence[Prediction], outcomes: Sequence[Outcome]
) -> CaseScores:
    """Cases of all origins together."""
    found = [_of_origin(m, o, p, y) for o, p, y in zip(origins, predictions, outcomes, strict=True)]
    return CaseScores(
        np.concatenate([x.values for x in found]),
        tuple(np.concatenate(g) for g in zip(*(x.groupings for x in found), strict=True)),
    )


def _of_origin(m: Measure, o: Origin, p: Prediction, y: Outcome) -> CaseScores:
    states = np.array(o.whole.program.members)
    if m.question == MEMBERSHIP.question:
        score = brier if m == MEMBERSHIP else log_score
        values = score(p.change, y.change.astype(float))
        return CaseScores(values[o.asked], (states[np.nonzero(o.asked)[0]],))
    if m.question == CONDUCT.question:
        of_answers = ranked_probability if m == CONDUCT else category_log_score
        each = [of_answers(chances, codes) for chances, codes in zip(p.conduct, y.conduct, strict=True)]
        motions = [np.full(len(motion.rows), motion.name) for motion in o.after]
        asked = [states[list(motion.rows)] for motion in o.after]
        return CaseScores(joined(each), (joined(motions), joined(asked)))
    there = [k for k, c in enumerate(y.cohesion) if np.isfinite(c)]
    each = [fair_crps(p.cohesion[k][None], np.array([y.cohesion[k]])) for k in there]
    return CaseScores(joined(each), (np.array([o.after[k].name for k in there]),))


def joined(parts: Sequence[Array]) -> Array:
    """Arrays one after another; no cases where there are none."""
    return np.concatenate(parts) if parts else np.zeros(0)


class ScoreRow(NamedTuple):
    """The mean score of a forecaster, with its Monte Carlo standard error."""

    scheme: str
    question: str
    score: str
    forecaster: str
    inputs: str
    value: float
    mcse: float
    cases: int


class CaseRow(NamedTuple):
    """A probability that was forecast, and whether it happened."""

    scheme: str
    fit_until: str
    forecaster: str
    inputs: str
    state: str
    by: str
    motion: str
    outcome: str
    probability: float
    happened: int


def score_rows(
    scheme: str, origins: Sequence[Origin], forecasters: Sequence[Forecaster], outcomes: Sequence[Outcome]
) -> Iterator[ScoreRow]:
    """The mean score of every forecaster on every measure that it has."""
    for m in MEASURES:
        for f in forecasters:
            if not _has(m, f.name):
                continue
            x = case_scores(m, origins, f.predictions, outcomes).values
            if not len(x):
                continue
            parts = np.array([case_scores(m, origins, p, outcomes).values.mean() for p in f.parts])
            mcse = float(jackknife(parts)) if len(parts) else 0.0
            yield ScoreRow(scheme, *m, f.name, f.inputs, float(x.mean()), mcse, len(x))


def skill_rows(forecasts: SchemeForecasts, outcomes: Sequence[Outcome], seed: int) -> Iterator[Skill]:
    """Skill of the model against every baseline that knows no more than it."""
    origins = forecasts.origins
    by_name = {(f.name, f.inputs): f for f in forecasts.forecasters}
    for m in MEASURES:
        for inputs in INPUTS:
            own = case_scores(m, origins, by_name[MODEL, inputs].predictions, outcomes)
            if not len(own.values):
                continue
            for name in (n for n in (*BASELINES, LOGIT) if _has(m, n)):
                baseline = by_name[name, OF_LOGIT[inputs] if name == LOGIT else ""]
                theirs = case_scores(m, origins, baseline.predictions, outcomes)
                found = skill(own.values, theirs.values, own.groupings, generator(seed, BOOTSTRAP))
                yield Skill(forecasts.scheme, *m, inputs, name, *found)


def _has(m: Measure, forecaster: str) -> bool:
    """Whether a forecaster has a score."""
    return m != MEMBERSHIP_LOG or forecaster not in CERTAIN


def case_rows(forecasts: SchemeForecasts, outcomes: Sequence[Outcome]) -> Iterator[CaseRow]:
    """Every probability, with what happened."""
    for f in forecasts.forecasters:
        for o, p, y in zip(forecasts.origins, f.predictions, outcomes, strict=True):
            states, edges = o.whole.program.members, o.whole.program.edges
            who = (forecasts.scheme, f"{o.until}", f.name, f.inputs)
            for i, k in np.argwhere(o.asked):
                by = edges[o.fit.ticks + o.leads[k]]
                event = "left" if o.inside[i] else "entered"
                yield CaseRow(*who, states[i], f"{by}", "", event, float(p.change[i, k]), int(y.change[i, k]))
            for m, conduct, codes in zip(o.after, p.conduct, y.conduct, strict=True):
                for row, chances, code in zip(m.rows, conduct, codes, strict=True):
                    for c, answer in enumerate(ANSWERS):
                        asked = states[row], f"{m.date}", m.name, answer
                        yield CaseRow(*who, *asked, float(chances[c]), int(code == c))


def cohesion_rows(forecasts: SchemeForecasts, outcomes: Sequence[Outcome]) -> Iterator[tuple[object, ...]]:
    """Observed cohesion on every motion, and quantiles of its forecasts."""
    for f in forecasts.forecasters:
        for o, p, y in zip(forecasts.origins, f.predictions, outcomes, strict=True):
            for m, ensemble, observed in zip(o.after, p.cohesion, y.cohesion, strict=True):
                quantiles = [float(np.quantile(ensemble, q)) for q in LEVELS.values()]
                who = (forecasts.scheme, f"{o.until}", f.name, f.inputs)
                yield (*who, f"{m.date}", m.name, observed, *quantiles)


TABLES: dict[str, tuple[str, ...]] = {
    "scores": ScoreRow._fields,
    "origins": ("fit_until", *ScoreRow._fields),
    "skill": Skill._fields,
    "cases": CaseRow._fields,
    "cohesion": ("scheme", "fit_until", "forecaster", "inputs", "date", "motion", "observed", *LEVELS),
}
"""Columns of the tables of a backtest."""


def tables(made: Sequence[tuple[SchemeForecasts, list[Outcome]]], seed: int) -> "dict[str, pd.DataFrame]":
    """All tables of a backtest by name, from the forecasts of each scheme and what came."""
    import pandas as pd

    scores = [r for f, y in made for r in score_rows(f.scheme, f.origins, f.forecasters, y)]
    origins = [(f"{o.until}", *r) for f, y in made for k, o in enumerate(f.origins) for r in _at_origin(f, y, k)]
    skills = [r for f, y in made for r in skill_rows(f, y, seed)]
    cases = [r for f, y in made for r in case_rows(f, y)]
    cohesions = [r for f, y in made for r in cohesion_rows(f, y)]
    rows = zip(TABLES.items(), (scores, origins, skills, cases, cohesions), strict=True)
    return {name: pd.DataFrame(values, columns=columns) for (name, columns), values in rows}


def _at_origin(f: SchemeForecasts, outcomes: Sequence[Outcome], k: int) -> Iterator[ScoreRow]:
    """Scores of one origin by itself."""
    one = slice(k, k + 1)
    own = [x._replace(predictions=x.predictions[one], parts=[p[one] for p in x.parts]) for x in f.forecasters]
    return score_rows(f.scheme, f.origins[one], own, outcomes[one])


def with_error(value: float, mcse: float) -> str:
    """A mean score with its Monte Carlo standard error, if it has one; more digits where it is small.

    >>> with_error(0.276, 0.0013)
    '0.276±0.001'
    """
    digits = 3 if value >= 0.01 or value == 0 else 5
    least = 10.0**-digits
    if 0 < value < least / 2:
        return f"<{least:.{digits}f}"
    error = f"{mcse:.{digits}f}" if mcse >= least else f"<{least:.{digits}f}"
    return f"{value:.{digits}f}" + (f"±{error}" if mcse else "")
