"""Phase 1: who calls for help, and whether the leader answers (docs/model.md, phase 1)."""

from typing import NamedTuple

import numpy as np

from sim.model.arrays import Array, Coefficients, Flags, Inputs, logistic, where


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
    first = c.crisis_interstate * inputs.interstate
    second = first + c.crisis_separatist * inputs.separatist
    third = second + c.crisis_insurgency * inputs.insurgency
    rate = third + c.crisis_regime * inputs.regime
    share = -np.expm1(-rate * dt) / np.maximum(rate, 1e-300)
    reliability = np.clip(inputs.leader_reliability, 1e-9, 1 - 1e-9)
    return Standing(
        up_to=(first * share, second * share, third * share, rate * share),
        clash=-np.expm1(-c.crisis_dispute * inputs.disputes * dt),
        log_odds=np.log(reliability / (1.0 - reliability))
        - c.help_weakness * (1.0 - capacity)
        - c.help_partiality * inputs.partiality,
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
    u: Array,
    kind: Array,
    clashing: Flags,
    dependence: Array,
    affinity: Array,
    s: Standing,
    c: Coefficients,
) -> Array:
    """1 where the leader helps, 0 where it refuses or nobody asked.

    Calls are rare: the answer is worked out for those who call alone.
    """
    helped = np.zeros(kind.shape)
    calls = where(kind > 0)
    who = c.of_runs(calls[-1], HELP)
    asked = kind[calls]
    by_kind = np.where(
        asked < 2.5,
        np.where(asked < 1.5, who.help_interstate, who.help_separatist),
        np.where(asked < 3.5, who.help_insurgency, who.help_regime),
    )
    log_odds = (
        s.log_odds[calls]
        + by_kind
        + who.help_dependence * dependence[calls]
        + who.help_affinity * affinity[calls]
        - who.help_clash * clashing[calls]
    )
    helped[calls] = u[calls] < logistic(log_odds)
    return helped


HELP = (
    "help_interstate",
    "help_separatist",
    "help_insurgency",
    "help_regime",
    "help_dependence",
    "help_affinity",
    "help_clash",
)
