"""The figures of a run draw on small, usual and large alliances, and no two texts overlap."""

import functools

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim.figures import dataset, style
from sim.figures.axes import TICK
from sim.figures.plotted import plotted
from sim.figures.rows import Mark
from sim.figures.run import MOST_ROWS, OTHERS, draw
from tests.figures.looking import boxes, check, drawn, shown
from tests.run_data import CASES


@functools.cache
def made(name: str) -> dict[str, Figure]:
    return drawn(draw, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_every_figure_is_whole_and_says_where_it_comes_from(name):
    ds = CASES[name]
    assert list(made(name)) == ["cohesion", "ladder", "exits", "incidence"]
    for key, figure in made(name).items():
        check(figure)
        text = shown(figure)
        assert f"Scenario: test/invented | CSTO, led by Russia | {ds.attrs['runs']} run" in text
        assert "Monte Carlo error" in text
        if key in ("ladder", "exits"):
            assert all(str(state)[:18] in text for state in ds["name"].values)


def test_states_outside_at_the_start_are_marked():
    outside = CASES["history"]["name"].values[-3:]
    assert shown(made("history")["exits"]).count("outside at the start") == 3
    said = shown(made("history")["incidence"]).partition("outside at the start: ")[2]
    assert all(name in said.partition(" | ")[0] for name in outside)


@pytest.mark.parametrize("name", CASES)
def test_exits_are_drawn_of_likely_states_on_a_plain_scale_and_the_rest_are_in_a_note(name):
    ds = CASES[name]
    at = ds.sizes["date"] - 1
    likely = np.maximum(ds.exit, ds.freeze).values[at] >= 0.01
    most = np.flatnonzero(likely)[np.argsort(-ds.exit.values[at][likely], kind="stable")][:MOST_ROWS]
    likely = np.isin(np.arange(likely.size), most)
    figure = made(name)["exits"]
    rows = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert len(rows) == max(likely.sum(), 1)
    assert {panel.get_xscale() for panel in figure.axes} == {"linear"}
    for full, there in zip(ds["name"].values, likely, strict=True):
        if likely.any():
            assert any(row.startswith(full[:18]) for row in rows) is bool(there), full
        assert full[:18] in shown(figure)


def test_a_dissolved_alliance_is_a_colour_of_its_own_and_states_outside_throughout_have_no_panel():
    ds = CASES["six"].copy(deep=True)
    ds["outside"].values[:, 5] = 1.0
    for k, position in enumerate(["loyal", "absent", "critical", "frozen", "outside"]):
        ds[position].values[:, 0] = [0.2, 0.2, 0.1, 0.1, 0.4][k]
    ds["dissolution"].values[:] = 0.3
    figure = drawn(draw, ds)["ladder"]
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes if axes.get_visible()}
    assert list(panels) == ["Armenia", "Belarus", "Kazakhstan", "Kyrgyzstan", "Tajikistan"]
    stack = {area.get_label(): area for area in panels["Armenia"].collections}
    tall = {name: np.ptp(area.get_paths()[0].vertices[:, 1]) for name, area in stack.items()}
    assert tall["outside"] == pytest.approx(0.1)
    assert tall["dissolved"] == pytest.approx(0.3)
    assert stack["dissolved"].get_hatch(), "told apart in grey print"
    assert "outside in every run and not drawn: Uzbekistan" in shown(figure)


@pytest.mark.parametrize("name", ["six", "thirty"])
def test_a_state_has_one_colour_in_all_figures_and_no_other_line_of_a_figure_has_it(name):
    ds = CASES[name]
    colours = {line.get_label(): line.get_color() for line in made(name)["incidence"].axes[0].lines}
    colours = {full: c for full, c in colours.items() if full in ds["name"].values and c != OTHERS}
    dots = {line.get_label().split(",")[0]: line.get_color() for line in made(name)["exits"].axes[0].lines}
    for full, look in zip(ds["name"].values, dataset.looks(ds), strict=True):
        assert colours.get(full, look.colour) == dots.get(full, look.colour) == look.colour
    assert len(set(colours) & set(dots)) >= 2
    assert len(set(colours.values())) == len(colours)
    in_order = [look.colour for look in style.states(list(ds["member"].values[:9])).values()]
    assert in_order == list(style.LINES[: len(in_order)]), "where there are colours for all, the scenario's order"


