"""Claims: kinds of tests against closed forms, verdicts that must be, bad files, determinism."""

import json
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.errors import InputError
from sim.estimates.shapley import shapley
from sim.evidence.claim import files, find_claim, load_claim, load_claims
from sim.evidence.ledger import claims, judge_all, save
from sim.evidence.measure import share
from sim.evidence.statement import judge, share_of, without_chance
from sim.evidence.tables import ClaimTest
from sim.evidence.words import called
from sim.storage.effort import Effort
from tests.claim_files import CLAIM, claim_file
from tests.cli.test_command import cohesion
from tests.study_files import MARKS

ROOT = Path(__file__).resolve().parents[2]
RNG = np.random.default_rng(3)


def stated(kind: str, **given: Any) -> ClaimTest:
    common = {"says": "x", "reason": "x", "scenario": "s", "at": 5}
    return ClaimTest.model_validate({"kind": kind, **common, **given})


def judged(test: ClaimTest, values: dict[Any, float | list[float]], close: Any = None) -> Any:
    """A test on values by (scenario, name, time), the same in all runs of a draw."""

    def read(label: str, name: str, time: Any) -> np.ndarray:
        by_draw = np.atleast_1d(np.asarray(values[label, name, float(time)], dtype=float))
        return np.repeat(by_draw[:, None], 4, axis=1)

    return judge(test, read, close, float)


def test_level_and_how_often_it_holds() -> None:
    test = stated("level", of=["exit.A", "exit.B"], below=0.5)
    values = {("s", "exit.A", 5.0): [0.1, 0.2, 0.6], ("s", "exit.B", 5.0): [0.1, 0.9, 0.1]}
    finding = judged(test, values)
    assert list(finding.holds) == [True, False, False]
    assert [r.holds.value for r in finding.rows] == pytest.approx([2 / 3, 2 / 3])
    assert finding.rows[0].estimate == pytest.approx(0.3)
    assert finding.rows[0].mcse == pytest.approx(np.std([0.1, 0.2, 0.6], ddof=1) / math.sqrt(3))
    either = judged(stated("level", of=["exit.A", "exit.B"], below=0.5, needs=1), values)
    assert list(either.holds) == [True, True, True]


def test_change_difference_and_spread() -> None:
    values = {
        ("s", "stance.A", 1.0): 1.0,
        ("s", "stance.A", 5.0): 0.2,
        ("s", "stance.B", 1.0): 1.0,
        ("s", "stance.B", 5.0): 0.9,
        ("b", "stance.A", 5.0): 0.5,
        ("b", "stance.B", 5.0): 0.5,
    }
    names = ["stance.A", "stance.B"]
    change = judged(stated("change", of=names, since=1, below=-0.25), values)
    assert [r.estimate for r in change.rows] == pytest.approx([-0.8, -0.1])
    assert not change.holds[0]
    difference = judged(stated("difference", of=names, base="b", above=0.0), values)
    assert [r.estimate for r in difference.rows] == pytest.approx([-0.3, 0.4])
    spread = judged(stated("spread", of=names, since=1, above=0.6), values)
    assert spread.rows[0].estimate == pytest.approx(0.7)
    assert spread.holds[0]
    assert spread.at_mean


def test_order_compares_neighbouring_groups() -> None:
    test = stated("order", lowest_first=[["exit.A", "exit.B"], ["exit.C"]], margin=0.1)
    values = {("s", f"exit.{m}", 5.0): p for m, p in (("A", 0.1), ("B", 0.2), ("C", 0.25))}
    finding = judged(test, values)
    assert [r.label for r in finding.rows] == ["exit.C minus exit.A", "exit.C minus exit.B"]
    assert [bool(r.holds.value) for r in finding.rows] == [True, False]
    assert not finding.holds[0]


def test_burst_is_zero_on_a_straight_line() -> None:
    test = stated("burst", of=["stance.A"], since=4, period=[0, 5], times=1, below=0.0)
    line = {("s", "stance.A", float(t)): 3.0 - 0.5 * t for t in range(6)}
    assert judged(test, line).rows[0].estimate == pytest.approx(0.0)
    step = line | {("s", "stance.A", 5.0): -2.0}
    assert judged(test, step).rows[0].estimate == pytest.approx(-3.0 - (-5.0 / 5))


