"""A run starts where the filter leaves its row: the same law, the same row, the same state, in both engines."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

import sim
from sim.cli.check import brief
from sim.engines import agents, ensemble
from sim.engines.ensemble import Piece, run_together
from sim.engines.environment import state_at_start
from sim.errors import InputError
from sim.estimates.intervals import INTERVAL_BLOCK, REPEATS, REPLICATES
from sim.inference.ends import ends
from sim.inference.likelihood import Cloud, Target
from sim.inference.smc import generator
from sim.inference.space import IDLE
from sim.inference.study import load_calibration
from sim.model.arrays import Array
from sim.model.noise import BLOCK, Noise, Repeats
from sim.results.replay import same, tell
from sim.scenario import posterior
from sim.scenario.compile import Program, alike, compile
from sim.scenario.load import load, posteriors_of, restored
from sim.scenario.reading import shipped

OUTLOOK = "csto/outlook-2023"
SHIPPED = shipped("scenarios") / "csto/posterior.nc"
Z = 4.0
"""Standard errors that chance is allowed."""


def outlook(**changes: object) -> Program:
    return compile(load(OUTLOOK, {k.replace("__", "."): v for k, v in changes.items()}))


def filtered(target: Target, rows: int) -> Array:
    """Coordinates of the first shipped rows, taken back from what the file holds."""
    from scipy.special import ndtri

    held, space = posterior.read(SHIPPED), target.space
    grid = np.linspace(-7.0, 7.0, 20_001)
    values = space.values(np.repeat(grid[:, None], space.size, axis=1), target.program)
    own = [np.interp(held.columns[n].values[:rows], values[n], grid) for n in space.coefficients]
    effects, places = ([ndtri(held.places[p][:rows]) for p in paths] for paths in (space.effects, space.places))
    return np.stack([*own, *np.zeros((len(IDLE), rows)), *effects, *places], axis=1)


@pytest.fixture(scope="module")
def target() -> Target:
    return load_calibration("calibrate-csto.toml").target


def test_a_run_starts_where_an_independent_filter_of_many_particles_is(target: Target) -> None:
    """Mean and spread of every stance at the end of the record. Reliving it missed Kazakhstan's mean by 0.33."""
    rows, particles = 64, 192
    cloud = Cloud(replace(target, particles=particles), filtered(target, rows), generator(99))
    for t in range(target.ticks):
        cloud.tick(t)
    w = np.exp(cloud.weights - cloud.weights.max(axis=1, keepdims=True))
    w /= w.sum(axis=1, keepdims=True)
    mean = (w * cloud.state.stance).sum(axis=2)
    variance = (w * cloud.state.stance**2).sum(axis=2) - mean**2
    program = outlook()
    assert program.start.states is not None
    state = state_at_start(program, Noise(1, 0), slice(None))
    assert state is not None
    row = Noise(1, 0).rows(program.rows).row
    mine = np.stack([state.stance[:, row == r] for r in range(rows)], axis=1)
    kept = mine.shape[2]
    apart = (mine.mean(axis=2) - mean).mean(axis=1)
    error = np.sqrt((variance / kept).mean(axis=1) / rows)
    assert (np.abs(apart) < Z * error + 0.03).all(), (program.members, apart, error)
    spread = mine.var(axis=2, ddof=1).mean(axis=1) / variance.mean(axis=1)
    assert (np.abs(spread - 1.0) < Z * np.sqrt(2.0 / (kept - 1) / rows) + 0.1).all(), spread


def test_the_first_record_of_a_run_has_the_stances_of_the_posterior() -> None:
    """Three months after the filter: within what a quarter moves stances."""
    program = outlook()
    assert program.start.states is not None
    first = next(iter(ensemble.run_block(program, 1, 0)))
    there = program.start.states.stance
    assert (np.abs(first.stance.mean(axis=1) - there.mean(axis=(1, 2))) < 0.1).all()
    assert (np.abs(first.stance.std(axis=1) / there.std(axis=(1, 2)) - 1.0) < 0.1).all()


def test_a_block_of_runs_starts_from_every_state_of_the_filter_as_often() -> None:
    """So that means and spreads of all stances at that date are the filter's, whatever the seed."""
    program = outlook()
    assert program.start.states is not None
    kept = program.start.states.stance.reshape(len(program.members), -1)
    for seed in (1, 2):
        state = state_at_start(program, Noise(seed, 0), slice(None))
        assert state is not None
        times = state.stance.shape[1] // kept.shape[1]
        np.testing.assert_array_equal(np.sort(state.stance, axis=1), np.sort(np.tile(kept, times), axis=1))


