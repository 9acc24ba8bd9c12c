"""One tick: the phases of the model in their order, on one member's row or on a whole block.

The ensemble engine calls :func:`tick` on (member, run) arrays. The Mesa engine calls the same phase
functions (ask, answer, believe, stand, behave, decide, feed_back) agent by agent, and the same
:func:`gather`, :func:`dissolve` and :func:`settle` for what members share.
"""

from typing import Any, NamedTuple

import numpy as np

from sim.model import conduct, credibility, crises, feedback, membership, stance
from sim.model.arrays import Array, Codes, Coefficients, Flags, Inputs, State, count
from sim.model.crises import Crises
from sim.model.decays import Decays, prior
from sim.model.variables import ACTIVE, OUTSIDE


class Standing(NamedTuple):
    """What the environment alone decides; computed anew only when an input has changed."""

    stance: stance.Standing
    reach: Array
    crises: crises.Standing | None  # None in a tick of the record
    membership: membership.Standing | None


class Script(NamedTuple):
    """What a scenario prescribes for one tick. (member, 1) but for the last three."""

    kind: Array  # scripted crisis: 0 none, else 1 + index in THREATS
    clash: Flags  # whether it is a clash inside the pact
    help: Array  # the answer: 1, 1/2 or 0
    enters: Flags  # states that enter
    record: Codes | None  # membership as it happened; None where the model decides
    renewal: float  # share of the tick in a renewal window
    drawn: bool  # whether crises are drawn as well
    calls: bool  # whether `kind` has a crisis


class Draws(NamedTuple):
    """The chance of one tick. (member, run); clash (pair, run); leader (run,)."""

    stance: Array
    crisis: Array
    answer: Array
    conduct: Array
    membership: Array
    clash: Array
    leader: Array


class Alliance(NamedTuple):
    """What does not change in a run."""

    pairs: tuple[tuple[int, int], ...]  # members in dispute, by row
    admissible: Flags  # (member, 1)
    quorum: int
    dt: float


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


def standing(inputs: Inputs, c: Coefficients, dt: float, record: bool = False) -> Standing:
    """The environment's part of all phases, or of those that a tick of the record needs."""
    capacity = feedback.capacity(inputs, c)
    return Standing(
        stance.standing(inputs, capacity, c),
        feedback.reach(inputs),
        None if record else crises.standing(inputs, capacity, c, dt),
        None if record else membership.standing(inputs, c),
    )


def begin(inputs: Inputs, s: Standing, z: Array, status: Codes, c: Coefficients) -> State:
    """The state before the first tick: beliefs at the prior, stance spread around its target."""
    kept, broken = (np.broadcast_to(p, z.shape) for p in prior(c))
    start = stance.target(
        s.stance,
        credibility.reliability(kept, broken),
        inputs.dependence,
        inputs.affinity,
        inputs.opinion_mean,
        c,
    )
    zero = np.zeros(z.shape)
    return State(
        stance=start + c.volatility * z,
        kept=kept,
        broken=broken,
        opinion=inputs.opinion_mean,
        diversified=zero,
        punishment=zero,
        status=np.broadcast_to(status, z.shape),
        recent_exits=np.zeros(z.shape[-1]),
        war=inputs.war,
        alive=np.ones(z.shape[-1], dtype=bool),
    )