def test_shapley_values_add_up_and_share_an_interaction() -> None:
    def value(parts: frozenset[str]) -> np.ndarray:
        both = 6.0 if {"a", "b"} <= parts else 0.0
        return np.full((2, 4), 1.0 * ("a" in parts) + 2.0 * ("b" in parts) + both)

    added = shapley(["a", "b", "c"], value)
    assert {k: x[0, 0] for k, x in added.items()} == pytest.approx({"a": 4.0, "b": 5.0, "c": 0.0})
    parts: dict[str, dict[str, Any]] = {"a": {"x": 1}, "b": {"y": 1}, "c": {"z": 1}}
    test = stated("share", of=["cohesion"], parts=parts, part="a", above=0.4)
    finding = judge(test, None, value, float)  # type: ignore[arg-type]
    assert finding.rows[0].estimate == pytest.approx(4.0 - 0.4 * 9.0)
    assert finding.holds.all()
    assert "b +5.000, a +4.000, c 0 (Shapley values)" in finding.note


def test_chance_is_taken_out_of_the_spread_between_draws() -> None:
    true = RNG.normal(0.0, 0.5, size=4000)
    x = true[:, None] + RNG.normal(0.0, 2.0, size=(4000, 16))
    means, shrunk = without_chance(x)
    assert means.std() == pytest.approx(math.sqrt(0.25 + 4.0 / 16), rel=0.05)
    assert shrunk.std() == pytest.approx(0.5, rel=0.06)
    assert (shrunk > 0.5).mean() == pytest.approx(0.1587, abs=0.02)
    constant = without_chance(RNG.normal(0.0, 2.0, size=(4000, 16)))[1]
    assert constant.std() < 0.15


def test_undefined_runs_and_draws_are_left_out() -> None:
    x = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, np.nan]])
    means, _ = without_chance(x)
    np.testing.assert_allclose(means, [1.0, 4.0, np.nan])
    ratio = share(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[2.0, 2.0], [0.0, 0.0]]))
    assert ratio[0].mean() == pytest.approx(0.25)
    assert np.isnan(ratio[1]).all()


def test_wilson_interval_and_verdicts() -> None:
    nine = share_of(np.arange(10) < 9)
    assert (nine.low, nine.high) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    assert nine.verdict == "undecided"
    assert share_of(np.ones(100, bool)).verdict == "supported"
    assert share_of(np.zeros(100, bool)).verdict == "contradicted"
    assert share_of(np.arange(100) < 50).verdict == "undecided"
    assert share_of(np.arange(1000) < 905).verdict == "undecided"  # more runs might change it
    assert share_of(np.zeros(0, bool)).verdict == "undecided"


def test_names_in_words() -> None:
    names = {"ARM": "Armenia", "KAZ": "Kazakhstan"}
    assert called("exit.ARM", names) == "probability of exit: Armenia"
    assert called("stance.KAZ minus stance.ARM", names) == "stance: Kazakhstan minus Armenia"
    assert called("answered_regime minus answered_clash", names) == "calls answered: regime minus clash"
    assert called("cohesion", names) == "cohesion"


def test_what_must_be_supported_is_and_its_contrary_is_contradicted(tmp_path: Path) -> None:
    right = claim_file(tmp_path, name="right")
    wrong = claim_file(tmp_path, ("above = 0.0", "below = 0.0"), name="wrong")
    level = 'of = ["dissolution"]\nat = 1\nbelow = 0.5'
    half = claim_file(tmp_path, (level, 'of = ["stance.AAA"]\nat = 1\nabove = 1.7'), name="half")
    ledger = sim.claims([right, wrong, half], runs=1600)
    assert list(ledger.table.verdict)[:2] == ["supported", "contradicted"]
    assert list(ledger.table.at_mean)[:2] == ["yes", "no"]
    assert 0.0 < ledger.table.holds[2] < 1.0
    assert list(ledger.tests.measured[:2]) == ["dissolution", "stance.AAA"]
    assert "<Ledger of 3 claims" in repr(ledger)


def test_paired_difference_is_that_of_separate_runs_with_less_error(tmp_path: Path) -> None:
    ledger = sim.claims([claim_file(tmp_path)], runs=320)
    row = ledger.tests.iloc[1]
    draws = ledger.judged[0].findings[1].rows[0].draws
    assert len(draws) == 20
    assert 0 < row.mcse < 0.1
    assert row.q05 <= row.estimate <= row.q95


