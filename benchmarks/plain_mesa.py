"""The model the plain Mesa way: one run at a time, agents with scalar attributes, draws one by one.

This is what an ordinary user of Mesa 3 would write from docs/model.md, and write well: Python
floats and ``math``, no arrays, ``agents.do`` only where all must have finished before others go on.
It is the yardstick of benchmarks/speed.py, and one more account of the model for
tests/engines/test_plain_mesa.py. Only forecasts: there is no record to live through.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import mesa

from sim.engines.environment import Environment
from sim.model.arrays import Inputs
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.noise import Noise
from sim.model.tick import Script
from sim.model.variables import LeaderInputs, MemberInputs
from sim.scenario.compile import Program

LARGEST = 700.0


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a run meets in one tick and has no part in."""

    members: list[Any]
    """Each member's inputs by name."""
    leader: Any
    disputes: list[float]
    kinds: list[int]
    helps: list[float]
    clashes: list[bool]
    enters: list[bool]
    changes: list[bool]
    renewal: float
    drawn: bool


@dataclass(frozen=True, slots=True)
class Life:
    """A run's coefficients and scenes, as Python numbers."""

    c: SimpleNamespace
    scenes: list[Scene]
    dt: float
    pairs: tuple[tuple[int, int], ...]
    admissible: list[bool]
    status: list[int]
    quorum: int
    motions: bool


def scene(inputs: Inputs, script: Script, lane: int) -> Scene:
    """One lane of a tick."""
    own = [values[:, lane].tolist() for values in inputs.members]
    return Scene(
        members=[MemberInputs(*values) for values in zip(*own, strict=True)],
        leader=LeaderInputs(*(values[lane].item() for values in inputs.leader)),
        disputes=inputs.disputes[:, lane].tolist(),
        kinds=[int(k) for k in script.kind[:, 0]],
        helps=script.help[:, 0].tolist(),
        clashes=script.clash[:, 0].tolist(),
        enters=script.enters[:, 0].tolist(),
        changes=script.changes[:, 0].tolist(),
        renewal=script.renewal,
        drawn=script.drawn,
    )


def lives(program: Program, seed: int, runs: int, block: int = 0) -> list[Life]:
    """Inputs and coefficients of the first runs of a block; their chance is their own."""
    if program.record_ticks:
        raise ValueError("a scenario with a record: plain Mesa runs forecasts alone")
    environment = Environment(program, Noise(seed, block))
    scenes: list[list[Scene]] = [[] for _ in range(runs)]
    for t in range(program.ticks):
        inputs = environment.at(t)
        for lane in range(runs):
            scenes[lane].append(scene(inputs, program.script[t], lane))
    a = program.alliance
    return [
        Life(
            c=SimpleNamespace(**{k: v.item() for k, v in vars(coefficients).items()}),
            scenes=scenes[lane],
            dt=a.dt,
            pairs=a.pairs,
            admissible=a.admissible[:, 0].tolist(),
            status=program.start_status[:, 0].tolist(),
            quorum=a.quorum,
            motions=a.motions,
        )
        for lane in range(runs)
        for coefficients in (environment.coefficients.at(lane),)
    ]


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    return 1.0 / (1.0 + math.exp(min(-x, LARGEST)))


