"""When it tips: against closed forms and planted curves."""

import math
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.analysis.lever import lever
from sim.analysis.threshold import crossings, curve_of, tips
from sim.errors import InputError
from sim.scenario.load import load
from tests.figures.looking import check_narrow
from tests.helpers import SIX, centred

RNG = np.random.default_rng(1)
ALONE = {
    "time.step": "year",
    "alliance.quorum": 1,
    **centred(
        exit_stance=0.0,
        exit_dependence=0.0,
        exit_basing=0.0,
        exit_offer=0.0,
        exit_punishment=0.0,
        contagion=0.0,
        renewal=0.0,
        alliance_effects=0.0,
        exit_delay=1e-9,
        freeze_rate=1e-12,
        leader_exit_rate=1e-12,
    ),
}
"""Exit at a rate that nothing changes: its probability within t years is 1 - exp(-rate t)."""


def test_the_threshold_is_that_of_the_closed_form(tmp_path: Path) -> None:
    found = sim.threshold(SIX, "behaviour.exit_rate", "exit AAA by 5 years = 20 %", 0.01, 0.11, runs=512, set=ALONE)
    first = found.frames["threshold"].iloc[0]
    truth = -math.log1p(-0.2) / 5.0
    assert abs(first.threshold - truth) < 4.0 * first.mcse + 1e-4
    assert first.mcse < 0.1 * truth
    assert (first.below, first.above) == (0.0, 0.0)
    assert first.q95 - first.q05 < 1e-3, "nothing is uncertain but chance"
    assert len(found.frames["threshold"]) == 1
    assert "reaches 20 % where coefficient exit rate is" in found.answer[0]
    found.save(tmp_path / "x")
    again = sim.open(tmp_path / "x")
    assert (again.answer, list(again.figures())) == (found.answer, ["threshold"])


def test_what_no_value_reaches_is_said_with_the_range_reached() -> None:
    found = sim.threshold(SIX, "behaviour.exit_rate", "exit AAA by 5 years = 90 %", 0.0, 0.05, runs=64, set=ALONE)
    first, said = found.frames["threshold"].iloc[0], " ".join(found.answer)
    assert math.isnan(first.threshold)
    assert first.below == 1.0
    assert found.answer[0].startswith("No value of coefficient exit rate from 0 to 0.05")
    assert "range reached is 0 % to" in found.answer[0]
    assert list(found.figures()) == ["threshold"]
    check_narrow(found.figures)
    assert (first.none, first.above) == (1.0, 0.0)
    assert found.frames["threshold"][["q05", "q50", "q95"]].isna().all(axis=None)
    assert (
        "In all draws of what is uncertain, without what chance adds, no value from 0 to 0.05 brings it to 90 %" in said
    )
    assert "(they stay below)" in said


def test_no_threshold_is_made_up_outside_the_range_and_the_scenario_as_it_is_stands_beside_it() -> None:
    found = sim.threshold(SIX, "members.AAA.security_offer.west@2024-01-01", "cohesion by 8 years = 0.35", runs=128)
    first, said = found.frames["threshold"].iloc[0], " ".join(found.answer)
    assert 0.0 < first.none < 1.0
    assert first.none == pytest.approx(first.below + first.above)
    assert 0.0 <= first.q05 <= first.q50 <= first.q95 <= 1.0
    for words in ("no value from 0 to 1 brings it to 0.35 (", "Among the others the threshold has the 90 % interval"):
        assert words in said
    lever_ = lever("members.AAA.security_offer.west@2024-01-01", load(SIX), "value", None, None)
    assert (first.now_low, first.now_high) == lever_.now
    as_it_is = sim.threshold(SIX, "members.AAA.affinity", "cohesion by 8 years = 0.35", runs=128).frames["threshold"]
    assert as_it_is.now[0] == first.now, "whatever the lever is"
    (panel,) = found.figures()["threshold"].axes
    assert any(line.get_marker() == "D" and line.get_ydata()[0] == first.now for line in panel.lines)
    assert not any(line.get_marker() in "<>" for line in panel.lines)


