"""The Mesa engine: one run, member states deciding one by one, by the same functions.

Importing Mesa changes the global multiprocessing start method, so this module is imported only where
agents run.
"""

from collections.abc import Iterator
from typing import TypeVar

import mesa
import numpy as np

from sim.engines.ensemble import Stack, joined, motion_effect, regimes, tick_draws
from sim.engines.environment import Environment, record_normals, state_at_start
from sim.model import credibility, membership, tick as phases
from sim.model.arrays import Array, Codes, Flags, Inputs, each
from sim.model.cohesion import Motion, cohesion
from sim.model.crises import Crises
from sim.model.membership import STATUSES
from sim.model.noise import BLOCK, Noise
from sim.model.tick import Draws, Record, Script, State
from sim.scenario.compile import Program

T = TypeVar("T")


def stacked(rows: list[T]) -> T:
    """What members have, each its own row, as one block."""
    return each(lambda *x: np.stack(x), *rows)


class World:
    """The environment and the chance of one block, shared by the models of its runs."""

    def __init__(self, program: Program, seed: int, block: int) -> None:
        self.program = program
        self.noise = Noise(seed, block)
        self.environment = Environment(program, self.noise)
        self.start = state_at_start(program, self.noise, slice(None))
        self.regimes = regimes([program])
        self.fact = Stack([program.fact], self.noise, slice(None), self.environment) if program.fact else None
        if self.fact:
            self.fact.begin()
        self._last: tuple[int, Inputs, Draws] | None = None

    def at(self, tick: int) -> tuple[Inputs, Draws]:
        """Inputs and draws of the whole block in a tick."""
        if self._last is None or self._last[0] != tick:
            drawn = (
                tick_draws(self.noise, tick, self.program, slice(None), changing=self.regimes)
                if tick >= self.program.record_ticks
                else self._record_draws(tick)
            )
            self._last = tick, self.environment.at(tick), drawn
        return self._last[1:]

    def _record_draws(self, tick: int) -> Draws:
        if self.fact:
            return self.fact.reveal(tick)
        none = np.zeros((len(self.program.members), BLOCK))
        z = record_normals(self.program, self.noise, tick + 1)
        return Draws(z, none, none, none, none, none[:0], none[:0], none[0], none[0])


