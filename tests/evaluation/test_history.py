"""The history of an alliance against draws that were not fitted to it: what happened, rules, scores, the command."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.errors import InputError
from sim.evaluation import history_scores
from sim.evaluation.history import History, by_lead, dissolved, exposure, history_of, origins_of
from sim.evaluation.history_scores import concordance, draws_of, futures, rows_of
from sim.evaluation.rules import RATE, by_rules, learned
from sim.evaluation.score import HistoryScore
from sim.evaluation.scores import brier
from sim.figures.history import history as figure
from sim.inference.forecast import integrated_hazard, of_rows
from sim.model.membership import OUTSIDE
from sim.model.variables import COEFFICIENTS
from sim.model.version import VERSION
from sim.scenario.compile import compile
from sim.scenario.load import load
from tests.figures.looking import check, check_narrow, drawn, headline, shown
from tests.helpers import SIX

ENDED = "2029-05-01"
RECORDS = {
    "AAA": [("2019-01-01", "active"), ("2021-02-01", "frozen"), ("2022-02-01", "active"), (ENDED, "outside")],
    "BBB": [("2019-01-01", "active"), ("2023-04-01", "outside")],
    "CCC": [("2019-01-01", "active"), ("2029-04-15", "outside")],
    "DDD": [("2019-01-01", "active"), (ENDED, "outside")],
    "EEE": [("2019-01-01", "active"), (ENDED, "outside")],
}
CONSTANT = [c.name for c in COEFFICIENTS if c.phase == "membership" and c.low <= 0 and c.name != "exit_rate"]
"""Coefficients at 0 with which everybody leaves at the same rate and nothing else happens."""


def file_of(folder: Path, records: dict[str, list[tuple[str, str]]], name: str = "Ended") -> Path:
    parts = [f'extends = "{SIX}"', f'title = "{name}"', "[alliance]", f'name = "{name}"']
    for code, record in records.items():
        some = ", ".join(f'{{ from = {d}, status = "{s}", sources = ["assumption: test"] }}' for d, s in record)
        parts += [f"[members.{code}]", f"record = [{some}]"]
    file = folder / f"{name}.toml"
    file.write_text("\n".join(parts))
    return file


def constant(rate: float) -> dict[str, object]:
    return {**{f"behaviour.{name}": 0.0 for name in CONSTANT}, "behaviour.exit_rate": rate}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return file_of(tmp_path_factory.mktemp("ended"), RECORDS)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_scores, "MOST", 32)


def of(file: Path, **changes: object) -> History:
    return history_of(load(file, {"posterior": "none", "time.step": "year", **changes}))


def test_exits_are_the_states_own_and_the_end_of_the_alliance_is_none(ended: Path) -> None:
    """Even one in the year in which it ends; the records say on which day."""
    h = of(ended)
    assert str(dissolved(load(ended).tables)) == ENDED
    left = [(int(t), h.whole.program.members[i]) for t, i in np.argwhere(h.seen.left)]
    assert left == [(3, "BBB"), (9, "CCC")]
    assert np.argwhere(h.seen.froze).tolist() == [[1, 0]]
    assert h.seen.alive.tolist() == [True] * 10 + [False]
    assert [m.what for m in h.moves] == ["freeze", "return", "exit", "exit"]
    assert dissolved(load(SIX).tables) is None
    assert of(SIX).seen.alive.all()


def test_rates_are_half_an_event_more_over_the_years_of_others(ended: Path) -> None:
    h, quiet = of(ended), of(SIX)
    assert exposure(h) == 5 * 10 - 6
    teachers = learned([h, quiet])
    assert teachers.rates["exit"] == pytest.approx(2.5 / (44 + 50))
    assert teachers.rates["freeze"] == pytest.approx(1.5 / (44 - 1 + 50))
    assert teachers.rates["dissolution"] == pytest.approx(1.5 / 20)
    (o,) = origins_of(quiet)[:1]
    said = by_rules(o, np.zeros((10, 5, 3)), teachers)
    assert said[RATE]["exit"][0] == pytest.approx(1 - np.exp(-2.5 / 94 * np.arange(1, 11)))
    assert not said["persistence"]["dissolution"].any()
    with pytest.raises(InputError, match="none to learn from"):
        learned([])


def test_origins_are_the_beginning_and_every_tenth_year_that_leaves_five(ended: Path) -> None:
    assert [o.fit.ticks for o in origins_of(of(ended))] == [0]
    warsaw = history_of(load("warsaw-pact/history-1955-1991", {"posterior": "none"}))
    assert [f"{o.until}"[:4] for o in origins_of(warsaw)] == ["1955", "1965", "1975", "1985"]


def test_a_constant_hazard_gives_its_closed_form_and_adds_up_over_the_record(few: None, ended: Path) -> None:
    """Of 32 x 8 futures with 5 states; false-alarm rate below 1e-4."""
    h = of(ended, **constant(0.1))
    drawn_, z = draws_of(h, 1)
    (o,) = origins_of(drawn_)
    f = futures(o, z, 1)
    p = f.events["exit"].mean(axis=(0, 2))
    true = 1 - np.exp(-0.1 * np.arange(1, 11))
    alone = f.happened.alive.mean(axis=1)[1:]  # below the quorum it ends
    assert np.abs(p - true)[alone > 0.99].max() < 4 * 0.5 / np.sqrt(5 * 256)
    members = (h.whole.record[:-1] != OUTSIDE).sum()
    assert integrated_hazard(drawn_.whole, z, 1) == pytest.approx(0.1 * members)


def test_nobody_leaves_by_a_dissolution(few: None, ended: Path) -> None:
    h = of(ended, **{**constant(0.0), "behaviour.leader_exit_rate": 0.2})
    drawn_, z = draws_of(h, 1)
    f = futures(origins_of(drawn_)[0], z, 1)
    assert not f.happened.left.any()
    assert 0.5 < f.events["dissolution"][0, -1].mean() < 0.99


def test_what_happens_counts_from_when_a_state_is_asked(ended: Path) -> None:
    h = of(ended)
    (o,) = origins_of(h)
    assert by_lead(h.seen.left, o).sum(axis=1).tolist() == [0, 7, 1, 0, 0]
    runs = np.repeat(h.seen.left[..., None], 3, axis=2)
    assert (by_lead(runs, o) == by_lead(h.seen.left, o)[..., None]).all()


def test_ranking_compares_who_left_with_who_stayed_by_then() -> None:
    p = np.array([[0.1, 0.5], [0.3, 0.4], [0.5, 0.6]])
    y = np.array([[False, True], [False, False], [True, True]])
    every = np.ones((3, 2), bool)
    # the third left in the first year, above both; the first in the second year, above the one that stayed
    assert concordance([p], [y], [every]) == 1.0
    assert concordance([np.zeros((3, 2))], [y], [every]) == 0.5
    assert np.isnan(concordance([p], [np.zeros((3, 2), bool)], [every]))


def test_each_row_of_a_posterior_is_a_draw_and_other_alliances_places_are_not_taken(
    few: None, ended: Path, tmp_path: Path
) -> None:
    """Half the rows let nobody leave, half everybody at once: so do the futures, row by row."""
    table = tmp_path / "draws.csv"
    rates = [1e-9, 50.0] * 16
    table.write_text("model,alliance,exit_rate\n" + "".join(f"{VERSION},Other,{r}\n" for r in rates))
    fixed = {name: x for name, x in constant(0.0).items() if name != "behaviour.exit_rate"}
    h = history_of(load(ended, {**fixed, "posterior": str(table), "time.step": "year"}))
    assert h.fitted_to == "coefficients not fitted to Ended: fitted to Other"
    drawn_, z = draws_of(h, 1)
    assert len(z) == 32
    left = futures(origins_of(drawn_)[0], z, 1).events["exit"][0, 0].reshape(32, -1).mean(axis=1)
    assert left.tolist() == [0.0, 1.0] * 16
    program = h.whole.program
    assert of_rows(program, slice(1, 3)).coefficients["exit_rate"].values.tolist() == [50.0, 1e-9]  # type: ignore[union-attr]
    foreign = history_of(load(SIX, {"posterior": "csto/posterior.nc"}))
    assert foreign.whole.program.rows == compile(load("csto/outlook-2023")).rows
    assert not foreign.whole.program.places


@pytest.fixture(scope="module")
def score(ended: Path) -> HistoryScore:
    with pytest.MonkeyPatch.context() as m:
        m.setattr(history_scores, "MOST", 32)
        found = sim.score(ended)
    assert isinstance(found, HistoryScore)
    return found


def test_scores_are_the_means_of_the_cases(score: HistoryScore) -> None:
    cases, scores = score.tables["cases"], score.tables["scores"]
    for event in ("exit", "freeze", "dissolution"):
        some = cases[cases.event == event]
        for who, column in (("model", "model"), ("base rate", "base_rate")):
            (row,) = scores[(scores.event == event) & (scores.forecaster == who)].itertuples()
            assert row.brier == pytest.approx(brier(some[column].to_numpy(), some.happened.to_numpy()).mean())
            assert row.cases == len(some)
    assert (cases.q05 <= cases.q95).all()
    logs = scores[scores.forecaster == "persistence"].log_score
    assert logs.isna().all()
    counts = score.tables["counts"].set_index("event")
    assert counts.seen.to_dict() == {"exit": 2, "freeze": 1, "dissolution": 1}
    exit_ = counts.loc["exit"]
    assert exit_.q05 <= exit_["median"] <= exit_.q95
    assert "Ended" not in score.rules_from
    assert {"CST/CSTO", "NATO", "Warsaw Pact"} <= {*score.rules_from}
    assert score.tables["moves"].move.tolist() == ["freeze", "return", "exit", "exit"]


def test_the_figure_has_a_row_a_member_and_says_what_was_forecast_and_seen(score: HistoryScore) -> None:
    drawing = drawn(lambda: score.figures()["history"])
    check_narrow(score.figures)
    check(drawing)
    assert headline(drawing).startswith("Ended: 2 exits; ")
    assert "1 freeze, " in shown(drawing)
    assert "it was dissolved" in shown(drawing)
    names = [f"State {x}" for x in "ABCDE"]
    bold = {t.get_text() for t in drawing.texts if t.get_text() in names and t.get_fontweight() == "bold"}
    assert bold == {"State A", "State B", "State C"}
    marks = [line for line in drawing.axes[0].lines if line.get_marker() in ("X", "s", "^")]
    assert len(marks) == 4


def test_thirty_states_of_long_names_and_nobody_who_moved_fit_a_figure(score: HistoryScore) -> None:
    import pandas as pd

    t = score.tables
    some = [
        t["cases"][t["cases"].state == "AAA"].assign(state=f"M{k:02d}", name=f"A state whose name is long, {k}")
        for k in range(30)
    ]
    ends = t["cases"][t["cases"].event == "dissolution"]
    drawing = drawn(figure, pd.concat([*some, ends]), t["moves"].iloc[:0], t["counts"], "Thirty", "Foot")
    check(drawing)
    assert "nobody moved" in shown(drawing)


def test_the_command_scores_a_history_and_says_whose_coefficients_it_uses(few: None, ended: Path) -> None:
    done = CliRunner().invoke(app, ["score", str(ended), "--posterior", "csto/posterior.nc", "--until", "2025-12-31"])
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "Coefficients not fitted to Ended: fitted to CST/CSTO; NATO;" in said
    assert "The rules learned from" in said
    assert "Scored from 2020-01-01 to 2026-01-01." in said
    done = CliRunner().invoke(app, ["score", str(ended), "--json"])
    assert {"coefficients", "counts", "scores", "moves", "rules_from", "since", "until"} == set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["csto/outlook-2023"], "allowed: a history, from its beginning"),
        (["kept.json"], "outcomes: not given"),
        (["{ended}", "--posterior", "zz.nc"], "posterior: no such file"),
        (["{ended}", "o.csv", "--posterior", "none"], "allowed: with a scenario"),
        (["{ended}", "o.csv"], "outcomes: o.csv; allowed: with an archive alone; "),
        (
            ["nato/history-1949-2023", "o.csv"],
            "nato/history-1949-2023 is a scenario, which is scored by its own record",
        ),
        (["{ended}", "--until", "2030-03-01"], "until: 2030-03-01; allowed: up to the end of the history, 2030-01-01"),
        (["{ended}", "--until", "2020-03-01"], "allowed: a year after 2020-01-01"),
        (["nowhere"], "nowhere: no such file"),
    ],
)
def test_what_cannot_be_scored_is_said(ended: Path, words: list[str], found: str) -> None:
    given = [w.replace("{ended}", str(ended)) for w in words]
    options = {k.removeprefix("--"): v for k, v in zip(given, given[1:], strict=False) if k.startswith("--")}  # noqa: RUF007
    plain = [w for k, w in enumerate(given) if not w.startswith("--") and (k == 0 or not given[k - 1].startswith("--"))]
    with pytest.raises(InputError) as caught:
        sim.score(*plain, **options)  # type: ignore[arg-type]
    assert found in str(caught.value)
    assert CliRunner().invoke(app, ["score", *given]).exit_code != 0


def test_progress_hears_of_every_origin(few: None, ended: Path) -> None:
    h, heard = of(ended), []
    rows_of(h, learned([of(SIX)]), 1, lambda k, n: heard.append((k, n)))
    assert heard == [(1, 1)]
