"""When it tips: against closed forms and planted curves."""

import math
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.analysis.threshold import crossings, curve_of, tips
from sim.errors import InputError
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
    first = found.frames["threshold"].iloc[0]
    assert math.isnan(first.threshold)
    assert first.below == 1.0
    assert found.answer[0].startswith("No value of coefficient exit rate from 0 to 0.05")
    assert "range reached is 0 % to" in found.answer[0]
    assert list(found.figures()) == ["threshold"]


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
