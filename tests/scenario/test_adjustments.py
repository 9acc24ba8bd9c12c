"""Inputs replaced, scaled and shifted as a whole; varying a program is loading its scenario anew."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from sim.errors import InputError
from sim.results.explain import explain
from sim.scenario.compile import Program, compile, vary
from sim.scenario.load import load
from sim.scenario.paths import Band, adjusted
from sim.scenario.values import Distribution
from tests.engines.test_together import adjustment
from tests.helpers import SIX

EDGES = np.arange(2000.0, 2005.0)
unit = st.floats(0, 1)


@given(st.lists(unit, min_size=4, max_size=4), st.floats(0, 5), st.floats(1999, 2006))
def test_scaling_holds_to_the_unit_interval(low: list[float], factor: float, since: float) -> None:
    band = Band(np.array(low), np.minimum(np.array(low) + 0.1, 1))
    new = adjusted(band, "scale", factor, since, EDGES)
    for before, after in ((band.low, new.low), (band.high, new.high)):
        target = np.clip(before * factor, 0, 1)
        share = np.clip(EDGES[1:] - since, 0, 1)
        np.testing.assert_allclose(after, before + share * (target - before), atol=1e-15)
        assert ((after >= 0) & (after <= 1)).all()
        np.testing.assert_array_equal(after[EDGES[1:] <= since], before[EDGES[1:] <= since])


def test_ways() -> None:
    band = Band(np.full(4, 0.2), np.full(4, 0.4))
    assert adjusted(band, "value", 0.7, None, EDGES).low.tolist() == [0.7] * 4
    assert adjusted(band, "value", 0.7, None, EDGES).high.tolist() == [0.7] * 4
    assert adjusted(band, "shift", -0.3, None, EDGES).low.tolist() == [0.0] * 4
    np.testing.assert_allclose(adjusted(band, "shift", 0.3, 2001.25, EDGES).high, [0.4, 0.625, 0.7, 0.7])
    held = adjusted(band, "place", 0.25, 2001.5, EDGES)
    np.testing.assert_allclose([held.low, held.high], [[0.2, 0.225, 0.25, 0.25], [0.4, 0.325, 0.25, 0.25]])


@pytest.mark.parametrize("since", [None, 2002.0])
def test_a_distribution_held_at_its_quantile_has_that_value(since: float | None) -> None:
    law = Distribution(family="uniform", low=0.2, high=0.6)
    band = Band(np.zeros(4), np.ones(4), law)
    for word in (None, np.array([0.0, 0.0, 0.2, 0.2])):
        held = adjusted(band._replace(word=word), "place", 0.25, since, EDGES)
        expected = 0.3 + 0.25 * (0 if word is None else word)
        for u in (0.1, 0.8):
            now = Band(held.low, held.high, held.distribution, held.word).at(u)
            np.testing.assert_allclose(now[2:], np.broadcast_to(expected, 4)[2:])


def same(a: Program, b: Program) -> None:
    assert set(a.bands) == set(b.bands)
    for path in a.bands:
        np.testing.assert_array_equal(a.bands[path].low, b.bands[path].low, err_msg=path)
        np.testing.assert_array_equal(a.bands[path].high, b.bands[path].high, err_msg=path)
    assert a.coefficients == b.coefficients


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("leader.coercion", {"value": 0.3}),
        ("leader.war", {"scale": 0.5}),
        ("members.AAA.western_ties", {"value": 0.25}),
        ("members.AAA.western_ties", {"shift": 0.25, "from": dt.date(2021, 3, 1)}),
        ("members.BBB.dependence.trade", {"scale": 1.5, "from": dt.date(2022, 1, 1)}),
        ("disputes.AAA-BBB", {"scale": 0.1}),
    ],
)
def test_varying_is_loading_anew(path: str, change: dict[str, Any]) -> None:
    scenario = load(SIX)
    one = vary(compile(scenario), scenario, [adjustment(path, **change)], {"peers": 0.4})
    plain = set(change) == {"value"}
    override = {path: change["value"] if plain else change, "behaviour.peers": 0.4}
    same(one, compile(load(SIX, override)))


def test_a_number_wins_over_adjustments_of_the_file() -> None:
    scaled = load(SIX, {"leader.coercion": {"scale": 0.5}})
    both = load(SIX, {"leader.coercion": {"scale": 0.5, "from": dt.date(2021, 1, 1)}, "leader.war": 0.3})
    assert len(both.tables.adjustments) == 1
    program = compile(scaled)
    one = vary(program, scaled, [adjustment("leader.coercion", value=0.8)], {})
    assert (one.bands["leader.coercion"].low == 0.8).all()


def test_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "child.toml"
    file.write_text(
        f'extends = "{SIX}"\ntitle = "Half the coercion"\n[[adjustments]]\npath = "leader.coercion"\nscale = 0.5\n'
        'from = 2022-01-01\nsources = ["assumption: what if"]\n'
    )
    child, parent = load(file), load(SIX)
    edges = compile(parent).edges
    later = np.array([d >= dt.date(2022, 1, 1) for d in edges[:-1]])
    mine, its = (compile(s).bands["leader.coercion"].low for s in (child, parent))
    np.testing.assert_array_equal(mine, np.where(later, its * 0.5, its))
    assert "multiplied by 0.5 from 2022-01-01" in explain(child, "leader.coercion").note


def test_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "child.toml"
    file.write_text(
        f'extends = "{SIX}"\n[[adjustments]]\npath = "leader.coercio"\nscale = 2\nsources = ["assumption: x"]\n'
        '[[adjustments]]\npath = "leader.war"\nscale = 2\nshift = 0.1\nsources = ["assumption: x"]\n'
        '[[adjustments]]\npath = "leader.war"\nvalue = 2\nsources = []\n'
    )
    with pytest.raises(InputError) as caught:
        load(file)
    text = str(caught.value)
    assert "did you mean leader.coercion?" in text
    assert "allowed: one of value, scale, shift" in text
    assert f"{file}:13: adjustments[2].value: 2; allowed: 0 to 1" in text
    with pytest.raises(InputError, match=r"set: leader\.coercio=.*: .*did you mean leader\.coercion"):
        load(SIX, {"leader.coercio": {"scale": 2}})
    with pytest.raises(InputError, match=r"set: leader\.coercion=\{scale = -2\}: scale: -2; allowed: at least 0"):
        load(SIX, {"leader.coercion": {"scale": -2}})
    spread = {"distribution": {"family": "beta", "a": 2, "b": 2}, "sources": ["command line"]}
    spread = 'autonomy = { distribution = { family = "beta", a = 2, b = 2 }, sources = ["assumption: x"] }'
    file.write_text(
        f'extends = "{SIX}"\n[members.AAA]\n{spread}\n[[adjustments]]\npath = "members.AAA.autonomy"\n'
        'scale = 0.5\nsources = ["assumption: x"]\n'
    )
    with pytest.raises(InputError, match=r"a scale of members\.AAA\.autonomy, which is a distribution"):
        load(file)
