"""Figures of votes, calls, lessons and ties draw the numbers that they are given, and no two texts overlap."""

import functools

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import sim
from sim.figures.calls import calls, lessons
from sim.figures.plotted import plotted
from sim.figures.style import sheets
from sim.figures.ties import places, ties
from sim.figures.votes import FITTED, NOT_FITTED, votes
from tests.figures.looking import check, check_narrow, drawn, shown
from tests.figures.recorded import recorded

DRAW = {"votes": votes, "calls": calls, "lessons": lessons, "ties": ties}
SHIPPED = (
    "anzus/history-1951-2023",
    pytest.param("gcc/history-1981-2023", marks=pytest.mark.long),
    pytest.param("warsaw-pact/history-1955-1991", marks=pytest.mark.long),
    pytest.param("csto/history-1992-2023", marks=pytest.mark.long),
    pytest.param("nato/history-1949-2023", marks=pytest.mark.long),
)


@functools.cache
def made(figure: str, name: str) -> Figure:
    return drawn(DRAW[figure], recorded(name))


def table(figure: str, name: str = "six") -> pd.DataFrame:
    return plotted(made(figure, name))


@pytest.mark.parametrize("name", ["two", "six", "thirty"])
@pytest.mark.parametrize("figure", DRAW)
def test_figures_of_small_and_large_alliances_are_whole(figure, name):
    check(made(figure, name))
    rows = table(figure, name)
    assert len(rows)
    assert rows.series.notna().all(), "every mark says what it is of"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_figure_of_every_shipped_history_is_whole(name):
    end = {"time.end": "2023-07-01"} if name.startswith("csto") else {}
    result = sim.run(name, runs=16, set={"time.step": "year", **end})
    for key, figure in result.figures().items():
        check(figure)
        assert len(plotted(figure)), key


def test_votes_are_drawn_as_they_were_cast_and_those_outside_the_interval_stand_out():
    ds, rows = recorded("six"), table("votes")
    of = rows[(rows.panel == "Armenia") & rows.series.isin(["votes cast", "votes cast, outside"])]
    of = of[of.mark == "dot"].sort_values("date")
    answers = ds.roll_call_answers.values[:, 0]
    share = answers[:, 0] / answers.sum(axis=1)
    np.testing.assert_allclose(of.y, share)
    away = (share < 0.4) | (share > 1.0)
    assert (of.series == "votes cast, outside").tolist() == away.tolist()
    bars = rows[(rows.panel == "Armenia") & rows.series.str.startswith("expected")]
    np.testing.assert_allclose(bars.low, 0.65)
    np.testing.assert_allclose(bars.high, 0.75)
    assert "Uzbekistan" not in set(rows.panel), "never voted"


def test_the_note_says_whether_coefficients_were_fitted_to_the_votes():
    ds = recorded("six")
    assert " ".join(NOT_FITTED.split()) in shown(made("votes", "six"))
    ds["roll_call_expected"].attrs["coefficients"] = "fitted"
    assert FITTED in shown(votes(ds))


@pytest.mark.parametrize(
    ("share", "says", "title"),
    [
        (0.0, "−100 % (90 %: −100 to −100", "The expected paths are nearer to the votes than flat lines"),
        (1.0, "0 % (90 %: 0 to 0", "The expected paths are no nearer to the votes than flat lines"),
        (2.0, "+300 % (90 %: +300 to +300", "Flat lines are nearer to the votes than the expected paths"),
    ],
)
def test_expected_paths_are_held_against_flat_lines(share, says, title):
    ds = recorded("six")
    answers = ds.roll_call_answers.values
    votes_, asked = answers[..., 0] / answers.sum(axis=-1), answers.sum(axis=-1)
    flat = np.nansum(answers[..., 0], axis=0) / np.maximum(np.nansum(asked, axis=0), 1)
    ds["roll_call_mean"].values[...] = votes_ + share * (flat - votes_)
    seen = shown(votes(ds))
    assert f"against flat lines: {says}" in seen
    assert title in seen, "in the title"


