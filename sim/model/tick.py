"""One tick: the phases of the model in their order, on one member's row or on a whole block.

The ensemble engine calls :func:`tick` on (member, run) arrays. The Mesa engine calls the same phase
functions (PHASES) agent by agent, and the same :func:`gather`, :func:`dissolve` and :func:`settle`
for what members share.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.model import conduct, credibility, crises, feedback, membership, stance
from sim.model.arrays import Array, Codes, Coefficients, Flags, Inputs, State
from sim.model.crises import Crises
from sim.model.decays import Decays
from sim.model.variables import ACTIVE, OUTSIDE

PHASES = ("ask", "answer", "believe", "stand", "behave", "decide", "feed_back")


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
    kept, broken = (np.broadcast_to(p, z.shape) for p in credibility.prior(c))
    start = stance.target(
        s.stance, credibility.reliability(kept, broken), inputs.dependence, inputs.affinity,
        inputs.opinion_mean, c,
    )  # fmt: skip
    zero = np.zeros(z.shape)
    return State(
        stance=start + c.volatility * z, kept=kept, broken=broken, opinion=inputs.opinion_mean,
        diversified=zero, punishment=zero, status=np.broadcast_to(status, z.shape),
        recent_exits=np.zeros(z.shape[-1]), war=inputs.war, alive=np.ones(z.shape[-1], dtype=bool),
    )  # fmt: skip


def ask(u: Array, status: Codes, script: Script, s: Standing) -> Array:
    """Who calls for help: the script's crises, and where they are drawn the members'."""
    if not script.drawn or s.crises is None:
        return np.broadcast_to(script.kind, status.shape)
    kind = crises.draw(u, s.crises, status != OUTSIDE)
    return np.where(script.kind > 0, script.kind, kind) if script.calls else kind


def clashes(u: Array, statuses: Sequence[Codes], s: Standing, a: Alliance) -> list[Flags]:
    """For each state whether it fights a fellow member in this tick (drawn)."""
    fights = [np.zeros(u.shape[-1:], dtype=bool) for _ in statuses]
    assert s.crises is not None
    for k, (i, j) in enumerate(a.pairs):
        fight = (statuses[i] != OUTSIDE) & (statuses[j] != OUTSIDE) & (u[k] < s.crises.clash[k])
        fights[i] = fights[i] | fight
        fights[j] = fights[j] | fight
    return fights


def answer(
    u: Array, kind: Array, fights: Flags, inputs: Inputs, state: State, script: Script,
    s: Standing, c: Coefficients,
) -> Crises:  # fmt: skip
    """The leader's answer to each call; the script's where it gives one."""
    if not script.drawn or s.crises is None:
        return Crises(kind, *(np.broadcast_to(x, kind.shape) for x in (script.clash, script.help)))
    scripted = script.kind > 0
    if script.calls:
        fights = np.where(scripted, script.clash, fights)
    kind = np.where(fights & ~scripted, 1.0, kind)
    helped = crises.answer(
        u, kind, fights, feedback.dependence(inputs, state.diversified),
        feedback.affinity(inputs, state.punishment, c), s.crises, c,
    )  # fmt: skip
    return Crises(kind, fights, np.where(scripted, script.help, helped) if script.calls else helped)


def gather(happened: Sequence[Crises], stances: Sequence[Array], statuses: Sequence[Codes]) -> Shared:
    """The sums over states that phases 2 and 3 share, added in the states' order."""
    belongs = [status != OUTSIDE for status in statuses]
    return Shared(
        asked=np.asarray(sum(1.0 * (h.kind > 0) for h in happened)),
        helped=np.asarray(sum(h.help for h in happened)),
        stances=np.asarray(sum(b * x for b, x in zip(belongs, stances, strict=True))),
        members=np.asarray(sum(1.0 * b for b in belongs)),
    )


def believe(
    state: State, happened: Crises, shared: Shared, c: Coefficients, d: Decays
) -> tuple[Array, Array]:
    """The Beta counts of the belief about the guarantee."""
    return credibility.update(
        state.kept, state.broken, 1.0 * (happened.kind > 0), happened.help,
        shared.asked, shared.helped, c, d,
    )  # fmt: skip


def stand(
    z: Array, state: State, kept: Array, broken: Array, inputs: Inputs, shared: Shared,
    s: Standing, c: Coefficients, d: Decays,
) -> Array:  # fmt: skip
    """The stance at the end of the tick."""
    goal = stance.target(
        s.stance, credibility.reliability(kept, broken),
        feedback.dependence(inputs, state.diversified),
        feedback.affinity(inputs, state.punishment, c), state.opinion, c,
    )  # fmt: skip
    pull = stance.peer_pull(state.stance, state.status != OUTSIDE, shared.stances, shared.members, c)
    return stance.adjust(state.stance, goal + pull, z, d)


def behave(u: Array, x: Array, c: Coefficients) -> tuple[Array, Array, Array]:
    """(chance of support, chance of opposition, conduct) on the motion of the tick."""
    support, oppose = conduct.chances(x, c)
    return support, oppose, conduct.choose(u, support, oppose)


