"""Forecasts and their scores where the truth is known; the command on an invented alliance."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sim.estimates.sample import jackknife
from sim.evaluation import baselines
from sim.evaluation.forecasts import PARTS, prediction, without_draws
from sim.evaluation.origin import Origin, changes, cohesion, covariates, outcome
from sim.evaluation.scoring import MEASURES, MEMBERSHIP, case_scores
from sim.inference.forecast import forecast, hold_inputs
from sim.inference.likelihood import Target, target_of
from sim.inference.observations import Motion
from sim.inference.recovery import histories
from sim.inference.smc import generator
from sim.model.membership import ACTIVE, OUTSIDE
from sim.results.run import run
from sim.scenario.compile import compile
from sim.scenario.load import load
from tests.helpers import SIX
from tests.targets import motions_each, small

FREE = ("baseline", "exit_rate", "volatility", "support_above", "oppose_below")


def cut(target: Target, ticks: int) -> Target:
    """The target as it was so many ticks after the start."""
    end = target.program.edges[ticks]
    before = tuple(m for m in target.motions if m.date < end)
    return Target(target.program, target.record[: ticks + 1], before, target.space, target.particles)


def origin(target: Target, ticks: int = 5) -> Origin:
    fit = cut(target, ticks)
    return Origin("test", dt.date(2025, 1, 1), fit, target)


def test_forecasts_of_the_truth_are_reliable() -> None:
    """Over histories simulated from known coefficients, forecasts from half-way are right on average.

    Means of outcome minus forecast over 150 histories, states tied together in each: |z| < 4 has a false-alarm rate
    of 6e-5 a question.
    """
    of = small(motions_each(2), particles=64, free=FREE, behaviour__contagion=0.5)
    rng = np.random.default_rng(8)
    z = rng.standard_normal((150, of.space.size))
    gaps: dict[str, list[float]] = {"changed": [], "supports": [], "opposes": [], "cohesion": []}
    for k, history in enumerate(histories(of, z, rng)):
        o = origin(history.target)
        f = forecast(o.fit, o.whole, z[k : k + 1], 256, k, o.whole.program)
        said, came = prediction(o, f), outcome(o)
        gaps["changed"].append((came.change - said.change).mean())
        for name, code in (("supports", 2), ("opposes", 0)):
            each = [(c == code) - p[:, code] for c, p in zip(came.conduct, said.conduct, strict=True)]
            gaps[name].append(np.mean(each))
        both = zip(said.cohesion, came.cohesion, strict=True)
        ranks = [np.mean(x < c) + np.mean(x == c) / 2 - 0.5 for x, c in both]
        gaps["cohesion"].append(float(np.nanmean(ranks)))
    for name, x in gaps.items():
        z_score = np.mean(x) / (np.std(x, ddof=1) / np.sqrt(len(x)))
        assert abs(z_score) < 4, f"{name}: {z_score:.2f}"
        assert np.std(x) > 0, f"{name} never differs"


def test_a_forecast_from_the_start_is_the_ensemble() -> None:
    """With nothing observed the futures are the tool's own runs: the same chances of having left."""
    scenario = load(SIX, {"time.step": "year", "time.horizons": [1, 5, 10]})
    whole = target_of(scenario, [], 4, dt.date(2030, 1, 1))
    fit = Target(whole.program, whole.record[:1], (), whole.space, 4)
    draws = 2048
    z = generator(1, 2).standard_normal((draws, whole.space.size))
    f = forecast(fit, whole, z, 2, 5, whole.program)
    gone = (f.status == OUTSIDE).any(axis=0).reshape(len(whole.program.members), draws, 2)
    p = gone.mean(axis=(1, 2))
    se = gone.mean(axis=2).std(axis=1, ddof=1) / np.sqrt(draws)
    result = run(scenario, runs=8192, seed=3)
    table = result.members
    last = table[(table.outcome == "outside") & (table.horizon_years == 10)].set_index("member")
    outside = (f.status[-1] == OUTSIDE).mean(axis=1)
    for k, state in enumerate(whole.program.members):
        error = np.hypot(max(se[k], 0.004), last.mcse[state])
        assert abs(outside[k] - last["mean"][state]) < 4.5 * error, state
        assert p[k] >= outside[k] - 1e-12


