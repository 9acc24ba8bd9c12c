"""A brief: what a report has of a result, whatever it was, before it is laid out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from sim.reports.blocks import Block
from sim.reports.sliders import Sliders
from sim.scenario.load import Drawn, Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MADE_BY = "On what was made by"
"""What the command is called by which results were made that an analysis is of."""
MOST = 3
"""Figures that a report shows."""
HIGHEST = 2.2
"""Height over width of a figure, above which its letters cannot be read once it fits a printed page."""


@dataclass(frozen=True)
class Brief:
    """The question, the answer, what it rests on, and what it does not support."""

    title: str
    question: str
    answer: Sequence[str]
    """Paragraphs."""
    results: Sequence[Block]
    figures: "Mapping[str, Figure]"
    reading: str = ""
    """What stands in the brackets of the answer, where it does not say so itself."""
    scenarios: Sequence[Scenario] = ()
    """Whose coded values are listed, the one that others are compared with first."""
    certainty: Sequence[str] = ()
    """How the numbers may be wrong, beside what is said of all scenarios."""
    limits: Sequence[str] = ()
    """What is not supported, beside what is said of all scenarios."""
    assumed: Sequence[str] = ()
    """What is said above the list of coded values."""
    sliders: Sliders | None = None
    drawn: Sequence[Drawn] = ()
    """The calibrations that its forecasts draw from, whose scores then say how far to trust them."""
    coefficients_alone: bool = False
    """Of the coded values only coefficients are listed."""


def chosen(figures: "Mapping[str, Figure]", wanted: Sequence[str]) -> "dict[str, Figure]":
    """The first few of the figures that are wanted and fit a printed page, or else the first few there are."""
    fit = (name for name in wanted if name in figures and fits(figures[name]))
    return {name: figures[name] for name in [*islice(fit, MOST)] or list(figures)[:MOST]}


def fits(figure: "Figure") -> bool:
    """Whether it can still be read when it is made as small as a printed page asks."""
    width, height = figure.get_size_inches()
    return bool(height <= HIGHEST * width)
