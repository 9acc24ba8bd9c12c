"""The figures of studies: the numbers drawn are those of the dataset, and no two texts overlap."""

import functools
import itertools
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from sim.figures import contours, frame, phase, save, scatter, style, sweep
from sim.figures.phase import draw_study
from sim.model.outcomes import variable
from tests.figures.test_figures import boxes, texts
from tests.study_data import CASES, EVEN, FACTORS, LABELS, MEMBERS, flat, grid, spread, study

KINDS = {
    "grid": ["phase"],
    "grid, uneven": ["phase"],
    "grid, two of three vary": ["phase"],
    "grid, four scenarios": ["phase"],
    "grid, one of three varies": ["response"],
    "grid, three factors": ["scatter"],
    "one point": ["response"],
    "one factor": ["response"],
    "two factors, lhs": ["phase", "scatter"],
    "many factors": ["scatter"],
    "four points from a file": ["scatter"],
}


@functools.cache
def made(name: str) -> dict[str, Figure]:
    """The figures of a case."""
    return drawn(CASES[name])


@functools.cache
def places(name: str) -> dict[str, dict[str, Bbox]]:
    """The place of every text in the figures of a case."""
    return {key: boxes(figure) for key, figure in made(name).items()}


def drawn(ds: xr.Dataset) -> dict[str, Figure]:
    """The figures, drawn without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return draw_study(ds)


def shown(figure: Figure) -> str:
    """All that the reader reads, in one line."""
    return " ".join(" ".join(t.get_text().split()) for t in texts(figure))


def panels(figure: Figure) -> dict[str, Axes]:
    """The panels of the only scenario by the first line of their title."""
    return {
        axes.get_title(loc="left").split("\n")[0]: axes
        for axes in figure.axes
        if axes.axison and axes.get_title(loc="left") and axes.get_in_layout()
    }


def mesh(panel: Axes) -> QuadMesh:
    return next(c for c in panel.collections if isinstance(c, QuadMesh))


def final(ds: xr.Dataset, name: str, statistic: str = "mean", **at: str) -> np.ndarray:
    return ds[variable(name, statistic)].isel(tick=-1).sel(at).values


@pytest.mark.parametrize("name", CASES)
def test_no_two_texts_overlap(name):
    for key, found in places(name).items():
        for (a, first), (b, second) in itertools.combinations(found.items(), 2):
            wide = min(first.x1, second.x1) - max(first.x0, second.x0)
            high = min(first.y1, second.y1) - max(first.y0, second.y0)
            assert wide <= 0 or high <= 1, f"{key}: {a} and {b}"


@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off(name):
    for key, found in places(name).items():
        figure = made(name)[key]
        for text, box in found.items():
            assert figure.bbox.contains(box.x0, box.y0), f"{key}: {text}"
            assert figure.bbox.contains(box.x1, box.y1), f"{key}: {text}"


@pytest.mark.parametrize("name", CASES)
def test_every_figure_says_what_it_shows_and_where_it_comes_from(name):
    ds, figures = CASES[name], made(name)
    assert figures
    for figure in figures.values():
        told = shown(figure)
        assert " ".join(ds.attrs["title"].split()) in told
        assert f"{ds.sizes['point']:,} point" in told
        assert f"({style.DESIGNS[ds.attrs['design']]}), 2,000 runs each | seed 1" in told
        if "exit" in ds or "any_exit" in ds:
            assert "(cumulative incidence of exit)" in told
        for factor in sweep.varying(ds)[: scatter.MOST_FACTORS]:
            assert factor.label in told or "move the outcomes most" in told


@pytest.mark.parametrize("name", KINDS)
def test_design_and_factors_decide_which_figures_are_drawn(name):
    assert list(made(name)) == KINDS[name]


def test_a_study_without_factors_or_outcomes_has_no_figures():
    ds = CASES["grid"]
    assert draw_study(ds.assign_attrs(factors=[], labels=[])) == {}
    assert draw_study(ds.drop_vars(list(ds.data_vars))) == {}


def test_the_question_is_put():
    ds = CASES["grid"]
    assert ds.attrs["question"] in shown(drawn(ds)["phase"])


# --- phase diagrams


def test_cells_hold_the_means_at_their_place():
    ds = CASES["grid"]
    by_title = panels(drawn(ds)["phase"])
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
    first, again = (panels(drawn(d)["phase"])["Cohesion"] for d in (ds, ds.isel(point=order)))
    np.testing.assert_array_equal(mesh(first).get_array(), mesh(again).get_array())


def test_borders_of_cells_are_midway_between_the_levels():
    np.testing.assert_allclose(phase.edges(np.array([0, 0.1, 0.15, 0.5, 1])), [-0.05, 0.05, 0.125, 0.325, 0.75, 1.25])
    corners = mesh(panels(made("grid, uneven")["phase"])["Cohesion"]).get_coordinates()
    np.testing.assert_allclose(corners[:, 0, 1], [0.5, 1.5, 3, 6, 12, 20])


def test_failed_points_are_blank_and_counted():
    ds = CASES["grid, uneven"]
    figure = drawn(ds)["phase"]
    for panel in panels(figure).values():
        blank = np.ma.getmaskarray(mesh(panel).get_array())
        assert np.flatnonzero(blank.T.ravel()).tolist() == [3, 12]
    assert "2 points failed, left blank" in shown(figure)
    assert "failed" not in shown(made("grid")["phase"])


def test_missing_points_of_a_grid_are_blank():
    ds = CASES["grid"].isel(point=slice(1, None))
    cells = mesh(panels(drawn(ds)["phase"])["Cohesion"]).get_array()
    assert np.flatnonzero(np.ma.getmaskarray(cells)).tolist() == [0]


def test_probabilities_share_a_scale_from_zero_and_cohesion_has_its_own():
    ds = CASES["grid, four scenarios"]
    figure = drawn(ds)["phase"]
    scales = [
        (a.get_title(loc="left"), *mesh(a).get_clim()) for a in figure.axes if a.collections and a.get_in_layout()
    ]
    assert len(scales) == 4 * 5
    known = final(ds, "cohesion")[np.isfinite(final(ds, "cohesion"))]
    own = {s[1:] for s in scales if s[0].startswith("Cohesion")}
    assert len(own) == 1
    assert own.pop() == pytest.approx((known.min(), known.max()))
    assert {s[1:] for s in scales if not s[0].startswith("Cohesion")} == {(0.0, 1.0)}


def test_scale_of_small_probabilities_ends_at_a_round_number_above_them():
    ds = flat(CASES["grid"], 0.034)
    assert mesh(panels(drawn(ds)["phase"])["Armenia has left"]).get_clim() == (0, 0.05)
    ds = flat(CASES["grid"], 0.0)
    assert mesh(panels(drawn(ds)["phase"])["Cohesion"]).get_clim() == (0, 0.05)


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
    assert contours.levels(values, 0.03) == []
    assert len(contours.levels(np.linspace(0, 1, 81).reshape(9, 9), 0.01)) == 4
    assert contours.levels(np.linspace(0, 1, 81).reshape(9, 9), 0.1) == [0.5]


def test_rings_around_single_cells_are_no_lines():
    panel = Figure().subplots()
    values = np.zeros((9, 9))
    values[4, 4], values[:, 7:] = 1, 1
    x = np.arange(9.0)
    Figure.draw_without_rendering(style.settle(panel.figure))
    contours.draw(panel, x, x, values, 0.05, False)
    lines = next(c for c in panel.collections if isinstance(c, QuadContourSet))
    drawn_ = np.concatenate([p.vertices for p in lines.get_paths()])
    assert drawn_[:, 0].min() > 6


def test_the_largest_monte_carlo_error_is_told():
    ds = CASES["grid"]
    told = shown(drawn(ds)["phase"])
    for member in ("KAZ", "ARM"):
        assert f"error up to {100 * final(ds, 'exit', 'mcse', member=member).max():.2g} point" in told
    assert "error up to 0.002" in told
    assert "too few runs" in shown(made("no error known")["phase"])


def test_dots_have_the_place_and_colour_of_their_point():
    ds = CASES["two factors, lhs"]
    panel = panels(drawn(ds)["phase"])["Some member has left"]
    (dots,) = (c for c in panel.collections if isinstance(c, PathCollection))
    known = np.isfinite(final(ds, "any_exit"))
    assert known.sum() == 198
    np.testing.assert_array_equal(dots.get_array(), final(ds, "any_exit")[known])
    np.testing.assert_array_equal(dots.get_offsets()[:, 1], ds[FACTORS[1]].values[known])


def test_members_shown_are_those_in_focus_else_those_that_vary_most():
    exits = [t for t in panels(made("grid")["phase"]) if t.endswith("has left")]
    assert exits[1:] == ["Kazakhstan has left", "Armenia has left", "Kyrgyzstan has left"]
    assert "Kazakhstan has left" in panels(made("grid, uneven")["phase"])
    assert "Armenia has left" not in panels(made("grid, uneven")["phase"])


def test_members_in_focus_without_room_are_counted():
    many = study(grid(EVEN, EVEN), "grid", scenarios=2, members=6, focus=list(MEMBERS))
    assert "drawn are 3 of the 6 states in focus" in shown(drawn(many)["phase"])


def test_each_scenario_has_a_row_and_those_left_out_are_told():
    for name, count in (("grid, four scenarios", 4), ("grid, six scenarios", 4)):
        ds = CASES[name]
        told = shown(drawn(ds)["phase"])
        assert all(title in told for title in ds.attrs["titles"][:count])
        assert ("only the first 4 scenarios are drawn" in told) == (name == "grid, six scenarios")


def test_factors_that_do_not_vary_are_named_with_their_value():
    told = shown(made("grid, one of three varies")["response"])
    assert f"not varied: {LABELS[0]} = 0.3, {LABELS[2]} = 2.5" in told


def test_outcomes_not_drawn_are_named():
    assert "recorded, not drawn: freeze, dissolution" in shown(made("grid")["phase"])


def test_an_outcome_without_a_term_of_its_own_goes_by_its_name_and_meaning():
    ds = CASES["stance only"].copy()
    ds["stance"].attrs["long_name"] = "stance towards the leader, positive in favour"
    told = shown(drawn(ds)["phase"])
    assert "Stance as two factors vary" in told
    assert "Stance: stance towards the leader, positive in favour." in told


# --- response curves


def test_a_line_for_each_horizon_with_the_means():
    ds = CASES["grid, one of three varies"]
    panel = panels(drawn(ds)["response"])["Armenia has left"]
    lines = panel.get_lines()
    assert [line.get_color() for line in lines] == [style.step(k, 3) for k in range(3)]
    for tick, line in enumerate(lines, 1):
        np.testing.assert_array_equal(line.get_xdata(), EVEN)
        expected = ds["exit"].sel(member="ARM").isel(tick=tick).values
        np.testing.assert_array_equal(line.get_ydata(), expected)
        assert np.isnan(line.get_ydata()[4])


def test_of_all_ticks_the_horizons_are_drawn():
    ds = study(grid(EVEN, [0.5]), "grid", horizons=np.arange(0.25, 10.1, 0.25))
    ds = ds.assign_attrs(horizons=[1, 5])
    figure = drawn(ds)["response"]
    lines = panels(figure)["Cohesion"].get_lines()
    at = [ds["cohesion"].isel(tick=t).values for t in (4, 20)]
    for line, values in zip(lines, at, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    ds = study(grid(EVEN, EVEN), "grid").assign_attrs(horizons=5)
    figure = drawn(ds)["phase"]
    assert "by October 2028" in shown(figure)
    cells = mesh(panels(figure)["Cohesion"]).get_array()
    at = ds["cohesion"].isel(tick=2).values
    np.testing.assert_array_equal(cells, at.reshape(9, 9).T)


def test_bars_are_95_percent_errors():
    ds = CASES["one factor, three scenarios"]
    panel = panels(drawn(ds)["response"])["Cohesion"]
    bars = [c for c in panel.collections if isinstance(c, LineCollection)]
    assert len(bars) == 3
    lengths = [np.ptp(segment[:, 1]) for segment in bars[0].get_segments()]
    np.testing.assert_allclose(lengths, 2 * 1.96 * 0.002)


def test_points_are_joined_in_the_order_of_the_factor():
    ds = CASES["one factor"].isel(point=np.random.default_rng(0).permutation(64))
    for line in panels(drawn(ds)["response"])["Cohesion"].get_lines():
        assert (np.diff(line.get_xdata()) > 0).all()


def test_scenarios_are_told_apart_by_colour():
    ds = CASES["one factor, three scenarios"]
    figure = drawn(ds)["response"]
    lines = panels(figure)["Some member has left"].get_lines()
    assert [line.get_color() for line in lines] == list(style.LINES[:3])
    np.testing.assert_array_equal(lines[2].get_ydata(), final(ds, "any_exit")[18:])
    assert all(title in shown(figure) for title in ds.attrs["titles"])


def test_the_spread_is_in_the_key_only_where_it_is_known():
    spread_ = "middle 90 %"
    assert spread_ in shown(made("one factor")["response"])
    assert spread_ not in shown(made("no spread known")["response"])
    assert spread_ not in shown(made("one factor, three scenarios")["response"])


# --- many factors


def test_dots_and_means_against_each_factor():
    ds = CASES["many points"]
    panel = panels(drawn(ds)["scatter"])["Some member has left"]
    dots, line = panel.get_lines()
    np.testing.assert_array_equal(dots.get_ydata(), final(ds, "any_exit"))
    assert dots.get_rasterized()
    order = np.argsort(dots.get_xdata())
    expected = final(ds, "any_exit")[order].reshape(10, -1).mean(1)
    np.testing.assert_allclose(line.get_ydata(), expected)


def test_means_are_at_the_levels_of_a_grid():
    ds = CASES["grid, three factors"]
    panel = next(a for a in drawn(ds)["scatter"].axes if a.get_title(loc="left") == "Cohesion")
    line = panel.get_lines()[1]
    np.testing.assert_allclose(line.get_xdata(), EVEN[::2])
    np.testing.assert_allclose(line.get_ydata(), final(ds, "cohesion").reshape(5, -1).mean(1))


def test_bins_know_their_error_and_leave_out_what_failed():
    x = np.arange(40.0)
    y = np.where(x % 2 == 0, 1.0, 3.0)
    y[0] = np.nan
    found = scatter.bins(x, y)
    assert found.x.size == 4
    assert found.mean[1] == 2
    assert found.error[1] == pytest.approx(np.std([1, 3] * 5, ddof=1) / np.sqrt(10))
    assert scatter.bins(x[:9], y[:9]).x.size == 0
    assert scatter.bins(x, y, np.full(40, 0.1)).error == pytest.approx([0.1] * 4)


def test_at_most_eight_factors_and_those_left_out_are_named():
    ds = CASES["many factors"]
    figure = drawn(ds)["scatter"]
    labels = [a.get_xlabel() for a in figure.axes if a.get_xlabel()]
    assert len(labels) == 8
    told = shown(figure)
    assert "the 8 of 12 factors that move the outcomes most; not drawn: " in told
    assert all(label in told for label in LABELS[:12])


def test_the_factors_left_out_are_those_that_move_nothing():
    table = spread(400, 9, seed=5)
    ds = study(table[:, ::-1].copy(), "lhs")
    drawn_ = scatter.moving(ds, sweep.varying(ds), scatter.choose(ds), sweep.groups(ds))
    assert {FACTORS[0], FACTORS[1]} <= {f.name for f in drawn_}
    assert [f.name for f in drawn_] == sorted(f.name for f in drawn_)


# --- what all share


def test_ticks_are_at_the_levels_where_their_labels_fit():
    axis = Figure().subplots().xaxis
    for values, wanted in (
        ([0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1]),
        ([0, 0.1, 0.15, 0.5, 1], [0, 0.1, 0.5, 1]),
        ([2.5], [2.5]),
        (np.linspace(0, 1, 64), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ([0.233768, 0.464351, 0.793914], [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]),
    ):
        frame.ticks(axis, np.asarray(values), 3.0)
        np.testing.assert_allclose(axis.get_ticklocs(), wanted)
    frame.ticks(axis, np.linspace(0, 1, 5), 1.2)
    np.testing.assert_allclose(axis.get_ticklocs(), [0, 0.5, 1])


def test_one_text_may_stand_for_a_list_of_one():
    ds = study(grid(EVEN), "grid")
    alone = {key: ds.attrs[key][0] for key in ("factors", "labels", "scenarios", "titles")}
    assert list(drawn(ds.assign_attrs(alone))) == ["response"]


def test_the_same_study_gives_the_same_bytes(tmp_path: Path):
    for name in ("grid, uneven", "four points from a file", "one factor"):
        first, again = made(name), drawn(CASES[name])
        for key, figure in first.items():
            one = save(figure, tmp_path / "a.png").read_bytes()
            assert save(figure, tmp_path / "a.png").read_bytes() == one
            assert save(again[key], tmp_path / "b.png").read_bytes() == one


def test_neither_import_nor_drawing_loads_more_than_it_needs():
    script = (
        "import sys, sim.figures.phase; print({'matplotlib', 'xarray'} & set(sys.modules));"
        "from tests.study_data import CASES; sim.figures.phase.draw_study(CASES['grid']);"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    command, root = [sys.executable, "-c", script], Path(__file__).parents[2]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert told.stdout.split("\n")[:2] == ["set()", "False"]
