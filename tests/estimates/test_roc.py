"""Areas under ROC curves against their closed forms."""

import numpy as np
from scipy.stats import binom, norm

from sim.estimates.roc import area
from tests.helpers import ALPHA


def test_the_area_of_two_normal_laws_is_the_closed_form() -> None:
    rng = np.random.default_rng(1)
    n = 4000
    for shift in (0.0, 0.5, 1.5):
        found = area(rng.normal(shift, 1, n), rng.normal(0, 1, 2 * n), np.arange(n), n + np.arange(2 * n))
        assert abs(found.area - norm.cdf(shift / np.sqrt(2))) < norm.isf(ALPHA / 2) * found.mcse
        assert found.low < found.area < found.high


def test_ties_count_half_and_the_order_is_kept() -> None:
    one, two = np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0])
    assert area(one, two, np.arange(3), np.arange(2)).area == (0.25 + 0.75 * 2) / 3
    assert np.isnan(area(one, two[:0], np.arange(3), np.arange(0)).area)


def test_intervals_hold_the_area_where_cases_and_others_come_in_clusters() -> None:
    """Ends of 95 % hold it in about as many of 300 samples of 60 clusters; without clusters in far fewer."""
    rng, inside, alone = np.random.default_rng(2), 0, 0
    truth = norm.cdf(0.5 / 2.0)  # a shift of 1/2 over the root of twice the variance 1 + 1
    for _ in range(300):
        cluster = np.repeat(np.arange(60), 10)
        x, y = (rng.normal(m, 1, 600) + rng.normal(0, 1, 60)[cluster] for m in (0.5, 0.0))
        found = area(x, y, cluster, 60 + cluster)
        single = area(x, y, np.arange(600), 600 + np.arange(600))
        inside += found.low <= truth <= found.high
        alone += single.low <= truth <= single.high
    assert binom.ppf(ALPHA, 300, 0.92) <= inside
    assert alone < binom.ppf(ALPHA, 300, 0.92)
