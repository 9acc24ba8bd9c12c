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
from sim.reports.brief import Brief, chosen

ELSEWHERE = (
    "How forecasts with these coefficients have done is in the report of a run of the scenario (cohesion run, then "
    "cohesion report), with every coded value and its sources."
)


def said(a: Analysis) -> Iterator[Block]:
    """Its tables in words and numbers as people read them."""
    match a:
        case Attribution():
            yield from attribute.said(a)
        case Contagion():
            yield from contagion.said(a)
        case Discovery():
            yield from discover.said(a)
        case Drivers():
            yield from drivers.said(a)
        case Found() | Given():
            yield from find.said(a)
        case Sensitivity():
            yield from sensitivity.said(a)
        case Signals():
            yield from signals.said(a)
        case Threshold():
            yield from threshold.said(a)
        case Why():
            yield from why.said(a)


def brief(a: Analysis) -> Brief:
    """Of an analysis, for a report."""
    return Brief(
        title=a.title,
        question=a.about.get("question") or a.question,
        answer=list(a.answer),
        results=list(said(a)),
        figures=chosen(a.figures(), ()),
        certainty=[ELSEWHERE],
    )
