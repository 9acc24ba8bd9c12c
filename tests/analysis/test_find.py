"""Conditions on single runs: what is printed reads as itself, what is wrong is said at once, shares are right."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings, strategies as st

import sim
from sim.analysis.condition import RELATIONS, VERBS, Both, Condition, Either, Event, Level, Not
from sim.analysis.drivers import drivers
from sim.analysis.find import LEAST, Found, Given, Runs, find
from sim.analysis.sentence import condition
from sim.analysis.signals import signals
from sim.analysis.why import why
from sim.errors import InputError
from sim.estimates.conditional import share_given
from sim.evaluation.archive import archive
from sim.model.grammar import sentence
from sim.results.kept import read
from sim.results.replay import replay
from sim.results.result import Result
from sim.results.run import run
from sim.scenario.load import load
from tests.figures.looking import check_narrow
from tests.helpers import ALPHA, SIX
from tests.results.test_kept import LIVELY

NAN = float("nan")
YEARS = {  # of four runs, ten years from 2020 by year
    "exit": [[1, NAN, 2, 4], [3, 1, NAN, 9]],
    "freeze": [[NAN, NAN, 1, NAN], [NAN, NAN, NAN, 1]],
    "resume": [[NAN] * 4] * 2,
    "entry": [[5, NAN, NAN, NAN], [NAN] * 4],
}


def planted(years: dict[str, list[list[float]]] = YEARS, dissolution: list[float] | None = None) -> xr.Dataset:
    runs = len(years["exit"][0])
    member = ("run", "member")
    found = {name: (member, np.array(x, dtype=float).T) for name, x in years.items()}
    found |= {"dissolution": ("run", np.array(dissolution or [NAN] * runs)), "row": ("run", np.arange(runs))}
    found |= {"end_stance": (member, np.linspace(-1, 1, runs)[:, None] * [1, -1])}
    found |= {name: (("run", "horizon"), np.full((runs, 2), 0.5)) for name in ("cohesion", "starters_cohesion")}
    found |= {"coefficients": (("run", "coefficient"), np.linspace(0, 1, runs)[:, None])}
    found |= {"coded_values": (("run", "value"), np.linspace(1, 0, runs)[:, None])}
    coords = {"run": np.arange(runs), "member": ["AND", "NOT"], "name": ("member", ["Andorra", "State of Not"])}
    coords |= {"coefficient": ["peers"], "value": ["leader.coercion"], "horizon": [5.0, 10.0]}
    dates = [f"{2020 + k}-01-01" for k in range(11)]
    return xr.Dataset(found, coords, {"dates": dates, "step_years": 1.0, "rows": 0, "distinct": 0.0, "outside": []})


DS = planted()


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("AND leaves", [0, 2, 3]),
        ("Andorra leaves before 2022", [0, 2]),
        ("and leaves by 2021", [0, 2]),
        ("AND leaves by 2022-12-31", [0, 2]),
        ("AND leaves after 2021", [3]),
        ("AND leaves after 2021-01-01 before 2023", [2]),
        ("AND leaves within 1 year", [0]),
        ("AND leaves and NOT leaves within 2 years", [0]),
        ("NOT leaves and AND leaves within 5 years of the start", [0, 3]),
        ("AND leaves and (NOT freezes or State of Not leaves within 5 years)", [0, 3]),
        ("not AND leaves", [1]),
        ("NOT NOT leaves or not not leaves", [2]),
        ("not NOT leaves", [2]),
        ("AND stays", [1]),
        ("AND stays before 2024", [1]),
        ("AND stays by 2022", [1, 3]),
        ("AND returns", [0]),
        ("alliance dissolves or the alliance dissolves or dissolves", []),
        ("stance of Andorra < 0 and cohesion by 5 years >= 0.5", [0, 1]),
        ("behaviour.peers > 0.5 or leader.coercion > 0.9", [0, 2, 3]),
        ("NOT leaves or AND leaves and NOT freezes", [0, 1, 3]),
    ],
)
def test_conditions_hold_where_they_should(text: str, runs: list[int]) -> None:
    found = condition(text, DS)
    assert np.flatnonzero(found.holds(DS)).tolist() == runs
    assert condition(str(found), DS) == found


def shifted() -> xr.Dataset:
    """Three years from December 1949 by quarter; AND leaves in the tick that ends in March, September, June, December,
    NOT never."""
    ds = planted(
        {"exit": [[0.25, 0.75, 1.5, 2.0], [NAN] * 4]} | dict.fromkeys(("freeze", "resume", "entry"), [[NAN] * 4] * 2)
    )
    ends = [f"{1949 + (k + 4) // 4 - (k % 4 == 0)}-{12 if k % 4 == 0 else 3 * (k % 4):02}-01" for k in range(13)]
    return ds.assign_attrs(dates=ends, step_years=0.25)


@pytest.mark.parametrize(
    ("limit", "runs", "says"),
    [
        ("by 1950", [0, 1], " (up to 1950-11-30)"),
        ("before 1951", [0, 1], " (up to 1950-11-30)"),
        ("by 1950-08", [0, 1], ""),
        ("before 1950-08", [0], " (up to 1950-05-31)"),
        ("by 1950-07-14", [0], " (up to 1950-05-31)"),
        ("after 1950", [2, 3], " (from 1951-03-01 on)"),
        ("after 1949", [1, 2, 3], " (from 1950-03-01 on)"),
        ("by 1952", [0, 1, 2, 3], " (up to 1952-11-30)"),
        ("before 1950-12-01", [0, 1], ""),
    ],
)
def test_limits_are_the_ticks_inside_where_no_tick_ends_then(limit: str, runs: list[int], says: str) -> None:
    ds = shifted()
    assert ds.attrs["dates"][:5] == ["1949-12-01", "1950-03-01", "1950-06-01", "1950-09-01", "1950-12-01"]
    found = condition(f"AND leaves {limit}", ds)
    assert np.flatnonzero(found.holds(ds)).tolist() == runs
    assert found.words(ds) == f"Andorra leaves {limit}{says}"
    assert str(found) == f"AND leaves {limit}"


@pytest.mark.parametrize("limit", ["by 1948", "before 1949", "before 1960", "by 1953", "after 1952", "after 1947"])
def test_only_a_time_outside_the_forecast_is_refused_at_its_column(limit: str) -> None:
    text = f"not AND leaves {limit}"
    with pytest.raises(InputError) as caught:
        condition(text, shifted())
    (problem,) = caught.value.problems
    assert problem.path == f"column {text.index(limit.split()[1]) + 1}, {limit.split()[0]}"
    assert "outside the forecast; allowed: from 1949-12-01 to 1952-12-01" in str(problem)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("AND freezes and not NOT leaves", "Andorra freezes its membership and State of Not does not leave"),
        ("not AND stays by 2024", "Andorra does not stay by 2024"),
        ("not alliance dissolves", "the alliance does not dissolve"),
        ("not AND resumes", "Andorra does not resume its membership"),
        ("not not AND returns", "Andorra returns"),
        ("not behaviour.peers > 0.2", "behaviour.peers <= 0.2"),
        ("not (AND leaves or stance NOT < 1)", "not (Andorra leaves or stance of State of Not < 1)"),
    ],
)
def test_what_is_not_is_said_in_plain_words(text: str, says: str) -> None:
    assert condition(text, DS).words(DS) == says


def test_a_sentence_does_not_change_a_path() -> None:
    assert sentence("behaviour.peers > 0.2: in 477 runs") == "behaviour.peers > 0.2: in 477 runs"
    assert sentence("starters_cohesion > 0.2") == "starters_cohesion > 0.2"
    assert sentence("some member leaves. Then") == "Some member leaves. Then"


def test_a_state_stays_in_no_alliance_that_ends() -> None:
    ds = planted(dissolution=[NAN, 3, NAN, NAN])
    assert not condition("AND stays", ds).holds(ds).any()
    assert np.flatnonzero(condition("AND stays by 2021", ds).holds(ds)).tolist() == [1, 3]


dates = st.sampled_from(["2022", "2025", "2024-12-31", "2023-01-01"])
limits = st.fixed_dictionaries(
    {},
    optional={
        "before": dates,
        "by": dates,
        "after": dates,
        "within": st.floats(0, 1e6, allow_nan=False) | st.integers(0, 9).map(float),
    },
)
states = st.sampled_from(["AND", "NOT"])
events = st.builds(lambda s, v, w: Event(s, v, **w), states, st.sampled_from([*VERBS]), limits)
events |= st.builds(lambda w: Event("", "dissolves", **w), limits)
events |= st.builds(lambda s: Event(s, "leaves", within=3.0, of_start=True), states)
events |= st.builds(lambda s, d: Event(s, "stays", by=d), states, dates)
level = st.floats(allow_nan=False, allow_infinity=False)
relations = st.sampled_from([*RELATIONS])
whats = st.sampled_from(["stance NOT", "cohesion", "behaviour.peers", "leader.coercion"])
levels = st.builds(Level, whats, relations, level)
levels |= st.builds(Level, st.just("starters_cohesion"), relations, level, st.sampled_from([5.0, 10.0]))
several = st.recursive(
    events | levels,
    lambda part: (
        st.builds(Not, part)
        | st.builds(
            lambda kind, parts: kind(tuple(parts)),
            st.sampled_from([Both, Either]),
            st.lists(part, min_size=2, max_size=3),
        )
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(several)
def test_what_is_printed_reads_as_the_same(c: Condition) -> None:
    assert condition(str(c), DS) == c
    assert condition(c, DS) is c
    assert c.holds(DS).shape == (4,)


@settings(max_examples=150, deadline=None)
@given(st.text("AND NOTleavswithin()<>=. 0123456789-byor", max_size=60))
def test_no_text_is_a_traceback(text: str) -> None:
    try:
        found = condition(text, DS)
    except InputError as error:
        wrong = {(p.where, p.path.split()[0]) for p in error.problems}
    else:
        wrong = {("condition", "column")} if found.holds(DS).shape == (4,) else set()
    assert wrong == {("condition", "column")}


def test_all_that_is_wrong_is_said_at_once_with_its_column() -> None:
    with pytest.raises(InputError) as caught:
        condition("ANDD leaves befor 2022 and AND leeves or (AND leaves before 2042-05 and behaviour.peer > 1", DS)
    said = str(caught.value).splitlines()
    assert [line.split(";")[0] for line in said] == [
        "condition: column 1: ANDD",
        "condition: column 13: befor",
        "condition: column 32: leeves",
        "condition: column 61, before: 2042-05, outside the forecast",
        "condition: column 73, number: behaviour.peer",
        "condition: column 91: the end",
    ]
    suggested = [line.partition("did you mean ")[2] for line in said]
    assert suggested == ["AND?", "before?", "leaves?", "2030-01-01?", "behaviour.peers?", ""]
    with pytest.raises(InputError, match="state: XYZ"):
        condition(Event("XYZ", "leaves") & Event("AND", "leaves", before=2022), DS)


# --------------------------------------------------------------------------------------------- what follows if


def test_a_conditional_share_is_a_count_over_a_count() -> None:
    rng = np.random.default_rng(3)
    c, a = rng.random(500) < 0.3, rng.random(500) < 0.2
    found = share_given(np.stack([a, ~a, c]), c)
    np.testing.assert_allclose(found.mean, [a[c].mean(), 1 - a[c].mean(), 1.0])
    np.testing.assert_allclose(found.mcse[0], np.sqrt(a[c].mean() * (1 - a[c].mean()) / c.sum()), rtol=0.01)
    assert found.mcse[2] == 0
    assert found.high[2] == 1
    assert 0.9 < found.low[2] < 1


def test_intervals_hold_the_truth_where_runs_share_rows() -> None:
    """Rows of probabilities of their own: ends of 95 % hold the truth as often, a false alarm in ALPHA of all seeds."""
    rng = np.random.default_rng(8)
    rows, runs, times, inside = 64, 1024, 400, 0
    for _ in range(times):
        p, q = rng.beta(2, 2, rows), rng.beta(1, 3, rows)
        row = np.arange(runs) % rows
        c = rng.random(runs) < q[row]
        a = rng.random(runs) < p[row] * (0.5 + q[row] / 2)
        found = share_given(a, c, rows, float(rows))
        inside += bool(found.low <= 0.35 <= found.high)
    # E[p] (E[q] / 2 + E[q^2] / 2) / E[q], E[q] = 1/4, E[q^2] = 1/10
    from scipy.stats import binom

    low, high = binom.ppf([ALPHA / 2, 1 - ALPHA / 2], times, 0.95)
    assert low <= inside <= max(high, times), inside / times
    alone = share_given(a, c)
    assert found.mcse > 1.1 * alone.mcse, "rows make errors larger"


def kept(runs: int, seed: int = 1) -> xr.Dataset:
    """AND leaves in 30 % of runs; NOT does in 60 % of them, in 20 % of the others."""
    rng = np.random.default_rng(seed)
    leaves = rng.random(runs) < 0.3
    follows = rng.random(runs) < np.where(leaves, 0.6, 0.2)
    never = [NAN] * runs
    first = np.where(leaves, 2.0, NAN), np.where(follows, 4.0, NAN)
    return planted({"exit": [x.tolist() for x in first], **dict.fromkeys(("freeze", "resume", "entry"), [never] * 2)})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("found") / "r"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Result, "draw", lambda _, folder: folder.mkdir())
        return out, run(load(SIX, LIVELY), runs=40, seed=4, keep_runs=True, out=out)


def test_what_follows_if_is_what_was_planted(result: tuple[Path, Result]) -> None:
    runs = Runs(result[1], kept(4000), result[0])
    found = runs.given(Event("AND", "leaves", before="2023"), Event("NOT", "leaves"))
    row = found.frames["given"].query("outcome == 'exit' and member == 'NOT' and horizon_years == 10").iloc[0]
    z = 3.9  # false alarm of ALPHA
    assert abs(row["mean"] - 0.6) < z * row.mcse
    assert abs(row.all_mean - 0.32) < z * row.all_mcse
    assert row.mcse == pytest.approx(np.sqrt(0.24 / 1200), rel=0.05)
    assert row.low < row["mean"] < row.high
    assert found.answer[0].startswith("If Andorra leaves before 2023, State of Not leaves by January 2030 in ")
    assert "evidence as well as a cause" in " ".join(found.answer)
    alone = runs.given(Event("AND", "leaves"), None)
    assert "State of Not leaves by January 2030" in alone.answer[0], "what it says most of is not what is given"
    both = runs.given(Event("AND", "leaves"), Event("NOT", "leaves", within=1) | Event("", "dissolves"))
    assert both.frames["given"].outcome[0] == "asked"
    assert list(found.figures()) == ["given"]
    check_narrow(found.figures)


def test_too_few_runs_are_refused_with_how_many_would_do(result: tuple[Path, Result]) -> None:
    with pytest.raises(
        InputError, match=rf"holds in \d+ of 200 runs; required: {LEAST} runs; about [34]\d\d runs would"
    ):
        Runs(result[1], kept(200), result[0]).given(Event("AND", "leaves"), None)


def test_runs_are_found_written_and_read_back(result: tuple[Path, Result], tmp_path: Path) -> None:
    folder, _ = result
    found = find(folder, "AAA leaves or BBB leaves", out=tmp_path / "x")
    assert isinstance(found, Found)
    ds = read(folder)
    left = np.isfinite(ds.exit.sel(member=["AAA", "BBB"]).values).any(axis=1)
    assert found.runs == np.flatnonzero(left).tolist()
    assert f"in {left.sum()} of 40 runs" in found.answer[0]
    assert list(found.frames["runs"]) == ["run", "AAA leaves, until", "BBB leaves, until"]
    assert found.answer[1].endswith(f"cohesion replay {folder} --run {found.runs[0]}")
    assert Found.open(tmp_path / "x").runs == found.runs
    with pytest.raises(InputError, match=r"(?s)condition: column 1: XXX.*given: column 5: flies"):
        find(folder, "XXX leaves", "AAA flies")
    with pytest.raises(InputError, match="required: `condition` or `given`"):
        find(folder)


VERBS_THAT_OPEN = {
    "find": lambda folder: find(folder, "AAA leaves"),
    "given": lambda folder: find(folder, given="AAA leaves"),
    "drivers": drivers,
    "signals": signals,
    "replay": replay,
    "why": lambda folder: why(folder, 0, "AAA"),
    "archive": archive,
    "open": sim.open,
    "export": lambda folder: sim.export(folder, folder / "tables"),
    "report": lambda folder: sim.report(folder, folder / "report.html"),
}


@pytest.mark.parametrize("lost", ["provenance.json", "runs.zarr", "runs.csv"])
def test_a_folder_that_is_not_whole_is_refused_by_all_that_open_it(
    lost: str, result: tuple[Path, Result], tmp_path: Path
) -> None:
    copy = shutil.copytree(result[0], tmp_path / "r")
    shutil.rmtree(copy / lost) if (copy / lost).is_dir() else (copy / lost).unlink()
    for verb, acts in VERBS_THAT_OPEN.items():
        with pytest.raises(InputError) as caught:
            acts(copy)
        (problem,) = caught.value.problems
        assert problem.where == str(copy), verb
        unfinished = "finished" in problem.found or "interrupted" in problem.found
        assert unfinished if lost == "provenance.json" else f"{lost}" in problem.found, (verb, problem)


def test_damaged_runs_are_refused(result: tuple[Path, Result], tmp_path: Path) -> None:
    copy = shutil.copytree(result[0], tmp_path / "r")
    next(p for p in (copy / "runs.zarr").rglob("c/*") if p.is_file()).write_bytes(b"")
    with pytest.warns(UserWarning, match="runs.zarr"), pytest.raises(InputError, match="zarr is not as it was"):
        find(copy, "AAA leaves")
    (copy / "provenance.json").write_text("{}")
    with pytest.warns(UserWarning, match="provenance"), pytest.raises(InputError, match="json is not as it was"):
        find(copy, "AAA leaves")


def test_probabilities_given_are_written_and_read_back(result: tuple[Path, Result], tmp_path: Path) -> None:
    found = Runs(result[1], kept(1000), result[0]).given(Event("AND", "leaves"), None)
    found.save(tmp_path / "x")
    again = Given.open(tmp_path / "x")
    np.testing.assert_allclose(again.frames["given"]["mean"], found.frames["given"]["mean"], rtol=1e-5)
    assert list(again.figures()) == ["given"]