class MemberState(mesa.Agent):
    """A member state: its own row of every array, shape (1,)."""

    model: "AllianceModel"

    def __init__(self, model: "AllianceModel", row: int, code: str) -> None:
        super().__init__(model)
        self.row = row
        self.code = code
        self.perceive()
        self.state = self.begin()
        none = np.zeros(1)
        self.happened = Crises(none, none > 0, none, none)

    def begin(self) -> State:
        """One's own part of what the record says, or the model's own beginning."""
        m, row = self.model, self.row
        if m.world.start:
            return each(lambda x: x[row, m.lanes] if x.ndim == 2 else x[m.lanes], m.world.start)
        z = record_normals(m.program, m.world.noise, 0)[row, m.lanes]
        return phases.begin(self.inputs, self.standing, z, m.program.start_status[row], m.c)

    @property
    def stance(self) -> float:
        """The stance towards the leader."""
        return float(self.state.stance[0])

    @property
    def status(self) -> str:
        """active, frozen or outside."""
        return STATUSES[int(self.state.membership.status[0])]

    def perceive(self) -> None:
        """See one's own part of the environment."""
        m = self.model
        inputs, draws = m.world.at(m.tick)
        members = each(lambda x: x[self.row, m.lanes], inputs.members)
        leader = each(lambda x: x[m.lanes], inputs.leader)
        self.inputs = Inputs(
            members, leader, inputs.disputes[:, m.lanes], inputs.effects[self.row, m.lanes], inputs.alliance[m.lanes]
        )
        shared = {"clash": draws.clash, "leader": draws.leader, "motion": draws.motion[m.lanes]}
        shared |= {} if len(draws.regime) else {"regime": draws.regime}
        own = each(lambda x: x[self.row, m.lanes], draws._replace(**dict.fromkeys(shared, draws.stance)))
        self.draws = own._replace(**shared)
        script = m.program.script[m.tick]
        record = None if script.record is None else script.record[self.row]
        self.script: Script = script._replace(
            kind=script.kind[self.row],
            clash=script.clash[self.row],
            help=script.help[self.row],
            changes=script.changes[self.row],
            enters=script.enters[self.row],
            forced=None if script.forced is None else script.forced[self.row],
            record=record,
        )
        self.standing = phases.standing(self.inputs, m.c, m.d.dt, record=record is not None)

    def ask(self) -> None:
        """Phase 1: call for help."""
        self.ties = phases.present(self.inputs, self.state, self.model.c)
        self.kind = phases.ask(self.draws.crisis, self.state.membership.status, self.script, self.standing)

    def answer(self) -> None:
        """Phase 1: get the leader's answer."""
        self.happened = phases.answer(
            self.draws.answer,
            self.kind,
            self.model.fights[self.row],
            self.ties,
            self.script,
            self.standing,
            self.model.c,
        )

    def believe(self) -> None:
        """Phase 2: learn from promises kept and broken."""
        m = self.model
        self.belief = phases.believe(self.state, self.happened, m.shared, m.c, m.d)
        self.reliability = credibility.reliability(self.belief)

    def stand(self) -> None:
        """Phase 3: move towards the target stance."""
        m = self.model
        changed = phases.changes(self.draws.regime, self.script, self.inputs, m.c, m.d.dt)
        felt = self.reliability, self.belief.grievance, changed
        self.x = phases.stand(self.draws.stance, self.state, *felt, self.ties, m.shared, self.standing, m.c, m.d)

    def behave(self) -> None:
        """Phase 4: support, abstain or oppose."""
        m = self.model
        self.conduct = phases.behave(
            self.draws.conduct, self.draws.motion, self.x, self.inputs.effects, m.program.alliance, m.c
        )

    def decide(self) -> None:
        """Phase 5: stay, freeze, resume, leave or enter."""
        m = self.model
        if self.script.record is not None:
            self.after: Codes = self.script.record
            return
        self.chances, self.after = phases.decide(
            self.draws.membership,
            self.state,
            self.x,
            self.ties,
            self.script,
            m.program.alliance.admissible[self.row],
            self.standing,
            m.c,
            m.d.dt,
        )

    def feed_back(self) -> None:
        """Phase 6: opinion, diversification, punishment."""
        m = self.model
        self.feedback = phases.feed_back(
            self.state, self.x, self.happened, self.ties, self.inputs, self.standing, m.c, m.d
        )

    def look(self) -> Record:
        """The state before the first tick of the forecast."""
        m = self.model
        self.perceive()
        u = m.world.noise.uniforms("conduct", m.tick, len(m.states))[self.row, m.lanes]
        motion = motion_effect(m.world.noise, m.tick, m.program)[m.lanes]
        return phases.look(self.state, self.inputs, u, motion, m.program.alliance, m.c)

    def record(self, after: membership.State, dissolution: Array) -> Record:
        """What the tick shows of the state, its membership settled."""
        support, oppose, conduct = self.conduct
        before = self.state.membership.status
        return Record(
            crises=self.happened,
            stance=self.x,
            reliability=self.reliability,
            dependence=self.ties.dependence,
            support=support,
            oppose=oppose,
            conduct=conduct,
            before=before,
            status=after.status,
            left=membership.left(before, self.after),
            exit=self.chances.exit,
            side=self.chances.side,
            dissolution=dissolution,
            alive=after.alive,
        )

    def settle(self, after: membership.State) -> None:
        """Take what the tick has decided as one's state."""
        self.state = State(self.x, self.belief, after, self.feedback)


