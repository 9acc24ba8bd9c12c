"""What a stance, and the hazard of a move, are made of: the phases' own terms, from tick to tick.

For whole blocks and for one member's row, as the phases themselves.
"""

from collections.abc import Mapping

from sim.model import credibility, membership, stance
from sim.model.arrays import Array, Coefficients, Flags, Inputs
from sim.model.tick import Decays, Present, Script, Shared, Standing, State, present

Terms = Mapping[str, Array]
"""By what each is, in words; they sum to the whole."""


def goals(
    state: State, belief: credibility.State, ties: Present, shared: Shared, inputs: Inputs, s: Standing, c: Coefficients
) -> Terms:
    """What the goal of a stance is made of, the other members' pull included."""
    remembered = credibility.reliability(belief), belief.grievance
    pull = stance.peer_pull(state.stance, ties.belongs, shared.stances, shared.members, c)
    felt = stance.felt(s.stance, *remembered, ties.dependence, ties.affinity, state.feedback.opinion, c)
    return dict([*stance.coded(inputs, c), *felt, (stance.PEERS, pull)])


def of_start(state: State, shared: Shared, inputs: Inputs, s: Standing, c: Coefficients) -> Terms:
    """What the first stance is made of."""
    found = goals(state, state.credibility, present(inputs, state, c), shared, inputs, s, c)
    return stance.begin_terms(found, state.stance)


def of_stance(
    terms: Terms,
    z: Array,
    state: State,
    belief: credibility.State,
    changed: Flags,
    ties: Present,
    shared: Shared,
    inputs: Inputs,
    s: Standing,
    c: Coefficients,
    d: Decays,
) -> Terms:
    """What the stance at the end of a tick is made of, from what it was made of at its start."""
    found = goals(state, belief, ties, shared, inputs, s, c)
    return stance.adjust_terms(terms, found, state.stance, z, changed, c, d.stance)


def of_hazard(
    move: str, state: State, x: Array, ties: Present, script: Script, inputs: Inputs, s: Standing, c: Coefficients
) -> Terms:
    """What the log-hazard of a move in a tick is made of, for a state that can make it."""
    assert s.membership is not None
    renewal = membership.renewal_factor(script.renewal, c)
    punishment = state.feedback.punishment
    return membership.log_hazard(
        move, state.membership, x, ties.dependence, punishment, renewal, inputs, s.membership, c
    )