class Member(mesa.Agent):
    """A member state."""

    model: "Alliance"

    def __init__(self, model: "Alliance", row: int, status: int, admissible: bool) -> None:
        super().__init__(model)
        c = model.c
        self.row = row
        self.uniform, self.normal = model.random.random, model.random.gauss
        self.status = status
        self.admissible = admissible
        self.kept = c.prior_weight * c.prior_reliability
        self.broken = c.prior_weight - self.kept
        self.grievance = 0.0
        self.diversified = 0.0
        self.punishment = 0.0
        self.kind = 0
        self.clashing = False
        self.help = 0.0
        self.support = 0.0
        self.after = status
        self.look()
        self.opinion = self.inputs.opinion
        self.stance = self.target() + c.volatility * self.normal(0.0, 1.0)
        self.effect = self.normal(0.0, c.state_effects) if c.state_effects else 0.0

    def look(self) -> None:
        """See the tick's inputs, and one's ties as they have become."""
        i = self.inputs = self.model.scene.members[self.row]
        self.dependence = i.dependence * (1.0 - self.diversified)
        self.affinity = i.affinity - self.model.c.punishment_affinity * self.punishment

    def ask(self) -> None:
        """Phase 1: meet a crisis, the script's or one's own."""
        self.look()
        scene = self.model.scene
        self.kind, self.clashing = scene.kinds[self.row], scene.clashes[self.row]
        self.help = scene.helps[self.row]
        if self.kind == 0 and scene.drawn and self.status != OUTSIDE:
            self.kind = self.crisis()

    def crisis(self) -> int:
        """The kind of crisis drawn, 0 for none."""
        c, i = self.model.c, self.inputs
        first = c.crisis_interstate * i.interstate
        second = first + c.crisis_separatist * i.separatist
        third = second + c.crisis_insurgency * i.insurgency
        rate = third + c.crisis_regime * i.regime
        if rate == 0.0 or self.uniform() >= 1.0 - math.exp(-rate * self.model.dt):
            return 0
        which = self.uniform() * rate
        return 1 if which < first else 2 if which < second else 3 if which < third else 4

    def appeal(self) -> None:
        """Phase 1: the leader's answer."""
        scene = self.model.scene
        if self.kind == 0 or scene.kinds[self.row] or not scene.drawn:
            return
        c = self.model.c
        log_odds = (
            self.model.readiness
            + self.model.help_by_kind[self.kind]
            + c.help_dependence * self.dependence
            + c.help_affinity * self.affinity
            - c.help_partiality * self.inputs.partiality
            - c.help_clash * self.clashing
        )
        self.help = 1.0 if self.uniform() < logistic(log_odds) else 0.0

    def act(self) -> None:
        """Phases 2 to 6, which read others' state as it was gathered."""
        self.believe()
        self.stand()
        self.behave()
        self.decide()
        self.feed_back()

    def believe(self) -> None:
        """Phase 2: the Beta counts of promises kept and broken."""
        m, c = self.model, self.model.c
        asked = 1.0 if self.kind else 0.0
        kept = c.watching * m.all_helped + (1.0 - c.watching) * self.help
        broken = c.watching * (m.all_asked - m.all_helped) + (1.0 - c.watching) * (asked - self.help)
        self.kept = m.stays_belief * self.kept + m.prior_kept + kept
        self.broken = m.stays_belief * self.broken + m.prior_broken + broken
        refused = c.watching * (m.all_asked - 2.0 * m.all_helped) + (1.0 - c.watching) * (asked - 2.0 * self.help)
        self.grievance = m.stays_grievance * self.grievance + refused

    def target(self) -> float:
        """Phase 3: the stance aimed at, peers aside."""
        m, c, i = self.model, self.model.c, self.inputs
        need = (
            c.salience_interstate * i.interstate
            + c.salience_separatist * i.separatist
            + c.salience_insurgency * i.insurgency
            + c.salience_regime * i.regime
        )
        return (
            c.baseline
            + c.dependence * self.dependence
            + c.protection * m.capacity * self.kept / (self.kept + self.broken) * need
            + c.affinity * self.affinity
            + c.opinion * (self.opinion - 0.5)
            - c.western_ties * i.western_ties
            - c.entrapment * m.scene.leader.confrontation * (i.western_ties + i.target_ties)
            - c.hierarchy * m.scene.leader.hierarchy * i.autonomy
            - c.partiality * i.partiality
            - c.other_ties * i.other_ties
            + c.institution * i.institution
            - c.grievance * self.grievance
        )

    def stand(self) -> None:
        """Phase 3: move towards the target, which fellows' stances shift."""
        m = self.model
        goal = self.target()
        fellows, total = m.members, m.stances
        if self.status != OUTSIDE:
            fellows, total = fellows - 1, total - self.stance
        if fellows > 0:
            goal += m.c.peers * (total / fellows - self.stance)
        gap = self.stance - goal
        if self.regime_changes():
            gap *= 1.0 - m.c.regime_change
        self.stance = goal + gap * m.stays_stance + m.shake * self.normal(0.0, 1.0)

    def regime_changes(self) -> bool:
        """Phase 3: whether another regime comes to power."""
        m = self.model
        if m.c.regime_change == 0.0:
            return False
        unrest = 1.0 - math.exp(-m.c.regime_change_rate * self.inputs.regime * m.dt)
        return m.scene.changes[self.row] or (m.scene.drawn and self.uniform() < unrest)

    def behave(self) -> None:
        """Phase 4: support, abstain or oppose."""
        c = self.model.c
        u, x = self.uniform(), self.stance + self.effect + self.model.motion
        if u < logistic(c.oppose_below - x):
            self.support = 0.0
        elif u < 1.0 - logistic(x - c.support_above):
            self.support = 0.5
        else:
            self.support = 1.0

    def hazards(self) -> tuple[float, float]:
        """Phase 5: hazards a year of exit and of the other move."""
        m, c, i = self.model, self.model.c, self.inputs
        if self.status == OUTSIDE:
            if not (self.admissible and m.alive):
                return 0.0, 0.0
            side = c.entry_stance * self.stance + c.entry_regime_threat * i.regime
            return 0.0, c.entry_rate * math.exp(min(side, LARGEST))
        grip = (
            c.exit_dependence * m.scene.leader.coercion * self.dependence
            + c.exit_basing * i.basing
            + c.exit_punishment * self.punishment
        )
        drift = (
            c.exit_offer * i.security_offer
            + c.contagion * m.recent_exits
            - c.exit_stance * (self.stance - c.baseline)
            + m.effect
        )
        leaves = c.exit_rate * math.exp(min(drift - grip, 600.0))
        leaves *= m.renewal / (1.0 + leaves * c.exit_delay)
        loose = drift - c.freeze_cost * grip
        if self.status == ACTIVE:
            side = c.freeze_rate * math.exp(min(loose, 600.0))
        else:
            side = c.resume_rate * math.exp(min(-loose, 600.0))
        return leaves, side / (1.0 + side * c.exit_delay)

    def decide(self) -> None:
        """Phase 5: stay, freeze, resume, leave or enter."""
        m = self.model
        leaves, side = self.hazards()
        either = leaves + side
        self.after = self.status
        if self.uniform() < 1.0 - math.exp(-m.dt * either):
            if self.uniform() * either < leaves:
                self.after = OUTSIDE
            else:
                self.after = FROZEN if self.status == ACTIVE else ACTIVE
        if m.scene.enters[self.row] and m.alive and self.after == OUTSIDE:
            self.after = ACTIVE

    def feed_back(self) -> None:
        """Phase 6: opinion, diversification, punishment."""
        m, c, i = self.model, self.model.c, self.inputs
        opinion = i.opinion + (self.opinion - i.opinion) * m.stays_opinion - m.war_falls
        if self.kind:
            opinion += c.opinion_promise * (2.0 * self.help - 1.0)
        self.opinion = min(max(opinion, 0.0), 1.0)
        self.punishment *= m.stays_punishment
        if self.stance < 0.0:
            reach = min(i.western_ties + i.other_ties, 1.0)
            self.diversified += m.moves_dependence * max(reach - self.diversified, 0.0)
            if self.status != OUTSIDE:
                self.punishment -= c.punishment * m.scene.leader.coercion * m.dt * self.stance


