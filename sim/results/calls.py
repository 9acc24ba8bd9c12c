"""What a run makes of the calls for help that its scenario scripts: how severe each is, how likely help was, what it
taught. Seen in the block of runs that says what is uncertain, so it costs no run.
"""

import datetime as dt
from typing import Any, NamedTuple

import numpy as np

from sim.engines.ensemble import Stack
from sim.estimates.intervals import quantiles_over_draws, runs_together
from sim.model import credibility, crises, feedback
from sim.model.arrays import Array, Flags
from sim.model.membership import OUTSIDE
from sim.model.tick import present
from sim.scenario.compile import Program
from sim.scenario.load import Scenario
from sim.scenario.tables import ANSWERS, ClashEvent, CrisisEvent


class Call(NamedTuple):
    """A state's call for help in the scenario."""

    date: dt.date
    row: int
    kind: str
    """Of threat, or a clash between members."""
    answer: float


def scripted(scenario: Scenario, program: Program) -> dict[tuple[int, int], Call]:
    """The calls of forecast ticks by tick and row; of two of a state in one tick the model reads the last."""
    found = {}
    for e in scenario.tables.events:
        if not isinstance(e, CrisisEvent | ClashEvent) or not program.dates[0] <= e.date < program.dates[-1]:
            continue
        asking, kind = ([e.member], e.threat) if isinstance(e, CrisisEvent) else (e.between, e.kind)
        for state in asking:
            row = program.members.index(state)
            found[program.tick_of(e.date), row] = Call(e.date, row, kind, ANSWERS[e.answer])
    return dict(sorted(found.items(), key=lambda item: (item[1].date, item[1].row)))


class Calls:
    """Watches runs before each tick."""

    def __init__(self, scenario: Scenario, program: Program) -> None:
        self.calls = scripted(scenario, program)
        self.program, self.together = program, runs_together([program])
        self._found: dict[str, list[Array]] = {}
        self._inside: dict[int, Array] = {}
        self._before: dict[tuple[int, int], Array] = {}

    def see(self, t: int, stack: Stack) -> None:
        """Before tick t: what the tick before has taught, and who calls in this one."""
        if now := [row for tick, row in self.calls if tick == t]:
            self._ask(t, now, stack)
        for when, tick in (("after", t - 1), ("before", t)):
            if asking := [row for k, row in self.calls if k == tick]:
                self._believe(when, tick, asking, stack)

    def _ask(self, t: int, rows: list[int], stack: Stack) -> None:
        """How large the threat is, and the chance of help."""
        assert stack.state is not None
        inputs, _ = stack.around(t)
        standing = crises.standing(inputs, feedback.capacity(inputs, stack.c), stack.c, self.program.alliance.dt)
        shape = stack.state.stance.shape
        script, ties = self.program.script[t], present(inputs, stack.state, stack.c)
        calls = np.repeat(rows, shape[1]), np.tile(np.arange(shape[1]), len(rows))
        kind, clash = np.broadcast_to(script.kind, shape), np.broadcast_to(script.clash, shape)
        chance = crises.chance(calls, kind, clash, ties.dependence, ties.affinity, standing, stack.c)
        threats = {kind: getattr(inputs.members, kind) for kind in crises.THREATS}
        for row, x in zip(rows, chance.reshape(len(rows), -1), strict=True):
            pair = self._clash(row, script.clash)
            kind_of = crises.THREATS[int(script.kind[row, 0]) - 1]
            threat = threats[kind_of][row] if pair is None else inputs.disputes[pair]
            self._note("chance", self._over_draws(x))
            self._note("severity", np.asarray(threat.mean()))
        belongs = (stack.state.membership.status != OUTSIDE).mean(axis=1) >= 0.5
        self._inside[t] = belongs & ~np.isin(np.arange(len(belongs)), rows)

    def _clash(self, row: int, clash: Flags) -> int | None:
        """Which pair in dispute fights, of which a state is one."""
        pairs = enumerate(self.program.alliance.pairs)
        return next((k for k, pair in pairs if row in pair and clash[list(pair)].all()), None)

    def _believe(self, when: str, t: int, rows: list[int], stack: Stack) -> None:
        """What each state believes of the leader, and on average the members that do not call in the tick."""
        assert stack.state is not None
        belief = np.broadcast_to(credibility.reliability(stack.state.credibility), stack.state.stance.shape)
        watching = self._inside[t]
        every = np.where(watching[:, None], self._over_draws(belief), np.nan)
        for row in rows:
            own = np.array(every)
            own[row] = self._over_draws(belief[row])
            self._note(when, own)
            change = belief[row] - self._before.setdefault((t, row), belief[row])
            if when == "after":
                self._note("change", quantiles_over_draws(change, -1.0, 1.0, self.together))
            mean = belief[watching].mean(axis=0) if watching.any() else np.full(belief.shape[1], np.nan)
            self._note(f"watching_{when}", self._over_draws(mean))

    def _over_draws(self, x: Array) -> Array:
        return quantiles_over_draws(x, runs=self.together)

    def _note(self, name: str, x: Array) -> None:
        self._found.setdefault(name, []).append(x)

    def variables(self) -> dict[str, Any]:
        """Of a dataset, by call: its coordinates too. Nothing where nobody calls."""
        if not self.calls:
            return {}
        p, own = self.program, self.calls.values()
        data: dict[str, Any] = {
            f"call_{name}": (("call", *dims), np.stack(self._found[name]), {"long_name": says, "units": "1"})
            for name, (dims, says) in ABOUT.items()
        }
        data["call_answer"] = ("call", np.array([c.answer for c in own]), {"long_name": ANSWER, "units": "1"})
        days = np.array([c.date for c in own], dtype="datetime64[s]")
        data["call_date"] = ("call", days, {"long_name": "Day of the call"})
        who = np.array([p.members[c.row] for c in own], dtype=object)
        data["call_member"] = ("call", who, {"long_name": "Who calls"})
        data["call_kind"] = ("call", np.array([c.kind for c in own], dtype=object), {"long_name": "Kind of threat"})
        return data


ANSWER = "Answer of the scenario: 1 help, 1/2 help in part, 0 none"
ABOUT: dict[str, tuple[tuple[str, ...], str]] = {
    "severity": ((), "Coded threat of that kind to who calls; in a clash the coded dispute"),
    "chance": (("quantile",), "Chance of help by the model, had the scenario not said the answer"),
    "before": (("member", "quantile"), "Believed reliability of the leader before the tick of the call"),
    "after": (("member", "quantile"), "Believed reliability of the leader after it"),
    "change": (("quantile",), "What the tick of the call adds to the belief of who calls"),
    "watching_before": (("quantile",), "The same before, on average over members that do not call in that tick"),
    "watching_after": (("quantile",), "The same after, on average over them"),
}
"""Variables by name without ``call_``: further dimensions, and what each is."""
