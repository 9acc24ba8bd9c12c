"""What a comparison says: what each scenario would change, in sentences and in tables."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.errors import listed, plural
from sim.model.grammar import sentence
from sim.model.membership import STATUSES
from sim.model.outcomes import OUTCOMES, error_of, in_points, names, shown
from sim.reports.blocks import Block, Column, Paragraph, Table, remark
from sim.reports.brief import Brief, chosen
from sim.reports.since import events_since
from sim.results.change import difference, level, moved
from sim.results.comparison import Comparison
from sim.results.result import since_then
from sim.scenario.compile import tick_edges
from sim.scenario.course import adjusted_later
from sim.scenario.load import Scenario, drawn

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = (
    "In brackets: the 90 % interval, where the middle 90 % of the answers lie when coefficients and coded values, "
    "which are not known exactly, take their possible values."
)
"""Of what is said in sentences."""
SIDES = "without", "with"
"""The change: both at the same date."""
MOST = 4
"""States that are shown of those whose exit changes."""
ERROR = "± is one Monte Carlo standard error"
KNOWN = 2.0
"""Standard errors by which a stance has to differ at the start,"""
HARDLY = 0.005
"""and what is shown as no difference."""


def said(c: Comparison) -> Iterator[Block]:
    """What each scenario would change in a sentence and in tables, at the last horizon; Monte Carlo error last."""
    last = c.asked[c.asked.horizon_years == c.asked.horizon_years.max()]
    yield Paragraph((f"What would change: differences from {c.base.tables.title}", "bold"))
    for s in c.others:
        yield Paragraph()
        yield Paragraph(" ".join(f"{x}." for x in c.sentences()[s.name]))
        yield from start(c, s)
        yield from changes(c, last[last.scenario == s.name])
    yield Paragraph()
    yield from reading(c, last)
    for words in c.begins:
        yield Paragraph(f"{words}.")
    yield from remark(c.not_fitted)


def reading(c: Comparison, last: "pd.DataFrame") -> Iterator[Block]:
    """How the tables are read, what has happened since the calibration, and the Monte Carlo error."""
    yield Paragraph(
        "In brackets: 90 % interval over coefficients and coded values, without what chance adds; of a difference, "
        "over the same coefficients and values in both"
        + (f"; where draws are weighed by other events there is none, and {ERROR}" if c.apart else "")
        + ". Cohesion is the mean joint "
        "support over all pairs of those who are members then, or of those who were at the start, of whom one that "
        "has left or frozen supports nothing."
    )
    yield from events_since({s.tables.title: since_then(s) for s in (c.base, *c.others)})
    for words in filter(None, (held(c.base, s) for s in c.others)):
        yield Paragraph(words)
    events = last[last.outcome.isin(names("event"))]
    yield Paragraph(f"{plural(c.runs, 'run')} of each, seed {c.seed}, common random numbers{monte_carlo(events)}.")


def monte_carlo(events: "pd.DataFrame") -> str:
    """The error of the differences, of runs and of the posterior's draws, and what pairing saves."""
    error, saved = error_of(events.low, events.high).max(), events.saved_runs[events.saved_runs.between(0, 1e12)]
    if error != error:
        return ""
    times = float(f"{saved.median():.2g}") if len(saved) else 1.0
    number = (
        f"; with random numbers of their own each scenario would need about {times:,.0f} times as many runs for that"
    )
    return (
        f"; Monte Carlo standard error (runs and draws) of differences at most {in_points(error)}"
        f"{number if times >= 2.0 else ''}"
    )


def held(base: Scenario, s: Scenario) -> str:
    """Which inputs stay as they are set that go on by themselves in the base; empty where none does."""
    if s.tables.inputs != "uncertain":
        return ""
    now, before = (adjusted_later(x.tables, x.tables.adjustments, *tick_edges(x.tables.time)) for x in (s, base))
    paths = [path for path, tick in now.items() if tick < before.get(path, tick + 1)]
    of_channel = [path for path in paths if path.startswith("members.") and path.count(".") > 2]
    inputs = dict.fromkeys(path.rpartition(".")[0] if path in of_channel else path for path in paths)
    which = listed([s.subject(path) for path in inputs])
    return (
        f"In “{s.tables.title}” {which} {'stays' if len(inputs) == 1 else 'stay'} as set after the change,"
        f"{' in all channels,' * bool(of_channel)} where before {'it' if len(inputs) == 1 else 'they'} "
        "went on by changes of past years, if "
        "there were any: setting what is coded already can have an effect too."
        if inputs
        else ""
    )


