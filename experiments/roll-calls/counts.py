"""Yearly counts of roll calls by state: `PYTHONPATH=. python experiments/roll-calls/counts.py FACTS [--check]`.

FACTS is a folder with tables `unga_rollcalls_ALLIANCE.csv` of every recorded vote of the UN General Assembly on which
an alliance's leader and its chief rival voted opposite, from Voeten's roll-call data (10.7910/DVN/LEJUQZ, as packaged
in the R package unvotes): a row a vote with `date`, `resolution` and a column a state, `+` with the leader, `0`
abstained, `x` against it, empty where absent or no member of the UN. Written are `scenarios/ALLIANCE/roll-calls.csv`;
README.md has the rules.
"""

import argparse
import csv
import datetime as dt
import io
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sim.inference.roll_calls import COLUMNS
from sim.model.membership import OUTSIDE
from sim.scenario.load import Scenario, load
from sim.scenario.reading import read_csv, scenario_files, shipped

CONDUCT = {"+": "support", "0": "abstain", "x": "oppose"}
SOURCE = "Voeten 10.7910/DVN/LEJUQZ"
ABSENT = ""


class Boycott(NamedTuple):
    """A state that stayed away on purpose: there, absence is abstention."""

    member: str
    first: dt.date
    last: dt.date
    source: str

    def covers(self, year: int) -> bool:
        """Whether it fell into a year."""
        return self.first.year <= year <= self.last.year


BOYCOTTS = (Boycott("ALB", dt.date(1965, 1, 1), dt.date(1968, 12, 31), f"{SOURCE}; assumption: absence was a boycott"),)


def histories() -> Iterator[tuple[str, Scenario]]:
    """Each alliance with a table of roll calls, by the folder of its history."""
    for file in scenario_files():
        if file.name.startswith("history-"):
            yield file.parent.name, load(file, {"posterior": "none"})


def coded(folder: str) -> set[str]:
    """Resolutions that stand in the table of coded motions, as the roll calls have them."""
    file = shipped("scenarios") / folder / "observations.csv"
    return {row.cells["motion"].replace("A/RES/", "R/") for row in read_csv(file).rows} if file.is_file() else set()


def counts(scenario: Scenario, table: Path, struck: set[str]) -> list[dict[str, str]]:
    """Rows of the table of counts, by year and member."""
    found: dict[tuple[int, str], Counter[str]] = {}
    end = scenario.tables.time.end
    for line in read_csv(table).rows:
        date = dt.date.fromisoformat(line.cells["date"])
        if line.cells["resolution"] in struck or dt.date(date.year, 12, 31) >= end:
            continue
        for member, state in scenario.tables.members.items():
            answer = line.cells.get(member, ABSENT)
            if state.status_at(date) == OUTSIDE or (answer == ABSENT and not boycotted(member, date)):
                continue
            found.setdefault((date.year, member), Counter())[CONDUCT.get(answer, "abstain")] += 1
    return [
        {"year": str(year), "member": member}
        | {kind: str(n[kind]) for kind in CONDUCT.values()}
        | {"source": next((b.source for b in BOYCOTTS if b.member == member and b.covers(year)), SOURCE)}
        for (year, member), n in sorted(found.items())
    ]


def boycotted(member: str, date: dt.date) -> bool:
    """Whether a state stayed away on purpose."""
    return any(b.member == member and b.first <= date <= b.last for b in BOYCOTTS)


def text(rows: list[dict[str, str]]) -> str:
    """The table as a file has it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main() -> int:
    """Write the tables, or say which differ from the facts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("facts", type=Path)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a table is not as the facts say"
    )
    given = parser.parse_args()
    stale = False
    for folder, scenario in histories():
        table = given.facts / f"unga_rollcalls_{folder.replace('-', '_')}.csv"
        if not table.is_file():
            continue
        rows = counts(scenario, table, coded(folder))
        file = shipped("scenarios") / folder / "roll-calls.csv"
        answers = sum(int(row[kind]) for row in rows for kind in CONDUCT.values())
        print(f"{folder}: {len(rows):,} state-years, {answers:,} answers")
        if given.check:
            stale |= not file.is_file() or file.read_text("utf-8") != text(rows)
        else:
            file.write_text(text(rows), "utf-8")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
