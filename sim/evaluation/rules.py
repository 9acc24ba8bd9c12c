"""What rules learned from other alliances say of one: the least that a model must beat where nothing was fitted.

The base rate is (k + 1/2) events over the others' years (Jeffreys); persistence says that nothing happens; the logit
knows dependence, threat and Western ties, and was fitted to the others' state-years.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.errors import InputError, Problem
from sim.evaluation.baselines import LOGIT, Logit, constant, fit_logit, year_by_year
from sim.evaluation.history import EXIT, FREEZE, History, exposure, state_years, years_alive
from sim.evaluation.origin import Origin, covariates
from sim.model.arrays import Array
from sim.model.membership import ACTIVE

DISSOLUTION = "dissolution"
RATE, PERSISTENCE = "base rate", "persistence"
Said = dict[str, Array]
"""By question what a forecaster says: of exit and freezing (state, lead), of dissolution (1, lead)."""


class Learned(NamedTuple):
    """What other alliances teach: rates a year, and a logit of leaving."""

    alliances: tuple[str, ...]
    rates: dict[str, float]
    logit: Logit


def learned(others: Sequence[History]) -> Learned:
    """What they teach. Raises InputError where there are none."""
    if not others:
        raise InputError([Problem("alliances", "", "none to learn from", "required: the history of another")])
    counts = {
        EXIT: (sum(h.seen.left.sum() for h in others), sum(map(exposure, others))),
        FREEZE: (sum(h.seen.froze.sum() for h in others), sum(exposure(h, ACTIVE) for h in others)),
        DISSOLUTION: (sum(not h.seen.alive[-1] for h in others), sum(map(years_alive, others))),
    }
    rates = {what: float((k + 0.5) / years) for what, (k, years) in counts.items()}
    x, y = (np.concatenate(part) for part in zip(*(state_years(h, covariates(h.whole)) for h in others), strict=True))
    return Learned(tuple(h.name for h in others), rates, fit_logit(x, y, 2))


def by_rules(o: Origin, here: Array, k: Learned) -> dict[str, Said]:
    """What each rule says after an origin; ``here`` are the covariates of all states (tick, state, covariate)."""
    states = len(o.inside)
    rate = {what: constant(o, np.full(states, k.rates[what])) for what in (EXIT, FREEZE)}
    years = np.array(o.leads) * o.whole.program.alliance.dt
    rate[DISSOLUTION] = 1.0 - np.exp(-k.rates[DISSOLUTION] * years)[None]
    leaves = year_by_year(o, here, lambda x: k.logit.chances(x)[:, 1])
    return {RATE: rate, PERSISTENCE: {what: 0.0 * p for what, p in rate.items()}, LOGIT: {EXIT: leaves}}
