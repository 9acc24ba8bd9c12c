"""One model, two engines: Mesa gives what numpy gives, to the last bit."""

from pathlib import Path

import numpy as np
import pytest

from sim.engines import agents, ensemble
from sim.estimates.intervals import Uncertainty
from sim.estimates.summary import statistics
from sim.model.noise import BLOCK
from sim.model.tick import Record
from sim.results.replay import same
from sim.results.run import run, simulate
from sim.scenario.compile import Program, compile
from sim.scenario.load import load
from sim.storage.effort import Effort
from tests.helpers import SIX
from tests.scenarios import of_size


def compiled(folder: Path, members: int, step: str = "quarter") -> Program:
    return compile(load(of_size(folder, members), {"time.step": step}))


def flat(record: Record) -> list[np.ndarray]:
    return [*record.crises, *record[1:]]


@pytest.mark.parametrize("members", [5, 9, 30])
def test_agents_equal_the_ensemble(tmp_path: Path, members: int) -> None:
    program = compiled(tmp_path, members, "year")
    for block, lanes in ((0, slice(0, 3)), (2, slice(BLOCK - 2, BLOCK))):
        numpy_run = ensemble.run_block(program, 7, block, lanes)
        mesa_run = agents.run_block(program, 7, block, lanes)
        for a, b in zip(numpy_run, mesa_run, strict=True):
            for x, y in zip(flat(a), flat(b), strict=True):
                assert np.shape(x) == np.shape(y)
                np.testing.assert_array_equal(x, y)


def test_agents_equal_the_ensemble_through_the_record() -> None:
    program = compile(load("csto/outlook-2023", {"time.step": "year", "time.record_from": "2013-10-01"}))
    a = list(ensemble.run_block(program, 3, 0, slice(5, 8)))
    b = list(agents.run_block(program, 3, 0, slice(5, 8)))
    assert all(same(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("effects", [0.0, 0.7])
def test_agents_equal_the_ensemble_where_states_and_motions_have_effects(effects: float) -> None:
    """From a posterior's start, and from the model's own."""
    switches = {"behaviour.state_effects": effects, "alliance.motions": "drawn"}
    outlook = load("csto/outlook-2023", {"time.step": "year", "time.record_from": "2021-10-01"} | switches)
    for program in (compile(outlook), compile(load(SIX, {"time.step": "year"} | switches))):
        a = list(ensemble.run_block(program, 3, 0, slice(5, 8)))
        b = list(agents.run_block(program, 3, 0, slice(5, 8)))
        assert all(same(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("members", [5, 9])
def test_results_of_both_engines_are_the_same_bytes(tmp_path: Path, members: int) -> None:
    scenario = load(of_size(tmp_path, members), {"time.step": "year"})
    a, b = (run(scenario, runs=4, seed=5, engine=e) for e in ("ensemble", "agents"))
    assert a.members.to_csv() == b.members.to_csv()
    assert a.ticks.to_csv() == b.ticks.to_csv()
    assert a.alliance.to_csv() == b.alliance.to_csv()


def test_a_run_does_not_depend_on_how_many_there_are(tmp_path: Path) -> None:
    program = compiled(tmp_path, 9, "year")
    whole = list(ensemble.run_block(program, 1, 1))
    part = list(ensemble.run_block(program, 1, 1, slice(0, 11)))
    alone = list(ensemble.run_block(program, 1, 1, slice(10, 11)))
    for w, p, a in zip(whole, part, alone, strict=True):
        for x, y, z in zip(flat(w), flat(p), flat(a), strict=True):
            np.testing.assert_array_equal(x[..., :11], y)
            np.testing.assert_array_equal(x[..., 10:11], z)


def test_results_do_not_depend_on_threads() -> None:
    program = compile(load(SIX, {"time.step": "year"}))
    none = Uncertainty({}, {}, {})
    one, three = (statistics(simulate(program, Effort(3 * BLOCK + 17, 2, jobs)), none) for jobs in (1, 3))
    for name, x in one.items():
        np.testing.assert_array_equal(x, three[name])


def test_seeds_and_blocks_differ() -> None:
    program = compile(load(SIX, {"time.step": "year"}))
    stances = [
        list(ensemble.run_block(program, seed, block, slice(0, 5)))[-1].stance
        for seed, block in ((1, 0), (1, 1), (2, 0))
    ]
    assert not np.allclose(stances[0], stances[1])
    assert not np.allclose(stances[0], stances[2])


def test_mesa_forgets_a_finished_model() -> None:
    import mesa

    before = len(mesa.Agent._ids)
    list(agents.run_block(compile(load(SIX, {"time.step": "year"})), 1, 0, slice(0, 2)))
    assert len(mesa.Agent._ids) == before


def test_a_user_can_step_the_mesa_model() -> None:
    world = agents.World(compile(load(SIX, {"time.step": "year"})), seed=1, block=0)
    model = agents.AllianceModel(world, lane=4)
    for _ in range(3):
        model.step()
    cohesion = model.datacollector.get_model_vars_dataframe()["cohesion"]
    assert len(cohesion) == 3
    assert cohesion.between(0, 1).all()
    assert {s.status for s in model.states} <= {"active", "frozen", "outside"}
    model.close()
