"""How far two coders agree."""

import math
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.cli.agreement import main
from sim.errors import InputError
from sim.scenario.agreement import ALL, FEWEST, alpha, interval
from tests.scenario.test_sheet import Rows, pact, read, row_of, write

NONE = math.nan
FOUR = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
        [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
    ]
)
BINARY = np.array([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]], dtype=float)
LETTERS = np.array([["abcde".index(x) for x in coder] for coder in ("aabbdcccedda", "babbbccceddd")], dtype=float)


@pytest.mark.parametrize(
    ("values", "level", "expected"),
    [
        (BINARY, "nominal", 0.095),
        (LETTERS, "nominal", 0.692),
        (FOUR, "nominal", 0.743),
        (FOUR, "ordinal", 0.815),
        (FOUR, "interval", 0.849),
    ],
)
def test_alpha_is_that_of_published_examples(values: np.ndarray, level: str, expected: float) -> None:
    """Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, examples A, B, C and D."""
    assert alpha(values, level) == pytest.approx(expected, abs=0.0005)


def test_alpha_by_its_definition() -> None:
    """One minus observed over expected disagreement, summed over pairs, for random values of three coders."""
    values = np.random.default_rng(3).integers(0, 5, size=(3, 20)).astype(float)
    values[0, :6] = np.nan
    pairs = [(a, b) for unit in values.T for i, a in enumerate(unit) for j, b in enumerate(unit) if i != j]
    weights = [1 / (np.isfinite(unit).sum() - 1) for unit in values.T for _ in range(6)]
    kept = [(w, a, b) for w, (a, b) in zip(weights, pairs, strict=True) if np.isfinite(a + b)]
    x = values[np.isfinite(values)]
    every = [(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]
    for level, apart in (("nominal", lambda a, b: a != b), ("interval", lambda a, b: (a - b) ** 2)):
        observed = sum(w * apart(a, b) for w, a, b in kept) / len(x)
        expected = np.mean([apart(a, b) for a, b in every])
        assert alpha(values, level) == pytest.approx(1 - observed / expected)


def test_there_is_no_alpha_where_nothing_varies_or_nothing_is_common() -> None:
    assert math.isnan(alpha(np.ones((2, 5)), "ordinal"))
    assert math.isnan(alpha(np.array([[1.0, NONE], [NONE, 2.0]]), "nominal"))


def test_the_interval_holds_alpha_and_needs_paths_enough() -> None:
    rng = np.random.default_rng(4)
    first = rng.integers(0, 5, 60)
    values = np.array([first, np.where(rng.random(60) < 0.7, first, rng.integers(0, 5, 60))], dtype=float)
    low, high = interval(values, "ordinal", [k // 2 for k in range(60)])
    assert low < alpha(values, "ordinal") < high < 1
    assert low > alpha(values, "ordinal") - 0.5
    assert all(map(math.isnan, interval(values, "ordinal", [k % (FEWEST - 1) for k in range(60)])))


def codings(rng: np.random.Generator, paths: int) -> tuple[np.ndarray, list[int]]:
    """Two coders' words at two dates of each path; where they part they part at both."""
    path = np.arange(paths).repeat(2)
    first = np.clip(rng.integers(0, 5, paths)[path] + rng.integers(-1, 2, len(path)), 0, 4)
    second = np.where((rng.random(paths) < 0.7)[path], first, rng.integers(0, 5, len(path)))
    return np.array([first, second], dtype=float), path.tolist()


@pytest.mark.long
@pytest.mark.parametrize(("paths", "least"), [(FEWEST, 0.83), (100, 0.86)])
def test_intervals_hold_the_true_alpha_about_as_often_as_they_say(paths: int, least: float) -> None:
    rng = np.random.default_rng(7)
    truth = alpha(codings(rng, 200_000)[0], "ordinal")
    drawn = [interval(values, "ordinal", path) for values, path in (codings(rng, paths) for _ in range(400))]
    assert least < np.mean([low <= truth <= high for low, high in drawn]) < 0.95


def two(tmp_path: Path, change: object) -> tuple[Path, Path]:
    """Two coders' sheets of one alliance, the second as a function changes it."""
    first = pact(tmp_path).with_name("sheet.csv")
    rows = read(first)
    change(rows)
    second = tmp_path / "second.csv"
    write(second, rows)
    return first, second


def test_agreement_by_input(tmp_path: Path) -> None:
    """A word off is a quarter; a change a year later differs for that year; a number is taken as its word."""

    def change(rows: Rows) -> None:
        row_of(rows, "AAA", "affinity")["value"] = "medium"
        later = row_of(rows, "AAA", "opinion")
        later |= {"date": "1950", "join": "step"}
        rows.append({**later, "date": "1952", "value": "high"})
        row_of(rows, "BBB", "autonomy")["value"] = "0.3"
        row_of(rows, "BBB", "record")["value"] = "frozen"
        row_of(rows, "BBB", "partiality")["value"] = ""

    found = sim.agreement(*two(tmp_path, change))
    table = found.table.set_index("input")
    assert table.loc["affinity", ["level", "values", "equal", "difference"]].tolist() == ["ordinal", 2, 0.5, 0.125]
    assert table.loc["opinion", ["values", "equal"]].tolist() == [3, pytest.approx(2 / 3)]
    assert table.loc["autonomy", ["equal", "difference"]].tolist() == [1.0, pytest.approx(0.025)]
    assert table.loc["record", ["level", "values", "equal"]].tolist() == ["nominal", 2, 0.5]
    assert table.loc["partiality", "values"] == 1
    assert found.left_out == (1, 0, 0)
    both = found.table[found.table.input != ALL]["values"].sum()
    assert "sheet and second agree on" in found.sentence()
    assert f"of the {both} values that both have coded" in found.sentence()
    assert "1 paths that only sheet has" in found.sentence()
    said = [tuple(row) for row in found.differences[["state", "input", "first", "second"]].itertuples(index=False)]
    assert said == [
        ("BBB", "record", "active", "frozen"),
        ("AAA", "opinion", "low", "high"),
        ("AAA", "affinity", "low", "medium"),
    ]


def test_a_line_between_two_dates_is_met_where_it_is(tmp_path: Path) -> None:
    first, second = two(tmp_path, lambda rows: None)
    for file, knots in (
        (first, {"1950": "0.2", "1954": "0.6"}),
        (second, {"1950": "0.2", "1952": "0.4", "1954": "0.6"}),
    ):
        rows = read(file)
        row = row_of(rows, "AAA", "affinity")
        rows.remove(row)
        rows.remove(row_of(rows, "BBB", "affinity"))
        write(file, [*rows, *({**row, "date": date, "value": value} for date, value in knots.items())])
    found = sim.agreement(first, second).table.set_index("input").loc["affinity"]
    assert found.level == "interval"
    assert found["values"] == 3
    assert found.difference == pytest.approx(0, abs=1e-3)


def test_figures_are_compared_under_the_same_rule_and_by_a_rule_that_is_known(tmp_path: Path) -> None:
    def figures(rows: Rows, rule: str, value: str) -> None:
        for state in ("AAA", "BBB"):
            row_of(rows, state, "dependence.trade").update(value=value, rule=rule)

    first, second = two(tmp_path, lambda rows: figures(rows, "share", "20"))
    assert sim.agreement(first, second).left_out[2] == 2
    rows = read(first)
    figures(rows, "share", "30")
    write(first, rows)
    table = sim.agreement(first, second).table.set_index("input")
    assert table.loc["dependence.trade (share)", "difference"] == 10
    file = first.with_name("history-1950-1955.toml")
    file.write_text(file.read_text() + '[rules.share]\nsays = "percent"\nzero = 0.0\none = 100.0\n')
    table = sim.agreement(file, second).table.set_index("input")
    assert table.loc["dependence.trade", "difference"] == pytest.approx(0.1)


def test_a_scenario_agrees_with_its_own_sheet(tmp_path: Path) -> None:
    name = "warsaw-pact/history-1955-1991"
    found = sim.agreement(name, sim.sheet(name, tmp_path / "its.csv"))
    assert found.table.equal.min() == 1
    assert found.table.alpha.dropna().min() == 1
    assert found.differences.empty
    assert found.left_out == (0, 0, 0)


def test_two_sheets_of_one_name_are_told_apart(tmp_path: Path) -> None:
    first, second = (pact(tmp_path / coder).with_name("sheet.csv") for coder in ("anna", "ben"))
    found = sim.agreement(first, second)
    assert (found.first, found.second) == (str(first), str(second))


def test_sheets_with_nothing_in_common(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two(tmp_path, lambda rows: [row.update(value="") for row in rows])
    main(str(first), str(second), False)
    assert "have coded nothing in common" in capsys.readouterr().out


def test_mistakes_of_both_are_reported_at_once(tmp_path: Path) -> None:
    first, second = two(tmp_path, lambda rows: rows[3].update(value="lwo"))
    first.write_text(first.read_text().replace("low", "hihg", 1))
    with pytest.raises(InputError) as caught:
        sim.agreement(first, second)
    assert {p.where.rpartition(":")[0] for p in caught.value.problems} == {str(first), str(second)}


def test_what_is_printed_has_the_answer_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    first, second = two(tmp_path, lambda rows: row_of(rows, "AAA", "affinity").update(value="high"))
    main(str(first), str(second), False)
    printed = capsys.readouterr().out
    assert printed.startswith("sheet and second agree on 98 %")
    assert max(map(len, printed.splitlines())) <= 80
    assert "AAA    affinity        low    high" in printed
    main(str(first), str(second), True)
    answer = json.loads(capsys.readouterr().out)
    assert answer["differences"][0]["input"] == "affinity"
    assert {row["input"]: row["equal"] for row in answer["agreement"]}["affinity"] == 0.5
