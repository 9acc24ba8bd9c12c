"""Early warning: the headline says which sign tells best a year before, where one does."""

import pandas as pd
import pytest

from sim.figures.signals import signals
from tests.figures.looking import check, check_narrow, drawn, headline

MEANING = {"low stance": "stance towards the leader", "votes withheld": "of a year", "all signs together": "a logit"}
ABOUT = {"title": "The CSTO forecast", "footer": "1,000 runs", "meaning": MEANING, "single": list(MEANING)[:2]}
SAYS = {
    0.8: "A year before, low stance tells best who will leave: area 0.80 (95 %: 0.75 to 0.85)",
    0.5: "A year before, no sign tells beyond chance who will leave",
}


@pytest.mark.parametrize("area", SAYS)
def test_the_headline_names_the_best_single_sign(area: float) -> None:
    best = dict(zip(MEANING, (area, 0.45, 0.95), strict=True))
    rows = [
        ("single runs", event, sign, quarters, best[sign], best[sign] - 0.05, best[sign] + 0.05)
        for event in ("exit", "freeze")
        for sign in MEANING
        for quarters in range(1, 9)
    ]
    table = pd.DataFrame(rows, columns=["where", "event", "sign", "quarters", "area", "low", "high"])
    figure = drawn(signals, table, ABOUT)
    check(figure)
    check_narrow(lambda: {"signals": signals(table, ABOUT)})
    assert headline(figure) == SAYS[area].replace(" ", " ")
    first, second = figure.axes[0].lines[1:3]
    assert first.get_linestyle() != second.get_linestyle(), "told apart in grey print"
