"""What a mechanism is worth: the log-evidence of the model with it less without it, the error, the verdict."""

from collections.abc import Mapping, Sequence

import numpy as np

from sim.evaluation.mechanism_study import FULL, Mechanism
from sim.evaluation.written import Rows
from sim.model.arrays import Array

WORTH = 1.0
"""Difference in log-evidence from which it is worth a mention: Kass & Raftery's 2 ln B of 2."""
ERRORS = 2.0
"""Standard errors that a verdict leaves room for."""
VERDICTS = EARNS, COSTS, OPEN = "earns its place", "costs", "not told apart"
PARTS = WHOLE, BEFORE = "whole", "before"


def table(mechanisms: Mapping[str, Mechanism], found: Mapping[tuple[str, str], Array]) -> Rows:
    """A row a mechanism, from the log-evidences (seed,) by model and part.

    The held-out score is the log-evidence of the whole record less that of the years before, seed by seed. The mean
    of logarithms is too low by half their variance, which is taken to be the same for all models and so cancels.
    """
    models = [FULL, *mechanisms]
    evidence = {m: found[m, WHOLE] for m in models}
    held_out = {m: found[m, WHOLE] - found[m, BEFORE] for m in models}
    se, se_held_out = (error(list(x.values())) for x in (evidence, held_out))
    return [
        {
            "mechanism": name,
            "says": mechanism.says,
            "coefficients": " ".join(mechanism.without),
            "evidence": difference(evidence, name),
            "evidence_se": se,
            "held_out": difference(held_out, name),
            "held_out_se": se_held_out,
            "verdict": verdict(difference(evidence, name), se),
        }
        for name, mechanism in mechanisms.items()
    ]


def difference(values: Mapping[str, Array], name: str) -> float:
    """The full model's mean over seeds less that of the model without a mechanism."""
    return float(values[FULL].mean() - values[name].mean())


def pooled(values: Sequence[Array]) -> float:
    """The standard deviation over seeds (seed,), the same for all models: two seeds alone say little."""
    return float(np.sqrt(np.mean([np.var(x, ddof=1) for x in values])))


def error(values: Sequence[Array]) -> float:
    """The Monte Carlo standard error of the difference between two models' means over seeds.

    All differences share the error of the full model, so they are wrong together more than apart.
    """
    return pooled(values) * float(np.sqrt(2.0 / len(values[0])))


def verdict(difference: float, se: float) -> str:
    """By a difference of log-evidence or of held-out scores, its error on the side of caution."""
    if difference - ERRORS * se > WORTH:
        return EARNS
    return COSTS if difference + ERRORS * se < -WORTH else OPEN


def held_out_verdict(row: Mapping[str, float]) -> str:
    """What the same rule says of a row by the held-out years alone."""
    return verdict(row["held_out"], row["held_out_se"])
