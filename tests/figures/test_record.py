"""A history against what happened: the strip is the record, the areas are the run."""

import numpy as np
import pytest

from sim.figures.record import record
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from tests.figures.looking import check, drawn, shown
from tests.run_data import CASES


def test_what_happened_stands_above_what_was_forecast_at_its_dates():
    ds = CASES["six"]
    statuses = {str(code): [ACTIVE] * 41 for code in ds.member.values}
    statuses["ARM"] = [ACTIVE] * 10 + [FROZEN] * 11 + [OUTSIDE] * 20
    statuses["UZB"] = [OUTSIDE] * 41
    figure = drawn(record, ds, statuses)
    check(figure)
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_visible()}
    assert "Uzbekistan" not in panels, "never a member"
    assert len(panels) == 5
    strip = [area for area in panels["Armenia"].collections if str(area.get_label()).startswith("on record")]
    assert [area.get_label() for area in strip] == ["on record: member", "on record: frozen", "on record: outside"]
    moved = next(area for area in panels["Armenia"].collections if area.get_label() == "moved")
    days = ds.date.values.astype("datetime64[D]").astype(float)
    np.testing.assert_allclose([s[0, 0] for s in moved.get_segments()], days[[10, 21]])


@pytest.mark.parametrize(("inside", "says"), [(1.0, "100 % probable"), (0.25, "25 % probable")])
def test_the_title_says_how_probable_the_record_was_held(inside, says):
    ds = CASES["six"].copy(deep=True)
    for name, share in zip(("loyal", "absent", "critical", "frozen"), (inside, 0, 0, 0), strict=True):
        ds[name].values[...] = share
    ds["outside"].values[...], ds["dissolution"].values[...] = 1 - inside, 0.0
    figure = record(ds, {str(code): [ACTIVE] * 41 for code in ds.member.values})
    assert says in shown(figure)
    assert "right in 100 % had nobody moved" in shown(figure)
