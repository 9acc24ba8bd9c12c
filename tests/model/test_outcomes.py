"""The table of outcomes is the only one: what is added to it is everywhere."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from matplotlib.text import Text

import sim
from docs.tables import outcomes as documented
from sim.cli import show
from sim.figures.phase import phase
from sim.figures.points import varying
from sim.figures.study import response, scatter
from sim.model.declaration import Input
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.outcomes import (
    ANSWERS,
    OUTCOMES,
    Chance,
    Measure,
    Outcome,
    Snapshot,
    attributes,
    bound,
    error_of,
    in_column,
    names,
    positions,
    signed,
)
from sim.model.tick import Record
from sim.reports.comparison import said
from tests.claim_files import claim_file
from tests.helpers import SIX
from tests.study_files import study_file

YEARLY = {"time.step": "year"}
TURNOUT = Outcome("turnout", "Turnout", "turnout", headline=True).measure(
    "members that take part, over all members and one", lambda m: m.taking_part / (m.members + 1.0)
)
WARMTH = replace(TURNOUT, name="warmth", title="Warmth of {}", noun="warmth", value=lambda m: m.stance**2)


@pytest.mark.parametrize("new", [TURNOUT, WARMTH], ids=["of the alliance", "of members"])
def test_a_new_measure_is_one_entry_and_appears_everywhere(
    new: Measure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(OUTCOMES, new.name, new)
    base, other = sim.load(SIX, YEARLY), sim.load(SIX, YEARLY | {"leader.coercion": 0.2})
    result = sim.run(base, runs=32)
    assert result.dataset[new.name].dims == (("date", "member") if new.by_member else ("date",))
    assert result.dataset[new.name].attrs["description"] == new.meaning
    assert new.name in set((result.members if new.by_member else result.alliance).outcome)
    assert new.name in set(result.ticks.outcome)
    summary = result.summary()
    assert "5" in (summary["members"][0] if new.by_member else summary["alliance"])[new.name]
    comparison = sim.compare(base, other, runs=32)
    assert new.name in set(comparison.table.outcome)
    show.blocks(said(comparison))
    assert new.noun in " ".join(capsys.readouterr().out.lower().split())
    swept = sim.sweep(study_file(tmp_path, ("runs = 40", "runs = 16")), tmp_path / "sweep", jobs=1)
    assert np.isfinite(swept.dataset[new.name]).all()
    assert new.name in set(swept.summary.outcome)
    vary = varying(swept.dataset)
    for figure in (phase(swept.dataset, *vary), scatter(swept.dataset, vary), response(swept.dataset, vary[0])):
        assert new.noun in " ".join(text.get_text() for text in figure.findobj(Text)).casefold()
    measured = f"{new.name}.AAA" if new.by_member else new.name
    claim = claim_file(tmp_path, ('of = ["dissolution"]', f'of = ["{measured}"]'))
    assert measured in set(sim.claims([claim], runs=32).tests.measured)
    assert f"`{new.name}`" in documented()


def test_every_outcome_says_what_it_is() -> None:
    for name, o in OUTCOMES.items():
        assert name == o.name
        assert o.low < o.high
        assert attributes(name, "mean")["units"] == o.unit
        for share in ("parameter_share", "share_mcse", "few"):
            assert attributes(name, share)["units"] == "1"
    assert set(names()) == set(OUTCOMES)
    assert list(positions()) == ["loyal", "absent", "critical", "frozen", "outside"]


def test_the_error_of_an_interval_is_that_of_a_normal_estimate_with_it() -> None:
    assert error_of(np.array(2.0 - 1.959964 * 0.3), np.array(2.0 + 1.959964 * 0.3)) == pytest.approx(0.3, rel=1e-6)


def test_axes_and_answers_are_called_as_people_say_them() -> None:
    said = {name: OUTCOMES[name].axis for name in ("cohesion", "members", "stance", "hubness", "exit", "loyal")}
    assert said == {
        "cohesion": "cohesion (0 to 1)",
        "members": "members (states)",
        "stance": "stance (logit)",
        "hubness": "hubness",
        "exit": "probability",
        "loyal": "probability",
    }
    headlines = {name for name, o in OUTCOMES.items() if o.headline}
    assert headlines == {"cohesion", "starters_cohesion", "any_exit", "two_exits", "dissolution", "exit", "freeze"}
    assert ANSWERS == {1.0: "helps", 0.5: "helps in part", 0.0: "refuses"}


def test_a_state_has_one_position_and_only_an_active_member_answers() -> None:
    status = np.array([[ACTIVE], [FROZEN], [OUTSIDE]])
    chances = {"support": np.full((3, 1), 0.5), "oppose": np.full((3, 1), 0.2)}
    record = SimpleNamespace(**chances, status=status, conduct=status, stance=status, alive=np.array([True]))
    seen = Snapshot(cast(Record, record), np.ones((3, 1), dtype=bool))
    found = {}
    for o in (OUTCOMES[name] for name in positions()):
        assert isinstance(o, Chance)
        found[o.name] = o.value(seen)[:, 0]
    expected = {
        "loyal": [0.5, 0, 0],
        "absent": [0.3, 0, 0],
        "critical": [0.2, 0, 0],
        "frozen": [0, 1, 0],
        "outside": [0, 0, 1],
    }
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name] == pytest.approx(values), name


def test_an_input_must_be_coded_unless_the_model_says_otherwise() -> None:
    assert not Input("dependence", "D", "dependence").optional


@pytest.mark.parametrize(
    ("mean", "low", "high", "few", "said"),
    [
        (0.001, 0.0, 0.0072, 1.0, "<0.8"),
        (0.001, 0.0, 0.0301, 1.0, "<4"),
        (0.995, 0.985, 1.0, 0.0, ">98"),
        (0.995, 0.9901, 1.0, 0.0, ""),
        (0.98, 0.97, 0.989, 0.0, ""),
        (0.5, 0.4, 0.6, 0.0, ""),
    ],
)
def test_few_runs_say_no_more_than_a_bound_where_no_interval_stands_beside_it(
    mean: float, low: float, high: float, few: float, said: str
) -> None:
    p = {"mean": mean, "mcse": 0.01, "low": low, "high": high, "few": few}
    assert bound(p) == said
    assert bound(p | {"q05": 0.0, "q95": 1.0}) == ""


def test_a_sign_never_stands_before_nothing() -> None:
    assert [signed(x) for x in (-0.0, -0.00001, -0.004, -0.04, 0.004)] == ["0", "0", "-0.004", "-0.04", "+0.004"]
    assert [in_column(x) for x in (-0.0, -0.004, -0.04, 0.04)] == ["+0.00", "+0.00", "-0.04", "+0.04"]


def test_numbers_with_a_sign_are_written_in_one_place() -> None:
    rooms = Path(sim.__file__).parent
    own = {f.relative_to(rooms).as_posix() for f in rooms.rglob("*.py") if re.search(r":\+z?\.", f.read_text("utf-8"))}
    assert own == {"model/outcomes.py"}
