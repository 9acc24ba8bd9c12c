"""The figure of a comparison: a dot and its bar for each scenario and each state that is moved."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from sim.figures.comparison import differences
from tests.figures.looking import FOOT, check, drawn, shown

LONG = "A scenario whose title is so long that it cannot stand on one line beside its row"
STATES = {"ARM": 0.2, "KAZ": -0.3, "KGZ": 0.011, "TJK": 0.004}


def table(scenarios: list[str], moves: dict[str, float]) -> pd.DataFrame:
    """At two horizons, the first of which is not drawn."""
    rows = []
    for years in (1.0, 10.0):
        for k, name in enumerate(scenarios):
            sizes = [("exit", m, d / (k + 1)) for m, d in moves.items()] + [("cohesion", "", 0.01 * k - 0.02)]
            for outcome, member, d in sizes:
                d = d if years == 10 else 9.0
                rows.append((name, outcome, member, years, d, d - 0.01, d + 0.01))
    columns = ["scenario", "outcome", "member", "horizon_years", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(("count", "moves"), [(1, STATES), (3, STATES), (12, STATES), (2, {"ARM": 0.0})])
def test_states_that_move_are_drawn_the_most_moved_first(count, moves):
    titles = {f"s{k}": LONG if k % 3 == 1 else f"Scenario {k}" for k in range(count)}
    figure = drawn(differences, table(list(titles), moves), titles, "The base", FOOT)
    check(figure)
    exits, cohesion = figure.axes
    dots = [line for line in exits.lines if line.get_marker() == "o"]
    order = ["KAZ", "ARM", "KGZ"] if moves is STATES else []
    assert len(dots) == len(order)
    for member, dot in zip(order, dots, strict=True):
        np.testing.assert_allclose(dot.get_xdata(), [moves[member] / (k + 1) for k in range(count)])
        assert member in shown(figure)
    assert "TJK" not in shown(figure)
    (bars,) = (c for c in cohesion.collections if isinstance(c, LineCollection))
    np.testing.assert_allclose([np.ptp(s[:, 0]) for s in bars.get_segments()], 0.02)
    assert "differences from “The base” after 10 years" in shown(figure)
