"""Every kind of figure laid out for a page of text and for the narrowest sheet: whole, its letters as large as ever."""

from collections.abc import Callable

import pandas as pd
import pytest
from matplotlib.figure import Figure

from sim.errors import InputError
from sim.figures import backtest, run, sheet, study, style
from sim.figures.comparison import curves, differences
from sim.figures.mechanisms import mechanisms
from sim.figures.skill import skills
from tests.figures import test_backtest as evaluated
from tests.figures.looking import FOOT, TITLE, check_narrow, drawn
from tests.figures.recorded import recorded
from tests.figures.test_comparison import LONG, NAMES, STATES, levels, table
from tests.figures.test_mechanisms import MECHANISMS
from tests.figures.test_on_record import DRAW
from tests.figures.test_skill import SKILLS
from tests.run_data import CASES
from tests.study_data import CASES as STUDIES

TITLES = {"base": "The base", "s0": LONG, "s1": "Another"}


def of_comparisons() -> dict[str, Figure]:
    own = table(["s0"], STATES)
    over_time = levels(STATES, 0.4).replace({"scenario": {"other": "s0"}})
    two = dict(list(TITLES.items())[:2])
    return {
        "differences": differences(table(["s0", "s1"], STATES), NAMES, TITLES, "A headline", FOOT),
        "curves": curves(over_time, own, NAMES, two, ["A headline", "A sentence"], FOOT),
    }


def of_evaluations() -> dict[str, Figure]:
    return {
        "reliability": backtest.reliability(evaluated.RELIABILITY["two"], TITLE, FOOT),
        "ranks": backtest.ranks(evaluated.RANKS["two"], TITLE, FOOT),
        "cohesion": backtest.cohesion(evaluated.COHESION["usual"], TITLE, FOOT),
        "skill": skills(pd.DataFrame(SKILLS["extremes"]), TITLE, FOOT),
        "mechanisms": mechanisms(pd.DataFrame(MECHANISMS["extremes"]), TITLE, FOOT),
    }


KINDS: dict[str, Callable[[], dict[str, Figure]]] = {
    "run": lambda: run.draw(CASES["six"]),
    "on record": lambda: {name: draw(recorded("six")) for name, draw in DRAW.items()},
    "response": lambda: study.draw(STUDIES["one factor"]),
    "phase": lambda: study.draw(STUDIES["two factors, two scenarios"]),
    "comparison": of_comparisons,
    "evaluation": of_evaluations,
}


@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_whole_on_a_page_of_text(kind: str) -> None:
    check_narrow(KINDS[kind])


def test_the_width_holds_where_it_is_asked_for_and_no_longer() -> None:
    with style.sheets(7):
        assert style.width() == 7.0
    assert style.width() == style.WIDTH
    for wrong in (5.9, 14.1, float("nan"), True, "7"):
        with pytest.raises(InputError, match=r"^width: .*; allowed: 6 to 14 inches"), style.sheets(wrong):  # type: ignore[arg-type]
            pass


def test_a_legend_that_takes_more_rows_takes_nothing_from_the_axes() -> None:
    def tall(width: float) -> float:
        with style.sheets(width), style.look():
            figure = sheet.page("A", "", "", "B", 3.0)
            before = sheet.by_hand(figure) - 0.5
            figure = sheet.page("A", "", "", "B", 3.0)
            sheet.legend(figure, [sheet.line("some words of a legend", style.INK)] * 4)
            foot = figure.texts[-1].get_position()[1] * figure.get_figheight()
            assert foot == pytest.approx(style.MARGIN)
            return before - (sheet.by_hand(figure) - 0.5)

    assert tall(6.5) == pytest.approx(tall(10.0)) == pytest.approx(sheet.LEGEND)
    assert drawn(lambda: tall(14.0)) == pytest.approx(sheet.LEGEND)
