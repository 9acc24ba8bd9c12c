"""What of the variance is parameters and what is chance: closed forms, errors, whole runs, tables."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.engines.ensemble import run_block
from sim.engines.environment import draw_coefficients
from sim.estimates.intervals import (
    FUTURES,
    INTERVAL_BLOCK,
    REPEATS,
    REPLICATES,
    draws_apart,
    interval_runs,
    uncertainty,
)
from sim.estimates.split import variance_shares
from sim.model.noise import BLOCK, Noise
from sim.model.outcomes import USUAL, names
from sim.model.version import VERSION
from sim.results.result import Result
from sim.results.run import run
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, load
from tests.helpers import SIX, centred, numbers, six

DRAWS = BLOCK // REPLICATES
SHIPPED = Path(__file__).resolve().parents[2] / "scenarios"
Z = 4.0
"""|z| beyond it has probability 6e-5; seeds are fixed."""


def parameter_share(by_draw: np.ndarray, event: bool) -> np.ndarray:
    """The share and its error of the parameters of (..., draw, run), where inputs are held."""
    return variance_shares(by_draw[..., None, :], event)[..., 0, :]


def tosses(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Events (draw, run) of the probabilities of draws."""
    return (rng.random((len(p), REPLICATES)) < p[:, None]).astype(float)


def mixture(low: float, high: float, part: float) -> tuple[float, Callable[..., np.ndarray]]:
    """Draws of two probabilities: their share of the variance, and a sampler of events."""
    mean = part * high + (1 - part) * low
    share = part * (1 - part) * (high - low) ** 2 / (mean * (1 - mean))

    def sample(rng: np.random.Generator) -> np.ndarray:
        return tosses(np.where(rng.random(DRAWS) < part, high, low), rng)

    return share, sample


@pytest.mark.parametrize("of", [(0.2, 0.8, 0.5), (0.1, 0.3, 0.3), (0.001, 0.1, 0.4), (0.0, 0.9, 0.2)])
@pytest.mark.parametrize("event", [True, False])
def test_share_and_error_of_a_mixture_of_two(of: tuple[float, float, float], event: bool) -> None:
    """Unbiased; the error is the spread over repetitions; the same for events as for a quantity of 0 and 1."""
    truth, sample = mixture(*of)
    rng = np.random.default_rng(3)
    times = 300
    found = np.array([parameter_share(sample(rng), event) for _ in range(times)])
    share, error = found.T
    sd = share.std(ddof=1)
    assert abs(share.mean() - truth) < Z * sd / np.sqrt(times) + 0.002
    assert 0.85 < error.mean() / sd < 1.15
    assert np.mean(np.abs(share - truth) < 1.96 * error) > 0.88


def test_chances_in_place_of_events_have_the_same_share() -> None:
    """A run may give the probability of an event: less luck, the same variance to be split."""
    truth, _ = mixture(0.05, 0.45, 0.5)
    p = np.where(np.arange(DRAWS) % 2, 0.05, 0.45)
    rng = np.random.default_rng(2)
    blurred = p[:, None] * rng.uniform(0.5, 1.5, (DRAWS, REPLICATES))
    share, error = parameter_share(blurred, event=True)
    assert abs(share - truth) < Z * error + 1e-3
    assert error < parameter_share(tosses(p, rng), event=True)[1]


def test_share_of_a_quantity_is_the_intraclass_correlation() -> None:
    rng = np.random.default_rng(1)
    x = 7 + rng.normal(0, 2, (DRAWS, 1)) + rng.normal(0, 3, (DRAWS, REPLICATES))
    share, error = parameter_share(x, event=False)
    assert abs(share - 4 / 13) < Z * error
    assert error < 0.03
    shifted = parameter_share(np.stack([x, 5 * x - 1e3]), event=False)
    np.testing.assert_allclose(shifted, np.stack([[share, error]] * 2), rtol=1e-6)


