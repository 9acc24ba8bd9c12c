"""A history against what happened: the strip is the record, the areas are the run."""

import numpy as np
import pytest

from sim.figures.plotted import plotted
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


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        (1.0, "what happened 100 % on average, as much as “nobody moves” (100 %)"),
        (0.25, "what happened 25 % on average, less than “nobody moves” (100 %)"),
    ],
)
def test_the_title_says_how_probable_the_record_was_held(inside, says):
    ds = CASES["six"].copy(deep=True)
    for name, share in zip(("loyal", "absent", "critical", "frozen"), (inside, 0, 0, 0), strict=True):
        ds[name].values[...] = share
    ds["outside"].values[...], ds["dissolution"].values[...] = 1 - inside, 0.0
    figure = record(ds, {str(code): [ACTIVE] * 41 for code in ds.member.values})
    assert says in shown(figure)


def test_entries_that_are_given_to_the_model_are_given_to_what_it_is_held_against():
    ds = CASES["six"]
    dates = ds.date.values.astype("datetime64[D]")
    statuses = {str(code): [ACTIVE] * 41 for code in ds.member.values}
    statuses["ARM"] = [OUTSIDE] * 10 + [ACTIVE] * 31
    assert "“nobody moves” (87 %)" in shown(record(ds, statuses)), "wrong of one state in 31 of 41 dates"
    entered = record(ds, statuses, [("ARM", dates[10].item())])
    assert "“nobody moves” (100 %)" in shown(entered)


def test_the_interval_of_membership_and_votes_on_motions_are_drawn():
    ds = CASES["six"].copy(deep=True)
    for k, level in enumerate((0.1, 0.2, 0.3, 0.4, 0.5)):
        ds["outside_quantile"].values[..., k] = level
    did = np.full((3, 6), np.nan)
    did[:, 0] = [1.0, 0.5, 0.0]
    ds = ds.assign(
        motion_conduct=(("motion", "member"), did, {"fitted": 1}), motion_date=("motion", ds.date.values[:3])
    )
    figure = drawn(record, ds, {str(code): [ACTIVE] * 41 for code in ds.member.values})
    check(figure)
    table = plotted(figure)
    of = table[table.panel == "Armenia"]
    ends = of[of.series.str.startswith("probability of being a member", na=False)].groupby("series").y
    assert sorted(ends.mean().tolist()) == pytest.approx([0.5, 0.9])
    dots = of[of.mark == "dot"]
    assert dots.series.tolist() == [f"on record: {said}" for said in ("supports", "abstains", "opposes")]
    assert dots.y.is_monotonic_decreasing, "support stands highest"
    assert "the coefficients were fitted to them too" in shown(figure)


@pytest.mark.parametrize("end", [30, 40], ids=["before the last date", "on the last date"])
def test_the_end_of_the_alliance_is_no_move_of_a_state(end):
    ds = CASES["six"]
    statuses = {str(code): [ACTIVE] * end + [OUTSIDE] * (41 - end) for code in ds.member.values}
    statuses["ARM"] = [ACTIVE] * 10 + [OUTSIDE] * 31
    figure = drawn(record, ds, statuses)
    check(figure)
    days = ds.date.values.astype("datetime64[D]").astype(float)
    for panel in (axes for axes in figure.axes if axes.get_visible()):
        areas = {str(area.get_label()): area for area in panel.collections}
        own = days[[10]] if panel.get_title(loc="left") == "Armenia" else []
        np.testing.assert_allclose([s[0, 0] for s in areas["moved"].get_segments()], own)
        ending = areas["on record: dissolved"].get_paths()[0].vertices[:, 0]
        assert ending.min() == days[end]
        assert ending.max() - ending.min() > 0.02 * (days[-1] - days[0]), "is seen"
    assert "Hatched: dissolved" in shown(figure)
