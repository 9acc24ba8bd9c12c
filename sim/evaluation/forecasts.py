"""The forecasts of a scheme: the model's, with inputs as they were and held, and those of the baseline rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.evaluation.baselines import BASELINES, LOGIT, on_covariates, without_parts
from sim.evaluation.origin import Origin, Prediction, changes
from sim.evaluation.study import BacktestTables
from sim.figures import rows
from sim.inference.forecast import Answers, Forecast, forecast, hold_inputs, let_inputs_go_on
from sim.model.arrays import Array, Flags

MODEL = "model"
INPUTS = AS_THEY_WERE, HELD, AS_PUBLISHED = tuple(rows.INPUTS)
"""What the model knows of the inputs after the origin: all, nothing, or how they moved before."""
OF_LOGIT = {AS_THEY_WERE: AS_THEY_WERE, HELD: HELD, AS_PUBLISHED: HELD}
"""What the logit knows that it is held against."""
PARTS = 16
"""Parts of the draws that are left out in turn for Monte Carlo standard errors (jackknife)."""


class Forecaster(NamedTuple):
    """Who forecasts, on which inputs, what it says of each origin, and the same with parts left out."""

    name: str
    inputs: str
    predictions: list[Prediction]
    parts: list[list[Prediction]]  # (part left out, origin); empty where nothing was drawn


@dataclass(frozen=True)
class SchemeForecasts:
    """The forecasts of a scheme."""

    scheme: str
    origins: list[Origin]
    futures: dict[str, list[Forecast]]
    """Of the model, by its inputs."""
    forecasters: list[Forecaster]

    def predictions(self, name: str, inputs: str = "") -> list[Prediction]:
        """What a forecaster says of every origin."""
        return next(f.predictions for f in self.forecasters if (f.name, f.inputs) == (name, inputs))


def forecast_scheme(scheme: str, origins: list[Origin], draws: Sequence[Array], t: BacktestTables) -> SchemeForecasts:
    """Forecast from every origin, given the posterior draws (draw, coordinate) of each fit."""
    futures: dict[str, list[Forecast]] = {}
    forecasters = []
    for kind in INPUTS:
        futures[kind] = [_futures(o, z, t, kind) for o, z in zip(origins, draws, strict=True)]
        pairs = list(zip(origins, futures[kind], strict=True))
        parts = [list(x) for x in zip(*(without_draws(o, f) for o, f in pairs), strict=True)]
        forecasters.append(Forecaster(MODEL, kind, [prediction(o, f) for o, f in pairs], parts))
    for name, rule in BASELINES.items():
        forecasters.append(_baseline(name, "", [rule(o, t.base_rate, t.seed) for o in origins]))
    for kind in dict.fromkeys(OF_LOGIT.values()):
        forecasters.append(_baseline(LOGIT, kind, [on_covariates(o, t.seed, kind == HELD) for o in origins]))
    return SchemeForecasts(scheme, origins, futures, forecasters)


def _futures(o: Origin, z: Array, t: BacktestTables, inputs: str) -> Forecast:
    program = KNOWN[inputs](o.whole.program, o.fit.ticks)
    return forecast(o.fit, o.whole, z, t.replicates, t.seed, program)


KNOWN = {AS_THEY_WERE: lambda program, _: program, HELD: hold_inputs, AS_PUBLISHED: let_inputs_go_on}
"""The program as it is known at a tick."""


def _baseline(name: str, inputs: str, predictions: list[Prediction]) -> Forecaster:
    parts = [list(x) for x in zip(*(without_parts(p, PARTS) for p in predictions), strict=True)]
    return Forecaster(name, inputs, predictions, parts)


def prediction(o: Origin, f: Forecast) -> Prediction:
    """What all futures of the model say."""
    return _mean(o, f, changes(f.status, o), slice(None))


def without_draws(o: Origin, f: Forecast) -> list[Prediction]:
    """What they say without each part of the draws in turn; the runs of a draw stay together."""
    crossed, runs = changes(f.status, o), f.status.shape[2]
    part = np.arange(runs) // (runs // f.draws) % PARTS
    return [_mean(o, f, crossed, part != k) for k in range(PARTS)]


def _mean(o: Origin, f: Forecast, crossed: Flags, runs: slice | Flags) -> Prediction:
    answers = [f.answers[m.name] for m in o.after]
    return Prediction(
        crossed[..., runs].mean(axis=2),
        [_conduct(a, m.rows, runs) for a, m in zip(answers, o.after, strict=True)],
        [a.cohesion[runs] for a in answers],
    )


def _conduct(answers: Answers, rows: tuple[int, ...], runs: slice | Flags) -> Array:
    """Mean chances of some runs, (state asked, 3)."""
    support = answers.support[list(rows)][:, runs].mean(axis=1)
    oppose = answers.oppose[list(rows)][:, runs].mean(axis=1)
    return np.stack([oppose, 1.0 - oppose - support, support], axis=1)