def test_a_claim_gives_the_same_alone_and_on_any_number_of_threads(tmp_path: Path) -> None:
    small = claim_file(tmp_path)
    other = claim_file(tmp_path, ("at = 1\n", "at = 3\n"), name="other")
    alone = sim.claims([small], runs=4112, jobs=1)
    among = sim.claims([other, small], runs=4112, jobs=3)
    mine = among.tests[among.tests.claim == "small"].reset_index(drop=True)
    assert alone.tests.equals(mine)
    assert not sim.claims([small], runs=4112, seed=2).tests.equals(mine)


def test_calls_are_counted_by_kind(tmp_path: Path) -> None:
    file = claim_file(
        tmp_path, ('of = ["dissolution"]\nat = 1\n', 'of = ["answered_regime", "answered_clash"]\nat = 10\n')
    )
    rows = sim.claims([file], runs=320).judged[0].findings[0].rows
    assert all(0.0 <= r.estimate <= 1.0 for r in rows)
    assert rows[0].estimate > rows[1].estimate


BAD: list[tuple[tuple[str, str], list[str]]] = [
    (('kind = "level"', 'kind = "levle"'), ["tests[0].kind", "did you mean level?"]),
    (('of = ["dissolution"]', 'of = ["disolution"]'), ["unknown outcome", "did you mean dissolution?"]),
    (('of = ["stance.AAA"]', 'of = ["stance"]'), ['"stance"; allowed: outcome.STATE']),
    (('of = ["stance.AAA"]', 'of = ["stance.AAB"]'), ["unknown state in stance.AAB", "did you mean AAA?"]),
    (("at = 1\n", "at = 99\n"), ["tests[0].at", "or up to 10 years"]),
    (("at = 2030-01-01", "at = 2031-01-01"), ["2031-01-01", "2020-01-01 to 2030-01-01"]),
    (("at = 1\n", 'at = "soon"\n'), ["allowed: a date, or years after the start"]),
    (("below = 0.5\n", ""), ["no threshold; allowed: one of below, above"]),
    (("below = 0.5\n", "below = 0.5\nabove = 0.1\n"), ["below and above; allowed: one of"]),
    (("below = 0.5\n", "below = 0.5\nmargin = 0.1\n"), ["margin in a test of kind level"]),
    (('base = "base"\n', ""), ["difference without base"]),
    (('base = "base"\n', 'base = "bas"\n'), ["unknown scenario bas", "did you mean base?"]),
    (('"members.AAA.affinity" = 1.0', '"members.AAA.afinity" = 1.0'), ["members.AAA.afinity", "did you mean"]),
    (('[scenarios.alike]\nfile = "', '[scenarios.alike]\nfile = "no'), ["no such file"]),
    (('id = "P001"', 'id = "Q1"'), ["quotes[0].id"]),
    (('seen = "nothing"\n', ""), ["seen: missing; required"]),
]


@pytest.mark.parametrize(("change", "said"), BAD, ids=[said[0][:30] for _, said in BAD])
def test_bad_files(tmp_path: Path, change: tuple[str, str], said: list[str]) -> None:
    file = claim_file(tmp_path, change)
    with pytest.raises(InputError) as caught:
        load_claim(file)
    problems = [str(p) for p in caught.value.problems]
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"{file}:")
    for words in said:
        assert words in problems[0]


def test_all_mistakes_at_once_each_at_its_line(tmp_path: Path) -> None:
    late, state = ("at = 1\n", "at = 99\n"), ("stance.AAA", "stance.AAB")
    file = claim_file(tmp_path, late, state, ('base = "base"', 'base = "b"'))
    with pytest.raises(InputError) as caught:
        load_claim(file)
    lines = file.read_text().splitlines()
    found = {lines[int(p.where.rpartition(":")[2]) - 1].split(" =")[0] for p in caught.value.problems}
    assert found == {"at", "base"}
    file = claim_file(tmp_path, late, state)
    with pytest.raises(InputError) as caught:
        load_claim(file)
    assert len(caught.value.problems) == 2


