"""The Mesa engine: one run, member states deciding one by one, by the same functions.

Importing Mesa changes the global multiprocessing start method, so this module is imported only where
agents run.
"""

from collections.abc import Iterator
from typing import Any

import mesa
import numpy as np

from sim.engines.ensemble import draws_of
from sim.engines.environment import Environment
from sim.model import credibility
from sim.model import tick as phases
from sim.model.arrays import LEADER_FIELDS, MEMBER_FIELDS, MEMBER_STATE, Codes, Flags, Inputs, State
from sim.model.cohesion import Motion, cohesion
from sim.model.crises import Crises
from sim.model.decays import decays
from sim.model.noise import BLOCK, Noise
from sim.model.tick import Draws, Record, Script
from sim.model.variables import STATUSES
from sim.scenario.compile import Program


class World:
    """The environment and the chance of one block, shared by the models of its runs."""

    def __init__(self, program: Program, seed: int, block: int) -> None:
        self.program = program
        self.noise = Noise(seed, block)
        self.environment = Environment(program, self.noise)
        self._read: tuple[int, Inputs, Draws] | None = None

    def at(self, tick: int) -> tuple[Inputs, Draws]:
        """Inputs and draws of the whole block in a tick."""
        if self._read is None or self._read[0] != tick:
            drawn = (
                draws_of(self.noise, tick, self.program, slice(None))
                if tick >= self.program.record_ticks
                else self._record_draws(tick)
            )
            self._read = tick, self.environment.at(tick), drawn
        return self._read[1:]

    def _record_draws(self, tick: int) -> Draws:
        rows = len(self.program.members)
        none = np.zeros((rows, BLOCK))
        z = self.noise.normals("stance", tick + 1, rows)
        return Draws(z, none, none, none, none, none[:0], none[0])


class MemberState(mesa.Agent):
    """A member state: its own row of every array, shape (1,)."""

    model: "AllianceModel"

    def __init__(self, model: "AllianceModel", row: int, code: str) -> None:
        super().__init__(model)
        self.row = row
        self.code = code
        self.perceive()
        z = model.world.noise.normals("stance", 0, len(model.program.members))
        status = model.program.start_status[row]
        self.state = phases.begin(self.inputs, self.standing, self._own(z), status, model.c)
        self.happened = Crises(*(np.zeros(1) for _ in Crises._fields))  # type: ignore[arg-type]

    def _own(self, block: Any) -> Any:
        return block[self.row, self.model.lanes]

    @property
    def stance(self) -> float:
        """The stance towards the leader."""
        return float(self.state.stance[0])

    @property
    def status(self) -> str:
        """active, frozen or outside."""
        return STATUSES[int(self.state.status[0])]

    def perceive(self) -> None:
        """See one's own part of the environment."""
        m = self.model
        inputs, draws = m.world.at(m.tick)
        own = {f: getattr(inputs, f)[self.row, m.lanes] for f in MEMBER_FIELDS}
        shared = {f: getattr(inputs, f)[m.lanes] for f in LEADER_FIELDS}
        self.inputs = Inputs(**own, **shared, disputes=inputs.disputes[:, m.lanes])
        self.draws = Draws(*(self._own(d) for d in draws[:5]), *draws[5:])  # type: ignore[call-arg]
        script = m.program.script[m.tick]
        record = None if script.record is None else script.record[self.row]
        self.script: Script = script._replace(
            kind=script.kind[self.row],
            clash=script.clash[self.row],
            help=script.help[self.row],
            enters=script.enters[self.row],
            record=record,
        )
        self.standing = phases.standing(self.inputs, m.c, m.d.dt, record=record is not None)

    def ask(self) -> None:
        """Phase 1: call for help."""
        self.ties = phases.present(self.inputs, self.state, self.model.c)
        self.kind = phases.ask(self.draws.crisis, self.state.status, self.script, self.standing)

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
        self.kept, self.broken = phases.believe(self.state, self.happened, m.shared, m.c, m.d)
        self.reliability = credibility.reliability(self.kept, self.broken)

    def stand(self) -> None:
        """Phase 3: move towards the target stance."""
        m = self.model
        self.x = phases.stand(
            self.draws.stance,
            self.state,
            self.reliability,
            self.ties,
            m.shared,
            self.standing,
            m.c,
            m.d,
        )

    def behave(self) -> None:
        """Phase 4: support, abstain or oppose."""
        self.conduct = phases.behave(self.draws.conduct, self.x, self.model.c)

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

    def settle(self, status: Codes, recent_exits: Any, alive: Flags) -> None:
        """Take what the tick has decided as one's state."""
        self.state = State(
            self.x,
            self.kept,
            self.broken,
            *self.feedback,
            status,
            recent_exits,
            self.inputs.war,
            alive,
        )


