"""The page as a Word document, to be edited."""

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sim.errors import InputError, Problem, extra
from sim.reports.blocks import Block, Part, Table, plain
from sim.reports.layout import heads, longest
from sim.reports.page import Page
from sim.reports.pictures import dots

if TYPE_CHECKING:
    from docx.document import Document


def docx(page: Page) -> bytes:
    """All of the page. Raises InputError where python-docx is not there."""
    try:
        from docx import Document
        from docx.shared import Cm, Pt
    except ModuleNotFoundError:
        required = f"required: {extra('report')}"
        raise InputError([Problem("format", "", "docx without python-docx", required)]) from None
    made, brief = Document(), page.brief
    made.core_properties.title = brief.title[:255]
    made.core_properties.author = ""
    made.core_properties.comments = f"Made by {page.again.get('Version', '')}"
    made.styles["Normal"].font.size = Pt(10.5)
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2.0)
    made.add_heading(clean(brief.title), 0)
    made.add_paragraph(clean(brief.question))
    made.add_heading("The answer", 1)
    _paragraphs(made, [*brief.answer, brief.reading])
    made.add_heading("The numbers", 1)
    _blocks(made, brief.results)
    made.add_heading("How certain this is", 1)
    _paragraphs(made, page.certainty)
    made.add_heading("What it does not support", 2)
    _paragraphs(made, page.limits, "List Bullet")
    if brief.figures:
        made.add_heading("Figures", 1)
        _figures(made, page)
    made.add_heading("How to do it again", 1)
    _terms(made, page.again.items())
    if page.file:
        made.add_paragraph(page.file.heading)
        _verbatim(made, page.file.text * page.file.short)
    if page.glossary:
        made.add_heading("Glossary", 1)
        _terms(made, page.glossary.items())
    if page.assumed:
        made.add_heading("What was assumed", 1)
        _paragraphs(made, page.assumed_says)
        _blocks(made, page.on_paper)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def clean(text: str) -> str:
    """Without characters that XML does not allow."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def _paragraphs(made: "Document", texts: Iterable[str], style: str | None = None) -> None:
    for text in filter(None, texts):
        made.add_paragraph(clean(text), style)


def _blocks(made: "Document", blocks: Iterable[Block]) -> None:
    for block in blocks:
        if isinstance(block, Table):
            in_word(made, block)
        elif block.plain.strip():
            _parts(made.add_paragraph(), block.parts)


def _terms(made: "Document", pairs: Iterable[tuple[str, str]]) -> None:
    for term, meaning in pairs:
        _parts(made.add_paragraph(), ((f"{term}: ", "bold"), meaning))


def _verbatim(made: "Document", text: str) -> None:
    """In small type whose letters are all as wide; nothing where there is none."""
    from docx.shared import Pt

    for font in [made.add_paragraph().add_run(clean(text)).font] * bool(text):
        font.name, font.size = "Courier New", Pt(LARGEST)


def _parts(paragraph: Any, parts: Iterable[Part]) -> None:
    for part in parts:
        paragraph.add_run(clean(plain(part))).bold = not isinstance(part, str) and "bold" in part[1]


def _figures(made: "Document", page: Page) -> None:
    """Each as wide as the text, with its alternative text."""
    section = made.sections[0]
    width = section.page_width - section.left_margin - section.right_margin  # type: ignore[operator]
    height = section.page_height - section.top_margin - section.bottom_margin  # type: ignore[operator]
    for figure in page.brief.figures.values():
        picture = dots(figure)
        shape = made.add_picture(io.BytesIO(picture.content), width=width)
        if shape.height > 0.9 * height:
            shape.width, shape.height = int(shape.width * 0.9 * height / shape.height), int(0.9 * height)
        shape._inline.docPr.set("descr", clean(picture.alternative))
        shape._inline.docPr.set("title", clean(picture.title))


def in_word(made: "Document", table: Table) -> None:
    """Numbers to the right, words to the left."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    rows = [[head for head in row for _ in range(head.across)] for row in heads(table)]
    cells: list[Sequence[Part]] = [[(head.text, "bold") for head in row] for row in rows]
    grid = _grid(made, [*cells, *table.rows], len(rows), _widths([*cells, *table.rows]))
    for row in grid.rows:
        for cell, column in zip(row.cells, table.columns, strict=True):
            if not (column.left or column.words):
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for k, row in enumerate(heads(table)):
        first = 0
        for head in row:
            for cell in grid.rows[k].cells[first + 1 : first + head.across]:
                cell.paragraphs[0].clear()
                grid.cell(k, first).merge(cell)
            first += head.across
    made.add_paragraph()


def _widths(rows: Sequence[Sequence[Part]]) -> list[int]:
    """Characters that each column needs: its longest line, words in as many lines as they like."""
    return [min(WORDS, line) + 3 for line in longest(rows)]


WORDS = 36
"""Characters of a line of words in a cell, at most."""
LARGEST, WIDE = 8.0, 0.18
"""Points of the type of a table, and centimetres that a character of it takes."""
SHORT = 16
"""Rows of a table that is not parted between pages."""
LEAST = 5.0
"""Points, below which nobody reads."""


def _grid(made: "Document", rows: Sequence[Sequence[Part]], head: int, widths: Sequence[int]) -> Any:
    """A table as wide as it needs and no wider than the text, in type that fits; its head stands on every page."""
    from docx.oxml import OxmlElement
    from docx.shared import Cm, Pt

    section = made.sections[0]
    room = (section.page_width - section.left_margin - section.right_margin) / Cm(1)  # type: ignore[operator]
    scale = min(1.0, room / (WIDE * sum(widths)))
    grid = made.add_table(len(rows), len(widths), style="Light List Accent 1")
    grid.autofit = False
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = Cm(scale * WIDE * width)
    for k, (cells, row) in enumerate(zip(rows, grid.rows, strict=True)):
        marks = ["w:cantSplit"] * (len(rows) > head) + ["w:tblHeader"] * (k < head)
        for mark in marks:
            row._tr.get_or_add_trPr().append(OxmlElement(mark))
        for cell, part, width in zip(row.cells, cells, widths, strict=True):
            cell.width = Cm(scale * WIDE * width)
            _parts(cell.paragraphs[0], [part])
            cell.paragraphs[0].paragraph_format.keep_with_next = k < head or (len(rows) <= SHORT and k < len(rows) - 1)
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(max(LEAST, LARGEST * scale))
    return grid
