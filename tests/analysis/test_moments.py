"""What stance and hazards are made of sums to them, in both engines, whatever the scenario."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import given, settings, strategies as st

from sim.analysis.moments import Moment, moments, row_of
from sim.engines.ensemble import Piece, Stack, at_start
from sim.model import terms
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE, chances
from sim.model.noise import Noise
from sim.model.tick import changes
from sim.scenario.compile import Program, compile
from sim.scenario.load import load
from tests.helpers import SIX, six

EVENTFUL = SIX.with_name("eventful.toml")
LANES = 4
MOVES = {"exit": (ACTIVE, FROZEN), "freeze": (ACTIVE,), "resume": (FROZEN,), "entry": (OUTSIDE,)}
CHANGES = st.fixed_dictionaries(
    {
        "behaviour.regime_change": st.sampled_from([0.0, 0.4, 1.0]),
        "behaviour.grievance": st.sampled_from([0.0, 0.5]),
        "behaviour.peers": st.floats(0.0, 1.0),
        "behaviour.exit_rate": st.floats(1e-3, 2.0),
        "behaviour.exit_delay": st.floats(0.1, 5.0),
        "behaviour.freeze_rate": st.floats(1e-3, 2.0),
        "behaviour.adjustment_time": st.floats(0.2, 8.0),
        "members.AAA.security_offer.west": st.floats(0.0, 1.0),
        "leader.war": st.floats(0.0, 1.0),
    }
)


def eventful() -> Program:
    """Where everything happens."""
    return compile(load(EVENTFUL, {"behaviour.regime_change": 0.5}))


def lived(program: Program, run: int, lanes: int = LANES) -> Iterator[tuple[Stack, Moment]]:
    """Every moment of some runs, with the stack they are in."""
    ((_, stack),) = at_start([program], Noise(3, 0), Piece(0, slice(run, run + lanes)))
    for moment in moments(stack):
        yield stack, moment


def sums(stack: Stack, m: Moment) -> None:
    """Stances are the sums of their terms, and the chances of moves those that the hazards' terms make."""
    assert np.allclose(sum(m.stance.values()), m.record.stance, rtol=0, atol=1e-12)
    if not m.k:
        return
    hazard = {move: np.exp(sum(m.log_hazard(move, stack).values())) for move in MOVES}
    status, may = m.record.before, m.before.membership.alive & stack.program.alliance.admissible
    leave = np.where(status == OUTSIDE, 0.0, hazard["exit"])
    side = np.select([status == ACTIVE, status == FROZEN], [hazard["freeze"], hazard["resume"]], hazard["entry"] * may)
    p = chances(leave, side, stack.d.dt)
    np.testing.assert_allclose(p.exit, m.record.exit, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(p.side, m.record.side, rtol=1e-9, atol=1e-14)


@given(CHANGES, st.integers(0, 4000))
@settings(max_examples=15)
def test_terms_sum_to_stances_and_to_the_hazards_of_all_moves(changed: dict[str, Any], run: int) -> None:
    for stack, m in lived(six(changed), run):
        sums(stack, m)


def test_terms_sum_where_everything_happens() -> None:
    for stack, m in lived(eventful(), 0, 16):
        sums(stack, m)


def test_a_lone_change_of_regime_is_told_as_such() -> None:
    """Of two runs on the same noise, one with a change: what differs right after it is that term, and no other."""
    still, moved = ([m for _, m in lived(six({"behaviour.regime_change": share}), 0)] for share in (0.0, 0.7))
    for a, b in zip(still, moved, strict=True):
        if b.changed.any():
            for name in a.stance:
                same = np.allclose(np.broadcast_to(a.stance[name], b.changed.shape), b.stance[name])
                assert same == (name != "changes of regime")
            return
    raise AssertionError("no regime changes in these runs")


def test_agents_tell_the_same_terms() -> None:
    from sim.engines import agents

    program = eventful()
    seen = list(lived(program, 0, 1))
    model = agents.AllianceModel(agents.World(program, 3, 0), 0)
    c, d, kept = model.c, model.d, [row_of(seen[0][1].stance, row, 1) for row in range(len(program.members))]
    try:
        while model.tick < program.ticks:
            before, k = [s.state for s in model.states], model.tick + 1 - program.record_ticks
            model.step()
            for row, (state, s) in enumerate(zip(before, model.states, strict=True)):
                if k < 1:
                    continue
                stack, m = seen[k]
                around = s.inputs, s.standing, c
                changed = changes(s.draws.regime, s.script, s.inputs, c, d.dt)
                kept[row] = terms.of_stance(
                    kept[row], s.draws.stance, state, s.belief, changed, s.ties, model.shared, *around, d
                )
                hazard = terms.of_hazard("exit", state, s.x, s.ties, s.script, *around)
                assert row_of(kept[row], 0, 1) == row_of(m.stance, row, 1)
                assert row_of(hazard, 0, 1) == row_of(m.log_hazard("exit", stack), row, 1)
    finally:
        model.close()
