"""What a sweep says: where its outcomes are lowest and highest."""

from collections.abc import Iterator
from typing import Any

from sim.errors import plural
from sim.model.outcomes import OUTCOMES, error_of
from sim.reports.blocks import Block, Column, Paragraph, Table, remark
from sim.reports.cells import mean, with_error
from sim.studies.sweep import Sweep


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
    columns = [Column(f"after {plural(found['outcomes'][0]['years'], 'year')}", left=True)]
    columns += [column for end in ("lowest", "highest") for column in (Column(end), Column("at", words=True))]
    rows = []
    several = len(s.plan.content["variants"]) > 1
    for row in found["outcomes"]:
        outcome, member = OUTCOMES[row["outcome"]], row["member"]
        what = outcome.noun + (f" of {member}" if member else "")
        name = ", ".join(filter(None, (what, "%" if outcome.probability else outcome.scale)))
        low, high = (_value(row["outcome"], row[end]) for end in ("lowest", "highest"))
        lowest, highest = (_at(row[end], several) for end in ("lowest", "highest"))
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


def _at(end: dict[str, Any], several: bool) -> str:
    where = [f"{k} {v:.3g}" for k, v in end["at"].items()]
    return ", ".join([*([end["scenario"]] if several else []), *where])
