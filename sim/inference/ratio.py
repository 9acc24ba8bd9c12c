"""The evidence of one model from the stages of another, of which only the likelihood differs.

Where both have the same priors, the evidence of the other over that of the first is the mean, over the first's
posterior, of the ratio of their likelihoods (importance sampling; Gelman & Meng 1998, 10.1214/ss/1028905934). It is
exact with estimated likelihoods too, where those of the first are the ones that the sampler has kept (their chance is a
coordinate of its target: Andrieu & Roberts 2009, 10.1214/07-AOS574) and those of the other are fresh.

Where too few draws are effective the two part earlier: the same holds between the powers p of both likelihoods, from
the latest stage of the first's tempering that leaves enough draws effective; the other is tempered from there on. The
prior, power 0, always will do: that is a sampling of the other model by itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.inference.smc import (
    Estimate,
    Row,
    Settings,
    Stage,
    effective,
    following,
    log_mean,
    next_power,
    parts_of,
    resampled,
)

ENOUGH = 0.125
"""Share of the draws that must be effective where the two models part."""
OTHER = 3_000_009
"""Name of a stream."""


class Evidence(NamedTuple):
    """The evidence of a model: how probable its priors made the record (the marginal likelihood)."""

    log_evidence: float  # natural logarithm
    error: float  # Monte Carlo, of its ratio to the first's, by effective numbers: as if draws were independent
    effective: float  # draws, in the step that leaves fewest
    power: float  # where it parts from the first: 1 is the posterior, 0 the prior
    steps: int  # 1 from the posterior, and one a power that it is tempered by


def own(stages: Sequence[Stage]) -> Evidence:
    """The evidence of the model that was sampled."""
    rows = tempering(stages)
    left = [r.effective for r in rows]
    return Evidence(rows[-1].log_evidence, error(left, stages), min(left), 0.0, len(rows))


def tempering(stages: Sequence[Stage]) -> list[Row]:
    """What is known of each step from the prior to the power 1, without the rounds there."""
    last = stages[-1]
    return [r for r in last.rows[1:] if r.stage <= last.number - last.at_one + 1]


def error(left: Sequence[float], stages: Sequence[Stage]) -> float:
    """Of a logarithm after steps that leave so many draws effective."""
    return float(np.sqrt(sum(1.0 / n - 1.0 / len(stages[-1].z) for n in left)))


def ratio(stages: Sequence[Stage], other: Estimate, s: Settings) -> Evidence:
    """The evidence of another model from the stages of the first.

    Parameters
    ----------
    stages : of the first model, from the prior to the posterior at the power 1.
    other : estimates of the other's log-likelihood, of the same coordinates.
    s : how the first was sampled.
    """
    tempered = [stage for stage in stages if stage.power < 1.0]
    for stage in (stages[-1], *reversed(tempered)):
        fresh = other(stage.z, (s.seed, OTHER, stage.number + 1))
        log_weights = stage.power * (fresh - stage.log_likelihood)
        if effective(log_weights) >= ENOUGH * s.draws:
            break
    steps = [log_weights]
    if stage.power < 1.0:
        chosen = resampled(log_weights, (s.seed, OTHER, stage.number + 1))
        parts = parts_of(other, stage.z.shape[1], s)
        now = Stage(stage.rows, stage.z[chosen], fresh[chosen, None], stage.steps)
        while (power := next_power(now.power, now.log_likelihood, s.draws)) < 1.0:
            steps.append((power - now.power) * now.log_likelihood)
            now = following(now, parts, s)
        steps.append((1.0 - now.power) * now.log_likelihood)
    left = [effective(x) for x in steps]
    apart = [r.effective for r in tempering(stages) if r.power > stage.power]  # of the first, on the same way
    found = stage.rows[-1].log_evidence + sum(log_mean(x) for x in steps)
    return Evidence(found, error([*left, *apart], stages), min(left), stage.power, len(steps))