def present(inputs: Inputs, state: State, c: Coefficients) -> Present:
    """Ties and membership at the start of a tick."""
    return Present(
        feedback.dependence(inputs, state.diversified),
        feedback.affinity(inputs, state.punishment, c),
        1.0 * (state.status != OUTSIDE),
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
    return Crises(script.kind, script.clash, script.help, np.where(script.kind > 0, 1.0, 0.0))


NOTHING = Crises(np.zeros((1, 1)), np.zeros((1, 1), dtype=bool), np.zeros((1, 1)), np.zeros((1, 1)))
"""A tick without crises, the same for all members."""


def answer(
    u: Array,
    kind: Array,
    fights: Flags,
    ties: Present,
    script: Script,
    s: Standing,
    c: Coefficients,
) -> Crises:
    """The leader's answer to each call; the script's where it gives one."""
    if not script.drawn or s.crises is None:
        everywhere: list[Any] = [np.broadcast_to(x, kind.shape) for x in scripted(script)]
        return Crises(*everywhere)
    given = script.kind > 0
    if script.calls:
        fights = np.where(given, script.clash, fights)
    kind = np.where(fights & ~given, 1.0, kind) if fights.any() else kind
    helped = crises.answer(u, kind, fights, ties.dependence, ties.affinity, s.crises, c)
    helped = np.where(given, script.help, helped) if script.calls else helped
    return Crises(kind, fights, helped, np.where(kind > 0, 1.0, 0.0))


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


def believe(state: State, happened: Crises, shared: Shared, c: Coefficients, d: Decays) -> tuple[Array, Array]:
    """The Beta counts of the belief about the guarantee."""
    return credibility.update(
        state.kept, state.broken, happened.asked, happened.help, shared.asked, shared.helped, c, d
    )


def stand(
    z: Array,
    state: State,
    reliability: Array,
    ties: Present,
    shared: Shared,
    s: Standing,
    c: Coefficients,
    d: Decays,
) -> Array:
    """The stance at the end of the tick."""
    goal = stance.target(s.stance, reliability, ties.dependence, ties.affinity, state.opinion, c)
    pull = stance.peer_pull(state.stance, ties.belongs, shared.stances, shared.members, c)
    return stance.adjust(state.stance, goal + pull, z, d)


def behave(u: Array, x: Array, c: Coefficients) -> tuple[Array, Array, Array]:
    """(chance of support, chance of opposition, conduct) on the motion of the tick."""
    support, oppose = conduct.chances(x, c)
    return support, oppose, conduct.choose(u, support, oppose)


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
    renewal = membership.renewal_factor(script.renewal, c) if script.renewal else 1.0
    hazards = membership.hazards(
        state.status,
        x,
        ties.dependence,
        state.punishment,
        state.recent_exits,
        renewal,
        admissible & state.alive,
        s.membership,
        c,
    )
    p = membership.chances(*hazards, dt)
    after = membership.move(u, state.status, p)
    if script.enters.any():
        after[script.enters & state.alive & (after == OUTSIDE)] = ACTIVE
    return p, after


def feed_back(
    state: State,
    x: Array,
    happened: Crises,
    ties: Present,
    inputs: Inputs,
    s: Standing,
    c: Coefficients,
    d: Decays,
) -> tuple[Array, Array, Array]:
    """The new (opinion, diversified, punishment)."""
    shock = inputs.war - state.war
    return (
        feedback.opine(state.opinion, inputs.opinion_mean, shock, happened.asked, happened.help, c, d),
        feedback.diversify(state.diversified, x, s.reach, d),
        feedback.punish(state.punishment, x, inputs.coercion, ties.belongs, c, d),
    )


def left(before: Codes, after: Codes) -> Flags:
    """Who has left, whatever becomes of the alliance in the same tick."""
    return (before != OUTSIDE) & (after == OUTSIDE)


def dissolve(u: Array, alive: Flags, status: Codes, a: Alliance, d: Decays) -> tuple[Array, Flags]:
    """The chance that the alliance ends (1 below the quorum), and whether it lives on."""
    enough = count(status != OUTSIDE) >= a.quorum
    chance: Array = np.where(alive, np.where(enough, d.leader_exit, 1.0), 0.0)
    return chance, alive & (u >= chance)


def settle(state: State, after: Codes, alive: Flags, d: Decays) -> tuple[Codes, Array]:
    """Everybody is outside a dissolved alliance; this tick's exits become an example."""
    exits = count(left(state.status, after))
    return after * alive, membership.recall_exits(state.recent_exits, exits, d)


def tick(
    state: State,
    inputs: Inputs,
    s: Standing,
    draws: Draws,
    script: Script,
    a: Alliance,
    c: Coefficients,
    d: Decays,
) -> tuple[State, Record]:
    """A whole tick of a block of runs. Raises nothing: scenarios are checked before."""
    ties = present(inputs, state, c)
    kind = ask(draws.crisis, state.status, script, s)
    fights = clashes(draws.clash, state.status, s, a) if script.drawn else np.zeros(kind.shape, bool)
    happened = answer(draws.answer, kind, fights, ties, script, s, c)
    shared = gather(happened, state.stance, ties.belongs)
    kept, broken = believe(state, happened, shared, c, d)
    reliability = credibility.reliability(kept, broken)
    x = stand(draws.stance, state, reliability, ties, shared, s, c, d)
    support, oppose, motion = behave(draws.conduct, x, c)
    p, after = decide(draws.membership, state, x, ties, script, a.admissible, s, c, d.dt)
    ended, alive = dissolve(draws.leader, state.alive, after, a, d)
    opinion, diversified, punishment = feed_back(state, x, happened, ties, inputs, s, c, d)
    status, recent = settle(state, after, alive, d)
    record = Record(
        happened,
        x,
        reliability,
        ties.dependence,
        support,
        oppose,
        motion,
        state.status,
        status,
        left(state.status, after),
        p.exit,
        p.side,
        ended,
        alive,
    )
    return State(x, kept, broken, opinion, diversified, punishment, status, recent, inputs.war, alive), record


def relive(state: State, inputs: Inputs, s: Standing, z: Array, script: Script, c: Coefficients, d: Decays) -> State:
    """A tick of the record: crises, answers and membership are the script's, stances the model's.

    What the script says is the same in all runs: it stays (member, 1), as does the status.
    """
    assert script.record is not None
    ties = present(inputs, state, c)
    happened = scripted(script) if script.calls else NOTHING
    shared = gather(happened, state.stance, ties.belongs)
    kept, broken = believe(state, happened, shared, c, d)
    reliability = credibility.reliability(kept, broken)
    x = stand(z, state, reliability, ties, shared, s, c, d)
    feedback = feed_back(state, x, happened, ties, inputs, s, c, d)
    exits = count(left(state.status, script.record))
    recent = membership.recall_exits(state.recent_exits, exits, d)
    return State(x, kept, broken, *feedback, script.record, recent, inputs.war, state.alive)


def look(state: State, inputs: Inputs, u: Array, c: Coefficients) -> Record:
    """The record of a moment in which nothing happens: the start of a forecast."""
    support, oppose, motion = behave(u, state.stance, c)
    zero = np.zeros(state.stance.shape)
    never: Flags = np.zeros(zero.shape, dtype=bool)
    return Record(
        Crises(zero, never, zero, zero),
        state.stance,
        credibility.reliability(state.kept, state.broken),
        feedback.dependence(inputs, state.diversified),
        support,
        oppose,
        motion,
        state.status,
        state.status,
        never,
        zero,
        zero,
        np.zeros(state.alive.shape),
        state.alive,
    )
