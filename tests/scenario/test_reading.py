"""Tables of comma-separated values, dates and numbers: nothing is guessed, and what cannot be is named."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.cli.compare import folder_name
from sim.engines.ensemble import run_block
from sim.errors import InputError
from sim.inference import observations
from sim.model.variables import COEFFICIENTS
from sim.model.version import VERSION
from sim.results.comparison import sides
from sim.results.run import run
from sim.scenario import posterior
from sim.scenario.compile import compile
from sim.scenario.load import load
from sim.scenario.reading import number_in, read_csv
from sim.scenario.values import LARGEST
from sim.storage.effort import MOST
from sim.studies.design import read_points
from sim.studies.sweep import sweep
from tests.helpers import SIX
from tests.scenarios import changed, of_size
from tests.study_files import study_file

TABLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "points": (lambda f: read_points(f, ["war", "peace"])[1].tolist(), "war,peace\n0.1,0.2\n0.3,0.4\n"),
    "posterior": (
        lambda f: {n: c.values.tolist() for n, c in posterior.read(f).columns.items()},
        f"model,peers\n{VERSION},0.1\n{VERSION},0.2\n",
    ),
    "observations": (
        lambda f: [(m.name, m.rows) for m in observations.read(f, ["AAA", "NA"])],
        "date,motion,title,member,conduct,source\n2021-05-01,a,b,AAA,support,assumption: x\n"
        "2021-05-01,2023,b,NA,support,assumption: x\n",
    ),
}
ALIKE: dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda t: b"\xef\xbb\xbf" + t.encode(),
    "Windows": lambda t: t.replace("\n", "\r\n").encode(),
    "old Macintosh": lambda t: t.replace("\n", "\r").encode(),
    "no end of the last line": lambda t: t.rstrip("\n").encode(),
    "blank lines": lambda t: ("\n  \n" + t.replace("\n", "\n\n") + "\n \n").encode(),
    "rows of nothing": lambda t: (t + "," * (t.split("\n")[0].count(",")) + "\n").encode(),
    "all at once": lambda t: b"\xef\xbb\xbf" + ("\n" + t.replace("\n", "\n\n")).replace("\n", "\r\n").encode(),
}
OTHER: dict[str, tuple[Callable[[str], str], str]] = {
    "semicolons": (lambda t: t.replace(",", ";"), "columns parted by semicolons; allowed: commas"),
    "tabs": (lambda t: t.replace(",", "\t"), "columns parted by tabs"),
    "decimal commas": (
        lambda t: t.replace(",", ";").replace("0.1", "0,1").replace("05-01", "05-01;1,5"),
        "columns parted by semicolons and decimal commas",
    ),
    "a column twice": (lambda t: t.replace("\n", ",1\n").replace(",1", f",{t.split(',')[0]}", 1), "a column twice"),
    "a column without a name": (lambda t: t.replace("\n", ",\n"), "a column without a name"),
    "a row too long": (lambda t: t.rstrip("\n") + ",0,5\n", "and points instead of decimal commas"),
    "a row too short": (lambda t: t + "a\n", "1 entry; required:"),
    "a quotation without end": (lambda t: t + '"a,b\n', "1 entry; required:"),
    "nothing": (lambda t: "", "empty; required: a header"),
    "blanks": (lambda t: "\n \n", "empty; required: a header"),
    "a web page": (lambda t: "<html>\n<body>404</body>\n</html>\n", ":1"),
    "a huge cell": (lambda t: t + "a" * 200_000 + "\n", "field larger than"),
}
every_table = pytest.mark.parametrize("kind", TABLES)


@every_table
@pytest.mark.parametrize("how", ALIKE)
def test_the_same_table_however_it_is_written(kind: str, how: str, tmp_path: Path) -> None:
    read, text = TABLES[kind]
    (tmp_path / "plain.csv").write_text(text)
    (tmp_path / "other.csv").write_bytes(ALIKE[how](text))
    assert read(tmp_path / "other.csv") == read(tmp_path / "plain.csv")


@every_table
@pytest.mark.parametrize("how", OTHER)
def test_other_tables_are_refused_by_name(kind: str, how: str, tmp_path: Path) -> None:
    read, text = TABLES[kind]
    change, says = OTHER[how]
    file = tmp_path / "other.csv"
    file.write_text(change(text))
    with pytest.raises(InputError) as caught:
        read(file)
    assert says in str(caught.value)
    assert all(p.where.startswith(str(file)) for p in caught.value.problems)


@pytest.mark.parametrize(
    "cell", ["0,5", "1_000", "nan", "inf", "-Infinity", "1e999", "0x1f", "\u0661", "1 0", "", "9" * 5000]
)
def test_what_is_no_number_in_a_table(cell: str) -> None:
    assert number_in(cell) is None


@pytest.mark.parametrize(
    ("cell", "value"), [("0.5", 0.5), (" 1 ", 1), ("-1e-3", -0.001), (".5", 0.5), ("1.", 1), ("007", 7)]
)
def test_what_is_a_number_in_a_table(cell: str, value: float) -> None:
    assert number_in(cell) == value


def test_cells_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\nNA,2023\ntrue,1e5\n")
    assert [row.cells for row in read_csv(tmp_path / "a.csv").rows] == [
        {"a": "NA", "b": "2023"},
        {"a": "true", "b": "1e5"},
    ]


@pytest.mark.parametrize("name", ["2023", "nan", "true", "NA", "1e5"])
def test_a_state_na_and_a_scenario_2023_come_back_as_they_went(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.toml"
    file.write_text(SIX.read_text().replace("AAA", "NA").replace("BBB", "NAN").replace('"State C"', f'"{name}"'))
    year = {"time.step": "year"}
    ran = run(file, runs=8, jobs=1, set=year, out=tmp_path / "run")
    again = sim.open(tmp_path / "run")
    for result in (ran, again):
        assert list(dict.fromkeys(result.members.member))[:2] == ["NA", "NAN"]
        assert result.scenario.name == name
        assert [str(x) for x in result.dataset.name.values][2] == name
    assert str(ran.dataset.sel(name=name).member.item()) == "CCC"
    compared = sim.compare(load(file, year), runs=8, jobs=1, set={"leader.war": 0.9}, out=tmp_path / "c")
    opened = sim.open(tmp_path / "c")
    assert set(opened.table.member) == {*ran.scenario.members, ""} == set(compared.table.member)
    assert set(opened.curves.scenario) == set(compared.curves.scenario)
    fewer = ("levels = 5", "levels = 2")
    study = study_file(tmp_path, (str(SIX), str(file)), ("AAA", "NA"), ("BBB", "NAN"), fewer)
    swept = sweep(study, tmp_path / "sweep", jobs=1)
    assert set(swept.points.scenario) == {name}
    assert set(swept.summary.member) == {*ran.scenario.members, ""}


@pytest.mark.parametrize("date", ["0001-01-01", "1066", "1699-12-31", "2201-01-01", "2262-04-12", "9999-12-31"])
def test_dates_that_no_table_holds(date: str, tmp_path: Path) -> None:
    says = "is not between 1700-01-01 and 2200-12-31"
    for old in ("start = 2020-01-01", "end = 2030-01-01"):
        file = changed(tmp_path, (old, f'{old.split(" =")[0]} = "{date}"'))
        with pytest.raises(InputError, match=says):
            load(file)
    with pytest.raises(InputError, match=says):
        load(SIX, {"leader.war": f"0.3@{date}"})
    with pytest.raises(InputError):
        sim.new("pact", "LEA", {"AAA": "A", "BBB": "B"}, "1900", date, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.drawn
def test_the_farthest_dates_run_and_are_written(tmp_path: Path) -> None:
    for start, end in (("1700-01-01", "1701-01-01"), ("2199-01-01", "2200-01-01")):
        text = re.sub(r"from = [0-9-]+", f"from = {start}", SIX.read_text().split("[[events]]")[0])
        file = tmp_path / f"{start}.toml"
        file.write_text(
            text.replace("start = 2020-01-01", f"start = {start}").replace("end = 2030-01-01", f"end = {end}")
        )
        run(file, runs=4, jobs=1, set={"time.horizons": [1]}, out=tmp_path / start)
        assert str(sim.open(tmp_path / start).ticks.date.iloc[-1])[:10] == end


def test_too_many_ticks_and_members(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"time\.end=2200-01-01: 2,160 months; allowed: at most 1,200"):
        load(SIX, {"time.end": "2200-01-01", "time.step": "month", "time.horizons": [1]})
    with pytest.raises(InputError, match=r"members: 65 entries; allowed: at most 64"):
        load(of_size(tmp_path, 65))
    assert len(load(of_size(tmp_path, 64)).members) == 64


@pytest.mark.parametrize("value", [1e308, -1e308, 1e15, LARGEST * 1.01, 10**400])
def test_coefficients_that_would_overflow(value: float) -> None:
    for c in COEFFICIENTS:
        for given in (value, {"distribution": {"family": "normal", "mean": c.centre, "sd": abs(value)}}):
            with pytest.raises(InputError):
                load(SIX, {f"behaviour.{c.name}": given})


def test_the_farthest_coefficients_run() -> None:
    for c in COEFFICIENTS:
        for end in (max(c.low, -LARGEST), min(c.high, LARGEST)):
            if c.name in ("oppose_below", "support_above"):
                continue  # one lies below the other
            program = compile(load(SIX, {f"behaviour.{c.name}": end, "time.step": "year"}))
            for record in run_block(program, 1, 0, slice(2)):
                assert np.isfinite(record.stance).all(), c.name
                assert np.isfinite(record.exit).all(), c.name


@pytest.mark.parametrize("argument", MOST)
@pytest.mark.parametrize("times", [1, 10**9, 10**5000], ids=["one more", "many", "digits"])
def test_effort_beyond_what_is_meant(argument: str, times: int) -> None:
    with pytest.raises(InputError, match=rf"{argument}: .*; allowed: a whole number, at most "):
        sim.run(SIX, **{argument: MOST[argument] + times})


def test_designs_beyond_memory(tmp_path: Path) -> None:
    from sim.studies.study import load_study

    for levels in (10**8, 2**62):
        with pytest.raises(InputError, match=r"up to 10,000,000 with `many`"):
            load_study(study_file(tmp_path, ("levels = 5", f"levels = {levels}")), many=True)


def test_each_comparison_has_a_folder_of_its_own(tmp_path: Path) -> None:
    second = changed(tmp_path, ('title = "Six invented states"', 'title = "Others"'), name="second.toml")
    questions = [
        ([], {"leader.war": 0.2}),
        ([], {"leader.war": 0.3}),
        ([], {"leader.war": "high"}),
        ([], {"leader.war": "high@2025-01-01"}),
        ([second], {}),
        ([second], {"leader.war": 0.2}),
        ([], {f"members.{m}.autonomy": 0.2 for m in ("AAA", "BBB", "CCC")}),
        ([], {f"members.{m}.autonomy": 0.2 for m in ("AAA", "BBB", "DDD")}),
    ]
    names = []
    for others, changes in questions:
        base, *rest = sides(SIX, others, changes)
        names.append(folder_name(base.name, [s.name for s in rest], base.overrides))
    assert len(set(names)) == len(names), names
    assert all(name.startswith("compare-six-") and len(name) <= 80 for name in names)
