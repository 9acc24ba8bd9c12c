"""The tutorial: pages show what their cells printed, and are notebooks."""

import importlib.util
import re
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import matplotlib.figure
import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial"
PAGES = sorted(TUTORIAL.glob("*.md"))


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make", TUTORIAL / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_page_was_made_of_the_cells_that_it_has(page: Path, make: ModuleType) -> None:
    """Another cell, or another version of the model: python docs/tutorial/make.py makes the pages anew."""
    assert page.read_text("utf-8").endswith(f"\n<!-- made from {make.stamp()} -->\n")


def test_every_block_is_a_cell_or_an_output_and_every_figure_is_there(make: ModuleType) -> None:
    assert len(PAGES) == 5
    for page in PAGES:
        text = page.read_text("utf-8")
        rest = make.CELL.sub("", text)
        assert not re.findall(r"(?m)^```(?:sh|python|text)$", rest), "an output without its cell"
        shown = set(re.findall(r"\((images/[^)]+)\)", text))
        assert all((TUTORIAL / image).exists() for image in shown)
    used = {name for page in PAGES for name in re.findall(r"images/([^)]+)\)", page.read_text("utf-8"))}
    assert used == {f.name for f in (TUTORIAL / "images").iterdir()}


def test_each_page_leads_to_the_next() -> None:
    for page, following in pairwise(PAGES):
        assert f"({following.name})" in page.read_text("utf-8")


def test_cells_are_executed_in_order(make: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "1-page.md"
    shell = "```sh\necho 3 > x\n```\n"
    python = '```python\nfrom pathlib import Path\nint(Path("x").read_text()) + 1\n```\n\n```text\nold\n```\n'
    drawn = "```python\nfrom matplotlib.figure import Figure\nFigure()\n```\n"
    page.write_text("\n".join([shell, python, drawn, "<!-- not run -->\n```sh\nexit 1\n```\n"]), "utf-8")
    figures: dict[str, matplotlib.figure.Figure] = {}
    text = make.executed(page, figures)
    assert "```text\n4\n```\n" in text
    assert "old" not in text
    assert text.count("```text") == 1
    assert "![The figure that the cell draws](images/1-page-3.png)" in text
    assert list(figures) == ["1-page-3.png"]
    page.write_text(text, "utf-8")
    assert make.executed(page, {}) == text, "made again it is the same"
    page.write_text("```sh\nfalse\n```\n", "utf-8")
    with pytest.raises(RuntimeError, match="false"):
        make.executed(page, {})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_is_a_notebook_with_what_its_cells_show(page: Path, make: ModuleType) -> None:
    nbformat = pytest.importorskip("nbformat")
    made = make.notebook(page)
    nbformat.validate(made)
    cells = [m for m in make.CELL.finditer(page.read_text("utf-8")) if not m["skip"]]
    shows, *code = [cell for cell in made.cells if cell.cell_type == "code"]
    assert shows.source == make.FIGURES_SHOW
    assert [cell.source.removeprefix("%%bash\n") + "\n" for cell in code] == [m["code"] for m in cells]
    shown = "".join(out.text for cell in code for out in cell.outputs if out.output_type == "stream")
    assert shown == "".join("".join(re.findall(r"(?ms)^```text\n(.*?)^```$", m["output"])) for m in cells)
    drawn = [out for cell in code for out in cell.outputs if out.output_type == "display_data"]
    assert len(drawn) == sum(m["output"].count("](images/") for m in cells)
    assert not any("made from" in cell.source or "![" in cell.source for cell in made.cells)