def test_calls_are_drawn_with_their_answers_and_the_chance_of_help():
    ds, rows = recorded("six"), table("calls")
    marks = rows[(rows.mark == "dot") & ~rows.series.str.contains("chance of help")]
    assert marks.value.tolist() == ds.call_answer.values.tolist()
    assert marks.series.tolist()[1] == "Belarus: regime, helps"
    assert marks.date.tolist() == [str(day)[:10] for day in ds.call_date.values]
    bars = rows[rows.mark == "bar"]
    np.testing.assert_allclose(bars.low, ds.call_chance.values[:, 0])
    np.testing.assert_allclose(bars.high, ds.call_chance.values[:, -1])
    said = shown(made("calls", "six"))
    assert "Russia helped, at least in part, in 2 of 3 calls in crises and 0 of 1 call in a clash" in said


def test_crises_and_clashes_of_a_state_are_counted_apart():
    ds = recorded("six").copy(deep=True)
    ds["call_member"].values[:] = "ARM"
    said = shown(calls(ds))
    assert "Crises: 1 helped, 1 helped in part, 1 refused Clashes: 1 refused" in said


def test_marks_at_the_first_and_last_date_are_whole_and_hide_no_chance_of_help():
    ds = recorded("six").copy(deep=True)
    ds["call_date"].values[[0, -1]] = ds.date.values[[0, -1]]
    (panel,) = calls(ds).axes
    low, high = panel.transAxes.transform([(0, 0), (1, 1)])[:, 0]
    marks = [line for line in panel.lines if ": " in str(line.get_label())]
    for mark in marks:
        (x, _), reach = mark.get_transform().transform(mark.get_xydata()[0]), mark.get_markersize() / 2 * 150 / 72
        assert low < x - reach
        assert x + reach < high
    for mark in marks:
        hollow = str(mark.get_markerfacecolor()) == "none"
        assert hollow == str(mark.get_label()).endswith("helps in part")


def test_a_chance_of_help_near_none_is_seen_and_calls_of_the_same_weeks_stand_apart():
    ds = recorded("six").copy(deep=True)
    ds["call_chance"].values[...] = 0.0
    ds["call_member"].values[:] = "ARM"
    ds["call_date"].values[:] = ds.date.values[3] + np.arange(4) * np.timedelta64(9, "D")
    figure = drawn(calls, ds)
    (panel,) = figure.axes
    (bars,) = [c for c in panel.collections if str(c.get_label()).endswith("middle 90 %")]
    for segment in bars.get_segments():
        assert np.ptp(segment[:, 1]) >= 0.05, "inches"
    marks = [line for line in panel.lines if ": " in str(line.get_label())]
    at = [line.get_transform().transform(line.get_xydata()[0])[0] / figure.dpi for line in marks]
    assert np.diff(sorted(at)).min() > 0.09, "inches"
    rows = plotted(figure)
    assert (rows[rows.mark == "bar"][["low", "high"]] == 0.0).all(axis=None)
    said = rows[(rows.mark == "dot") & ~rows.series.str.contains("chance of help")]
    assert said.date.tolist() == [str(day)[:10] for day in ds.call_date.values]


LONG = ("New Zealand", "United Arab Emirates", "Czechoslovakia", "North Macedonia", "Azerbaijan", "United Kingdom")


@pytest.mark.parametrize("draw", [calls, lessons, ties])
def test_names_of_states_are_never_cut_or_broken(draw):
    ds = recorded("six")
    named = ds.assign_coords(name=("member", list(LONG)))
    check_narrow(lambda: {"figure": draw(named)})
    with sheets(6.0):
        seen = shown(draw(named))
    called = {str(code) for code in ds.call_member.values}
    for code, name in zip(map(str, ds.member.values), LONG, strict=True):
        assert name in seen or (draw is not ties and code not in called)
    assert draw is not ties or " Russia " in seen, "the leader stands in the web"


def test_webs_of_few_members_of_a_large_alliance_take_little_room():
    ds = recorded("thirty").copy(deep=True)
    ds["outside"].values[:-1, 4:] = 1.0
    for position in ("loyal", "absent", "critical", "frozen"):
        ds[position].values[:-1, 4:] = 0.0
    with sheets(6.5):
        few, *_, many = drawn(ties, ds).axes
    assert few.get_position().height < 0.6 * many.get_position().height