def test_the_filter_moves_forecasts_towards_what_was_observed() -> None:
    """A state that opposed every motion is forecast to oppose more than one that supported every one."""
    base = small(motions_each(3), behaviour__volatility=1.5, behaviour__adjustment_time=4.0)
    means = []
    for code in (0, 2):
        seen = tuple(m._replace(codes=np.full(len(m.rows), code, dtype=np.int8)) for m in base.motions)
        o = origin(Target(base.program, base.record, seen, base.space, 256))
        f = forecast(o.fit, o.whole, np.zeros((4, o.fit.space.size)), 64, 1, o.whole.program)
        means.append(np.mean([p[:, 0].mean() for p in prediction(o, f).conduct[:3]]))
    assert means[0] > means[1] + 0.02


def test_held_knows_nothing_of_later() -> None:
    scenario = load(SIX, {"time.step": "year", "time.horizons": [1]})
    program = compile(scenario)
    still = hold_inputs(program, 4)
    moved = [p for p, b in program.bands.items() if b.low[9] != b.low[3]]
    assert moved
    for path in program.bands:
        assert (still.bands[path].low[:4] == program.bands[path].low[:4]).all()
        assert (still.bands[path].low[4:] == program.bands[path].low[3]).all()
    assert all(s.drawn and not s.calls for s in still.script[4:])


def test_changes_of_side() -> None:
    status = np.array([[2, 0, 2], [2, 0, 0], [1, 2, 0], [2, 0, 2]], dtype=np.int8)
    assert ACTIVE == 2
    assert OUTSIDE == 0
    o = SimpleNamespace(begins=np.zeros(3), inside=status[0] != OUTSIDE, leads=[1, 2, 3])
    assert changes(status, o).tolist() == [[False] * 3, [False, True, True], [True, True, True]]
    late = SimpleNamespace(begins=np.array([0, 2, 0]), inside=np.ones(3, dtype=bool), leads=[2, 3])
    found = changes(np.repeat(status[..., None], 2, axis=2), late)
    assert found[..., 1].tolist() == [[False, False], [False, True], [True, True]]


def test_scripted_entries_are_given_and_not_forecast() -> None:
    """A state that the script lets in is asked from then on whether it leaves; nobody is credited for the entry."""
    o = six_origin()
    enters = np.zeros((5, 1), dtype=bool)
    enters[0] = True
    script = tuple(s._replace(enters=enters) if t == 6 else s for t, s in enumerate(o.whole.program.script))
    whole = replace(o.whole, program=o.whole.program._replace(script=script))
    later = o._replace(whole=whole)
    assert later.begins.tolist() == [2, 0, 0, 0, 0]
    assert later.inside.all()
    assert later.asked[0].tolist() == [False, False, True, True, True]
    base = baselines.base_rate(later, 0.002, 1)
    assert base.change[0] == pytest.approx(1 - np.exp(-0.002 * np.array([0, 0, 1, 2, 3])))
    said = baselines.on_covariates(later, 1, held=True)
    assert (said.change[0, :2] == 0).all()
    assert said.change[0, 2] > 0
    came = outcome(later)
    assert len(case_scores(MEMBERSHIP, [later], [base], [came]).values) == 23


def test_cohesion_of_a_motion() -> None:
    """Belarus in support and four abstaining, as in 2022, is 0.43; a member not asked makes it unknown."""
    codes = np.array([2, 1, 1, 1, 1], dtype=np.int8)
    status = np.full(5, ACTIVE, dtype=np.int8)
    motion = Motion("m", dt.date(2022, 3, 2), tuple(range(5)), codes)
    assert cohesion(motion, status) == pytest.approx(0.4333, abs=1e-4)
    assert np.isnan(cohesion(motion, np.append(status, ACTIVE).astype(np.int8)))


def test_logit_finds_slopes_and_survives_separation() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(2.0, 3.0, (4000, 2))
    score = 0.8 * (x[:, 0] - 2.0) / 3.0
    u = rng.logistic(size=4000)
    y = (score + u > -1.0).astype(int) + (score + u > 1.5)
    found = baselines.fit_logit(x, y, 3)
    assert found.slopes == pytest.approx([0.8, 0.0], abs=0.15)  # errors near 0.035
    assert found.cuts == pytest.approx([-1.0, 1.5], abs=0.2)
    assert found.chances(x).sum(axis=1) == pytest.approx(1.0)
    apart = baselines.fit_logit(np.arange(10.0)[:, None], (np.arange(10) > 4).astype(int), 2)
    assert 0 < apart.slopes[0] < 10
    none = baselines.fit_logit(np.zeros((0, 3)), np.zeros(0), 3)
    assert none.chances(np.ones((1, 3))) == pytest.approx(1 / 3, abs=1e-4)
    never = baselines.fit_logit(rng.normal(size=(50, 3)), np.zeros(50), 2)
    assert never.chances(np.zeros((1, 3)))[0, 1] == pytest.approx(0.5 / 51, rel=0.25)


