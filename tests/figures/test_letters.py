"""Hostile texts in every figure: no box, no formula, no line end, and one sentence of what was replaced."""

import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from unicodedata import category

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.text import Text

from sim.figures import backtest, letters, run, sheet, study, style
from sim.figures.claim import draw as claim
from sim.figures.comparison import curves, differences
from sim.figures.mechanisms import mechanisms
from sim.figures.posterior import densities, likelihoods
from sim.figures.rows import Claim, Panel
from tests.figures.looking import drawn
from tests.figures.test_backtest import motions, ranked, reliable
from tests.figures.test_claim import measured
from tests.figures.test_comparison import levels, table
from tests.figures.test_mechanisms import OPEN, mechanism
from tests.run_data import CASES
from tests.study_data import CASES as STUDIES

HOSTILE = "\u4e2d $x_1^2$ \\alpha{} [/x] ქართული\u200d 😀 a\n\tb \x1b[31m \U0001f9ff"
NAMES = {"ARM": HOSTILE, "KAZ": f"2 {HOSTILE}"}
MOVES = dict.fromkeys(NAMES, 0.3)
TITLES = {"base": HOSTILE, "other": HOSTILE * 3}


def hostile(ds: xr.Dataset) -> xr.Dataset:
    """A dataset all of whose texts are hostile."""
    names = np.array([f"{k} {HOSTILE}" for k in range(ds.sizes["member"])], dtype=object)
    texts = {key: HOSTILE for key, value in ds.attrs.items() if isinstance(value, str) and key != "design"}
    lists = {key: [HOSTILE] * len(ds.attrs[key]) for key in ("labels", "titles") if key in ds.attrs}
    return ds.assign_coords(name=("member", names)).assign_attrs({**texts, **lists})


def of_a_claim() -> Figure:
    test = Panel(HOSTILE, HOSTILE, HOSTILE, "points", -0.1, False, 0.4, [measured(HOSTILE, -0.1)])
    return claim(Claim("C01", HOSTILE, HOSTILE, "undecided", 0.7, 0.66, 0.74, 512, [test], HOSTILE))


def of_mechanisms() -> Figure:
    import pandas as pd

    row = mechanism(-2.0, OPEN, mechanism="a-b", says=HOSTILE)
    return mechanisms(pd.DataFrame([row]), HOSTILE, HOSTILE)


FIGURES: dict[str, Callable[[], list[Figure]]] = {
    "run": lambda: [*run.draw(hostile(CASES["two"])).values()],
    "sweep of one factor": lambda: [*study.draw(hostile(STUDIES["one factor"])).values()],
    "sweep, 2 x 2": lambda: [*study.draw(hostile(STUDIES["grid, 2 x 2"])).values()],
    "sweep, four points": lambda: [*study.draw(hostile(STUDIES["four points from a file"])).values()],
    "differences": lambda: [differences(table(["other"], MOVES), NAMES, TITLES, HOSTILE, HOSTILE)],
    "curves": lambda: [
        curves(levels(MOVES, 0.4), table(["other"], MOVES).assign(base=0.4), NAMES, TITLES, [HOSTILE, HOSTILE], HOSTILE)
    ],
    "claim": lambda: [of_a_claim()],
    "mechanisms": lambda: [of_mechanisms()],
    "reliability": lambda: [backtest.reliability([reliable(50, HOSTILE)], HOSTILE, HOSTILE)],
    "ranks": lambda: [backtest.ranks([ranked([1] * 8, HOSTILE)], HOSTILE, HOSTILE)],
    "motions": lambda: [backtest.cohesion([motions(4, HOSTILE)._replace(names=[HOSTILE] * 4)], HOSTILE, HOSTILE)],
    "densities": lambda: [densities(HOSTILE, HOSTILE, *[{"a": np.arange(99.0)}] * 2, {"a": (HOSTILE, HOSTILE)})],
    "likelihoods": lambda: [likelihoods(HOSTILE, HOSTILE, [0.0, 1.0], [np.arange(9.0), np.arange(9.0)])],
}


