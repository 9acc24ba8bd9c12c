"""What is measured: estimators against counting, summaries against numpy, tables, saving."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, strategies as st

from sim.engines.ensemble import run_block
from sim.errors import InputError
from sim.estimates.incidence import Incidence, at_most_one, controlled
from sim.estimates.intervals import REPLICATES, quantiles_over_draws
from sim.estimates.sample import LEVELS, estimate, merge, quantiles, sample
from sim.model.cohesion import Motion, agreement_index, cohesion, hubness, leader_agreement, starters_cohesion
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.noise import BLOCK, Noise
from sim.model.outcomes import MONTE_CARLO, OUTCOMES, names, positions
from sim.results.replay import replay
from sim.results.result import Result, save
from sim.results.run import run
from sim.scenario.compile import compile
from sim.scenario.load import load, restore
from sim.storage.workspace import CONTENTS, FORMAT
from tests.helpers import SIX
from tests.study_files import MARKS

# 5 members x (exit, freeze) + any, two, dissolution: 13 comparisons; |z| > 4.6 has probability
# 4.2e-6 each, so the whole test fails by chance in 5.5e-5 of seeds
Z = 4.6


DRAWS = BLOCK // REPLICATES


def test_chances_added_up_agree_with_events_counted() -> None:
    program = compile(load(SIX, {"behaviour.exit_rate": 0.05, "behaviour.leader_exit_rate": 0.03}))
    runs = 0
    gaps: dict[str, list[np.ndarray]] = {}
    for block in range(4):
        records = list(run_block(program, 11, block))
        incidence = Incidence.start(records[0])
        left = np.zeros(records[0].left.shape, dtype=bool)
        froze = np.zeros_like(left)
        exits = np.zeros(left.shape[1])
        for r in records[1:]:
            incidence.add(r)
            left |= r.left
            froze |= (r.before == ACTIVE) & (r.status == FROZEN) & r.alive
            exits += r.left.sum(axis=0)
        runs += left.shape[1]
        for name, chances, count in (
            ("exit", incidence.sums["exit"], left),
            ("any_exit", incidence.sums["any_exit"], exits > 0),
            ("two_exits", incidence.sums["two_exits"], exits > 1),
            ("dissolution", incidence.sums["dissolution"], ~records[-1].alive),
        ):
            gaps.setdefault(name, []).append(np.atleast_2d(chances - count))
    for name, parts in gaps.items():
        gap = np.concatenate(parts, axis=1)
        z = gap.mean(axis=1) / (gap.std(axis=1, ddof=1) / np.sqrt(runs))
        assert np.all(np.abs(z) < Z), (name, z)


def test_the_estimator_needs_fewer_runs_where_exits_are_rare() -> None:
    program = compile(load(SIX, {"behaviour.exit_rate": 0.001}))
    records = list(run_block(program, 1, 0))
    incidence = Incidence.start(records[0])
    left = np.zeros(records[0].left.shape, dtype=bool)
    for r in records[1:]:
        incidence.add(r)
        left |= r.left
    p = incidence.sums["exit"].mean(axis=1)
    counting = p * (1 - p)
    assert np.all(counting / incidence.sums["exit"].var(axis=1) > 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_at_most_one_against_enumeration(p: list[float]) -> None:
    none, one = at_most_one(np.array(p)[:, None])
    q = 1 - np.array(p)
    assert none[0] == pytest.approx(np.prod(q))
    expected = sum(p[i] * np.prod(np.delete(q, i)) for i in range(len(p)))
    assert one[0] == pytest.approx(expected)


@given(st.integers(2, 50), st.integers(2, 50), st.integers(0, 10_000))
def test_estimates_of_blocks_are_those_of_all_runs(a: int, b: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(3, 2, size=(4, a + b))
    value, error = estimate(merge(sample(x[:, :a]), sample(x[:, a:])))
    np.testing.assert_allclose(value, x.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(error, x.std(axis=1, ddof=1) / np.sqrt(a + b), rtol=1e-6, atol=1e-12)


def test_undefined_runs_are_left_out() -> None:
    x = np.array([1.0, np.nan, 3.0])
    s = sample(x)
    assert s.n == 2
    assert s.mean == 2
    assert quantiles(x)[2] == 2
    assert np.isnan(estimate(sample(np.array([np.nan, 1.0])))[1])
    assert np.isnan(estimate(sample(np.array([np.nan, np.nan])))[0])


def states(conduct: list[float], status: list[int]) -> dict[str, float]:
    column = np.array(conduct)[:, None]
    m = Motion(column, np.array(status, dtype=np.int8)[:, None], 2 * column, np.array([True]))
    return {
        "members": float(m.members[0]),
        **{f.__name__: float(f(m)[0]) for f in (cohesion, agreement_index, leader_agreement, hubness)},
    }


def test_cohesion_of_2022_as_it_was() -> None:
    """Belarus in support and four abstaining: 0.43 (MODEL.md, outputs)."""
    m = states([1, 0.5, 0.5, 0.5, 0.5], [ACTIVE] * 5)
    assert m["cohesion"] == pytest.approx(13 / 30)
    assert m["leader_agreement"] == pytest.approx(0.6)
    assert m["members"] == 5


def test_agreement_index_of_five_abstaining_against_their_leader() -> None:
    """0.75, which is why cohesion is another measure (MODEL.md, outputs)."""
    assert states([0.5] * 5, [ACTIVE] * 5)["agreement_index"] == pytest.approx(0.75)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([OUTSIDE, FROZEN, ACTIVE])), min_size=1, max_size=12
    )
)
def test_measures_against_their_definitions(states_: list[tuple[float, int]]) -> None:
    m = states([c for c, _ in states_], [s for _, s in states_])
    s = [1.0] + [c if status == ACTIVE else 0.0 for c, status in states_ if status != OUTSIDE]
    pairs = [(i, j) for i in range(len(s)) for j in range(i)]
    joint = np.mean([s[i] * s[j] for i, j in pairs]) if pairs else 0.0
    assert m["cohesion"] == pytest.approx(joint)
    votes = [1.0] + [c for c, status in states_ if status == ACTIVE]
    most = max(votes.count(v) for v in (0.0, 0.5, 1.0))
    assert m["agreement_index"] == pytest.approx((most - (len(votes) - most) / 2) / len(votes))
    among = [s[i] * s[j] for i, j in pairs if j > 0]
    if among and sum(among) > 0:
        assert m["hubness"] == pytest.approx(np.mean(s[1:]) / np.mean(among))
    else:
        assert np.isnan(m["hubness"])


def starters(conduct: list[float], status: list[int], began: list[bool], alive: bool = True) -> tuple[float, float]:
    """Cohesion of the members then, and of the initial members."""
    column = np.array(conduct)[:, None]
    m = Motion(column, np.array(status, dtype=np.int8)[:, None], column, np.array([alive]))
    return float(cohesion(m)[0]), float(starters_cohesion(m, np.array(began)[:, None])[0])


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=8), st.booleans())
def test_cohesion_of_the_initial_members_is_that_of_the_members_while_all_stay(c: list[float], frozen: bool) -> None:
    status = [FROZEN if frozen else ACTIVE, *[ACTIVE] * (len(c) - 1)]
    then, initial = starters(c, status, [True] * len(c))
    assert then == initial


@given(st.integers(2, 9))
def test_pairs_with_an_initial_member_that_has_left_count_nothing(n: int) -> None:
    then, initial = starters([1.0] * n, [OUTSIDE, *[ACTIVE] * (n - 1)], [True] * n)
    assert then == 1
    assert initial == pytest.approx((n - 1) / (n + 1)), "n (n - 1) / 2 of n (n + 1) / 2 pairs, the leader's included"


def test_who_enters_later_is_no_initial_member_and_who_returns_is_one() -> None:
    assert starters([1.0, 0.5], [ACTIVE, ACTIVE], [True, False]) == (pytest.approx(2 / 3), 1.0)
    assert starters([1.0, 1.0], [ACTIVE, OUTSIDE], [True, True])[1] == pytest.approx(1 / 3)
    assert starters([1.0, 1.0], [ACTIVE, ACTIVE], [True, True])[1] == 1


def test_initial_members_are_those_at_the_start_of_the_forecast(result: Result) -> None:
    ds = result.dataset
    np.testing.assert_array_equal(ds.cohesion[0], ds.starters_cohesion[0])
    assert (ds.starters_cohesion <= ds.cohesion + 1e-12).all(), "nobody enters in this scenario"
    assert float(ds.starters_cohesion[-1]) < float(ds.cohesion[-1])


def test_a_dissolved_alliance_has_no_cohesion() -> None:
    m = Motion(np.ones((2, 1)), np.zeros((2, 1), dtype=np.int8), np.ones((2, 1)), np.array([False]))
    assert cohesion(m)[0] == 0
    assert starters([1.0, 1.0], [OUTSIDE, OUTSIDE], [True, True], alive=False) == (0, 0)
    assert np.isnan(agreement_index(m)[0])


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load(SIX, {"time.step": "year", "behaviour.peers": 0.1}), runs=50, seed=4)


def test_tables(result: Result) -> None:
    members = result.members
    assert list(members) == [
        "member",
        "outcome",
        "horizon_years",
        "date",
        "mean",
        *MONTE_CARLO,
        "q05",
        "q95",
        "parameter_share",
        "share_mcse",
    ]
    assert set(members.outcome) == set(names(by_member=True))
    assert len(members) == 5 * 10 * 3
    assert members["mean"][members.outcome.isin(names("event", "chance"))].between(0, 1).all()
    assert (members.mcse >= 0).all()
    ladder = members[members.outcome.isin(positions())].groupby(["member", "horizon_years"])["mean"].sum()
    np.testing.assert_allclose(ladder, 1, atol=1e-12)
    assert (members[members.outcome == "exit"].q95 <= 1).all()
    ticks = result.ticks
    assert list(ticks) == [
        "date",
        "member",
        "outcome",
        "mean",
        *MONTE_CARLO,
        "q05",
        "q25",
        "q50",
        "q75",
        "q95",
        "parameter_share",
        "share_mcse",
    ]
    assert list(dict.fromkeys(ticks.outcome)) == list(OUTCOMES)
    assert set(ticks[ticks.outcome == "cohesion"].member) == {""}
    assert list(result.alliance) == list(members)[1:]
    assert set(result.alliance.outcome) == set(names(by_member=False))
    assert sorted(set(members.date.astype(str))) == ["2021-01-01", "2025-01-01", "2030-01-01"]


def test_exit_probability_never_falls(result: Result) -> None:
    for name in names("event"):
        assert (result.dataset[name].diff("date") >= -1e-15).all(), name


def test_the_control_variate_is_no_worse_than_chances_or_counts() -> None:
    program = compile(load("csto/history-1992-2023", {"time.step": "year", "time.end": "2023-07-01"}))
    records = list(run_block(program, 1, 0))
    incidence = Incidence.start(records[0])
    for r in records[1:]:
        incidence.add(r)
    best = incidence.estimate("exit")
    count = 1.0 * incidence.happened["exit"]
    assert np.all(best.var(axis=1) <= np.minimum(incidence.sums["exit"].var(axis=1), count.var(axis=1)) + 1e-12)
    gap = (best - count).mean(axis=1)
    error = np.maximum((best - count).std(axis=1), 1e-12) / np.sqrt(best.shape[1])
    assert np.all(np.abs(gap) < Z * error)


def test_rare_events_go_without_control() -> None:
    """With no event at all least squares would call the chances wrong and estimate 0."""
    chances = np.random.default_rng(1).uniform(0, 1e-3, (1, BLOCK))
    np.testing.assert_array_equal(controlled(chances, np.zeros_like(chances)), chances)


def test_save_and_read_back(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "results"
    save(result, folder)
    assert {p.name for p in folder.iterdir()} == {
        "members.csv",
        "ticks.csv",
        "alliance.csv",
        "dataset.zarr",
        "scenario.toml",
        "resolved.json",
        *MARKS,
        "figures",
    }
    assert [p.name for p in folder.parent.iterdir()] == ["results"], "no scratch folder is left"
    ds = xr.open_zarr(folder / "dataset.zarr", consolidated=False)
    np.testing.assert_array_equal(ds["stance"].values, result.dataset["stance"].values)
    assert list(ds.member.values) == list(result.dataset.member.values)
    scenario = restore(folder / "resolved.json")
    assert scenario.tables == result.scenario.tables
    assert scenario.resolved == result.scenario.resolved
    assert json.loads((folder / "provenance.json").read_text())["seed"] == 4
    assert (folder / "scenario.toml").read_text() == SIX.read_text()


def test_a_folder_of_another_format_is_met_with_a_sentence(result: Result, tmp_path: Path) -> None:
    save(result, tmp_path / "r")
    contents = tmp_path / "r" / CONTENTS
    contents.write_text(contents.read_text("utf-8").replace(f'"format": {FORMAT}', '"format": 1'), "utf-8")
    for reads in (
        lambda: Result.open(tmp_path / "r"),
        lambda: replay(tmp_path / "r"),
        lambda: save(result, tmp_path / "r"),
    ):
        with pytest.raises(InputError, match=r"format.* 1.* (allowed: made anew|now 2)"):
            reads()
    save(result, tmp_path / "r", force=True)
    assert Result.open(tmp_path / "r").provenance["runs"] == 50


def test_replay_tells_the_run_that_the_ensemble_made(result: Result, tmp_path: Path) -> None:
    save(result, tmp_path / "r")
    story = replay(tmp_path / "r", 49)
    assert story.identical
    assert story.sentences[0].kind == "start"
    assert story.sentences[-1].kind in ("end", "dissolution")
    assert all(s.text.endswith(".") for s in story.sentences)
    assert "State C calls for help (regime crisis); LEA helps" in repr(story)
    with pytest.raises(InputError, match="allowed: 0 to 49"):
        replay(tmp_path / "r", 50)
    with pytest.raises(InputError, match="holds no results; allowed: a folder that holds a run"):
        replay(tmp_path, 0)


def test_another_runs_results_are_not_overwritten(result: Result, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    save(result, folder)
    save(result, folder)
    before = (folder / "members.csv").read_bytes()
    for change in ({"seed": 5}, {"runs": 51}, {"engine": "agents"}):
        other = Result(result.scenario, result.dataset, result.provenance | change)
        ((key, now),) = change.items()
        with pytest.raises(InputError, match=f"{key}: {result.provenance[key]} when it began, now {now}; allowed"):
            save(other, folder)
        assert (folder / "members.csv").read_bytes() == before
    save(other, folder, force=True)
    assert json.loads((folder / "provenance.json").read_text())["engine"] == "agents"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for force in (False, True):
        with pytest.raises(InputError, match=r"holds files that are not a run's: thesis\.txt"):
            save(result, tmp_path / "mine", force)
        assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match="not a directory"):
        save(result, folder / "members.csv", force=True)


@pytest.mark.parametrize("at", ["xarray.Dataset.to_zarr", "sim.figures.sheet.save_all"])
def test_an_interruption_leaves_nothing_half_written(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(at, interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(result, tmp_path / "r")
    assert list(tmp_path.iterdir()) == []
    save(result, tmp_path / "r")
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "r").iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(at, interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(result, tmp_path / "r")
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "r").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["r"]


def test_a_folder_that_cannot_be_written_is_said(result: Result, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be"):
        save(result, tmp_path / "file" / "r")


def test_figures_and_repr(result: Result) -> None:
    assert set(result.figures()) == {"cohesion", "ladder", "exits", "incidence"}
    assert "State A" in repr(result)
    assert "exit in 10 years" in repr(result)


@pytest.mark.parametrize(
    ("runs", "seed", "engine", "says"),
    [
        (0, 1, "ensemble", "runs: 0; allowed: a whole number, at least 1"),
        (1, -1, "ensemble", "seed: -1; allowed: a whole number, at least 0"),
        (1, 1, "agent", "did you mean agents?"),
    ],
)
def test_arguments_that_cannot_be(runs: int, seed: int, engine: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        run(load(SIX), runs, seed, engine)
    assert says in str(caught.value)


def test_one_run_has_no_standard_error() -> None:
    r = run(load(SIX, {"time.step": "year"}), runs=1)
    assert r.members.mcse.isna().all()
    assert r.summary()["runs"] == 1


def test_intervals_take_chance_out() -> None:
    """Draws with a known spread of probabilities, seen through 16 coin tosses each."""
    rng = np.random.default_rng(5)
    p = rng.beta(4, 12, size=DRAWS)
    tosses = (rng.random((DRAWS, REPLICATES)) < p[:, None]).astype(float)
    found = quantiles_over_draws(tosses.reshape(1, -1))[0]
    truth = np.quantile(p, LEVELS)
    raw = np.quantile(tosses.mean(axis=1), LEVELS)
    assert np.abs(found - truth).max() < 0.06
    assert found[-1] - found[0] < raw[-1] - raw[0]
    certain = quantiles_over_draws((rng.random((1, BLOCK)) < 0.3).astype(float))[0]
    assert certain[-1] - certain[0] < 0.1, "no uncertainty, no interval"


def test_runs_of_a_draw_share_what_is_uncertain() -> None:
    one, many = Noise(3, 7), Noise(3, 7, replicates=REPLICATES)
    u = many.places("a.b").reshape(DRAWS, REPLICATES)
    assert (u == u[:, :1]).all()
    np.testing.assert_array_equal(u[:, 0], one.places("a.b")[:DRAWS])
    np.testing.assert_array_equal(one.normals("stance", 2, 3), many.normals("stance", 2, 3))
