"""Phase diagrams: cells, dots and lines are those of the dataset."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from sim.figures import phase, sheet
from sim.figures.study import draw
from tests.figures.looking import check, drawn, shown
from tests.figures.studies import final, made, mesh, panels
from tests.study_data import CASES, FACTORS, flat


def test_cells_hold_the_means_at_their_place():
    ds = CASES["grid"]
    by_title = panels(made("grid")["phase"])
    for title, values in (
        ("Some member has left", final(ds, "any_exit")),
        ("Kazakhstan has left", final(ds, "exit", member="KAZ")),
        ("Cohesion", final(ds, "cohesion")),
    ):
        cells = mesh(by_title[title]).get_array()
        # the first factor varies slowest, and goes along the horizontal axis
        np.testing.assert_array_equal(cells, values.reshape(9, 9).T)


def test_cells_find_their_place_in_any_order_of_the_points():
    ds = CASES["grid"]
    order = np.random.default_rng(3).permutation(ds.sizes["point"])
    first, again = (panels(draw(d)["phase"])["Cohesion"] for d in (ds, ds.isel(point=order)))
    np.testing.assert_array_equal(mesh(first).get_array(), mesh(again).get_array())


def test_borders_of_cells_are_midway_between_the_levels():
    np.testing.assert_allclose(phase.edges(np.array([0, 0.1, 0.15, 0.5, 1])), [-0.05, 0.05, 0.125, 0.325, 0.75, 1.25])
    corners = mesh(panels(made("grid, uneven")["phase"])["Cohesion"]).get_coordinates()
    np.testing.assert_allclose(corners[:, 0, 1], [0.5, 1.5, 3, 6, 12, 20])


def test_failed_points_are_blank_and_counted():
    figure = made("grid, uneven")["phase"]
    for panel in panels(figure).values():
        blank = np.ma.getmaskarray(mesh(panel).get_array())
        assert np.flatnonzero(blank.T.ravel()).tolist() == [3, 12]
    assert "2 points failed, left blank" in shown(figure)
    assert "failed" not in shown(made("grid")["phase"])


def test_missing_points_of_a_grid_are_blank():
    ds = CASES["grid"].isel(point=slice(1, None))
    cells = mesh(panels(draw(ds)["phase"])["Cohesion"]).get_array()
    assert np.flatnonzero(np.ma.getmaskarray(cells)).tolist() == [0]


def test_probabilities_share_a_scale_from_zero_and_cohesion_has_its_own():
    figure = made("grid, four scenarios")["phase"]
    scales = [
        (a.get_title(loc="left"), *mesh(a).get_clim()) for a in figure.axes if a.collections and a.get_in_layout()
    ]
    assert len(scales) == 4 * 6
    own = {s[1:] for s in scales if s[0].startswith("Cohesion")}
    assert len(own) == 1
    assert own.pop() == (0, 1), "a small difference looks small"
    assert {s[1:] for s in scales if not s[0].startswith("Cohesion")} == {(0.0, 1.0)}


def test_scale_of_small_probabilities_ends_at_a_round_number_above_them():
    ds = flat(CASES["grid"], 0.034)
    assert mesh(panels(draw(ds)["phase"])["Armenia has left"]).get_clim() == (0, 0.05)
    ds = flat(CASES["grid"], 0.0)
    assert mesh(panels(draw(ds)["phase"])["Cohesion"]).get_clim() == (0, 1)


def test_lines_are_at_round_levels_and_named():
    panel = panels(made("grid")["phase"])["Kazakhstan has left"]
    lines = next(c for c in panel.collections if isinstance(c, QuadContourSet))
    np.testing.assert_allclose(lines.levels, [0.2, 0.4, 0.6, 0.8])
    named = {t.get_text() for t in panel.texts} & {"20 %", "40 %", "60 %", "80 %"}
    assert len(named) >= 3


@pytest.mark.parametrize("name", ["grid, 2 x 2", "grid, flat", "grid, zeros", "grid, all failed"])
def test_no_lines_without_cells_enough_or_anything_to_tell(name):
    figure = made(name)["phase"]
    found = [c for a in figure.axes for c in a.collections if isinstance(c, QuadContourSet)]
    assert not found
    assert "Lines join" not in shown(figure)


def test_lines_keep_clear_of_noise():
    values = np.random.default_rng(0).normal(0.4, 0.01, (9, 9))
    assert phase.contour_levels(values, 0.03) == []
    assert len(phase.contour_levels(np.linspace(0, 1, 81).reshape(9, 9), 0.01)) == 4
    assert phase.contour_levels(np.linspace(0, 1, 81).reshape(9, 9), 0.1) == [0.5]


def test_rings_around_single_cells_are_no_lines():
    panel = Figure().subplots()
    values = np.zeros((9, 9))
    values[4, 4], values[:, 7:] = 1, 1
    x = np.arange(9.0)
    Figure.draw_without_rendering(sheet.settle(panel.figure))
    phase.contours(panel, x, x, values, 0.05, False)
    lines = next(c for c in panel.collections if isinstance(c, QuadContourSet))
    lines_ = np.concatenate([p.vertices for p in lines.get_paths()])
    assert lines_[:, 0].min() > 6


def test_the_largest_monte_carlo_error_is_told():
    ds = CASES["grid"]
    text = shown(made("grid")["phase"])
    for member in ("KAZ", "ARM"):
        assert f"error up to {100 * final(ds, 'exit', 'mcse', member=member).max():.2g} point" in text
    assert "error up to 0.002" in text
    assert "too few runs" in shown(made("no error known")["phase"])


def test_names_of_lines_stand_on_a_ground_and_clear_of_what_the_scenario_codes():
    ds = CASES["grid"].assign_attrs(coded={"csto/scenario-0": {FACTORS[0]: 0.5, FACTORS[1]: 0.5}})
    figure = drawn(draw, ds)["phase"]
    renderer = figure.canvas.get_renderer()
    named = 0
    for panel in panels(figure).values():
        marks = [line.get_window_extent(renderer) for line in panel.lines]
        for text in (t for t in panel.texts if t.get_bbox_patch() is not None):
            named += 1
            assert not any(text.get_window_extent(renderer).overlaps(mark) for mark in marks)
    assert named > 4


def test_dots_have_the_place_and_colour_of_their_point():
    ds = CASES["two factors, lhs"]
    panel = panels(made("two factors, lhs")["phase"])["Some member has left"]
    (dots,) = (c for c in panel.collections if isinstance(c, PathCollection))
    known = np.isfinite(final(ds, "any_exit"))
    assert known.sum() == 198
    np.testing.assert_array_equal(dots.get_array(), final(ds, "any_exit")[known])
    np.testing.assert_array_equal(dots.get_offsets()[:, 1], ds[FACTORS[1]].values[known])


def test_what_the_scenario_codes_is_marked_where_it_lies_within_the_panel():
    def marks(coded):
        ds = CASES["grid"].assign_attrs(coded={"csto/scenario-0": dict(zip(FACTORS, coded, strict=False))})
        figure = drawn(draw, ds)["phase"]
        check(figure)
        assert ("as coded" in shown(figure)) is (len(coded) == 2)
        found = [line for line in panels(figure)["Cohesion"].lines if line.get_label() == "as coded in the scenario"]
        return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in found]

    assert marks((0.3, 0.6)) == [(0.3, 0.6)]
    assert marks((7.0, 0.6)) == []
    assert marks((0.3,)) == []
