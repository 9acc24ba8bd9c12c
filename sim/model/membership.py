"""Phase 5: active, frozen or outside, by competing hazards (docs/model.md, phase 5).

Two causes compete inside a tick by the exact rule for constant hazards: the chance that anything
happens is ``1 - exp(-(h1 + h2) dt)``, shared out in proportion to the hazards
(Prentice et al. 1978, 10.2307/2530374). Stance counts from that of a state without ties. Outside windows a rate g is
bounded, since a move takes some years even for those whom nothing holds: g / (1 + g theta). Each input counts once: an
offer here, since it changes what leaving costs and not what is thought of the leader, partiality and likeness in
stance.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from sim.model.arrays import Array, Codes, Coefficients, Flags, Inputs, Term, count, exp, indicator, total, where
from sim.model.declaration import BASE_RATES, TRIAL, Coefficient, Input

Status = Literal["outside", "frozen", "active"]
OUTSIDE, FROZEN, ACTIVE = 0, 1, 2
STATUSES: tuple[Status, ...] = ("outside", "frozen", "active")

MEMBER_INPUTS = (
    Input(
        "security_offer",
        "O_i",
        "a credible guarantee from outside the alliance",
        ("west", "china", "regional"),
        (1.0, 1.0, 1.0),
        words="security offer to {}",
    ),
)
LEADER_INPUTS = (
    Input("coercion", "X", "ability and will to punish", words="coercion by {}"),
    Input("domestic_crisis", "X_L", "crisis of the leader's own state, in which it lets go of others", optional=True),
)
COEFFICIENTS = (
    Coefficient("exit_rate", "h_x", "exit hazard of a state without ties, outside windows", "1/year").lognormal(
        0.004, 0.7, f"{BASE_RATES}, by the prior predictive (experiments/prior-hazards.py)"
    ),
    Coefficient(
        "alliance_effects", "w", "standard deviation of an alliance's own effect on rates", "log-hazard"
    ).normal(0.0, 0.7, "judgement: half-normal; few alliances hardly bound it", low=0),
    Coefficient("exit_stance", "k_x", "deterrence of exit by stance", "log-hazard").normal(1.5, 0.75, TRIAL, low=0),
    Coefficient("exit_delay", "theta_x", "years that a move takes at least, outside windows", "years").lognormal(
        2.0, 0.5, "judgement: notice of six months to a year, and a year or two of deciding"
    ),
    Coefficient("exit_dependence", "k_D", "deterrence of exit by coercion and dependence", "log-hazard").normal(
        4.0, 2.0, "P184, P202, P252", low=0
    ),
    Coefficient("exit_basing", "k_B", "deterrence of exit by the leader's bases", "log-hazard").normal(
        1.0, 0.5, "P186", low=0
    ),
    Coefficient("exit_offer", "k_O", "exit made easier by an outside guarantee", "log-hazard").normal(
        4.0, 2.0, "P200, P253", low=0
    ),
    Coefficient("renewal", "k_R", "exit made easier when membership must be renewed", "log-hazard").normal(
        4.6, 1.0, "P028; M016-M018: lapses of April 1999 were non-renewals", low=0
    ),
    Coefficient("contagion", "k_J", "log-hazard added by a recent exit of all members", "log-hazard").normal(
        7.0, 3.5, f"{BASE_RATES}: odds ratio 4.8 (1.5-16) within two years, of pacts of eight or so", low=0
    ),
    Coefficient("contagion_memory", "tau_J", "years in which an exit's example fades to 1/e", "years").fixed(
        2.0, BASE_RATES, low=0.05
    ),
    Coefficient("exit_punishment", "k_U", "deterrence of exit by punishment", "log-hazard").normal(
        0.5, 0.25, "P184, P202", low=0
    ),
    Coefficient("freeze_rate", "h_f", "freeze hazard of a state without ties", "1/year").lognormal(
        0.01, 0.7, "two and a half times the rate of exit; P044, P045: Uzbekistan's nominal membership; few cases"
    ),
    Coefficient("freeze_cost", "kappa", "cost of a freeze against the cost of an exit", "1").normal(
        0.5, 0.15, "P044; a freeze breaks no treaty", low=0, high=1
    ),
    Coefficient("resume_rate", "h_r", "hazard of resuming of a state without ties", "1/year").lognormal(
        0.01, 0.7, "France 1966-2009 and Greece 1974-80 outside NATO's command"
    ),
    Coefficient("entry_rate", "h_e", "entry hazard at stance 0 without regime threat", "1/year").lognormal(
        0.0015, 0.4, "P035, P055: invitations refused; M025 the only return"
    ),
    Coefficient("entry_stance", "k_ex", "entry driven by stance", "log-hazard").normal(2.0, 0.4, "P035, P041", low=0),
    Coefficient("entry_regime_threat", "k_T", "entry driven by threat to the regime", "log-hazard").normal(
        5.5, 0.5, "P041: Uzbekistan after Andijan", low=0
    ),
    Coefficient(
        "leader_exit_rate", "h_L", "hazard that the leader lets the alliance go, without a crisis of its own", "1/year"
    ).lognormal(
        0.002, 0.7, f"{BASE_RATES}: pacts dissolve at 1.36 % a year, crises included; P238 the leader values it"
    ),
    Coefficient("dissolution_crisis", "k_C", "dissolution driven by the leader's own crisis", "log-hazard").normal(
        5.5, 1.5, "judgement: at a crisis of 1 an alliance lasts a year or two; the Soviet Union of 1990-91", low=0
    ),
)


class State(NamedTuple):
    """Who belongs, and what of it is remembered."""

    status: Codes  # (member, run): OUTSIDE, FROZEN or ACTIVE
    recent_exits: Array  # (run,): a fading sum of shares of the members
    alive: Flags  # (run,)


class Decays(NamedTuple):
    """What fades in one tick. (run,)."""

    exits: Array  # what stays of the example of exits


def decays(c: Coefficients, dt: float) -> Decays:
    """The factors for a time step of ``dt`` years."""
    return Decays(exits=np.exp(-dt / c.contagion_memory))


class Standing(NamedTuple):
    """What only the environment decides: parts of log-hazards. (member, run)."""

    push: Array  # towards leaving: outside offers, the alliance's own effect
    bases: Array  # against leaving: the leader's bases
    leash: Array  # (run,) against leaving, per unit of dependence: coercion
    entry: Array  # towards entry: threat to the regime
    origin: Array  # (run,) the stance of a state without ties, from which stance counts
    dissolution: Array  # (run,) hazard a year that the leader lets the alliance go


class Chances(NamedTuple):
    """Probabilities of this tick's moves. (member, run)."""

    exit: Array
    side: Array  # active: freeze; frozen: resume; outside: entry