@pytest.mark.parametrize(("count", "replicates"), [(512, 1), (512, 16), (40, 1), (700, 16), (5000, 1)])
@pytest.mark.parametrize("first", [0, INTERVAL_BLOCK])
def test_rows_are_used_equally_often_to_one(count: int, replicates: int, first: int) -> None:
    picks = [Noise(3, first + k, Repeats(replicates)).rows(count) for k in range(3)]
    rows = np.concatenate([p.row[::replicates] for p in picks])
    for n in (1, count // 2, count, len(rows) // 2, len(rows)):
        used = np.bincount(rows[:n], minlength=count)
        assert used.max() - used.min() <= 1
    pairs = {(int(r), int(u)) for p in picks for r, u in zip(p.row, p.use, strict=True)}
    assert len(pairs) == 3 * BLOCK, "a row is never used twice in the same way"


def test_run_k_takes_its_row_whatever_the_number_of_runs() -> None:
    few = next(iter(ensemble.run_block(outlook(), 2, 1, slice(0, 9)))).stance
    many = next(iter(ensemble.run_block(outlook(), 2, 1))).stance
    np.testing.assert_array_equal(few, many[:, :9])


def test_both_engines_start_alike_to_the_last_bit() -> None:
    program, lanes = outlook(time__step="quarter"), slice(5, 7)
    numpy_run, mesa_run = (list(e.run_block(program, 4, 0, lanes)) for e in (ensemble, agents))
    assert len(numpy_run) == program.forecast_ticks + 1
    assert all(same(b, a) for a, b in zip(numpy_run, mesa_run, strict=True))
    assert numpy_run[0].alive.dtype == bool


def test_programs_together_take_the_same_row_and_state() -> None:
    """Common random numbers: a change from the start on leaves the start as it was."""
    programs = [outlook(), outlook(leader__coercion="low"), outlook(members__ARM__affinity="high")]
    start, *_ = run_together(programs, 1, Piece(0, slice(0, 40)))
    stances = [side.record.stance[:, 40 * k : 40 * k + 40] for side in start for k in range(len(side.programs))]
    assert len(stances) == 3
    assert all((x == stances[0]).all() for x in stances)
    for k, p in enumerate(programs):
        alone = list(ensemble.run_block(p, 1, 0, slice(0, 40)))
        np.testing.assert_array_equal(alone[0].stance, stances[k])


SHORT: dict[str, object] = {"time.end": "2025-10-01", "time.horizons": [1]}
CHANGES = [
    ({"behaviour.affinity": 2.0}, "behaviour.affinity is not as in the record"),
    ({"leader.war": "low@always"}, "leader.war is not as in the record"),
    ({"members.ARM.dependence": "low@2010-01-01"}, "members.ARM.dependence.trade"),
    ({"weights.dependence": {"trade": 1.0, "energy": 0.0, "remittances": 0.0, "arms": 0.0}}, "weights.dependence"),
    ({"members.GEO.admissible": True}, "members is not as in the record"),
    ({"time.step": "month"}, "ticks are not those of posterior.nc"),
    ({"time.start": "2020-10-01"}, "where no tick before the start does"),
]


@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_another_past_is_relived_and_said(change: dict[str, object], why: str) -> None:
    if "weights.dependence" in change:
        table = load(OUTLOOK).tables.weights["dependence"]
        change = {"weights.dependence": {k: float(i == 0) for i, k in enumerate(table)}}
    if "members.GEO.admissible" in change:
        change = {"members.GEO.admissible": not load(OUTLOOK).tables.members["GEO"].admissible}
    program = compile(load(OUTLOOK, change))
    assert program.start.states is None
    assert program.start.tick == 0
    assert program.start.words.startswith("Relives ")
    assert why in program.start.words
    assert program.places, "the row's places are kept"


@pytest.mark.parametrize(
    "change", [{"leader.war": "low"}, {"behaviour.crisis_regime": 1.0}, {"alliance.quorum": 3}, SHORT]
)
def test_what_the_record_does_not_depend_on_leaves_the_start(change: dict[str, object]) -> None:
    program = compile(load(OUTLOOK, change))
    assert program.start.states is not None
    assert program.start.words.startswith("Starts from what the record up to 2023-07-01 says (posterior.nc: 512 draws")


def test_others_say_where_they_start() -> None:
    assert compile(load("csto/history-1992-2023")).start.words == (
        "Starts from what the model itself expects, given each draw of posterior.nc"
    )
    assert "given the priors" in compile(load("nato/history-1949-2023", {"posterior": "none"})).start.words
    none = compile(load(OUTLOOK, {"posterior": "none"}))
    assert "given the priors" in none.start.words
    assert not none.places
    assert not compile(load("nato/history-1949-2023", {"posterior": "csto/posterior.nc"})).places, "of other states"


def test_what_is_compared_starts_alike() -> None:
    base, war = outlook(), compile(load("csto/counterfactuals/no-war-2022"))
    both = alike([base, war])
    assert [p.start.states for p in both] == [None, None]
    assert both[0].start.words.startswith("Lives 1992-07-01 to 2023-10-01 as it happened on the noise that the record")
    assert both[1].start.words.endswith("with another leader.confrontation, leader.war")
    both = alike([base, outlook(behaviour__affinity=2.0)])
    assert [p.start.states for p in both] == [None, None]
    assert "to start as what it is compared with" in both[0].start.words
    assert alike([base, base])[0].start.states is base.start.states
    assert alike([base, compile(load("csto/history-1992-2023"))])[0].start.states is base.start.states


def test_the_start_is_part_of_the_scenario(tmp_path: Path) -> None:
    scenario = load(OUTLOOK)
    file = tmp_path / posterior.POSTERIORS
    file.write_bytes(posteriors_of([scenario, scenario]))
    assert file.stat().st_size < 3e6
    assert len(json.dumps(scenario.resolved["tables"]["posterior"])) < 100
    again = restored(scenario.resolved, scenario.file, posterior.unpacked(file))
    assert again.fingerprint == scenario.fingerprint
    a, b = compile(scenario), compile(again)
    assert a.start.words == b.start.words
    x, y = (next(iter(ensemble.run_block(p, 1, 0, slice(0, 3)))) for p in (a, b))
    np.testing.assert_array_equal(x.stance, y.stance)


def broken(folder: Path, **attributes: str) -> str:
    file = folder / "p.nc"
    shutil.copy(SHIPPED, file)
    with h5py.File(file, "r+") as root:
        root.attrs.update(attributes)
    return str(file)


def test_a_posterior_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"made by version 0 of the model, this is .*calibrate anew"):
        load(OUTLOOK, {"posterior": broken(tmp_path, model_version="0")})


