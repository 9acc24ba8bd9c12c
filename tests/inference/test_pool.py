"""Several alliances in one calibration: coordinates, likelihoods that add, other pacts, files and their mistakes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.engines.environment import Environment
from sim.errors import InputError
from sim.inference import smc
from sim.inference.base_rates import OtherPacts
from sim.inference.likelihood import EFFECTS, log_likelihood, target_of
from sim.inference.pool import Pool
from sim.inference.space import IDLE, space_of
from sim.inference.study import load_calibration
from sim.model import membership
from sim.results.calibration import Calibration, calibrate
from sim.scenario.load import load
from sim.scenario.tables import ALLIANCE_EFFECT
from tests.helpers import MEMBERS, SIX
from tests.targets import motions_each, small

FREE = ("affinity", "exit_rate", "exit_stance", EFFECTS)
OTHER = OtherPacts(15, 8070.0, 0.7)


def several(particles: int = 8) -> Pool:
    """Two alliances alike but for their motions, each with an effect of its own."""
    targets = {}
    for name, per_year in (("one", 1), ("two", 2)):
        target = small(motions_each(per_year), particles, FREE)
        own = {EFFECTS: load(SIX).tables.behaviour[EFFECTS].form}
        program = target.program._replace(coefficients={**target.program.coefficients, **own})
        targets[name] = replace(target, program=program, space=space_of(program, bool(target.motions)))
    return Pool(targets, OTHER)


def test_the_likelihood_of_a_pool_is_the_sum_of_its_alliances_and_of_other_pacts() -> None:
    pool = several()
    z = np.random.default_rng(1).standard_normal((6, pool.size))
    parts = pool.parts(lambda target: lambda x, key: log_likelihood(target, x, key))
    found = smc.estimates(parts, z, (5,))
    rate = pool.space.values(z[:, : pool.space.behavioural], pool.shared.program)["exit_rate"]
    for k, own in enumerate(pool.alliances):
        np.testing.assert_array_equal(found[:, k], log_likelihood(own.target, z[:, own.columns], (5, k + 1)))
    np.testing.assert_allclose(found[:, 2], OTHER.log_likelihood(rate))


def test_coordinates_are_shared_or_of_one_alliance() -> None:
    pool = several()
    blocks = [set(range(*own.block.indices(pool.size))) for own in pool.alliances]
    shared = set(range(pool.space.behavioural))
    assert set.union(shared, *blocks) == set(range(pool.size))
    assert sum(map(len, blocks)) + len(shared) == pool.size
    z = np.arange(pool.size, dtype=float)
    for own in pool.alliances:
        names = (*own.target.space.names, *own.target.space.places)
        at = dict(zip(names, z[own.columns], strict=True))
        assert all(at[n] == pool.space.names.index(n) for n in (*own.target.space.coefficients, *IDLE))
        assert at[ALLIANCE_EFFECT] in blocks[pool.alliances.index(own)]


def test_an_alliance_by_itself_is_a_pool_of_one_without_an_effect_of_its_own() -> None:
    alone = target_of(load(SIX), [], 4)
    pool = Pool({"only": alone})
    (own,) = pool.alliances
    np.testing.assert_array_equal(own.columns, np.arange(alone.space.size))
    assert ALLIANCE_EFFECT not in alone.space.effects
    assert ALLIANCE_EFFECT in target_of(load(SIX), [], 4, alone=False).space.effects


def test_an_alliance_s_effect_multiplies_rates_of_exit_and_freezing() -> None:
    """Its place is the quantile of a normal law with the spread drawn; where that is 0 there is none."""
    target = target_of(load(SIX), [], 4, alone=False)
    z = np.zeros((3, target.space.size))
    z[:, target.space.names.index(ALLIANCE_EFFECT)] = (-1.0, 0.0, 2.0)
    uniforms = target.space.uniforms(z)
    there = Environment(target.program, uniforms, slice(0, 3))
    np.testing.assert_allclose(there.alliance, there.coefficients.alliance_effects * (-1.0, 0.0, 2.0), rtol=1e-9)
    pushes = membership.standing(there.at(0), there.coefficients).push
    np.testing.assert_allclose(pushes - pushes[:, 1:2], np.broadcast_to(there.alliance, pushes.shape), atol=1e-12)


def test_other_pacts_count_as_poisson_years_of_an_unknown_factor() -> None:
    """Against sampling the factor; with no doubt of it against the closed form."""
    rates = np.array([5e-4, 2e-3, 1e-2])
    sure = OTHER._replace(spread=1e-9).log_likelihood(rates)
    np.testing.assert_allclose(sure, stats.poisson.logpmf(15, 8070 * rates), rtol=1e-6)
    factor = np.exp(0.7 * stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000))
    expected = np.log(stats.poisson.pmf(15, 8070 * rates[:, None] * factor).mean(axis=1))
    np.testing.assert_allclose(OTHER.log_likelihood(rates), expected, rtol=2e-3)


def test_a_sampler_leaves_alone_what_nothing_reads() -> None:
    """Of 25 in 70 coordinates something is learned. A law of all narrowed the rest to a variance of .6."""
    seen, size, own = 25, 70, 30
    a = 0.6 * np.random.default_rng(0).standard_normal((seen, seen))

    def estimate(z: np.ndarray, key: tuple[int, ...]) -> np.ndarray:
        noise = 0.6 * smc.generator(*key, 7).standard_normal(len(z)) - 0.18
        return np.asarray(-0.5 * ((z[:, :seen] @ a.T - 1.5) ** 2).sum(axis=1) + noise)

    s = smc.Settings(512, 6, 2, 1, size)
    *_, last = smc.stages(estimate, size + own, s)
    variances = last.z[:, seen:].var(axis=0)
    assert variances.mean() == pytest.approx(1.0, abs=0.06)
    marginal = np.eye(seen) + a @ a.T
    y = np.full(seen, 1.5)
    evidence = -0.5 * (y @ np.linalg.solve(marginal, y) + np.linalg.slogdet(marginal)[1])
    assert last.rows[-1].log_evidence == pytest.approx(evidence, abs=1.0)


def test_parts_move_by_themselves_and_find_the_posterior() -> None:
    """Two alliances and what they share, all normal: means and evidence in closed form."""
    design = {0: (1.0, (1,)), 1: (-0.5, (2,))}

    def part(k: int) -> smc.Part:
        y, (own,) = design[k]
        return smc.Part(lambda z, key: np.asarray(-0.5 * ((z[:, 0] + z[:, own] - y) / 0.3) ** 2), slice(own, own + 1))

    *_, last = smc.stages([part(0), part(1)], 3, smc.Settings(800, 4, 4, 3, 1))
    a = np.array([[1.0, 1, 0], [1, 0, 1]]) / 0.3
    y = np.array([1.0, -0.5]) / 0.3
    covariance = np.linalg.inv(np.eye(3) + a.T @ a)
    np.testing.assert_allclose(last.z.mean(axis=0), covariance @ a.T @ y, atol=0.12)
    np.testing.assert_allclose(np.cov(last.z.T), covariance, atol=0.12)
    np.testing.assert_array_equal(last.log_likelihood, last.log_likelihoods.sum(axis=1))


# ---------------------------------------------------------------- files

ALLIANCE = '[[alliances]]\nname = "{}"\nscenario = "{}"\n'


def written(folder: Path, *parts: str) -> Path:
    file = folder / "pool.toml"
    head = 'title = "Two"\ndraws = 20\nparticles = 2\nsweeps = 1\nrounds = 0\nuntil = 2024-01-01\n'
    file.write_text(head + "".join(parts))
    return file


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """A fit of two alliances alike."""
    folder = tmp_path_factory.mktemp("pool")
    for name in ("one", "two"):
        called = f'extends = "{SIX}"\nalliance = {{ name = "{name}", leader = "LLL" }}\ntime = {{ step = "year" }}\n'
        (folder / f"{name}.toml").write_text(called)
    file = written(folder, ALLIANCE.format("one", "one.toml"), ALLIANCE.format("two", "two.toml"))
    return calibrate(file, folder / "out", jobs=1)


def test_each_alliance_has_a_file_of_the_same_coefficients(pooled: Calibration) -> None:
    from sim.scenario.posterior import read

    shared, one, two = (read(pooled.folder / f"{name}.nc") for name in ("posterior", "one", "two"))
    assert shared.lived is None
    assert one.lived is not None
    for name, column in shared.columns.items():
        np.testing.assert_array_equal(column.values, one.columns[name].values)
        np.testing.assert_array_equal(column.values, two.columns[name].values)
    assert one.places[ALLIANCE_EFFECT].tolist() != two.places[ALLIANCE_EFFECT].tolist()
    assert set(one.lived.members) == set(MEMBERS)


def test_the_same_pool_is_finished_and_the_same_again(pooled: Calibration) -> None:
    file = pooled.folder.parent / "pool.toml"
    again = calibrate(file, pooled.folder.parent / "again", jobs=2)
    for name in ("posterior.nc", "one.nc", "two.nc", "summary.csv"):
        assert (again.folder / name).read_bytes() == (pooled.folder / name).read_bytes()


def test_all_mistakes_of_a_pool_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(f'extends = "{SIX}"\nalliance = {{ name = "Other", leader = "LLL" }}\n')
    (tmp_path / "apart.toml").write_text(
        f'extends = "{SIX}"\nalliance = {{ name = "Apart", leader = "LLL" }}\n[behaviour]\n'
        'affinity = { value = 1.0, sources = ["assumption: test"] }\n'
    )
    with pytest.raises(InputError) as raised:
        load_calibration(
            written(
                tmp_path,
                'scenario = "other.toml"\n',
                ALLIANCE.format("one", "other.toml"),
                ALLIANCE.format("one", "nowhere.toml"),
            )
        )
    said = str(raised.value)
    assert "scenario: beside [[alliances]]; allowed: in each of them" in said
    assert "alliances[1].name: one twice; allowed: each name once" in said
    assert "no such file: nowhere.toml" in said
    with pytest.raises(InputError, match=r"another prior of behaviour\.affinity; required: that of Other"):
        load_calibration(written(tmp_path, ALLIANCE.format("a", "other.toml"), ALLIANCE.format("b", "apart.toml")))
    with pytest.raises(InputError, match="Other twice; allowed: each alliance once"):
        load_calibration(written(tmp_path, ALLIANCE.format("a", "other.toml"), ALLIANCE.format("b", "other.toml")))
    with pytest.raises(InputError, match=r"required: a scenario and its observations, or \[\[alliances\]\]"):
        load_calibration(written(tmp_path))


def test_a_step_that_a_scenario_cannot_take_is_said_of_its_alliance(tmp_path: Path) -> None:
    (tmp_path / "late.toml").write_text(f'extends = "{SIX}"\ntime = {{ end = 2029-04-01, horizons = [1.0] }}\n')
    file = written(tmp_path, ALLIANCE.format("one", SIX), ALLIANCE.format("late", "late.toml"), 'step = "year"\n')
    with pytest.raises(InputError) as raised:
        load_calibration(file)
    (problem,) = raised.value.problems
    assert (problem.where, problem.path) == (f"{file}:{len(file.read_text().splitlines())}", "alliances[1].step")
    assert problem.found.startswith('"year" does not go with late.toml of late: time.end: 2029-04-01 is no whole')
