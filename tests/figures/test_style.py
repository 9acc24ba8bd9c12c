"""Numbers in words."""

import pytest

from sim.errors import plural
from sim.figures.style import conjunction, error_bound, percent, whole_percent, with_months


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


def test_lists_and_counts_in_words():
    assert [conjunction(list("abc"[:n])) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert [plural(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]


def test_dates_of_a_footer_are_in_words() -> None:
    said = with_months("the record up to 2023-07-01, held out after 2012-12-31; csto/history-1992-2023, ES-11/1")
    assert said == "the record up to July 2023, held out after 31 December 2012; csto/history-1992-2023, ES-11/1"
