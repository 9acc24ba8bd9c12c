"""What is reported of a tick: every quantity by name, (run,) for the alliance, (member, run) for members."""

import numpy as np

from sim.model.arrays import Array
from sim.model.cohesion import Measures, measure
from sim.model.tick import Record
from sim.model.variables import ACTIVE, FROZEN, OUTSIDE, RUNGS
from sim.outcomes.incidence import Incidence

ALLIANCE = Measures._fields
ALLIANCE_OUTCOMES = ("any_exit", "two_exits", "dissolution")
MEMBER = ("stance", "reliability", "dependence")
OUTCOMES = ("exit", "freeze")

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
    return dict(
        zip(RUNGS, (loyal, active - loyal - critical, critical, frozen, outside), strict=True)
    )


def quantities(r: Record, incidence: Incidence) -> dict[str, Array]:
    """Every quantity of a tick."""
    measures = measure(r.conduct, r.status, r.stance, r.alive)
    return {
        **measures._asdict(),
        **{name: np.asarray(getattr(r, name)) for name in MEMBER},
        **incidence.estimates(r.alive),
        **rungs(r),
    }
