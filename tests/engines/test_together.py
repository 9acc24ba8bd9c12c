"""Programs that run together give, to the last bit, what each gives alone."""

from pathlib import Path

import numpy as np
import pytest

from sim.engines import ensemble
from sim.engines.ensemble import Piece, pieces, run_block, run_together, ticks_alike
from sim.estimates.side_by_side import Moment, side_by_side
from sim.model.noise import BLOCK
from sim.model.outcomes import OUTCOMES
from sim.model.tick import State
from sim.scenario.compile import Program, compile, vary
from sim.scenario.load import load
from sim.scenario.tables import Adjustment
from sim.scenario.values import Context
from tests.helpers import SIX

YEARLY = {"time.step": "year"}
BETA = {"distribution": {"family": "beta", "a": 2.0, "b": 3.0}}


def adjustment(path: str, **change: object) -> Adjustment:
    entry = {"path": path, "sources": ["command line"], **change}
    return Adjustment.model_validate(entry, context=Context(adjustable={path: (path,)}))


def varied(overrides: dict[str, object]) -> list[Program]:
    scenario = load(SIX, overrides)
    program = compile(scenario)
    start = scenario.tables.time.start
    changes = [
        ([], {}),
        ([adjustment("leader.coercion", value=0.9)], {}),
        ([adjustment("leader.coercion", scale=0.5, **{"from": start})], {}),
        ([], {"entrapment": 0.0}),
        ([adjustment("members.AAA.western_ties", shift=0.2, **{"from": start})], {"peers": 0.5}),
    ]
    return [vary(program, scenario, a, c) for a, c in changes]


def with_record() -> list[Program]:
    """Programs whose runs live through a record first."""
    outlook = Path("scenarios/csto/outlook-2023.toml")
    scenario = load(outlook, {"time.end": "2025-10-01", "time.horizons": [1, 2], "time.record_from": "2021-10-01"})
    program = compile(scenario)
    start = scenario.tables.time.start
    changes = [
        ([adjustment("leader.coercion", value=0.9, **{"from": start})], {}),
        ([adjustment("leader.coercion", value=0.1, **{"from": start})], {}),
        ([adjustment("leader.coercion", value=0.1)], {}),
        ([], {"entrapment": 0.0}),
        ([adjustment("members.ARM.western_ties", scale=2.0, **{"from": start})], {}),
    ]
    return [vary(program, scenario, a, c) for a, c in changes]


