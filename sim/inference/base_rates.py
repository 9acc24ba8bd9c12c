"""What pacts beside the fitted alliances tell of the rate of exit: a term of the log-likelihood.

Of their members only exits and years are known, and not what held them. They are taken to leave at the rate of a state
without ties, times a factor that is unknown (lognormal with median 1) and integrated out, so that many years of them
do not tell more than the factor lets them.
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array

NODES = np.polynomial.hermite_e.hermegauss(31)
"""Of the quadrature over the factor's logarithm."""


class OtherPacts(NamedTuple):
    """Exits of the members of other pacts, and how firmly they tell of this model's rate."""

    exits: int
    member_years: float
    spread: float
    """Standard deviation of the logarithm of the factor."""

    def log_likelihood(self, exit_rate: Array) -> Array:
        """Log-probability of so many exits (Poisson) at rates a year of a state without ties, (draw,)."""
        from scipy.special import gammaln, logsumexp

        places, weights = NODES
        expected = self.member_years * exit_rate[:, None] * np.exp(self.spread * places)
        likely = self.exits * np.log(expected) - expected - gammaln(self.exits + 1.0)
        return np.asarray(logsumexp(likely, b=weights / weights.sum(), axis=1))
