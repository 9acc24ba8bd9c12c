"""Numbers in words."""

import pytest

from sim.errors import plural
from sim.figures.style import NORMAL, error_bound, percent, text_width, whole_percent, wrap
from sim.model.dates import with_months


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (-0.0, "0 %"),
        (1e-6, "<0.1 %"),
        (0.0012, "0.1 %"),
        (0.0997, "10 %"),
        (0.034, "3 %"),
        (0.0046, "0.5 %"),
        (0.312, "31 %"),
        (0.9999, ">99 %"),
        (1, "100 %"),
        (float("nan"), "none"),
    ],
)
def test_percent_claims_neither_zero_nor_certainty(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (-0.0, "0 %"),
        (0.001, "less than 1 %"),
        (0.006, "1 %"),
        (0.5, "50 %"),
        (0.999, "99 %"),
        (1, "100 %"),
        (float("nan"), "none"),
    ],
)
def test_a_whole_percent_is_0_or_100_only_where_the_share_is(share, words):
    assert whole_percent(share).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("error", "words"),
    [(0.0123, "±0.02"), (0.0097, "±0.01"), (0.02, "±0.02"), (0.003, "±0.003"), (1e-7, "±0.0001"), (4.2, "±5")],
)
def test_an_error_is_rounded_up(error, words):
    assert error_bound(error) == words


INTERVALS = (
    "5 % (1 to 20)",
    "0.89 (95 %: 0.86 to 0.92)",
    "9 % (90 %: 0.5 to 34)",
    "<0.1 to >99",
    "0.44 (0.31 to 0.62)",
    "+39 points (−3 to +77)",
)


@pytest.mark.parametrize("width", [0.5, 1.5, 2.0, 3.0])
def test_no_line_of_a_figure_ends_within_an_interval(width: float) -> None:
    """Wherever it falls: an interval comes whole into a line, or where it is wider than that, alone into its lines."""
    for n in range(12):
        for interval in INTERVALS:
            text = f"{'long ' * n}by October 2033 Armenia has left with {interval} instead of 1992 to then"
            lines = [line.replace("\u00a0", " ") for line in wrap(text, width, NORMAL)]
            own = interval.replace("-", "−")
            if text_width(own, NORMAL) <= width:
                assert any(own in line for line in lines), lines


def test_lists_and_counts_in_words():
    assert [plural(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]


def test_dates_of_a_footer_are_in_words() -> None:
    said = with_months("the record up to 2023-07-01, held out after 2012-12-31; csto/history-1992-2023, ES-11/1")
    assert said == "the record up to July 2023, held out after 31 December 2012; csto/history-1992-2023, ES-11/1"


@pytest.mark.parametrize("width", [0.4, 0.6, 1.0, 1.7])
def test_no_line_begins_or_ends_with_a_blank(width: float) -> None:
    lines = wrap("Scenario: outlook  |  seed 1  |  Starts from what the record says  |  bars: error", width, NORMAL)
    assert [line.strip(" ") for line in lines] == lines