def coded(inputs: Inputs, c: Coefficients) -> Iterator[Term]:
    """The terms of the log-hazard of leaving that inputs alone decide."""
    yield "outside offers", c.exit_offer * inputs.members.security_offer
    yield "the alliance's own effect", inputs.alliance


def standing(inputs: Inputs, c: Coefficients) -> Standing:
    """The environment's part of the log-hazards."""
    own = inputs.members
    return Standing(
        push=total(coded(inputs, c)),
        bases=c.exit_basing * own.basing,
        leash=c.exit_dependence * inputs.leader.coercion,
        entry=c.entry_regime_threat * own.regime,
        origin=c.baseline,
        dissolution=c.leader_exit_rate * exp(c.dissolution_crisis * inputs.leader.domestic_crisis),
    )


def renewal_factor(share: float, c: Coefficients) -> Array:
    """What multiplies the exit hazard in a tick of which ``share`` lies in a renewal window.

    Averaging the hazard, not its logarithm, over the tick keeps the effect of a window the same
    whatever the time step.
    """
    return (1.0 - share) + share * exp(c.renewal)


def drift(push: Iterable[Term], recent_exits: Array, stance: Array, s: Standing, c: Coefficients) -> Iterator[Term]:
    """What makes leaving, and freezing, likelier: terms of their log-hazards."""
    yield from push
    yield "exits of others", c.contagion * recent_exits
    yield "stance", -c.exit_stance * (stance - s.origin)


def grip(dependence: Array, punishment: Array, s: Standing, c: Coefficients) -> Iterator[Term]:
    """What holds a member, more against an exit than against a freeze."""
    yield "coercion and dependence", s.leash * dependence
    yield "the leader's bases", s.bases
    yield "punishment", c.exit_punishment * punishment


def hazards(
    state: State,
    stance: Array,
    dependence: Array,
    punishment: Array,
    renewal: Array | float,
    may_join: Flags,
    s: Standing,
    c: Coefficients,
) -> tuple[Array, Array]:
    """Hazards a year of (exit, the other move): freeze if active, resume if frozen, entry if outside."""
    frozen, outside = state.status == FROZEN, state.status == OUTSIDE
    held = total(grip(dependence, punishment, s, c))
    pushed = total(drift([("coded", s.push)], state.recent_exits, stance, s, c))
    loose = pushed - c.freeze_cost * held
    leave = bounded(c.exit_rate * exp(pushed - held, most=600.0), c)
    side = bounded(np.where(frozen, c.resume_rate, c.freeze_rate) * exp(np.where(frozen, -loose, loose), most=600.0), c)
    if outside.any():
        leave = indicator(~outside) * leave
        entry = indicator(may_join) * c.entry_rate * exp(total(wish(stance, s, c)))
        side = np.where(outside, entry, side)
    return leave * renewal, side


