"""States' own effects in conduct: sampled, written, read, drawn by both engines, explained, carried over."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

import sim
from sim.engines import agents, ensemble
from sim.engines.environment import Environment
from sim.errors import InputError
from sim.evaluation.history import history_of
from sim.evaluation.history_scores import draws_of
from sim.inference.forecast import forecast
from sim.inference.recovery import histories
from sim.inference.smc import generator
from sim.inference.space import IDLE
from sim.inference.study import load_calibration
from sim.model.noise import BLOCK, Noise
from sim.results.calibration import calibrate
from sim.results.replay import same, tell
from sim.scenario import posterior
from sim.scenario.compile import Program, compile
from sim.scenario.load import load
from sim.scenario.posterior import Column
from sim.scenario.tables import effect_path
from tests.helpers import MEMBERS, SIX
from tests.inference.test_calibrate import study
from tests.targets import motions_each, small

PRIOR = '{ distribution = { family = "lognormal", median = 0.7, sd = 0.5 }, sources = ["assumption: test"] }'
NONE = '{ value = 0.0, sources = ["assumption: test"] }'
PATHS = tuple(f"members.{m}.effect" for m in MEMBERS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibration with state effects, and a scenario that draws from it."""
    folder = tmp_path_factory.mktemp("effects")
    (folder / "effects.toml").write_text(f'extends = "{SIX}"\n[behaviour]\nstate_effects = {PRIOR}\n')
    short = ("draws = 40", "draws = 20"), ("rounds = 1", "rounds = 0")
    assert calibrate(study(folder, (str(SIX), "effects.toml"), *short), folder / "out", jobs=1).finished
    shutil.copy(folder / "out" / "posterior.nc", folder)
    (folder / "child.toml").write_text(f'extends = "{SIX}"\ntitle = "Child"\nposterior = "posterior.nc"\n')
    return folder


@pytest.fixture(scope="module")
def program(folder: Path) -> Program:
    return compile(load(folder / "child.toml", {"time.step": "year", "alliance.motions": "drawn"}))


def test_effects_are_coordinates_only_where_they_have_a_spread(folder: Path) -> None:
    space = load_calibration(folder / "six.toml").target.space
    assert space.effects == PATHS
    assert space.behavioural == len(space.coefficients) + len(PATHS) + len(IDLE)
    assert "state_effects" in space.coefficients
    (folder / "plain.toml").write_text(f'extends = "{SIX}"\n[behaviour]\nstate_effects = {NONE}\n')
    without = load_calibration(study(folder / "plain", (str(SIX), str(folder / "plain.toml")))).target.space
    assert without.effects == ()
    assert set(space.coefficients) - set(without.coefficients) == {"state_effects"}


def test_a_run_has_the_effects_of_its_row(folder: Path, program: Program) -> None:
    held = posterior.read(folder / "posterior.nc")
    assert {*PATHS} <= {*held.places}
    noise = Noise(4, 0)
    row = noise.rows(held.rows).row
    expected = [held.columns["state_effects"].values[row] * ndtri(held.places[p][row]) for p in PATHS]
    np.testing.assert_array_equal(Environment(program, noise).effects, expected)


def test_both_engines_and_a_replay_take_them(folder: Path, program: Program) -> None:
    a, b = (list(e.run_block(program, 3, 0, slice(BLOCK - 2, BLOCK))) for e in (ensemble, agents))
    assert all(same(x, y) for x, y in zip(a, b, strict=True))
    assert tell(load(folder / "child.toml", {"time.step": "year", "alliance.motions": "drawn"}), 1, 3).identical


def test_explain_shows_their_prior_and_posterior(folder: Path) -> None:
    prior, found = sim.explain(folder / "child.toml", PATHS[0], {"behaviour.state_effects": 0.5}).knots
    assert "prior normal(mean 0, sd state_effects)" in prior.coded
    assert prior.high == pytest.approx(0.5 * 1.645, abs=0.01)
    assert prior.low == pytest.approx(-prior.high)
    assert found.coded.startswith("posterior (posterior.nc, 20 draws), median")
    assert len(sim.explain(folder / "effects.toml", PATHS[0]).knots) == 1
    with pytest.raises(InputError, match="state_effects is 0: states have no effects of their own"):
        sim.explain(SIX, PATHS[0], {"behaviour.state_effects": 0.0})


def test_explain_shows_an_alliances_own_effect_on_rates() -> None:
    (prior,) = sim.explain(SIX, "alliance.effect", {"behaviour.alliance_effects": 0.5}).knots
    assert prior.high == pytest.approx(0.5 * 1.645, abs=0.01)
    with pytest.raises(InputError, match="alliance_effects is 0: the alliance has no effect of its own"):
        sim.explain(SIX, "alliance.effect", {"behaviour.alliance_effects": 0.0})


def test_another_alliance_has_them_from_the_prior(folder: Path) -> None:
    lent = load("nato/history-1949-2023", {"posterior": str(folder / "posterior.nc")})
    there = compile(lent)
    assert isinstance(there.coefficients["state_effects"], Column)
    effects = Environment(there, Noise(2, 0)).effects / Environment(there, Noise(2, 0)).coefficients.state_effects
    assert np.abs(effects.mean(axis=1)).max() < 5 / np.sqrt(BLOCK)
    assert np.abs(effects.std(axis=1) - 1).max() < 0.06
    h, z = draws_of(history_of(lent), 1)
    own = slice(len(h.whole.space.coefficients), h.whole.space.behavioural)
    assert {effect_path(m) for m in there.members} <= {*h.whole.space.effects}
    assert np.abs(z[:, own].mean()) < 5 / np.sqrt(z[:, own].size)


def test_simulated_histories_and_forecasts_of_fits_have_the_effects() -> None:
    """A state that leans two deviations to the leader supports oftener than one that leans the other way as far."""
    target = small(motions_each(2), 16, behaviour__state_effects=1.0, behaviour__support_above=4.0)
    draws, first = 100, target.space.idle.stop
    leaning = np.zeros((2, draws, target.space.size))
    leaning[0, :, first], leaning[1, :, first] = 2.0, -2.0
    support = []
    for z in leaning:
        made = histories(target, z, generator(3))
        fit = replace(target, record=target.record[:6], motions=target.motions[:10])
        seen = forecast(fit, target, z, 2, 5, target.program)
        support.append(
            [
                np.mean([m.codes[0] for h in made for m in h.target.motions]) / 2,
                np.mean([a.conduct[0] for a in seen.answers.values()]),
                np.mean([a.support[1:] for a in seen.answers.values()]),
            ]
        )
    (lived, forecasted, others), (lived_away, forecasted_away, others_away) = support
    assert lived > lived_away + 0.3
    assert forecasted > forecasted_away + 0.3
    assert others == pytest.approx(others_away, abs=0.02)