@pytest.mark.parametrize("event", [True, False])
@pytest.mark.parametrize("of", [(0.3, 0.15), (0.0, 0.3), (0.3, 0.0)])
def test_inputs_to_come_have_a_share_of_their_own(of: tuple[float, float], event: bool) -> None:
    """A draw moves p by one amount up or down, a future by another: both shares are unbiased, errors their spread."""
    rng = np.random.default_rng(11)
    times = 300
    truth = np.array([x * x for x in of]) / 0.25
    draw = of[0] * rng.choice([-1, 1], (times, DRAWS, 1, 1))
    future = of[1] * rng.choice([-1, 1], (times, DRAWS, FUTURES, 1))
    x = 1.0 * (rng.random((times, DRAWS, FUTURES, REPEATS.future)) < 0.5 + draw + future)
    found = variance_shares(x, event)
    sd = found[..., 0].std(axis=0, ddof=1)
    for k in (0, 1):
        if truth[k]:
            assert abs(found[:, k, 0].mean() - truth[k]) < Z * sd[k] / np.sqrt(times) + 0.002
            assert 0.85 < found[:, k, 1].mean() / sd[k] < 1.15
        else:
            assert found[:, k, 0].mean() < 0.02


@pytest.mark.parametrize("event", [True, False])
def test_nothing_uncertain_all_uncertain_and_nothing_that_varies(event: bool) -> None:
    rng = np.random.default_rng(6)
    share, error = parameter_share(tosses(np.full(DRAWS, 0.3), rng), event)
    assert 0 <= share < Z * error < 0.03
    certain = np.repeat((rng.random((DRAWS, 1)) < 0.3).astype(float), REPLICATES, axis=1)
    share, error = parameter_share(certain, event)
    assert share == pytest.approx(1)
    assert error == pytest.approx(0, abs=1e-6)
    for value in (0.0, 1.0, np.nan):
        assert np.isnan(parameter_share(np.full((DRAWS, REPLICATES), value), event)).all()
    assert np.isnan(parameter_share(np.full((DRAWS, REPLICATES), 0.1), event=False)).all()
    assert np.isnan(parameter_share(np.ones((2, REPLICATES)) * [[0.1], [0.9]], event)).all()
    assert parameter_share(np.ones((7, 2, REPLICATES)), event).shape == (7, 2)
    alone = np.zeros((DRAWS, REPLICATES))
    alone[3, 5] = 1.0
    assert np.isfinite(parameter_share(alone, event)).all(), "all the variance is in one draw"


def test_jackknife_leaves_each_draw_out() -> None:
    """The closed form against doing it."""
    rng = np.random.default_rng(9)
    x = tosses(rng.beta(2, 5, 12), rng)
    for event in (True, False):
        out = [parameter_share(np.delete(x, d, axis=0), event)[0] for d in range(12)]
        assert min(out) > 0, "not cut off"
        told = parameter_share(x, event)[1]
        assert told == pytest.approx(np.sqrt(11 * np.var(out)))


def exit_split(scenario: Scenario) -> np.ndarray:
    """(share, error) of every member's exit at the end."""
    records = run_block(compile(scenario), 3, INTERVAL_BLOCK, repeats=REPEATS)
    return uncertainty(records, REPLICATES).shares["exit"][-1, :, 0]


YEARLY = {"time.step": "year"}


def test_a_scenario_without_uncertainty_is_all_chance() -> None:
    share, error = exit_split(load(SIX, {**YEARLY, **centred(), **numbers()})).T
    assert (share < Z * error).all()
    assert (share < 0.02).all()
    assert (exit_split(load(SIX, YEARLY))[:, 0] > 0.05).any()


def test_a_posterior_of_two_rows_is_all_there_is_to_know(tmp_path: Path) -> None:
    """Two exit rates: the split is that of the mixture of the two probabilities."""
    (tmp_path / "two.csv").write_text(f"model,exit_rate\n{VERSION},0.002\n{VERSION},0.8\n")
    rest = {k: v for k, v in centred().items() if k != "behaviour.exit_rate"} | numbers()
    both = load(SIX, {**YEARLY, **rest, "posterior": str(tmp_path / "two.csv")})
    probabilities = []
    for rate in (0.002, 0.8):
        fixed = load(SIX, {**YEARLY, **rest, "behaviour.exit_rate": rate})
        probabilities.append(run(fixed, runs=2 * BLOCK, seed=8).dataset.exit.values[-1])
    low, high = probabilities
    mean = (low + high) / 2
    truth = (high - low) ** 2 / 4 / (mean * (1 - mean))
    share, error = exit_split(both).T
    assert (truth > 0.1).any()
    assert (np.abs(share - truth) < Z * error + 0.01).all(), (share, truth, error)


