"""Figures by name: only what is asked for is drawn."""

from collections.abc import Callable

from matplotlib.figure import Figure

from sim.figures import style
from sim.figures.named import Figures


def test_only_what_is_asked_for_is_drawn_and_once() -> None:
    asked: list[str] = []

    def drawing(name: str) -> Callable[[], Figure]:
        def draw() -> Figure:
            asked.append(name)
            return Figure()

        return draw

    figures = Figures({"a": drawing("a")}) | {"b": drawing("b"), "c": drawing("c")}
    assert (list(figures), len(figures), "c" in figures, asked) == (["a", "b", "c"], 3, True, [])
    assert figures["b"] is figures["b"]
    assert asked == ["b"]


def test_a_figure_is_as_wide_as_sheets_were_when_all_were_asked_for() -> None:
    with style.sheets(7):
        figures = Figures({"a": lambda: Figure(figsize=(style.width(), 3))})
    assert figures["a"].get_figwidth() == 7
