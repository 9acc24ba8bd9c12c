"""sim.model.tick against the reference in plain Python, over random and contrived states."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import Phase, given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from sim.model import credibility, feedback, membership, tick as model
from sim.model.arrays import Coefficients, Inputs
from sim.model.declaration import Coefficient
from sim.model.tick import Alliance, Draws, Script, State, decays
from sim.model.variables import COEFFICIENTS, LeaderInputs, MemberInputs
from tests import reference

RELATIVE, ABSOLUTE, MARGIN = 1e-9, 1e-13, 1e-9
FOLLOWS = {
    ("kind", "clash", "help", "asked"): "crises and helps",
    ("kept", "broken", "grievance", "reliability"): "beliefs",
    ("stance",): "target and stance",
    ("support", "oppose", "conduct"): "conduct",
    ("exit", "side", "before", "status", "left"): "hazards, chances and move",
    ("recent_exits", "alive", "dissolution", "war"): "tick and _next",
    ("dependence", "opinion", "diversified", "punishment"): "the functions of these names",
}
"""The functions of the reference that give each field."""
STEPS = (1 / 12, 1 / 4, 1.0)
Unit = Callable[..., np.ndarray]
"""Gives arrays of a shape with entries in [0, 1]: random numbers, or hypothesis's."""


class Case(NamedTuple):
    """Everything that a tick of some runs takes."""

    state: State
    inputs: Inputs
    draws: Draws
    script: Script
    alliance: Alliance
    c: Coefficients
    dt: float


def code(unit: np.ndarray, codes: int) -> np.ndarray:
    """Whole numbers from 0 to ``codes`` - 1."""
    return np.minimum((unit * codes).astype(np.int8), codes - 1).astype(np.int8)


def coefficient(c: Coefficient, unit: np.ndarray) -> np.ndarray:
    """Values three spreads around the prior's centre, in bounds; now and then the lowest."""
    if c.family == "lognormal":
        drawn = c.centre * np.exp(3 * max(c.spread, 0.1) * (2 * unit - 1))
    else:
        drawn = c.centre + 3 * max(c.spread, 0.1) * (2 * unit - 1)
    low = c.low if math.isfinite(c.low) and c.name != "prior_weight" else drawn
    return np.asarray(np.clip(np.where(unit < 0.03, low, drawn), c.low, c.high))


def state_of(unit: Unit, rows: int, runs: int) -> State:
    """A state such as a run may come to."""
    one, all_ = (runs,), (rows, runs)
    return State(
        stance=8 * unit(all_) - 4,
        credibility=credibility.State(0.01 + 5 * unit(all_), 0.01 + 5 * unit(all_), 4 * unit(all_) - 2),
        membership=membership.State(code(unit(all_), 3), 2 * unit(one), unit(one) < 0.9),
        feedback=feedback.State(unit(all_), unit(all_), 2 * unit(all_), unit(one)),
    )


def flat(found: Any) -> dict[str, np.ndarray]:
    """The arrays of a (nested) named tuple by name."""
    arrays: dict[str, np.ndarray] = {}
    for name, value in found._asdict().items():
        arrays |= flat(value) if isinstance(value, tuple) else {name: np.asarray(value)}
    return arrays


def script_of(unit: Unit, rows: int) -> Script:
    """A script with crises, clashes and entries of some states, and a record for all."""
    shape = (rows, 1)
    kind = np.where(unit(shape) < 0.3, 1.0 + code(unit(shape), 4), 0.0)
    flags = unit((4,))
    kind = kind if flags[0] < 0.6 else np.zeros(shape)
    return Script(
        kind=kind,
        clash=(kind == 1) & (unit(shape) < 0.5),
        help=np.where(kind > 0, code(unit(shape), 3) / 2.0, 0.0),
        changes=unit(shape) < 0.2,
        enters=(unit(shape) < 0.2) & (flags[1] < 0.4),
        record=code(unit(shape), 3),
        renewal=float(flags[2]) if flags[2] < 0.5 else 0.0,
        drawn=bool(flags[3] < 0.7),
        calls=bool(kind.any()),
    )