class AllianceModel(mesa.Model):
    """The alliance in one run. ``record`` holds what the last tick has shown."""

    def __init__(self, world: World, lane: int) -> None:
        super().__init__()
        self.world = world
        self.program = world.program
        self.lanes = slice(lane, lane + 1)
        self.c = world.environment.coefficients.of_runs(self.lanes)
        self.d = decays(self.c, self.program.alliance.dt)
        self.tick = 0
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

    def _stacked(self, name: str) -> Any:
        return np.stack([np.asarray(getattr(s.state, name)) for s in self.states])

    @property
    def state(self) -> State:
        """The state of all members, (member, 1)."""
        first = self.states[0].state
        fields = (self._stacked(f) for f in MEMBER_STATE)
        return State(*fields, first.recent_exits, first.war, first.alive)  # type: ignore[call-arg]

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

    def look(self) -> Record:
        """The state before the first tick of the forecast."""
        u = self.world.noise.uniforms("conduct", self.tick, len(self.states))[:, self.lanes]
        for state in self.states:
            state.perceive()
        rows = [s.inputs for s in self.states]
        inputs = rows[0]._replace(dependence=np.stack([r.dependence for r in rows]))
        self.record = phases.look(self.state, inputs, u, self.c)
        return self.record

    def step(self) -> None:
        """One tick: the phases in their order."""
        a = self.program.alliance
        for state in self.states:
            state.perceive()
        first = self.states[0]
        before = self._stacked("status")
        self.agents.do("ask")
        if first.script.drawn:
            clash = self.world.at(self.tick)[1].clash[:, self.lanes]
            self.fights = phases.clashes(clash, before, first.standing, a)
        self.agents.do("answer")
        happened = self._happened()
        belongs = np.stack([s.ties.belongs for s in self.states])
        self.shared = phases.gather(happened, self._stacked("stance"), belongs)
        self.agents.do("believe")
        self.agents.do("stand")
        self.agents.do("behave")
        self.agents.do("decide")
        after = np.stack([s.after for s in self.states])
        ended, alive = np.zeros(1), first.state.alive
        if first.script.record is None:
            leader = self.world.at(self.tick)[1].leader[self.lanes]
            ended, alive = phases.dissolve(leader, first.state.alive, after, a, self.d)
        self.agents.do("feed_back")
        all_of_us = first.state._replace(status=before)
        statuses, recent = phases.settle(all_of_us, after, alive, self.d)
        if first.script.record is None:
            self.record = self._record(happened, before, after, statuses, ended, alive)
        for state, status in zip(self.states, statuses, strict=True):
            state.settle(status, recent, alive)
        self.tick += 1
        if self.record is not None:
            self.datacollector.collect(self)

    def _happened(self) -> Crises:
        return Crises(*(np.stack(rows) for rows in zip(*(s.happened for s in self.states), strict=True)))

    def _record(self, happened: Crises, before: Codes, after: Codes, status: Codes, ended: Any, alive: Flags) -> Record:
        def stack(values: Any) -> Any:
            return np.stack(list(values))

        s = self.states
        return Record(  # type: ignore[call-arg]
            happened,
            stack(m.x for m in s),
            stack(m.reliability for m in s),
            stack(m.ties.dependence for m in s),
            *(stack(m.conduct[k] for m in s) for k in range(3)),
            before,
            status,
            phases.left(before, after),
            stack(m.chances.exit for m in s),
            stack(m.chances.side for m in s),
            ended,
            alive,
        )


def run_block(program: Program, seed: int, block: int, lanes: slice = slice(None)) -> Iterator[Record]:
    """As the ensemble's: the start and then every forecast tick, all lanes stepping together."""
    world = World(program, seed, block)
    models = [AllianceModel(world, lane) for lane in range(BLOCK)[lanes]]
    try:
        for t in range(program.ticks):
            if t == program.record_ticks:
                yield _joined([m.look() for m in models])
            for model in models:
                model.step()
            if t >= program.record_ticks:
                yield _joined([m.record for m in models if m.record is not None])
    finally:
        for model in models:
            model.close()


def _joined(records: list[Record]) -> Record:
    """One-run records side by side, as the ensemble's record of those lanes."""
    happened = Crises(*(np.concatenate(x, axis=-1) for x in zip(*(r.crises for r in records), strict=True)))
    rest = (np.concatenate(x, axis=-1) for x in zip(*(r[1:] for r in records), strict=True))
    return Record(happened, *rest)
