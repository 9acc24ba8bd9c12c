"""Phase 1: who calls for help, and whether the leader answers (docs/model.md, phase 1)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.arrays import Array, Coefficients, Flags, Inputs, logistic, where
from sim.model.declaration import Coefficient, Input

THREATS = ("interstate", "separatist", "insurgency", "regime")

MEMBER_INPUTS = (
    Input(
        "dependence",
        "d_ic",
        "reliance on the leader",
        ("trade", "arms", "energy", "remittances", "basing", "regime_support"),
        (0.20, 0.20, 0.15, 0.15, 0.15, 0.15),
        also=("basing",),
    ),
    Input("threat", "T_ik", "security threat from others than the leader", THREATS, words="threat to {}"),
)
LEADER_INPUTS = (
    Input(
        "reliability",
        "R",
        "chance that a call for help is answered, before kind, dependence and affinity count",
        default=0.2,
    ),
)
COEFFICIENTS = (
    Coefficient("crisis_interstate", "lambda_1", "interstate crises at a threat of 1", "1/year").lognormal(
        0.3, 0.3, "P094, P229: requests for help in the record of 1992-2023"
    ),
    Coefficient("crisis_separatist", "lambda_2", "separatist crises at a threat of 1", "1/year").lognormal(
        0.15, 0.3, "P159, P191: separatism as a latent threat"
    ),
    Coefficient("crisis_insurgency", "lambda_3", "insurgent crises at a threat of 1", "1/year").lognormal(
        0.2, 0.3, "P022, P100: Tajikistan 1992-97 and 2010-12"
    ),
    Coefficient("crisis_regime", "lambda_4", "regime crises at a threat of 1", "1/year").lognormal(
        0.15, 0.3, "P075, P101: unrest in Kyrgyzstan and Kazakhstan"
    ),
    Coefficient("crisis_dispute", "lambda_pair", "clashes of a pair at a dispute of 1", "1/year").lognormal(
        0.4, 0.3, "P229-P232: three or four clashes between members in 31 years"
    ),
    Coefficient("help_interstate", "g_1", "log-odds of help, interstate crisis", "log-odds").normal(
        -1.0, 0.4, "P093: Armenia refused 2021-22"
    ),
    Coefficient("help_separatist", "g_2", "log-odds of help, separatist crisis", "log-odds").normal(
        -1.0, 0.4, "P099, P109"
    ),
    Coefficient("help_insurgency", "g_3", "log-odds of help, insurgency", "log-odds").normal(
        -0.5, 0.4, "P099, P100: no collective action in Tajikistan"
    ),
    Coefficient("help_regime", "g_4", "log-odds of help, regime in trouble", "log-odds").normal(
        0.5, 0.4, "P075, P076: Kazakhstan 2022, the only operation"
    ),
    Coefficient("help_dependence", "g_D", "help for dependent members", "log-odds").normal(
        1.0, 0.4, "P194, P195", low=0
    ),
    Coefficient("help_affinity", "g_A", "help for like regimes", "log-odds").normal(1.0, 0.4, "P213, P214", low=0),
    Coefficient("help_partiality", "g_P", "refusal where the leader backs the adversary", "log-odds").normal(
        2.0, 0.5, "P089, P091, P093", low=0
    ),
    Coefficient("help_clash", "g_pair", "refusal in a clash inside the pact", "log-odds").normal(
        3.0, 0.5, "P102, P112: never between members", low=0
    ),
    Coefficient("help_weakness", "g_V", "refusal for lack of capacity", "log-odds").normal(
        1.5, 0.5, "P235, P241", low=0
    ),
)


class Crises(NamedTuple):
    """One tick's calls for help. (member, run).

    ``kind`` is 0 for none, else 1 + the index in THREATS; ``help`` is 1 kept, 1/2 in part, 0 broken
    (0 where nobody asked).
    """

    kind: Array
    clash: Flags
    help: Array
    asked: Array  # 1 where somebody asked


class Standing(NamedTuple):
    """What only the environment decides. (member, run)."""

    up_to: tuple[Array, Array, Array, Array]  # chance of a crisis of the first k kinds
    clash: Array  # (pair, run) chance of a clash
    log_odds: Array  # of help, before kind, dependence and affinity


def standing(inputs: Inputs, capacity: Array, c: Coefficients, dt: float) -> Standing:
    """Chances of crises in a tick and the environment's part of the log-odds of help."""
    own, leader = inputs.members, inputs.leader
    first = c.crisis_interstate * own.interstate
    second = first + c.crisis_separatist * own.separatist
    third = second + c.crisis_insurgency * own.insurgency
    rate = third + c.crisis_regime * own.regime
    share = -np.expm1(-rate * dt) / np.maximum(rate, 1e-300)
    reliability = np.clip(leader.reliability, 1e-9, 1 - 1e-9)
    return Standing(
        up_to=(first * share, second * share, third * share, rate * share),
        clash=-np.expm1(-c.crisis_dispute * inputs.disputes * dt),
        log_odds=np.log(reliability / (1.0 - reliability))
        - c.help_weakness * (1.0 - capacity)
        - c.help_partiality * own.partiality,
    )


def draw(u: Array, s: Standing, belongs: Flags) -> Array:
    """The kind of crisis each member meets, 0 for none; only members may ask."""
    kind = np.zeros(u.shape)
    hit = where(belongs & (u < s.up_to[3]))
    drawn = u[hit]
    one, two, three = (chance[hit] for chance in s.up_to[:3])
    kind[hit] = 4.0 - (drawn < three) - (drawn < two) - (drawn < one)
    return kind


def answer(
    u: Array, kind: Array, clashing: Flags, dependence: Array, affinity: Array, s: Standing, c: Coefficients
) -> Array:
    """1 where the leader helps, 0 where it refuses or nobody asked.

    Calls are rare: the answer is worked out for those who call alone.
    """
    helped = np.zeros(kind.shape)
    calls = where(kind > 0)
    helped[calls] = u[calls] < chance(calls, kind, clashing, dependence, affinity, s, c)
    return helped


def chance(
    calls: tuple[NDArray[np.intp], ...],
    kind: Array,
    clashing: Flags,
    dependence: Array,
    affinity: Array,
    s: Standing,
    c: Coefficients,
) -> Array:
    """The chance of help of those who call, at these places of (member, run)."""
    asked, runs = kind[calls], calls[-1]
    by_kind = np.where(
        asked < 2.5,
        np.where(asked < 1.5, c.help_interstate[runs], c.help_separatist[runs]),
        np.where(asked < 3.5, c.help_insurgency[runs], c.help_regime[runs]),
    )
    log_odds = (
        s.log_odds[calls]
        + by_kind
        + c.help_dependence[runs] * dependence[calls]
        + c.help_affinity[runs] * affinity[calls]
        - c.help_clash[runs] * clashing[calls]
    )
    return logistic(log_odds)
