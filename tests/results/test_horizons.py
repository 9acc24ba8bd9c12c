"""Dates of one's own take the place of horizons."""

import numpy as np
import pytest

import sim
from sim.errors import InputError
from sim.scenario.load import load
from tests.helpers import SIX


def test_a_date_is_a_horizon_by_another_name() -> None:
    dated = sim.run(load(SIX), runs=16, by=["2022-01-01", "2020-12-31", "2021-01-01"])
    years = sim.run(load(SIX, {"time.horizons": [1.0, 2.0]}), runs=16)
    assert sorted({str(d)[:10] for d in dated.members.date}) == ["2021-01-01", "2022-01-01"]
    np.testing.assert_array_equal(dated.members["mean"], years.members["mean"])
    assert list(dated.summary()["members"][0]["exit"]) == ["1", "2"]


def test_a_comparison_has_them_too() -> None:
    c = sim.compare(SIX, runs=16, set={"leader.coercion": 0.2}, by=["2021-03-31"])
    assert {str(d)[:10] for d in c.table.date} == {"2021-04-01"}


def test_without_dates_horizons_are_the_scenarios() -> None:
    assert sim.run(SIX, runs=2).scenario.fingerprint == load(SIX).fingerprint


def test_dates_that_cannot_be_are_all_said() -> None:
    with pytest.raises(InputError) as error:
        sim.run(SIX, runs=2, by=["2021-02-15", "2019-01-01", "2020-01-01", "soon", "2031-01-01"])
    assert [str(p) for p in error.value.problems] == [
        "by: 2021-02-15, on which no quarter of the forecast ends; allowed: ends of quarters from 2020-04-01 to "
        "2030-01-01; did you mean 2021-01-01?",
        "by: 2019-01-01, on which no quarter of the forecast ends; allowed: ends of quarters from 2020-04-01 to "
        "2030-01-01; did you mean 2020-04-01?",
        "by: 2020-01-01, on which no quarter of the forecast ends; allowed: ends of quarters from 2020-04-01 to "
        "2030-01-01; did you mean 2020-04-01?",
        "by: soon is not a date; allowed: YYYY-MM-DD",
        "by: 2031-01-01, on which no quarter of the forecast ends; allowed: ends of quarters from 2020-04-01 to "
        "2030-01-01; did you mean 2030-01-01?",
    ]
