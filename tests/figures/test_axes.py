"""Labels kept apart, and ticks at the levels of a factor."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim.figures.axes import keep_apart, ticks


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ([0.5], [0.5]),
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.0, 0.0, 0.0], [0.0, 0.1, 0.2]),
        ([1.0, 0.99], [1.0, 0.9]),
        ([0.5, 0.52, 0.48], [0.5, 0.6, 0.4]),
    ],
)
def test_labels_move_apart_as_little_as_they_can(wanted, places):
    assert keep_apart(wanted, 0.1, 0.0, 1.0) == pytest.approx(places)


def test_labels_keep_their_distance_and_order():
    wanted = list(np.random.default_rng(0).uniform(0, 1, 15) ** 3)
    places = np.array(keep_apart(wanted, 0.05, 0.0, 1.0))[np.argsort(wanted)]
    assert np.diff(places).min() >= 0.05 - 1e-12
    assert places[0] >= 0
    assert places[-1] <= 1 + 1e-12


def test_ticks_are_at_the_levels_where_their_labels_fit():
    axis = Figure().subplots().xaxis
    for values, wanted in (
        ([0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1]),
        ([0, 0.1, 0.15, 0.5, 1], [0, 0.1, 0.5, 1]),
        ([2.5], [2.5]),
        (np.linspace(0, 1, 64), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ([0.233768, 0.464351, 0.793914], [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]),
    ):
        ticks(axis, np.asarray(values), 3.0)
        np.testing.assert_allclose(axis.get_ticklocs(), wanted)
    ticks(axis, np.linspace(0, 1, 5), 1.2)
    np.testing.assert_allclose(axis.get_ticklocs(), [0, 0.5, 1])
