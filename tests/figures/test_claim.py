"""The figure of a claim: a hump, a mean and a share for each row, the threshold, and the verdict in words."""

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from sim.figures.claim import draw
from sim.figures.rows import Claim, Measured, Panel
from sim.model.outcomes import VERDICTS
from tests.figures.looking import FOOT, check, drawn, headline, shown

LONG = "something measured that has a name so long that it finds no room at the side of its row of draws"


def measured(label: str, centre: float, width: float = 0.05) -> Measured:
    draws = np.random.default_rng(0).normal(centre, width, 512)
    q05, q95 = np.quantile(draws, (0.05, 0.95))
    return Measured(label, draws, float(draws.mean()), q05, q95, float((draws > 0.2).mean()))


UNDEFINED = Measured("never defined", np.full(512, np.nan), np.nan, np.nan, np.nan, np.nan)
LEVEL = Panel("it stays high", "", "in Oct 2028", "probability", 0.2, True, 0.7, [measured("Armenia", 0.25)])
CHANGE = Panel(f"{LONG} " * 3, "A note. " * 40, LONG, "points", -0.1, False, 0.004, [measured(LONG, -0.1), UNDEFINED])
PLAIN = Panel(
    "a stance falls", "", "change from Oct 2023 to Oct 2028", "", 0.2, True, 1.0, [measured("Kazakhstan", 3.0)]
)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("tests", [[LEVEL], [CHANGE], [LEVEL, CHANGE, PLAIN]], ids=["level", "change", "three"])
def test_every_row_has_its_hump_its_mean_and_its_share(tests, verdict):
    claim = Claim("C01", "Armenia leaves", "The claim in a sentence.", verdict, 0.7, 0.66, 0.74, 512, tests, FOOT)
    figure = drawn(draw, claim)
    check(figure)
    assert headline(figure) == f"C01 Armenia leaves: {verdict}"
    assert figure.texts[0].get_color() == VERDICTS[verdict]
    assert "in 70 % of 512 draws of what is uncertain (95 % interval 66 to 74 %): " + verdict in shown(figure)
    for test, axes in zip(tests, figure.axes, strict=True):
        defined = [row for row in test.rows if np.isfinite(row.estimate)]
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [dot.get_xdata()[0] for dot in dots] == [row.estimate for row in defined]
        assert len([p for p in axes.patches if isinstance(p, StepPatch)]) == len(defined)
        assert test.threshold in [x for line in axes.lines for x in line.get_xdata()]
    assert ("not defined" in shown(figure)) == (CHANGE in tests)
    assert ("holds in less than 1 % of draws" in shown(figure)) == (CHANGE in tests)