def test_shares_must_be_whole(tmp_path: Path) -> None:
    tail = """
[[tests]]
says = "x"
kind = "share"
scenario = "base"
of = ["cohesion"]
at = 5
part = "a"
above = 0.1
reason = "x"
"""
    parts = '[tests.parts.a]\n"leader.coercion" = 0.1\n[tests.parts.b]\n"leader.hierarchy" = 0.1\n'
    file = tmp_path / "s.toml"
    text = CLAIM.format(six=ROOT / "tests" / "data" / "six.toml") + tail
    file.write_text(text + parts)
    claim = load_claim(file)
    assert len(claim.closed[2]) == 4
    finding = judge_all([claim], Effort(64)).judged[0].findings[2]
    assert "Shapley" in finding.note
    for old, new, said in (
        ('part = "a"', 'part = "c"', "unknown part"),
        ('"leader.hierarchy"', '"leader.coercion"', "a path in two parts"),
        ('"leader.hierarchy"', '"leader.hierachy"', "leader.hierachy"),
    ):
        file.write_text((text + parts).replace(old, new))
        with pytest.raises(InputError, match=said) as caught:
            load_claim(file)
        assert len(caught.value.problems) == 1


def test_the_papers_claims_are_whole() -> None:
    claims = load_claims()
    assert [c.name for c in claims] == [f"C{k:02d}" for k in range(1, 15)]
    registry = tomllib.loads((ROOT / "scenarios" / "csto" / "sources.toml").read_text())
    for c in claims:
        for q in c.tables.quotes:
            if q.id in registry:
                assert registry[q.id]["quote"] == q.words
        assert set(c.scenarios) == {label for t in c.tables.tests for label in t.scenarios.values()} | (
            {"nato-like"} if c.name == "C13" else set()
        )
    assert find_claim("c3").name == "C03.toml"
    assert files()


def test_names_and_runs_that_cannot_be() -> None:
    with pytest.raises(InputError, match="C99: no such claim"):
        load_claims(["C99"])
    with pytest.raises(InputError, match="named twice"):
        load_claims(["C01", "c1"])
    with pytest.raises(InputError, match="runs: 0; allowed: a whole number, at least 1"):
        claims(runs=0)


def test_the_command_prints_and_writes_a_ledger(tmp_path: Path) -> None:
    file, out = str(claim_file(tmp_path)), tmp_path / "out"
    done = cohesion("claims", file, "--runs", "799", "--out", str(out))
    assert "799 runs rounded up to 800: 16 for each draw of what is uncertain." in done.stderr
    assert done.returncode == 0, done.stderr
    assert "A claim that tests make" in done.stdout
    assert "1 supported, 0 contradicted, 0 undecided" in done.stdout
    names = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert names == {"ledger.csv", "tests.csv", "draws.json", *MARKS, "figures/small.png"}
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["claims"] == ["small"]
    before = {p: p.read_bytes() for p in out.rglob("*.*") if p.suffix in (".csv", ".png")}
    again = cohesion("claims", file, "--runs", "800", "--out", str(out), "--json")
    assert json.loads(again.stdout)["claims"][0]["verdict"] == "supported"
    assert before == {p: p.read_bytes() for p in before}
    other = cohesion("claims", file, "--runs", "1600", "--out", str(out))
    assert other.returncode == 2
    assert "runs: 800 when it began, now 1600; allowed: as it was, another --out, or --force" in other.stderr
    bad = cohesion("claims", "C99", "--runs", "100")
    assert bad.returncode == 2
    assert "Traceback" not in bad.stderr


@pytest.mark.drawn
def test_figures_of_all_kinds(tmp_path: Path) -> None:
    more = """
[[tests]]
says = "an order"
kind = "order"
scenario = "base"
lowest_first = [["stance.AAA"], ["stance.BBB", "stance.CCC"]]
at = 0
reason = "x"
[[tests]]
says = "a burst"
kind = "burst"
scenario = "base"
of = ["stance.AAA"]
since = 2021-01-01
at = 2023-01-01
period = [0, 10]
times = 2
below = 0.0
reason = "x"
[[tests]]
says = "a spread of hubness, which may not be defined"
kind = "spread"
scenario = "base"
of = ["stance.AAA", "stance.BBB"]
since = 0
at = 5
above = 0.1
reason = "x"
"""
    file = claim_file(tmp_path)
    file.write_text(file.read_text() + more)
    ledger = sim.claims([file], runs=32)
    save(ledger, tmp_path / "out")
    assert (tmp_path / "out" / "figures" / "small.png").stat().st_size > 10_000
