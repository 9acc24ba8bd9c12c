"""General roll calls: a second family of items beside the leader's own motions, read by the likelihood alone.

Of the motions of a year, on which the leader and its chief rival vote opposite, a state supports the leader with the
chance logistic(e) and opposes it with logistic(-d - e), where e = l x + g + b + u - w W: the alliance's level beside
its stance, an effect of its own, that of the year's agenda, which all states share, and its ties with the rival, as
voting blocs are not alliance stance. An item response with a discrimination (Bailey, Strezhnev & Voeten 2017,
10.1177/0022002715595700), by the year. Counts are Dirichlet-multinomial (Mosimann 1962, 10.1093/biomet/49.1-2.65):
chances scatter around these by state and year, since a year's topics lie closer to some states than to others.
"""

import numpy as np

from sim.model.arrays import Array, Coefficients, exp
from sim.model.declaration import FIXED, Coefficient

TRIED = "judgement, after a rough trial on the CSTO's roll calls: "
COEFFICIENTS = (
    Coefficient("roll_call_discrimination", "l", "what stance counts for on general motions", "1/stance").lognormal(
        0.5, 0.5, TRIED + "0.5"
    ),
    Coefficient(
        "roll_call_effects", "s_b", "standard deviation of a state's own effect on general motions", "1"
    ).lognormal(
        1.5, 0.5, "judgement: levels differ by state for reasons of their own, from a fifth to all with the leader"
    ),
    Coefficient(
        "roll_call_agenda", "s_u", "standard deviation of the effect of a year's agenda on all states", "1"
    ).lognormal(0.5, 0.7, TRIED + "0.5; more where few states share an agenda"),
    Coefficient(
        "roll_call_concentration", "n_g", "votes that chances of a state and year, by topics, are as firm as", "votes"
    ).lognormal(33.0, 0.7, TRIED + "33"),
    Coefficient("roll_call_levels", "s_g", "standard deviation of an alliance's level on general motions", "1").fixed(
        2.0, "judgement: at stance 0 an alliance's states are with their leader on 2 to 98 % of the motions"
    ),
    Coefficient("roll_call_abstention", "d_g", "how far below that opposing and not are even odds", "1").lognormal(
        1.5, 0.5, "judgement: a third of the answers abstain where the others are divided"
    ),
    Coefficient(
        "roll_call_western_ties", "w_g", "what Western ties count for on general motions beside stance", "1"
    ).fixed(0.0, FIXED, low=-np.inf),
)

LEAST = 1e-200
"""Of a parameter of the Dirichlet law: chances may underflow."""


def position(stance: Array, own: Array, ties: Array, c: Coefficients) -> Array:
    """Where states stand on general motions of an average year, (state, ...)."""
    return c.roll_call_discrimination * stance + own - c.roll_call_western_ties * ties


def effects(alliance: Array, states: Array, c: Coefficients) -> Array:
    """States' own effects with their alliance's level, from standard normal numbers."""
    return c.roll_call_levels * alliance + c.roll_call_effects * states


def chances(e: Array, c: Coefficients) -> tuple[Array, Array, Array]:
    """The probabilities (support, abstain, oppose) at positions with all effects in them."""
    up, down = exp(e, 300.0), exp(-c.roll_call_abstention - e, 300.0)
    support, oppose = up / (1.0 + up), down / (1.0 + down)
    return support, -np.expm1(-c.roll_call_abstention) / ((1.0 + up) * (1.0 + down)), oppose


def log_mass(counts: Array, e: Array, c: Coefficients) -> Array:
    """Log-probability of states' counts (state, kind), summed over states, at positions (state, ...).

    Dirichlet-multinomial; kinds are those of :func:`chances`. Nothing is computed of answers that nobody gave.
    """
    from scipy.special import gammaln

    total, firm = np.zeros(e.shape[1:]), c.roll_call_concentration
    asked, times = np.unique(counts.sum(axis=1), return_counts=True)
    for n, many in zip(asked, times, strict=True):
        total = total + many * (gammaln(firm) - gammaln(firm + n) + gammaln(n + 1.0))
    for kind, chance in zip(counts.T, chances(e, c), strict=True):
        some = np.flatnonzero(kind)
        a = np.maximum(firm * chance[some], LEAST)
        n = kind[some].reshape(-1, *(1,) * (e.ndim - 1))
        total = total + (gammaln(a + n) - gammaln(a)).sum(axis=0) - gammaln(kind + 1.0).sum()
    return np.asarray(total)


def slope(shares: Array, e: Array, c: Coefficients) -> tuple[Array, Array]:
    """First and minus the second derivative in e of a vote's mean log-probability, with answers in these shares.

    ``shares`` (kind, state, ...) of support, abstention, opposition; (state, ...).
    """
    support, _, oppose = chances(e, c)
    stood, aside, against = shares
    first = stood * (1.0 - support) - against * (1.0 - oppose) + aside * (oppose - support)
    return first, (stood + aside) * support * (1.0 - support) + (against + aside) * oppose * (1.0 - oppose)
