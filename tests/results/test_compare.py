"""Paired comparison: exactly nothing where nothing differs, less noise where something does."""

from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.results.comparison import compare, save
from sim.results.run import run
from sim.scenario.load import load
from tests.helpers import SIX
from tests.scenarios import of_size
from tests.study_files import MARKS

YEARLY = {"time.step": "year"}


def test_a_zero_effect_is_exactly_zero() -> None:
    base = load(SIX, YEARLY)
    event = load(SIX, YEARLY | {"behaviour.security_offer": 0.7})  # nobody is offered anything
    table = compare(base, event, runs=300).table
    assert (table.difference == 0).all()
    assert (table.mcse == 0).all()
    assert np.isinf(table.saved_runs).all()


def test_differences_are_those_of_two_runs_with_less_noise() -> None:
    base, other = load(SIX, YEARLY), load(SIX, YEARLY | {"leader.coercion": 0.2})
    c = compare(base, other, runs=5000, seed=3)
    alone = [run(s, runs=5000, seed=3).members for s in (base, other)]
    exits = c.table[c.table.outcome == "exit"].set_index(["member", "horizon_years"]).sort_index()
    a, b = (m[m.outcome == "exit"].set_index(["member", "horizon_years"]).sort_index() for m in alone)
    np.testing.assert_allclose(exits.difference, b["mean"] - a["mean"], atol=1e-12)
    assert (exits.mcse < np.hypot(a.mcse, b.mcse)).all()
    assert (exits.saved_runs > 1).all()


def test_scenarios_that_cannot_be_paired(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="members: not those of six"):
        compare(load(SIX), load(of_size(tmp_path, 9)), runs=10)
    with pytest.raises(InputError, match="time: not those of six"):
        compare(load(SIX), load(SIX, YEARLY), runs=10)


def test_save(tmp_path: Path) -> None:
    c = compare(load(SIX, YEARLY), load(SIX, YEARLY | {"behaviour.peers": 0.9}), runs=100)
    save(c, tmp_path / "c")
    names = {p.name for p in (tmp_path / "c").iterdir()}
    assert names == {"differences.csv", "differences.png", "scenarios.json", *MARKS}
    assert "six" in repr(c)