@pytest.mark.parametrize(
    ("text", "changed", "way", "ends"),
    [
        ("leader.war", {"leader.war": 0.3}, "value", (0.3, 0.3)),
        ("leader.war@2028-01-01", {"leader.war": "0.7@2027-01-01"}, "value", (0.7, 0.7)),
        ("leader.war@2026-01-01", {"leader.war": "0.7@2027-01-01"}, "value", None),
        ("leader.war", {"leader.war": "low"}, "value", (0.125, 0.375)),
        ("leader.war", {}, "scale", (1.0, 1.0)),
        ("leader.war", {}, "shift", (0.0, 0.0)),
    ],
)
def test_where_a_lever_is_now_is_what_is_coded_at_its_date(
    text: str, changed: dict[str, object], way: str, ends: tuple[float, float] | None
) -> None:
    before = lever(text, load(SIX), "value", None, None).now
    assert lever(text, load(SIX, changed), way, None, 1.0).now == pytest.approx(ends or before)


@pytest.mark.parametrize("relation", ["<", ">", "<=", ">="])
def test_a_side_of_a_level_is_no_threshold(relation: str) -> None:
    with pytest.raises(InputError, match=r"reach: relation: .*allowed: =.*did you mean exit AAA by 5 years = 6 %\?"):
        sim.threshold(SIX, "leader.war", f"exit AAA by 5 years {relation} 6 %", runs=16)


def test_crossings_are_found_to_the_precision_asked_for() -> None:
    grid = [float(x) for x in np.linspace(0.0, 1.0, 11)]
    found = crossings(grid, lambda x: (x - 0.123) * (x - 0.777), 1e-6)
    np.testing.assert_allclose(found, [0.123, 0.777], atol=1e-6)
    assert crossings(grid, lambda x: x - 0.5, 1e-6) == [0.5]
    assert crossings(grid, lambda x: x + 0.5, 1e-6) == []


def planted(slopes: np.ndarray, noise: float) -> dict[float, np.ndarray]:
    """Runs whose mean is slope times the lever in each draw, with the same noise at every value."""
    z = noise * RNG.normal(size=(len(slopes), 16))
    return {float(x): slopes[:, None] * x + z for x in np.linspace(0.0, 1.0, 11)}


def test_every_draw_has_its_own_threshold() -> None:
    slopes = np.array([0.2, 0.5, 0.8, 1.0])
    found = tips(curve_of(planted(slopes, 0.0), 0.0, 2.0), 0.4)
    np.testing.assert_allclose(found.at[:, 0], [np.inf, 0.8, 0.5, 0.4], atol=1e-6)
    assert found.below[:, 0].tolist() == [True, False, False, False]
    falling = {1.0 - x: values for x, values in planted(slopes, 0.0).items()}
    np.testing.assert_allclose(tips(curve_of(falling, 0.0, 2.0), 0.4).at[:, 0], [-np.inf, 0.2, 0.5, 0.6], atol=1e-6)


def test_chance_does_not_widen_the_interval_of_the_threshold() -> None:
    """Slopes are uniform on 0.5 to 1, so thresholds of 0.4 are 0.4 to 0.8; noise as large as that would add to it."""
    slopes = np.linspace(0.5, 1.0, 2000)
    ends = [np.quantile(tips(curve_of(planted(slopes, n), -9.0, 9.0), 0.4).at, (0.05, 0.95)) for n in (0.0, 0.5)]
    np.testing.assert_allclose(ends[0], [0.4 / 0.975, 0.4 / 0.525], atol=1e-3)
    np.testing.assert_allclose(ends[1], ends[0], atol=0.06)


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        sim.threshold(SIX, "leader.coersion@soon", "exit AAB by 5 years = 20 %", runs=0, low=2.0, way="valeu")
    said = str(caught.value)
    for word in (
        "runs: 0",
        "did you mean AAA?",
        "did you mean leader.coercion?",
        "soon",
        "did you mean value?",
        "low: 2",
    ):
        assert word in said
    with pytest.raises(InputError, match=r"high: not given; required"):
        sim.threshold(SIX, "behaviour.exit_rate", "exit AAA by 5 years = 20 %")
    with pytest.raises(InputError, match=r"alliance.quorum cannot be moved"):
        sim.threshold(SIX, "alliance.quorum", "exit AAA by 5 years = 20 %", 1, 3)
    with pytest.raises(InputError, match=r"low: low 0.5, high 0.5"):
        sim.threshold(SIX, "leader.coercion", "exit AAA by 5 years = 20 %", 0.5, 0.5)
