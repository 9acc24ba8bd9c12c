"""Runs one by one: the same whoever makes them, the same as replayed, and a folder that says whether it has them."""

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sim
from sim.engines.ensemble import Piece, run_block
from sim.engines.environment import Environment
from sim.errors import InputError
from sim.estimates.incidence import quantities, with_incidence
from sim.model.membership import FROZEN
from sim.model.noise import BLOCK, Noise
from sim.model.outcomes import names
from sim.results.kept import CHANCES, DATASET, FIRSTS, TABLE, Keeper, Store, put, together
from sim.results.result import Result, save
from sim.results.run import run
from sim.scenario.compile import compile
from sim.scenario.load import load
from tests.helpers import SIX

LIVELY = {"time.step": "year", "behaviour.exit_rate": 0.1, "behaviour.freeze_rate": 0.2, "behaviour.resume_rate": 0.5}
LIVELY |= {"behaviour.leader_exit_rate": 0.02, "behaviour.peers": 0.1}


@pytest.fixture(autouse=True, scope="module")
def undrawn() -> Iterator[None]:
    """Figures are drawn elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Result, "draw", lambda _, folder: folder.mkdir())
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("kept") / "r"
    run(load(SIX, LIVELY), runs=40, seed=4, keep_runs=True, out=out)
    return out


@pytest.fixture(scope="module")
def ds(folder: Path) -> xr.Dataset:
    return Result.open(folder).kept.load()


def test_kept_runs_tell_what_the_ensemble_did(ds: xr.Dataset) -> None:
    program = compile(load(SIX, LIVELY))
    ticks = [(r, dict(i.sums)) for r, i in with_incidence(run_block(program, 4, 0, slice(0, 40)))]
    status = np.stack([np.broadcast_to(r.status, r.stance.shape) for r, _ in ticks])
    froze = np.array([[_first(status[:, i, k] == FROZEN) for i in range(len(program.members))] for k in range(40)])
    np.testing.assert_array_equal(ds.freeze, froze)
    left = np.stack([r.left for r, _ in ticks])
    assert np.isfinite(ds.exit).any()
    np.testing.assert_array_equal(np.isfinite(ds.exit), left.any(axis=0).T)
    np.testing.assert_array_equal(np.isfinite(ds.dissolution), ~ticks[-1][0].alive)
    np.testing.assert_array_equal(ds.end_stance, ticks[-1][0].stance.T)
    for j, years in enumerate(program.horizons):
        sums = ticks[program.horizon_tick(years)][1]
        for variable, name in CHANCES.items():
            np.testing.assert_array_equal(ds[variable][..., j], sums[name].T)


def _first(happens: np.ndarray) -> float:
    return float(np.argmax(happens)) if happens.any() else math.nan


def test_chances_and_events_have_the_probability_of_the_run_as_their_mean(ds: xr.Dataset, folder: Path) -> None:
    result, last = Result.open(folder), ds.isel(horizon=-1)
    for name in names("event", by_member=True):
        low, high = (result.dataset[name][-1] for _ in range(2))
        chances, counted = last[f"{name}_chances"].mean("run"), np.isfinite(ds[name]).mean("run")
        bottom, top = np.minimum(chances, counted), np.maximum(chances, counted)
        assert ((low >= bottom - 1e-9) & (high <= top + 1e-9)).all(), name


def test_coded_values_are_those_of_the_engine(ds: xr.Dataset) -> None:
    program = compile(load(SIX, LIVELY))
    environment = Environment(program, Noise(4, 0), slice(0, 40))
    inputs = environment.at(program.record_ticks)
    for name, x in vars(environment.coefficients).items():
        if name in ds.coefficient:
            np.testing.assert_array_equal(ds.coefficients.sel(coefficient=name), x)
        else:
            assert (x == x[0]).all(), name
    seen = 0
    for owner, own in [("leader", inputs.leader), *((f"members.{m}", inputs.members) for m in program.members)]:
        for field, x in own._asdict().items():
            if f"{owner}.{field}" in ds.value:
                row = x if owner == "leader" else x[program.members.index(owner[8:])]
                np.testing.assert_allclose(ds.coded_values.sel(value=f"{owner}.{field}"), row, rtol=1e-12)
                seen += 1
    assert seen > 5


@pytest.mark.parametrize("k", [3, 17])
def test_a_kept_run_is_the_run_that_is_replayed(ds: xr.Dataset, folder: Path, k: int) -> None:
    story, kept = sim.replay(folder, k), ds.sel(run=k)
    story_has = {(s.kind, s.members[0]): s.date for s in reversed(story.sentences) if s.kind in FIRSTS}
    dates = ds.attrs["dates"]
    found = {
        (name, str(m)): dates[int(kept[name].sel(member=m))]
        for name in FIRSTS
        for m in ds.member.values
        if np.isfinite(kept[name].sel(member=m)) and kept[name].sel(member=m) > 0
    }
    assert found == story_has
    assert bool(np.isfinite(kept.dissolution)) == (story.sentences[-1].kind == "dissolution")


def test_kept_runs_do_not_depend_on_workers_or_on_the_engine(ds: xr.Dataset) -> None:
    mesa = run(load(SIX, LIVELY), runs=5, seed=4, keep_runs=True, engine="agents", jobs=1).kept
    xr.testing.assert_identical(mesa, ds.sel(run=slice(0, 4)))
    coarse = load(SIX, LIVELY | {"time.end": "2022-01-01", "time.horizons": [1, 2]})
    one, three = (run(coarse, runs=BLOCK + 3, keep_runs=True, jobs=jobs).kept for jobs in (1, 3))
    xr.testing.assert_identical(one, three)
    assert one.run.values.tolist() == list(range(BLOCK + 3))


def test_the_table_says_what_the_dataset_says(ds: xr.Dataset, folder: Path) -> None:
    table = pd.read_csv(folder / TABLE)
    assert len(table) == ds.sizes["run"]
    assert {f"behaviour.{c}" for c in ds.coefficient.values} | {*map(str, ds.value.values)} <= {*table}
    for k in np.flatnonzero(np.isfinite(ds.exit.values[:, 0])):
        assert table["AAA.exit"][k] == ds.attrs["dates"][int(ds.exit.values[k, 0])]
    assert table["AAA.exit"].isna().sum() == np.isnan(ds.exit.values[:, 0]).sum()
    np.testing.assert_allclose(table["BBB.end_stance"], ds.end_stance[:, 1], rtol=1e-5)


def test_blocks_in_files_are_the_blocks(tmp_path: Path) -> None:
    blocks = list(_blocks())
    store = Store(tmp_path)
    for block in blocks:
        store.add(block)
    again = xr.open_zarr(tmp_path / DATASET, consolidated=False)
    np.testing.assert_array_equal(again.exit, together(blocks).exit)
    assert (tmp_path / TABLE).read_text().count("\n") == 1 + again.sizes["run"]


def _blocks() -> Iterator[xr.Dataset]:
    program = compile(load(SIX, LIVELY))
    for piece in (Piece(0, slice(0, 6)), Piece(1, slice(0, 3))):
        keeper = Keeper(program, 1, piece)
        for record, incidence in with_incidence(run_block(program, 1, *piece)):
            keeper.see(record, incidence, quantities(record, incidence))
        yield keeper.block()


def test_a_folder_with_kept_runs_does_not_lose_them_unasked(folder: Path, ds: xr.Dataset, tmp_path: Path) -> None:
    out, scenario = tmp_path / "out", load(SIX, LIVELY)
    shutil.copytree(folder, out)
    without = replace(Result.open(out), runs=None)
    with pytest.raises(InputError, match=r"single runs were not kept; required: the same `sim.run` with `keep_runs`"):
        without.kept  # noqa: B018
    for again in (lambda: run(scenario, runs=40, seed=4, out=out), lambda: save(without, out)):
        with pytest.raises(InputError, match=r"single runs are kept there; allowed: `keep_runs`, .* `force`"):
            again()
    xr.testing.assert_identical(Result.open(out).kept.load(), ds)
    save(without, out, force=True)
    assert Result.open(out).runs is None
    assert not list(out.glob("*runs*"))
    run(scenario, runs=40, seed=4, out=out, keep_runs=True)
    assert {p.name for p in out.iterdir()} == {p.name for p in folder.iterdir()}


def test_kept_runs_go_with_the_result(folder: Path, ds: xr.Dataset, tmp_path: Path) -> None:
    save(Result.open(folder), tmp_path / "copy")
    xr.testing.assert_identical(Result.open(tmp_path / "copy").kept.load(), ds)
    assert (tmp_path / "copy" / TABLE).read_bytes() == (folder / TABLE).read_bytes()
    in_memory = run(load(SIX, LIVELY), runs=40, seed=4, keep_runs=True)
    xr.testing.assert_identical(in_memory.kept, ds)
    (tmp_path / "memory").mkdir()
    put(in_memory.kept, tmp_path / "memory")
    assert (tmp_path / "memory" / TABLE).read_bytes() == (folder / TABLE).read_bytes()
