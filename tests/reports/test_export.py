"""Tables for other programs: read back they are the same, and columns say what they are and in what unit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sim
from sim.errors import InputError
from sim.model.outcomes import OUTCOMES, series
from sim.reports.columns import labels
from sim.reports.export import FORMATS, LONGEST_NAME, RESERVED, named, plain, stata_names
from sim.results.kept import table
from tests.claim_files import claim_file
from tests.helpers import SIX
from tests.study_files import study_file

YEARLY = {"time.step": "year"}
HOSTILE = pd.DataFrame(
    {
        "text": ['=HYPERLINK("x")', "a\nb, “ü”; 'c'", "x" * 3000, "NA"],
        "if": [1, 2, 3, 2**40],
        "a name of far more than thirty-two signs, one": [0.1, np.nan, -1e300, 1 / 3],
        "a name of far more than thirty-two signs, two": [True, False, True, True],
        "2nd": pd.to_datetime(["1815-06-18", "1991-07-01", None, "2023-08-31"]).astype("datetime64[s]"),
        "mixed": [None, 1, "a", np.nan],
    }
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A finished folder of some kinds."""
    home = tmp_path_factory.mktemp("finished")
    sim.run(SIX, runs=16, set=YEARLY, out=home / "run", keep_runs=True)
    sim.compare(SIX, SIX, set=YEARLY, runs=16, out=home / "compare")
    sim.claims([claim_file(home)], runs=32, out=home / "claims")
    sim.sweep(study_file(home, ("runs = 40", "runs = 16")), home / "sweep", jobs=1)
    return {name: home / name for name in ("run", "compare", "claims", "sweep")}


def read(folder: Path, format: str, table: str, like: pd.DataFrame) -> pd.DataFrame:
    """A table as a user of the other program has it, under the names that it had."""
    dates = list(like.select_dtypes("datetime"))
    texts = [c for c, kind in like.dtypes.items() if kind in (object, "str")]
    options = {"keep_default_na": False, "na_values": {c: [""] for c in like if c not in texts}}
    if format == "csv":
        return pd.read_csv(folder / f"{table}.csv", dtype=dict.fromkeys(texts, str), parse_dates=dates, **options)
    if format == "xlsx":
        (file,) = folder.glob("*.xlsx")
        return pd.read_excel(file, sheet_name=table, dtype=dict.fromkeys(texts, str), parse_dates=dates, **options)
    if format == "stata":
        names = {short: name for name, short in stata_names(list(like)).items()}
        return pd.read_stata(folder / f"{table}.dta").rename(columns=names)
    (file,) = folder.glob("*.nc")
    with xr.open_dataset(file, group=f"tables/{table}", engine="h5netcdf") as ds:
        return ds.load().to_dataframe().reset_index(drop=True)[list(like)]


def same(again: pd.DataFrame, like: pd.DataFrame) -> None:
    assert list(again) == list(like)
    for name, column in like.items():
        if column.dtype.kind == "M":
            assert (again[name].astype("datetime64[s]").dropna().values == column.dropna().values).all()
            assert again[name].isna().equals(column.isna())
        elif isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiu":
            finite = column.replace([np.inf, -np.inf], np.nan).to_numpy(float)
            found = again[name].astype(float).replace([np.inf, -np.inf], np.nan).to_numpy()
            np.testing.assert_array_max_ulp(np.nan_to_num(found), np.nan_to_num(finite), maxulp=4)
            assert (np.isnan(found) == np.isnan(finite)).all()
        else:
            assert list(again[name].fillna("").astype(str)) == list(column)


