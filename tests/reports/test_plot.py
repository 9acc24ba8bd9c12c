"""Figures as files: the ones asked for, in the formats asked for, each with its numbers, whole or not at all."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.errors import InputError
from sim.scenario.names import FILE
from sim.storage.files import beside
from tests.helpers import SIX


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("plot") / "run"
    sim.run(SIX, runs=16, set={"time.step": "year"}, out=home)
    return home


def test_figures_are_drawn_in_every_format_with_their_numbers(folder: Path) -> None:
    files = sim.plot(folder, ["exits", "ladder", "exits"], format="svg, pdf")
    assert [f.name for f in files] == ["exits.svg", "exits.pdf", "exits.csv", "ladder.svg", "ladder.pdf", "ladder.csv"]
    starts = {".svg": b"<?xml", ".pdf": b"%PDF-", ".csv": b"panel,mark,series"}
    assert all(f.read_bytes().startswith(starts[f.suffix]) for f in files)
    assert pd.read_csv(files[-1]).mark.unique().tolist() == ["band"]
    before = [f.read_bytes() for f in files]
    again = sim.plot(folder, ["exits", "ladder"], format="svg,pdf", out=folder.with_name("again"))
    assert [f.read_bytes() for f in again] == before, "the same figure gives the same bytes"
    with pytest.raises(InputError, match="is there already"):
        sim.plot(folder, ["exits"], format="svg")


def test_another_format_is_drawn_beside_the_first_with_the_table_that_is_there(folder: Path) -> None:
    out = folder.with_name("beside")
    _, table = sim.plot(folder, ["exits"], format="svg", out=out)
    assert [f.name for f in sim.plot(folder, ["exits"], format="png", out=out)] == ["exits.png"]
    table.write_text("mine")
    with pytest.raises(InputError, match=r"exits\.csv: is there already"):
        sim.plot(folder, ["exits"], format="pdf", out=out)
    assert (table.read_text(), (out / "exits.pdf").exists()) == ("mine", False)


def test_unknown_figures_and_formats_are_told_with_the_nearest(folder: Path) -> None:
    with pytest.raises(InputError, match="did you mean ladder"):
        sim.plot(folder, ["lader"])
    with pytest.raises(InputError, match="did you mean svg"):
        sim.plot(folder, format="svgz")
    with pytest.raises(InputError) as caught:
        sim.plot(folder, ["lader", "exitz"], format="pgn")
    assert [p.suggestion for p in caught.value.problems] == ["png", "ladder", "exits"], "all at once"


def test_figures_of_another_width_hold_the_same_numbers(folder: Path) -> None:
    wide, narrow = (sim.plot(folder, ["exits"], width=w, out=folder.with_name(f"w{w:g}")) for w in (10, 6.5))
    assert narrow[1].read_bytes() == wide[1].read_bytes()
    sizes = [int.from_bytes(files[0].read_bytes()[16:20], "big") for files in (wide, narrow)]
    assert sizes == [1500, 975], "150 dots an inch"
    with pytest.raises(InputError, match=r"^width: 3; allowed: 6 to 14 inches"):
        sim.plot(folder, width=3)


def test_a_figure_without_data_is_refused_with_the_reason(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no figure votes; no roll-calls\.csv beside its scenario"):
        sim.plot(folder, ["votes"])


def test_whatever_the_folders_name_what_is_made_of_it_has_a_name_beside_it(folder: Path) -> None:
    """A comparison's folder is called after what was changed, up to the longest name that a folder may have."""
    names = ["a", "é" * 80, "compare-" + "x" * 72, "compare-" + "x" * 71 + "y", "a" * 49 + "." * 2 + "b" * 29]
    for ending in ("-figures", "-tables", ".html", ".docx"):
        made = [beside(folder.with_name(name), ending) for name in names]
        assert all(FILE.fits(m.name) and m.name.endswith(ending) and m.parent == folder.parent for m in made)
        assert len(set(made)) == len(names)
    long = folder.with_name(names[2])
    shutil.copytree(folder, long)
    assert {f.parent for f in sim.plot(long, ["exits"], format="svg")} == {beside(long, "-figures")}