def test_rows_of_a_posterior_vary_between_draws_and_are_shared_by_their_runs() -> None:
    scenario = load(str(SHIPPED / "csto/outlook-2023.toml"), {"posterior": "csto/posterior.nc"})
    assert scenario.tables.posterior is not None
    columns = {name: column.values for name, column in scenario.tables.posterior.columns.items()}
    noise = Noise(1, INTERVAL_BLOCK, REPEATS)
    drawn = vars(draw_coefficients(compile(scenario), noise, slice(None)))
    by_draw = draws_apart(np.stack([drawn[name] for name in columns]), 1)[..., 0, :]
    assert by_draw.shape == (len(columns), DRAWS, REPLICATES)
    assert (by_draw == by_draw[..., :1]).all()
    rows = set(zip(*columns.values(), strict=True))
    picked = set(zip(*by_draw[..., 0], strict=True))
    assert picked <= rows
    assert len(picked) == DRAWS, "no row is taken twice before all were once"


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load(SIX, YEARLY), runs=30, seed=4)


def test_shares_reach_every_table(result: Result) -> None:
    records = run_block(six(YEARLY), 4, *interval_runs(), repeats=REPEATS)
    shares = {name: x[..., 0, :] for name, x in uncertainty(records, REPLICATES).shares.items()}
    row = result.members.query("member == 'BBB' and outcome == 'exit' and horizon_years == 5")
    told = row[["parameter_share", "share_mcse"]].to_numpy()[0]
    np.testing.assert_array_equal(told, shares["exit"][5, 1])
    row = result.alliance.query("outcome == 'any_exit' and horizon_years == 10")
    told = row[["parameter_share", "share_mcse"]].to_numpy()[0]
    np.testing.assert_array_equal(told, shares["any_exit"][10])
    for table in (result.members, result.alliance):
        share = table.parameter_share.dropna()
        assert len(share)
        assert share.between(0, 1).all()
        assert (table.parameter_share.isna() == table.share_mcse.isna()).all()
        assert (table.q05 <= table.q95).all()
    s = result.summary()
    for of, members in ((s["members"][1], True), (s["alliance"], False)):
        for name in names("event", by_member=members):
            assert set(of[name]["5"]) == set(USUAL)
    assert s["alliance"]["cohesion"]["5"]["parameter_share"] == shares["cohesion"][5, 0]


def test_shares_are_the_same_for_any_number_of_workers() -> None:
    scenario = load(SIX, YEARLY)
    one, three = (run(scenario, runs=2 * BLOCK + 10, jobs=jobs) for jobs in (1, 3))
    assert one.dataset.identical(three.dataset)


@pytest.mark.parametrize("event", [False, True])
def test_the_error_is_the_jackknife_of_the_share_without_each_draw(event: bool) -> None:
    """Also where all that varies is in one draw, without which there is no share."""
    rng = np.random.default_rng(3)
    spread = rng.uniform(0.1, 0.9, (6, 1)) + rng.uniform(-0.1, 0.1, (6, 5))
    one = np.zeros((6, 5))
    one[2] = [0.0, 0.5, 0.1, 0.9, 0.5]
    for by_draw in (spread, one):
        shares = [np.nan_to_num(unclipped(np.delete(by_draw, k, axis=0), event)) for k in range(6)]
        error = np.sqrt(5 / 6 * ((np.array(shares) - np.mean(shares)) ** 2).sum())
        assert parameter_share(by_draw, event)[1] == pytest.approx(error, rel=1e-9)


def unclipped(by_draw: np.ndarray, event: bool) -> float:
    """The share by its definition, not held in [0, 1]; not a number where nothing varies."""
    draws, runs = by_draw.shape
    means, inside = by_draw.mean(axis=1), by_draw.var(axis=1, ddof=1).mean()
    seen, p = means.var(ddof=1), means.mean()
    between = seen - inside / runs
    whole = p * (1 - p) + seen / draws if event else between + inside
    return float("nan") if whole == 0 else between / whole