def wish(stance: Array, s: Standing, c: Coefficients) -> Iterator[Term]:
    """What makes a state enter: terms of the log-hazard."""
    yield "threat to the regime", s.entry
    yield "stance", c.entry_stance * stance


def log_hazard(
    move: str,
    state: State,
    stance: Array,
    dependence: Array,
    punishment: Array,
    renewal: Array | float,
    inputs: Inputs,
    s: Standing,
    c: Coefficients,
) -> dict[str, Array]:
    """The log-hazard of a move (exit, freeze, resume, entry) by its terms, for a state that can make it.

    Their sum is the logarithm of what :func:`hazards` says, where that is not cut off at exp(600).
    """
    rate = vars(c)[f"{move}_rate"]
    base = "the rate of a state without ties", np.log(rate)
    if move == "entry":
        return dict([base, *wish(stance, s, c)])
    towards, hold = -1.0 if move == "resume" else 1.0, 1.0 if move == "exit" else c.freeze_cost
    terms = dict([base])
    terms |= {name: towards * x for name, x in drift(coded(inputs, c), state.recent_exits, stance, s, c)}
    terms |= {name: -towards * hold * x for name, x in grip(dependence, punishment, s, c)}
    terms["the time that a move takes"] = -np.log(slowness(exp(total(terms.items())), c))
    if move == "exit":
        terms["renewal of the treaty"] = np.log(renewal) + 0.0 * rate
    return terms


def bounded(rate: Array, c: Coefficients) -> Array:
    """A rate of moves of which each takes ``exit_delay`` at least, in the mean."""
    return np.asarray(rate / slowness(rate, c))


def slowness(rate: Array, c: Coefficients) -> Array:
    """By how much a rate is slowed because a move takes its time."""
    return 1.0 + c.exit_delay * rate


def chances(exit_hazard: Array, side_hazard: Array, dt: float) -> Chances:
    """Probabilities of the two moves within a tick."""
    either = exit_hazard + side_hazard
    happens = 1.0 - np.exp(-dt * either)
    leaves = happens * (exit_hazard / np.maximum(either, 1e-300))
    return Chances(leaves, happens - leaves)


def move(u: Array, status: Codes, p: Chances) -> Codes:
    """The status after the draw: exit first, then the other move. Moves are rare."""
    after = np.array(status)
    happens = where(u < p.exit + p.side)
    was = after[happens]
    other = np.where(was == ACTIVE, FROZEN, ACTIVE)
    after[happens] = np.where(u[happens] < p.exit[happens], OUTSIDE, other)
    return after


def cut(u: Array, before: Codes, after: Codes, p: Chances) -> Array:
    """Uniform draws, squeezed to those by which :func:`move` does what was done."""
    gone, happens = left(before, after), before != after
    either = p.exit + p.side
    low = np.where(happens, np.where(gone, 0.0, p.exit), either)
    high = np.where(happens, np.where(gone, p.exit, either), 1.0)
    return np.asarray(low + u * (high - low))


def left(before: Codes, after: Codes) -> Flags:
    """Who has left, whatever becomes of the alliance in the same tick."""
    return (before != OUTSIDE) & (after == OUTSIDE)


def dissolve(u: Array, alive: Flags, status: Codes, quorum: int, s: Standing, dt: float) -> tuple[Array, Flags]:
    """The chance that the alliance ends (1 below the quorum), and whether it lives on."""
    enough = count(status != OUTSIDE) >= quorum
    chance: Array = np.where(alive, np.where(enough, ends(s, dt), 1.0), 0.0)
    return chance, alive & (u >= chance)


def ends(s: Standing, dt: float) -> Array:
    """The chance that the leader lets the alliance go within a tick."""
    return np.asarray(-np.expm1(-s.dissolution * dt))


def remember(state: State, after: Codes, d: Decays) -> Array:
    """The fading share of members that left: this tick's become an example."""
    gone = count(left(state.status, after)) / np.maximum(count(state.status != OUTSIDE), 1.0)
    return state.recent_exits * d.exits + gone


def settle(state: State, after: Codes, alive: Flags, d: Decays) -> State:
    """Everybody is outside a dissolved alliance."""
    return State(after * alive, remember(state, after, d), alive)