def test_the_spread_of_cohesion_is_shared_out_between_what_is_open_what_is_to_come_and_chance():
    ds = CASES["six"].assign(
        cohesion_parameter_share=("date", np.full(41, 0.3)), cohesion_input_share=("date", np.full(41, 0.2))
    )
    panel = drawn(draw, ds)["cohesion"].axes[-1]
    assert [round(p.get_width(), 9) for p in panel.patches] == [0.3] * 3 + [0.2] * 3 + [0.5] * 3
    assert "not known" in shown(made("six")["cohesion"])


@pytest.mark.parametrize("inputs", [0.0, 0.1])
def test_parameters_inputs_and_chance_have_bands_of_their_own_one_within_the_other(inputs):
    ds = CASES["six"].copy(deep=True)
    for name in ("cohesion", "members"):
        own = 0.5 + np.array([0.1, 0.1 + inputs])[:, None] * np.linspace(-1, 1, 5)
        ds[f"{name}_expected"] = ("date", "source", "quantile"), np.broadcast_to(own, (41, 2, 5)).copy()
    ds = ds.assign_coords(source=["parameters", "parameters and inputs"])
    figure = drawn(draw, ds)["cohesion"]
    check(figure)
    table = plotted(figure)
    bands = table[(table.mark == "band") & (table.panel == "")].groupby("series")[["low", "high"]].first()
    names = ["coefficients, coded values", *["inputs to come"] * bool(inputs), "90 % of the runs"]
    assert len(bands) == len(names), "one that nothing adds to has none"
    wide = [
        next(b.high - b.low for what, b in bands.iterrows() if name in what.replace("\u00a0", " ")) for name in names
    ]
    np.testing.assert_allclose(wide[:-1], [0.2, 0.2 + 2 * inputs][: len(names) - 1])
    assert all(name in shown(figure) for name in names), "each is named in the figure"
    assert drawn(draw, ds.assign_attrs(runs=1))["cohesion"], "of one run nothing is said of its spread"


@pytest.mark.parametrize("count", [1, 3, 12])
def test_what_happens_is_marked_at_its_date_and_said_below(count):
    marks = [Mark(f"{2024 + k // 2}-0{1 + 6 * (k % 2)}-01", f"event {k}") for k in range(count)]
    for name, figure in drawn(draw, CASES["six"], marks).items():
        check(figure)
        if name == "exits":
            continue
        ticks = [line for line in figure.axes[0].lines if line.get_marker() == "|"]
        places = boxes(figure)
        for x, y in [place for t in ticks for place in t.get_transform().transform(t.get_xydata())]:
            tall = TICK / 144 * figure.dpi
            on = [s for s, b in places.items() if b.x0 < x < b.x1 and b.y0 < y + tall and y - tall < b.y1]
            assert not on, "the tick of an event lies on a text"
        lines = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
        assert len(lines) == (count if count < 10 else 0)
        assert ("1: January 2024, event 0" if count < 10 else "12 events") in shown(figure)


def test_titles_give_intervals_as_tables_do_and_say_which_they_are():
    ds = CASES["six"].copy(deep=True)
    for name, mean in (("exit", 0.094), ("outside", 0.094)):
        ds[name].values[:] = mean
        ds[f"{name}_quantile"].values[:] = np.linspace(0.0046, 0.34, 5)
    figures = draw(ds)
    assert "Armenia, 9 % (90 %: 0.5 to 34)" in shown(figures["exits"])
    assert "Armenia is least likely to be a member, 91 % (90 %: 66 to >99)" in shown(figures["ladder"])
