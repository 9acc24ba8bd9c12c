"""What makes the difference: sums, planted gaps, and programs between two scenarios."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.analysis.attribute import sentences, sets_of, shared_out
from sim.analysis.parts import named, parts_of
from sim.analysis.spread import error_over_draws, linear
from sim.errors import InputError
from sim.estimates.shapley import orders
from sim.figures.attribution import draw
from sim.model.outcomes import signed
from sim.scenario.blend import blend
from sim.scenario.compile import compile
from sim.scenario.load import load
from tests.analysis.test_threshold import ALONE
from tests.figures.looking import check_narrow
from tests.helpers import SIX, run, stacked

RNG = np.random.default_rng(2)
CHANGED = {"leader.coercion": 0.1, "leader.war": 0.0, "members.AAA.affinity": 0.2, "behaviour.exit_rate": 0.05}
YEARLY = {"time.step": "year"}


@pytest.fixture(scope="module")
def found() -> sim.Attribution:
    return sim.attribute(load(SIX, YEARLY), load(SIX, YEARLY | CHANGED), runs=64, outcomes=["cohesion", "exit AAA"])


def test_what_parts_add_sums_to_the_gap_to_rounding(found: sim.Attribution) -> None:
    keys = ["outcome", "horizon_years"]
    sums = found.frames["shares"].groupby(keys).added.sum()
    np.testing.assert_allclose(sums, found.frames["gaps"].set_index(keys).gap.loc[sums.index], atol=1e-14)
    assert len(found.frames["parts"]) == len(CHANGED)


def test_levels_are_those_of_the_scenarios_themselves(found: sim.Attribution) -> None:
    last = found.frames["gaps"].set_index(["outcome", "horizon_years"]).loc["cohesion", 10.0]
    own = sim.attribute(load(SIX, YEARLY), load(SIX, YEARLY | CHANGED), {"all": list(CHANGED)}, runs=64)
    whole = own.frames["gaps"].set_index(["outcome", "horizon_years"]).loc["cohesion", 10.0]
    assert (last.a, last.b) == (whole.a, whole.b)
    assert own.frames["shares"].added.iloc[2] == pytest.approx(whole.gap, abs=1e-15)


def test_a_program_with_all_parts_taken_is_the_other_scenarios() -> None:
    a, b = load(SIX), load(SIX, CHANGED | {"alliance.quorum": 3, "weights.other_ties": {"china": 0.5, "regional": 0.5}})
    between = blend(a, b)
    assert set(between.differs) == {*CHANGED, "alliance", "weights.other_ties"}
    for name in ("stance", "exit", "status"):
        mixed, own = (stacked(run(p), name) for p in (between.program(between.differs), compile(b)))
        np.testing.assert_array_equal(mixed, own)
        np.testing.assert_array_equal(*(stacked(run(p), name) for p in (between.program(()), compile(a))))


def test_a_part_is_what_setting_its_paths_alone_would_do() -> None:
    between = blend(load(SIX), load(SIX, CHANGED))
    alone = compile(load(SIX, {"leader.war": CHANGED["leader.war"]}))
    np.testing.assert_array_equal(*(stacked(run(p), "stance") for p in (between.program({"leader.war"}), alone)))


def test_rates_that_multiply_are_shared_out_by_the_closed_form() -> None:
    """Of two parts the first adds half of what it adds alone and of what it adds last: 1 - exp(-rate t) is known."""
    parts = {"behaviour.exit_rate": 0.04, "behaviour.exit_delay": 5.0}
    a = ALONE | {"behaviour.exit_rate": 0.01}
    found = sim.attribute(load(SIX, a), load(SIX, a | parts), outcomes=["exit AAA"], runs=1024)

    def exit_by(rate: float, delay: float) -> float:
        return 1.0 - np.exp(-10.0 * rate / (1.0 + delay * rate))

    first = (exit_by(0.04, 0.0) - exit_by(0.01, 0.0) + exit_by(0.04, 5.0) - exit_by(0.01, 5.0)) / 2.0
    row = found.frames["shares"].set_index(["part", "horizon_years"]).loc["coefficient exit rate", 10.0]
    assert abs(row.added - first) < 4.0 * row.mcse
    assert row.mcse < 0.05 * first


def test_orders_that_are_drawn_come_near_to_all_orders_and_sum_to_the_gap() -> None:
    names = [f"p{k}" for k in range(9)]
    size = dict(zip(names, RNG.normal(size=9), strict=True))

    def value(parts: frozenset[str]) -> np.ndarray:
        return np.full((4, 2), sum(size[p] for p in parts) + 0.3 * len(parts) ** 2 + size["p0"] * ("p1" in parts))

    sets, some = sets_of({n: (n,) for n in names}, 1)
    assert len(sets) <= 130
    assert {s for order in some for s in (frozenset(order[:k]) for k in range(10))} == set(sets)
    drawn, exact = shared_out(names, some, value), shared_out(names, [], value)
    gap = value(frozenset(names)) - value(frozenset())
    np.testing.assert_allclose(sum(drawn.added.values()), gap, atol=1e-12)
    for n in names:
        assert abs(drawn.added[n].mean() - exact.added[n].mean()) <= 4.0 * drawn.drawn[n] + 1e-9
    assert orders(names, 4, 1)[1] == orders(names, 4, 1)[0][::-1]


def test_parts_go_by_name_and_the_rest_by_path_or_by_input() -> None:
    every = {f"members.{m}.affinity": 0.3 for m in ("AAA", "BBB", "CCC", "DDD", "EEE")}
    between = blend(load(SIX), load(SIX, CHANGED | every | {"leader.hierarchy": 0.1, "members.BBB.autonomy": 0.9}))
    grouped = parts_of(between, named(["peace=leader.war", "force = leader.coercion, behaviour.exit_rate"]))
    assert grouped == {
        "peace": ("leader.war",),
        "force": ("leader.coercion", "behaviour.exit_rate"),
        "hierarchy": ("leader.hierarchy",),
        "affinity": tuple(every),
        "autonomy": ("members.BBB.autonomy",),
    }
    assert parts_of(between, {"likeness": ["members.*.affinity"]})["likeness"] == tuple(every)


def test_all_mistakes_of_parts_are_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        sim.attribute(
            SIX, load(SIX, CHANGED), {"x": ["leader.war", "leader.cohercion"], "y": ["leader.war"]}, ["exti AAA"]
        )
    said = str(caught.value)
    for word in ("did you mean leader.coercion?", "leader.war stands in two parts", "did you mean exit?"):
        assert word in said
    with pytest.raises(InputError) as caught:
        sim.attribute(SIX, load(SIX, CHANGED), {"x": ["leader.nonsense"]}, ["exit"], by=["2028-02-02"], runs=0)
    for word in ("leader.nonsense is the same in both", "exit of nobody", "2028-02-02", "runs: 0"):
        assert word in str(caught.value)
    with pytest.raises(InputError, match="nothing differs from six"):
        sim.attribute(SIX, SIX)
    with pytest.raises(InputError, match="NAME=PATH"):
        named(["leader.war"])


def answer(parts: dict[str, float], error: float = 0.001, outcome: str = "cohesion") -> str:
    """What is said of parts that add so much."""
    row = {"outcome": outcome, "member": "", "horizon_years": 5.0, "date": "2028-10-01", "mcse": error}
    shares = pd.DataFrame([row | {"part": n, "added": x, "q05": x / 2, "q95": 2 * x} for n, x in parts.items()])
    gap = sum(parts.values())
    gaps = pd.DataFrame([row | {"a": 0.4, "b": 0.4 + gap, "gap": gap, "q05": gap / 2, "q95": 2 * gap}])
    (said,) = sentences(shares, gaps, {"a": "A", "b": "B", "names": {}})
    return said


def test_parts_that_cancel_are_named() -> None:
    said = answer({"up": 0.2, "down": -0.199, "more": 0.01, "less": -0.01, "least": 0.001})
    assert "the gap is near zero, +0.002 (+0.001 to +0.004), because parts offset one another: up +0.20" in said
    assert said.endswith("more +0.01 (+0.01 to +0.02); 2 smaller parts the rest.")
    assert "offset" not in answer({"up": 0.2, "down": -0.05})
    assert "hardly differ in what was asked" in answer({"up": 0.004, "down": -0.004})
    assert "hardly differ" not in answer({"up": 0.2, "down": -0.2}, error=0.001)
    assert "offset" not in answer({"up": 0.02, "down": -0.02}, error=0.05), "within the error of nothing"


def test_small_numbers_have_a_digit_more_and_nothing_has_no_sign() -> None:
    assert [signed(x, 0) for x in (-0.3, 0.04, -4.2, 0.0)] == ["-0.3", "0", "-4", "0"]
    said = answer({"up": -0.10, "down": -0.003}, outcome="any_exit")
    assert "down -0.3 (-0.1 to -1)" in said
    assert "-0 " not in said


@pytest.mark.drawn
def test_an_attribution_is_read_back_and_drawn_again(found: sim.Attribution, tmp_path: Path) -> None:
    found.save(tmp_path / "x")
    again = sim.open(tmp_path / "x")
    assert (again.answer, list(again.figures())) == (found.answer, ["attribution"])
    assert (tmp_path / "x" / "figures" / "attribution.png").stat().st_size > 10_000
    check_narrow(again.figures)
    assert list(again.tables) == ["shares", "gaps", "parts"]


def test_titles_and_numbers_of_an_attribution_keep_to_their_panels(found: sim.Attribution) -> None:
    frames, about = found.frames, found.about | {"names": {"AAA": "The Republic of a name of some length"}}
    sure = frames["gaps"].assign(a=0.02, b=1.0)
    check_narrow(lambda: {"attribution": draw(frames["shares"], sure, about)}, 6.0, 6.5, 10.0)
    for panel in draw(frames["shares"], sure, about).axes:
        assert (panel.get_xticks() <= panel.get_xlim()[1]).all()
        if panel.get_xlabel() == "probability":
            assert panel.spines["bottom"].get_bounds()[1] == 1.0
            assert max(panel.get_xticks()) == 1.0


def test_runs_without_a_value_count_as_the_mean_of_the_others() -> None:
    x = RNG.normal(size=(8, 16))
    holed = np.where(RNG.uniform(size=x.shape) < 0.3, np.nan, x)
    assert linear(holed, (0, 1)).mean() == pytest.approx(np.nanmean(holed))
    np.testing.assert_allclose(linear(holed, (1,)).mean(axis=1), np.nanmean(holed, axis=1))
    assert error_over_draws(linear(holed, (0, 1))) == pytest.approx(error_over_draws(holed))
