"""The page: everything that a report says, in order, and as one HTML file that asks nobody for anything."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from sim.reports.assumed import Assumed, assumed
from sim.reports.blocks import Block, Paragraph, Part, Table
from sim.reports.brief import Brief
from sim.reports.glossary import glossary
from sim.reports.pictures import Picture, picture
from sim.reports.trust import certainty, limits, of_assumptions

TEMPLATE = "page.html.j2"
SHORT = (
    "Rules and sources are named here without their words and quotations, which are in the report as a page for a "
    "browser, on a screen, and in the codebook (cohesion codebook)."
)
"""On paper and in Word."""


@dataclass(frozen=True)
class Page:
    """What is laid out, whatever the format."""

    brief: Brief
    certainty: Sequence[str]
    limits: Sequence[str]
    assumed_says: Sequence[str]
    assumed: Sequence[Assumed]
    again: Mapping[str, str]
    glossary: Mapping[str, str]


def page(brief: Brief, again: Mapping[str, str]) -> Page:
    """All that is said, with what follows from the scores and the coded values of the scenarios."""
    explained, rows = assumed(brief.scenarios, brief.coefficients_alone)
    drawing = brief.scenarios if brief.forecasts else ()
    sure = [*brief.certainty, *certainty(drawing)]
    not_supported = [*limits(drawing), *brief.limits]
    says = [*brief.assumed, *([f"{of_assumptions(explained)}."] if rows else [])]
    text = "\n".join(
        [brief.question, *brief.answer, brief.reading, *map(words, brief.results), *sure, *not_supported, *says]
    )
    return Page(brief, sure, not_supported, says, rows, again, glossary(text))


def words(block: Block) -> str:
    """All that a paragraph or a table says."""
    if isinstance(block, Paragraph):
        return block.plain
    cells = [plain(cell) for row in block.rows for cell in row]
    return "\n".join([*(column.head for column in block.columns), *cells])


def plain(part: Part) -> str:
    """Without its style."""
    return part if isinstance(part, str) else part[0]


class Head(NamedTuple):
    """A cell of a table's head."""

    text: str
    across: int
    left: bool


def heads(table: Table) -> list[list[Head]]:
    """One row, or where columns stand in groups two: the groups, and what is in them."""
    columns = table.columns
    if not any(c.head.startswith("\n") for c in columns):
        return [[Head(c.head, 1, c.left or c.words) for c in columns]]
    names: list[str] = []
    for c in columns:
        first, _, second = c.head.partition("\n")
        names.append(first if first and second else names[-1] if not first and names else "")
    groups = [Head(name, len(list(some)), True) for name, some in groupby(names)]
    return [groups, [Head(c.head.partition("\n")[2] or c.head, 1, c.left or c.words) for c in columns]]


def unbroken(text: str) -> str:
    """A cell whose interval in brackets is not broken, so that it may stand below the estimate."""
    return re.sub(r"\([^()]{1,24}\)", lambda m: m[0].replace(" ", "\u00a0"), text)


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
        finalize=lambda x: x.replace(" %", "\u00a0%") if isinstance(x, str) else x,
    ).get_template(TEMPLATE)
    figures: dict[str, Picture] = {name: picture(f) for name, f in page.brief.figures.items()}
    return made.render(
        page=page,
        brief=page.brief,
        figures=figures,
        short=SHORT,
        data=_script(page.brief.sliders.plain) if page.brief.sliders else "",
        is_table=lambda block: isinstance(block, Table),
        heads=heads,
        plain=plain,
        unbroken=unbroken,
        strong=lambda part: not isinstance(part, str) and "bold" in part[1],
        empty=lambda block: isinstance(block, Paragraph) and not block.plain.strip(),
    )


def _script(value: Any) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
