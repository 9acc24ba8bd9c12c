"""The codebook: every coded value, as explained, in three formats that no text breaks."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.cli import codebook as verb
from sim.errors import InputError
from sim.results.codebook import FORMATS, Codebook
from sim.results.typeset import SIGNS, foreign, latex_table, latex_text, markdown_table
from tests.helpers import SIX

HOSTILE = r"""*a* [b] \input{x} $1$ 100% a_b & c # {d} ~ ^ <i> | `e` "f" --- ,, '' 5 ± 1 “q” – x/y C:\new"""


@pytest.fixture(scope="module")
def book() -> Codebook:
    return sim.codebook("csto/outlook-2023")


def test_it_has_every_coded_value_as_it_is_explained(book: Codebook) -> None:
    tables = sim.load("csto/outlook-2023").tables
    paths = book.values[book.values.value != "event"].path
    records = [f"members.{code}.record" for code in tables.members]
    assert set(paths) == {*tables.values, *records}
    assert (book.values.value == "event").sum() == len(tables.events)
    for path in ("members.ARM.dependence.trade", "leader.war", "disputes.KGZ-TJK", "behaviour.entrapment"):
        explained = sim.explain("csto/outlook-2023", path)
        rows = book.values[book.values.path == path]
        coded = [k for k in explained.knots if "place in the band" not in k.coded]
        assert [k.date for k in coded] == list(rows.date)
        assert [k.low for k in coded] == list(rows.low)
        assert [k.high for k in coded] == list(rows.high)
        assert set(rows.rule) == {explained.rule}
        for source, quotation, _ in explained.sources:
            assert source in rows.sources.iloc[0]
            assert quotation in rows.quotations.iloc[0] + rows.sources.iloc[0]
    assert not (book.values.sources == "").any()
    assert not (book.sources.quotation == "").any(), "quotations are in the registry"
    assert f"{len(book.values.drop_duplicates(['path', 'value']))} coded values" in book.sentence()


def test_a_change_is_in_it_by_its_name() -> None:
    book = sim.codebook("csto/outlook-2023", set={"members.ARM.security_offer.west": "high@2025-01-01"})
    (change,) = book.values[book.values.value == "change"].itertuples()
    assert change.coded == 'security offer to Armenia (the West) replaced by "high" from 2025-01-01'
    assert change.sources == "command line"


def test_as_csv_it_is_read_back_and_is_no_formula(book: Codebook, tmp_path: Path) -> None:
    sim.codebook("csto/outlook-2023", tmp_path / "book.csv")
    again = pd.read_csv(tmp_path / "book.csv", keep_default_na=False, na_values={c: [""] for c in ("low", "high")})
    assert list(again) == list(book.values)
    assert again.path.equals(book.values.path)
    pd.testing.assert_series_equal(again.low, book.values.low, atol=1e-9)
    book.values.loc[0, "note"] = "=1+1"
    assert ",'=1+1\n" in book.text("csv").replace("\r", "")


PRINTS = {
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciigrave": "`",
    "textquotedbl": '"',
    "textquotedblleft": "“",
    "textendash": "–",
    "textquotedblright": "”",
    "allowbreak": "",
    "pm": "±",
}
"""What LaTeX's own manual says that each command prints."""


def printed(tex: str) -> str:
    """What LaTeX would print of a text without environments. Raises where a sign would do anything else."""
    out, rest = "", tex
    while rest:
        if found := re.match(r"\\([A-Za-z]+)(\{\})?", rest):
            out += PRINTS[found[1]]
        elif found := re.match(r"\\([{}$&%#_])", rest):
            out += found[1]
        elif found := re.match(r"\\[()]|\{([\[\]*])\}|\{\}", rest):
            out += found[1] or ""
        elif found := re.match(r"[^\\{}$&%#_^~<>|`\"\[*]", rest):
            assert not (out and out[-1] == found[0] and found[0] in "-,'" and not tex[: -len(rest)].endswith("}"))
            out += found[0]
        else:
            raise AssertionError(f"{rest[:20]} is no plain text")
        rest = rest[found.end() :]
    return out