@pytest.mark.parametrize("figure", ["calls", "lessons"])
def test_the_note_says_that_only_scripted_calls_are_drawn(figure):
    assert "Only calls that the scenario scripts" in shown(made(figure, "six"))


def test_a_call_is_drawn_higher_the_more_it_was_answered():
    (panel,) = made("calls", "six").axes
    tops = {str(line.get_label()).split(", ")[1]: line for line in panel.lines if ": " in str(line.get_label())}
    within = {said: float(line.get_ydata()[0]) % 0.62 for said, line in tops.items()}
    assert within["helps"] < within["helps in part"] < within["refuses"], "inches from the top"


def test_lessons_are_what_each_state_believed_before_and_after():
    ds, rows = recorded("six"), table("lessons")
    dots = rows[rows.mark == "dot"]
    for k, (name, code) in enumerate([("Armenia", "ARM"), ("Belarus", "BLR"), ("Kazakhstan", "KAZ")]):
        for when in ("before", "after"):
            own = dots[dots.series.str.contains(f", {name}, {when}")]
            assert own.x.tolist() == [ds[f"call_{when}"].sel(member=code, quantile=0.5).values[k]]
    others = dots[dots.series.str.contains("the others on average, before")]
    np.testing.assert_allclose(others.x, ds.call_watching_before.values[:, 2])


def test_ties_are_as_wide_as_they_are_strong_and_slices_are_probabilities():
    ds, rows = recorded("six"), table("ties")
    last = rows[rows.panel == "October 2033"]
    of = last[(last.series == "Russia and Belarus: likeness") & (last.mark == "tie")]
    assert of[["low", "value", "high"]].to_numpy()[0] == pytest.approx(ds.likeness.values[-1, 1, [0, 2, 4]])
    (dispute,) = last[last.series == "Armenia and Uzbekistan: dispute"].value
    assert dispute == pytest.approx(0.5)
    slices = last[last.mark == "slice"]
    states = slices.series.str.split(":").str[0]
    np.testing.assert_allclose(slices.groupby(states).value.sum(), 1.0, atol=0.003)
    axes = made("ties", "six").axes[-1]
    wide = {line.get_linewidth() for line in axes.lines if line.get_label() == "Armenia and Uzbekistan: dispute"}
    assert max(wide) / min(wide) == pytest.approx(0.6 / 0.4)


def test_a_state_that_is_outside_has_no_ties_and_other_dates_may_be_drawn():
    ds = recorded("six").copy(deep=True)
    ds["outside"].values[20:, 1] = 1.0
    for position in ("loyal", "absent", "critical", "frozen"):
        ds[position].values[20:, 1] = 0.0
    rows = plotted(ties(ds, [str(ds.date.values[k])[:10] for k in (0, 25)]))
    assert list(dict.fromkeys(rows.panel)) == ["October 2023", "January 2030"]
    tied = {panel: set(rows[(rows.panel == panel) & (rows.mark == "tie")].series) for panel in set(rows.panel)}
    assert "Russia and Belarus: dependence" in tied["October 2023"]
    assert "Russia and Belarus: dependence" not in tied["January 2030"]


@pytest.mark.parametrize("name", ["six", "thirty"])
def test_of_many_states_those_outside_are_only_named_and_an_end_is_said(name):
    ds = recorded(name).copy(deep=True)
    ds["outside"].values[:, 1] = 1.0
    ds["dissolution"].values[-1] = 0.7
    for position in ("loyal", "absent", "critical", "frozen"):
        ds[position].values[:, 1] = 0.0
    figure = drawn(ties, ds)
    check(figure)
    many = name == "thirty"
    rows = plotted(figure)
    first = rows[(rows.panel == "October 2023") & (rows.mark == "slice")]
    assert first.series.str.startswith("Belarus").any() != many
    assert ("Outside in half of the runs or more: Belarus" in shown(figure)) == many
    assert shown(figure).count("Dissolved in 70 % of the runs") == 1


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_states_have_places_of_their_own_apart_from_the_leader(count):
    where = places(count, 0.2, 0.6)
    assert len(np.unique(where.round(6), axis=0)) == len(where) == count
    assert np.hypot(*where.T).min() > 0.2
