"""One tick: the phases of the model in their order, on one member's row or on a whole block.

The ensemble engine calls :func:`tick` on (member, run) arrays. The Mesa engine calls the same phase
functions (ask, answer, believe, stand, behave, decide, feed_back) agent by agent, and the same
:func:`gather`, :func:`membership.dissolve` and :func:`membership.settle` for what members share.
"""

from typing import NamedTuple

import numpy as np

from sim.model import conduct, credibility, crises, feedback, membership, stance
from sim.model.arrays import Array, Codes, Coefficients, Flags, Inputs, count, each, indicator
from sim.model.crises import Crises
from sim.model.membership import ACTIVE, OUTSIDE, left


class State(NamedTuple):
    """What a tick hands to the next, by phase."""

    stance: Array
    credibility: credibility.State
    membership: membership.State
    feedback: feedback.State


class Decays(NamedTuple):
    """What fades in one tick, by phase: it depends on coefficients and the time step alone."""

    credibility: credibility.Decays
    stance: stance.Decays
    membership: membership.Decays
    feedback: feedback.Decays
    dt: float


def decays(c: Coefficients, dt: float) -> Decays:
    """The factors for a time step of ``dt`` years, computed once a run."""
    return Decays(credibility.decays(c, dt), stance.decays(c, dt), membership.decays(c, dt), feedback.decays(c, dt), dt)


class Standing(NamedTuple):
    """What the environment alone decides; computed anew only when an input has changed."""

    stance: stance.Standing
    reach: Array
    crises: crises.Standing | None  # None where none are drawn
    membership: membership.Standing | None  # None in a tick of the record


class Script(NamedTuple):
    """What a scenario prescribes for one tick. (member, 1) but for the last three."""

    kind: Array  # scripted crisis: 0 none, else 1 + index in THREATS
    clash: Flags  # whether it is a clash inside the pact
    help: Array  # the answer: 1, 1/2 or 0
    changes: Flags  # states whose regime changes
    enters: Flags  # states that enter
    record: Codes | None  # membership as it happened; None where the model decides
    renewal: float  # share of the tick in a renewal window
    drawn: bool  # whether crises are drawn as well
    calls: bool  # whether `kind` has a crisis
    forced: Codes | None = None  # the status that members take, whatever the model says; -1: what it says. (member, 1)


class Draws(NamedTuple):
    """The chance of one tick. (member, run); clash (pair, run); leader and motion (run,)."""

    stance: Array
    crisis: Array
    answer: Array
    conduct: Array
    membership: Array
    regime: Array  # (0, run) where no change of regime is drawn
    clash: Array
    leader: Array
    motion: Array


class Alliance(NamedTuple):
    """What does not change in a run."""

    pairs: tuple[tuple[int, int], ...]  # members in dispute, by row
    admissible: Flags  # (member, 1)
    quorum: int
    dt: float
    motions: bool
    """Whether motions have effects, or all are average ones."""


class Present(NamedTuple):
    """What the phases of a tick go by. (member, run)."""

    dependence: Array  # after feedback, as affinity
    affinity: Array
    belongs: Array  # 1 for a member, active or frozen


class Shared(NamedTuple):
    """Sums over members. (run,)."""

    asked: Array
    helped: Array
    stances: Array
    members: Array


class Record(NamedTuple):
    """What a tick shows. (member, run) but for the last two, (run,)."""

    crises: Crises
    stance: Array
    reliability: Array
    dependence: Array
    support: Array
    oppose: Array
    conduct: Array
    before: Codes
    status: Codes
    left: Flags  # who left of its own accord
    exit: Array  # the chance
    side: Array  # the chance of the other move
    dissolution: Array  # the chance
    alive: Flags


def standing(inputs: Inputs, c: Coefficients, dt: float, record: bool = False, drawn: bool = True) -> Standing:
    """The environment's part of all phases, or of those that a tick of the record, or one without draws, needs."""
    capacity = feedback.capacity(inputs, c)
    return Standing(
        stance.standing(inputs, capacity, c),
        feedback.reach(inputs),
        crises.standing(inputs, capacity, c, dt) if drawn and not record else None,
        None if record else membership.standing(inputs, c),
    )


def begin(inputs: Inputs, s: Standing, z: Array, status: Codes, c: Coefficients) -> State:
    """The state before the first tick: beliefs at the prior, stance spread around its target."""
    belief = credibility.State(*(np.broadcast_to(p, z.shape) for p in credibility.prior(c)))
    after = feedback.begin(inputs, z.shape)
    own = inputs.members
    remembered = credibility.reliability(belief), belief.grievance
    start = stance.target(s.stance, *remembered, own.dependence, own.affinity, after.opinion, c)
    runs = z.shape[-1]
    joined = membership.State(np.broadcast_to(status, z.shape), np.zeros(runs), np.ones(runs, dtype=bool))
    return State(start + c.volatility * z, belief, joined, after)


