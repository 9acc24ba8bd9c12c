"""The figures of a run draw on small, usual and large alliances, and no two texts overlap."""

import functools

import pytest
from matplotlib.figure import Figure

from sim.figures.run import draw
from tests.figures.looking import check, drawn, shown, texts
from tests.run_data import CASES


@functools.cache
def made(name: str) -> dict[str, Figure]:
    return drawn(draw, CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_every_figure_is_whole_and_says_where_it_comes_from(name):
    ds = CASES[name]
    assert list(made(name)) == ["cohesion", "ladder", "exits", "incidence"]
    for key, figure in made(name).items():
        check(figure)
        text = shown(figure)
        assert f"Scenario: test/invented | CSTO, led by Russia | {ds.attrs['runs']} run" in text
        assert "Monte Carlo error" in text
        if key in ("ladder", "exits"):
            assert all(str(state)[:18] in text for state in ds["name"].values)


def test_states_outside_at_the_start_are_marked():
    for key in ("exits", "incidence"):
        marked = [t for t in texts(made("history")[key]) if "outside at the start" in t.get_text()]
        assert len(marked) == 3
