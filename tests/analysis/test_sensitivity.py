"""Sensitivity of a small study: from the file to indices, folder and figure; what cannot be is refused by point."""

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.analysis.indices import Interval, sobol
from sim.analysis.sensitivity import _columns
from sim.errors import InputError
from sim.studies.batch import Failure, Outcome
from sim.studies.store import run_points
from tests.figures.looking import check_narrow
from tests.helpers import SIX
from tests.scenarios import written

STUDY = f"""
title = "Small"
scenarios = ["{SIX}"]
runs = 32
seed = 5
horizons = [3]
outcomes = ["exit", "cohesion"]
focus = ["AAA"]
set = {{ "time.step" = "year" }}

[design]
kind = "saltelli"
base = 16

[factors.autonomy]
path = "members.AAA.autonomy"
low = 0.0
high = 1.0
label = "Autonomy of A"

[factors.nothing]
path = "behaviour.entry_regime_threat"
low = 0.0
high = 1.0
label = "What matters to nobody here"
"""
WALKS = ('kind = "saltelli"\nbase = 16', 'kind = "morris"\ntrajectories = 12')


def study(folder: Path, *changes: tuple[str, str]) -> Path:
    return written(folder / "small.toml", STUDY, *changes)


@pytest.fixture(autouse=True)
def _no_figures_of_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are looked at elsewhere."""
    monkeypatch.setattr("sim.figures.study.draw", lambda _: {})


def test_the_factor_that_matters_comes_first_and_one_that_does_not_has_no_share(tmp_path: Path) -> None:
    begun = sim.sensitivity(study(tmp_path, ("base = 16", "base = 8")), tmp_path / "x", jobs=1, stop=lambda: True)
    assert begun is None
    assert sim.status(tmp_path / "x").state == "interrupted"
    found = sim.sensitivity(study(tmp_path), tmp_path / "x", jobs=1)
    assert found is not None
    check(found, "first")
    again = sim.open(tmp_path / "x")
    assert again.answer == found.answer
    assert list(again.figures()) == ["indices"]
    check_narrow(again.figures)
    halves = [sim.Sweep.open(tmp_path / "x" / "halves" / str(k)) for k in (1, 2)]
    assert [h.plan.tables.seed for h in halves] == [5, 6]
    rows = {tuple(row): k for k, row in enumerate(halves[0].plan.values.tolist())}
    order = [rows[tuple(row)] for row in sim.load_study(study(tmp_path)).design.tolist()]
    y = np.stack([h.dataset.cohesion.values[order, -1] for h in halves])
    own = found.frames["indices"].query("outcome == 'cohesion'")
    np.testing.assert_allclose(own["first"], sobol(y.reshape(2, -1, 4)).first.value)


def check(found: sim.Sensitivity, by: str) -> None:
    exits = found.frames["indices"].query("outcome == 'exit' and member == 'AAA'").set_index("factor")
    assert exits.loc["autonomy", f"{by}_resolved"] == 1.0
    assert abs(exits.loc["nothing", by]) < 1e-12
    assert found.answer[0].startswith(
        "The probability that State A has left after 3 years hangs most on “Autonomy of A”"
    )


def test_walks_find_the_same(tmp_path: Path) -> None:
    found = sim.sensitivity(study(tmp_path, WALKS), tmp_path / "x", jobs=1)
    assert found is not None
    check(found, "size")


def test_failed_points_and_those_without_a_number_stop_it_and_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some_fail(plan: object, points: object) -> dict[int, Outcome | Failure]:
        found = run_points(plan, points)  # type: ignore[arg-type]
        if 3 in found:
            found[3] = Failure(3, "no reason")
        if 5 in found:
            found[5].values["cohesion"][:] = np.nan  # type: ignore[union-attr]
        return found

    monkeypatch.setattr("sim.studies.store.run_points", some_fail)
    with pytest.raises(InputError) as error:
        sim.sensitivity(study(tmp_path, ("base = 16", "base = 2")), tmp_path / "x", jobs=1)
    said = str(error.value)
    assert "point 3: no reason" in said
    assert "point 5: cohesion is not a number" in said
    assert "cohesion run" in said


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('kind = "saltelli"\nbase = 16', 'kind = "lhs"\npoints = 4'), 'kind = "lhs"; allowed: saltelli, morris'),
        (("base = 16", "base = 12"), "saltelli with 12 points; allowed: a power of two, such as 8 or 16"),
        (("base = 16", ""), "saltelli without base; required"),
        (("base = 16", "base = 16\ntrajectories = 3"), "saltelli with trajectories"),
        (('low = 0.0\nhigh = 1.0\nlabel = "Auto', 'values = [0.0, 1.0]\nlabel = "Auto'), "required for saltelli"),
    ],
)
def test_what_is_no_design_of_indices_is_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError) as error:
        sim.sensitivity(study(tmp_path, change), tmp_path / "x")
    assert message in str(error.value)
    assert not (tmp_path / "x").exists()


def test_a_place_in_a_band_is_a_factor(tmp_path: Path) -> None:
    words = ('path = "members.AAA.autonomy"', 'path = "members.AAA.autonomy"\nas = "place"')
    loaded = sim.load_study(study(tmp_path, words))
    assert loaded.targets[0]["autonomy"].high == 1.0


@pytest.mark.parametrize(("name", "resolved"), [("first", 0.0), ("total", 0.0), ("size", 0.0), ("mean", 1.0)])
def test_a_share_or_a_size_below_zero_is_chance_and_no_factor_that_something_hangs_on(
    name: str, resolved: float
) -> None:
    """By chance the interval of one in forty without effect lies below zero; only a mean effect has a sign."""
    below = Interval(*(np.array([x]) for x in (-0.01, -0.02, -0.001)))
    assert _columns(name, below, 0)[f"{name}_resolved"] == resolved