def case(unit: Unit, rows: int, runs: int, dt: float) -> Case:
    """A case from numbers in [0, 1]."""
    one, all_ = (runs,), (rows, runs)
    pairs = ((0, 1), (1, rows - 1), (2, 3))
    own = MemberInputs(*(unit(all_) for _ in MemberInputs._fields))
    leader = LeaderInputs(*(unit(one) for _ in LeaderInputs._fields))

    def chance(shape: tuple[int, ...]) -> np.ndarray:
        return 1e-6 + (1 - 2e-6) * unit(shape)  # never within a margin of the chances 0 and 1

    members = (chance(all_) for _ in range(5))
    return Case(
        state_of(unit, rows, runs),
        Inputs(own, leader, unit((len(pairs), runs)), 4 * unit(all_) - 2, 2 * unit(one) - 1),
        Draws(8 * unit(all_) - 4, *members, chance((len(pairs), runs)), chance(one), 6 * unit(one) - 3),
        script_of(unit, rows),
        Alliance(pairs, unit((rows, 1)) < 0.7, 2, dt, motions=bool(unit((1,))[0] < 0.5)),
        Coefficients({c.name: coefficient(c, unit(one)) for c in COEFFICIENTS}),
        dt,
    )


def plain(value: Any, *at: int) -> Any:
    """A Python scalar from an array; an axis of length 1 serves all."""
    array = np.asarray(value)
    return array[tuple(min(i, n - 1) for i, n in zip(at, array.shape, strict=True))].item()


def in_words(case: Case, run: int) -> tuple[dict, dict, dict, dict, dict]:
    """One run of a case as the reference takes it: world, inputs, draws, script, coefficients."""
    rows = range(len(case.state.stance))

    def members(source: dict[str, np.ndarray]) -> list[dict]:
        return [{f: plain(x, row, run) for f, x in source.items() if x.ndim == 2} for row in rows]

    state, draws_of = flat(case.state), case.draws._asdict()
    world = {f: plain(x, run) for f, x in state.items() if x.ndim == 1}
    world |= {"pairs": case.alliance.pairs, "quorum": case.alliance.quorum, "members": members(state)}
    world["motions"] = case.alliance.motions
    for row, m in enumerate(world["members"]):
        m["admissible"] = plain(case.alliance.admissible, row, 0)
    inputs = {
        "members": members(flat(case.inputs.members)),
        "leader": {f: plain(x, run) for f, x in flat(case.inputs.leader).items()},
        "disputes": case.inputs.disputes[:, run].tolist(),
        "effects": case.inputs.effects[:, run].tolist(),
        "alliance": plain(case.inputs.alliance, run),
    }
    draws = {
        "members": members({f: x for f, x in draws_of.items() if f != "clash"}),
        "clash": case.draws.clash[:, run].tolist(),
        "leader": plain(case.draws.leader, run),
        "motion": plain(case.draws.motion, run),
    }
    script = {
        "members": members({f: x for f, x in case.script._asdict().items() if np.ndim(x) == 2}),
        "renewal": case.script.renewal,
        "drawn": case.script.drawn,
    }
    return world, inputs, draws, script, {k: plain(v, run) for k, v in vars(case.c).items()}


def agree(found: Any, expected: Any) -> bool:
    """Equal: floats to the tolerance, events and statuses exactly."""
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(found == expected)