def six_origin() -> Origin:
    """AAA left in year 2 and is out; the others stayed. Everybody always abstains, but EEE, who supports."""
    of = small(motions_each(1))
    record = np.full((11, 5), ACTIVE, dtype=np.int8)
    record[3:, 0] = OUTSIDE
    codes = np.array([1, 1, 1, 1, 2], dtype=np.int8)
    motions = tuple(m._replace(codes=codes) for m in of.motions)
    return origin(Target(of.program, record, motions, of.space, 8))


def test_baseline_rules_by_hand() -> None:
    o = six_origin()
    assert o.leads == [1, 2, 3, 4, 5]
    base = baselines.base_rate(o, 0.002, 1)
    assert base.change[1] == pytest.approx(1 - np.exp(-0.002 * np.arange(1, 6)))
    assert all((p == 1 / 3).all() for p in base.conduct)
    own = baselines.own_rate(o, 0.002, 1)
    leaving, entering = 1.5 / 23, 0.5 / 2  # 4 states x 5 years and one of 3 inside; 2 years outside
    assert own.change[1] == pytest.approx(1 - np.exp(-leaving * np.arange(1, 6)))
    assert own.change[0] == pytest.approx(1 - np.exp(-entering * np.arange(1, 6)))
    assert own.conduct[0][4] == pytest.approx([1 / 8, 1 / 8, 6 / 8])
    last = baselines.persistence(o, 0.002, 1)
    assert (last.change == 0).all()
    assert last.conduct[0][4] == pytest.approx([1 / 23, 1 / 23, 21 / 23])  # 5 states repeated themselves 4 times
    assert last.cohesion[0] == pytest.approx(outcome(o).cohesion[0])
    said = baselines.on_covariates(o, 1, held=False)
    assert (np.diff(said.change, axis=1) > 0).all()
    assert said.conduct[0].sum(axis=1) == pytest.approx(1.0)


def test_held_logit_reads_nothing_of_later() -> None:
    still = six_origin()
    program = compile(load(SIX, {"time.step": "year", "time.horizons": [1]}))  # paths that move
    whole, fit = (replace(x, program=program) for x in (still.whole, still.fit))
    o = still._replace(whole=whole, fit=fit)
    moving = covariates(o.whole)
    assert not np.allclose(moving[4], moving[9])
    kept = baselines.on_covariates(o, 1, held=True)
    step = -np.log1p(-kept.change)
    assert np.diff(step, axis=1) == pytest.approx(np.repeat(step[:, :1], 4, axis=1))


def test_persistence_is_perfect_where_nothing_happens() -> None:
    o = six_origin()
    came = outcome(o)
    last = baselines.persistence(o, 0.002, 1)
    assert case_scores(MEMBERSHIP, [o], [last], [came]).values.sum() == 0
    for m in MEASURES:
        x = case_scores(m, [o], [baselines.base_rate(o, 0.002, 1)], [came])
        assert len(x.values)
        assert np.isfinite(x.values).all()
        assert all(len(g) == len(x.values) for g in x.groupings)


def test_jackknife_is_the_standard_error_of_a_mean() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=PARTS)
    left_out = (x.sum() - x) / (PARTS - 1)
    assert jackknife(left_out) == pytest.approx(x.std(ddof=1) / np.sqrt(PARTS))


def test_parts_leave_out_whole_draws() -> None:
    o = six_origin()
    f = forecast(o.fit, o.whole, np.zeros((32, o.fit.space.size)), 4, 1, o.whole.program)
    parts = without_draws(o, f)
    assert len(parts) == PARTS
    assert all(len(p.cohesion[0]) == 120 for p in parts)
    assert np.mean([p.change for p in parts], axis=0) == pytest.approx(prediction(o, f).change)
