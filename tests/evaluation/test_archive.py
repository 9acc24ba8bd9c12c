"""Forecasts that are kept: sealed, scored when their dates have come, compared with earlier ones."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.errors import InputError
from sim.evaluation.archive import Archive, content_of, opened
from sim.results.run import run
from sim.scenario.load import load
from sim.storage.files import put, sealed
from tests.helpers import SIX
from tests.scenarios import late

BY = ["2021-12-31", "2025-12-31"]


def kept(folder: Path, changes: dict[str, object] | None = None) -> Path:
    """An archive of a small run, written without its results folder."""
    file = folder / "kept.json"
    put(file, sealed(content_of(run(load(SIX, changes), runs=64, by=BY), "2026-01-01")))
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept(tmp_path_factory.mktemp("archive"))


def outcomes(folder: Path, *rows: str) -> Path:
    found = folder / "outcomes.csv"
    found.write_text("\n".join(["state,event,date", *rows, ""]))
    return found


def test_a_run_is_kept_once(tmp_path: Path) -> None:
    sim.run(SIX, runs=8, by=BY, out=tmp_path / "r")
    a = sim.archive(tmp_path / "r", tmp_path / "a.json")
    assert list(a.table) == ["state", "name", "event", "date", "probability", "low", "high"]
    assert set(a.table.date) == {"2022-01-01", "2026-01-01"}
    assert a.content["provenance"]["runs"] == 8
    with pytest.raises(InputError, match="out: is there already; allowed: a new file"):
        sim.archive(tmp_path / "r", tmp_path / "a.json")
    again = sim.archive(tmp_path / "r", tmp_path / "b.json", since=tmp_path / "a.json")
    assert again.differs == []
    assert again.moved.empty


def test_scores_are_those_of_the_textbook_and_dates_to_come_are_left_out(file: Path, tmp_path: Path) -> None:
    s = sim.score(file, outcomes(tmp_path, "AAA,exit,2021-06-01", "BBB,exit,2023-01-01"), until="2024-01-01")
    assert s.not_yet == ["2026-01-01"]
    assert set(s.table.date) == {"2022-01-01"}
    row = s.table[(s.table.state == "AAA") & (s.table.event == "exit")].iloc[0]
    assert row.happened
    assert row.brier == pytest.approx((1 - row.probability) ** 2)
    assert row.log_score == pytest.approx(-np.log(max(row.probability, 1e-6)))
    assert row.leave_as_is_brier == 1.0
    assert not s.table[s.table.state == "BBB"].happened.any(), "it came after the date"
    rest = s.table[~s.table.happened]
    np.testing.assert_allclose(rest.brier, rest.probability**2)
    np.testing.assert_allclose(rest.log_score, -np.log(1 - rest.probability), atol=1e-12)
    assert s.means["leave_as_is_brier"] == pytest.approx(s.table.happened.mean())


def test_before_any_date_there_is_nothing_to_score(file: Path, tmp_path: Path) -> None:
    s = sim.score(file, outcomes(tmp_path), until="2020-06-01")
    assert s.table.empty
    assert len(s.not_yet) == 2


def test_who_enters_later_is_forecast_and_scored_and_who_never_does_is_named(tmp_path: Path) -> None:
    file = tmp_path / "late.json"
    put(file, sealed(content_of(run(load(late(tmp_path)), runs=8, by=BY), "2026-01-01")))
    assert opened(file).left_out == ["BBB"]
    assert {*opened(file).table[opened(file).table.state == "AAA"].event} == {"exit", "freeze"}
    assert sim.score(file, outcomes(tmp_path, "AAA,exit,2023-06-01"), until="2024-01-01").table.happened.sum() == 0
    with pytest.raises(InputError) as raised:
        sim.score(file, outcomes(tmp_path, "BBB,exit,2023-06-01", "XXX,exit,2023-06-01"), until="2024-01-01")
    never, unknown = (str(p) for p in raised.value.problems)
    assert "exit of BBB, which is outside at the start; allowed: events of AAA, CCC, DDD" in never
    assert "XXX; allowed: AAA, CCC, DDD" in unknown


def test_what_was_changed_is_refused(file: Path, tmp_path: Path) -> None:
    content = json.loads(file.read_text())
    content["probabilities"][0]["probability"] = 0.999
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(content, indent=1))
    with pytest.raises(InputError, match="seal: was changed since it was sealed"):
        opened(changed)
    changed.write_text("{}")
    with pytest.raises(InputError, match="no archived forecast; allowed: what `cohesion archive` wrote"):
        sim.score(changed, outcomes(tmp_path))


def test_all_mistakes_of_outcomes_are_said(file: Path, tmp_path: Path) -> None:
    table = outcomes(tmp_path, "AAB,exit,2021-06-01", "AAA,exot,soon", "AAA,exit,2019-06-01", "AAA,exit,2025-06-01")
    with pytest.raises(InputError) as error:
        sim.score(file, table, until="2024-01-01")
    assert [(p.where.rpartition(":")[2], p.path, p.found) for p in error.value.problems] == [
        ("2", "state", "AAB"),
        ("3", "event", "exot"),
        ("3", "date", "soon"),
        ("4", "date", "2019-06-01"),
        ("5", "date", "2025-06-01"),
    ]
    table.write_text("state,date\n")
    with pytest.raises(InputError, match="required: state,event,date"):
        sim.score(file, table)


def test_what_moved_and_why_is_said(file: Path, tmp_path: Path) -> None:
    old = opened(file)
    other = replace(opened(kept(tmp_path, {"leader.coercion": 0.0})), since=old)
    assert other.differs == ["the scenario says something else"]
    apart = (other.moved.after - other.moved.before).abs()
    assert (apart >= 0.01).all()
    assert apart.is_monotonic_decreasing
    content = {**other.content, "made_of": {**old.content["made_of"], "model": "none", "seed": 2}}
    assert replace(other, content=content).differs == ["another version of the model", "another seed"]


def as_if(file: Path, **content: object) -> Archive:
    """The archive with other contents, opened."""
    kept = opened(file)
    return replace(kept, content={**kept.content, **content})


def frozen(folder: Path) -> Path:
    """An archive whose first state has frozen its membership and whose second has left before the start."""
    moves = "".join(
        f'[[record]]\nmember = "{m}"\nfrom = 2019-06-01\nstatus = "{status}"\nsources = ["assumption: x"]\n'
        for m, status in {"AAA": "frozen", "BBB": "outside"}.items()
    )
    (folder / "moved.toml").write_text(f'extends = "{SIX}"\ntitle = "Moved"\n{moves}')
    file = folder / "frozen.json"
    content = content_of(run(load(folder / "moved.toml"), runs=8, by=BY), "2026-01-01")
    put(file, sealed(content))
    return file


def test_what_has_happened_before_the_start_has_no_probability_and_no_score(tmp_path: Path) -> None:
    file = frozen(tmp_path)
    asked = {(r.state, r.event) for r in opened(file).table.itertuples()}
    assert {e for s, e in asked if s == "AAA"} == {"exit"}
    assert {s for s, _ in asked} == {s for s in opened(file).content["at_start"] if s != "BBB"}
    table = outcomes(
        tmp_path,
        "AAA,freeze,2021-06-01",
        "BBB,exit,2021-06-01",
        "CCC,exit,2021-06-01",
        "CCC,exit,2021-07-01",
        "CCC,freeze,2021-08-01",
    )
    with pytest.raises(InputError) as error:
        sim.score(file, table, until="2024-01-01")
    assert [(p.where.rpartition(":")[2], p.found) for p in error.value.problems] == [
        ("2", "freeze of AAA, which is frozen at the start"),
        ("3", "exit of BBB, which is outside at the start"),
        ("5", "exit of CCC twice"),
        ("6", "freeze of CCC on 2021-08-01, after its exit on 2021-06-01"),
    ]


def test_outcomes_after_all_dates_are_said(file: Path, tmp_path: Path) -> None:
    s = sim.score(file, outcomes(tmp_path, "AAA,exit,2030-01-01"), until="2031-01-01")
    assert not s.table.happened.any()
    assert "after all its dates, not scored: " in s.heading


def test_which_events_are_new_is_said_and_dates_that_are_not_shared(file: Path) -> None:
    of = opened(file).content["made_of"]
    old = as_if(file, made_of={**of, "events": ["a", "b"]})
    new = replace(as_if(file, made_of={**of, "events": ["b", "c", "d"]}), since=old)
    assert new.differs == ["new: c, d", "no more: a"]
    assert new.shared == ["2022-01-01", "2026-01-01"]
    later = [{**row, "date": "2030-01-01"} for row in old.content["probabilities"]]
    assert replace(new, since=as_if(file, probabilities=later)).shared == []
