"""What outcomes of a run hang on: planted dependence is found, chance has its own share; what cannot be is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sim
from sim.analysis import drivers as home, given
from sim.errors import InputError
from sim.results.kept import CHANCES, LEVELS
from sim.scenario.load import load
from tests.figures.looking import check_narrow
from tests.helpers import SIX

ROWS, EACH = 400, 16


@pytest.fixture
def planted() -> xr.Dataset:
    """The exit's probability of a row is 0.2 + 0.2 x of one coded value in [-1, 1]; cohesion has noise alone."""
    rng = np.random.default_rng(7)
    row = np.repeat(np.arange(ROWS), EACH)
    x, c = rng.uniform(-1, 1, (ROWS, 5))[row], rng.standard_normal((ROWS, 3))[row]
    p = 0.2 + 0.2 * x[:, 2]
    known = p * rng.gamma(4.0, 0.25, len(p))
    anew = rng.standard_normal((len(p), 1))
    variables: dict[str, object] = {
        "row": ("run", row),
        "coded_values": (("run", "value"), x),
        "coefficients": (("run", "coefficient"), np.concatenate([c, anew], axis=1)),
    }
    for variable, name in CHANCES.items():
        by_member = home.OUTCOMES[name].by_member
        y = known[:, None] if name == "any_exit" or by_member else np.zeros((len(p), 1))
        variables[variable] = (("run", "member", "horizon"), y[:, None]) if by_member else (("run", "horizon"), y)
    variables |= {name: (("run", "horizon"), rng.random((len(p), 1))) for name in LEVELS}
    values = [f"members.AAA.{n}" for n in ("autonomy", "affinity", "partiality", "opinion", "target_ties")]
    where = {
        "member": ["AAA"],
        "value": values,
        "coefficient": ["entrapment", "affinity", "peers", "crisis_dispute"],
        "horizon": [10.0],
    }
    return xr.Dataset(variables, coords=where)


def test_shares_and_chance_are_those_of_the_closed_form(planted: xr.Dataset) -> None:
    """Var(p) = 0.04 / 3 of the event's variance 0.2 x 0.8; the rest is chance."""
    _, x = home.inputs_of(planted)
    rows = home.rows_of(planted, x)
    assert rows.x.shape == (ROWS, 8), "what is drawn anew in every run is no input of rows"
    y = home._outputs(planted, rows)
    assert y.keys[0] == ("any_exit", "")
    assert abs(y.known[0] / y.whole[0] - 0.04 / 3 / 0.16) < 0.012
    noise = y.keys.index((LEVELS[0], ""))
    assert y.known[noise] / y.whole[noise] < 0.02


def test_the_value_that_was_planted_is_to_be_checked_first(
    planted: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given, "PERMUTATIONS", 100)
    monkeypatch.setattr(given, "RESAMPLES", 50)
    result = sim.Result(load(SIX), xr.Dataset(), {"runs": ROWS * EACH, "seed": 1, "engine": "ensemble"}, planted)
    found = home.drivers(result, tmp_path / "x")
    assert found.answer[0].startswith("Check partiality against State A first: knowing it would take away")
    table = found.frames["drivers"].query("outcome == 'any_exit'").set_index("path")
    assert abs(table.loc["members.AAA.partiality", "share"] - 0.04 / 3 / 0.16) < 0.015
    assert table.loc["members.AAA.partiality", "of_known"] > 0.9
    assert table["resolved"].sum() == 1.0
    groups = found.frames["groups"].query("outcome == 'any_exit'").set_index("group")
    assert groups.loc["coded values", "resolved"] == 1.0
    assert groups.loc["coefficients", "resolved"] == 0.0
    assert groups.loc[home.ANEW, "resolved"] == 0.0
    again = sim.open(tmp_path / "x")
    pd.testing.assert_frame_equal(again.frames["groups"], found.frames["groups"], atol=1e-5, check_dtype=False)
    assert list(again.figures()) == ["drivers"]
    check_narrow(again.figures)


def test_too_few_draws_and_runs_that_were_not_kept_are_refused(planted: xr.Dataset) -> None:
    few = sim.Result(load(SIX), xr.Dataset(), {"runs": 160, "seed": 1}, planted.isel(run=slice(0, 160)))
    with pytest.raises(InputError, match="10 different draws of what varies; allowed: at least 64"):
        home.drivers(few)
    none = sim.Result(load(SIX), xr.Dataset(), {"runs": 16, "seed": 1, "engine": "ensemble"})
    with pytest.raises(InputError, match="single runs were not kept; required: the same"):
        home.drivers(none)
