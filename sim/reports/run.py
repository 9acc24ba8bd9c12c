"""What a run says: the answer in words, then the members' probabilities; all else where it is asked for."""

from collections.abc import Iterator
from typing import Any

from sim.errors import listed, plural
from sim.model.grammar import in_text, sentence
from sim.model.membership import OUTSIDE, STATUSES
from sim.model.outcomes import OUTCOMES, error_of, in_points, interval, probability
from sim.reports.blocks import Block, Column, Paragraph, Table, remark
from sim.reports.brief import Brief, chosen
from sim.reports.cells import level, with_interval
from sim.reports.detail import alliance_events, detail
from sim.reports.since import events_since
from sim.results.result import Result, since_then
from sim.scenario.load import drawn

Summary = dict[str, Any]

RECORD = "record"
"""The figure of a history that has happened."""
NO_FORECAST = "A forecast of these years, or a test of the model on them: they have happened, and "
SEEN = (
    "coefficients that were fitted to this alliance have seen what it did. How the model forecasts what it has not "
    "seen is what scores of alliances left out of the fit say."
)
CODED = (
    "whoever coded them knew how they went. How the model forecasts each of them from those before is what "
    "cohesion score says."
)
READING = (
    "In brackets: 90 % interval over coefficients and coded values (of cohesion: over runs). Cohesion, 0 to 1: how "
    "often two states both stand with the leader, the mean over all pairs."
)
COHESIONS = {"cohesion": "Members then", "starters_cohesion": "Initial members"}


def said(result: Result, detailed: bool = False) -> Iterator[Block]:
    """The answer in words, then the members' probabilities; all else where it is asked for."""
    s, dates = result.summary(), horizons(result)
    yield Paragraph((s["title"], "bold"))
    yield Paragraph(f"{plural(s['runs'], 'run')} from {s['start']}, seed {s['seed']}. {s['begins']}.")
    yield from events_since({s["title"]: since_then(result.scenario)})
    yield Paragraph()
    yield Paragraph(answer(s, dates, result.scenario.tables.is_history))
    yield from probabilities(s, dates)
    if detailed:
        yield from detail(s, dates)


def horizons(result: Result) -> dict[str, str]:
    """The date of each horizon, such as Oct 2028, by its years as the summary has them."""
    pairs = result.alliance[["horizon_years", "date"]].drop_duplicates()
    return {f"{years:g}": f"{date:%b %Y}" for years, date in pairs.itertuples(index=False)}


def insiders(s: Summary) -> list[Summary]:
    """The states that are members when the forecast begins, or that an event lets in later."""
    return [m for m in s["members"] if m["forecast"] != STATUSES[OUTSIDE]]


def outsiders(s: Summary) -> str:
    """Who is outside at the start: listed as it enters later, or not; empty where nobody is."""
    outside = [m for m in s["members"] if m["conduct"]["outside"]["mean"] > 0.5]
    later = [m["name"] for m in outside if m in insiders(s)]
    never = [m["name"] for m in outside if m not in insiders(s)]
    said = [f"let in later by an event: {listed(later)}"] * bool(later)
    said += [f"let in by no event: {listed(never)} ({NOT_LISTED})"] * bool(never)
    return f"Outside at the start and {'; '.join(said)}" if said else ""


NOT_LISTED = f"not listed; {OUTCOMES['any_exit'].noun} counts one that returns and leaves again"


def answer(s: Summary, dates: dict[str, str], over: bool = False) -> str:
    """Who is likeliest to leave, what becomes of the alliance: at the middle horizon, of a history at its end."""
    year = list(dates)[-1 if over else len(dates) // 2]
    first = max(insiders(s), key=lambda m: m["exit"][year]["mean"], default=None)
    if first is None:
        return "No state is a member when the forecast begins, and none enters later."
    cohesion, initial = (s["alliance"][name] for name in COHESIONS)
    events = {title: with_interval(p[year], " %") for title, p in alliance_events(s).items()}
    return (
        f"{likeliest(first, year, dates, over)}. "
        f"{', '.join(f'{title}: {p}' for title, p in events.items()).capitalize()}. "
        f"Cohesion: {cohesion['now']['mean']:.2f} at the start, {level(cohesion[year])} then, of the "
        f"initial members {level(initial[year])}."
    )


def likeliest(first: Summary, year: str, dates: dict[str, str], over: bool = False) -> str:
    """Of the state that is likeliest to leave by a horizon, with how much that is."""
    p = first["exit"][year]
    spread = interval(p["q05"], p["q95"])
    known = f" (90 % interval {spread})" if spread else ""
    was = "was" if over else "is"
    return f"{sentence(in_text(first['name']))} {was} likeliest to leave: {probability(p)} % by {dates[year]}{known}"


def at_the_end(s: Summary, dates: dict[str, str]) -> list[str]:
    """The same for the last horizon, which figures are headed by, where the answer is for another."""
    *_, last = dates
    if len(dates) < 2 or not insiders(s):
        return []
    first = max(insiders(s), key=lambda m: m["exit"][last]["mean"])
    return [f"{likeliest(first, last, dates)}. That is the last date, which the titles of the figures name."]


def monte_carlo_error(s: Summary, dates: dict[str, str]) -> float:
    """The largest of the probabilities that are printed, of runs and draws."""
    printed = (*(m["exit"] for m in insiders(s)), *alliance_events(s).values())
    return float(max(error_of(p[y]["low"], p[y]["high"]) for p in printed for y in dates))


def probabilities(s: Summary, dates: dict[str, str]) -> Iterator[Block]:
    """That each member has left, and what becomes of the alliance, by each horizon."""
    members, error = {m["name"]: m["exit"] for m in insiders(s)}, monte_carlo_error(s, dates)
    when = [Column(f"by {date}") for date in dates.values()]
    events = alliance_events(s)
    for head, by_name in (("Has left, %", members), ("The alliance, %", events)):
        cells = [[name, *(with_interval(p[y]) for y in dates)] for name, p in by_name.items()]
        yield Table([Column(head, left=True), *when], cells)
    cohesion = [[who, *(level(s["alliance"][name][y]) for y in dates)] for name, who in COHESIONS.items()]
    yield Table([Column("Cohesion, 0 to 1", left=True), *when], cohesion)
    yield Paragraph()
    yield Paragraph(
        "In brackets: 90 % interval over coefficients and coded values; of cohesion, over runs. "
        + (f"Monte Carlo standard error (runs and draws) at most {in_points(error)}." if error == error else "")
    )
    yield from remark(outsiders(s))
    yield from remark(s["coefficients"])


def brief(result: Result) -> Brief:
    """Of a run, for a report."""
    s, dates, time = result.summary(), horizons(result), result.scenario.tables.time
    years = f"{time.start:%B %Y} to {time.end:%B %Y}"
    happened = RECORD in (figures := result.figures())
    by, over = drawn(result.scenario), result.scenario.tables.is_history
    return Brief(
        title=s["title"],
        question=f"What does the model make of the years from {years}?"
        if happened
        else f"Which states are likely to leave from {years}, and what becomes of the alliance?",
        answer=[answer(s, dates, over), *([] if over else at_the_end(s, dates))],
        reading=READING,
        results=[*probabilities(s, dates), *events_since({s["title"]: since_then(result.scenario)})],
        figures=chosen(figures, (RECORD if happened else "ladder", "exits", "cohesion", "incidence")),
        scenarios=[result.scenario],
        drawn=[by],
        certainty=[f"{s['begins']}."],
        limits=[NO_FORECAST + (SEEN if by.alliance in by.fitted else CODED)] * happened,
    )
