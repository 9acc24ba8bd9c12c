"""The evidence of a model: how probable its priors made the record (the marginal likelihood)."""

from functools import partial
from typing import NamedTuple

from sim.inference import smc
from sim.inference.likelihood import Target, log_likelihood
from sim.inference.smc import Settings


class Evidence(NamedTuple):
    """What one sampling found."""

    log_evidence: float  # natural logarithm
    powers: int  # powers of the likelihood up to 1


def evidence(target: Target, s: Settings) -> Evidence:
    """The log-evidence of a target, in this process.

    It is known as soon as the draws are weighed for the power 1: that of :func:`sim.inference.smc.stages` with the same
    settings to the last bit, without the moves and rounds there.
    """
    estimate = smc.serial(partial(log_likelihood, target))
    stage = smc.first(estimate, target.space.size, s)
    while (last := smc.weighed(stage)).power < 1.0:
        stage = smc.following(stage, estimate, s)
    return Evidence(last.log_evidence, stage.number + 1)