class Alliance(mesa.Model):
    """The alliance: what members share, and the order of phases."""

    def __init__(self, life: Life, seed: int | None = None) -> None:
        super().__init__(seed=seed)
        c = self.c = life.c
        dt = self.dt = life.dt
        self.life = life
        self.scene = life.scenes[0]
        self.alive = True
        self.recent_exits = 0.0
        self.effect = self.random.gauss(0.0, c.alliance_effects) if c.alliance_effects else 0.0
        self.war = self.scene.leader.war
        self.help_by_kind = (0.0, c.help_interstate, c.help_separatist, c.help_insurgency, c.help_regime)
        self.stays_belief = math.exp(-dt / c.memory)
        self.prior_kept = (1.0 - self.stays_belief) * c.prior_weight * c.prior_reliability
        self.prior_broken = (1.0 - self.stays_belief) * c.prior_weight - self.prior_kept
        self.stays_grievance = math.exp(-dt / c.grievance_memory)
        self.stays_stance = math.exp(-dt / c.adjustment_time)
        self.shake = c.volatility * math.sqrt(1.0 - self.stays_stance**2)
        self.stays_exits = math.exp(-dt / c.contagion_memory)
        self.stays_opinion = math.exp(-dt / c.opinion_memory)
        self.stays_punishment = math.exp(-dt / c.punishment_memory)
        self.moves_dependence = 1.0 - math.exp(-dt * c.diversification)
        self.perceive()
        self.states = [
            Member(self, row, status, admissible)
            for row, (status, admissible) in enumerate(zip(life.status, life.admissible, strict=True))
        ]
        self.datacollector = mesa.DataCollector(
            model_reporters={"cohesion": Alliance.cohesion}, agent_reporters={"stance": "stance", "status": "status"}
        )

    def perceive(self) -> None:
        """What the environment decides for all members alike."""
        c, leader = self.c, self.scene.leader
        self.capacity = leader.capacity * (1.0 - c.overstretch * leader.war)
        base = min(max(leader.reliability, 1e-9), 1.0 - 1e-9)
        self.readiness = math.log(base / (1.0 - base)) - c.help_weakness * (1.0 - self.capacity)
        self.war_falls = c.opinion_war * max(leader.war - self.war, 0.0)
        lets_go = c.leader_exit_rate * math.exp(c.dissolution_crisis * leader.domestic_crisis)
        self.lets_go = 1.0 - math.exp(-self.dt * lets_go)
        share = self.scene.renewal
        self.renewal = 1.0 - share + share * math.exp(c.renewal) if share else 1.0

    def clash(self) -> None:
        """Phase 1: pairs in dispute fight; the script's crises stand."""
        if not self.scene.drawn:
            return
        for (i, j), dispute in zip(self.life.pairs, self.scene.disputes, strict=True):
            a, b = self.states[i], self.states[j]
            if a.status == OUTSIDE or b.status == OUTSIDE:
                continue
            if self.random.random() < 1.0 - math.exp(-self.c.crisis_dispute * dispute * self.dt):
                for fighter in (a, b):
                    if not self.scene.kinds[fighter.row]:
                        fighter.kind, fighter.clashing = 1, True

    def gather(self) -> None:
        """Sums over members that phases 2 and 3 share, and the motion that is the same for all."""
        self.motion = self.random.gauss(0.0, self.c.motion_spread) if self.life.motions else 0.0
        self.all_asked = self.all_helped = self.stances = 0.0
        self.members = 0
        for state in self.states:
            if state.kind:
                self.all_asked += 1.0
                self.all_helped += state.help
            if state.status != OUTSIDE:
                self.stances += state.stance
                self.members += 1

    def settle(self) -> None:
        """Count exits; end an alliance that its leader leaves or in which too few remain."""
        exits = remaining = 0
        for state in self.states:
            if state.after != OUTSIDE:
                remaining += 1
            elif state.status != OUTSIDE:
                exits += 1
        if self.alive and (remaining < self.life.quorum or self.random.random() < self.lets_go):
            self.alive = False
        for state in self.states:
            state.status = state.after if self.alive else OUTSIDE
        self.recent_exits = self.recent_exits * self.stays_exits + exits / max(self.members, 1)
        self.war = self.scene.leader.war

    def cohesion(self) -> float:
        """Joint support: the mean of s_i s_j over all pairs of the alliance's states."""
        total = squares = 0.0
        members = 0
        for state in self.states:
            if state.status != OUTSIDE:
                members += 1
            if state.status == ACTIVE:
                total += state.support
                squares += state.support * state.support
        if not members:
            return 0.0
        pairs = members * (members + 1) / 2
        return ((total * total - squares) / 2 + total) / pairs

    def step(self) -> None:
        """One tick: the phases in their order."""
        self.scene = self.life.scenes[self.steps - 1]
        self.perceive()
        self.agents.do("ask")
        self.clash()
        self.agents.do("appeal")
        self.gather()
        self.agents.do("act")
        self.settle()
        self.datacollector.collect(self)


def run(life: Life, seed: int) -> Alliance:
    """One run, whole. Its data collector holds stances, statuses and cohesion of every tick."""
    model = Alliance(life, seed)
    for _ in life.scenes:
        model.step()
    mesa.Agent._ids.pop(model, None)  # else Mesa keeps every model of the process alive
    return model


def runs(program: Program, seed: int, number: int) -> Iterator[Any]:
    """So many runs, one after the other."""
    for k, life in enumerate(lives(program, seed, number)):
        yield run(life, seed * 1_000_003 + k)