def differences(found: Any, expected: dict, run: int) -> list[str]:
    """Where a named tuple of arrays departs from the reference, which must know all its fields.

    Fields of members are in ``expected["members"]``, those of the alliance beside it.
    """
    wrong = []
    for field, array in flat(found).items():
        shared = field in expected
        values = [expected[field]] if shared else [m[field] for m in expected["members"]]
        for row, value in enumerate(values):
            at = (run,) if shared else (row, run)
            if not agree(plain(array, *at), value):
                where = next(function for fields, function in FOLLOWS.items() if field in fields)
                found_here = f"{field}{list(at)}: {plain(array, *at)} for {value}"
                wrong.append(f"{found_here}; tests/reference.py must follow the model: see {where} there")
    return wrong


def check(case: Case) -> int:
    """Compare both kinds of tick in all runs of a case; the number of runs compared.

    The record holds no dissolution: there the alliance is alive.
    """
    d = decays(case.c, case.dt)
    s = model.standing(case.inputs, case.c, case.dt)
    live = case.script._replace(record=None)
    state, record = model.tick(case.state, case.inputs, s, case.draws, live, case.alliance, case.c, d)
    s = model.standing(case.inputs, case.c, case.dt, record=True)
    now = case.state.membership
    past = case.state._replace(membership=now._replace(alive=np.ones(now.alive.shape, dtype=bool)))
    relived = model.relive(past, case.inputs, s, case.draws.stance, case.script, case.c, d)
    compared = 0
    for run in range(now.alive.size):
        words = in_words(case, run)
        world, shown, margins = reference.tick(*words, case.dt)
        then, margins_then = reference.relive(words[0] | {"alive": True}, *words[1:], case.dt)
        if min(margins, default=1.0) > MARGIN:
            assert not differences(state, world, run)
            assert not differences(record, shown, run)
            compared += 1
        if min(margins_then, default=1.0) > MARGIN:
            assert not differences(relived, then, run)
    return compared


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize("rows", [6, 9, 30])
def test_a_tick_is_the_reference_s_in_random_states(rows: int, dt: float) -> None:
    """Floats to 1e-9, events and statuses exactly, in a record tick and a forecast tick."""
    rng = np.random.default_rng(rows)
    runs, cases = 12, 240 // rows
    compared = sum(check(case(rng.random, rows, runs, dt)) for _ in range(cases))
    assert compared > 0.99 * runs * cases


@settings(max_examples=40, phases=(Phase.explicit, Phase.generate))  # shrinking takes minutes
@given(data=st.data(), rows=st.sampled_from((6, 9)), dt=st.sampled_from(STEPS))
def test_a_tick_is_the_reference_s_in_contrived_states(data: st.DataObject, rows: int, dt: float) -> None:
    """The same where hypothesis chooses: zeros, ones and repeats are frequent."""
    elements = st.floats(0, 1, allow_subnormal=False)

    def unit(shape: tuple[int, ...]) -> np.ndarray:
        return data.draw(hnp.arrays(np.float64, shape, elements=elements))

    check(case(unit, rows, 1, dt))


def test_the_reference_s_states_hold_every_kind_of_event() -> None:
    """Else agreement would say little: crises, answers, exits, freezes, entries, dissolutions."""
    rng = np.random.default_rng(1)
    seen: set[str] = set()
    for _ in range(60):
        made = case(rng.random, 6, 1, 1.0)
        _, shown, _ = reference.tick(*in_words(made, 0), made.dt)
        seen.add("dissolution" if made.state.membership.alive[0] and not shown["alive"] else "")
        for m in shown["members"]:
            seen.add(f"kind {int(m['kind'])}")
            seen.add(f"help {m['help']:g}")
            seen.add(f"conduct {m['conduct']:g}")
            seen.add(f"{m['before']} to {m['status']}" if shown["alive"] else "")
    wanted = {f"kind {k}" for k in range(5)} | {f"{a} to {b}" for a in range(3) for b in range(3)}
    wanted -= {"0 to 1"}  # a state enters active
    wanted |= {f"{what} {k:g}" for what in ("help", "conduct") for k in (0, 0.5, 1)}
    assert wanted | {"dissolution"} <= seen
