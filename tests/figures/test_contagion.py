"""Who pulls whom: names never meet, however many there are, and the headline names the largest effect."""

import pandas as pd
import pytest

from sim.figures.contagion import draw
from tests.figures.looking import check, check_narrow, drawn, headline


def effects(count: int) -> tuple[pd.DataFrame, dict[str, object]]:
    """What each of so many states' exits does to the others; that of the first to the second is the largest."""
    codes = [f"S{k}" for k in range(count)]
    rows = [
        (of, on, "2033-10-01", 0.02 if (of, on) == ("S0", "S1") else 0.001, 0.0005, 0.03, 0.0001, 0.04)
        for of in codes
        for on in codes
        if of != on
    ]
    columns = ["of", "on", "date", "effect", "low", "high", "q05", "q95"]
    names = dict(
        zip(codes, ["Russian Federation", "Kazakhstan", *[f"State number {k}" for k in codes[2:]]], strict=True)
    )
    about = {"event": "exit", "at": "2023-10-01", "names": names, "scenario": "The CSTO forecast", "footer": "Runs"}
    return pd.DataFrame(rows, columns=columns), about


@pytest.mark.parametrize("count", [4, 30])
def test_names_never_meet_and_the_headline_names_the_largest_effect(count: int) -> None:
    table, about = effects(count)
    figure = drawn(draw, table, about)
    check(figure)
    check_narrow(lambda: {"contagion": draw(table, about)})
    assert "+2.0\n(+0.01 to +4.0)" in {text.get_text() for text in figure.axes[0].texts}
    said = (
        "If the Russian Federation leaves in October 2023, exit of Kazakhstan by October 2033 moves most: +2.0 points"
    )
    assert headline(figure).replace(" ", " ").startswith(said)