def test_hostile_text_is_printed_as_it_is() -> None:
    assert printed(latex_text(HOSTILE)) == HOSTILE
    row = latex_table(["a", "b"], [[HOSTILE, "[x]\n*y"]], (0.5, 0.5)).splitlines()[-3]
    assert row.startswith("{*}a")
    first, second = row.removesuffix(r" \\").split(" & ")
    assert (printed(first), printed(second)) == (HOSTILE, "[x] *y")
    *_, line = markdown_table(["a", "b"], [[HOSTILE, "x\n\ny"]]).splitlines()
    assert len(re.findall(r"(?<!\\)\|", line)) == 3, "two cells in one line"
    assert not re.search(r"(?<!\\)[*_`<]", line)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    sim.codebook("csto/outlook-2023", tmp_path / "book", "tex")
    packages = r"\usepackage[T1]{fontenc}\usepackage{array,booktabs,longtable}"
    (tmp_path / "all.tex").write_text(
        rf"\documentclass{{article}}{packages}\begin{{document}}\input{{book}}\end{{document}}", "utf-8"
    )
    command = ["pdflatex", "-halt-on-error", "all.tex"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout.decode("utf-8", "replace")
    assert "Overfull" not in said, "nothing stands out of its column"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_sets_every_sign_that_is_not_called_foreign(tmp_path: Path) -> None:
    signs = [chr(c) for c in (*range(0x21, 0x7F), *range(0xA1, 0x180), 0x20AC) if chr(c) not in "\u00ad"] + list(SIGNS)
    text = " ".join(s for s in signs if not foreign(s))
    whole = latex_table(["a", "b"], [[HOSTILE, latex] for latex in (text, "Łódź, Thaïlande, Šibenik")], (0.5, 0.5))
    packages = r"\usepackage[T1]{fontenc}\usepackage{array,booktabs,longtable}"
    document = rf"\documentclass{{article}}{packages}\begin{{document}}{whole}\end{{document}}"
    (tmp_path / "all.tex").write_text(document, "utf-8")
    subprocess.run(["pdflatex", "-halt-on-error", "all.tex"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)


def test_what_pdflatex_cannot_set_is_said_in_the_head_of_the_file(book: Codebook) -> None:
    assert foreign("Łódź Thaïlande, “Côte d’Ivoire” ±5 €, ≥ 3") == []
    assert foreign("Nguyễn, Əliyev, Москва") == sorted(set("ễƏМосква"))
    assert "XeLaTeX" not in book.text("tex")
    assert "% pdfLaTeX does not set Ə ễ: take XeLaTeX" in replace(book, title="Nguyễn, Əliyev").text("tex")


def test_a_source_with_a_semicolon_is_printed_without_the_quotes_of_the_table(book: Codebook) -> None:
    book.values.loc[0, "sources"] = 'M001;"assumption: one; and two"'
    assert "| M001; assumption: one; and two" in book.text("md")


def test_files_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    sim.codebook(SIX, tmp_path / "a", "md")
    with pytest.raises(InputError, match=r"a\.md: is there already"):
        sim.codebook(SIX, tmp_path / "a.tex", ",".join(FORMATS))
    assert [f.name for f in tmp_path.iterdir()] == ["a.md"]
    sim.codebook(SIX, tmp_path / "a.tex", ",".join(FORMATS), force=True)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a.csv", "a.md", "a.tex"]
    with pytest.raises(InputError, match=r"format: 'markdwn'; allowed: csv, md, tex"):
        sim.codebook(SIX, tmp_path / "b", "csv, markdwn")


def test_for_programs_it_says_which_files_it_has_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verb.main(str(SIX), tmp_path / "book", "csv", {}, force=False, json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["files"]
    assert all(Path(file).is_file() for file in said["files"])
    assert "coded values" in said["says"]
