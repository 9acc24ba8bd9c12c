"""Programs that run together give, to the last bit, what each gives alone."""

from pathlib import Path

import numpy as np
import pytest

from sim.engines import ensemble
from sim.engines.ensemble import Piece, pieces, run_block, run_together
from sim.estimates.side_by_side import side_by_side
from sim.model.noise import BLOCK
from sim.scenario.compile import Program, compile, vary
from sim.scenario.load import load
from sim.scenario.tables import Adjustment
from sim.scenario.values import Context
from tests.helpers import SIX

YEARLY = {"time.step": "year"}


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
    together = {(s.program, s.tick): s.values for s in side_by_side(programs, 4, piece, [0, 2, 5])}
    for k, p in enumerate(programs):
        for s in side_by_side([p], 4, piece, [0, 2, 5], ["exit", "cohesion", "loyal"]):
            assert set(s.values) == {"exit", "cohesion", "loyal"}
            for name, x in s.values.items():
                np.testing.assert_array_equal(x, together[k, s.tick][name])


def test_pieces_cover_runs_once() -> None:
    for first, last in ((0, 1), (0, BLOCK), (5, 2 * BLOCK + 7), (BLOCK, BLOCK + 1), (3, 9)):
        covered = [p.block * BLOCK + lane for p in pieces(first, last) for lane in range(BLOCK)[p.lanes]]
        assert covered == list(range(first, last))
        assert sum(p.runs for p in pieces(first, last)) == last - first
