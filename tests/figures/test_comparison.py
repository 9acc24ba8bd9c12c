"""The figures of a comparison: what every scenario moves, and the curves of one beside those of the base."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from sim.figures.comparison import COLOURS, MOST, curves, differences
from sim.figures.rows import Mark
from sim.figures.style import sheets
from tests.figures.looking import FOOT, check, drawn, headline, shown

LONG = "A scenario whose title is so long that it cannot stand on one line beside its row"
STATES = {"ARM": 0.2, "KAZ": -0.3, "KGZ": 0.011, "TJK": 0.004}
NAMES = {code: f"Land of {code}" for code in STATES}


def table(scenarios: list[str], moves: dict[str, float]) -> pd.DataFrame:
    """At two horizons, the first of which the differences do not show."""
    rows = []
    for years in (1.0, 10.0):
        date = pd.Timestamp(2023 + int(years), 10, 1)
        for k, name in enumerate(scenarios):
            sizes = [("exit", m, d / (k + 1)) for m, d in moves.items()]
            sizes += [("any_exit", "", 0.2), ("cohesion", "", 0.01 * k - 0.02), ("starters_cohesion", "", -0.1)]
            for outcome, member, d in sizes:
                d = d if years == 10 else 9.0
                row = (name, outcome, member, years, date, 0.4, 0.4 + d, d, d - 0.08, d + 0.09, d - 0.01, d + 0.01)
                rows.append(row)
    columns = ["scenario", "outcome", "member", "horizon_years", "date", "base", "value", "difference"]
    return with_errors(pd.DataFrame(rows, columns=[*columns, "difference_q05", "difference_q95", "low", "high"]))


def with_errors(frame: pd.DataFrame) -> pd.DataFrame:
    """With the Monte Carlo error of the levels, of many runs, and their interval over what is uncertain."""
    some = {"mcse": 0.001, "low": 0.0, "high": 1.0, "few": 0.0, "q05": 0.1, "q95": 0.9}
    return frame.assign(**{f"{side}_{c}": x for side in ("base", "value") for c, x in some.items()})


MANY = {f"S{k}": 0.011 + k / 100 for k in range(12)}


@pytest.mark.parametrize(("count", "moves"), [(1, STATES), (3, STATES), (12, STATES), (2, {"ARM": 0.0}), (2, MANY)])
def test_states_that_move_are_drawn_the_most_moved_first(count, moves):
    titles = {"base": "The base", **{f"s{k}": LONG if k % 3 == 1 else f"Scenario {k}" for k in range(count)}}
    names = {code: f"Land of {code}" for code in moves}
    figure = drawn(differences, table(list(titles)[1:], moves), names, titles, "Armenia has left less often.", FOOT)
    check(figure)
    exits, cohesion = figure.axes
    dots = [line for line in exits.lines if line.get_marker() == "o"]
    order = sorted((m for m, d in moves.items() if abs(d) >= 0.01), key=lambda m: -abs(moves[m]))
    drawn_ones, others = order[:MOST], order[MOST:]
    rows = [*(f"Land of {m} has left" for m in drawn_ones), "Some member has left"]
    assert [t.get_text() for t in exits.get_yticklabels()] == rows * count, "each row is named where it is"
    assert [line.get_label() for line in dots] == rows
    for member, dot in zip(drawn_ones, dots, strict=False):
        np.testing.assert_allclose(dot.get_xdata(), [moves[member] / (k + 1) for k in range(count)])
    said = shown(figure)
    assert "Land of TJK" not in said
    assert ("exit of " + ", ".join(f"Land of {m}" for m in others) in said) is bool(others), "what has no room is named"
    bars = [c for c in cohesion.collections if isinstance(c, LineCollection)]
    wide = [np.ptp(s[:, 0]) for c in bars for s in c.get_segments()]
    np.testing.assert_allclose(wide, ([0.17] * count + [0.02] * count) * 2)
    assert headline(figure) == "Armenia has left less often."
    assert "differences from “the base” in october 2033" in said.casefold()
    assert ("Scenario 0: differences" in said) is (count == 1), "one is named above, several before their rows"
    if moves is STATES:
        assert "40 % → 10 %" in said, "levels before and after"
    assert "0.40 → 0.30" in said


@pytest.mark.parametrize("width", [6.0, 6.5, 10.0])
@pytest.mark.parametrize("size", [0.0, 1e-4, 0.003])
def test_where_nothing_moves_nothing_looks_like_much_and_ticks_keep_apart(width: float, size: float) -> None:
    same = table(["s0", "s1"], {"ARM": size})
    moves = {c: size * np.sign(same[c]) for c in ("difference", "difference_q05", "difference_q95", "low", "high")}
    titles = {"base": "The base", "s0": "Scenario 0", "s1": "Scenario 1"}
    with sheets(width):
        figure = drawn(differences, same.assign(**moves), NAMES, titles, "Nothing.", FOOT)
    check(figure)
    for panel in figure.axes:
        low, high = panel.get_xlim()
        assert low <= -0.01 < 0.01 <= high
        assert sum(low <= x <= high for x in panel.get_xticks()) >= 3


def levels(moves: dict[str, float], base: float) -> pd.DataFrame:
    """Over eleven years: from 0 to ``base`` in the base, by the moves more in the other."""
    dates = pd.date_range("2023-10-01", periods=11, freq="YS-OCT")
    share = np.arange(11) / 10
    frames = []
    for scenario in ("base", "other"):
        alliance = [("any_exit", "", 0.1), ("cohesion", "", 0.1), ("starters_cohesion", "", 0.0)]
        for outcome, member, d in [*alliance, *(("exit", m, d) for m, d in moves.items())]:
            mean = (base + (scenario == "other") * d) * share
            rows = {"scenario": scenario, "outcome": outcome, "member": member, "date": dates, "mean": mean}
            frames.append(pd.DataFrame({**rows, "q05": mean / 2, "q95": np.minimum(1.8 * mean, 1.0)}))
    return pd.concat(frames).assign(mcse=0.001, low=0.0, high=1.0, few=0.0)


def test_where_few_runs_tell_figures_say_less_than_but_beside_an_interval_the_mean() -> None:
    titles = {"base": "The base", "other": "The other"}
    own = table(["other"], STATES).assign(base_few=1.0, base_high=0.0042)
    assert "<0.5 % → 10 %" in shown(drawn(differences, own, NAMES, titles, "A headline", FOOT))
    points = levels(STATES, 0.4).assign(few=1.0, high=0.0101)
    said = shown(drawn(curves, points, own, NAMES, titles, ["A headline", "And a sentence more"], FOOT))
    assert "<2 %" not in said, "the band says more"
    assert "40 %" in said
    said = shown(drawn(curves, points.assign(q05=np.nan, q95=np.nan), own, NAMES, titles, ["A headline"], FOOT))
    assert "<2 %" in said


@pytest.mark.parametrize("base", [0.6, 0.31, 1e-4], ids=["likely", "hardly", "rare"])
@pytest.mark.parametrize("moves", [STATES, {"ARM": 0.0, "KAZ": 0.0}, {f"S{k}": 0.3 for k in range(9)}])
def test_both_curves_stand_in_one_figure_with_bands_names_dates_and_levels(base, moves):
    moves = {k: max(d, 0.0) if base < 0.3 else d for k, d in moves.items()}
    names = {code: f"Land of {code}" for code in moves}
    titles = {"base": "The base", "other": LONG}
    own = table(["other"], moves).assign(base=base)
    sentences = ["A headline", "And a sentence more"]
    figure = drawn(curves, levels(moves, base), own, names, titles, sentences, FOOT)
    check(figure)
    said = shown(figure)
    for text in (
        "A headline.",
        "And a sentence more.",
        "The base",
        LONG,
        "Oct 2024",
        "Oct 2033",
        "Some member has left",
    ):
        assert text in said
    panels = [axes for axes in figure.axes if axes.get_visible()]
    drawn_states = [m for m in moves if f"Land of {m} has left" in said]
    assert len(panels) == 3 + len(drawn_states) == 3 + (min(sum(abs(d) >= 0.01 for d in moves.values()), 3) or 1)
    assert {"Cohesion", "Cohesion of the initial members"} <= {panel.get_title(loc="left") for panel in panels}
    for panel in panels:
        assert len(panel.collections) == 2, "a band each"
        ends = [line.get_ydata()[-1] for line in panel.lines if len(line.get_xdata()) == 11]
        assert len(ends) == 2


@pytest.mark.parametrize(("rare", "alike"), [(0.1, True), (0.02, False)])
def test_panels_of_one_unit_share_an_axis_unless_some_would_be_flat(rare: float, alike: bool) -> None:
    points = levels({"ARM": 0.0}, 0.3)
    own = points.outcome == "exit"
    points.loc[own, ["mean", "q05", "q95"]] *= rare / 0.3
    titles = {"base": "The base", "other": f"The base with {LONG}"}
    with sheets(6.5):
        figure = drawn(curves, points, table(["other"], {"ARM": 0.0}), {"ARM": "Armenia"}, titles, ["A headline"], FOOT)
    check(figure)
    some, exits, *cohesion = (panel.get_ylim()[1] for panel in figure.axes if panel.get_visible())
    assert bool(some == exits) is alike
    assert len(set(cohesion)) == 1
    assert f"With {LONG}" in shown(figure), "called by its change, and whole"
    assert "The base with" not in shown(figure)


@pytest.mark.parametrize(("count", "marked"), [(1, 3), (4, 0), (40, 12)])
def test_every_level_stands_below_its_date_and_in_the_row_of_its_scenario(count, marked):
    """However close the horizons and the events lie."""
    points = levels({"ARM": 0.2}, 0.6)
    dates = list(points.date.drop_duplicates())
    own = table(["other"], {"ARM": 0.2})
    own = pd.concat(
        [own[own.horizon_years == 10].assign(horizon_years=k, date=dates[-1 - k % 11]) for k in range(count)]
    )
    marks = [Mark(f"{2024 + k // 4}-0{1 + 2 * (k % 4)}-01", f"event {k}") for k in range(marked)]
    titles = {"base": "The base", "other": "The other"}
    figure = drawn(curves, points, own, {"ARM": "Armenia"}, titles, ["A headline"], FOOT, marks)
    check(figure)
    for panel in (axes for axes in figure.axes if axes.get_visible()):
        places = [(t.xy[0], t.xyann[1], t.get_text(), t.get_color()) for t in panel.texts if hasattr(t, "xyann")]
        by_date = {x: sorted((y, text, c) for place, y, text, c in places if place == x) for x, *_ in places}
        assert by_date, "some date is named"
        for other, base, date in by_date.values():
            assert [other[2], base[2]] == [COLOURS[1], COLOURS[0]]
            assert date[1][-4:].isdigit()
        assert any(rows[2][1] == "Oct 2033" for rows in by_date.values())
