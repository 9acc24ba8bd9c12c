"""Coded values as paper has room for them: what is in force when the forecast begins, state beside state."""

from collections.abc import Iterator, Sequence

from sim.reports.blocks import Block, Column, Part, Table
from sim.results.explain import Explanation, Knot
from sim.scenario.load import Scenario
from sim.scenario.tables import BEHAVIOUR

ACROSS = 5
"""States beside each other."""
MARK = "*"
"""Of a value that rests on an assumption alone."""


def in_force(s: Scenario, explained: Sequence[Explanation]) -> Iterator[Block]:
    """States' inputs, a column a state; what is the leader's and of pairs; then coefficients."""
    own = {e.path: e for e in explained}
    members = [code for code in s.members if any(path.startswith(f"members.{code}.") for path in own)]
    inputs = dict.fromkeys(path.split(".", 2)[2] for path in own if path.startswith("members."))
    for k in range(0, len(members), ACROSS):
        some = members[k : k + ACROSS]
        rows = [
            [s.alone(f"members.{members[0]}.{name}"), *(cell(own.get(f"members.{code}.{name}"), s) for code in some)]
            for name in inputs
        ]
        names = [s.tables.members[code].name or code for code in some]
        yield Table([Column("What a state has", words=True), *(Column(name, left=True) for name in names)], rows)
    others = [[s.label(path), cell(e, s)] for path, e in own.items() if not path.startswith(("members.", BEHAVIOUR))]
    coefficients = [[s.label(path), cell(e, s)] for path, e in own.items() if path.startswith(BEHAVIOUR)]
    for head, each in (
        ("The leader, and pairs of states", others),
        ("Coefficients, the same for all states", coefficients),
    ):
        if each:
            yield _two_beside(head, each)


def _two_beside(head: str, each: Sequence[Sequence[Part]]) -> Table:
    """Pairs of what and how much, in two columns."""
    half = (len(each) + 1) // 2
    right = [*each[half:], ["", ""]][:half]
    columns = [Column(head, words=True), Column("", left=True), Column("", words=True), Column("", left=True)]
    return Table(columns, [[*a, *b] for a, b in zip(each[:half], right, strict=True)])


def cell(e: Explanation | None, s: Scenario) -> str:
    """What is in force when the forecast begins, and at the end of the scenario where that is something else."""
    if e is None:
        return ""
    start, knots = s.tables.time.start.isoformat(), e.used or e.knots[-1:]
    first = [k for k in knots if k.date <= start] or knots[:1]
    return " → ".join(dict.fromkeys((_said(first[-1], e), _said(knots[-1], e)))) + MARK * e.bare


def _said(k: Knot, e: Explanation) -> str:
    """The word that is coded, or the middle of the range that is meant; of a coefficient the range itself."""
    if k.coded.startswith('"'):
        return k.coded.strip('"')
    return k.band if e.path.startswith(BEHAVIOUR) else f"{(k.low + k.high) / 2:.2g}"