class AllianceModel(mesa.Model):
    """The alliance in one run. ``record`` holds what the last tick has shown."""

    def __init__(self, world: World, lane: int) -> None:
        super().__init__()
        self.world = world
        self.program = world.program
        self.lanes = slice(lane, lane + 1)
        self.c = world.environment.coefficients.at(self.lanes)
        self.d = phases.decays(self.c, self.program.alliance.dt)
        self.tick = self.program.start.tick
        self.fights: Flags = np.zeros((len(self.program.members), 1), dtype=bool)
        self.states = [MemberState(self, i, code) for i, code in enumerate(self.program.members)]
        self.record: Record | None = None
        self.shared: phases.Shared
        self.datacollector = mesa.DataCollector(
            model_reporters={"cohesion": lambda m: m.cohesion, "members": lambda m: m.members},
            agent_reporters={"code": "code", "stance": "stance", "status": "status"},
        )

    def close(self) -> None:
        """Let Mesa forget the model: `Agent._ids` would keep it alive."""
        mesa.Agent._ids.pop(self, None)

    @property
    def cohesion(self) -> float:
        """Cohesion in the last tick."""
        return float(cohesion(self._motion())[0])

    @property
    def members(self) -> int:
        """Members beside the leader."""
        return int(self._motion().members[0])

    def _motion(self) -> Motion:
        assert self.record is not None
        return Motion(self.record.conduct, self.record.status, self.record.stance, self.record.alive)

    def _of_all(self, rows: list[Record]) -> Record:
        """The record of the alliance, from those of its members."""
        return stacked(rows)._replace(dissolution=rows[0].dissolution, alive=rows[0].alive)

    def look(self) -> Record:
        """The state before the first tick of the forecast."""
        self.record = self._of_all([state.look() for state in self.states])
        return self.record

    def step(self) -> None:
        """One tick: the phases in their order."""
        a = self.program.alliance
        for state in self.states:
            state.perceive()
        first = self.states[0]
        before = first.state.membership._replace(status=stacked([s.state.membership.status for s in self.states]))
        self.agents.do("ask")
        if first.script.drawn:
            clash = self.world.at(self.tick)[1].clash[:, self.lanes]
            self.fights = phases.clashes(clash, before.status, first.standing, a)
        self.agents.do("answer")
        stances, belongs = (
            stacked([s.state.stance for s in self.states]),
            stacked([s.ties.belongs for s in self.states]),
        )
        self.shared = phases.gather(stacked([s.happened for s in self.states]), stances, belongs)
        self.agents.do("believe")
        self.agents.do("stand")
        self.agents.do("behave")
        self.agents.do("decide")
        after = stacked([s.after for s in self.states])
        ended, alive = np.zeros(1), before.alive
        if first.script.record is None:
            leader = self.world.at(self.tick)[1].leader[self.lanes]
            assert first.standing.membership is not None
            ended, alive = membership.dissolve(
                leader, before.alive, after, a.quorum, first.standing.membership, self.d.dt
            )
        self.agents.do("feed_back")
        then = membership.settle(before, after, alive, self.d.membership)
        own = [then._replace(status=status) for status in then.status]
        if first.script.record is None:
            self.record = self._of_all([s.record(now, ended) for s, now in zip(self.states, own, strict=True)])
        for state, now in zip(self.states, own, strict=True):
            state.settle(now)
        self.tick += 1
        if self.record is not None:
            self.datacollector.collect(self)


def run_block(program: Program, seed: int, block: int, lanes: slice = slice(None)) -> Iterator[Record]:
    """As the ensemble's: the start and then every forecast tick, all lanes stepping together."""
    world = World(program, seed, block)
    models = [AllianceModel(world, lane) for lane in range(BLOCK)[lanes]]
    try:
        for t in range(program.start.tick, program.ticks):
            if t == program.record_ticks:
                yield joined([m.look() for m in models])
            for model in models:
                model.step()
            if t >= program.record_ticks:
                yield joined([m.record for m in models if m.record is not None])
    finally:
        for model in models:
            model.close()