def start(c: Comparison, s: Scenario) -> Iterator[Block]:
    """What differs at the start: membership, and members' stances that differ by more than their errors."""
    own = c.table[(c.table.scenario == s.name) & (c.table.horizon_years == 0)].itertuples()
    known = [r for r in own if abs(r.difference) > max(KNOWN * r.mcse, HARDLY) and c.belongs(r.member, s)]
    rows = sorted(known, key=lambda r: -abs(r.difference))[:MOST]
    cells = [
        [f"Membership of {c.state_names[code]}", *(STATUSES[x] for x in statuses), ""]
        for code, statuses in c.statuses[s.name].items()
    ]
    cells += [
        [OUTCOMES[r.outcome].title.format(c.state_names[r.member]), level(r, "base"), level(r, "value"), difference(r)]
        for r in rows
    ]
    if cells:
        head = Column(f"At the start, {s.tables.time.start:%b %Y}", left=True)
        yield Table([head, *map(Column, (*SIDES, "difference"))], cells)


def changes(c: Comparison, final: "pd.DataFrame") -> Iterator[Block]:
    """Levels without and with a scenario's change, and their difference: of probabilities, then of measures."""
    state_names, now = c.state_names, at_start(c, final.scenario.iloc[0])
    alliance = {row.outcome: row for row in final[final.member == ""].itertuples()}
    headlines = [OUTCOMES[name] for name in shown(by_member=False)]
    first, *others = [(sentence(o.noun), alliance[o.name]) for o in headlines if o.probability]
    exits = [(f"{state_names[row.member]} has left", row) for row in moved(final, MOST)]
    measures = [(sentence(o.column) + now.get(o.name, ""), alliance[o.name]) for o in headlines if not o.probability]
    for name in shown(by_member=True)[1:]:
        measures += [(OUTCOMES[name].title.format(state_names[r.member]), r) for r in moved(final, 2, name, 0.0)]
    when = f"{final.date.iloc[0]:%b %Y}"
    for head, unit, rows in ((f"By {when}, %", ", points", [first, *exits, *others]), (f"In {when}", "", measures)):
        columns = [Column(head, left=True), *map(Column, (*SIDES, f"difference{unit}"))]
        cells = [[words, level(row, "base"), level(row, "value"), difference(row)] for words, row in rows]
        yield Table(columns, cells)


def at_start(c: Comparison, scenario: str) -> dict[str, str]:
    """Where each measure of the alliance starts, by its outcome: `` (0.44 at the start)``, without and with."""
    first = c.curves[(c.curves.member == "") & (c.curves.date == c.curves.date.min())]
    sides = [first[first.scenario == name].set_index("outcome")["mean"] for name in (c.base.name, scenario)]
    measures = [name for name in sides[0].index if not OUTCOMES[name].probability]
    found = {name: [f"{side[name]:.2f}" for side in sides] for name in measures}
    return {name: f" ({' and '.join(dict.fromkeys(levels))} at the start)" for name, levels in found.items()}


def brief(c: Comparison) -> Brief:
    """Of a comparison, for a report."""
    last = c.asked[c.asked.horizon_years == c.asked.horizon_years.max()]
    titles = listed([s.tables.title for s in c.others])
    tables: list[Block] = []
    for s in c.others:
        tables += [Paragraph((s.tables.title, "bold"))] * (len(c.others) > 1)
        tables += [*start(c, s), *changes(c, last[last.scenario == s.name])]
    return Brief(
        title=titles,
        question=f"What would this change by {last.date.iloc[0]:%B %Y}, compared with “{c.base.tables.title}”?",
        answer=[" ".join(f"{x}." for x in c.sentences()[s.name]) for s in c.others],
        reading=INTERVAL if not c.apart else "",
        results=[*tables, *reading(c, last)],
        figures=chosen(c.figures(), ("curves", "differences")),
        scenarios=[c.base, *c.others],
        drawn=[*map(drawn, (c.base, *c.others))],
        certainty=[f"{words}." for words in c.begins],
        limits=list(filter(None, [undecided(c, last)])),
    )


def undecided(c: Comparison, last: "pd.DataFrame") -> str:
    """The headline outcomes of which it is open which way they move, with their differences, in a sentence."""
    rows = last[last.outcome.isin(shown())].itertuples()
    titles = {s.name: s.tables.title for s in c.others}
    open_ = [
        f"{OUTCOMES[r.outcome].title.format(c.state_names.get(r.member, ''))} "
        f"{difference(r, ' points' * OUTCOMES[r.outcome].probability)}"
        + f" in “{titles[r.scenario]}”"
        * (len(titles) > 1)
        for r in rows
        if r.difference_q05 < 0 < r.difference_q95
    ]
    which = "; ".join(open_)
    return (
        f"Which way these would move, as their intervals hold both more and less (in differences.csv): {which}."
        if open_
        else ""
    )