@pytest.mark.parametrize("programs", [varied(YEARLY), with_record()], ids=["six", "record"])
@pytest.mark.parametrize("wide", [1, 2, 64])
def test_together_is_alone(programs: list[Program], wide: int, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = Piece(1, slice(3, 40))
    monkeypatch.setattr(ensemble, "WIDTH", wide * piece.runs)
    alone = [list(run_block(p, 2, 1, piece.lanes)) for p in programs]
    for t, sides in enumerate(run_together(programs, 2, piece)):
        assert sorted(k for side in sides for k in side.programs) == list(range(len(programs)))
        assert max(len(side.programs) for side in sides) <= wide
        for side in sides:
            for place, k in enumerate(side.programs):
                seen = ensemble.program_record(side.record, place, piece.runs)
                for name in ("stance", "status", "exit", "reliability", "dissolution", "conduct"):
                    np.testing.assert_array_equal(getattr(seen, name), getattr(alone[k][t], name))


def test_a_shared_past_is_lived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    programs = with_record()
    assert len({ensemble.past_hash(p) for p in programs}) == 3
    assert ensemble.past_hash(programs[0]) == ensemble.past_hash(programs[1])
    lived = []
    original = ensemble.Stack.begin
    monkeypatch.setattr(ensemble.Stack, "begin", lambda s: (lived.append(s.copies), original(s))[1])
    list(run_together(programs, 1, Piece(0, slice(0, 8))))
    assert sum(lived) == 3


def test_what_is_seen_does_not_depend_on_company() -> None:
    programs = varied(YEARLY)
    piece = Piece(0, slice(0, 200))
    read = dict.fromkeys(OUTCOMES, (0, 2, 5))
    together = {(s.program, s.tick): s.values for s in side_by_side(programs, 4, piece, read)}
    for k, p in enumerate(programs):
        for s in side_by_side([p], 4, piece, {"exit": [0, 2, 5], "cohesion": [0, 2], "loyal": [2, 5]}):
            assert set(s.values) == ({"exit", "cohesion", "loyal"} - {{0: "loyal", 2: "", 5: "cohesion"}[s.tick]})
            for name, x in s.values.items():
                np.testing.assert_array_equal(x, together[k, s.tick][name])


def later() -> list[tuple[Program, Program]]:
    """Programs, each with one that differs from it later: inputs of all kinds, with and without ways of their own."""
    six, outlook = load(SIX, {"leader.war": BETA}), load("csto/outlook-2023")
    changes = [
        (six, "leader.coercion", {"value": 0.9}),
        (six, "leader.war", {"value": 0.2}),
        (six, "members.AAA.western_ties.trade", {"value": "high"}),
        (six, "disputes.AAA-BBB", {"value": 0.0}),
        (outlook, "leader.coercion", {"value": 0.9}),
        (outlook, "members.ARM.dependence.trade", {"shift": -0.3}),
    ]
    since = {six.name: "2021-05-17", outlook.name: "2025-02-01"}
    programs = {s.name: compile(s) for s in (six, outlook)}
    return [
        (programs[s.name], vary(programs[s.name], s, [adjustment(path, **way, **{"from": since[s.name]})], {}))
        for s, path, way in changes
    ]


@pytest.mark.parametrize("pair", later(), ids=lambda pair: "")
def test_what_differs_later_goes_on_from_where_it_begins_to(pair: tuple[Program, Program]) -> None:
    """The first tick that may differ is the one in which the change begins, and going on from it changes no bit."""
    base, other = pair
    assert ticks_alike(base, other) == 5
    piece, read = Piece(2, slice(7, 60)), dict.fromkeys(OUTCOMES, (0, 2, 5, 6, 9))
    states: dict[int, State] = {}

    def keep(t: int, stack: ensemble.Stack) -> None:
        assert stack.state is not None
        states[t - base.record_ticks] = stack.state

    lived, whole = (
        {v.tick: v for v in side_by_side([p], 1, piece, read, see=see)} for p, see in ((base, keep), (other, nothing))
    )
    for t in (0, 2, 5):
        for name, x in whole[t].values.items():
            np.testing.assert_array_equal(x, lived[t].values[name])
    for t in (2, 5):
        rest = {
            v.tick: v.values
            for v in side_by_side([other], 1, piece, read, since=Moment(t, states[t], lived[t].incidence))
        }
        assert sorted(rest) == [at for at in (5, 6, 9) if at > t]
        for at, values in rest.items():
            for name, x in values.items():
                np.testing.assert_array_equal(x, whole[at].values[name])
    assert any((whole[9].values[name] != lived[9].values[name]).any() for name in ("stance", "exit"))


def nothing(*_: object) -> None:
    """Nobody looks."""


def test_programs_that_differ_in_more_than_inputs_are_never_alike() -> None:
    scenario = load(SIX, YEARLY)
    base = compile(scenario)
    assert ticks_alike(base, base) == base.forecast_ticks
    assert ticks_alike(base, vary(base, scenario, [], {})) == base.forecast_ticks
    start = [adjustment("leader.coercion", value=0.9)]
    for other in (vary(base, scenario, start, {}), vary(base, scenario, [], {"peers": 0.5}), compile(scenario)):
        assert ticks_alike(base, other) == 0


def test_pieces_cover_runs_once() -> None:
    for first, last in ((0, 1), (0, BLOCK), (5, 2 * BLOCK + 7), (BLOCK, BLOCK + 1), (3, 9)):
        covered = [p.block * BLOCK + lane for p in pieces(first, last) for lane in range(BLOCK)[p.lanes]]
        assert covered == list(range(first, last))
        assert sum(p.runs for p in pieces(first, last)) == last - first
