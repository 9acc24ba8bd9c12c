"""The figures of studies: the numbers drawn are those of the dataset, and no two texts overlap."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection

from sim.figures import points, style
from sim.figures.dataset import DESIGNS
from sim.figures.study import MOST_FACTORS, bins, draw, moving, outcomes
from sim.figures.style import UNCERTAINTY
from sim.model.outcomes import OUTCOMES, Z95
from tests.figures.looking import check, check_narrow, headline, shown
from tests.figures.studies import final, made, mesh, panels
from tests.study_data import CASES, EVEN, FACTORS, LABELS, MEMBERS, grid, spread, study

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


@pytest.mark.parametrize("name", CASES)
def test_every_figure_is_whole_and_says_what_it_shows_and_where_it_comes_from(name):
    ds = CASES[name]
    assert made(name)
    for figure in made(name).values():
        check(figure)
        text = shown(figure)
        assert " ".join(ds.attrs["title"].split()) in text
        assert f"{ds.sizes['point']:,} point" in text
        assert f"({DESIGNS[ds.attrs['design']]}), 2,000 runs each | seed 1" in text
        if "exit" in ds or "any_exit" in ds:
            assert "(cumulative incidence of exit)" in text
        for factor in points.varying(ds)[:MOST_FACTORS]:
            assert factor.label in text or "move the outcomes most" in text


@pytest.mark.parametrize("name", KINDS)
def test_design_and_factors_decide_which_figures_are_drawn(name):
    assert list(made(name)) == KINDS[name]


def test_a_study_without_factors_or_outcomes_has_no_figures():
    ds = CASES["grid"]
    assert draw(ds.assign_attrs(factors=[], labels=[])) == {}
    assert draw(ds.drop_vars(list(ds.data_vars))) == {}


def test_the_question_is_put():
    assert CASES["grid"].attrs["question"] in shown(made("grid")["phase"])


def test_members_shown_are_those_in_focus_else_those_that_vary_most():
    exits = [t for t in panels(made("grid")["phase"]) if t.endswith("has left")]
    assert exits[1:] == ["Kazakhstan has left", "Armenia has left", "Kyrgyzstan has left"]
    assert "Kazakhstan has left" in panels(made("grid, uneven")["phase"])
    assert "Armenia has left" not in panels(made("grid, uneven")["phase"])


def test_members_in_focus_without_room_are_counted():
    many = study(grid(EVEN, EVEN), "grid", scenarios=2, members=6, focus=list(MEMBERS))
    assert "drawn are 3 of the 6 states in focus" in shown(draw(many)["phase"])


def test_each_scenario_has_a_row_and_those_left_out_are_told():
    for name, count in (("grid, four scenarios", 4), ("grid, six scenarios", 4)):
        ds = CASES[name]
        text = shown(made(name)["phase"])
        assert all(title in text for title in ds.attrs["titles"][:count])
        assert ("only the first 4 scenarios are drawn" in text) == (name == "grid, six scenarios")


def test_factors_that_do_not_vary_are_named_with_their_value():
    text = shown(made("grid, one of three varies")["response"])
    assert f"not varied: {LABELS[0]} = 0.3, {LABELS[2]} = 2.5" in text


def test_outcomes_not_drawn_are_named():
    assert "recorded, not drawn: freeze" in shown(made("grid")["phase"])


def test_an_outcome_without_a_term_of_its_own_goes_by_its_name_and_meaning():
    text = shown(made("stance only")["phase"])
    assert "Stance of Kazakhstan in October 2033: " in text
    assert text.split(" When do ")[0].endswith(" as two factors vary")
    assert f"Stance: {OUTCOMES['stance'].meaning}." in text


# --- response curves


def test_a_line_for_each_horizon_with_the_means():
    ds = CASES["grid, one of three varies"]
    panel = panels(made("grid, one of three varies")["response"])["Armenia has left"]
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
    figure = draw(ds)["response"]
    lines = panels(figure)["Cohesion"].get_lines()
    at = [ds["cohesion"].isel(tick=t).values for t in (4, 20)]
    for line, values in zip(lines, at, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    ds = study(grid(EVEN, EVEN), "grid").assign_attrs(horizons=5)
    figure = draw(ds)["phase"]
    assert "by October 2028" in shown(figure)
    cells = mesh(panels(figure)["Cohesion"]).get_array()
    at = ds["cohesion"].isel(tick=2).values
    np.testing.assert_array_equal(cells, at.reshape(9, 9).T)


def test_bars_are_95_percent_errors():
    panel = panels(made("one factor, three scenarios")["response"])["Cohesion"]
    bars = [c for c in panel.collections if isinstance(c, LineCollection)]
    assert len(bars) == 3
    lengths = [np.ptp(segment[:, 1]) for segment in bars[0].get_segments()]
    np.testing.assert_allclose(lengths, 2 * Z95 * 0.002)


def test_points_are_joined_in_the_order_of_the_factor():
    ds = CASES["one factor"].isel(point=np.random.default_rng(0).permutation(64))
    for line in panels(draw(ds)["response"])["Cohesion"].get_lines():
        assert (np.diff(line.get_xdata()) > 0).all()


def test_scenarios_are_told_apart_by_colour():
    ds = CASES["one factor, three scenarios"]
    figure = made("one factor, three scenarios")["response"]
    lines = panels(figure)["Some member has left"].get_lines()
    assert [line.get_color() for line in lines] == list(style.LINES[:3])
    np.testing.assert_array_equal(lines[2].get_ydata(), final(ds, "any_exit")[18:])
    assert all(title in shown(figure) for title in ds.attrs["titles"])


def test_the_spread_is_in_the_key_only_where_it_is_known():
    spread_ = UNCERTAINTY.replace("\u00a0", " ")
    assert spread_ in shown(made("one factor")["response"])
    assert spread_ not in shown(made("no spread known")["response"])
    assert spread_ not in shown(made("one factor, three scenarios")["response"])


def coded(ds, **places):
    return ds.assign_attrs(coded={"csto/scenario-0": places})


@pytest.mark.parametrize(("name", "kind"), [("one factor", "response"), ("many points", "scatter")])
def test_what_the_scenario_codes_is_a_line_where_it_lies_among_the_points(name, kind):
    def lines(place):
        figure = draw(coded(CASES[name], **{FACTORS[0]: place}))[kind]
        there = [line for panel in figure.axes for line in panel.lines if line.get_label() == points.AS_CODED]
        assert (points.AS_CODED in shown(figure)) is bool(there)
        return {float(line.get_xdata()[0]) for line in there}

    assert lines(0.3) == {0.3}
    assert lines(-7.0) == set()


def test_the_headline_of_one_factor_says_from_where_to_where_the_outcome_goes():
    ds = study(grid([0.0, 0.5, 1.0]), "grid").copy(deep=True)
    ds["exit"].values[..., 1:, :] = np.array([0.1, 0.2, 0.4])[:, None, None]
    ds["any_exit"].values[..., 1:] = 0.5
    said = "Probability that Armenia has left by October 2033: {} “Western ties of Kazakhstan”{}"
    assert headline(draw(ds)["response"]) == said.format("10 % to 40 % as", " goes from 0 to 1")
    ds["exit"].values[1] = 0.41
    assert headline(draw(ds)["response"]) == said.format("10 % to 41 % over all values of", "")


@pytest.mark.parametrize("name", ["one factor", "many points"])
def test_long_names_of_outcomes_beside_each_other_do_not_meet(name):
    ds = CASES[name]
    own = {str(n).replace("cohesion", "starters_cohesion"): v for n, v in ds.items() if str(n).startswith("cohesion")}
    both = ds.assign(own).assign_attrs(outcomes=[*ds.attrs["outcomes"], "starters_cohesion"])
    check_narrow(lambda: draw(both))
    assert "Cohesion of the initial members" in shown(next(iter(draw(both).values())))


def test_intervals_of_runs_and_of_what_is_uncertain_look_different():
    figure = made("one factor")["response"]
    by_title = panels(figure)
    (filled,), (open_,) = (
        [c for c in by_title[t].collections if isinstance(c, PolyCollection) and c.get_alpha() != 0.35][:1]
        for t in ("Armenia has left", "Cohesion")
    )
    assert filled.get_facecolor()[0][3] > 0
    assert not len(open_.get_facecolor()) or open_.get_facecolor()[0][3] == 0
    assert "Cohesion: middle 90 % of the runs, chance included" in shown(figure)


# --- many factors


def test_dots_and_means_against_each_factor():
    ds = CASES["many points"]
    panel = panels(made("many points")["scatter"])["Some member has left"]
    dots, line = panel.get_lines()
    np.testing.assert_array_equal(dots.get_ydata(), final(ds, "any_exit"))
    assert dots.get_rasterized()
    order = np.argsort(dots.get_xdata())
    expected = final(ds, "any_exit")[order].reshape(10, -1).mean(1)
    np.testing.assert_allclose(line.get_ydata(), expected)


def test_means_are_at_the_levels_of_a_grid():
    ds = CASES["grid, three factors"]
    panel = next(a for a in made("grid, three factors")["scatter"].axes if a.get_title(loc="left") == "Cohesion")
    line = panel.get_lines()[1]
    np.testing.assert_allclose(line.get_xdata(), EVEN[::2])
    np.testing.assert_allclose(line.get_ydata(), final(ds, "cohesion").reshape(5, -1).mean(1))


def test_bins_know_their_error_and_leave_out_what_failed():
    x = np.arange(40.0)
    y = np.where(x % 2 == 0, 1.0, 3.0)
    y[0] = np.nan
    found = bins(x, y)
    assert found.x.size == 4
    assert found.mean[1] == 2
    assert found.error[1] == pytest.approx(np.std([1, 3] * 5, ddof=1) / np.sqrt(10))
    assert bins(x[:9], y[:9]).x.size == 0
    assert bins(x, y, np.full(40, 0.1)).error == pytest.approx([0.1] * 4)


def test_at_most_eight_factors_and_those_left_out_are_named():
    figure = made("many factors")["scatter"]
    labels = [a.get_xlabel() for a in figure.axes if a.get_xlabel()]
    assert len(labels) == 8
    text = shown(figure)
    assert "the 8 of 12 factors that move the outcomes most; not drawn: " in text
    assert all(label in text for label in LABELS[:12])


def test_the_factors_left_out_are_those_that_move_nothing():
    table = spread(400, 9, seed=5)
    ds = study(table[:, ::-1].copy(), "lhs")
    kept = moving(ds, points.varying(ds), outcomes(ds), points.groups(ds))
    assert {FACTORS[0], FACTORS[1]} <= {f.name for f in kept}
    assert [f.name for f in kept] == sorted(f.name for f in kept)


# --- what all share


def test_one_text_may_stand_for_a_list_of_one():
    ds = study(grid(EVEN), "grid")
    alone = {key: ds.attrs[key][0] for key in ("factors", "labels", "scenarios", "titles")}
    assert list(draw(ds.assign_attrs(alone))) == ["response"]