@pytest.fixture(autouse=True)
def nothing_said() -> Iterator[None]:
    letters._lacking.clear()
    letters.drawable.cache_clear()
    yield
    letters._lacking.clear()


@pytest.mark.parametrize("name", FIGURES)
def test_every_text_is_drawn_as_it_is_or_with_the_stated_replacement(name: str) -> None:
    figures = drawn(FIGURES[name])
    for figure in figures:
        seen = [text for text in figure.findobj(Text) if text.get_text().strip()]
        assert not [t.get_text() for t in seen if t.get_parse_math()], "nothing is a formula"
        assert not [
            t.get_text()
            for t in seen
            if letters.drawable(t.get_text().replace("\n", "")) != t.get_text().replace("\n", "")
        ]
        words = " ".join(" ".join(t.get_text().split()) for t in seen)
        assert f"{letters.REPLACEMENT} $x_1^2$ \\alpha{{}} [/x] ქართული{letters.REPLACEMENT} 😀" in words
    wide = max(box.x1 for f in figures for t in f.texts if (box := t.get_window_extent()))
    assert wide <= style.WIDTH * style.DPI


@pytest.mark.drawn
def test_what_is_replaced_is_said_once_in_a_short_sentence(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(2):
            sheet.save_all(lambda: run.draw(hostile(CASES["two"])), tmp_path)
    (sentence,) = [str(w.message) for w in said]
    assert sentence == "figures: no font here has U+001B, U+200D, U+4E2D \u4e2d, U+1F9FF \U0001f9ff; drawn as \ufffd"


def test_fonts_that_are_installed_are_asked_in_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """STIX comes with matplotlib, as DejaVu does, and has signs that DejaVu lacks."""
    for part in (letters.families, letters._known, letters.drawable, style.text_width):
        part.cache_clear()
    monkeypatch.setattr(letters, "OTHERS", "No Such Font|STIXGeneral")
    sign = max(c for c in charmap("STIXGeneral") - charmap("DejaVu Sans") if category(chr(c)) == "Sm")
    letter = chr(sign)
    with caplog.at_level(logging.WARNING):
        assert letters.families() == ["DejaVu Sans", "STIXGeneral"]
        assert letters.drawable(letter) == letter
        figure = drawn(lambda: sheet.settle(page(letter)))
        drawn(lambda: sheet.save(figure, tmp_path / "a.png"))
    assert not caplog.records
    for part in (letters.families, letters._known, letters.drawable, style.text_width):
        part.cache_clear()


def charmap(family: str) -> set[int]:
    fonts = [FontProperties(family=family, weight=weight) for weight in ("normal", "bold")]
    normal, bold = (set(get_font(fontManager.findfont(font)).get_charmap()) for font in fonts)
    return normal & bold


def page(text: str) -> Figure:
    with style.look():
        return sheet.page(text, text, text, text, 1.0)


def test_words_without_an_end_are_broken() -> None:
    lines = style.wrap("x" * 300, 2.0, style.NORMAL)
    assert "".join(lines) == "x" * 300
    assert max(style.text_width(line, style.NORMAL) for line in lines) <= 2.0


def test_every_letter_that_was_replaced_is_named() -> None:
    """However many there are."""
    lacking = [chr(0x10330 + k) for k in range(12)]  # Gothic
    if any(ord(c) in letters._known() for c in lacking):
        pytest.skip("a font here has them")
    letters.drawable("".join(lacking))
    with pytest.warns(UserWarning, match="no font here has") as caught:
        letters.say_what_was_replaced()
    assert [c for c in lacking if f"U+{ord(c):04X} {c}" not in str(caught[0].message)] == []


def test_a_minus_before_a_number_is_a_minus() -> None:
    said = "−0.03 (−0.08 to −0.004), 1992-2023, ES-11/1, outlook-2023"
    assert letters.drawable(said.replace("−", "-")) == said
