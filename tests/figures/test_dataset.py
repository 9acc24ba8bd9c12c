"""What figures read from a dataset."""

from sim.figures.dataset import horizons
from tests.run_data import synthetic


def test_horizons_beyond_the_last_date_are_left_out():
    assert [tuple(h) for h in horizons(synthetic(2, 21, [1, 5, 10]))] == [
        (4, "1 year", "Oct 2024"),
        (20, "5 years", "Oct 2028"),
    ]
    assert [h.at for h in horizons(synthetic(2, 5, [10]))] == [4]
