"""What a sweep says: where its outcomes are lowest and highest."""

from collections.abc import Iterator
from typing import Any

from sim.errors import listed, plural
from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES, error_of
from sim.reports.blocks import Block, Column, Paragraph, Table, remark
from sim.reports.brief import Brief, chosen
from sim.reports.cells import level, mean, with_error, with_interval
from sim.reports.sliders import last_date, sliders
from sim.scenario.load import drawn
from sim.studies.sweep import Sweep

ENDS = ("the lowest", "the highest")
READING = (
    "In brackets: 90 % interval over coefficients and coded values (of cohesion: over runs). In the table ± is one "
    "Monte Carlo standard error."
)


def said(s: Sweep) -> Iterator[Block]:
    """The range of every outcome over the points, and where its ends are."""
    found: dict[str, Any] = s.as_dict()
    failed = f", {found['failed']:,} failed (failures.csv)" if found["failed"] else ""
    yield Paragraph(
        (found["title"], "bold"),
        f": {plural(found['points'], 'point')}, {plural(found['runs_per_point'], 'run')} each, "
        f"seed {found['seed']}{failed}",
    )
    if not found["outcomes"]:
        return
    yield Paragraph()
    yield Paragraph(" ".join(answer(s)))
    full = names_of(s)
    columns = [Column(f"after {plural(found['outcomes'][0]['years'], 'year')}", left=True)]
    columns += [column for end in ("lowest", "highest") for column in (Column(end), Column("at", words=True))]
    rows = []
    several = len(s.plan.content["variants"]) > 1
    for row in found["outcomes"]:
        outcome, member = OUTCOMES[row["outcome"]], row["member"]
        what = outcome.noun + (f" of {full[member]}" if member else "")
        name = ", ".join(filter(None, (what, "%" if outcome.probability else outcome.scale)))
        low, high = (_value(row["outcome"], row[end]) for end in ("lowest", "highest"))
        lowest, highest = (place(s, row[end], several) for end in ("lowest", "highest"))
        if alike(row):
            lowest, highest = "no difference beyond chance", ""
        rows.append([name, low, lowest, high, highest])
    yield Table(columns, rows)
    yield Paragraph(f"{found['begins']}.")
    yield from remark(found["coefficients"])


def alike(row: dict[str, Any]) -> bool:
    """Whether the ends of a range are within two standard errors of each other."""
    low, high = row["lowest"], row["highest"]
    error = sum(error_of(end["low"], end["high"]) ** 2 for end in (low, high)) ** 0.5
    return bool(high["value"] - low["value"] <= 2 * error)


def _value(outcome: str, end: dict[str, Any]) -> str:
    return (with_error if OUTCOMES[outcome].probability else mean)({**end, "mean": end["value"]})


def place(s: Sweep, end: dict[str, Any], several: bool) -> str:
    """Where an end of a range is."""
    where = [f"{k} {s.plan.factors[k].say(v)}" for k, v in end["at"].items()]
    return ", ".join([*([end["scenario"]] if several else []), *where])


def names_of(s: Sweep) -> dict[str, str]:
    """Full names of the states by code."""
    return dict(zip(map(str, s.dataset.member.values), map(str, s.dataset["name"].values), strict=True))


def answer(s: Sweep) -> list[str]:
    """Where some exit, the exits in focus and cohesion are lowest and highest at the last horizon, a sentence each."""
    full = names_of(s)
    several = len(s.plan.content["variants"]) > 1
    last = s.summary[s.summary.horizon_years == s.summary.horizon_years.max()]
    rows = {(r.outcome, r.member, r.point): r for r in last.itertuples()}
    said = []
    for row in sorted(s.extremes(), key=lambda row: not OUTCOMES[row["outcome"]].probability):
        o, ends = OUTCOMES[row["outcome"]], (row["lowest"], row["highest"])
        if o.aside:
            continue
        each = [rows[o.name, row["member"], end["point"]]._asdict() for end in ends]
        values = [with_interval(x, " %") if o.probability else level(x) for x in each]
        what = f"{sentence(o.subject(full.get(row['member'], '')))} {o.at(f'{last_date(s):%B %Y}')} is"
        where = [place(s, {**end}, several).replace("_", " ") for end in ends]
        if alike({**row}):
            said.append(f"{what} {' to '.join(dict.fromkeys(values))} at all points: no difference beyond chance.")
        else:
            low, high = (f"{value} at {end} ({at})" for value, end, at in zip(values, ENDS, where, strict=True))
            said.append(f"{what} {low}, {high}.")
    return said


def brief(s: Sweep) -> Brief:
    """Of a sweep, for a report."""
    plan = s.plan
    named = {n: f.label or listed(f.targets) for n, f in plan.factors.items()}
    varied = "; ".join(f"{n.replace('_', ' ')}: {label}" for n, label in named.items() if label != n)
    scenarios = list({v.scenario.name: v.scenario for v in plan.variants.values()}.values())
    size = f"{plural(plan.size, 'point')}, {plural(plan.tables.runs, 'run')} each"
    return Brief(
        title=plan.tables.title,
        question=plan.tables.question or "Where are the outcomes lowest and highest?",
        answer=[*answer(s), f"What was varied: {varied}; {size}."],
        reading=READING,
        results=[block for block in said(s) if isinstance(block, Table)],
        figures=chosen(s.figures(), ()),
        scenarios=scenarios,
        drawn=[*map(drawn, scenarios)],
        certainty=[f"{plan.begins}."],
        limits=["What lies between the points: it was not computed."],
        sliders=sliders(s),
    )
