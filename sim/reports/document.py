"""The page as a Word document, to be edited."""

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sim.errors import InputError, Problem
from sim.reports.blocks import Paragraph, Part, Table
from sim.reports.page import Page, heads, plain
from sim.reports.pictures import dots

if TYPE_CHECKING:
    from docx.document import Document


def docx(page: Page) -> bytes:
    """All of the page. Raises InputError where python-docx is not there."""
    try:
        from docx import Document
        from docx.shared import Pt
    except ModuleNotFoundError:
        required = "required: pip install 'alliance-cohesion[report]'"
        raise InputError([Problem("format", "", "docx without python-docx", required)]) from None
    made, brief = Document(), page.brief
    made.core_properties.title = brief.title[:255]
    made.core_properties.author = ""
    made.core_properties.comments = f"Made by {page.again.get('Version', '')}"
    made.styles["Normal"].font.size = Pt(10.5)
    made.add_heading(clean(brief.title), 0)
    made.add_paragraph(clean(brief.question))
    made.add_heading("The answer", 1)
    _paragraphs(made, brief.answer)
    if brief.figures:
        made.add_heading("Figures", 1)
        _figures(made, page)
    made.add_heading("The numbers", 1)
    for block in brief.results:
        if isinstance(block, Table):
            _table(made, block)
        elif isinstance(block, Paragraph) and block.plain.strip():
            _parts(made.add_paragraph(), block.parts)
    made.add_heading("How certain this is", 1)
    _paragraphs(made, page.certainty)
    made.add_heading("What it does not support", 2)
    _paragraphs(made, page.limits, "List Bullet")
    made.add_heading("How to do it again", 1)
    _terms(made, page.again.items())
    if page.glossary:
        made.add_heading("Glossary", 1)
        _terms(made, page.glossary.items())
    if page.assumed:
        made.add_heading("What was assumed", 1).paragraph_format.page_break_before = True
        _paragraphs(made, page.assumed_says)
        _assumed(made, page)
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


def _terms(made: "Document", pairs: Iterable[tuple[str, str]]) -> None:
    for term, meaning in pairs:
        _parts(made.add_paragraph(), ((f"{term}: ", "bold"), meaning))


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


def _table(made: "Document", table: Table) -> None:
    """Numbers to the right, words to the left."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    rows = [[head for head in row for _ in range(head.across)] for row in heads(table)]
    grid = made.add_table(0, len(table.columns), style="Light List Accent 1")
    for row in rows:
        _fill(grid, [(head.text, "bold") for head in row])
    for cells in table.rows:
        _fill(grid, cells)
    for row in grid.rows:
        for cell, column in zip(row.cells, table.columns, strict=True):
            if not (column.left or column.words):
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    made.add_paragraph()


def _assumed(made: "Document", page: Page) -> None:
    grid = made.add_table(0, 4, style="Light List Accent 1")
    _fill(grid, [("What", "bold"), ("Coded as, and what that means", "bold"), ("Rule", "bold"), ("Sources", "bold")])
    for row in page.assumed:
        sources = [f"{cited}: {words}" if words else cited for cited, words in row.sources]
        note = [f"Note: {row.note}"] * bool(row.note)
        what = f"{row.of}: {row.meaning}\n{row.path}"
        _fill(grid, [what, "\n".join(row.coded), row.rule, "\n".join([*sources, *note])])


def _fill(grid: Any, cells: Iterable[Part]) -> None:
    """A row in small type."""
    from docx.shared import Pt

    for cell, part in zip(grid.add_row().cells, cells, strict=True):
        _parts(cell.paragraphs[0], [part])
        for run in cell.paragraphs[0].runs:
            run.font.size = Pt(8)