def decide(
    u: Array, state: State, x: Array, inputs: Inputs, script: Script, admissible: Flags,
    s: Standing, c: Coefficients, dt: float,
) -> tuple[membership.Chances, Codes]:  # fmt: skip
    """Stay, freeze, resume, leave or enter; nothing to decide without an alliance."""
    assert s.membership is not None
    renewal = membership.renewal_factor(script.renewal, c) if script.renewal else 1.0
    p = membership.chances(
        *membership.hazards(
            state.status, x, feedback.dependence(inputs, state.diversified), state.punishment,
            state.recent_exits, renewal, admissible & state.alive, s.membership, c,
        ),
        dt,
    )  # fmt: skip
    after = membership.move(u, state.status, p)
    if script.enters.any():
        after[script.enters & state.alive & (after == OUTSIDE)] = ACTIVE
    return p, after


def feed_back(
    state: State, x: Array, happened: Crises, inputs: Inputs, s: Standing, c: Coefficients, d: Decays
) -> tuple[Array, Array, Array]:
    """The new (opinion, diversified, punishment)."""
    asked = 1.0 * (happened.kind > 0)
    shock = inputs.war - state.war
    return (
        feedback.opine(state.opinion, inputs.opinion_mean, shock, asked, happened.help, c, d),
        feedback.diversify(state.diversified, x, s.reach, d),
        feedback.punish(state.punishment, x, inputs.coercion, state.status != OUTSIDE, c, d),
    )


def left(before: Codes, after: Codes) -> Flags:
    """Who has left, whatever becomes of the alliance in the same tick."""
    return (before != OUTSIDE) & (after == OUTSIDE)


def dissolve(
    u: Array, alive: Flags, statuses: Sequence[Codes], a: Alliance, d: Decays
) -> tuple[Array, Flags]:
    """The chance that the alliance ends (1 below the quorum), and whether it lives on."""
    members = sum(1 * (status != OUTSIDE) for status in statuses)
    chance = alive * np.where(members >= a.quorum, d.leader_exit, 1.0)
    return chance, alive & (u >= chance)


def settle(
    state: State, after: Sequence[Codes], alive: Flags, d: Decays
) -> tuple[list[Codes], Array]:
    """Everybody is outside a dissolved alliance; this tick's exits become an example."""
    exits = np.asarray(sum(1.0 * left(*row) for row in zip(state.status, after, strict=True)))
    return [now * alive for now in after], membership.recall_exits(state.recent_exits, exits, d)


def tick(
    state: State, inputs: Inputs, s: Standing, draws: Draws, script: Script, a: Alliance,
    c: Coefficients, d: Decays,
) -> tuple[State, Record]:  # fmt: skip
    """A whole tick of a block of runs. Raises nothing: scenarios are checked before."""
    kind = ask(draws.crisis, state.status, script, s)
    fights: Flags = np.zeros(kind.shape, dtype=bool)
    if script.drawn and a.pairs:
        fights = np.stack(clashes(draws.clash, state.status, s, a))
    happened = answer(draws.answer, kind, fights, inputs, state, script, s, c)
    shared = gather([Crises(*row) for row in zip(*happened, strict=True)], state.stance, state.status)
    kept, broken = believe(state, happened, shared, c, d)
    x = stand(draws.stance, state, kept, broken, inputs, shared, s, c, d)
    support, oppose, motion = behave(draws.conduct, x, c)
    p, after = decide(draws.membership, state, x, inputs, script, a.admissible, s, c, d.dt)
    ended, alive = dissolve(draws.leader, state.alive, after, a, d)
    opinion, diversified, punishment = feed_back(state, x, happened, inputs, s, c, d)
    rows, recent = settle(state, after, alive, d)
    status = np.stack(rows)
    record = Record(
        happened, x, credibility.reliability(kept, broken), feedback.dependence(inputs, diversified),
        support, oppose, motion, state.status, status, left(state.status, after), p.exit, p.side, ended, alive,
    )  # fmt: skip
    return State(
        x, kept, broken, opinion, diversified, punishment, status, recent, inputs.war, alive
    ), record


def relive(
    state: State, inputs: Inputs, s: Standing, z: Array, script: Script, c: Coefficients, d: Decays
) -> State:
    """A tick of the record: crises, answers and membership are the script's, stances the model's."""
    assert script.record is not None
    happened = Crises(*(np.broadcast_to(x, z.shape) for x in (script.kind, script.clash, script.help)))
    shared = gather([Crises(*row) for row in zip(*happened, strict=True)], state.stance, state.status)
    kept, broken = believe(state, happened, shared, c, d)
    x = stand(z, state, kept, broken, inputs, shared, s, c, d)
    opinion, diversified, punishment = feed_back(state, x, happened, inputs, s, c, d)
    rows, recent = settle(state, np.broadcast_to(script.record, z.shape), state.alive, d)
    return State(
        x, kept, broken, opinion, diversified, punishment, np.stack(rows), recent, inputs.war,
        state.alive,
    )  # fmt: skip


def look(state: State, inputs: Inputs, u: Array, c: Coefficients) -> Record:
    """The record of a moment in which nothing happens: the start of a forecast."""
    support, oppose, motion = behave(u, state.stance, c)
    zero = np.zeros(state.stance.shape)
    quiet = Crises(zero, np.zeros(zero.shape, dtype=bool), zero)
    return Record(
        quiet, state.stance, credibility.reliability(state.kept, state.broken),
        feedback.dependence(inputs, state.diversified), support, oppose, motion, state.status,
        state.status, quiet.clash, zero, zero, np.zeros(state.alive.shape), state.alive,
    )  # fmt: skip
