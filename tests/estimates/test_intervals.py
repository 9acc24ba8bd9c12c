"""Intervals over what is uncertain: of draws of their own, and around the estimate they stand beside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

import sim
from sim.engines import ensemble
from sim.estimates.intervals import (
    FUTURES,
    INTERVAL_BLOCK,
    REPEATS,
    REPLICATES,
    around,
    expected_quantiles,
    quantiles_over_draws,
)
from sim.estimates.sample import LEVELS, QUANTILE_BLOCKS
from sim.estimates.summary import Tally
from sim.model.noise import BLOCK, ONCE, Noise, Repeats
from sim.model.outcomes import names, series
from tests.helpers import SIX
from tests.study_files import study_file

YEARLY = {"time.step": "year"}


def a_run(_: Path) -> None:
    sim.run(sim.load(SIX, YEARLY), runs=2 * BLOCK, jobs=1)


def a_comparison(_: Path) -> None:
    sim.compare(sim.load(SIX, YEARLY), set={"leader.coercion": 0.2}, runs=2 * BLOCK, jobs=1)


def a_sweep(folder: Path) -> None:
    sim.sweep(study_file(folder), folder / "sweep", jobs=1)


@pytest.mark.parametrize("computes", [a_run, a_comparison, a_sweep])
def test_draws_for_intervals_share_no_block_with_the_runs_of_estimates(
    computes: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[tuple[int, int]] = set()

    def noted(seed: int, block: int, repeats: Repeats = ONCE) -> Noise:
        used.add((block, repeats.draw))
        return Noise(seed, block, repeats)

    monkeypatch.setattr(ensemble, "Noise", noted)
    computes(tmp_path)
    of_intervals = {block for block, replicates in used if replicates > 1}
    of_estimates = {block for block, replicates in used if replicates == 1}
    assert {replicates for _, replicates in used} == {1, REPLICATES}
    assert not of_intervals & of_estimates
    assert max(of_estimates) < 1_000_000 < min(of_intervals), "nor with those of any number of runs"


def test_the_block_of_intervals_has_chance_of_its_own() -> None:
    own = Noise(1, INTERVAL_BLOCK)
    for block in range(3):
        assert not np.isin(own.normals("stance", 1, 2), Noise(1, block).normals("stance", 1, 2)).any()
        assert not np.isin(own.places("a.b"), Noise(1, block).places("a.b")).any()


@pytest.mark.parametrize("runs", [1, 2, 16, 100])
def test_intervals_of_probabilities_hold_their_estimates_however_few_the_runs(runs: int) -> None:
    ds = sim.run(sim.load(SIX, YEARLY), runs=runs, seed=2).dataset
    for name in names("event", "chance"):
        q05, mean, q95 = (series(ds, name, s) for s in ("q05", "mean", "q95"))
        assert ((q05 <= mean) & (mean <= q95)).all(), name
        for between in ("q25", "q50", "q75"):
            assert ((q05 <= series(ds, name, between)) & (series(ds, name, between) <= q95)).all()


def test_only_the_ends_move_to_hold_an_estimate() -> None:
    ends = np.array([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [np.nan] * 3])
    held = around(ends, np.array([0.05, 0.4, 0.5]))
    np.testing.assert_array_equal(held, [[0.05, 0.2, 0.3], [0.1, 0.2, 0.4], [np.nan] * 3])
    assert ends[0, 0] == 0.1, "what is given is left alone"


def test_quantiles_of_a_probability_are_one() -> None:
    """Also where taking out chance would move them beyond 0: few draws have it, and each by chance."""
    x = np.zeros(BLOCK)
    x[:: REPLICATES * 20] = 1.0
    found = quantiles_over_draws(x)
    assert found.min() >= 0.0
    assert found.max() <= 1.0


def test_only_the_first_blocks_give_quantiles_of_runs() -> None:
    values = {"cohesion": np.linspace(0.0, 1.0, 8)}
    for block in range(2 * QUANTILE_BLOCKS):
        tally = Tally(block)
        tally.add(values)
        assert tally.summary().quantile_runs == (8.0 if block < QUANTILE_BLOCKS else 0.0)


def test_where_all_draws_are_alike_hardly_anything_is_left_of_their_spread() -> None:
    """What chance adds is taken out whole: 4 % of the variance stay, since what is negative counts as 0 (6 % more if
    the variance inside draws were too small by a sixteenth)."""
    rng = np.random.default_rng(12)
    x = 1.0 * (rng.random((400, BLOCK)) < 0.3)
    seen = np.quantile(x.reshape(400, -1, REPLICATES).mean(axis=-1), (0.05, 0.95), axis=1)
    left = quantiles_over_draws(x)
    kept = ((left[:, -1] - left[:, 0]) / (seen[1] - seen[0])) ** 2
    assert kept.mean() < 0.05


@pytest.mark.parametrize(("a", "b"), [(0.3, 3.0), (0.2, 6.0), (2.0, 2.0), (0.5, 0.5), (5.0, 1.0), (20.0, 20.0)])
def test_quantiles_of_skewed_probabilities_are_theirs(a: float, b: float) -> None:
    """Of counts of so few runs a draw: within 0.02 on the mean of 40 samples, where they are skewed and where not."""
    rng = np.random.default_rng(7)
    p = rng.beta(a, b, (40, 256))
    happened = 1.0 * (rng.random((40, 256, REPLICATES)) < p[..., None])
    found = quantiles_over_draws(happened.reshape(40, -1)).mean(axis=0)
    assert found == pytest.approx(beta.ppf(LEVELS, a, b), abs=0.02)
    assert np.all(np.diff(found) > 0)


def test_the_expected_path_is_told_apart_by_parameters_alone_and_with_inputs_to_come() -> None:
    """Three normal layers of known spread: chance, the widest, is in neither."""
    rng = np.random.default_rng(5)
    shape = (4000, FUTURES, REPEATS.future)
    layers = [s * rng.normal(size=(*shape[:n], *(1,) * (3 - n))) for s, n in ((1.0, 1), (1.5, 2), (4.0, 3))]
    x = np.broadcast_to(sum(layers), shape).reshape(1, -1)
    ends = expected_quantiles(x, -np.inf, np.inf, REPEATS.future)[0]
    np.testing.assert_allclose(ends[:, -1] - ends[:, 0], 2 * 1.645 * np.array([1.0, np.hypot(1.0, 1.5)]), rtol=0.06)
    alone = expected_quantiles(x, -np.inf, np.inf, REPEATS.draw)[0]
    np.testing.assert_array_equal(alone[0], alone[1], "without inputs to come both are the same")
