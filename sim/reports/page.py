"""The page: everything that a report says, in order, and as one HTML file that asks nobody for anything."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.errors import plural
from sim.model.dates import with_months
from sim.reports.assumed import Assumed, assumed
from sim.reports.blocks import Block, Column, Paragraph, Part, Table, plain
from sim.reports.brief import MADE_BY, Brief
from sim.reports.glossary import glossary
from sim.reports.in_force import MARK, in_force
from sim.reports.layout import heads, labels, unbroken, wide
from sim.reports.pictures import Picture, picture
from sim.reports.trust import certainty, limits, of_assumptions
from sim.results.explain import Explanation

TEMPLATE = "page.html.j2"
ON_PAPER = (
    "On paper stands what is in force when the forecast begins, in {when}, and where that changes later also what it "
    "becomes: the word that is coded by judgement, or the middle of the range that is held possible, from 0 to 1; "
    "of a coefficient the middle 90 % of what is held possible. {mark} rests on an assumption alone. {changed}Every "
    "value at every date, with its rule, width, sources and quotations, is in the report as a page for a browser, on a "
    "screen, and in the codebook (cohesion codebook, with the scenario's name)."
)
SHORT = 60
"""Lines of a file that paper and Word have in full."""
CHANGED = "What was changed stands below with its quotations. "


class Verbatim(str):
    """Text that is given as it is, letter for letter."""

    __slots__ = ()


@dataclass(frozen=True)
class File:
    """The file that was run: what it is called in the folder of results, and what it says."""

    name: str
    text: Verbatim

    @property
    def short(self) -> bool:
        """Whether paper has room for it."""
        return self.text.count("\n") <= SHORT

    @property
    def heading(self) -> str:
        """What stands above it, or in its place."""
        lines = plural(self.text.count("\n"), "line")
        return f"{self.name}, as it was run" + f": {lines}, in the folder of results" * (not self.short)


@dataclass(frozen=True)
class Page:
    """What is laid out, whatever the format."""

    brief: Brief
    certainty: Sequence[str]
    limits: Sequence[str]
    assumed_says: Sequence[str]
    assumed: Sequence[Assumed]
    on_paper: Sequence[Block]
    """What paper has instead of all of these: what is in force, before those that were changed."""
    again: Mapping[str, str]
    file: File | None
    glossary: Mapping[str, str]


def page(brief: Brief, again: Mapping[str, str], file: File | None = None) -> Page:
    """All that is said, with what follows from the scores and the coded values of the scenarios."""
    explained, rows = assumed(brief.scenarios, brief.coefficients_alone)
    sure = [*map(with_months, brief.certainty), *certainty(brief.drawn)]
    not_supported = [*limits(brief.drawn), *brief.limits]
    says = [*brief.assumed, *([f"{of_assumptions(explained)}."] if rows else [])]
    text = "\n".join(
        [brief.question, *brief.answer, brief.reading, *map(words, brief.results), *sure, *not_supported, *says]
    )
    return Page(
        brief, sure, not_supported, says, rows, list(_on_paper(brief, explained, rows)), again, file, glossary(text)
    )


def _on_paper(brief: Brief, explained: Sequence[Explanation], rows: Sequence[Assumed]) -> Iterator[Block]:
    """What is in force in the first scenario, and how that is read."""
    if not rows:
        return
    s = brief.scenarios[0]
    first = {e.path: e for e in reversed(explained) if e.path in s.tables.values}
    changed = CHANGED * any(row.changed for row in rows)
    yield Paragraph(ON_PAPER.format(when=f"{s.tables.time.start:%B %Y}", mark=MARK, changed=changed))
    if changed:
        columns = [Column("What was changed", words=True), Column("In force", left=True)]
        yield Table([*columns, Column("Sources and quotations", words=True)], [_changed(r) for r in rows if r.changed])
    yield from in_force(s, list(reversed(first.values())))


def _changed(row: Assumed) -> list[Part]:
    """A coded value that was changed, and what it rests on."""
    sources = [f"{cited}: {words}" if words else cited for cited, words in row.sources]
    return [f"{row.of}: {row.meaning}", row.changed, "\n".join([*sources, *[f"Note: {row.note}"] * bool(row.note)])]


def words(block: Block) -> str:
    """All that a paragraph or a table says."""
    if isinstance(block, Paragraph):
        return block.plain
    cells = [plain(cell) for row in block.rows for cell in row]
    return "\n".join([*(column.head for column in block.columns), *cells])


def html(page: Page) -> str:
    """The page as one HTML file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    here = FileSystemLoader(Path(__file__).parent)
    made = Environment(
        loader=here,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda x: x.replace(" %", "\u00a0%") if isinstance(x, str) and not isinstance(x, Verbatim) else x,
    ).get_template(TEMPLATE)
    figures: dict[str, Picture] = {name: picture(f) for name, f in page.brief.figures.items()}
    return made.render(
        page=page,
        brief=page.brief,
        figures=figures,
        data=_script(page.brief.sliders.plain) if page.brief.sliders else "",
        is_table=lambda block: isinstance(block, Table),
        heads=heads,
        labels=labels,
        wide=wide,
        plain=plain,
        unbroken=unbroken,
        code=("Command", "Commit", MADE_BY),
        strong=lambda part: not isinstance(part, str) and "bold" in part[1],
        empty=lambda block: isinstance(block, Paragraph) and not block.plain.strip(),
    )


def _script(value: Any) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