def present(inputs: Inputs, state: State, c: Coefficients) -> Present:
    """Ties and membership at the start of a tick."""
    return Present(
        feedback.dependence(inputs, state.feedback),
        feedback.affinity(inputs, state.feedback, c),
        indicator(state.membership.status != OUTSIDE),
    )


def ask(u: Array, status: Codes, script: Script, s: Standing) -> Array:
    """Who calls for help: the script's crises, and where they are drawn the members'."""
    if not script.drawn or s.crises is None:
        return np.broadcast_to(script.kind, status.shape)
    kind = crises.draw(u, s.crises, status != OUTSIDE)
    return np.where(script.kind > 0, script.kind, kind) if script.calls else kind


def clashes(u: Array, status: Codes, s: Standing, a: Alliance) -> Flags:
    """Which states fight a fellow member in this tick (drawn). (member, run)."""
    fights: Flags = np.zeros(status.shape, dtype=bool)
    assert s.crises is not None
    for k, (i, j) in enumerate(a.pairs):
        fight = (status[i] != OUTSIDE) & (status[j] != OUTSIDE) & (u[k] < s.crises.clash[k])
        fights[i] |= fight
        fights[j] |= fight
    return fights


def scripted(script: Script) -> Crises:
    """The script's crises and answers alone. (member, 1), the same in all runs."""
    return Crises(script.kind, script.clash, script.help, indicator(script.kind > 0))


NOTHING = Crises(np.zeros((1, 1)), np.zeros((1, 1), dtype=bool), np.zeros((1, 1)), np.zeros((1, 1)))
"""A tick without crises, the same for all members."""


def answer(u: Array, kind: Array, fights: Flags, ties: Present, script: Script, s: Standing, c: Coefficients) -> Crises:
    """The leader's answer to each call; the script's where it gives one."""
    if not script.drawn or s.crises is None:
        return each(lambda x: np.broadcast_to(x, kind.shape), scripted(script))
    given = script.kind > 0
    if script.calls:
        fights = np.where(given, script.clash, fights)
    kind = np.where(fights & ~given, 1.0, kind) if fights.any() else kind
    helped = crises.answer(u, kind, fights, ties.dependence, ties.affinity, s.crises, c)
    helped = np.where(given, script.help, helped) if script.calls else helped
    return Crises(kind, fights, helped, indicator(kind > 0))


def gather(happened: Crises, x: Array, belongs: Array) -> Shared:
    """The sums over states that phases 2 and 3 share.

    Counts are exact in any order of adding; stances are added in the states' order.
    """
    return Shared(
        asked=count(happened.asked),
        helped=count(happened.help),
        stances=np.asarray(sum(belongs * x)),
        members=count(belongs),
    )


def believe(state: State, happened: Crises, shared: Shared, c: Coefficients, d: Decays) -> credibility.State:
    """The belief about the guarantee."""
    return credibility.update(
        state.credibility, happened.asked, happened.help, shared.asked, shared.helped, c, d.credibility
    )


def changes(u: Array, script: Script, inputs: Inputs, c: Coefficients, dt: float) -> Flags:
    """Whose regime changes: the script's, and where crises are drawn and so are these."""
    return script.changes | (u < stance.unrest(inputs, c, dt)) if script.drawn and len(u) else script.changes


def stand(
    z: Array,
    state: State,
    reliability: Array,
    grievance: Array,
    changed: Flags,
    ties: Present,
    shared: Shared,
    s: Standing,
    c: Coefficients,
    d: Decays,
) -> Array:
    """The stance at the end of the tick."""
    own = reliability, grievance, ties.dependence, ties.affinity, state.feedback.opinion
    goal = stance.target(s.stance, *own, c)
    pull = stance.peer_pull(state.stance, ties.belongs, shared.stances, shared.members, c)
    return stance.adjust(state.stance, goal + pull, z, changed, c, d.stance)


def behave(u: Array, motion: Array, x: Array, own: Array, a: Alliance, c: Coefficients) -> tuple[Array, Array, Array]:
    """(chance of support, chance of opposition, conduct) on the motion of the tick.

    ``motion`` is its effect in standard deviations, of which the chances do not know; ``own`` are the states' effects.
    """
    x = x + own
    if not a.motions:
        support, oppose = conduct.chances(x, c)
        return support, oppose, conduct.choose(u, support, oppose)
    on_it = conduct.chances(x + c.motion_spread * motion, c)
    return *conduct.over_motions(x, c), conduct.choose(u, *on_it)


