"""Phase 2: a Beta belief about the guarantee, and a grievance, from kept and broken promises.

A belief that forgets towards its prior is the discounted filter of West & Harrison (1997,
10.1007/b98971): evidence fades, the prior stays.
"""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Coefficients
from sim.model.declaration import BASE_RATES, TRIAL, Coefficient

COEFFICIENTS = (
    Coefficient("prior_reliability", "r_0", "reliability expected without experience", "1").normal(
        0.2, 0.05, f"{BASE_RATES}: 4 of 21 guarantees honoured", low=0.02, high=0.98
    ),
    Coefficient("prior_weight", "n_0", "crises that the prior counts for", "crises").lognormal(
        4.0, 0.3, TRIAL, low=0.1
    ),
    Coefficient("memory", "mu", "years after which an experience counts 1/e", "years").lognormal(
        8.0, 0.25, "P037, P087: grievances of 1999 and 2016 last for years", low=0.1
    ),
    Coefficient("watching", "omega", "weight of others' crises against one's own", "1").normal(
        0.25, 0.1, "P049, P122: a broken promise damages credibility for others", low=0, high=1
    ),
    Coefficient("grievance_memory", "tau_g", "years in which a grievance fades to 1/e", "years").fixed(
        4.0, "judgement: P037, P087, half of what experience lasts", low=0.05
    ),
)


class State(NamedTuple):
    """What is remembered of promises. (member, run)."""

    kept: Array  # Beta counts
    broken: Array
    grievance: Array  # a fading count of refused calls less answered ones


class Decays(NamedTuple):
    """What fades in one tick. (run,)."""

    belief: Array  # what stays of experience
    grievance: Array  # what stays of a grievance
    prior: State  # what the prior adds to the counts


def prior(c: Coefficients) -> State:
    """What there is without experience. (run,)."""
    kept = c.prior_weight * c.prior_reliability
    return State(kept, c.prior_weight - kept, np.zeros(np.shape(kept)))


def decays(c: Coefficients, dt: float) -> Decays:
    """The factors for a time step of ``dt`` years."""
    belief = np.exp(-dt / c.memory)
    kept, broken, none = prior(c)
    added = State((1.0 - belief) * kept, (1.0 - belief) * broken, none)
    return Decays(belief, np.exp(-dt / c.grievance_memory), added)


def update(
    state: State, asked: Array, helped: Array, all_asked: Array, all_helped: Array, c: Coefficients, d: Decays
) -> State:
    """Forget towards the prior, then count one's own crisis fully and those watched by ``watching``.

    ``asked`` is 1 for a member in crisis, ``helped`` what it got; ``all_*`` are sums over states.
    """
    own = 1.0 - c.watching
    kept = d.prior.kept + c.watching * all_helped
    broken = d.prior.broken + c.watching * (all_asked - all_helped)
    refused = c.watching * (all_asked - 2.0 * all_helped)
    return State(
        d.belief * state.kept + (kept + own * helped),
        d.belief * state.broken + (broken + own * (asked - helped)),
        d.grievance * state.grievance + (refused + own * (asked - 2.0 * helped)),
    )


def reliability(state: State) -> Array:
    """The mean of the belief."""
    return state.kept / (state.kept + state.broken)
