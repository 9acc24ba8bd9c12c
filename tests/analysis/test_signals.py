"""Early warning: planted signs are found as long before as they are there, and nothing is found where nothing is."""

import numpy as np
import pytest
from scipy.stats import norm

from sim.analysis.signals import (
    EITHER,
    FALL,
    QUARTERS,
    RECORD,
    Panel,
    areas,
    change,
    check_quarters,
    following,
    lead_times,
    on_record,
    over_a_year,
)
from sim.errors import InputError
from sim.evaluation.score import shipped_histories
from sim.figures.signals import signals
from sim.scenario.load import load
from tests.helpers import ALPHA, SIX

SHIFT, BEFORE = 1.0, 3


def planted(units: int = 1500, quarters: int = 16) -> Panel:
    """An event in quarter 12 of every third unit, a sign of it in the three quarters before, and one of nothing."""
    rng = np.random.default_rng(4)
    event = np.zeros((quarters, units), bool)
    event[12, ::3] = True
    sign, idle = rng.standard_normal((2, quarters, units))
    sign[12 - BEFORE : 12, ::3] += SHIFT
    gone = np.cumsum(event, axis=0) > 0
    return Panel({"planted": sign, "idle": idle}, {"exit": event}, {"exit": ~gone}, np.arange(units))


@pytest.mark.parametrize("step", ["month", "year"])
def test_steps_that_are_no_quarters_are_refused(step: str) -> None:
    check_quarters(load(SIX))
    with pytest.raises(InputError, match=f"time.step: {step}; required: quarter"):
        check_quarters(load(SIX, {"time.step": step}))


def test_a_sign_is_found_as_long_before_as_it_is_there() -> None:
    import pandas as pd

    rows = [("runs", "exit", *row) for row in areas([planted()], "exit")]
    columns = ["where", "event", "sign", "quarters", "area", "mcse", "low", "high", "cases", "others"]
    table = pd.DataFrame(rows, columns=columns)
    z = norm.isf(ALPHA / 2 / len(table))
    for r in table.itertuples():
        # others are units before an event that comes later too, of which few show the sign
        there = r.sign == "planted" and r.quarters <= BEFORE
        assert abs(r.area - (norm.cdf(SHIFT / np.sqrt(2)) if there else 0.5)) < z * r.mcse + 0.03, r
        assert r.cases == 500
    leads = lead_times(table).set_index("sign").quarters
    assert leads["planted"] >= BEFORE
    assert leads["idle"] <= 1
    about = {"title": "Planted", "footer": "", "meaning": {"planted": "a sign", "idle": "none"}}
    assert len(signals(table, about).axes) >= 2


def test_signs_reach_a_year_back_and_the_next_event_is_the_next() -> None:
    x = np.arange(6.0)[:, None] ** 2
    assert change(x)[4:, 0].tolist() == [16, 24]
    assert over_a_year(x)[4:, 0].tolist() == [1 + 4 + 9 + 16, 4 + 9 + 16 + 25]
    assert np.isnan(change(x)[:4]).all()
    events = np.array([[0, 0, 1, 0, 1, 0]], bool).T
    assert following(events)[:, 0].tolist() == [2, 2, 4, 4, np.inf, np.inf]


def test_the_record_has_its_events_and_knows_nothing_of_later_votes() -> None:
    panels = [on_record(s) for s in shipped_histories()]
    assert len(panels) == 5
    assert sum(int(p.events[EITHER].sum()) for p in panels) >= 8
    rows = list(areas(panels, EITHER))
    assert {r[1] for r in rows} == {*QUARTERS}
    assert all(low <= 0.5 <= high for _, k, _, _, low, high, *_ in rows if k == 4), "nothing is told apart by chance"
    assert FALL not in panels[0].signs
    assert RECORD