def decide(
    u: Array,
    state: State,
    x: Array,
    ties: Present,
    script: Script,
    admissible: Flags,
    s: Standing,
    c: Coefficients,
    dt: float,
) -> tuple[membership.Chances, Codes]:
    """Stay, freeze, resume, leave or enter; nothing to decide without an alliance."""
    assert s.membership is not None
    now = state.membership
    renewal = membership.renewal_factor(script.renewal, c) if script.renewal else 1.0
    hazards = membership.hazards(
        now, x, ties.dependence, state.feedback.punishment, renewal, admissible & now.alive, s.membership, c
    )
    p = membership.chances(*hazards, dt)
    after = membership.move(u, now.status, p)
    if script.enters.any():
        after[script.enters & now.alive & (after == OUTSIDE)] = ACTIVE
    if script.forced is not None:
        after = np.where((script.forced >= OUTSIDE) & now.alive & (now.status != OUTSIDE), script.forced, after)
    return p, after


def feed_back(
    state: State, x: Array, happened: Crises, ties: Present, inputs: Inputs, s: Standing, c: Coefficients, d: Decays
) -> feedback.State:
    """What the tick leaves: opinion, diversification, punishment."""
    return feedback.update(
        state.feedback, x, happened.asked, happened.help, inputs, s.reach, ties.belongs, c, d.feedback
    )


def tick(
    state: State, inputs: Inputs, s: Standing, draws: Draws, script: Script, a: Alliance, c: Coefficients, d: Decays
) -> tuple[State, Record]:
    """A whole tick of a block of runs. Raises nothing: scenarios are checked before."""
    now = state.membership
    ties = present(inputs, state, c)
    kind = ask(draws.crisis, now.status, script, s)
    fights = clashes(draws.clash, now.status, s, a) if script.drawn else np.zeros(kind.shape, bool)
    happened = answer(draws.answer, kind, fights, ties, script, s, c)
    shared = gather(happened, state.stance, ties.belongs)
    belief = believe(state, happened, shared, c, d)
    reliability = credibility.reliability(belief)
    changed = changes(draws.regime, script, inputs, c, d.dt)
    x = stand(draws.stance, state, reliability, belief.grievance, changed, ties, shared, s, c, d)
    support, oppose, chosen = behave(draws.conduct, draws.motion, x, inputs.effects, a, c)
    assert s.membership is not None
    p, after = decide(draws.membership, state, x, ties, script, a.admissible, s, c, d.dt)
    ended, alive = membership.dissolve(draws.leader, now.alive, after, a.quorum, s.membership, d.dt)
    then = membership.settle(now, after, alive, d.membership)
    record = Record(
        crises=happened,
        stance=x,
        reliability=reliability,
        dependence=ties.dependence,
        support=support,
        oppose=oppose,
        conduct=chosen,
        before=now.status,
        status=then.status,
        left=left(now.status, after),
        exit=p.exit,
        side=p.side,
        dissolution=ended,
        alive=alive,
    )
    return State(x, belief, then, feed_back(state, x, happened, ties, inputs, s, c, d)), record


def relive(state: State, inputs: Inputs, s: Standing, z: Array, script: Script, c: Coefficients, d: Decays) -> State:
    """A tick of the record: crises, answers and membership are the script's, stances the model's.

    What the script says is the same in all runs: it stays (member, 1), as does the status.
    """
    assert script.record is not None
    ties = present(inputs, state, c)
    happened = scripted(script) if script.calls else NOTHING
    shared = gather(happened, state.stance, ties.belongs)
    belief = believe(state, happened, shared, c, d)
    r = credibility.reliability(belief)
    x = stand(z, state, r, belief.grievance, script.changes, ties, shared, s, c, d)
    exits = membership.remember(state.membership, script.record, d.membership)
    now = membership.State(script.record, exits, state.membership.alive)
    return State(x, belief, now, feed_back(state, x, happened, ties, inputs, s, c, d))


def look(state: State, inputs: Inputs, u: Array, motion: Array, a: Alliance, c: Coefficients) -> Record:
    """The record of a moment in which nothing happens: the start of a forecast."""
    support, oppose, chosen = behave(u, motion, state.stance, inputs.effects, a, c)
    now = state.membership
    zero = np.zeros(state.stance.shape)
    never: Flags = np.zeros(zero.shape, dtype=bool)
    return Record(
        crises=Crises(zero, never, zero, zero),
        stance=state.stance,
        reliability=credibility.reliability(state.credibility),
        dependence=feedback.dependence(inputs, state.feedback),
        support=support,
        oppose=oppose,
        conduct=chosen,
        before=now.status,
        status=now.status,
        left=never,
        exit=zero,
        side=zero,
        dissolution=np.zeros(now.alive.shape),
        alive=now.alive,
    )