def test_a_scenario_whose_posterior_is_of_another_version_runs_without(tmp_path: Path) -> None:
    """As the message says, in a file that extends it and by `--set`."""
    mother, child = tmp_path / "mother.toml", tmp_path / "child.toml"
    file = broken(tmp_path, model_version="0")
    mother.write_text(f'extends = "csto/outlook-2023.toml"\nposterior = "{file}"\n')
    child.write_text('extends = "mother.toml"\nposterior = "none"\n')
    assert load(child).tables.posterior is None
    changed = load(mother, {"posterior": "none"})
    assert changed.tables.posterior is None
    brief(changed)
    with pytest.raises(InputError, match="made by version 0"):
        load(mother)


def test_a_posterior_of_another_record_gives_no_start(tmp_path: Path) -> None:
    with h5py.File(SHIPPED) as root:
        record = json.loads(root.attrs["record"])
    record["digests"]["events"] = "0" * 16
    program = compile(load(OUTLOOK, {"posterior": broken(tmp_path, record=json.dumps(record))}))
    assert program.start.states is None
    assert "events is not as in the record of p.nc" in program.start.words


@pytest.mark.parametrize("content", [b"", b"no posterior", b"\x89HDF\r\n\x1a\n" + b"\0" * 100])
def test_a_file_that_is_no_posterior_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.nc").write_bytes(content)
    with pytest.raises(InputError, match=r"p\.nc: cannot be read; allowed: a posterior\.nc that"):
        load(OUTLOOK, {"posterior": str(tmp_path / "p.nc")})


def test_states_are_the_same_whoever_makes_them(target: Target) -> None:
    z = filtered(target, 2)
    a, b = (ends(replace(target, particles=8), z, (1, 2)).states for _ in range(2))
    np.testing.assert_array_equal(a.stance, b.stance)
    assert a.stance.shape == (9, 2, 4)
    assert a.membership.recent_exits.shape == (2, 4)


def test_explain_shows_prior_and_posterior_of_a_coded_value() -> None:
    e = sim.explain(OUTLOOK, "members.TJK.affinity")
    assert "posterior (posterior.nc, 512 draws), place in the band" in e.knots[-1].coded
    assert e.knots[0].coded == sim.explain(OUTLOOK, "members.TJK.affinity", {"posterior": "none"}).knots[0].coded
    assert e.start.startswith("Starts from what the record up to 2023-07-01 says")


def test_a_story_begins_with_what_the_record_said() -> None:
    story = tell(load(OUTLOOK, SHORT), 1, 3)
    assert story.identical
    first, second = story.sentences[:2]
    assert (first.kind, first.date, second.kind) == ("record", "2023-07-01", "start")
    assert "Kazakhstan" in first.text
    assert "This run takes state" in first.text


def test_replicates_share_a_row_and_differ_in_state() -> None:
    pick = Noise(1, INTERVAL_BLOCK, REPEATS).rows(1024)
    by_draw = pick.row.reshape(-1, REPLICATES)
    assert (by_draw == by_draw[:, :1]).all()
    assert (pick.use.reshape(-1, REPLICATES) % 4 == np.tile(np.arange(4), 4)).all()
