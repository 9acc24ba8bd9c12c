"""The waterfall: its bars lead from the first dot to the last, whatever is too small to be drawn."""

import pandas as pd
import pytest

from sim.figures.why import waterfall
from tests.figures.looking import check, drawn

ABOUT = {
    "noun": "exit",
    "member": "Armenia",
    "when": "July to September 2032",
    "before": "July to September 2031",
    "happened": True,
    "title": "The CSTO forecast",
    "run": 22,
    "runs": 1000,
    "compared": 818,
}


@pytest.mark.parametrize("steps", [[0.1, *[0.004] * 10], [0.3, -0.2, 0.1, 0.05, -0.04, 0.03, 0.02, 0.01, 0.008], [0.2]])
def test_bars_lead_from_the_first_dot_to_the_last(steps: list[float]) -> None:
    names = [f"term {k}" for k in range(len(steps))]
    rows = [("stance", name, 0.0, step, 0.0, step) for name, step in zip(names, steps, strict=True)]
    rows.append(("stance", "all", -2.0, sum(steps), -2.0, sum(steps)))
    terms = pd.DataFrame(rows, columns=["whole", "term", "year_before", "change", "mean", "from_mean"])
    figure = drawn(waterfall, terms, ABOUT)
    check(figure)
    for panel in figure.axes:
        *joins, dots = panel.lines
        assert joins[-1].get_xdata()[0] == pytest.approx(dots.get_xdata()[-1], abs=0.0005)
        assert joins[-1].get_ydata()[1] == dots.get_ydata()[-1]