@pytest.fixture(scope="module")
def wide(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's tables, wide."""
    home = tmp_path_factory.mktemp("wide")
    sim.export(folders["run"], home, "csv,stata", wide=True)
    return home


@pytest.mark.parametrize("kind", ["run", "compare", "claims", "sweep"])
def test_what_is_written_is_read_back(folders: dict[str, Path], kind: str, tmp_path: Path) -> None:
    files = sim.export(folders[kind], tmp_path, ",".join(FORMATS))
    assert all(file.exists() for file in files)
    result = sim.open(folders[kind])
    for name, frame in result.tables.items():
        for format in FORMATS:
            as_written = named(plain(frame), result)
            same(read(tmp_path, format, name, as_written), as_written)
    if kind == "run":
        with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as root:
            xr.testing.assert_allclose(root.load().drop_vars("name"), result.dataset.drop_vars("name"))
        with xr.open_dataset(tmp_path / "run.nc", group="tables/alliance", engine="h5netcdf") as ds:
            assert ds.horizon_years.attrs == {"long_name": "Time since the start", "units": "years"}
        single = table(result.kept)
        assert len(single) == 16
        for format in FORMATS:
            same(read(tmp_path, format, "runs", single), single)


def test_what_happened_in_single_runs_is_what_a_replay_tells(folders: dict[str, Path], tmp_path: Path) -> None:
    sim.export(folders["run"], tmp_path, ",".join(FORMATS), run=[3, 0, 3])
    stories = {k: sim.replay(folders["run"], k).table for k in (3, 0)}
    assert min(map(len, stories.values())) > 1
    like = pd.concat([table.assign(run=k) for k, table in stories.items()], ignore_index=True)
    like = like.assign(date=pd.to_datetime(like.date))[["run", "date", "kind", "members", "text"]]
    for format in FORMATS:
        same(read(tmp_path, format, "events", like), like)
    says = pd.read_csv(tmp_path / "columns.csv").query("table == 'events'")
    assert list(says.column) == list(like)
    for kind, run, says in (("run", 16, "allowed: 0 to 15"), ("compare", 0, "holds a comparison")):
        with pytest.raises(InputError, match=says):
            sim.export(folders[kind], tmp_path / "none", run=[run])
    assert not (tmp_path / "none").exists()


def test_every_code_of_a_state_has_its_name_beside_it(folders: dict[str, Path], wide: Path) -> None:
    full = sim.open(folders["run"]).state_names
    assert full == {code: m.name for code, m in sim.load(SIX).tables.members.items()}
    for folder in folders.values():
        result = sim.open(folder)
        for frame in result.tables.values():
            made = named(plain(frame), result)
            if "member" in made:
                pairs = set(zip(made.member, made.member_name, strict=True))
                assert pairs <= {*full.items(), ("", result.alliance_and_leader[0])}
                assert all(name for _, name in pairs)
    assert set(pd.read_csv(wide / "ticks.csv").member_name) <= set(full.values())
    about = pd.read_csv(wide / "about.csv").set_index("what").said
    assert (about["Alliance"], about["Leader"]) == sim.open(folders["run"]).alliance_and_leader
    says = pd.read_csv(wide / "columns.csv", keep_default_na=False).query("table == 'runs'").set_index("column")
    assert says.label["AAA.exit"] == f"{full['AAA']}: first exit, date; empty where there is none"
    assert says.unit["AAA.end_stance"] == "logit"
    assert not says.label.str.contains(r"\b(?:AAA|BBB|CCC)\b").any(), "by their names"


def test_wide_tables_have_the_same_numbers(folders: dict[str, Path], wide: Path) -> None:
    ds = sim.open(folders["run"]).dataset
    members = pd.read_csv(wide / "ticks.csv").set_index(["member", "date"])
    alliance = pd.read_csv(wide / "ticks_alliance.csv")
    np.testing.assert_allclose(members.loc["AAA"].exit_q95, series(ds, "exit", "q95")[:, 0])
    np.testing.assert_allclose(members.loc["BBB"].stance, ds.stance.sel(member="BBB"))
    np.testing.assert_allclose(alliance.cohesion_low, ds.cohesion_low)
    assert "member" not in alliance
    assert len(alliance) == ds.sizes["date"]


def test_every_column_says_what_it_is_and_its_unit(wide: Path) -> None:
    columns = pd.read_csv(wide / "columns.csv", keep_default_na=False)
    says = columns[columns.table == "alliance"].set_index("column")
    assert says.unit.stance_dispersion_q95 == "logit"
    assert says.unit.members == "states"
    assert says.unit.any_exit_parameter_share == "1"
    assert says.label.any_exit_mcse == "Probability of some exit: Monte Carlo standard error"
    with pd.read_stata(wide / "alliance.dta", iterator=True) as reader:
        in_stata = reader.variable_labels()
    assert in_stata["members"] == "Members [states]"
    assert in_stata["starters_cohesion_parameter_share"[:LONGEST_NAME]].startswith("Cohesion of the initial members")
    named = labels(["base", "value", "value_few", "low"])
    assert named["value"].words == "Level in the other scenario"
    assert labels(["value", "low"])["value"].words == "Value", "there is no base beside it"
    assert labels(["low"])["low"].words == "Low", "of some other interval"


def test_a_long_table_has_the_unit_of_each_row(folders: dict[str, Path]) -> None:
    table = plain(sim.open(folders["run"]).alliance)
    assert set(zip(table.outcome, table.unit, strict=True)) >= {("members", "states"), ("any_exit", "1")}
    assert (table.unit == [OUTCOMES[name].unit for name in table.outcome]).all()


@pytest.mark.parametrize("format", FORMATS)
def test_hostile_tables_are_read_back(format: str, tmp_path: Path) -> None:
    frame = plain(HOSTILE)
    FORMATS[format]({"hostile": frame}, {"hostile": labels(frame)}, tmp_path, "x", None)
    again = read(tmp_path, format, "hostile", frame)
    assert again.text[0].lstrip("'") == HOSTILE.text[0]
    if format == "csv":
        assert again.text[0].startswith("'="), "no formula"
        again.loc[0, "text"] = HOSTILE.text[0]
    same(again, frame)


def test_names_for_stata() -> None:
    names = stata_names(["if", "2nd", "a.b", "a_b", *(f"{'x' * 40}{k}" for k in range(12)), "ü"])
    assert len(set(names.values())) == len(names)
    assert all(
        len(n) <= LONGEST_NAME and n.isidentifier() and n.isascii() and n not in RESERVED for n in names.values()
    )
    assert (names["a.b"], names["a_b"]) == ("a_b", "a_b_2")


def test_files_that_are_there_are_kept(folders: dict[str, Path], tmp_path: Path) -> None:
    sim.export(folders["claims"], tmp_path / "a")
    with pytest.raises(InputError, match=r"ledger\.csv: is there already"):
        sim.export(folders["claims"], tmp_path / "a", "csv,stata")
    assert not list((tmp_path / "a").glob("*.dta"))
    sim.export(folders["claims"], tmp_path / "a", "csv,stata", force=True)
    assert list((tmp_path / "a").glob("*.dta"))
    with pytest.raises(InputError, match=r"format: 'xslx'; allowed: csv, xlsx, stata, netcdf.*did you mean xlsx"):
        sim.export(folders["claims"], format="xslx")
