"""What is reported of a tick: every quantity by name, (run,) for the alliance, (member, run) for members."""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from sim.estimates.incidence import Incidence
from sim.model.arrays import Array
from sim.model.cohesion import Measures, measure
from sim.model.tick import Record
from sim.model.variables import ACTIVE, FROZEN, OUTSIDE, RUNGS

ALLIANCE = Measures._fields
ALLIANCE_OUTCOMES = ("any_exit", "two_exits", "dissolution")
MEMBER = ("stance", "reliability", "dependence")
OUTCOMES = ("exit", "freeze")
BY_MEMBER = (*OUTCOMES, *RUNGS, *MEMBER)
PROBABILITIES = (*RUNGS, *OUTCOMES, *ALLIANCE_OUTCOMES)
"""A run sees the event or does not; the spread of a probability is that of intervals.py."""

MEANING = {
    "cohesion": "mean over pairs of states of joint support, 0 to 1",
    "agreement_index": "agreement index of Hix, Noury & Roland (2005), leader included",
    "leader_agreement": "mean support of the members for the leader",
    "active_share": "share of members that are not frozen",
    "hubness": "joint support with the leader over joint support of members",
    "members": "number of members beside the leader",
    "stance_dispersion": "standard deviation of stance among members",
    "stance": "stance towards the leader, positive in favour",
    "reliability": "believed chance that the leader helps",
    "dependence": "dependence on the leader less what has moved elsewhere",
    "loyal": "probability of active membership and support",
    "absent": "probability of active membership and abstention",
    "critical": "probability of active membership and opposition",
    "frozen": "probability of frozen membership",
    "outside": "probability of being outside",
    "exit": "probability of having left by then (cumulative incidence)",
    "freeze": "probability of having frozen membership by then",
    "any_exit": "probability that some member has left by then",
    "two_exits": "probability of two or more exits by then",
    "dissolution": "probability that the alliance has been dissolved by then",
}


def rungs(r: Record) -> dict[str, Array]:
    """The probability of each rung in each run, given its stance and status.

    Loyal, absent and critical are chances, not draws: the same mean with less Monte Carlo error.
    """
    active = 1.0 * (r.status == ACTIVE)
    loyal, critical = r.support * active, r.oppose * active
    frozen, outside = 1.0 * (r.status == FROZEN), 1.0 * (r.status == OUTSIDE)
    return dict(zip(RUNGS, (loyal, active - loyal - critical, critical, frozen, outside), strict=True))


def quantities(r: Record, incidence: Incidence, names: Collection[str] | None = None) -> dict[str, Array]:
    """Every quantity of a tick, or those in ``names``."""
    kinds: dict[tuple[str, ...], Callable[[], Mapping[str, Array]]] = {
        ALLIANCE: lambda: measure(r.conduct, r.status, r.stance, r.alive)._asdict(),
        MEMBER: lambda: {name: np.asarray(getattr(r, name)) for name in MEMBER},
        (*OUTCOMES, *ALLIANCE_OUTCOMES): lambda: incidence.estimates(r.alive),
        RUNGS: lambda: rungs(r),
    }
    found: dict[str, Array] = {}
    for kind, values in kinds.items():
        wanted = [name for name in kind if names is None or name in names]
        if wanted:
            there = values()
            found |= {name: there[name] for name in wanted}
    return found
