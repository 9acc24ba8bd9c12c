"""What an analysis says below its answer, of whatever kind it is; and its brief."""

from collections.abc import Iterator

from sim.analysis.analysis import Analysis
from sim.analysis.attribute import Attribution
from sim.analysis.contagion import Contagion
from sim.analysis.discover import Discovery
from sim.analysis.drivers import Drivers
from sim.analysis.find import Found, Given
from sim.analysis.sensitivity import Sensitivity
from sim.analysis.signals import Signals
from sim.analysis.threshold import Threshold
from sim.analysis.why import Why
from sim.reports import attribute, contagion, discover, drivers, find, sensitivity, signals, threshold, why
from sim.reports.blocks import Block
from sim.reports.brief import MADE_BY, Brief, chosen
from sim.scenario.load import Drawn

HOMES = {
    Attribution: attribute,
    Contagion: contagion,
    Discovery: discover,
    Drivers: drivers,
    Found: find,
    Given: find,
    Sensitivity: sensitivity,
    Signals: signals,
    Threshold: threshold,
    Why: why,
}
"""What is said of each kind: its tables (``said``), how its answer is read and what it does not support."""
ELSEWHERE = (
    "How forecasts with these coefficients have done is in the report of a run of the scenario (cohesion run, then "
    "cohesion report)."
)
"""Of an analysis that was kept before this was kept with it."""
CODED = "with rules and sources in the codebook (cohesion codebook, with the scenario's name)"


def said(a: Analysis) -> Iterator[Block]:
    """Its tables in words and numbers as people read them."""
    yield from HOMES[type(a)].said(a)


def again(a: Analysis) -> dict[str, str]:
    """What else is needed to do it again: by which command the results were made that it is of, and what was coded."""
    return {MADE_BY: a.about.get("made_from", ""), "Coded values": CODED}


def brief(a: Analysis) -> Brief:
    """Of an analysis, for a report."""
    home = HOMES[type(a)]
    return Brief(
        title=a.title,
        question=a.about.get("question") or a.question,
        answer=list(a.answer),
        reading=home.READING,
        results=list(said(a)),
        figures=chosen(a.figures(), ()),
        drawn=[Drawn(*row) for row in a.about.get("drawn", ())],
        certainty=[ELSEWHERE] * ("drawn" not in a.about),
        limits=[home.LIMIT],
    )
